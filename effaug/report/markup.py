"""What a notebook shows besides exhibits: HTML for readers, and text for those who compare runs."""

from __future__ import annotations

import html
from dataclasses import dataclass

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
