"""An array on disk: written a batch of rows at a time, gone on with after a kill, read only if it is what was written.

``<name>.part`` grows into ``<name>.npy``; ``<name>.json`` beside it has, after each batch, how many rows are stored
and the SHA-256 of the file so far.
"""

from __future__ import annotations

import errno
import functools
import hashlib
import io
import json
import os
import shutil
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from effaug.images import _text
from effaug.images._files import NO_ROOM, sync, write_whole


def write(
    path: Path, shape: tuple[int, ...], rows: Callable[[int], Iterator[np.ndarray]], about: dict[str, Any]
) -> None:
    """Write an array of float32; from the last stored batch, where an earlier attempt was interrupted.

    Parameters
    ----------
    path : Path
        Ends in ``.npy``.
    shape : tuple of int
    rows : callable
        From the number of rows that are stored to the batches of rows to come: in a thread, which computes a batch
        while the one before is written.
    about : dict
        Goes into the JSON.

    Raises
    ------
    OSError
        If the disk has no room for it: before anything is computed, as far as can be known.
    """
    part, header = path.with_suffix(".part"), _header(shape)
    size = len(header) + 4 * prod(shape)
    done, sha, end = _stored(part, header, shape)
    if shutil.disk_usage(path.parent).free < size - end:
        raise OSError(errno.ENOSPC, _no_room(path, size - end))
    try:
        with closing(_ahead(rows(done))) as batches, part.open("r+b" if done else "wb") as file:
            if not done:
                file.write(header)
            file.truncate(end)
            file.seek(end)
            for batch in batches:
                raw = np.ascontiguousarray(batch, np.float32).data
                file.write(raw)
                file.flush()
                os.fsync(file.fileno())
                sha.update(raw)
                done += len(batch)
                text = json.dumps(about | {"points": done, "sha256": sha.hexdigest()})
                write_whole(path.with_suffix(".json"), functools.partial(_write_text, text))
    except OSError as error:
        if not _stored(part, header, shape)[0]:  # nothing to go on with
            part.unlink(missing_ok=True)
        if error.errno in NO_ROOM:
            raise OSError(error.errno, _no_room(path, size - end)) from error
        raise
    part.replace(path)
    sync(path.parent)


def _ahead(batches: Iterator[np.ndarray]) -> Generator[np.ndarray, None, None]:
    """The same batches; a thread computes the next one."""
    with ThreadPoolExecutor(1) as thread:
        coming = thread.submit(next, batches, None)
        while (batch := coming.result()) is not None:
            coming = thread.submit(next, batches, None)
            yield batch


def read(path: Path) -> np.ndarray:
    """The array, mapped from disk and read only.

    Raises
    ------
    ValueError
        Naming the file, if it or its JSON is not what was written.
    """
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != about(path).get("sha256"):
        raise ValueError(f"{path} is damaged (its SHA-256 is not the stored one): remove it, and it is computed again")
    try:
        return np.lib.format.open_memmap(path, mode="r")
    except Exception as error:  # NumPy's parser of headers raises half a dozen kinds
        raise ValueError(f"{path} holds no array ({error}): remove it, and it is computed again") from error


def about(path: Path) -> dict[str, Any]:
    """What the JSON beside an array, finished or not, says; nothing where it is damaged or not there."""
    try:
        return _text.read_record(path.with_suffix(".json"))
    except (FileNotFoundError, ValueError):
        return {}


def _stored(part: Path, header: bytes, shape: tuple[int, ...]) -> tuple[int, Any, int]:
    """Rows that are stored, the hash so far and where it ends; the header alone, where those are not as they were."""
    told, fresh = about(part), hashlib.sha256(header)
    done = told.get("points", 0)
    if not isinstance(done, int) or not 0 < done <= shape[0] or not part.exists():
        return 0, fresh, len(header)
    sha, end = hashlib.sha256(), len(header) + 4 * done * prod(shape[1:])
    with part.open("rb") as file:
        left = end
        while left and (piece := file.read(min(left, 2**20))):
            sha.update(piece)
            left -= len(piece)
    return (done, sha, end) if sha.hexdigest() == told.get("sha256") else (0, fresh, len(header))


def _header(shape: tuple[int, ...]) -> bytes:
    buffer = io.BytesIO()
    about = {"descr": "<f4", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(buffer, about)
    return buffer.getvalue()


def _write_text(text: str, path: Path) -> None:
    path.write_text(text)


def _no_room(path: Path, size: int) -> str:
    return f"{path.parent} has no room for {size / 1e6:.0f} MB: make some, or name another folder (EFFAUG_CACHE)"
