"""The ten-minute tour's pictures, each captioned with what it shows."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from effaug.dpp import kdpp_sample
from effaug.report.drawings import REFERENCE
from effaug.report.exhibits import Exhibit
from effaug.report.palette import BLUE, VERMILION
from effaug.report.style import closed
from effaug.report.tour import Lesson, boundary_words, influence_words, update_words
from effaug.report.tour_dpp import atlas, six_digits, spread_words

_N_SHOWN = 6  # images of either end


def left_out(lesson: Lesson, by_hand: np.ndarray) -> Exhibit:
    """The rise of each point's loss when it is left out, against the closed form; equal on the line."""
    figure, axes = plt.subplots(figsize=(5.2, 4.2), layout="constrained")
    _line(axes, lesson.influence)
    axes.scatter(lesson.influence, by_hand, s=14, color=BLUE, alpha=0.6, linewidths=0)
    axes.set(xscale="log", yscale="log", xlabel="influence, closed form", ylabel="rise of its loss when left out")
    alt = "Each point's rise in loss when it is left out, against its influence, and the line of equality"
    return Exhibit("tour-left-out", closed(figure), influence_words(lesson, by_hand), alt)


def boundary(lesson: Lesson) -> Exhibit:
    """Influence against the log odds of a point's own digit; beside it the digits of either end."""
    layout: Any = [["plot", *(f"{end}{k}" for k in range(3 * part, 3 * part + 3))] for end in "hl" for part in range(2)]
    figure, axes = plt.subplot_mosaic(layout, figsize=(8.6, 4.6), width_ratios=(4.6, 1, 1, 1), layout="constrained")
    odds = np.where(lesson.y == 1, 1, -1) * lesson.model.decision_function(lesson.originals)
    ends = {"h": (VERMILION, lesson.ranked[:_N_SHOWN]), "l": (BLUE, lesson.ranked[::-1][:_N_SHOWN])}
    axes["plot"].scatter(odds, lesson.influence, s=14, color=REFERENCE, linewidths=0)
    axes["plot"].axvline(0, color=REFERENCE, lw=1, ls=":")
    axes["plot"].annotate(" the boundary", (0, lesson.influence.min()), va="bottom", color=REFERENCE)
    for (end, (colour, points)), marker in zip(ends.items(), "so", strict=True):
        axes["plot"].scatter(odds[points], lesson.influence[points], s=34, color=colour, marker=marker)
        for k, point in enumerate(points):
            image(axes[f"{end}{k}"], lesson.images[point], f"{lesson.digits[point]}", colour)
    axes["plot"].set(yscale="log", xlabel="log odds of its own digit", ylabel="influence")
    alt = "Influence against the log odds of a point's own digit, and six digits of largest and of smallest influence"
    return Exhibit("tour-boundary-figure", closed(figure), boundary_words(lesson), alt)


def six(lesson: Lesson) -> Exhibit:
    """The six digits of the k-DPP, with their letters."""
    points = six_digits(lesson)
    figure, axes = plt.subplots(1, len(points), figsize=(6.4, 1.4), layout="constrained")
    for k, (each, point) in enumerate(zip(axes, points, strict=True)):
        image(each, lesson.images[point], chr(97 + k), "black")
    alt = "Six digits, three threes and three eights, with the letters a to f"
    return Exhibit("tour-six", closed(figure), "Six digits: three threes and three eights.", alt)


def spread(lesson: Lesson, k: int = 20, random_state: int = 0) -> Exhibit:
    """k points drawn at random and k drawn by a k-DPP, on a map of the digits.

    See `effaug.report.tour_dpp.atlas` for the map, and for what counts as alike on it.
    """
    plane, features = atlas(lesson)
    rng = np.random.default_rng(random_state)
    drawn = {
        "at random": (rng.choice(len(plane), k, replace=False), VERMILION, "s"),
        "by a k-DPP": (kdpp_sample(features, k, random_state=rng), BLUE, "o"),
    }
    figure, both = plt.subplots(1, 2, figsize=(8.6, 3.8), sharex=True, sharey=True, layout="constrained")
    for axes, (name, (points, colour, marker)) in zip(both, drawn.items(), strict=True):
        axes.scatter(*plane.T, s=10, color=REFERENCE, linewidths=0)
        axes.scatter(*plane[points].T, s=46, color=colour, marker=marker)
        axes.set(title=f"{k} of {len(plane)} digits {name}", xticks=[], yticks=[])
    alt = "A map of the digits, twice: some drawn at random, and as many by a k-DPP, which lie farther apart"
    return Exhibit("tour-spread", closed(figure), spread_words(lesson, k), alt)


def before_after(lesson: Lesson, updated: np.ndarray, k: int = 20) -> Exhibit:
    """Influence before and after the k points of largest influence are augmented; equal on the line."""
    figure, axes = plt.subplots(figsize=(5.2, 4.2), layout="constrained")
    chosen = np.isin(np.arange(len(updated)), lesson.ranked[:k])
    _line(axes, lesson.influence)
    for which, colour, marker, label in ((~chosen, BLUE, "o", "not augmented"), (chosen, VERMILION, "s", "augmented")):
        axes.scatter(lesson.influence[which], updated[which], s=22, color=colour, marker=marker, label=label, lw=0)
    axes.set(xscale="log", yscale="log", xlabel="influence before", ylabel="influence after")
    axes.legend(frameon=False)
    alt = "Influence after augmenting the points of largest influence, against before, and the line of equality"
    return Exhibit("tour-before-after", closed(figure), update_words(lesson, updated, k), alt)


def _line(axes: Axes, values: np.ndarray) -> None:
    ends, middle = [values.min(), values.max()], np.exp(np.log([values.min(), values.max()]).mean())
    axes.plot(ends, ends, color=REFERENCE, lw=1, zorder=0)
    axes.annotate("equal", (middle, middle), (-16, 16), textcoords="offset points", ha="right", color=REFERENCE)


def image(axes: Axes, pixels: np.ndarray, title: str, colour: object) -> None:
    """One digit in a frame of a colour."""
    axes.imshow(pixels, cmap="gray_r")
    axes.set(xticks=[], yticks=[])
    axes.set_title(title, fontsize=10)
    for side in axes.spines.values():
        side.set(color=colour, lw=1.5)
