"""The points of a task: the first so many training images of its two classes, and all their test images."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

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
