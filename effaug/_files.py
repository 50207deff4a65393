"""Files that appear whole or not at all, and are on the disk once they are there."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Callable
from glob import escape
from pathlib import Path
from typing import Any


def write_whole(path: Path, write: Callable[[Path], Any], suffix: str = "") -> None:
    """Let `write` fill a file beside `path`, then rename it; what killed processes left of theirs is removed.

    Parameters
    ----------
    path : Path
    write : callable
        Takes the path to fill.
    suffix : str, optional
        Which that path must end with, for libraries that look at it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    _remove_abandoned(path)
    part = path.with_name(f".{path.name}.{_host()}-{os.getpid()}.part{suffix}")
    try:
        write(part)
        _sync(part)
        part.replace(path)
        _sync(path.parent)  # else the name may be lost with the power
    finally:
        part.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    file = os.open(path, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def _remove_abandoned(path: Path) -> None:
    """Parts of a file whose process, on this machine, is no more."""
    for part in path.parent.glob(f".{escape(path.name)}.{_host()}-*.part*"):
        pid = re.search(r"-(\d{1,9})\.part", part.name)
        if pid and not _runs(int(pid[1])):
            part.unlink(missing_ok=True)


def _host() -> str:
    return re.sub(r"\W", "_", platform.node()) or "host"


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # another user's
        return True
    return True
