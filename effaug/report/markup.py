"""What a notebook shows besides exhibits: HTML for readers, and text for those who compare runs."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pandas as pd

_MARKS = {
    "holds": "●",
    "holds so far": "◕",
    "holds in part": "◐",
    "does not hold": "✕",
    "undecided": "○",
    "not measured": "-",
}


@dataclass(frozen=True)
class Shown:
    """Something that shows itself on a page.

    Attributes
    ----------
    html : str
        As a page has it.
    text : str
        The same in words, as a terminal has it; nbval compares both.
    """

    html: str
    text: str

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return self.html


def mark(verdict: str) -> str:
    """The sign of a verdict.

    Examples
    --------
    >>> mark("does not hold"), mark("holds in part")
    ('✕', '◐')
    """
    return _MARKS[verdict]


def verdict_html(verdict: str, *, words: bool = True) -> str:
    """A verdict's sign and words; the sign alone, for where a link or a title has the words."""
    sign = f'<span aria-hidden="true">{mark(verdict)}</span>'
    return f'<span class="verdict {verdict.replace(" ", "-")}">{sign}{f" {html.escape(verdict)}" * words}</span>'


def folded(summary: str, content: str, kind: str = "") -> str:
    """HTML that opens at a click on its summary, both HTML."""
    return f'<details class="folded {kind}"><summary>{summary}</summary>{content}</details>'


def notes(visible: Iterable[str], differing: Iterable[str]) -> Shown:
    """Sentences that a reader must see, then those on data and networks, folded; in the sentences, `code` in Markdown.

    Examples
    --------
    >>> notes([""], [])
    Nothing here is missing or cut short.
    """
    seen, more = [sentence for sentence in visible if sentence], listed(differing)
    page = "".join(f"<p>{_with_code(sentence)}</p>" for sentence in seen)
    page += folded("What differs from the paper's networks and data", more.html) if more.text else ""
    text = "\n\n".join([*seen, *filter(None, [more.text])]) or "Nothing here is missing or cut short."
    return Shown(page, text)  # a page without notes shows nothing


def listed(sentences: Iterable[str]) -> Shown:
    """Sentences as a list."""
    found = list(sentences)
    items = "".join(f"<li>{_with_code(sentence)}</li>" for sentence in found)
    return Shown(f"<ul>{items}</ul>" if found else "", "\n\n".join(found))


def _with_code(sentence: str) -> str:
    return re.sub("`([^`]+)`", r"<code>\1</code>", html.escape(sentence, quote=False))


def table_html(frame: pd.DataFrame, deciding: Iterable[str] = ()) -> str:
    """A table for a page: all of its index in one column, and in the cells what they are, or their `Shown` HTML.

    Parameters
    ----------
    frame : DataFrame
        Columns of nothing but dashes are left out.
    deciding : iterable of str
        Columns that a reader must see without scrolling: they come next to the index and have a class of this name.
    """
    kept = without_empty_columns(frame)
    first = [column for column in deciding if column in kept]
    kept = kept[[*first, *(column for column in kept if column not in first)]]
    of_column = ["deciding" if column in first else "" for column in kept]
    names = " · ".join(str(name) for name in kept.index.names if name)
    head = "".join(
        f'<th scope="col"{_class(kind, "number" * _is_numeric(kept[column]))}>{_cell(column)}</th>'
        for column, kind in zip(kept, of_column, strict=True)
    )
    rows, above = [], None
    for key, *values in kept.itertuples(name=None):
        parts = key if isinstance(key, tuple) else (key,)
        cells = (f"<td{_class(kind, _kind(v))}>{_cell(v)}</td>" for kind, v in zip(of_column, values, strict=True))
        rows.append(f'<tr><th scope="row">{_row_head(parts, above)}</th>{"".join(cells)}</tr>')
        above = parts[0]
    return (
        f'<table class="dataframe"><thead><tr><th scope="col">{html.escape(names)}</th>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table>"
    )


def scrolls(table: str) -> str:
    """A table in a box of its own, which can be scrolled by keyboard, too."""
    return f'<div class="scrolls" tabindex="0" role="group" aria-label="Table, scrolls sideways">{table}</div>'


def without_empty_columns(frame: pd.DataFrame) -> pd.DataFrame:
    """The columns that have something in some row; a dash, an empty text and NaN are nothing.

    Examples
    --------
    >>> list(without_empty_columns(pd.DataFrame({"sd": ["-", "-"], "AUC": ["1", "-"]})))
    ['AUC']
    """
    nothing = frame.isin(["-", ""]) | frame.isna()
    return frame.loc[:, ~nothing.all().to_numpy()] if len(frame) else frame


def _row_head(parts: tuple[Any, ...], above: Any) -> str:
    """The first part of a row's key, unless the row above has it, and the others, smaller."""
    first = _cell(parts[0])
    if len(parts) > 1 and parts[0] == above:
        first = f'<span class="again">{first}</span>'
    rest = " · ".join(filter(None, map(_cell, parts[1:])))
    return f"{first}<small>{rest}</small>" if rest else first


def _cell(value: Any) -> str:
    if isinstance(value, Shown):
        return value.html
    return "" if value is None or value != value else html.escape(str(value)).replace(" %", "&nbsp;%")


def _numeric(value: Any) -> bool:
    return bool(re.fullmatch(r"(-|[-+±<>]?\s?\d[\d.,]*(\s?%|\s±\s[\d.naif]+)?|nan)?", str(value)))


def _is_numeric(column: pd.Series) -> bool:
    return all(map(_numeric, column))


def _kind(value: Any) -> str:
    """What a cell holds, for its layout: a number, a sentence, or neither."""
    return "number" if _numeric(value) else "sentence" if len(str(value)) > _SENTENCE else ""


_SENTENCE = 30  # letters from which on a cell is given some width


def _class(*kinds: str) -> str:
    names = " ".join(filter(None, kinds))
    return f' class="{names}"' if names else ""
