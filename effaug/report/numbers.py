"""Our own tables' numbers, in the order of the book: the paper's keep theirs."""

from __future__ import annotations

import html
from typing import Any

import pandas as pd

from effaug.report.exhibits import Exhibit

OWN = (  # names of what is shown, once each
    "tasks",
    "networks",
    "mean-images",
    "agreement",
    "distances",
    "side-by-side",
    "scorecard",
    "table-1-reconstructed",
    "scores",
    "score-correlations",
    "main-claim",
    "deterministic",
    "refinements",
    "order",
    "by-network",
    "aucs",
    "longer-training",
    "against-influence",
    "epoch-times",
    "selection-times",
    "sensitivity",
    "discrepancies",
    "choices",
    "divided-twice",
    "mean-kept",
    "best-round",
    "ridge",
    "seeds",
    "correlation",
    "gains",
    "experiment",
    "faults",
    "targets",
    "benchmarks",
)


def own_number(name: str) -> str:
    """What one of our own tables is called.

    Examples
    --------
    >>> own_number("tasks")
    'Table E1'
    """
    return f"Table E{OWN.index(name) + 1}"


def own_anchor(name: str, part: str = "") -> str:
    """Where it is on its page; a table of several parts has one for each.

    Examples
    --------
    >>> own_anchor("tasks"), own_anchor("tasks", "mnist")
    ('table-e1', 'table-e1-mnist')
    """
    return f"table-e{OWN.index(name) + 1}{f'-{part}' if part else ''}"


def caption(number: str, says: str) -> str:
    """A caption as HTML: its number, then what it says, which is HTML."""
    return f"<b>{html.escape(number)}.</b> {says}".strip()


def own(name: str, frame: pd.DataFrame, says: str, part: str = "", **more: Any) -> Exhibit:
    """One of our own tables as an exhibit, or a part of it; ``more`` are an `Exhibit`'s other attributes."""
    number = own_number(name) + f" ({part.replace('-', ' ')})" * bool(part)
    return Exhibit(own_anchor(name, part), frame, caption(number, says), **more)
