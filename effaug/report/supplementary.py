"""Figures of what stands beside the paper: networks, sensitivity, AUCs in pairs, training time."""

from __future__ import annotations

import math

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from effaug.images.weights import load_manifest
from effaug.report.style import BLUE, COLOURS, RED, closed, finish


def learning_curves(names: tuple[str, ...]) -> Figure:
    """Accuracy on training and on test images after each epoch, a panel a network; dotted where the rate drops."""
    columns = max(1, min(3, len(names)))
    rows = max(1, math.ceil(len(names) / columns))
    size = (3.9 * columns, 2.7 * rows + 0.3)
    figure, grid = plt.subplots(rows, columns, figsize=size, squeeze=False, sharey=True, layout="constrained")
    for axes in grid.flat[len(names) :]:
        axes.remove()
    panels = grid.flat[: len(names)]
    for axes, name in zip(panels, names, strict=True):
        history = pd.DataFrame(load_manifest(name)["history"])
        axes.plot(history.epoch, history.accuracy, color=BLUE, marker="s", ms=3, label="training, while it learns")
        axes.plot(history.epoch, history.test_accuracy, color=RED, marker="o", ms=3, label="test")
        for epoch in history.epoch[history.rate.diff() < 0]:
            axes.axvline(epoch - 0.5, ls=":", c="grey", lw=1)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set(title=name, xlabel="epoch", ylabel="accuracy")
    return finish(figure, [(axes, "") for axes in panels])


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
        colour = colours.setdefault(tuple(kind), COLOURS[len(colours)])
        label = f"{kind[0]}, {kind[1]}" + (f", mean image {kind[2]}" if kind[2] else "")
        style = {"color": colour, "marker": "s", "ms": 4, "capsize": 2}
        is_cv = rows.index.get_level_values("C") == "cv"
        for part, more in ((rows[~is_cv], {"label": label}), (rows[is_cv], {"ls": ""})):  # no line leads to "cv"
            if len(part):
                C = part.index.get_level_values("C")
                axes.errorbar(C, part["influence - baseline"], part["±"], **style, **more)
        axes.set(title=task, xlabel="C", ylabel="influence - baseline, points")
    for axes in grid[0]:
        axes.axhline(0, ls=":", c="grey", lw=1)
    return finish(figure, [(axes, "") for axes in grid[0]])


def gains(found: pd.DataFrame) -> Figure:
    """What influence gains over random selection against what augmenting everything gains, by data set."""
    figure, axes = plt.subplots(figsize=(6.4, 4.2), layout="constrained")
    dataset = found.index.get_level_values("task").str.split("-").str[0]
    for colour, (name, rows) in zip(COLOURS, found.groupby(dataset, sort=False), strict=False):
        points = rows["full - none"], rows["influence - baseline"], rows["±"]
        axes.errorbar(*points, fmt="o", ms=4, lw=0.8, color=colour, label=f"{name} ({len(rows)})")
    for line in (axes.axhline, axes.axvline):
        line(0, ls=":", c="grey", lw=1)
    axes.set(xlabel="full augmentation - none, points", ylabel="influence - baseline at 10 %, points")
    if len(found):
        axes.legend(loc="lower right", frameon=False)
    return closed(figure)


def auc_pairs(pairs: pd.DataFrame) -> Figure:
    """Our AUCs against the published ones (`reconstruction.published_pairs`), by data set; equal on the line."""
    stored = pairs[pairs.seeds > 0]
    figure, axes = plt.subplots(figsize=(6.4, 5.2), layout="constrained")
    dataset = stored.task.str.split("-").str[0]
    for colour, (name, rows) in zip(COLOURS, stored.groupby(dataset, sort=False), strict=False):
        label = f"{name} ({len(rows)})"
        axes.errorbar(rows.paper, rows.auc, rows.sd, rows.paper_sd, fmt="o", ms=4, lw=0.8, color=colour, label=label)
    if len(stored):
        ends = [min(stored.paper.min(), stored.auc.min()) - 2, max(stored.paper.max(), stored.auc.max()) + 2]
        axes.plot(ends, ends, ls=":", c="grey", lw=1)
        axes.legend(loc="lower right", frameon=False)
    axes.set(xlabel="AUC in the paper", ylabel="our AUC", title=f"{len(stored)} of {len(pairs)} AUCs")
    return closed(figure)
