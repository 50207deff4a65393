"""Tasks of one's own: images, augmentations and features that the paper does not have."""

from __future__ import annotations

import copy
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
from sklearn.base import BaseEstimator, clone

from effaug._validation import unknown
from effaug.images.augment import Augmentation, Augmenters
from effaug.images.features import TRAINED
from effaug.study.datasets import Dataset
from effaug.study.task_data import Subset, check_images, file_subset, load_subset
from effaug.study.tasks import AUGMENTATIONS, Task, load_task, named_augmentation
from effaug.study.tasks import augmentation as augmentation_of


@dataclass(frozen=True)
class Own:
    """What a task computes with where others have names.

    Two are equal if one is a copy of the other, in another process, say; never because they look alike.
    """

    subset: Subset = field(compare=False, repr=False)
    augmentation: Augmentation = field(compare=False)
    transformer: BaseEstimator | None = field(compare=False)
    token: str = field(default_factory=lambda: uuid4().hex, repr=False)


def own_task(
    name: str,
    data: Subset | Task | str,
    *,
    augmentation: Augmentation | Sequence | None = None,
    network: BaseEstimator | str | None = None,
) -> Task:
    """A task of one's own, for `Experiment`: other images, another augmentation, other features, or all three.

    Parameters
    ----------
    name : str
        What results are stored under; must not begin with the name of a registered data set.
    data : Subset, Task or str
        Images, and labels of two classes, of which the greater becomes label 1; or a task, whose points are taken.
    augmentation : Augmentation or sequence of imgaug.augmenters.Augmenter, optional
        Must give equal copies for equal images. That of the task unless given.
    network : transformer, "pixels", "lenet" or "cnn", optional
        Where features come from: that of the task unless given, of images of one's own their pixels. A scikit-learn
        transformer is cloned, fitted on the training images, uint8 (n, h, w, c), and must give equal features for
        equal images; ``make_pipeline(Pixels(), PCA(20))`` is one.

    Returns
    -------
    Task

    Raises
    ------
    ValueError
        Naming the argument, the value and what would be accepted.

    Notes
    -----
    Objects are copied: a change made to them later has no effect. Features that effaug's own classes compute are
    cached; those of other augmentations or transformers are computed anew by every process, since nothing tells whether
    their code is still the same. More than one worker needs classes that they can import.

    Examples
    --------
    >>> from effaug.images.augment import Rotate
    >>> task = own_task("steep", "digits-rotate", augmentation=Rotate((-45.0, 45.0)))
    >>> task.name, task.n_train, task.network, task.parameters
    ('steep', 200, 'pixels', (1, 2))
    """
    base = load_task(data) if isinstance(data, str) else data
    transform: Any = augmentation
    about: dict[str, Any]
    if isinstance(base, Task):
        subset, about = load_subset(base), {"dataset": base.dataset, "classes": base.classes, "weights": base.weights}
        transform = augmentation_of(base) if transform is None else transform
        kept = base.own.transformer if base.own else None
        words = base.network
    else:
        subset, classes = _checked(base)
        about, kept, words = {"dataset": name, "classes": classes}, None, "pixels"
    if network is not None:
        kept, words = _network(network)
    transform = copy.deepcopy(Augmenters(transform) if isinstance(transform, Sequence) else transform)
    return Task(
        name=name,
        n_train=len(subset.y_train),
        splits=None,
        augmentation=_words(transform),
        parameters=tuple(range(1, 1 + _n_copies(transform, subset.x_train))),
        network=words,
        own=Own(subset, transform, kept),
        **about,
    )


def file_task(
    path: Path,
    augmentation: str,
    parameters: tuple,
    *,
    network: str = "pixels",
    classes: tuple | None = None,
    n_train: int | None = None,
) -> Task:
    """A task of the images in a file of one's own, called after the file: what ``effaug run mine.npz`` computes.

    Parameters
    ----------
    path : Path
        See `file_subset`.
    augmentation : {"translate", "rotate", "crop"}
    parameters : tuple
        Shifts ``(dy, dx)``, angles in degrees or crop margins.
    network : {"pixels", "lenet", "cnn"}
        Where features come from.
    classes : (label, label), optional
        Two of its labels; needed where it has more.
    n_train : int, optional
        Only so many training images, the first.

    Returns
    -------
    Task
        ``mine-rotate`` of ``mine.npz``; other classes and another number of points are part of its name.

    Raises
    ------
    ValueError
        Naming the argument, the value and what would be accepted.
    FileNotFoundError
    """
    if not augmentation or (augmentation in AUGMENTATIONS and not parameters):
        raise ValueError(
            f"{path.name} needs an augmentation and its parameters: --augmentation rotate --parameters -10,10, say"
        )
    copies = named_augmentation(augmentation, parameters)
    subset = file_subset(path, classes=classes, n_train=n_train)
    pair = f"-{classes[0]}v{classes[1]}" if classes else ""
    name = f"{path.stem}-{augmentation}{pair}" + (f"-n{n_train}" if n_train else "")
    return own_task(name, subset, augmentation=copies, network=network)


def _checked(data: Subset) -> tuple[Subset, tuple]:
    """A copy with labels 0 and 1 and the arrays' hashes, and the two classes."""
    if not isinstance(data, Subset):
        raise ValueError(f"data must be a Subset, a Task or the name of one, got {data!r}")
    check_images(data)
    classes = np.unique(data.y_train)
    if len(classes) != 2 or not np.isin(data.y_test, classes).all():
        found = np.unique(np.concatenate([data.y_train, data.y_test]))
        raise ValueError(f"labels must be of two classes, those of the training set, got {found.tolist()}")
    x_train, x_test = np.array(data.x_train), np.array(data.x_test)
    y_train, y_test = ((np.asarray(y) == classes[1]).astype(int) for y in (data.y_train, data.y_test))
    sha256 = Dataset("", x_train, y_train, x_test, y_test).sha256()
    return Subset(x_train, y_train, x_test, y_test, sha256), tuple(classes.tolist())


def _network(network: Any) -> tuple[BaseEstimator | None, str]:
    """An unfitted copy of a transformer, and its words; of a name nothing, and the name."""
    if isinstance(network, str):
        if network not in (accepted := ("pixels", *TRAINED)):
            raise ValueError(unknown("network", network, accepted) + ", or a transformer")
        return None, network
    missing = [method for method in ("fit", "transform", "get_params") if not hasattr(network, method)]
    if missing or isinstance(network, type):
        raise ValueError(
            f"network must be a scikit-learn transformer, got {network!r}, "
            + ("a class" if isinstance(network, type) else f"without {', '.join(missing)}")
        )
    return clone(network), _words(network)


def _n_copies(augmentation: Any, images: np.ndarray) -> int:
    if not callable(augmentation) or hasattr(augmentation, "augment_images"):
        raise ValueError(
            f"augmentation must be a function of images, or a list of imgaug augmenters, got {augmentation!r}"
        )
    copies = augmentation(images[:1])
    shape: tuple[int, ...] = getattr(copies, "shape", ())
    if getattr(copies, "dtype", None) != np.uint8 or len(shape) != 5 or shape[2:] != images.shape[1:] or 0 in shape:
        raise ValueError(
            f"augmentation must turn images (n, h, w, c) into copies (n, t, h, w, c), uint8 and of the same size, got "
            f"{shape} from {images[:1].shape} by {augmentation!r}"
        )
    return shape[1]


def _words(thing: object) -> str:
    """As it is printed, in one line, without addresses: the same in every process."""
    return " ".join(re.sub(" at 0x[0-9a-fA-F]+", "", repr(thing)).split())
