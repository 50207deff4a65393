"""A figure or table as a reader gets it: captioned, its numbers to download, and folded below where they are from."""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from effaug.report.drawings import keep, kept, panels
from effaug.report.labels import human
from effaug.report.markup import Shown, folded, scrolls, table_html

_EMBEDDED = 50_000  # characters of a table at most that a page holds: the book links larger ones


@dataclass(frozen=True, eq=False)
class Origin:
    """Where numbers are from.

    Attributes
    ----------
    files : DataFrame
        A row for each task and kind of features, with the ``file`` it is stored in (`sources.provenance`).
    commands : tuple of str
        What computes them again.
    """

    files: pd.DataFrame
    commands: tuple[str, ...] = ()

    def as_html(self) -> str:
        """The table of files, each linked, and the commands."""
        rows = self.files.assign(file=self.files.file.map(_linked)) if "file" in self.files else self.files
        shown = [command for command in self.commands if command.startswith("effaug notebook")]
        anew = [command for command in self.commands if command not in shown]
        table = "" if rows.empty else scrolls(table_html(human(rows)))
        return table + _typed("To compute it again:", anew) + _typed("To show it, with other parameters too:", shown)


@dataclass(frozen=True, eq=False)
class Exhibit:
    """One numbered figure or table; a notebook shows it as HTML, and as text for nbval to compare.

    Attributes
    ----------
    name : str
        The anchor, and what its files are called: ``figure-3-mnist``.
    shows : Figure or DataFrame
        A table is shown as it is (see `rounding.as_text`), but for columns of nothing but dashes.
        A figure's panels wrap: see `drawings.panels`.
    caption : str
        Number and finding, as HTML.
    alt : str or tuple of str
        What a figure shows, or each of its panels, in words.
    numbers : DataFrame, optional
        Those behind a figure, or all of a table that is shown in part.
    origin : Origin, optional
    deciding : tuple of str
        A table's columns that must be seen without scrolling: they stand beside its index.
    fold : str
        What a table is folded under; it is open unless given.
    anchors : tuple of str
        Other names that a link may have for it: ``figure-3`` for the first one of Figure 3.
    """

    name: str
    shows: Figure | pd.DataFrame
    caption: str
    alt: str | tuple[str, ...] = ""
    numbers: pd.DataFrame | None = None
    origin: Origin | None = None
    deciding: tuple[str, ...] = ()
    fold: str = ""
    anchors: tuple[str, ...] = ()

    def __repr__(self) -> str:
        words = html.unescape(re.sub("<[^>]+>", "", self.caption))
        return words if isinstance(self.shows, Figure) else f"{words}\n\n{self.shows.to_string()}"

    def _repr_html_(self) -> str:
        caption, kind = f"<figcaption>{self.caption}</figcaption>", ""
        if isinstance(self.shows, Figure):
            drawn = panels(self.shows, self.alt, self.name)
            kind = " panels" * bool(self.shows.subfigs) + " even" * (len(drawn) % 2 == 0)
            body = f"{''.join(drawn)}{caption}"  # a table's caption is read first, a figure's last
            keep(self.name, self.shows, self.numbers)
        else:
            table = scrolls(table_html(self.shows, self.deciding))
            body = caption + (folded(html.escape(self.fold), table) if self.fold else table)
        anchors = "".join(f'<span id="{anchor}"></span>' for anchor in self.anchors)
        return f'<figure class="exhibit{kind}" id="{self.name}">{anchors}{body}{self._folded()}</figure>'

    def _folded(self) -> str:
        numbers = self.shows if self.numbers is None and isinstance(self.shows, pd.DataFrame) else self.numbers
        told = self.origin.as_html() if self.origin else ""
        data = "" if numbers is None else base64.b64encode(numbers.to_csv().encode()).decode()
        if data and (isinstance(self.shows, pd.DataFrame) or (len(data) < _EMBEDDED and not kept())):
            told += f'<p><a download="{self.name}.csv" href="data:text/csv;base64,{data}">Numbers as CSV</a></p>'
        if isinstance(self.shows, Figure):
            told += f"<!-- files of {self.name} -->"  # where the book has links to them
        return f'<details class="origin"><summary>Where this is from</summary>{told}</details>' if told else ""


@dataclass(frozen=True)
class Exhibits(Sequence[Exhibit]):
    """Several, one below the other: a figure for each data set, say; or a sentence where there is none."""

    each: tuple[Exhibit, ...]
    otherwise: str = "Nothing to show."

    def __getitem__(self, index: Any) -> Any:
        return self.each[index]

    def __len__(self) -> int:
        return len(self.each)

    def __iter__(self) -> Iterator[Exhibit]:
        return iter(self.each)

    def __repr__(self) -> str:
        return "\n\n".join(map(repr, self.each)) or self.otherwise

    def _repr_html_(self) -> str:
        return "".join(exhibit._repr_html_() for exhibit in self.each) or f"<p>{html.escape(self.otherwise)}</p>"


def _typed(words: str, commands: list[str]) -> str:
    told = "".join(f"<pre><code>{html.escape(command)}</code></pre>" for command in commands)
    return f"<p>{words}</p>{told}" if told else ""


def _linked(file: str) -> Shown:
    return Shown(f'<a href="../{file}">{html.escape(file)}</a>', file)
