"""Tasks and protocols: what is to be learnt, and the choices on which the paper's text and its released code part."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Literal

from effaug._unknown import unknown

AUGMENTATIONS = ("translate", "rotate", "crop")

CARDINAL = ((-1, 0), (1, 0), (0, -1), (0, 1))
DIAGONAL = ((-1, -1), (-1, 1), (1, -1), (1, 1))


def _positive(value: object) -> bool:
    return isinstance(value, int | float) and 0 < value < math.inf


@dataclass(frozen=True)
class Protocol:
    """The choices of an experiment that the paper's text and its released code make differently.

    Parameters
    ----------
    name : str
        What the results are filed under.
    C : float or "cv"
        Inverse L2 strength of the logistic regression; ``"cv"`` cross-validates it at every fit.
    directions : tuple of (int, int)
        Unit shifts ``(dy, dx)`` of a translation.
    small_angles : tuple of float
        Degrees, for the tasks that rotate by at most 5 degrees (CIFAR-10, small NORB).
    ridge : float or None
        Added to the Hessian of eq. (1); None adds the fitted model's own L2 term, ``1 / C``.
    subtract_mean : bool
        Whether the networks' mean training image is subtracted when features are computed.
    norb_pixel_scale : float
        What small NORB's pixels (0 to 255) are multiplied by.
    one_norb_network : bool
        Whether small NORB's rotate and crop tasks take the network of its translate task, trained without augmentation.
    epochs : int
        For which LeNet is trained (text: 40 to 50).
    weights : str
        Name of the frozen network in place of the task's own; empty for that.

    Notes
    -----
    Kuchnik & Smith (2019), Appendix B, and the released code's own values.
    """

    name: str
    C: float | Literal["cv"] = 10.0
    directions: tuple[tuple[int, int], ...] = CARDINAL
    small_angles: tuple[float, ...] = (-5.0, -2.5, 2.5, 5.0)
    ridge: float | None = None
    subtract_mean: bool = True
    norb_pixel_scale: float = 1 / 255
    one_norb_network: bool = False
    epochs: int = 40
    weights: str = ""

    def __post_init__(self) -> None:
        if self.C != "cv":
            if not _positive(self.C):
                raise ValueError(f"C must be a positive number or 'cv', got {self.C!r}")
            object.__setattr__(self, "C", float(self.C))  # 1 and 1.0 are one protocol
        if not isinstance(self.epochs, int) or self.epochs < 1:
            raise ValueError(f"epochs must be a whole number of at least 1, got {self.epochs!r}")
        if self.ridge is not None and not _positive(self.ridge):
            raise ValueError(f"ridge must be positive, or None for the model's own L2 term, got {self.ridge!r}")

    def pixel_scale(self, dataset: str) -> float:
        """What a dataset's pixels are multiplied by before they enter a frozen network."""
        return self.norb_pixel_scale if dataset == "smallnorb" else 1 / 255


PROTOCOLS = {
    "paper": Protocol("paper"),
    "released-code": Protocol(
        "released-code",
        C=1.0,
        directions=DIAGONAL,
        small_angles=(-5.0, -5 / 3, 5 / 3, 5.0),
        ridge=1e-10,
        subtract_mean=False,
        norb_pixel_scale=1 / 255**2,
        one_norb_network=True,
    ),
}


def load_protocol(name: str = "paper", **changes: object) -> Protocol:
    """A named protocol, with any of its choices changed.

    Parameters
    ----------
    name : {"paper", "released-code"}
    **changes
        Fields of `Protocol` other than its name: a changed protocol gets one that says so.

    Raises
    ------
    ValueError
        For an unknown protocol or an unknown field.

    Examples
    --------
    >>> load_protocol("paper", C=1.0).name
    'paper+C=1.0'
    """
    if name not in PROTOCOLS:
        raise ValueError(unknown("protocol", name, PROTOCOLS))
    fields = [f.name for f in dataclasses.fields(Protocol) if f.name != "name"]
    for key in changes:
        if key not in fields:
            raise ValueError(unknown("protocol field", key, fields))
    named = PROTOCOLS[name]
    found = dataclasses.replace(named, **changes)  # type: ignore[arg-type]
    changed = {key: getattr(found, key) for key in changes if getattr(found, key) != getattr(named, key)}
    label = "+".join([name, *(f"{k}={str(v).replace(' ', '').replace('/', '_')}" for k, v in changed.items())])
    return dataclasses.replace(found, name=label)


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
    "norb": Source(
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
    network : {"lenet", "resnet", "pixels"}
    weights : str
        Name of the frozen network that a ResNet's features come from.
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
        ``DATASET-AUGMENTATION``: mnist, cifar10, norb or digits, and translate, rotate or crop.
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
    if name not in TASKS:
        raise ValueError(unknown("task", name, TASKS))
    protocol = load_protocol(protocol) if isinstance(protocol, str) else protocol
    key, augmentation = name.split("-")
    source = SOURCES[key]
    label = name
    if classes is not None and classes not in (source.classes, list(source.classes)):
        if not isinstance(classes, tuple | list) or len(set(classes)) != 2 or len(classes) != 2:
            raise ValueError(f"classes must be two different labels, got {classes!r}")
        label += f"-{classes[0]}v{classes[1]}"
    if n_train is not None and n_train != source.n_train:
        if not isinstance(n_train, int) or n_train < 2:
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
        n_train=n_train or source.n_train,
        splits=source.splits if as_published else None,
        augmentation=augmentation,
        parameters=tuple(parameters) if parameters is not None else _parameters(source, augmentation, protocol),
        network=source.network,
        weights=_weights(source, augmentation, protocol),
    )


def _weights(source: Source, augmentation: str, protocol: Protocol) -> str:
    if protocol.weights and source.weights:
        return protocol.weights
    augmented = augmentation in source.augmented and not protocol.one_norb_network
    return source.weights + ("-augmented" if augmented else "")


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
