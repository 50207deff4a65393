"""The rows of ``<task>.csv``: read whole, checked, and kept in memory for as long as the file is the same.

Beside each record in ``<task>.json`` stand the digests of its curves (`effaug.study.digests`): a row that was altered,
lost or added by hand is named and refused. Folders that an earlier version stored have none, and are read as they are.
"""

from __future__ import annotations

import csv
import functools
import io
import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any, cast

import pandas as pd

from effaug.images import _text
from effaug.study import digests
from effaug.study.records import run_label

COLUMNS = ("task", "protocol", "features", "score", "policy", "seed", "budget", "accuracy")
Row = tuple[str, str, str, str, str, str, str, str]
Key = tuple[str, str, str, str, int]
_NUMBERS: dict[str, type] = {"seed": int, "budget": int, "accuracy": float}
_State = tuple[int, int, int] | None


def read(path: Path) -> tuple[Row, ...]:
    """The rows of a file, as text; none where it does not exist.

    Raises
    ------
    ValueError
        If the file is damaged, naming the line, or the record beside it is missing or damaged.
    """
    return _read(path, _verified(path))


def frame(path: Path) -> pd.DataFrame:
    """The rows of a file by `COLUMNS`. It is shared by all who ask: not to be changed in place."""
    return _frame(path, _verified(path))


def record(path: Path) -> dict[str, Any]:
    """What ``<task>.json`` holds, shared by all who ask; nothing where it does not exist.

    Raises
    ------
    ValueError
        If the file is damaged.
    """
    return dict(_record(path, _state(path)))


def joined(frames: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """One table of several, which may be changed."""
    return pd.concat([_empty(), *frames], ignore_index=True)


def averaged(frame: pd.DataFrame, labels: tuple[str, ...]) -> pd.DataFrame:
    """Curves that are means over what is stored under each of some protocols, labelled with the first.

    The mean is taken at each position of a curve; where the budgets differ, such as the number of support vectors,
    theirs is taken, too, and rounded. A curve that one of the protocols lacks is left out.
    """
    own = frame[frame.protocol.isin(labels)]
    curve = ["task", "features", "score", "policy", "seed"]
    own = own.assign(position=own.groupby([*curve, "protocol"]).cumcount(), label=labels[0])
    by_position = own.groupby([*curve, "position"], as_index=False)
    found = by_position.agg(
        protocol=("label", "first"), budget=("budget", "mean"), accuracy=("accuracy", "mean"), n=("accuracy", "size")
    )
    found = found[found.n == len(labels)]
    return found.assign(budget=found.budget.round().astype(int))[list(COLUMNS)]


def ordered(rows: Iterable[Row]) -> list[Row]:
    """Rows as they are stored."""
    return sorted(rows, key=_order)


def text(rows: Iterable[Row]) -> str:
    """The file of these rows."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([COLUMNS, *rows])
    return out.getvalue()


def damaged(path: Path, error: Exception | str) -> ValueError:
    """What to raise for a file of results that cannot be read."""
    return ValueError(
        f"{path} is damaged ({error}): restore it, or move the files of {path.stem} away and run it again"
    )


def curve_of(row: Row) -> Key:
    """Protocol, features, score, policy and seed of the curve that a row is of."""
    return (*row[1:5], int(row[5]))


def by_curve(rows: Iterable[Row]) -> dict[Key, list[Row]]:
    """Rows by `curve_of`."""
    found = defaultdict(list)
    for row in rows:
        found[curve_of(row)].append(row)
    return found


def without_digests(run: dict[str, Any]) -> dict[str, Any]:
    """A record as it was before it was stored."""
    return {name: value for name, value in run.items() if name not in (digests.OWN, "curves")}


def key_of(score: str, policy: str, seed: str | int) -> str:
    """What the digests of a curve are filed under in its record."""
    return f"{score}/{policy}/{seed}"


def _verified(path: Path) -> _State:
    state = _state(path)  # before the record's: what is saved meanwhile has its digests before it has its rows
    if state:
        _verify(path, state, _state(path.with_suffix(".json")))
    return state


def _state(path: Path) -> _State:
    """What changes when the file does: it is always replaced, so that at least the inode is another."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


@functools.lru_cache(maxsize=64)
def _record(path: Path, state: _State) -> dict[str, Any]:
    try:
        found = _text.read_record(path) if state else {}
        for label, run in found.items():
            if not isinstance(run, dict) or not _are_entries(run.get("curves", {})):
                raise ValueError(f"{label} is no record of a run")
            if digests.OWN in run and not digests.is_signed(run):
                raise ValueError(f"the digest of {label} is not that of its content")
    except ValueError as error:
        raise damaged(path, error) from error
    return found


def _are_entries(curves: Any) -> bool:
    return isinstance(curves, dict) and all(isinstance(entry, str) for entry in curves.values())


@functools.lru_cache(maxsize=64)
def _verify(path: Path, state: _State, about: _State) -> None:
    """Raise ValueError unless every curve is as it was stored."""
    runs, curves = record(path.with_suffix(".json")), defaultdict(list)
    for number, row in enumerate(_read(path, state), start=2):
        curves[row[:6]].append((number, row))
    for (_, protocol, features, *key), found in curves.items():
        lines = f"lines {found[0][0]} to {found[-1][0]}"
        run = runs.get(run_label(protocol, features))
        if run is None:
            raise damaged(path, f"{lines}: {path.with_suffix('.json').name} has no record of {protocol}/{features}")
        if "curves" not in run:
            continue
        if not digests.has_rows(run["curves"].get(key_of(*key), ""), [row for _, row in found]):
            raise damaged(path, f"{lines} are not as they were stored")


@functools.lru_cache(maxsize=64)
def _read(path: Path, state: _State) -> tuple[Row, ...]:
    if state is None:
        return ()
    try:
        header, *rows = list(csv.reader(_text.read(path).splitlines())) or [[]]
    except (ValueError, csv.Error) as error:
        raise damaged(path, error) from error
    if tuple(header) != COLUMNS:
        raise ValueError(f"{path} has the columns {','.join(header)[:200]}; expected {','.join(COLUMNS)}")
    for number, row in enumerate(rows, start=2):
        if len(row) != len(COLUMNS) or not _are_numbers(*row[5:]):
            raise damaged(path, f"line {number}: {','.join(row)[:200]}")
    return tuple(cast(Row, tuple(row)) for row in rows)


@functools.lru_cache(maxsize=64)
def _frame(path: Path, state: _State) -> pd.DataFrame:
    return pd.DataFrame(_read(path, state), columns=list(COLUMNS)).astype(_NUMBERS)


def _empty() -> pd.DataFrame:
    return pd.DataFrame([], columns=list(COLUMNS)).astype({name: _NUMBERS.get(name, "str") for name in COLUMNS})


def _are_numbers(seed: str, budget: str, accuracy: str) -> bool:
    return _is_whole(seed) and _is_whole(budget) and _is_share(accuracy)


@functools.lru_cache(maxsize=4096)  # a file has thousands of rows, and few numbers
def _is_whole(text: str) -> bool:
    return re.fullmatch(r"[0-9]{1,18}", text) is not None


@functools.lru_cache(maxsize=4096)
def _is_share(text: str) -> bool:
    try:
        return 0 <= float(text) <= 1
    except ValueError:
        return False


def _order(row: Row) -> tuple[str, str, str, str, str, int, int]:
    return (*row[:5], int(row[5]), int(row[6]))
