"""The rows of ``<task>.csv``: read whole, checked, and kept in memory for as long as the file is the same."""

from __future__ import annotations

import csv
import functools
import io
from collections.abc import Iterable
from pathlib import Path
from typing import cast

import pandas as pd

COLUMNS = ("task", "protocol", "features", "score", "policy", "seed", "budget", "accuracy")
Row = tuple[str, str, str, str, str, str, str, str]
_NUMBERS: dict[str, type] = {"seed": int, "budget": int, "accuracy": float}


def read(path: Path) -> tuple[Row, ...]:
    """The rows of a file, as text; none where it does not exist.

    Raises
    ------
    ValueError
        If the file is damaged, naming the line.
    """
    state = _state(path)
    return _read(path, state) if state else ()


def frame(path: Path) -> pd.DataFrame:
    """The rows of a file by `COLUMNS`. It is shared by all who ask: not to be changed in place."""
    return _frame(path, _state(path))


def joined(frames: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """One table of several, which may be changed."""
    return pd.concat([_empty(), *frames], ignore_index=True)


def text(rows: Iterable[Row]) -> str:
    """The file of these rows, sorted."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([COLUMNS, *sorted(rows, key=_order)])
    return out.getvalue()


def damaged(path: Path, error: Exception | str) -> ValueError:
    """What to raise for a file of results that cannot be read."""
    return ValueError(
        f"{path} is damaged ({error}): restore it, or move the files of {path.stem} away and run it again"
    )


def _state(path: Path) -> tuple[int, int, int] | None:
    """What changes when the file does: it is always replaced, so that at least the inode is another."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


@functools.lru_cache(maxsize=64)
def _read(path: Path, state: tuple[int, int, int]) -> tuple[Row, ...]:
    header, *rows = list(csv.reader(path.read_text().splitlines())) or [[]]
    if tuple(header) != COLUMNS:
        raise ValueError(f"{path} has the columns {','.join(header)}; expected {','.join(COLUMNS)}")
    for number, row in enumerate(rows, start=2):
        if len(row) != len(COLUMNS) or not _are_numbers(*row[5:]):
            raise damaged(path, f"line {number}: {','.join(row)}")
    return tuple(cast(Row, tuple(row)) for row in rows)


@functools.lru_cache(maxsize=64)
def _frame(path: Path, state: tuple[int, int, int] | None) -> pd.DataFrame:
    return pd.DataFrame(_read(path, state) if state else [], columns=list(COLUMNS)).astype(_NUMBERS)


def _empty() -> pd.DataFrame:
    return pd.DataFrame([], columns=list(COLUMNS)).astype({name: _NUMBERS.get(name, "str") for name in COLUMNS})


def _are_numbers(seed: str, budget: str, accuracy: str) -> bool:
    try:
        return int(seed) >= 0 and int(budget) >= 0 and float(accuracy) >= 0
    except ValueError:
        return False


def _order(row: Row) -> tuple[str, str, str, str, str, int, int]:
    return (*row[:5], int(row[5]), int(row[6]))
