"""Files that appear whole or not at all, and are on the disk once they are there."""

from __future__ import annotations

import errno
import os
import platform
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from glob import escape
from pathlib import Path
from typing import Any

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


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
    make_folder(path.parent)
    _remove_abandoned(path)
    part = _part(path, suffix)
    try:
        with room_for(path):
            write(part)
            sync(part)
        part.replace(path)
        sync(path.parent)  # else the name may be lost with the power
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def part_folder(path: Path) -> Iterator[Path]:
    """A folder beside `path`, of this process and for as long as the context; what killed ones left is removed."""
    make_folder(path.parent)
    _remove_abandoned(path)
    part = _part(path)
    part.mkdir(exist_ok=True)
    try:
        with room_for(path):
            yield part
    finally:
        shutil.rmtree(part, ignore_errors=True)


@contextmanager
def room_for(path: Path) -> Iterator[None]:
    """Where a disk or a quota is full, say whose: what libraries raise names neither the folder nor what to do."""
    try:
        yield
    except OSError as error:
        if error.errno not in NO_ROOM:
            raise
        words = f"{path.parent} has no room for {path.name} ({os.strerror(error.errno)}): make some, and start it again"
        raise OSError(error.errno, words) from error


def make_folder(folder: Path) -> None:
    """With those that it lies in, all of them on the disk; where it is there, nothing is done."""
    new = [each for each in (folder, *folder.parents) if not each.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for each in reversed(new):
        sync(each.parent)


def sync(path: Path) -> None:
    """Wait until a file's content, or the names in a folder, are on the disk."""
    file = os.open(path, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def _part(path: Path, suffix: str = "") -> Path:
    return path.with_name(f".{path.name}.{_host()}-{os.getpid()}.part{suffix}")


def _remove_abandoned(path: Path) -> None:
    """Parts of a file whose process, on this machine, is no more."""
    for part in path.parent.glob(f".{escape(path.name)}.{_host()}-*.part*"):
        pid = re.search(r"-(\d{1,9})\.part", part.name)
        if pid and not _runs(int(pid[1])):
            shutil.rmtree(part, ignore_errors=True) if part.is_dir() else part.unlink(missing_ok=True)


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
