"""The paper's figures, from stored results. Each function returns a matplotlib figure; nothing is shown or saved."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from effaug.augment import augmentation, with_originals
from effaug.networks import load_manifest
from effaug.notebook import View
from effaug.points import shown_points, spearman
from effaug.results import Results, half_width
from effaug.tasks import SOURCES, load_task

_COLOURS = sns.color_palette("colorblind")
_UNITS = {"translate": "shifts down, right in pixels", "rotate": "angles in degrees", "crop": "margins in pixels"}
_RED, _BLUE, _GREEN, _ORANGE, _PURPLE, _BROWN = (_COLOURS[k] for k in (3, 0, 2, 1, 4, 5))


@dataclass(frozen=True)
class Line:
    """One line of a figure: a policy, the score it uses, and how it is drawn."""

    policy: str
    score: str
    label: str
    colour: tuple
    marker: str


def figure_3(view: View) -> Figure:
    """Random policies by influence and by loss, against the baseline (Figure 3)."""
    return policy_panels(
        view,
        [
            Line("baseline", "", "baseline", _RED, "o"),
            Line("random_proportional", "influence", "random proportional, influence", _BLUE, "s"),
            Line("random_proportional", "loss", "random proportional, loss", _GREEN, "^"),
        ],
    )


def figure_9(view: View) -> Figure:
    """Random policies with score updates, down-weighting and both (Figures 4 and 9)."""
    return policy_panels(view, _variants("random_proportional", view.parameters["score"]))


def figure_10(view: View) -> Figure:
    """Deterministic policies, with the inverse one (Figure 10)."""
    score = view.parameters["score"]
    inverse = Line("deterministic_inverse_proportional", score, "deterministic inverse proportional", _BROWN, "x")
    return policy_panels(view, [*_variants("deterministic_proportional", score), inverse])


def policy_panels(view: View, lines: list[Line]) -> Figure:
    """Accuracy on the augmented test set against the number of augmented points, a panel for each task.

    Lines are means over seeds, bands 95 % t intervals; dotted lines are no and full augmentation.
    """
    figure, panels = _grid(view, height=2.9)
    for axes, (task, features) in panels:
        table = view.table[(view.table.task == task) & (view.table.features == features)]
        for line in lines:
            _curve(axes, table[(table.policy == line.policy) & (table.score == line.score)], line)
        start = table[(table.policy == "baseline") & (table.budget == 0)].accuracy.mean()
        end = table[table.policy == "full"].accuracy.mean()
        axes.axhline(start, ls=":", c=_RED, lw=1.2, label="no augmentation")
        axes.axhline(end, ls=":", c=_GREEN, lw=1.2, label="full augmentation")
        axes.set(title=_title(table, task, features), xlabel="augmented points", ylabel="accuracy")
    return _finish(figure, panels)


def score_histograms(view: View) -> Figure:
    """Distribution of both scores on the un-augmented training set, log count (Figures 1, 6, 7)."""
    panels = view.panels
    if not panels:
        return _nothing(view)
    figure, grid = plt.subplots(len(panels), 2, figsize=(8.4, 2.5 * len(panels)), squeeze=False, layout="constrained")
    for (task, features), row in zip(panels, grid, strict=True):
        points = shown_points(view, task, features)
        for axes, name, colour in zip(row, ("influence", "loss"), (_BLUE, _GREEN), strict=True):
            sns.histplot(points[f"{name}_before"], bins=40, ax=axes, color=colour)
            axes.set(yscale="log", xlabel=name, ylabel="points", title=f"{task} ({features})")
    return _closed(figure)


def score_before_after(view: View) -> Figure:
    """Each point's score before against after augmenting everything (Figures 2 and 8)."""
    figure, panels = _grid(view, height=2.9)
    name = view.parameters["score"]
    for axes, (task, features) in panels:
        points = shown_points(view, task, features)
        before, after = points[f"{name}_before"], points[f"{name}_after"]
        axes.scatter(before, after, s=7, alpha=0.5, color=_BLUE, linewidths=0)
        rho = spearman(points, name)
        axes.set(title=f"{task} ({features}), rho = {rho:.2f}", xlabel=f"{name} before", ylabel=f"{name} after")
    return _closed(figure)


def extreme_points(view: View, task: str, features: str, n: int = 10) -> Figure:
    """Images of highest and lowest influence and loss before augmentation (Figures 5, 11-13)."""
    points = shown_points(view, task, features)
    rows = [(name, end) for end in ("highest", "lowest") for name in ("influence", "loss")]
    figure, grid = plt.subplots(len(rows), n, figsize=(9, 4.4), squeeze=False, layout="constrained")
    for k, (name, end) in enumerate(rows):
        order = np.argsort(-points[f"{name}_before"], kind="stable")
        chosen = order[:n] if end == "highest" else order[::-1][:n]
        for c, point in enumerate(chosen):
            _image(grid[k, c], points["images"][np.searchsorted(points["shown"], point)])
        grid[k, 0].set_ylabel(f"{end}\n{name}", rotation=0, ha="right", va="center")
    figure.suptitle(f"{task} ({features})")
    return _closed(figure)


def task_copies(view: View, task: str, n: int = 3, columns: int = 8) -> Figure:
    """A task's points of highest influence, one a row, and their copies, thinned out to fit."""
    features = next(f for t, f in view.panels if t == task)
    points = shown_points(view, task, features)
    top = np.argsort(-points["influence_before"], kind="stable")[:n]
    stored = view.results.record(task)[f"{view.parameters['protocol']}/{features}"]["task"]["parameters"]
    spec = load_task(task, parameters=tuple(tuple(p) if isinstance(p, list) else p for p in stored))
    images = with_originals(points["images"][np.searchsorted(points["shown"], top)], augmentation(spec))
    names = ["original", *(f"{p:.4g}" if not isinstance(p, tuple) else f"{p[0]}, {p[1]}" for p in spec.parameters)]
    drawn = np.unique(np.linspace(0, len(names) - 1, min(len(names), columns)).round().astype(int))
    size = (1.1 * len(drawn), 1.2 * n + 0.4)
    figure, grid = plt.subplots(n, len(drawn), figsize=size, squeeze=False, layout="constrained")
    for r, c in np.ndindex(n, len(drawn)):
        _image(grid[r, c], images[r, drawn[c]])
    for axes, c in zip(grid[0], drawn, strict=True):
        axes.set_title(names[c], fontsize=8)
    figure.suptitle(f"{task}: {_UNITS[spec.augmentation]}", fontsize=10)
    return _closed(figure)


def learning_curves(names: tuple[str, ...]) -> Figure:
    """Accuracy on training and on test images after each epoch, a panel a network; dotted where the rate drops."""
    size = (3.9 * len(names), 3)
    figure, grid = plt.subplots(1, max(1, len(names)), figsize=size, squeeze=False, sharey=True, layout="constrained")
    for axes, name in zip(grid[0], names, strict=False):
        history = pd.DataFrame(load_manifest(name)["history"])
        axes.plot(history.epoch, history.accuracy, color=_BLUE, marker="s", ms=3, label="training, while it learns")
        axes.plot(history.epoch, history.test_accuracy, color=_RED, marker="o", ms=3, label="test")
        for epoch in history.epoch[history.rate.diff() < 0]:
            axes.axvline(epoch - 0.5, ls=":", c="grey", lw=1)
        axes.set(title=name, xlabel="epoch", ylabel="accuracy")
    return _finish(figure, [(axes, "") for axes in grid[0]])


def sensitivity(found: pd.DataFrame) -> Figure:
    """What 10 % by influence gains over 10 % at random against C, a panel a task (`comparisons.sensitivity`).

    A line for each protocol, network and treatment of the mean image with more than one C; bars are 95 % t intervals,
    and cross-validation has the last place on the axis.
    """
    kinds = ["protocol", "network", "mean image"]
    lines = {key: rows for key, rows in found.groupby(["task", *kinds], sort=False) if len(rows) > 1}
    tasks = list(dict.fromkeys(key[0] for key in lines))
    size = (3.9 * max(1, len(tasks)), 3.2)
    figure, grid = plt.subplots(1, max(1, len(tasks)), figsize=size, squeeze=False, sharey=True, layout="constrained")
    colours: dict = {}
    for (task, *kind), rows in lines.items():
        axes = grid[0, tasks.index(task)]
        colour = colours.setdefault(tuple(kind), _COLOURS[len(colours)])
        label = f"{kind[0]}, {kind[1]}" + (f", mean image {kind[2]}" if kind[2] else "")
        C = rows.index.get_level_values("C")
        axes.errorbar(
            C, rows["influence - baseline"], rows["±"], color=colour, marker="s", ms=4, capsize=2, label=label
        )
        axes.set(title=task, xlabel="C", ylabel="influence - baseline, points")
    for axes in grid[0]:
        axes.axhline(0, ls=":", c="grey", lw=1)
    return _finish(figure, [(axes, "") for axes in grid[0]])


def idea(results: Results) -> Figure:
    """The finding in one figure: MNIST rotated, features refit, points by influence against points at random."""
    table = results.table(["mnist-rotate"])
    table = table[(table.protocol == "paper") & (table.features == "refit")]
    if table.empty:
        raise ValueError(f"no results of mnist-rotate with refitted features in {results.folder}")
    figure, axes = plt.subplots(figsize=(6.4, 3.6), layout="constrained")
    _curve(axes, table[table.policy == "baseline"], Line("baseline", "", "drawn at random", _RED, "o"))
    chosen = table[(table.policy == "random_proportional") & (table.score == "influence")]
    _curve(axes, chosen, Line("random_proportional", "influence", "drawn in proportion to influence", _BLUE, "s"))
    full = table[table.policy == "full"].accuracy.mean()
    axes.axhline(full, ls=":", c=_GREEN, lw=1.4, label="all 1000 augmented")
    axes.set(xlabel="augmented points", ylabel="accuracy on the augmented test set", xlim=(0, 1000))
    axes.legend(loc="lower right", frameon=False)
    axes.set_title("MNIST 3 against 8, rotated up to 30 degrees", fontsize=10)
    sns.despine(figure)
    return _closed(figure)


def save(figure: Figure, path: Path) -> None:
    """Write a figure; an SVG of the same figure is the same file."""
    with plt.rc_context({"svg.hashsalt": "effaug"}):
        figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)


def _image(axes: Any, image: np.ndarray) -> None:
    axes.imshow(image.squeeze(), cmap="gray", vmin=0, vmax=255)
    axes.set(xticks=[], yticks=[])


def _variants(policy: str, score: str) -> list[Line]:
    label = policy.replace("_", " ")
    return [
        Line("baseline", "", "baseline", _RED, "o"),
        Line(policy, score, label, _BLUE, "s"),
        Line(f"{policy}_downweight", score, f"{label}, downweight", _GREEN, "^"),
        Line(f"{policy}_update", score, f"{label}, update", _ORANGE, "D"),
        Line(f"{policy}_update_downweight", score, f"{label}, update and downweight", _PURPLE, "v"),
    ]


def _curve(axes: Axes, table: pd.DataFrame, line: Line) -> None:
    if table.empty:
        return
    by_budget = table.groupby("budget").accuracy
    mean, half = by_budget.mean(), by_budget.agg(half_width).fillna(0)
    axes.plot(mean.index, mean, color=line.colour, marker=line.marker, ms=4, lw=1.4, label=line.label)
    axes.fill_between(mean.index, mean - half, mean + half, color=line.colour, alpha=0.15, lw=0)


def _title(table: pd.DataFrame, task: str, features: str) -> str:
    return f"{task} ({features}, {table.seed.nunique()} seeds)"


def _grid(view: View, height: float) -> tuple[Figure, list[tuple[Axes, tuple[str, str]]]]:
    """A row for each data set and kind of features, a column for each augmentation; a gap says that it is one."""
    panels = view.panels
    if not panels:
        return _nothing(view), []
    found = {(task.split("-")[0], features) for task, features in panels}
    rows = [row for row in itertools.product(SOURCES, ("refit", "frozen")) if row in found]
    columns = list(dict.fromkeys(task.split("-")[1] for task in view.tasks))
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


def _nothing(view: View) -> Figure:
    figure = plt.figure(figsize=(8, 1))
    figure.text(0.02, 0.5, view.missing(), wrap=True)
    return _closed(figure)


def _finish(figure: Figure, panels: list) -> Figure:
    if panels:
        shown: dict = {}  # a panel may lack a line for which there are no results
        for axes, _ in panels:
            shown |= {label: handle for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)}
        figure.legend(shown.values(), shown.keys(), loc="outside lower center", ncols=3, frameon=False)
    return _closed(figure)


def _closed(figure: Figure) -> Figure:
    plt.close(figure)  # a notebook shows what a cell returns; left open, it would be shown twice
    return figure
