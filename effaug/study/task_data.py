"""The points of a task: the first so many training images of its two classes, and all their test images."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from effaug.images import _npz
from effaug.study import datasets
from effaug.study.tasks import Task, load_task


@dataclass(frozen=True, eq=False)
class Subset:
    """A task's images and labels.

    Attributes
    ----------
    x_train : ndarray of uint8, shape (n, h, w, c)
    y_train : ndarray of int, shape (n,)
        1 for the task's second class.
    x_test : ndarray of uint8, shape (m, h, w, c)
    y_test : ndarray of int, shape (m,)
    sha256 : dict of str to str
        Of the whole dataset's arrays; of one's own, `own_task` finds it.
    """

    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    sha256: dict[str, str] = field(default_factory=dict)


_CHANNELS = (1, 3, 4)  # of gray images, of colours, of colours with their opacity


def check_images(subset: Subset) -> None:
    """Refuse what are no images, or have no label each, with a ValueError."""
    if subset.x_train.ndim == 4 and subset.x_train.shape[1] in _CHANNELS and subset.x_train.shape[3] not in _CHANNELS:
        raise ValueError(
            f"images must have their channels last, (n, h, w, c), got shape {subset.x_train.shape}: "
            "np.moveaxis(x, 1, -1) puts them there"
        )
    for kind, x, y in (("train", subset.x_train, subset.y_train), ("test", subset.x_test, subset.y_test)):
        if x.ndim != 4 or x.dtype != np.uint8 or x.shape[1:] != subset.x_train.shape[1:]:
            raise ValueError(f"images must be uint8 of shape (n, h, w, c), got {x.dtype} of shape {x.shape}: x_{kind}")
        if np.shape(y) != (len(x),) or not len(x):
            raise ValueError(f"y_{kind} must have a label for each of {len(x)} images, got shape {np.shape(y)}")
    if _are_words("y_train", subset.y_train) != _are_words("y_test", subset.y_test):
        raise ValueError("y_train and y_test must both hold numbers, or both words")


def _are_words(name: str, y: np.ndarray) -> bool:
    labels = np.asarray(y)
    if labels.dtype == object and len({type(label) for label in labels}) == 1:
        labels = np.array(labels.tolist())
    if labels.dtype.kind not in "biufUS":
        raise ValueError(f"{name} must hold numbers or words, got {labels.dtype}")
    if labels.dtype.kind == "f" and not np.isfinite(labels).all():
        raise ValueError(f"{name} must have a label for each image, got {labels[~np.isfinite(labels)][0]}")
    return labels.dtype.kind in "US"


def file_subset(path: Path, *, classes: tuple | None = None, n_train: int | None = None) -> Subset:
    """Images and labels of a file of one's own.

    Parameters
    ----------
    path : Path
        An npz archive of ``x_train``, ``y_train``, ``x_test``, ``y_test``: images of uint8, (n, h, w, c) or (n, h, w),
        and a label for each.
    classes : (label, label), optional
        Two of its labels; needed where it has more.
    n_train : int, optional
        Only so many training images of those classes, the first.

    Raises
    ------
    ValueError
        Naming the array or argument, the value and what would be accepted.
    FileNotFoundError
    """
    if not path.is_file():
        raise FileNotFoundError(f"no file {path}")
    arrays = _npz.read(path, datasets.ARRAYS)
    try:
        return _chosen(arrays, classes, n_train)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def _chosen(arrays: dict[str, np.ndarray], classes: tuple | None, n_train: int | None) -> Subset:
    x_train, x_test = (x[..., None] if x.ndim == 3 else x for x in (arrays["x_train"], arrays["x_test"]))
    found = Subset(x_train, arrays["y_train"], x_test, arrays["y_test"])
    check_images(found)
    known = np.unique(np.concatenate([found.y_train, found.y_test])).tolist()
    chosen = sorted(set(known if classes is None else classes))
    if len(chosen) != 2 or not set(chosen) <= set(known):
        there = ", ".join(map(str, [*known[:10], *["..."] * (len(known) > 10)]))
        how = "`effaug run --classes`; for a notebook, a file of two"
        told = f"none: choose two ({how})" if classes is None else classes
        raise ValueError(f"classes must be two of its {len(known)} labels, {there}; got {told}")
    train, test = (np.flatnonzero(np.isin(y, chosen)) for y in (found.y_train, found.y_test))
    n = len(train) if n_train is None else n_train
    if not 2 <= n <= len(train):
        raise ValueError(f"n_train must be between 2 and {len(train)}, got {n_train}")
    train = train[:n]
    return Subset(found.x_train[train], found.y_train[train], found.x_test[test], found.y_test[test])


def load_subset(task: Task | str, *, folder: str | Path | None = None) -> Subset:
    """Load a task's points (paper, Appendix B).

    Parameters
    ----------
    task : Task or str
    folder : path, optional
        See `effaug.study.datasets.load`.

    Raises
    ------
    ValueError
        If the dataset lacks the classes or has too few points, or if the published task's class splits are not found.
    """
    task = load_task(task) if isinstance(task, str) else task
    if task.own:
        return task.own.subset
    data = datasets.load(task.dataset, folder=folder)
    known = np.unique(data.y_train).tolist()
    if not set(task.classes) <= set(known):
        raise ValueError(f"classes {task.classes} are not both among the labels of {task.dataset}: {known}")
    train = np.flatnonzero(np.isin(data.y_train, task.classes))
    if len(train) < task.n_train:
        raise ValueError(f"n_train must be at most {len(train)} for {task.name}, got {task.n_train}")
    train = train[: task.n_train]
    test = np.flatnonzero(np.isin(data.y_test, task.classes))
    y_train, y_test = (y == task.classes[1] for y in (data.y_train[train], data.y_test[test]))
    splits = (int((~y_train).sum()), int(y_train.sum()), int((~y_test).sum()), int(y_test.sum()))
    if task.splits is not None and splits != task.splits:
        raise ValueError(
            f"{task.dataset}: the train and test splits of {task.name} are {splits}, expected {task.splits}: "
            "these are not the canonical images in canonical order"
        )
    if min(splits) == 0:
        raise ValueError(f"n_train = {task.n_train} of {task.name} leaves a class without points: splits {splits}")
    return Subset(data.x_train[train], y_train.astype(int), data.x_test[test], y_test.astype(int), data.sha256())
