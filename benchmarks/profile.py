"""Where time goes: a sampler that sees every thread, as blocks of rows are worked out by several."""

from __future__ import annotations

import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import FrameType

_EVERY, _LEAST, _SHOWN = 0.001, 0.5, 5  # seconds between samples, seconds of work, functions
_WAITING = {"threading", "thread", "_base", "queue"}  # files whose functions wait for other threads


def sampled(call: Callable[[], object]) -> tuple[tuple[str, float], ...]:
    """The functions in which most time is spent, C code that they call counted as theirs, and their share.

    Of all threads but those that wait; the call is repeated until there is enough to see.
    """
    counts: Counter[str] = Counter()
    before, done = set(sys._current_frames()) - {threading.get_ident()}, threading.Event()

    def watch() -> None:
        own = threading.get_ident()
        while not done.wait(_EVERY):
            frames = {thread: frame for thread, frame in sys._current_frames().items() if thread not in before}
            counts.update(_named(frame) for thread, frame in frames.items() if thread != own and not _waits(frame))

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    start = time.perf_counter()
    while time.perf_counter() - start < _LEAST:
        call()
    done.set()
    watcher.join()
    return tuple((name, count / counts.total()) for name, count in counts.most_common(_SHOWN))


def _waits(frame: FrameType) -> bool:
    return Path(frame.f_code.co_filename).stem in _WAITING


def _named(frame: FrameType) -> str:
    return f"{Path(frame.f_code.co_filename).stem}.{frame.f_code.co_qualname}".replace(".<locals>", "")
