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
from effaug.experiment import N_SHOWN
from effaug.notebook import View
from effaug.points import labels_of, shown_points, spearman
from effaug.results import half_width
from effaug.rounding import shown
from effaug.scores import TABLE_SCORES
from effaug.tasks import SOURCES, load_task

COLOURS = sns.color_palette("colorblind")
_UNITS = {"translate": "shifts down, right in pixels", "rotate": "angles in degrees", "crop": "margins in pixels"}
RED, BLUE, GREEN, _ORANGE, _PURPLE, _BROWN = (COLOURS[k] for k in (3, 0, 2, 1, 4, 5))


@dataclass(frozen=True)
class Line:
    """One line of a figure: a policy, the score it uses, and how it is drawn."""

    policy: str
    score: str
    label: str
    colour: tuple
    marker: str


_AGAINST = [
    Line("baseline", "", "baseline", RED, "o"),
    Line("random_proportional", "influence", "random proportional, influence", BLUE, "s"),
]


def figure_3(view: View) -> Figure:
    """Random policies by influence and by loss, against the baseline (Figure 3)."""
    return policy_panels(
        view,
        [
            *_AGAINST,
            Line("random_proportional", "loss", "random proportional, loss", GREEN, "^"),
            Line("virtual_support_vectors", "", "virtual support vectors", _PURPLE, "*"),
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


def figure_14(view: View) -> Figure:
    """Random policies by the margin of an SVM, either way round (Figure 14)."""
    lines = [
        Line("random_proportional", "margin", "random proportional, margin", GREEN, "^"),
        Line("random_inverse_proportional", "margin", "random inverse proportional, margin", _ORANGE, "v"),
    ]
    return policy_panels(view, [*_AGAINST, *lines])


def figure_15(view: View) -> Figure:
    """Points drawn from clusters (Figure 15)."""
    lines = [
        Line("clustered_baseline", "", "baseline, clustered", GREEN, "^"),
        Line("clustered_random_proportional", "influence", "random proportional, influence, clustered", _ORANGE, "v"),
    ]
    return policy_panels(view, [*_AGAINST, *lines])


def figure_16(view: View) -> Figure:
    """Points drawn from a k-DPP, as far as its kernel has rank (Figure 16)."""
    lines = [
        Line("dpp", "", "k-DPP", GREEN, "^"),
        Line("dpp_proportional", "influence", "k-DPP, influence", _ORANGE, "v"),
        Line("dpp_map", "", "greedy MAP", _PURPLE, "D"),
        Line("dpp_map_proportional", "influence", "greedy MAP, influence", _BROWN, "x"),
    ]
    return policy_panels(view, [*_AGAINST, *lines])


def policy_panels(view: View, lines: list[Line]) -> Figure:
    """Accuracy on the augmented test set against the number of augmented points, a panel for each task.

    Lines are means over seeds, bands 95 % t intervals; dotted lines are no and full augmentation.
    """
    figure, panels = _grid(view, height=2.9)
    for axes, (task, features) in panels:
        table = view.every[(view.every.task == task) & (view.every.features == features)]
        for line in lines:
            draw_curve(axes, table[(table.policy == line.policy) & (table.score == line.score)], line)
        start = table[(table.policy == "baseline") & (table.budget == 0)].accuracy.mean()
        end = table[table.policy == "full"].accuracy.mean()
        axes.axhline(start, ls=":", c=RED, lw=1.2, label="no augmentation")
        axes.axhline(end, ls=":", c=GREEN, lw=1.2, label="full augmentation")
        axes.set(title=_title(table, task, features), xlabel="augmented points", ylabel="accuracy")
    return finish(figure, panels)


def score_histograms(view: View, scores: tuple[str, ...] = TABLE_SCORES) -> Figure:
    """Distribution of the scores on the un-augmented training set, log count (Figures 1, 6, 7)."""
    panels = view.panels
    if not panels:
        return nothing(view)
    size = (4.2 * len(scores), 2.5 * len(panels))
    figure, grid = plt.subplots(len(panels), len(scores), figsize=size, squeeze=False, layout="constrained")
    colours = {"influence": BLUE, "loss": GREEN}
    for (task, features), row in zip(panels, grid, strict=True):
        points = shown_points(view, task, features)
        for axes, name in zip(row, scores, strict=True):
            sns.histplot(points[f"{name}_before"], bins=40, ax=axes, color=colours[name])
            axes.set(yscale="log", xlabel=name, ylabel="points", title=f"{task} ({features})")
    return closed(figure)


def score_before_after(view: View) -> Figure:
    """Each point's score before against after augmenting everything (Figures 2 and 8)."""
    figure, panels = _grid(view, height=2.9)
    name = view.parameters["score"]
    for axes, (task, features) in panels:
        points = shown_points(view, task, features)
        before, after = points[f"{name}_before"], points[f"{name}_after"]
        axes.scatter(before, after, s=7, alpha=0.5, color=BLUE, linewidths=0)
        rho = spearman(points, name)
        axes.set(title=f"{task} ({features}), rho = {shown(rho, 2)}", xlabel=f"{name} before", ylabel=f"{name} after")
    return closed(figure)


def extreme_points(view: View, task: str, features: str, n: int = N_SHOWN) -> Figure:
    """Points of highest and lowest influence and loss, class, prediction if wrong, score (Figures 5, 11-13)."""
    points = shown_points(view, task, features)
    labels, predicted = labels_of(view, task, features)
    rows = [(name, end) for end in ("highest", "lowest") for name in ("influence", "loss")]
    figure, grid = plt.subplots(len(rows), n, figsize=(10, 6.2), squeeze=False, layout="constrained")
    for k, (name, end) in enumerate(rows):
        order = np.argsort(-points[f"{name}_before"], kind="stable")
        chosen = order[:n] if end == "highest" else order[::-1][:n]
        for c, (point, image) in enumerate(zip(chosen, _images_of(points, chosen), strict=True)):
            _image(grid[k, c], image)
            said = "" if labels[point] == predicted[point] else f"\nas {predicted[point]}"
            words = f"{labels[point]}{said}\n{points[f'{name}_before'][point]:.2g}"
            grid[k, c].set_title(words, fontsize=7.5, color=RED if said else "black")
        grid[k, 0].set_ylabel(f"{end}\n{name}", rotation=0, ha="right", va="center")
    figure.suptitle(f"{task} ({features})")
    return closed(figure)


def task_copies(view: View, task: str, n: int = 3, columns: int = 8) -> Figure:
    """A task's points of highest score, one a row, and their copies, thinned out to fit."""
    features = next(f for t, f in view.panels if t == task)
    points = shown_points(view, task, features)
    top = np.argsort(-points[f"{view.parameters['score']}_before"], kind="stable")[:n]
    stored = view.results.record(task)[f"{view.label(task)}/{features}"]["task"]["parameters"]
    spec = load_task(task, parameters=tuple(tuple(p) if isinstance(p, list) else p for p in stored))
    images = with_originals(_images_of(points, top), augmentation(spec))
    names = ["original", *(f"{p:.4g}" if not isinstance(p, tuple) else f"{p[0]}, {p[1]}" for p in spec.parameters)]
    drawn = np.unique(np.linspace(0, len(names) - 1, min(len(names), columns)).round().astype(int))
    size = (1.1 * len(drawn), 1.2 * n + 0.4)
    figure, grid = plt.subplots(n, len(drawn), figsize=size, squeeze=False, layout="constrained")
    for r, c in np.ndindex(n, len(drawn)):
        _image(grid[r, c], images[r, drawn[c]])
    for axes, c in zip(grid[0], drawn, strict=True):
        axes.set_title(names[c], fontsize=8)
    figure.suptitle(f"{task}: {_UNITS[spec.augmentation]}", fontsize=10)
    return closed(figure)


def save(figure: Figure, path: Path) -> None:
    """Write a figure; an SVG of the same figure is the same file."""
    with plt.rc_context({"svg.hashsalt": "effaug"}):
        figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)


def _images_of(points: dict[str, np.ndarray], chosen: np.ndarray) -> np.ndarray:
    if not np.isin(chosen, points["shown"]).all():
        raise ValueError(f"results hold the images of {N_SHOWN} extreme points of a score, asked for {len(chosen)}")
    return points["images"][np.searchsorted(points["shown"], chosen)]


def _image(axes: Any, image: np.ndarray) -> None:
    axes.imshow(image.squeeze(), cmap="gray", vmin=0, vmax=255)
    axes.set(xticks=[], yticks=[])


def _variants(policy: str, score: str) -> list[Line]:
    label = policy.replace("_", " ")
    return [
        Line("baseline", "", "baseline", RED, "o"),
        Line(policy, score, label, BLUE, "s"),
        Line(f"{policy}_downweight", score, f"{label}, downweight", GREEN, "^"),
        Line(f"{policy}_update", score, f"{label}, update", _ORANGE, "D"),
        Line(f"{policy}_update_downweight", score, f"{label}, update and downweight", _PURPLE, "v"),
    ]


def draw_curve(axes: Axes, table: pd.DataFrame, line: Line) -> None:
    """Mean accuracy over seeds at each budget, with the band of its 95 % t interval."""
    if table.empty:
        return
    if table.groupby("seed").budget.nunique().max() == 1:  # a set whose size is not ours to choose
        at, half = table.mean(numeric_only=True), np.nan_to_num(half_width(table.accuracy))
        axes.errorbar(
            at.budget, at.accuracy, half, color=line.colour, marker=line.marker, ms=9, label=line.label, ls=""
        )
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
        return nothing(view), []
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


def nothing(view: View) -> Figure:
    """A figure that says what is missing."""
    figure = plt.figure(figsize=(8, 1))
    figure.text(0.02, 0.5, view.missing(), wrap=True)
    return closed(figure)


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
