"""Figures of what stands beside the paper: networks, sensitivity, AUCs in pairs.

Each takes the origin of the table beside it, which has the same numbers.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from effaug.images.weights import load_manifest
from effaug.report.drawings import REFERENCE
from effaug.report.exhibits import Exhibit, Exhibits, Origin
from effaug.report.findings import capital, in_range
from effaug.report.labels import dataset_label, protocol_label, task_label
from effaug.report.numbering import anchor, heading
from effaug.report.palette import BLUE, BROWN, FOREST, GREEN, ROSE, VERMILION, dataset_look
from effaug.report.rounding import shown
from effaug.report.style import End, axes_in, label_ends, looks, sheet, text_width

_KINDS = tuple(zip((BLUE, VERMILION, ROSE, BROWN, FOREST, GREEN), "so^DvP", strict=True))  # of networks
_GAIN, _FULL = "influence - baseline", "full - none"
_SQUARE = 330
_MUCH = 2  # percentage points


def learning_curves(names: tuple[str, ...], origin: Origin | None = None, number: str = "E3") -> Exhibits:
    """Accuracy on training and on test images after each epoch, a panel a network; dotted where the rate drops."""
    histories = {name: pd.DataFrame(load_manifest(name)["history"]).set_index("epoch") for name in names}
    if not histories:
        return Exhibits(())
    curves = {"training": ("accuracy", BLUE, "s"), "test": ("test_accuracy", VERMILION, "o")}
    with looks():
        figure, parts = sheet(len(names))
        for part, (name, history) in zip(parts, histories.items(), strict=True):
            axes = axes_in(part, right=text_width("training") + 28)
            for epoch in history.index[history.rate.diff() < 0]:
                axes.axvline(epoch - 0.5, ls=":", color=REFERENCE, lw=1.2)
            ends = []
            for label, (column, colour, marker) in curves.items():
                axes.plot(history.index, 100 * history[column], color=colour, marker=marker, ms=4, label=label)
                ends.append(End(100 * history[column].iloc[-1], label, colour, marker, 0, False))
            axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
            axes.set(title=name, xlabel="epoch", ylabel="accuracy, %")
            label_ends(axes, ends)
    last = {name: 100 * history.test_accuracy.iloc[-1] for name, history in histories.items()}
    finding = f"After the last epoch {in_range(last.values())} % of the test images are classified right."
    how = "Training accuracy is taken while the network learns; dotted: the rate drops."
    caption = f"<b>{heading(number)}.</b> {finding} {how}"
    alts = tuple(
        f"Learning curve of {name}: {shown(value, 1)} % of test images right at the end" for name, value in last.items()
    )
    numbers = pd.concat(histories, names=["network", "epoch"])
    return Exhibits(
        (
            Exhibit(
                f"{anchor(number)}-networks", figure, caption, alts, numbers, origin=origin, anchors=(anchor(number),)
            ),
        )
    )


def sensitivity(found: pd.DataFrame, origin: Origin | None = None, number: str = "E5") -> Exhibits:
    """What 10 % by influence gains over 10 % at random against C, a panel a task (`sensitivity.sensitivity`).

    A line for each protocol, network and treatment of the mean image with more than one C; bars are 95 % t intervals,
    and cross-validation has the last place on the axis.
    """
    kinds = ["protocol", "network", "mean image"]
    groups: Any = found.groupby(["task", *kinds], sort=False)
    lines = {key: rows for key, rows in groups if len(rows) > 1}
    tasks = list(dict.fromkeys(key[0] for key in lines))
    if not tasks:
        return Exhibits((), "No task here has results for more than one C.")
    looked = dict(zip(dict.fromkeys(key[1:] for key in lines), _KINDS * len(lines), strict=False))
    with looks():
        figure, parts = sheet(len(tasks))
        for part, task in zip(parts, tasks, strict=True):
            own = {key[1:]: rows for key, rows in lines.items() if key[0] == task}
            labels = {kind: _kind_label(task, *kind) for kind in own}
            axes = axes_in(part, right=max(map(text_width, labels.values())) + 28)
            ends = [_against_C(axes, rows, labels[kind], *looked[kind]) for kind, rows in own.items()]
            axes.axhline(0, ls=":", color=REFERENCE, lw=1.2)
            axes.set(title=task_label(task), xlabel="C", ylabel="lead of influence, points")
            label_ends(axes, ends)
    shown_rows = pd.concat(lines.values())
    ahead = (shown_rows[_GAIN] - shown_rows["±"] > 0).sum()
    behind = (shown_rows[_GAIN] + shown_rows["±"] < 0).sum()
    finding = f"of {len(shown_rows)} settings influence is ahead of random selection in {ahead}, behind in {behind}"
    caption = f"<b>{heading(number)}.</b> {capital(finding)} Accuracy at 10 %; bars are 95 % intervals."
    alts = tuple(f"{task_label(task)}: the lead of influence over random selection against C" for task in tasks)
    name = f"{'-'.join(dict.fromkeys(task.split('-')[0] for task in tasks))}"
    return _alone(number, name, figure, caption, alts, shown_rows, origin)


def gains(found: pd.DataFrame, origin: Origin | None = None, number: str = "E6") -> Exhibits:
    """What influence gains over random selection against what augmenting everything gains, by data set."""
    if found.empty:
        return Exhibits(())
    with looks():
        figure, (part,) = sheet(1, height=_SQUARE)
        axes = axes_in(part, height=_SQUARE)
        groups = _by_dataset(found.index.get_level_values("task"), found)
        for name, rows in groups:
            colour, marker = dataset_look(name)
            label = f"{dataset_label(name)} ({len(rows)})"
            style: dict[str, Any] = {"ms": 4.5, "lw": 0.8, "color": colour}
            axes.errorbar(rows[_FULL], rows[_GAIN], rows["±"], fmt=marker, label=label, **style)
        for draw in (axes.axhline, axes.axvline):
            draw(0, ls=":", color=REFERENCE, lw=1.2)
        axes.set(xlabel="gain of augmenting all, points", ylabel="lead of influence at 10 %, points")
        axes.legend(loc="lower right", frameon=False, handletextpad=0.2)
    much = found[found[_FULL] >= _MUCH]
    finding = (
        f"influence is ahead in {(much[_GAIN] > 0).sum()} of the {len(much)} settings in which augmenting all points "
    )
    finding += f"gains {_MUCH} points or more"
    caption = (
        f"<b>{heading(number)}.</b> {capital(finding)} A dot is a task under one setting; bars are 95 % intervals."
    )
    alt = "The lead of influence over random selection against the gain of augmenting all points"
    return Exhibits(
        (Exhibit(f"{anchor(number)}-gains", figure, caption, alt, found, origin=origin, anchors=(anchor(number),)),)
    )


def auc_pairs(pairs: pd.DataFrame, origin: Origin | None = None, number: str = "E7") -> Exhibits:
    """Our AUCs against the published ones (`reconstruction.published_pairs`), by data set; equal on the line."""
    stored = pairs[pairs.seeds > 0]
    if stored.empty:
        return Exhibits((), f"None of the {len(pairs)} published AUCs has results here.")
    with looks():
        figure, (part,) = sheet(1, height=_SQUARE)
        axes = axes_in(part, height=_SQUARE)
        for name, rows in _by_dataset(stored.task, stored):
            colour, marker = dataset_look(name)
            label = f"{dataset_label(name)} ({len(rows)})"
            style: dict[str, Any] = {"ms": 4.5, "lw": 0.8, "color": colour}
            axes.errorbar(rows.paper, rows.auc, rows.sd, rows.paper_sd, fmt=marker, label=label, **style)
        ends = [min(stored.paper.min(), stored.auc.min()) - 2, max(stored.paper.max(), stored.auc.max()) + 2]
        axes.plot(ends, ends, ls=":", color=REFERENCE, lw=1.2)
        axes.legend(loc="lower right", frameon=False, handletextpad=0.2)
        axes.set(xlabel="AUC in the paper", ylabel="our AUC")
    off = abs(stored.auc - stored.paper)
    finding = f"half of our AUCs are within {shown(off.median(), 1)} of the published ones"
    finding += f", the farthest is {shown(off.max(), 1)} away"
    caption = (
        f"<b>{heading(number)}.</b> {capital(finding)} {len(stored)} of {len(pairs)} AUCs, of which 1000 is perfect; "
        "bars are standard deviations over seeds, on the dotted line both are equal."
    )
    alt = "Our AUCs against the published ones"
    return Exhibits(
        (Exhibit(f"{anchor(number)}-aucs", figure, caption, alt, stored, origin=origin, anchors=(anchor(number),)),)
    )


def _alone(number: str, part: str, figure, caption: str, alt, numbers: pd.DataFrame, origin: Origin | None) -> Exhibits:
    exhibit = Exhibit(f"{anchor(number)}-{part}", figure, caption, alt, numbers, origin, anchors=(anchor(number),))
    return Exhibits((exhibit,))


def _against_C(axes: Axes, rows: pd.DataFrame, label: str, colour: str, marker: str) -> End:
    C = rows.index.get_level_values("C")
    style: dict[str, Any] = {"color": colour, "marker": marker, "ms": 5, "capsize": 2, "lw": 1.4}
    drawn: tuple[tuple[Any, dict[str, Any]], ...] = ((C != "cv", {"label": label}), (C == "cv", {"ls": ""}))
    for part, more in drawn:  # no line leads to "cv"
        if part.any():
            axes.errorbar(C[part], rows[_GAIN][part], rows["±"][part], **style, **more)
    return End(float(rows[_GAIN].iloc[-1]), label, colour, marker, 0, False)


def _kind_label(task: str, protocol: str, network: str, mean: str) -> str:
    """What tells a line from the panel's others."""
    dataset = task.split("-")[0]
    parts = [network.removeprefix(dataset).strip("-").replace("-", " ") or "main network"]
    parts += ["mean kept"] if mean == "kept" else []
    parts += [protocol_label(protocol).removeprefix("the ")] if protocol != "paper" else []
    return "\n".join(parts)


def _by_dataset(tasks: pd.Series | pd.Index, rows: pd.DataFrame):
    return rows.groupby(np.array([task.split("-")[0] for task in tasks]), sort=False)
