"""Figures of single points: their scores, before and after augmentation, and the images of the extreme ones."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import seaborn as sns
from matplotlib.figure import Figure

from effaug.images.augment import with_originals
from effaug.report.point_scores import labels_of, shown_points, spearman
from effaug.report.rounding import shown
from effaug.report.style import BLUE, RED, closed, nothing, panel_grid, say_uncomputed, score_colour, words
from effaug.report.view import View
from effaug.study.experiment import N_SHOWN
from effaug.study.tasks import augmentation, load_task

_UNITS = {"translate": "shifts down, right in pixels", "rotate": "angles in degrees", "crop": "margins in pixels"}


def score_histograms(view: View, scores: tuple[str, ...] | None = None) -> Figure:
    """Distribution of the scores on the un-augmented training set, the view's unless given (Figures 1, 6, 7)."""
    scores = scores or view.scores
    panels = view.panels
    if not panels:
        return nothing(view)
    size = (4.2 * len(scores), 2.5 * len(panels))
    figure, grid = plt.subplots(len(panels), len(scores), figsize=size, squeeze=False, layout="constrained")
    for (task, features), row in zip(panels, grid, strict=True):
        points = shown_points(view, task, features)
        for axes, name in zip(row, scores, strict=True):
            if f"{name}_before" in points:
                sns.histplot(points[f"{name}_before"], bins=40, ax=axes, color=score_colour(name))
            else:
                say_uncomputed(axes, view, [name], (task, features))
            axes.set(yscale="log", xlabel=name, ylabel="points", title=f"{task} ({features})")
    return closed(figure)


def score_before_after(view: View) -> Figure:
    """Each point's score before against after augmenting everything (Figures 2 and 8)."""
    figure, panels = panel_grid(view, height=2.9)
    name = view.parameters["score"]
    for axes, (task, features) in panels:
        points, title = shown_points(view, task, features), f"{task} ({features})"
        if f"{name}_before" in points:
            axes.scatter(points[f"{name}_before"], points[f"{name}_after"], s=7, alpha=0.5, color=BLUE, linewidths=0)
            title += f", rho = {shown(spearman(points, name), 2)}"
        else:
            say_uncomputed(axes, view, [name], (task, features))
        axes.set(title=title, xlabel=f"{name} before", ylabel=f"{name} after")
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
    points, score = shown_points(view, task, features), view.parameters["score"]
    if f"{score}_before" not in points:
        return words(f"{task} ({features}): nothing by {score} yet: {view.command(task, features, score)}")
    top = np.argsort(-points[f"{score}_before"], kind="stable")[:n]
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


def _images_of(points: dict[str, np.ndarray], chosen: np.ndarray) -> np.ndarray:
    if not np.isin(chosen, points["shown"]).all():
        raise ValueError(f"results hold the images of {N_SHOWN} extreme points of a score, asked for {len(chosen)}")
    return points["images"][np.searchsorted(points["shown"], chosen)]


def _image(axes: Any, image: np.ndarray) -> None:
    axes.imshow(image.squeeze(), cmap="gray", vmin=0, vmax=255)
    axes.set(xticks=[], yticks=[])
