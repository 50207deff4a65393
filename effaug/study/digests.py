"""Digests of what is stored: by them a changed number, a missing row or a lost array is noticed and named."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from effaug.images import _text

_DIGITS = 16  # of 64 in hexadecimal: damage is guarded against, not forgery
OWN = "sha256"  # where a record has its own digest


def of_rows(rows: Iterable[Sequence[str]]) -> str:
    """Of the lines of one curve, in their order."""
    return _digest("\n".join(",".join(row) for row in rows).encode())


def of_array(array: np.ndarray) -> str:
    """Of an array's type, shape and values."""
    head = f"{array.dtype.str}{array.shape}".encode()
    return _digest(head + np.ascontiguousarray(array).tobytes())


def of_arrays(arrays: Mapping[str, np.ndarray]) -> str:
    """Of the arrays of one curve and their names; empty where there are none."""
    return _digest(_canonical({name: of_array(array) for name, array in arrays.items()})) if arrays else ""


def entry(rows: Iterable[Sequence[str]], arrays: Mapping[str, np.ndarray]) -> str:
    """What a record holds of a curve: the digest of its rows and, where it has arrays, theirs."""
    return "+".join(filter(None, (of_rows(rows), of_arrays(arrays))))


def by_curve(arrays: Mapping[str, np.ndarray]) -> dict[str, dict[str, np.ndarray]]:
    """Arrays named ``protocol/features/score/policy/seed/name``, by all but the last part, and that."""
    found: dict[str, dict[str, np.ndarray]] = defaultdict(dict)
    for name, array in arrays.items():
        prefix, _, own = name.rpartition("/")
        found[f"{prefix}/"][own] = array
    return found


def either(before: str, now: str) -> str:
    """An entry that holds for a curve before and after it is replaced."""
    return ";".join(dict.fromkeys(filter(None, (*before.split(";"), now))))


def has_rows(entry: str, rows: Iterable[Sequence[str]]) -> bool:
    """Whether an entry is of a curve with these rows."""
    return of_rows(rows) in (each.partition("+")[0] for each in entry.split(";"))


def has_arrays(entry: str, arrays: Mapping[str, np.ndarray]) -> bool:
    """Whether an entry is of a curve with these arrays."""
    return of_arrays(arrays) in (each.partition("+")[2] for each in entry.split(";"))


def signed(record: Mapping[str, Any]) -> dict[str, Any]:
    """A record with its own digest.

    Examples
    --------
    >>> is_signed(signed({"seconds": 1.5})), is_signed(signed({"seconds": 1.5}) | {"seconds": 1.6})
    (True, False)
    """
    plain = {key: value for key, value in record.items() if key != OWN}
    return plain | {OWN: _digest(_canonical(plain))}


def is_signed(record: Mapping[str, Any]) -> bool:
    """Whether a record is as it was when it got its digest."""
    plain = {key: value for key, value in record.items() if key != OWN}
    return record.get(OWN) == _digest(_canonical(plain))


def read(path: Path, *parts: str) -> dict[str, Any]:
    """A signed record from its file, which must have these parts.

    Raises
    ------
    ValueError
        Naming the file, if it is no JSON, not as it was written, or a record of something else.
    """
    try:
        record = _text.read_record(path)
        if not is_signed(record):
            raise ValueError("its digest is not that of its content")
    except ValueError as error:
        raise ValueError(f"{path} is damaged ({error}): restore it") from error
    if missing := [part for part in parts if part not in record]:
        raise ValueError(f"{path} is a record of something else: it has no {', '.join(missing)}")
    return record


def _canonical(record: Mapping[str, Any]) -> bytes:
    return json.dumps(record, sort_keys=True, separators=(",", ":")).encode()


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:_DIGITS]
