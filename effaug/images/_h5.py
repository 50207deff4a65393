"""HDF5 files of weights that may be damaged, or hostile: every fault is a ValueError, and memory is bounded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from math import prod
from pathlib import Path
from typing import Any

# What the arrays of a file may take: a shape costs nothing, and zeros can be packed a thousandfold. Weights cannot.
BOUND = 2**26  # bytes
RATIO = 20  # times the file's own size, where that is more


@contextmanager
def opened(path: Path) -> Iterator[Any]:
    """The file, once its arrays are known to lie in it and to be of a size that may be read.

    Raises
    ------
    ValueError
        Naming file and fault: no HDF5, a link to another place or file, arrays of more than `BOUND` bytes in all and
        of more than `RATIO` times the size of the file; also for whatever h5py raises while the file is read.
    FileNotFoundError, PermissionError
        As `open` raises them.
    """
    import h5py

    path.open("rb").close()  # h5py's sentences for these two are long
    try:
        with h5py.File(path, "r") as file:
            if fault := _fault(file, max(BOUND, RATIO * path.stat().st_size)):
                raise ValueError(fault)
            yield file
    except Exception as error:  # h5py raises half a dozen kinds
        if isinstance(error, ValueError) and str(error).startswith(str(path)):
            raise
        raise ValueError(f"{path} is no whole HDF5 file: {in_one_line(error)}") from error


def in_one_line(error: Exception) -> str:
    """The sentence of a library that writes paragraphs."""
    return " ".join(str(error).split())[:300]


def _fault(file: Any, bound: int) -> str:
    import h5py

    claimed = 0

    def visit(name: str, link: Any) -> str | None:  # the first that it returns ends the visit; h5py spoils exceptions
        nonlocal claimed
        if not isinstance(link, h5py.HardLink):
            return f"{name} is a link to another place, which is not followed"
        found = file[name]
        if isinstance(found, h5py.Dataset):
            if found.external or found.is_virtual:
                return f"{name} lies in another file, which is not read"
            # A chunk is unpacked whole, and may be larger than its array.
            claimed += max(prod(found.shape or (0,)), prod(found.chunks or (0,))) * found.dtype.itemsize
            if claimed > bound:
                return f"its arrays claim {claimed} bytes or more; at most {bound} are read"
        return None

    return file.visititems_links(visit) or ""
