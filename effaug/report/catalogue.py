"""The paper's 20 tables and 17 figures: on which page of the book each is, and how it is made from stored results."""

from __future__ import annotations

import functools
import html
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from effaug._files import write_whole
from effaug.report import figures, point_figures, style, tables
from effaug.report.labels import human, score_label, task_label
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
        From a view of everything to a data frame or a figure.
    """

    kind: str
    number: int
    title: str
    page: str
    make: Callable[[View], pd.DataFrame | Figure]

    @property
    def name(self) -> str:
        """Such as ``table-3``: of the exported files, and the page's anchor."""
        return f"{self.kind}-{self.number}"


_DATASETS = ("mnist", "cifar10", "smallnorb")  # the paper's; results may be of others


def _under(augmentation: str, draw: Callable[[View], Figure], *datasets: str) -> Callable[[View], Figure]:
    return lambda view: draw(view.other(augmentation=augmentation).only(*(datasets or _DATASETS)))


def _extreme(dataset: str) -> Callable[[View], Figure]:
    def draw(view: View) -> Figure:
        shown = view.other(dataset=dataset)
        return point_figures.extreme_points(shown, *shown.panels[0]) if shown.panels else style.nothing(shown)

    return draw


def _auc_table(task: str, score: str) -> Callable[[View], pd.DataFrame]:
    return lambda view: tables.auc_table(view, task, published_features(task), score)


def _figures() -> list[Entry]:
    def entry(number: int, title: str, page: str, make: Callable[[View], Figure]) -> Entry:
        return Entry("figure", number, title, page, make)

    def scores(number: int, title: str, draw: Callable[[View], Figure], *datasets: str) -> Entry:
        return entry(number, f"{title}, under translation", "score_distributions", _under("translate", draw, *datasets))

    influence = functools.partial(point_figures.score_histograms, scores=("influence",))
    loss = functools.partial(point_figures.score_histograms, scores=("loss",))
    before_after = point_figures.score_before_after
    return [
        scores(1, "Influence of CIFAR-10's and small NORB's points", influence, "cifar10", "smallnorb"),
        scores(2, "Their influence before and after", before_after, "cifar10", "smallnorb"),
        entry(3, "Random policies", "random_policies", figures.figure_3),
        entry(4, "Refinements under rotation", "refinements", _under("rotate", figures.figure_9)),
        entry(5, "MNIST's extreme points", "extreme_points", _extreme("mnist")),
        scores(6, "Loss of every data set's points", loss),
        scores(7, "Influence of every data set's points", influence),
        scores(8, "Influence before and after", before_after),
        entry(9, "Random policies with refinements", "random_policies", figures.figure_9),
        entry(10, "Deterministic policies", "deterministic_policies", figures.figure_10),
        entry(11, "MNIST's extreme points", "extreme_points", _extreme("mnist")),
        entry(12, "CIFAR-10's extreme points", "extreme_points", _extreme("cifar10")),
        entry(13, "Small NORB's extreme points", "extreme_points", _extreme("smallnorb")),
        entry(14, "The margin of an SVM as a score", "diversity", figures.figure_14),
        entry(15, "Points drawn from clusters", "diversity", figures.figure_15),
        entry(16, "Points drawn from a k-DPP", "diversity", figures.figure_16),
        entry(17, "Time of an epoch", "training_time", _training_time),
    ]


def _training_time(view: View) -> Figure:
    return figures.training_time(timing.load(view.results.folder / "timing"))


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


def export(view: View, folder: Path) -> list[Path]:
    """Write every table as CSV and LaTeX (booktabs), every figure as SVG and PDF.

    Parameters
    ----------
    view : View
        Of everything.
    folder : path

    Returns
    -------
    list of Path
        The files, named after the paper's numbers: ``table-3.csv``, ``figure-3.svg``.
    """
    written = []
    for entry in catalogue():
        made = entry.make(view)
        write: dict[str, Callable[[Path], Any]]
        if isinstance(made, Figure):
            write = dict.fromkeys((".svg", ".pdf"), functools.partial(style.save, made))
        else:
            texts = {".csv": made.to_csv(), ".tex": latex(made, f"{entry.title}.")}
            write = {suffix: functools.partial(_write_text, text) for suffix, text in texts.items()}
        for suffix, writer in write.items():
            written.append(folder / f"{entry.name}{suffix}")
            write_whole(written[-1], writer, suffix=suffix)
    return written


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
