"""The paper's figures, from stored results. Each function returns a matplotlib figure; nothing is shown or saved."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from effaug.report.rounding import shown
from effaug.report.style import (
    BLUE,
    BROWN,
    GREEN,
    ORANGE,
    PURPLE,
    RED,
    Line,
    closed,
    draw_curve,
    finish,
    panel_grid,
    say_uncomputed,
)
from effaug.report.view import View
from effaug.study.protocols import TABLE_SCORES
from effaug.study.timing import linear_fit

_AGAINST = [
    Line("baseline", "", "baseline", RED, "o"),
    Line("random_proportional", "influence", "random proportional, influence", BLUE, "s"),
]


def figure_3(view: View) -> Figure:
    """Random policies by influence, by loss and by the score asked for, against the baseline (Figure 3)."""
    lines = [
        Line("random_proportional", "loss", "random proportional, loss", GREEN, "^"),
        Line("virtual_support_vectors", "", "virtual support vectors", PURPLE, "*"),
    ]
    others = [
        Line("random_proportional", score, f"random proportional, {score}", ORANGE, "D")
        for score in view.scores
        if score not in TABLE_SCORES
    ]
    return policy_panels(view, [*_AGAINST, *lines, *others])


def figure_9(view: View) -> Figure:
    """Random policies with score updates, down-weighting and both (Figures 4 and 9)."""
    return policy_panels(view, _variants("random_proportional", view.parameters["score"]))


def figure_10(view: View) -> Figure:
    """Deterministic policies, with the inverse one (Figure 10)."""
    score = view.parameters["score"]
    inverse = Line("deterministic_inverse_proportional", score, "deterministic inverse proportional", BROWN, "x")
    return policy_panels(view, [*_variants("deterministic_proportional", score), inverse])


def figure_14(view: View) -> Figure:
    """Random policies by the margin of an SVM, either way round (Figure 14)."""
    lines = [
        Line("random_proportional", "margin", "random proportional, margin", GREEN, "^"),
        Line("random_inverse_proportional", "margin", "random inverse proportional, margin", ORANGE, "v"),
    ]
    return policy_panels(view, [*_AGAINST, *lines])


def figure_15(view: View) -> Figure:
    """Points drawn from clusters (Figure 15)."""
    lines = [
        Line("clustered_baseline", "", "baseline, clustered", GREEN, "^"),
        Line("clustered_random_proportional", "influence", "random proportional, influence, clustered", ORANGE, "v"),
    ]
    return policy_panels(view, [*_AGAINST, *lines])


def figure_16(view: View) -> Figure:
    """Points drawn from a k-DPP, as far as its kernel has rank (Figure 16)."""
    lines = [
        Line("dpp", "", "k-DPP", GREEN, "^"),
        Line("dpp_proportional", "influence", "k-DPP, influence", ORANGE, "v"),
        Line("dpp_map", "", "greedy MAP", PURPLE, "D"),
        Line("dpp_map_proportional", "influence", "greedy MAP, influence", BROWN, "x"),
    ]
    return policy_panels(view, [*_AGAINST, *lines])


def policy_panels(view: View, lines: list[Line]) -> Figure:
    """Accuracy on the augmented test set against the number of augmented points, a panel for each task.

    Lines are means over seeds, bands 95 % t intervals; dotted lines are no and full augmentation.
    """
    figure, panels = panel_grid(view, height=2.9)
    for axes, (task, features) in panels:
        table = view.every[(view.every.task == task) & (view.every.features == features)]
        for line in lines:
            draw_curve(axes, table[(table.policy == line.policy) & (table.score == line.score)], line)
        say_uncomputed(axes, view, {line.score for line in lines} - {"", *table.score}, (task, features))
        start = table[(table.policy == "baseline") & (table.budget == 0)].accuracy.mean()
        end = table[table.policy == "full"].accuracy.mean()
        axes.axhline(start, ls=":", c=RED, lw=1.2, label="no augmentation")
        axes.axhline(end, ls=":", c=GREEN, lw=1.2, label="full augmentation")
        axes.set(title=_title(table, task, features), xlabel="augmented points", ylabel="accuracy")
    return finish(figure, panels)


def _variants(policy: str, score: str) -> list[Line]:
    label = policy.replace("_", " ")
    return [
        Line("baseline", "", "baseline", RED, "o"),
        Line(policy, score, label, BLUE, "s"),
        Line(f"{policy}_downweight", score, f"{label}, downweight", GREEN, "^"),
        Line(f"{policy}_update", score, f"{label}, update", ORANGE, "D"),
        Line(f"{policy}_update_downweight", score, f"{label}, update and downweight", PURPLE, "v"),
    ]


def _title(table: pd.DataFrame, task: str, features: str) -> str:
    return f"{task} ({features}, {table.seed.nunique()} seeds)"


def training_time(times: dict[str, dict]) -> Figure:
    """Seconds an epoch against training images, with the line through them; below, what it leaves (Figure 17).

    Parameters
    ----------
    times : dict
        As `timing.load` gives them, a column each.
    """
    size = (4.2 * max(1, len(times)), 4.6)
    ratios = {"height_ratios": [3, 1]}
    figure, grid = plt.subplots(
        2, max(1, len(times)), figsize=size, squeeze=False, sharex="col", layout="constrained", gridspec_kw=ratios
    )
    for (name, record), (above, below) in zip(times.items(), grid.T, strict=False):
        measured, line = record["epoch_times"], linear_fit(record["epoch_times"])
        x = np.array([0, measured["size"].max()])
        above.plot(measured["size"], measured.seconds, "o", ms=4, color=BLUE, label="measured")
        label = f"{shown(1000 * line.slope, 2)} ms an image + {shown(line.intercept, 2)} s"
        above.plot(x, line.intercept + line.slope * x, color=RED, lw=1.2, label=label)
        above.set(title=f"{name}: {record['hardware']}", ylabel="seconds an epoch")
        above.legend(loc="upper left", frameon=False)
        below.plot(measured["size"], line.residuals, "o", ms=4, color=BLUE)
        below.axhline(0, ls=":", c="grey", lw=1)
        below.set(xlabel="training images", ylabel="residual, s")
    return closed(figure)
