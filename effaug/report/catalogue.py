"""The paper's 20 tables and 17 figures: on which page of the book each is, and how it is made from stored results."""

from __future__ import annotations

import functools
import html
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from effaug.images._files import write_whole
from effaug.report import figures, image_figures, point_figures, style, tables, timing_figure
from effaug.report.exhibits import Exhibits
from effaug.report.labels import human, score_label, task_label
from effaug.report.numbering import OWN, PAPER, UNSHOWN, anchor, heading
from effaug.report.published import published_aucs, published_features
from effaug.report.view import View
from effaug.study import timing


@dataclass(frozen=True)
class Entry:
    """One table or figure of the paper.

    Attributes
    ----------
    kind : {"table", "figure"}
    number : int
    title : str
        What it shows, in our words.
    page : str
        The notebook that has it, without its suffix.
    make : callable
        From a view of everything to a data frame, or to a figure's exhibits.
    """

    kind: str
    number: int
    title: str
    page: str
    make: Callable[[View], pd.DataFrame | Exhibits]

    @property
    def name(self) -> str:
        """Such as ``table-3``: of the exported files, and the page's anchor."""
        return f"{self.kind}-{self.number}"


_DATASETS = ("mnist", "cifar10", "smallnorb")  # the paper's; results may be of others


def _under(augmentation: str, draw: Callable[[View], Exhibits], *datasets: str) -> Callable[[View], Exhibits]:
    return lambda view: draw(view.other(augmentation=augmentation).only(*(datasets or _DATASETS)))


def _extreme(number: int, dataset: str) -> Callable[[View], Exhibits]:
    def draw(view: View) -> Exhibits:
        shown = view.other(dataset=dataset, augmentation="translate")
        return image_figures.extreme_points(shown, numbers=(str(number),))

    return draw


def _auc_table(task: str, score: str) -> Callable[[View], pd.DataFrame]:
    return lambda view: tables.auc_table(view, task, published_features(task), score)


def _figures() -> list[Entry]:
    def entry(number: int, title: str, make: Callable[[View], Exhibits]) -> Entry:
        return Entry("figure", number, title, PAPER[str(number)], make)

    def scores(number: int, title: str, draw: Callable[..., Exhibits], *datasets: str) -> Entry:
        numbered = functools.partial(draw, numbers=(str(number),))
        return entry(number, f"{title}, under translation", _under("translate", numbered, *datasets))

    influence = functools.partial(point_figures.score_histograms, scores=("influence",))
    loss = functools.partial(point_figures.score_histograms, scores=("loss",))
    before_after = point_figures.score_before_after
    refined = functools.partial(figures.figure_9, number="4")
    return [
        scores(1, "Influence of CIFAR-10's and small NORB's points", influence, "cifar10", "smallnorb"),
        scores(2, "Their influence before and after", before_after, "cifar10", "smallnorb"),
        entry(3, "Random policies", figures.figure_3),
        entry(4, "Refinements under rotation", _under("rotate", refined)),
        entry(5, "MNIST's extreme points", _extreme(5, "mnist")),
        scores(6, "Loss of every data set's points", loss),
        scores(7, "Influence of every data set's points", influence),
        scores(8, "Influence before and after", before_after),
        entry(9, "Random policies with refinements", figures.figure_9),
        entry(10, "Deterministic policies", figures.figure_10),
        entry(11, "MNIST's extreme points", _extreme(11, "mnist")),
        entry(12, "CIFAR-10's extreme points", _extreme(12, "cifar10")),
        entry(13, "Small NORB's extreme points", _extreme(13, "smallnorb")),
        entry(14, "The margin of an SVM as a score", figures.figure_14),
        entry(15, "Points drawn from clusters", figures.figure_15),
        entry(16, "Points drawn from a k-DPP", figures.figure_16),
        entry(17, "Time of an epoch", _training_time),
    ]


def _training_time(view: View) -> Exhibits:
    return timing_figure.training_time(timing.load(view.results.folder / "timing"))


def catalogue() -> list[Entry]:
    """Tables 1 to 20, then Figures 1 to 17."""
    found = [
        Entry("table", 1, "Accuracy with few points augmented", "table_1", tables.table_1),
        Entry("table", 2, "The policies", "table_2", lambda view: tables.table_2()),
    ]
    for number, task, score in published_aucs()[["table", "task", "score"]].drop_duplicates().itertuples(index=False):
        title = f"AUC, {task_label(task)}, by {score_label(score)}"
        found.append(Entry("table", number, title, "auc_tables", _auc_table(task, score)))
    return sorted(found, key=lambda entry: entry.number) + _figures()


def links(folder: str = "../notebooks") -> str:
    """The catalogue as HTML: each entry linked to its place in the book, from a page that reaches the notebooks so."""
    items = [
        f'<li><a href="{folder}/{entry.page}.html#{entry.name}">{entry.kind.capitalize()} {entry.number}</a>: '
        f"{html.escape(entry.title)}</li>"
        for entry in catalogue()
    ]
    return f"<ul>{''.join(items)}</ul>"


def own_links(folder: str = "../notebooks") -> str:
    """The figures that the paper does not have, linked alike."""
    items = [
        f'<li><a href="{folder}/{page}.html#{anchor(number)}">{heading(number)}</a>: {html.escape(title)}</li>'
        for number, (title, page) in OWN.items()
        if number not in UNSHOWN
    ]
    return f"<ul>{''.join(items)}</ul>"


def export(view: View, folder: Path) -> list[Path]:
    """Write every table as CSV and LaTeX (booktabs), every figure as SVG and PDF with its numbers as CSV.

    Parameters
    ----------
    view : View
        Of everything.
    folder : path

    Returns
    -------
    list of Path
        The files, named after the paper's numbers: ``table-3.csv``; for each part of a figure ``figure-3-cifar10.svg``.
    """
    written = []
    for entry in catalogue():
        for name, files in _files(entry, entry.make(view)).items():
            for suffix, writer in files.items():
                written.append(folder / f"{name}{suffix}")
                write_whole(written[-1], writer, suffix=suffix)
    return written


def _files(entry: Entry, made: pd.DataFrame | Exhibits) -> dict[str, dict[str, Callable[[Path], Any]]]:
    """What writes each file of an entry, by name and suffix."""
    if isinstance(made, pd.DataFrame):
        texts = {".csv": made.to_csv(), ".tex": latex(made, f"{entry.title}.")}
        return {entry.name: {suffix: functools.partial(_write_text, text) for suffix, text in texts.items()}}
    found: dict[str, dict[str, Callable[[Path], Any]]] = {}
    for exhibit in made:
        if isinstance(exhibit.shows, pd.DataFrame):
            continue  # a sentence in place of what is not stored
        found[exhibit.name] = dict.fromkeys((".svg", ".pdf"), functools.partial(style.save, exhibit.shows))
        if exhibit.numbers is not None:
            found[exhibit.name][".csv"] = functools.partial(_write_text, exhibit.numbers.to_csv())
    return found


def _write_text(text: str, path: Path) -> None:
    path.write_text(text)


def latex(frame: pd.DataFrame, caption: str) -> str:
    """A table in LaTeX with booktabs' rules and readers' names; text is escaped, save what is a formula already."""
    escaped = human(frame).reset_index().map(_escape)
    escaped.columns = [_escape(str(column)) for column in escaped.columns]
    return escaped.to_latex(index=False, caption=_escape(caption), escape=False)


def _escape(value: Any) -> Any:
    if not isinstance(value, str) or value.startswith("\\("):
        return value
    for character in "\\&%$#_{}":
        value = value.replace(character, f"\\{character}" if character != "\\" else r"\textbackslash ")
    return value
