"""How numbers are shown: in rows under keys, rounded once by one rule, differences taken of what is shown."""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import TypeVar

import pandas as pd

_NOISE = (
    9  # decimals: below them lies only the error of floating point, above it a mean over seeds of stored accuracies
)
Shown = TypeVar("Shown", pd.Series, pd.DataFrame)


def shown(value: float, decimals: int, sign: str = "") -> str:
    """A number as text with so many decimals, a half rounded away from zero.

    What counts is the decimal number that was meant: 96.025 is a half although no binary number equals it.

    Parameters
    ----------
    value : float
    decimals : int
    sign : {"", "+"}
        "+" to show it before positive numbers, too.

    Examples
    --------
    >>> shown(96.025, 2), shown(-0.125, 2), shown(1 - 0.995, 2), shown(0.3, 2, "+")
    ('96.03', '-0.13', '0.01', '+0.30')
    """
    if not math.isfinite(value):
        return f"{value:{sign}}"
    meant = Decimal(f"{value:.{max(_NOISE, decimals)}f}")
    return f"{meant.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP):{sign}f}"


def rounded(values: Shown, decimals: int) -> Shown:
    """Numbers by the same rule, as numbers; whole ones and text are left as they are."""
    return values.map(lambda value: float(shown(value, decimals)) if isinstance(value, float) else value)


def difference(first: float, second: float, decimals: int) -> float:
    """The first less the second, both as they are shown: what a reader gets who subtracts them.

    Examples
    --------
    >>> difference(99.0773, 99.2546, 2)
    -0.17
    """
    return float(Decimal(shown(first, decimals)) - Decimal(shown(second, decimals)))


def as_text(
    frame: pd.DataFrame, decimals: int, differences: Mapping[str, tuple[str, str]] | None = None
) -> pd.DataFrame:
    """Numbers as they are shown: so many decimals, whole numbers as such, a dash where there is none.

    Parameters
    ----------
    frame : DataFrame
    decimals : int
    differences : mapping of str to (str, str), optional
        Columns that are the first of two others less the second: they are taken of what is shown in those. A column
        called ``a - b`` is one beside columns ``a`` and ``b``.
    """
    columns = set(frame.columns)
    named = {f"{a} - {b}": (a, b) for a in columns for b in columns} if columns else {}
    frame = frame.astype(object)
    for column, (first, second) in (named | dict(differences or {})).items():
        if column in columns:
            frame[column] = [difference(a, b, decimals) for a, b in zip(frame[first], frame[second], strict=True)]

    def text(value: object) -> object:
        if isinstance(value, float):
            return "-" if math.isnan(value) else shown(value, decimals)
        return value

    return frame.map(text)


def by_key(rows: dict, *names: str) -> pd.DataFrame:
    """Rows under keys of several parts; an empty frame, rather than an error, where there are none."""
    return pd.DataFrame(list(rows.values()), index=pd.MultiIndex.from_tuples(list(rows), names=names))
