"""How every figure looks: colours, curves with their intervals, and saving."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from effaug.report.statistics import half_width
from effaug.report.view import View
from effaug.scores import SCORES
from effaug.study.tasks import SOURCES

COLOURS = sns.color_palette("colorblind")
RED, BLUE, GREEN, ORANGE, PURPLE, BROWN = (COLOURS[k] for k in (3, 0, 2, 1, 4, 5))


@dataclass(frozen=True)
class Line:
    """One line of a figure: a policy, the score it uses, and how it is drawn."""

    policy: str
    score: str
    label: str
    colour: tuple
    marker: str


def save(figure: Figure, path: Path) -> None:
    """Write a figure; an SVG of the same figure is the same file."""
    with plt.rc_context({"svg.hashsalt": "effaug"}):
        figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)


def draw_curve(axes: Axes, table: pd.DataFrame, line: Line) -> None:
    """Mean accuracy over seeds at each budget, with the band of its 95 % t interval."""
    if table.empty:
        return
    if table.groupby("seed").budget.nunique().max() == 1:  # a set whose size the policy decides
        at, half = table.mean(numeric_only=True), np.nan_to_num(half_width(table.accuracy))
        axes.errorbar(
            at.budget, at.accuracy, half, color=line.colour, marker=line.marker, ms=9, label=line.label, ls=""
        )
        return
    by_budget = table.groupby("budget").accuracy
    mean, half = by_budget.mean(), by_budget.agg(half_width).fillna(0)
    axes.plot(mean.index, mean, color=line.colour, marker=line.marker, ms=4, lw=1.4, label=line.label)
    axes.fill_between(mean.index, mean - half, mean + half, color=line.colour, alpha=0.15, lw=0)


def panel_grid(view: View, height: float) -> tuple[Figure, list[tuple[Axes, tuple[str, str]]]]:
    """A row for each data set and kind of features, a column for each augmentation; a gap says that it is one."""
    panels = view.panels
    if not panels:
        return nothing(view), []
    found = {(task.rpartition("-")[0], features) for task, features in panels}
    names = (*SOURCES, *({name for name, _ in found} - {*SOURCES}))  # those of one's own are called after their file
    rows = [row for row in itertools.product(names, ("refit", "frozen")) if row in found]
    columns = list(dict.fromkeys(task.rpartition("-")[2] for task in view.tasks))
    size = (11.5 if len(columns) > 1 else 6.5, height * len(rows))
    figure, grid = plt.subplots(len(rows), len(columns), figsize=size, squeeze=False, layout="constrained")
    drawn = []
    for (r, (dataset, features)), (c, kind) in itertools.product(enumerate(rows), enumerate(columns)):
        panel = (f"{dataset}-{kind}", features)
        if panel in panels:
            drawn.append((grid[r, c], panel))
        else:
            grid[r, c].set_axis_off()
            grid[r, c].text(0.5, 0.5, f"{panel[0]} ({features}):\nno results yet", ha="center", va="center")
    return figure, drawn


def nothing(view: View) -> Figure:
    """A figure that says what is missing."""
    return words(view.missing())


def words(sentence: str) -> Figure:
    """A figure of a sentence."""
    figure = plt.figure(figsize=(8, 1))
    figure.text(0.02, 0.5, sentence, wrap=True)
    return closed(figure)


def say_uncomputed(axes: Axes, view: View, scores: Iterable[str], panel: tuple[str, str]) -> None:
    """Write into the panel of a task and kind of features by which scores nothing is stored, and what computes it."""
    said = "\n".join(f"nothing by {score} yet:\n{view.command(*panel, score)}" for score in sorted(scores))
    axes.text(0.98, 0.03, said, transform=axes.transAxes, ha="right", va="bottom", fontsize=7)


def score_colour(name: str) -> tuple:
    """A score's colour: the same in every figure."""
    first = (BLUE, GREEN, ORANGE, PURPLE, BROWN)
    return (*first, *COLOURS[6:])[list(SCORES).index(name) % (len(first) + len(COLOURS[6:]))]


def finish(figure: Figure, panels: list) -> Figure:
    """Close the figure, with one legend below for all panels, a list of (axes, anything)."""
    if panels:
        shown: dict = {}  # a panel may lack a line for which there are no results
        for axes, _ in panels:
            shown |= {label: handle for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)}
        figure.legend(shown.values(), shown.keys(), loc="outside lower center", ncols=3, frameon=False)
    return closed(figure)


def closed(figure: Figure) -> Figure:
    """A notebook shows what a cell returns; left open, it would be shown twice."""
    plt.close(figure)
    return figure
