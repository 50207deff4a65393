"""Tasks: what is to be learnt, from which points, under which augmentation."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from numbers import Integral
from typing import TYPE_CHECKING

from effaug._validation import unknown
from effaug.images.augment import Augmentation, Crop, Rotate, Translate
from effaug.study.names import OLD_DATASETS, current
from effaug.study.protocols import PROTOCOLS, Protocol, load_protocol

if TYPE_CHECKING:
    from effaug.study.own import Own

AUGMENTATIONS = ("translate", "rotate", "crop")


@dataclass(frozen=True)
class Source:
    """What the experiments do with one dataset: paper, Appendix B."""

    dataset: str
    classes: tuple[int, int]
    n_train: int
    splits: tuple[int, int, int, int]  # train and test points of either class: a check on a loader
    shift: int
    angles: tuple[float, ...] | None  # None: the protocol's small angles
    margins: tuple[int, ...]
    network: str
    weights: str = ""  # of a frozen network
    augmented: tuple[str, ...] = ()  # augmentations whose task takes the network trained with random augmentation


_WIDE = tuple(-30 + 60 * k / 14 for k in range(15) if k != 7)

SOURCES = {
    "mnist": Source("mnist", (3, 8), 1000, (517, 483, 1010, 974), 2, _WIDE, (1, 2, 3, 4, 5, 6), "lenet"),
    "cifar10": Source("cifar10", (0, 1), 1000, (523, 477, 1000, 1000), 3, None, (2,), "resnet", "cifar10"),
    "smallnorb": Source(
        "smallnorb", (0, 1), 1000, (500, 500, 4860, 4860), 6, None, (2,), "resnet", "smallnorb", ("rotate", "crop")
    ),
    "digits": Source("digits", (3, 8), 200, (103, 97, 79, 76), 1, _WIDE, (1,), "pixels"),
}
TASKS = tuple(f"{source}-{augmentation}" for source in SOURCES for augmentation in AUGMENTATIONS)

_BUDGETS_OF_1000 = (0, 1, 10, 50, 100, 250, 500, 750, 1000)


@dataclass(frozen=True)
class Task:
    """Two classes of a dataset, a train size, and one augmentation with its parameters.

    Attributes
    ----------
    name : str
        Such as ``mnist-rotate``; whatever departs from the paper is part of it (``mnist-rotate-4v9-n500``).
    dataset, classes, n_train
        The first `n_train` training images of the two classes, in canonical order; the second class is label 1.
    splits : tuple of int or None
        Train and test points of either class, where the paper states them.
    augmentation : {"translate", "rotate", "crop"}
    parameters : tuple
        Shifts ``(dy, dx)`` in pixels, angles in degrees, or margins in pixels: one copy each.
    network : {"lenet", "cnn", "resnet", "pixels"}
    weights : str
        Name of the frozen network that a ResNet's features come from.
    own : Own or None
        Images, augmentation and transformer of a task that is not registered: see `effaug.own_task`.

    Raises
    ------
    ValueError
        For a name that is no registered task's and has no images, or the other way round.
    """

    name: str
    dataset: str
    classes: tuple[int, int]
    n_train: int
    splits: tuple[int, int, int, int] | None
    augmentation: str
    parameters: tuple
    network: str
    weights: str = ""
    own: Own | None = None

    def __post_init__(self) -> None:
        taken = (*SOURCES, *OLD_DATASETS)
        registered = re.split("[^a-z0-9]", self.name.lower())[0] in taken  # a file system may not tell A from a
        if self.own is None and not registered:
            raise ValueError(f"{unknown('task', self.name, TASKS)}; effaug.own_task makes one of your own images")
        if self.own and (registered or not re.fullmatch(r"\w[\w.+-]*", self.name)):
            raise ValueError(
                "name of a task of your own must be of letters, digits and ._+- and must not begin with "
                f"{', '.join(taken)}, got {self.name!r}"
            )

    @property
    def budgets(self) -> tuple[int, ...]:
        """The paper's budgets of its 1000 points, in proportion: ascending from 0 to the whole train set."""
        return tuple(sorted({round(b * self.n_train / 1000) for b in _BUDGETS_OF_1000}))


def load_task(
    name: str,
    *,
    protocol: Protocol | str = "paper",
    classes: tuple[int, int] | None = None,
    n_train: int | None = None,
    parameters: tuple | None = None,
) -> Task:
    """A task by its name, with the paper's settings or others.

    Parameters
    ----------
    name : str
        ``DATASET-AUGMENTATION``: mnist, cifar10, smallnorb or digits, and translate, rotate or crop.
    protocol : Protocol or str, default "paper"
        Decides the shift directions and the small angles.
    classes : (int, int), optional
        Another pair of the dataset's labels.
    n_train : int, optional
        Another number of training points.
    parameters : tuple, optional
        Shifts ``(dy, dx)``, angles in degrees or crop margins in place of the paper's.

    Returns
    -------
    Task

    Raises
    ------
    ValueError
        Naming the argument, the value and what would be accepted.

    Examples
    --------
    >>> load_task("mnist-rotate", classes=(4, 9), n_train=500).name
    'mnist-rotate-4v9-n500'
    """
    name = current(name)
    if name not in TASKS:
        raise ValueError(unknown("task", name, TASKS))
    protocol = load_protocol(protocol, task=name) if isinstance(protocol, str) else protocol
    key, augmentation = name.split("-")
    source = SOURCES[key]
    label = name
    if classes is not None and classes not in (source.classes, list(source.classes)):
        two = isinstance(classes, tuple | list) and len(classes) == len(set(classes)) == 2
        if not two or not all(isinstance(c, Integral) for c in classes):
            raise ValueError(f"classes must be two different labels, whole numbers, got {classes!r}")
        label += f"-{classes[0]}v{classes[1]}"
    if n_train is not None and n_train != source.n_train:
        if not isinstance(n_train, Integral) or n_train < 2:
            raise ValueError(f"n_train must be a whole number of at least 2, got {n_train!r}")
        label += f"-n{n_train}"
    as_published = label == name
    if parameters is not None:
        _check_parameters(augmentation, parameters)
        label += "-by" + "_".join(str(p).replace(" ", "").strip("()") for p in parameters)
    return Task(
        name=label,
        dataset=source.dataset,
        classes=source.classes if classes is None else (int(classes[0]), int(classes[1])),
        n_train=int(n_train or source.n_train),
        splits=source.splits if as_published else None,
        augmentation=augmentation,
        parameters=tuple(parameters) if parameters is not None else _parameters(source, augmentation, protocol),
        network=protocol.mnist_network if source.network == "lenet" else source.network,
        weights=_weights(source, augmentation, protocol),
    )


def choices_read(task: Task) -> tuple[str, ...]:
    """The protocol's choices that decide anything for a task.

    Examples
    --------
    >>> choices_read(load_task("mnist-translate"))
    ('C', 'ridge', 'weighted_hessian', 'dpp_diagonal', 'kmeans_starts', 'shuffled_folds', 'mnist_network',
    'shared_start', 'epochs', 'directions')
    """
    small = task.network in ("lenet", "cnn")
    always = ("C", "ridge", "weighted_hessian", "dpp_diagonal", "kmeans_starts", "shuffled_folds")
    if task.own:  # names its network and its copies itself
        trained = ("shared_start", "epochs", *(("cnn_precision",) if task.network == "cnn" else ()))
        return (*always, *(trained if small else ()), *(("subtract_mean",) if task.network == "resnet" else ()))
    given, source = "-by" in task.name, SOURCES[task.name.split("-")[0]]
    read = {
        "mnist_network": small,
        "shared_start": small,
        "epochs": small,
        "cnn_precision": task.network == "cnn",
        "subtract_mean": task.network == "resnet",
        "weights": task.network == "resnet",
        "directions": task.augmentation == "translate" and not given,
        "small_angles": task.augmentation == "rotate" and source.angles is None and not given,
        "smallnorb_divided_twice": task.dataset == "smallnorb",
        "one_smallnorb_network": task.augmentation in source.augmented,
    }
    return (*always, *(name for name, is_read in read.items() if is_read))


def check_protocol(task: Task, protocol: Protocol) -> None:
    """Refuse a protocol with a changed choice that is not the task's: it would be stored as a variation, and be none.

    Likewise a task that was loaded for another protocol: its shifts, angles or network are not this one's.

    Raises
    ------
    ValueError
    """
    varied = (
        () if protocol.name in PROTOCOLS else tuple(protocol.changes)
    )  # old records of a named one may lack a choice
    for choice in varied:
        if choice not in choices_read(task):
            raise ValueError(
                f"{choice} changes nothing for {task.name}, which depends on {', '.join(choices_read(task))}"
            )
    if task.own:
        return
    name = "-".join(task.name.split("-")[:2])
    meant = load_task(name, protocol=protocol)
    parameters = "-by" in task.name or task.parameters == meant.parameters
    if task.weights != meant.weights or not parameters:
        raise ValueError(
            f"task {task.name} was loaded for another protocol than {protocol.name}: give load_task({name!r}) the "
            "protocol as well"
        )


def _weights(source: Source, augmentation: str, protocol: Protocol) -> str:
    if protocol.weights and source.weights:
        return protocol.weights
    augmented = augmentation in source.augmented and not protocol.one_smallnorb_network
    twice = source.dataset == "smallnorb" and protocol.smallnorb_divided_twice
    return source.weights + ("-divided-twice" if twice else "") + ("-augmented" if augmented else "")


def _parameters(source: Source, augmentation: str, protocol: Protocol) -> tuple:
    if augmentation == "translate":
        return tuple((source.shift * dy, source.shift * dx) for dy, dx in protocol.directions)
    if augmentation == "rotate":
        return protocol.small_angles if source.angles is None else source.angles
    return source.margins


def _check_parameters(augmentation: str, parameters: tuple) -> None:
    accepted = {
        "translate": ("shifts (dy, dx) in whole pixels", lambda p: len(p) == 2 and all(int(s) == s for s in p)),
        "rotate": ("angles in degrees", lambda p: float(p) != 0),
        "crop": ("margins in whole pixels, at least 1", lambda p: int(p) == p and p >= 1),
    }
    words, valid = accepted[augmentation]
    try:
        good = len(parameters) > 0 and all(valid(p) for p in parameters)
    except (TypeError, ValueError):
        good = False
    if not good:
        raise ValueError(f"parameters of {augmentation} must be {words}, got {parameters!r}")


def augmentation(task: Task) -> Augmentation:
    """The augmentation of a task, with its parameters."""
    if task.own:
        return task.own.augmentation
    return _KINDS[task.augmentation](task.parameters)


_KINDS: dict[str, Callable[[tuple], Augmentation]] = {"translate": Translate, "rotate": Rotate, "crop": Crop}


def named_augmentation(name: str, parameters: tuple) -> Augmentation:
    """One of `AUGMENTATIONS` with parameters of one's own, as `load_task` takes them.

    Raises
    ------
    ValueError
        Naming the argument, the value and what would be accepted.
    """
    if name not in AUGMENTATIONS:
        raise ValueError(unknown("augmentation", name, AUGMENTATIONS))
    _check_parameters(name, parameters)
    return _KINDS[name](parameters)
