"""Features on disk, larger than memory: one .npy file, memory-mapped, or a folder of them, one after the other."""

from __future__ import annotations

import itertools
import re
from pathlib import Path
from typing import Any

import numpy as np

CHUNK = 64 * 2**20  # bytes of what a worker reads at a time


def open_features(path: Path, *, in_chunks: bool = False) -> Any:
    """Features of a file or folder, of which nothing is read yet.

    Parameters
    ----------
    path : Path
        A .npy file of shape (n, d), or a folder of such files of the same d, taken in the order of their names.
    in_chunks : bool, default False
        As a Dask array, also of a single file; every worker reads its chunks from that path.

    Returns
    -------
    array, shape (n, d)
        Memory-mapped, or of Dask.

    Raises
    ------
    FileNotFoundError
        If there is no such file, or none in the folder.
    ValueError
        For a file that is no array of real numbers of shape (n, d), folders of several d, or files whose names sort
        differently as text and by the numbers in them.
    """
    files = _files(path)
    if not files:
        raise FileNotFoundError(f"no .npy files in {path}")
    if sorted(files, key=_counted) != files:
        raise ValueError(
            f"{path}: the order of its files' names is not that of their numbers ({_swapped(files)}), so which labels "
            "are whose is unclear: write the numbers with as many digits each (009.npy, 010.npy)"
        )
    arrays = [mapped(file) for file in files]
    widths = {array.shape[1] for array in arrays}
    if len(widths) > 1:
        raise ValueError(f"{path}: its files must have as many columns each, got {', '.join(map(str, sorted(widths)))}")
    if len(arrays) == 1 and not in_chunks:
        return arrays[0]
    import dask.array as da

    parts = [_chunked(file.resolve(), array) for file, array in zip(files, arrays, strict=True)]
    return da.concatenate(parts)


def place_of(path: Path, row: int) -> str:
    """Which file of `open_features` a row is of, and which row of it."""
    for file in _files(path):
        n = len(mapped(file))
        if row < n:
            return f"row {row} of {file}"
        row -= n
    raise ValueError(f"{path} has no row {row} more")


def mapped(path: Path, ndim: int = 2) -> np.ndarray:
    """A .npy file of real numbers as a memory map, or a sentence that names it."""
    if not path.is_file():
        raise FileNotFoundError(f"no file {path}")
    try:
        found = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise ValueError(f"{path} is no whole .npy file of numbers or words") from error
    if not isinstance(found, np.ndarray):  # an .npz
        raise ValueError(f"{path} is no .npy file: save its array with numpy.save")
    if found.ndim != ndim:
        raise ValueError(f"{path} must have {ndim} dimension{'s' * (ndim > 1)}, got shape {found.shape}")
    return found


def _files(path: Path) -> list[Path]:
    return sorted(path.glob("*.npy")) if path.is_dir() else [path]


def _counted(file: Path) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", file.name)]


def _swapped(files: list[Path]) -> str:
    first, second = next(pair for pair in itertools.pairwise(files) if _counted(pair[0]) > _counted(pair[1]))
    return f"{first.name} comes before {second.name}"


def _chunked(path: Path, array: np.ndarray) -> Any:
    import dask.array as da
    from dask.delayed import delayed

    n, d = array.shape
    size = max(1, CHUNK // (array.itemsize * d))
    cuts = [(start, min(start + size, n)) for start in range(0, n, size)]
    parts = [delayed(_read, pure=False)(str(path), *cut) for cut in cuts]
    return da.concatenate(
        [da.from_delayed(part, (stop - start, d), array.dtype) for part, (start, stop) in zip(parts, cuts, strict=True)]
    )


def _read(path: str, start: int, stop: int) -> np.ndarray:
    return mapped(Path(path))[start:stop]
