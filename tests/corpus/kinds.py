"""What a reader and a broken input are, and what becomes of one that is read in a process of its own."""

import json
import os
import re
import resource
import signal
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

MIB = 2**20
GROWTH = 64 * MIB  # what refusing an input may take
GUARD = 2**31  # bytes: what the child may take in all, so that a failing test leaves the machine alone
SECONDS = 60
MARKER = Path(tempfile.gettempdir()) / f"effaug-unpickled-{os.getuid()}"  # there once a payload was executed


class Payload:
    """What a pickle of it executes makes `MARKER`."""

    def __reduce__(self):
        return os.mkdir, (str(MARKER),)


@dataclass(frozen=True)
class Hole:
    """A file of so many bytes that takes no room: it begins as given, and zeros follow."""

    size: int
    start: bytes = b""


@dataclass(frozen=True)
class Broken:
    """What to put in place of a whole input's files, and what the sentence says of it: a regular expression."""

    says: str
    files: Mapping[str, bytes | Hole | None] = field(repr=False)


@dataclass(frozen=True, eq=False)
class Reader:
    """A reader of effaug's.

    Attributes
    ----------
    name : str
    read : callable
        From a folder to what is in it.
    whole : dict of str to bytes
        The files of a small valid input by their paths in the folder.
    broken : dict of str to Broken
    names : str
        What its sentences begin with: a regular expression; ``{folder}`` stands for the folder.
    good : callable
        Whether what was read of a damaged input, and of the whole one, may be: by default they are equal.
    fuzzed : tuple of str
        The files that a fuzzer changes; all unless given.
    isolated : bool
        Whether a C library may end the process.
    """

    name: str
    read: Callable[[Path], Any]
    whole: Mapping[str, bytes]
    broken: Mapping[str, Broken]
    names: str = "{folder}"
    good: Callable[[Any, Any], bool] = lambda found, whole: equal(found, whole)
    fuzzed: tuple[str, ...] = ()
    isolated: bool = False

    def put(self, folder: Path, files: Mapping[str, bytes | Hole | None] | None = None) -> None:
        """Write the whole input, with some files replaced."""
        for name, content in (dict(self.whole) | dict(files or {})).items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if content is None:
                path.unlink(missing_ok=True)
            elif isinstance(content, Hole):
                with path.open("wb") as file:
                    file.write(content.start)
                    file.truncate(content.size)
            else:
                path.write_bytes(content)


def check(reader: Reader, folder: Path, whole: Any) -> None:
    """Fail unless what is read may be, where `whole` was, or the error is one that names what is at fault."""
    try:
        found, sentence = reader.read(folder), ""
    except (ValueError, OSError) as error:
        found, sentence = None, str(error)
    if sentence:
        assert re.search(reader.names.format(folder=re.escape(str(folder))), sentence), sentence
    else:
        assert reader.good(found, whole), found


def equal(one: Any, other: Any) -> bool:
    """Whether arrays, nested in lists and dicts, are equal in kind and value."""
    if isinstance(one, dict):
        return isinstance(other, dict) and one.keys() == other.keys() and all(equal(one[k], other[k]) for k in one)
    if isinstance(one, list | tuple):
        return isinstance(other, list | tuple) and len(one) == len(other) and all(map(equal, one, other))
    if isinstance(one, np.ndarray):
        return one.dtype == np.asarray(other).dtype and np.array_equal(one, other)
    return bool(one == other)


@dataclass(frozen=True)
class Outcome:
    """What a child told: the error's kind, or none; its sentence; how far memory grew, in bytes."""

    error: str
    sentence: str
    grown: int


def in_child(read: Callable[[], Any]) -> Outcome:
    """Read in a forked process, whose memory and time are bounded."""
    receive, send = os.pipe()
    pid = os.fork()
    if not pid:
        try:
            signal.alarm(SECONDS)
            os.write(send, json.dumps(_measured(read)).encode())
        finally:
            os._exit(0)
    os.close(send)
    with os.fdopen(receive, "rb") as pipe:
        told = pipe.read()
    status = os.waitpid(pid, 0)[1]
    return Outcome(*json.loads(told)) if told else Outcome("killed", f"by signal {os.WTERMSIG(status)}", 0)


def _measured(read: Callable[[], Any]) -> tuple[str, str, int]:
    taken = int(Path("/proc/self/statm").read_text().split()[5]) * resource.getpagesize() if _has_proc() else None
    if taken is not None:
        resource.setrlimit(resource.RLIMIT_DATA, (taken + GUARD, taken + GUARD))
    before, found = _peak(), ("", "")
    try:
        read()
    except Exception as error:
        kinds = [kind.__name__ for kind in type(error).__mro__]
        found = next((kind for kind in ("ValueError", "OSError") if kind in kinds), kinds[0]), str(error)
    return *found, _peak() - before


def _has_proc() -> bool:
    return Path("/proc/self/statm").exists()


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
