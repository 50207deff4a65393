"""Reading NumPy's .npz archives that may be damaged, or hostile: every fault is a ValueError, and memory is bounded."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Sequence
from math import prod
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

# What an archive may hold: zeros can be packed a thousandfold, and so can a bomb. Images seldom are fivefold.
BOUND = 2**30  # bytes
RATIO = 20  # times the file's own size, where that is more
_END = 22  # bytes of the last record of an archive, and all of one without members
# What NumPy writes. Of other methods zipfile unpacks a piece whole, whatever the size that the archive tells.
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def read(
    path: str | Path, names: Sequence[str] | None = None, *, wanted: Callable[[str], bool] = lambda name: True
) -> dict[str, np.ndarray]:
    """Arrays of an archive, by name.

    Parameters
    ----------
    path : path
    names : sequence of str, optional
        Those that it must have, in this order; all that it has unless given.
    wanted : callable, optional
        Of all that it has, those whose name this is true of; the others are not read.

    Returns
    -------
    dict of str to ndarray

    Raises
    ------
    ValueError
        Naming file and fault: no archive, an array that is missing, cut short, pickled, of another length than its
        shape says, or whose checksum is another; arrays of more than `BOUND` bytes in all and of more than `RATIO`
        times the size of the file, before they are read.
    FileNotFoundError, PermissionError
        As `open` raises them.
    """
    path = Path(path)
    with path.open("rb") as file:
        bound = max(BOUND, RATIO * path.stat().st_size)
        try:
            with zipfile.ZipFile(file) as archive:
                there = _members(archive)
                chosen = names if names is not None else [name for name in there if wanted(name)]
                _check_directory(file, archive)
                if names is None and (others := [name for name in archive.namelist() if not name.endswith(".npy")]):
                    raise ValueError(f"{_listed(others)} is no array")
                if missing := [name for name in chosen if name not in there]:
                    raise _Missing(f"{path} has no array {', '.join(missing)}; it has {_listed(there)}")
                size = sum(archive.getinfo(f"{name}.npy").file_size for name in chosen)
                if size > bound:
                    raise ValueError(f"its arrays claim {size} bytes; at most {bound} are read")
                return {name: _array(name, _member(archive, f"{name}.npy")) for name in chosen}
        except MemoryError as error:
            raise ValueError(f"{path} holds more than this machine's memory") from error
        except _Missing:
            raise
        except Exception as error:  # zipfile, zlib and NumPy's parser of headers raise a dozen kinds
            raise ValueError(f"{path} is no whole npz archive{_of(names)}: {' '.join(str(error).split())}") from error


class _Missing(ValueError):
    """A whole archive, but not the one that was meant."""


def _listed(names: list[str]) -> str:
    shown = [name if name.isprintable() else ascii(name) for name in names[:10]]
    return ", ".join(shown + ["..."] * (len(names) > 10)) or "none"


def _of(names: Sequence[str] | None) -> str:
    return f" of {', '.join(names)}" if names is not None else ""


def _check_directory(file: BinaryIO, archive: zipfile.ZipFile) -> None:
    """Compare what an archive's directory has with what its end tells of: zipfile takes the directory's word."""
    found, length = len(archive.namelist()), file.seek(0, io.SEEK_END)
    file.seek(max(0, length - _END - len(archive.comment)))
    end = file.read(_END)
    told = int.from_bytes(end[10:12], "little")
    if not end.startswith(b"PK\5\6") or min(found, 2**16 - 1) != told:
        raise ValueError(f"its directory has {found} members, its end tells of {told}")
    if not found and length > _END:
        raise ValueError("its directory is lost")


def _members(archive: zipfile.ZipFile) -> list[str]:
    return [name.removesuffix(".npy") for name in archive.namelist() if name.endswith(".npy")]


def _member(archive: zipfile.ZipFile, name: str) -> bytes:
    """A member, whole before it is parsed: zipfile compares its checksum only at its end."""
    about = archive.getinfo(name)
    if about.compress_type not in METHODS:
        raise ValueError(f"{name} is packed by method {about.compress_type}; NumPy's are stored or deflated")
    with archive.open(about) as file:
        return file.read(about.file_size)  # without a size, all that a lying archive unpacks to


def _array(name: str, raw: bytes) -> np.ndarray:
    dtype, shape, fortran, start = _header(name, raw)
    if prod(shape) * dtype.itemsize != len(raw) - start:
        raise ValueError(f"{name} has {len(raw) - start} bytes, its shape {shape} of {dtype} wants another number")
    array = np.frombuffer(raw, dtype, offset=start).reshape(shape, order="F" if fortran else "C")
    return array.copy()  # the view on `raw` is read-only


def _header(name: str, raw: bytes) -> tuple[np.dtype[Any], tuple[int, ...], bool, int]:
    stream = io.BytesIO(raw)
    readers = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    version = np.lib.format.read_magic(stream)
    if version not in readers:
        raise ValueError(f"{name} is of version {version} of the npy format, expected 1.0 or 2.0")
    shape, fortran, dtype = readers[version](stream)
    if dtype.hasobject:
        raise ValueError(f"{name} holds pickled objects, which are not read")
    if any(not isinstance(size, int) or size < 0 for size in shape):
        raise ValueError(f"{name} claims the shape {shape}")
    return dtype, shape, fortran, stream.tell()
