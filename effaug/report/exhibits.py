"""A figure or table as a reader gets it: captioned, its numbers to download, and folded below where they are from."""

from __future__ import annotations

import base64
import hashlib
import html
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from effaug.report.labels import human
from effaug.report.markup import Shown, folded, scrolls, table_html

# What is drawn in black takes the text's colour of the page, light or dark; what is drawn in this grey, a paler one.
INK, REFERENCE = "#000000", "#7f7f7f"
_THEMED = {INK: "currentColor", REFERENCE: "var(--exhibit-reference, #7f7f7f)"}


@dataclass(frozen=True, eq=False)
class Origin:
    """Where numbers are from.

    Attributes
    ----------
    files : DataFrame
        A row for each task and kind of features, with the ``file`` it is stored in (`tables.provenance`).
    commands : tuple of str
        What computes them again.
    """

    files: pd.DataFrame
    commands: tuple[str, ...] = ()

    def as_html(self) -> str:
        """The table of files, each linked, and the commands."""
        rows = self.files.assign(file=self.files.file.map(_linked)) if "file" in self.files else self.files
        told = "".join(f"<pre><code>{html.escape(command)}</code></pre>" for command in self.commands)
        table = "" if rows.empty else scrolls(table_html(human(rows)))
        return table + (f"<p>To compute it again:</p>{told}" if told else "")


@dataclass(frozen=True, eq=False)
class Exhibit:
    """One numbered figure or table; a notebook shows it as HTML, and as text for nbval to compare.

    Attributes
    ----------
    name : str
        The anchor, and what its files are called: ``figure-3-mnist``.
    shows : Figure or DataFrame
        A table is shown as it is (see `rounding.as_text`), but for columns of nothing but dashes.
    caption : str
        Number and finding, as HTML.
    alt : str
        What a figure shows, in words.
    numbers : DataFrame, optional
        Those behind a figure, or all of a table that is shown in part.
    origin : Origin, optional
    deciding : tuple of str
        A table's columns that must be seen without scrolling: they stand beside its index.
    fold : str
        What a table is folded under; it is open unless given.
    """

    name: str
    shows: Figure | pd.DataFrame
    caption: str
    alt: str = ""
    numbers: pd.DataFrame | None = None
    origin: Origin | None = None
    deciding: tuple[str, ...] = ()
    fold: str = ""

    def __repr__(self) -> str:
        words = html.unescape(re.sub("<[^>]+>", "", self.caption))
        return words if isinstance(self.shows, Figure) else f"{words}\n\n{self.shows.to_string()}"

    def _repr_html_(self) -> str:
        caption = f"<figcaption>{self.caption}</figcaption>"
        if isinstance(self.shows, Figure):
            body = f"{svg(self.shows, self.alt)}{caption}"  # a table's caption is read first, a figure's last
        else:
            table = scrolls(table_html(self.shows, self.deciding))
            body = caption + (folded(html.escape(self.fold), table) if self.fold else table)
        return f'<figure class="exhibit" id="{self.name}">{body}{self._folded()}</figure>'

    def _folded(self) -> str:
        numbers = self.shows if self.numbers is None and isinstance(self.shows, pd.DataFrame) else self.numbers
        told = self.origin.as_html() if self.origin else ""
        if numbers is not None:
            data = base64.b64encode(numbers.to_csv().encode()).decode()
            told += f'<p><a download="{self.name}.csv" href="data:text/csv;base64,{data}">Numbers as CSV</a></p>'
        return f'<details class="origin"><summary>Where this is from</summary>{told}</details>' if told else ""


@dataclass(frozen=True)
class Exhibits(Sequence[Exhibit]):
    """Several, one below the other: a figure for each data set, say."""

    each: tuple[Exhibit, ...]

    def __getitem__(self, index: Any) -> Any:
        return self.each[index]

    def __len__(self) -> int:
        return len(self.each)

    def __iter__(self) -> Iterator[Exhibit]:
        return iter(self.each)

    def __repr__(self) -> str:
        return "\n\n".join(map(repr, self.each)) or "Nothing to show."

    def _repr_html_(self) -> str:
        return "".join(exhibit._repr_html_() for exhibit in self.each) or "<p>Nothing to show.</p>"


def _linked(file: str) -> Shown:
    return Shown(f'<a href="../{file}">{html.escape(file)}</a>', file)


def svg(figure: Figure, alt: str) -> str:
    """A figure as SVG for a page: scales with it, in the colours of its theme, its text as text.

    Parameters
    ----------
    figure : Figure
    alt : str
        What it shows, for those who do not see it.
    """
    buffer = io.StringIO()
    with plt.rc_context({"svg.fonttype": "none", "svg.hashsalt": "effaug"}):
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None}, transparent=True)
    text = buffer.getvalue()
    text = re.sub(r"<metadata>.*?</metadata>\s*", "", text[text.index("<svg") :], flags=re.S)
    for drawn, themed in _THEMED.items():
        text = text.replace(drawn, themed)
    words, text = html.escape(alt, quote=True), _own_ids(text)
    return re.sub(r'<svg (.*?)width="[^"]*"', rf'<svg role="img" aria-label="{words}" \1', text, count=1, flags=re.S)


def _own_ids(text: str) -> str:
    """Ids that nothing refers to are dropped, the others made the figure's own: a page has several."""
    own = hashlib.sha256(text.encode()).hexdigest()[:8]
    used = set(re.findall(r'(?:href="#|url\(#)([^")]+)', text))
    text = re.sub(r' id="([^"]+)"', lambda m: f' id="{own}-{m[1]}"' if m[1] in used else "", text)
    return re.sub(r'(href="#|url\(#)', rf"\g<1>{own}-", text)
