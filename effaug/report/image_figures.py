"""Figures of images: the points of extreme scores, and points beside their augmented copies."""

from __future__ import annotations

import html

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import SubFigure

from effaug.images.augment import with_originals
from effaug.report.exhibits import Exhibit, Exhibits
from effaug.report.figures import grouped
from effaug.report.findings import capital, in_words
from effaug.report.labels import augmentation_label, dataset_label, features_label, score_label, task_label
from effaug.report.lacking import lacking
from effaug.report.numbering import PAGES, anchor, heading
from effaug.report.palette import VERMILION
from effaug.report.point_scores import labels_of, shown_points
from effaug.report.sources import origin
from effaug.report.style import WIDTH, looks, sheet
from effaug.report.view import View
from effaug.study.experiment import N_SHOWN
from effaug.study.tasks import augmentation, load_task

_UNITS = {"translate": "shifts down, right in pixels", "rotate": "angles in degrees", "crop": "margins in pixels"}
_NUMBERS = {"mnist": ("5", "11"), "cifar10": ("12",), "smallnorb": ("13",)}
_ENDS = tuple((end, name) for end in ("highest", "lowest") for name in ("influence", "loss"))
_COLUMNS, _SIDE, _LINE, _TITLE = 5, 58, 14, 26  # images in a row; an image, a line of text and a title, in units


def extreme_points(view: View, n: int = N_SHOWN, numbers: tuple[str, ...] = ()) -> Exhibits:
    """Points of highest and lowest influence and loss, class, prediction if wrong, score (Figures 5, 11-13)."""
    made: list[Exhibit] = []
    for task, features in view.panels:
        dataset = task.rpartition("-")[0]
        known = numbers or _NUMBERS.get(dataset, ("E4",))
        linked = {place for each in made for place in each.anchors}
        anchors = tuple(place for place in map(anchor, known) if place not in linked)
        both = sum(task == other for other, _ in view.panels) > 1
        name = f"{anchor(known[-1])}-{task}" + f"-{features}" * both
        where = html.escape(task_label(task)) + f", {features_label(features)}" * both
        finding, figure, alts = _extremes(view, task, features, n)
        caption = (
            f"<b>{heading(*known)}, {where}.</b> {html.escape(finding)} Above each image stands its class, in "
            "colour the class that the model gives it where that is another one; below, its score."
        )
        where_from = origin(view, PAGES[known[-1]], [(task, features)])
        made.append(Exhibit(name, figure, caption, alts, None, where_from, anchors=anchors))
    return Exhibits(tuple(made), view.missing() or "Nothing to show.")


def task_copies(view: View, n: int = 3, columns: int = 7) -> Exhibits:
    """Each task's points of highest score, one a row, beside their copies, thinned to fit; an exhibit a data set."""
    made: list[Exhibit] = []
    first: dict[str, str] = {}
    for task, features in view.panels:
        first.setdefault(task, features)
    for dataset in dict.fromkeys(dataset for dataset, _ in grouped(view)):
        where = [(task, features) for task, features in first.items() if task.rpartition("-")[0] == dataset]
        made.append(_copies_of(view, dataset, where, n, columns, () if made else (anchor("E2"),)))
    return Exhibits(tuple(made), view.missing() or "Nothing to show.")


def _copies_of(view: View, dataset: str, where: list, n: int, columns: int, anchors: tuple[str, ...]) -> Exhibit:
    score = view.parameters["score"]
    known = [each for each in where if f"{score}_before" in shown_points(view, *each)]
    with looks():
        figure, parts = sheet(len(known), height=_TITLE + 2 * _LINE + n * WIDTH / columns)
        counts = [_copies(part, view, each, n, columns) for part, each in zip(parts, known, strict=True)]
    copies = [
        f"{count} {'copy' if count == 1 else 'copies'} when {augmentation_label(task.rpartition('-')[2])}"
        for count, (task, _) in zip(counts, known, strict=True)
    ]
    most = f"; of more than {columns - 1} some are shown" if max(counts, default=0) >= columns else ""
    finding = (
        f"A point has {in_words(copies)}{most}. The points are those of highest {score_label(score)}." if copies else ""
    )
    missing = lacking(view, where, [score])
    caption = f"<b>{heading('E2')}, {html.escape(dataset_label(dataset))}.</b> {finding} {missing}".strip()
    alts = tuple(f"{task_label(task)}: {n} training images, each beside its copies" for task, _ in known)
    where_from = origin(view, PAGES["E2"], where)
    return Exhibit(f"{anchor('E2')}-{dataset}", figure, caption, alts or "", None, where_from, anchors=anchors)


def _extremes(view: View, task: str, features: str, n: int):
    """What the figure of a task's extreme points shows, the figure, and its panels in words."""
    points = shown_points(view, task, features)
    labels, predicted = labels_of(view, task, features)
    rows = -(-n // _COLUMNS)
    wrong, alts = {}, []
    with looks():
        figure, parts = sheet(len(_ENDS), height=_TITLE + rows * (_SIDE + 3.6 * _LINE))
        for part, (end, name) in zip(parts, _ENDS, strict=True):
            order = np.argsort(-points[f"{name}_before"], kind="stable")
            chosen = order[:n] if end == "highest" else order[::-1][:n]
            missed = labels[chosen] != predicted[chosen]
            wrong[end, name] = int(missed.sum())
            cells = (images_of(points, chosen), labels[chosen], predicted[chosen], points[f"{name}_before"][chosen])
            _gallery(part, f"{end} {score_label(name)}", *cells)
            alts.append(f"{end} {name}: {n} images, {', '.join(labels[chosen])}; {wrong[end, name]} are misclassified")
    high, low = (sum(wrong[end, name] for name in ("influence", "loss")) for end in ("highest", "lowest"))
    finding = f"of the {2 * n} images of highest scores {high or 'none'} are misclassified"
    finding += f", of the {2 * n} of lowest {low or 'none'}"
    if not high + low:
        finding = f"none of the {4 * n} images is misclassified"
    return capital(finding), figure, tuple(alts)


def _gallery(part: SubFigure, title: str, images, labels, predicted, scores) -> None:
    axes, tall = _canvas(part, title)
    cell, high = WIDTH / _COLUMNS, _SIDE + 3.6 * _LINE
    for k, (image, label, seen, score) in enumerate(zip(images, labels, predicted, scores, strict=True)):
        row, column = divmod(k, _COLUMNS)
        middle, top = (column + 0.5) * cell, tall - _TITLE - row * high
        axes.text(middle, top - (0.5 if label != seen else 1.5) * _LINE, label, ha="center", va="center")
        if label != seen:
            axes.text(middle, top - 1.5 * _LINE, f"as {seen}", ha="center", va="center", color=VERMILION)
        _image(axes, image, middle, top - 2 * _LINE - 3 - _SIDE / 2, _SIDE)
        axes.text(middle, top - 2.75 * _LINE - _SIDE, f"{score:.2g}", ha="center", va="center")


def _copies(part: SubFigure, view: View, where: tuple[str, str], n: int, columns: int) -> int:
    """Draw a task's points and their copies; how many copies a point has."""
    task, features = where
    points, score = shown_points(view, task, features), view.parameters["score"]
    top = np.argsort(-points[f"{score}_before"], kind="stable")[:n]
    stored = view.results.record(task)[f"{view.label(task)}/{features}"]["task"]["parameters"]
    spec = view.own or load_task(task, parameters=tuple(tuple(p) if isinstance(p, list) else p for p in stored))
    images = with_originals(images_of(points, top), augmentation(spec))
    names = ["original", *(f"{p:.4g}" if not isinstance(p, tuple) else f"{p[0]}, {p[1]}" for p in spec.parameters)]
    drawn = np.unique(np.linspace(0, len(names) - 1, min(len(names), columns)).round().astype(int))
    axes, tall = _canvas(part, f"{task_label(task)}: {_UNITS[spec.augmentation]}")
    cell = WIDTH / columns
    for c, which in enumerate(drawn):
        axes.text((c + 0.5) * cell, tall - _TITLE - _LINE, names[which], ha="center", va="center")
        for r in range(n):
            _image(axes, images[r, which], (c + 0.5) * cell, tall - _TITLE - 2 * _LINE - (r + 0.5) * cell, cell - 5)
    return len(spec.parameters)


def images_of(points: dict[str, np.ndarray], chosen: np.ndarray) -> np.ndarray:
    """Images of some points, of which results hold the extreme ones.

    Raises
    ------
    ValueError
        Where they do not hold one.
    """
    if not np.isin(chosen, points["shown"]).all():
        raise ValueError(f"results hold the images of {N_SHOWN} extreme points of a score, asked for {len(chosen)}")
    return points["images"][np.searchsorted(points["shown"], chosen)]


def _canvas(part: SubFigure, title: str) -> tuple[Axes, float]:
    """Axes over all of a panel, in its units, with a title; and how high it is."""
    tall = part.bbox.height / part.figure.dpi * 72
    axes = part.add_axes((0, 0, 1, 1), xlim=(0, WIDTH), ylim=(0, tall))
    axes.set_axis_off()
    axes.text(4, tall - _TITLE / 2, title, va="center", weight="bold")
    return axes, tall


def _image(axes: Axes, image: np.ndarray, x: float, y: float, side: float) -> None:
    half = side / 2
    extent = (x - half, x + half, y - half, y + half)
    pixels = image.squeeze()
    axes.imshow(pixels, cmap="gray", vmin=0, vmax=255, extent=extent, interpolation="none", aspect="auto")
    axes.set(xlim=(0, WIDTH), ylim=axes.get_ylim())
