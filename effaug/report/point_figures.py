"""Figures of single points' scores: how they are distributed, and before against after augmentation."""

from __future__ import annotations

import html

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator

from effaug.report.drawings import REFERENCE
from effaug.report.exhibits import Exhibit, Exhibits
from effaug.report.findings import capital, in_range
from effaug.report.labels import features_label, score_label, task_label
from effaug.report.lacking import lacking
from effaug.report.numbering import PAGES, anchor, heading
from effaug.report.palette import score_colour
from effaug.report.point_scores import shown_points, spearman
from effaug.report.rounding import shown
from effaug.report.sources import origin
from effaug.report.style import axes_in, looks, sheet
from effaug.report.view import View

_HISTOGRAMS = {"influence": ("1", "7"), "loss": ("6",)}  # the paper's numbers; other scores have one of ours
_BEFORE_AFTER = ("2", "8")
_SMALLEST = float(np.finfo(np.float32).tiny)  # scores are stored in single precision: what is smaller lies on the edge
_LAYERS = 4  # that dots are drawn in: where many lie they are darker
Where = tuple[str, str]


def score_histograms(view: View, scores: tuple[str, ...] | None = None, numbers: tuple[str, ...] = ()) -> Exhibits:
    """Distribution of the scores on the un-augmented training set, an exhibit a score (Figures 1, 6, 7).

    Parameters
    ----------
    view : View
    scores : tuple of str, optional
        The view's unless given.
    numbers : tuple of str
        Of the figure; by the score unless given.
    """
    made = []
    for score in scores or view.scores:
        called = numbers or _HISTOGRAMS.get(score, ("E10",))
        values = _points(view, score, "before")
        if not values:
            missing = lacking(view, view.panels, [score])
            made.append(
                Exhibit(f"{anchor(called[-1])}-{score}", pd.DataFrame(), f"<b>{heading(*called)}.</b> {missing}")
            )
            continue
        with looks():
            figure, parts = sheet(len(values))
            for part, (where, points) in zip(parts, values.items(), strict=True):
                axes = axes_in(part)
                sns.histplot(points["before"], bins=40, color=score_colour(score), alpha=1, lw=0, ax=axes)
                axes.set(yscale="log", xlabel=score_label(score), ylabel="points", title=_title(view, where))
                axes.xaxis.set_major_locator(MaxNLocator(5))
        tops = {where: _top_share(points["before"]) for where, points in values.items()}
        share = f"{in_range(tops.values(), 0)} % of all {score_label(score)}"
        finding = f"the tenth of the points that score highest holds {share}"
        rest = f"Points are counted on a logarithmic scale. {lacking(view, set(view.panels) - {*values}, [score])}"
        alts = tuple(
            f"{_title(view, w)}: the highest tenth holds {shown(t, 0)} % of all {score}" for w, t in tops.items()
        )
        caption = f"<b>{heading(*called)}.</b> {html.escape(capital(finding))} {rest}".strip()
        made.append(_exhibit(view, called, score, figure, caption, alts, values))
    return Exhibits(tuple(made) if view.panels else (), view.missing() or "Nothing to show.")


def score_before_after(view: View, numbers: tuple[str, ...] = _BEFORE_AFTER) -> Exhibits:
    """Each point's score before against after augmenting everything, both on logarithmic axes (Figures 2 and 8)."""
    score = view.parameters["score"]
    values, missing = _points(view, score, "before", "after"), lacking(view, view.panels, [score])
    if not values:
        called = Exhibit(_name(numbers, score), pd.DataFrame(), f"<b>{heading(*numbers)}.</b> {missing}")
        return Exhibits((called,) if missing else (), view.missing() or "Nothing to show.")
    with looks():
        figure, parts = sheet(len(values), height=_SQUARE)
        on_edge = 0
        for part, (where, points) in zip(parts, values.items(), strict=True):
            axes = axes_in(part, left=66, right=40, height=_SQUARE)
            on_edge += _scatter(axes, points, score_colour(score))
            axes.set(title=_title(view, where), xlabel=f"{score_label(score)} before", ylabel="after")
    rhos = {where: spearman({f"{score}_{k}": v for k, v in points.items()}, score) for where, points in values.items()}
    finding = "points that score high before augmentation mostly score high after it: "
    finding += f"rank correlations are {in_range(rhos.values(), 2)}"
    edge = f" {on_edge} points have a score of 0 in single precision and lie on the edge." * bool(on_edge)
    told = html.escape(capital(finding) + edge)
    caption = f"<b>{heading(*numbers)}.</b> {told} Dotted: unchanged. {missing}".strip()
    alts = tuple(f"{_title(view, where)}: {score} before and after, rho = {shown(r, 2)}" for where, r in rhos.items())
    return Exhibits((_exhibit(view, numbers, score, figure, caption, alts, values),))


_SQUARE = 330


def _exhibit(view, numbers, score, figure, caption, alts, values) -> Exhibit:
    frames = {key: pd.DataFrame(points).map(lambda v: float(f"{v:.4g}")) for key, points in values.items()}
    table = pd.concat(frames, names=["task", "features", "point"])
    where_from = origin(view, PAGES[numbers[-1]], values)
    return Exhibit(_name(numbers, score), figure, caption, alts, table, where_from, anchors=tuple(map(anchor, numbers)))


def _name(numbers: tuple[str, ...], score: str) -> str:
    return f"{anchor(numbers[-1])}-{score}"


def _points(view: View, score: str, *when: str) -> dict[Where, dict[str, np.ndarray]]:
    """The values of a score, by task and kind of features, where they are stored."""
    found = {where: shown_points(view, *where) for where in view.panels}
    return {
        where: {each: points[f"{score}_{each}"] for each in when}
        for where, points in found.items()
        if f"{score}_before" in points
    }


def _title(view: View, where: Where) -> str:
    task, features = where
    both = sum(task == other for other, _ in view.panels) > 1
    return task_label(task) + f", {features_label(features).split()[0 if features == 'frozen' else 1]}" * both


def _top_share(values: np.ndarray) -> float:
    top = np.sort(values)[::-1]
    return float(100 * top[: len(top) // 10].sum() / top.sum())


def _scatter(axes: Axes, points: dict[str, np.ndarray], colour: str) -> int:
    """Dots on logarithmic axes; how many lie on an edge, for want of a logarithm."""
    xy = np.column_stack([np.maximum(values, _SMALLEST) for values in points.values()]).astype(float)
    inside = (xy > _SMALLEST).all(axis=1)
    low, high = xy[inside].min(axis=0) / 2, xy.max(axis=0) * 2
    xy = np.maximum(xy, low)
    for k in range(_LAYERS):
        dots = np.repeat(xy[k::_LAYERS], 2, axis=0)
        path = Path(dots, np.tile([Path.MOVETO, Path.LINETO], len(dots) // 2))
        path.should_simplify = False  # a dot is a line without length, with round ends
        axes.add_patch(PathPatch(path, fill=False, color=colour, alpha=0.45, lw=3.2, capstyle="round", clip_on=False))
    axes.axline((high.max(), high.max()), (low.min(), low.min()), ls=":", color=REFERENCE, lw=1.2)
    axes.set(xscale="log", yscale="log", xlim=(low[0], high[0]), ylim=(low[1], high[1]))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(LogLocator(numticks=5))
        axis.set_minor_locator(NullLocator())
    return int((~inside).sum())
