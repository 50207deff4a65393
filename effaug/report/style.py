"""How every figure looks: panels of one size, an axis for budgets, curves with intervals, labels at their ends."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextToPath
from sklearn.isotonic import isotonic_regression

from effaug.report.drawings import REFERENCE
from effaug.report.palette import Line
from effaug.report.statistics import half_width

# A panel is about half as wide as a page's text and nearly as wide as a phone: a unit is about a pixel on either.
WIDTH, HEIGHT, FONT = 385, 280, 11.5
_LOOKS: Any = {
    "font.size": FONT,
    "axes.titlesize": FONT,
    "axes.labelsize": FONT,
    "xtick.labelsize": FONT,
    "ytick.labelsize": FONT,
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "lines.markersize": 5,
    "figure.max_open_warning": 0,
}
_GAP = FONT + 2  # from one label to the next
_KNEE = 3.0  # of the budgets' axis: points below it are told apart, those above in proportion


@contextmanager
def looks() -> Iterator[None]:
    """Figures made within it look like the book's."""
    with plt.rc_context(_LOOKS):
        yield


def sheet(n: int, *, height: float = HEIGHT, width: float = WIDTH) -> tuple[Figure, list[SubFigure]]:
    """A figure of so many panels, up to three in a row; a page shows each by itself (`exhibits.panels`)."""
    columns = min(3, max(1, n))
    rows = math.ceil(n / columns)
    figure = plt.figure(figsize=(columns * width / 72, max(1, rows) * height / 72))
    made = list(figure.subfigures(rows, columns, wspace=0, hspace=0, squeeze=False).flat) if n else []
    for unused in made[n:]:
        unused.set_visible(False)
    return closed(figure), made[:n]


def closed(figure: Figure) -> Figure:
    """A notebook shows what a cell returns; left open, it would be shown twice."""
    plt.close(figure)
    return figure


def axes_in(
    panel: SubFigure,
    *,
    left: float = 50,
    right: float = 12,
    top: float = 26,
    bottom: float = 44,
    height: float = HEIGHT,
) -> Axes:
    """Axes that leave these margins of a panel, in its units, for labels."""
    box = (left / WIDTH, bottom / height, 1 - (left + right) / WIDTH, 1 - (top + bottom) / height)
    return panel.add_axes(box)


def text_width(text: str) -> float:
    """How wide a label is at most, in a panel's units: readers' fonts are narrower than Matplotlib's own."""
    return max(
        TextToPath().get_text_width_height_descent(t, FontProperties(size=FONT), False)[0] for t in text.split("\n")
    )


def save(figure: Figure, path: Path) -> None:
    """Write a figure; an SVG of the same figure is the same file."""
    with plt.rc_context({"svg.hashsalt": "effaug"}):
        figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else {"CreationDate": None})


@dataclass(frozen=True)
class End:
    """What stands beside a line's end: at which height, what, and how it is drawn."""

    at: float
    label: str
    colour: str
    marker: str
    rank: float  # of lines that end together the higher one stands above
    reaches: bool = True  # the end of the axis, so that a thread leads from it to the label


def budget_axis(axes: Axes, budgets: Iterable[float], n: int) -> None:
    """Budgets across: small ones get room, large ones are spaced as on a logarithmic axis; 10 % is marked."""
    axes.set_xscale("function", functions=(_forward, _backward))
    axes.set_xlim(0, n)
    ticks = sorted({*budgets, 0, n})
    axes.set_xticks(ticks, _that_fit(ticks, n, axes), minor=False)
    axes.axvline(n / 10, color=REFERENCE, lw=0.8, alpha=0.6, zorder=0)
    axes.text(n / 10, 1.0, "10 %", transform=axes.get_xaxis_transform(), ha="center", va="bottom", color=REFERENCE)
    axes.set_xlabel("augmented points")


def _forward(budget: np.ndarray) -> np.ndarray:
    return np.log1p(np.maximum(budget, 0) / _KNEE)


def _backward(position: np.ndarray) -> np.ndarray:
    return _KNEE * np.expm1(position)


def _that_fit(ticks: Sequence[float], n: int, axes: Axes) -> list[str]:
    """Labels of the ticks, the ends' and 10 % first; one that would touch another is left out."""
    wide, placed = axes.get_window_extent().width / axes.figure.dpi * 72, list[tuple[float, float]]()
    shown = dict.fromkeys(ticks, "")
    for tick in sorted(ticks, key=lambda t: (t not in (0, n, n / 10), t)):
        at, half = float(_forward(np.array(tick)) / _forward(np.array(n))) * wide, text_width(f"{tick:g}") / 2 + 1
        if all(abs(at - other) >= half + room for other, room in placed):
            placed.append((at, half))
            shown[tick] = f"{tick:g}"
    return list(shown.values())


def draw_curve(axes: Axes, table: pd.DataFrame, line: Line, mark: float) -> End | None:
    """Mean accuracy in percent over seeds at each budget, with the band of its 95 % t interval.

    Parameters
    ----------
    axes : Axes
    table : DataFrame
        The curves of one policy.
    line : Line
    mark : float
        Of lines that end together the label of the higher one at this budget stands above.

    Returns
    -------
    End or None
        Where the line ends; None where there is none.
    """
    if table.empty:
        return None
    style: dict[str, Any] = {"color": line.colour, "marker": line.marker, "label": line.label, "clip_on": False}
    if table.groupby("seed").budget.nunique().max() == 1:  # a set whose size the policy decides
        at, half = 100 * table.accuracy.mean(), 100 * np.nan_to_num(half_width(table.accuracy))
        axes.errorbar(table.budget.mean(), at, half, ms=10, ls="", zorder=4, **style)
        return End(at, line.label, line.colour, line.marker, at, False)
    by_budget = 100 * table.set_index("budget").accuracy
    mean, half = by_budget.groupby(level=0).mean(), by_budget.groupby(level=0).agg(half_width).fillna(0)
    axes.plot(mean.index, mean, lw=1.5, zorder=3, **style)
    axes.fill_between(mean.index, mean - half, mean + half, color=line.colour, alpha=0.15, lw=0)
    marked = mean[mean.index <= mark].iloc[-1]
    return End(mean.iloc[-1], line.label, line.colour, line.marker, marked, mean.index[-1] >= axes.get_xlim()[1])


def reference(axes: Axes, at: float, label: str) -> End:
    """A dotted line in grey right across."""
    axes.axhline(at, ls=":", color=REFERENCE, lw=1.4, label=label, zorder=1)
    return End(at, label, REFERENCE, "", at)


def label_ends(axes: Axes, ends: Iterable[End]) -> None:
    """Labels to the right of the axes, each as near to its line's end as the others let it be."""
    low, high = axes.get_ylim()
    tall, wide = (axes.get_window_extent().height, axes.get_window_extent().width)
    unit = 72 / axes.figure.dpi
    tall, wide = tall * unit, wide * unit
    ends = sorted(ends, key=lambda end: (round((end.at - low) / (high - low) * tall / 4), end.rank))
    wanted = [(end.at - low) / (high - low) * tall for end in ends]
    for end, at, place in zip(ends, wanted, spread(wanted, _GAP, 0, tall), strict=True):
        ink = REFERENCE if end.colour == REFERENCE else "black"
        across, up = np.array([2, 10, 17, 24]) / wide + 1, place / tall
        if end.reaches and 0 <= at <= tall:
            thread = [across[0], across[1]], [at / tall, up]
            axes.plot(*thread, color=end.colour, lw=0.7, transform=axes.transAxes, clip_on=False, label="_thread")
        key: dict[str, Any] = {"marker": end.marker, "ls": ""} if end.marker else {"ls": ":"}
        xs = [across[2]] if end.marker else [across[1] + 1 / wide, across[3] - 3 / wide]
        axes.plot(xs, [up] * len(xs), color=end.colour, transform=axes.transAxes, clip_on=False, label="_key", **key)
        axes.text(across[3], up, end.label, transform=axes.transAxes, va="center", color=ink)


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Places at least a gap apart and between two bounds, as near to those wanted (ascending) as can be.

    Examples
    --------
    >>> spread([10, 11, 50], 12, 0, 100)
    [4.5, 16.5, 50.0]
    """
    if not len(wanted):
        return []
    steps = gap * np.arange(len(wanted))
    free = isotonic_regression(np.asarray(wanted, float) - steps, y_min=low, y_max=max(low, high - steps[-1]))
    return [float(place) for place in free + steps]
