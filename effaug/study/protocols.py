"""Protocols: the choices on which the paper's text and its released code part."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from effaug._validation import unknown
from effaug.images.weights import networks, own_file, weights_folder, weights_sha256
from effaug.study.names import current

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
        What the results are filed under: a label, which no code reads anything from.
    base : {"paper", "released-code"}
        The named protocol that it was made from; the defaults below are the text's.
    swapped : tuple of str
        Which of its changes `swap` took from the other one.
    C : float or "cv"
        Inverse L2 strength of the logistic regression; ``"cv"`` cross-validates it at every fit.
    directions : tuple of (int, int)
        Unit shifts ``(dy, dx)`` of a translation.
    small_angles : tuple of float
        Degrees, for the tasks that rotate by at most 5 degrees (CIFAR-10, small NORB).
    ridge : float or None
        Added to the Hessian of eq. (1); None adds the fitted model's own L2 term, ``1 / C``.
    subtract_mean : bool or float
        Whether the networks' mean training image is subtracted when features are computed. A number between 0 and 1:
        that share of it, which neither the text nor the code does.
    smallnorb_divided_twice : bool
        Whether small NORB's networks see pixels divided by 255 twice, in training and at featurisation.
    one_smallnorb_network : bool
        Whether small NORB's rotate and crop tasks take the network of its translate task, trained without augmentation.
    mnist_network : {"lenet", "cnn"}
        What is trained on MNIST's points: LeNet, or the plain CNN of Keras's CIFAR-10 example.
    shared_start : bool
        Whether every refitted network starts from the released code's initial weights, and all rounds share the
        un-augmented one with its scores; else a round starts from weights of its own.
    weighted_hessian : bool
        Whether the sample weights enter the Hessian of an updated influence; they enter the fit in any case.
    dpp_diagonal : float
        Added to the diagonal of a k-DPP's kernel, whose features have length 1.
    kmeans_starts : int
        Initialisations of k-means, of which the best is taken.
    shuffled_folds : bool
        Whether points are shuffled before they are split into folds, for virtual support vectors' C.
    epochs : int
        For which a small network is trained (text: 40 to 50).
    cnn_precision : str
        Keras's dtype policy for the CNN.
    weights : str
        Name of the frozen network in place of the task's own, or path of a Keras file (`keras_file`); empty for that.
    weights_sha256 : str
        Hash of that Keras file when the protocol was made; empty for our networks.

    Notes
    -----
    Kuchnik & Smith (2019), Appendix B, and the released code's own values.
    """

    name: str
    base: str = "paper"
    swapped: tuple[str, ...] = ()
    C: float | Literal["cv"] = 10.0
    directions: tuple[tuple[int, int], ...] = CARDINAL
    small_angles: tuple[float, ...] = (-5.0, -2.5, 2.5, 5.0)
    ridge: float | None = None
    subtract_mean: bool | float = True
    smallnorb_divided_twice: bool = False
    one_smallnorb_network: bool = False
    mnist_network: Literal["lenet", "cnn"] = "lenet"
    shared_start: bool = False
    weighted_hessian: bool = True
    dpp_diagonal: float = 0.0
    kmeans_starts: int = 1
    shuffled_folds: bool = True
    epochs: int = 40
    cnn_precision: str = "mixed_bfloat16"
    weights: str = ""
    weights_sha256: str = ""

    def __post_init__(self) -> None:
        if "/" in self.name:
            raise ValueError(
                f"name must not contain '/', which separates the parts of a stored array's name, got {self.name!r}"
            )
        if self.base not in BASES:
            raise ValueError(unknown("base", self.base, BASES))
        if self.C != "cv":
            if not _positive(self.C):
                raise ValueError(f"C must be a positive number or 'cv', got {self.C!r}")
            object.__setattr__(self, "C", float(self.C))  # 1 and 1.0 are one protocol
        share = float(self.subtract_mean)
        if not 0 <= share <= 1:
            raise ValueError(f"subtract_mean must be true, false or a share between 0 and 1, got {share}")
        if share in (0, 1):  # 1.0 and True are one protocol
            object.__setattr__(self, "subtract_mean", bool(share))
        if not isinstance(self.epochs, int) or self.epochs < 1:
            raise ValueError(f"epochs must be a whole number of at least 1, got {self.epochs!r}")
        if self.ridge is not None and not _positive(self.ridge):
            raise ValueError(f"ridge must be positive, or None for the model's own L2 term, got {self.ridge!r}")

    @property
    def changes(self) -> dict[str, object]:
        """The choices that differ from `base`, with their values: set, or where `swapped` has them, taken."""
        base = PROTOCOLS[self.base]
        return {key: getattr(self, key) for key in _FIELDS if getattr(self, key) != getattr(base, key)}


BASES = ("paper", "released-code")
PROTOCOLS = {
    "paper": Protocol("paper"),
    "released-code": Protocol(
        "released-code",
        base="released-code",
        C=1.0,
        directions=DIAGONAL,
        small_angles=(-5.0, -5 / 3, 5 / 3, 5.0),
        ridge=1e-10,
        subtract_mean=False,
        smallnorb_divided_twice=True,
        one_smallnorb_network=True,
        mnist_network="cnn",
        shared_start=True,
        weighted_hessian=False,
        dpp_diagonal=1e-9,
        kmeans_starts=10,
        shuffled_folds=False,
    ),
}
# By data set: a named protocol, what is changed in it, and what is taken from the other one.
RECONSTRUCTION: dict[str, tuple[str, dict[str, object], tuple[str, ...]]] = {
    "mnist": ("released-code", {}, ()),
    "cifar10": ("released-code", {"weights": "cifar10-depth56-30epochs"}, ()),
    "smallnorb": ("paper", {}, ("subtract_mean",)),
    "digits": ("released-code", {}, ()),
}
# Networks of the released depth and batch size, after the first: repetitions, of which means are taken as of seeds.
REPETITIONS = {"cifar10-depth56-30epochs": ("cifar10-depth56-epoch20", "cifar10-depth56")}
NAMES = ("reconstruction", *PROTOCOLS)


def stored_as(protocol: str, task: str) -> str:
    """The name that a task's results under a protocol are stored under: `protocol`, but for ``"reconstruction"``.

    That stands for the settings which come closest to the published numbers, by data set: see
    `effaug.report.reconstruction`.

    Examples
    --------
    >>> stored_as("reconstruction", "mnist-crop"), stored_as("paper", "mnist-crop")
    ('released-code', 'paper')
    """
    return load_protocol(protocol, task=task).name if protocol == "reconstruction" else protocol


def load_protocol(name: str = "paper", *, task: str = "", **changes: object) -> Protocol:
    """A named protocol, with any of its choices changed.

    Parameters
    ----------
    name : {"reconstruction", "paper", "released-code"}
        ``"reconstruction"`` needs the task's name, and is called after the settings that it stands for.
    task : str, optional
    **changes
        Fields of `Protocol` other than its name: a changed protocol gets one that says so.

    Raises
    ------
    ValueError
        For an unknown protocol or an unknown field.
    FileNotFoundError
        For weights that are a path ending in ``.h5`` where there is no file.

    Examples
    --------
    >>> load_protocol("paper", C=1.0).name
    'paper+C=1.0'
    """
    changes = {current(key): value for key, value in changes.items()}
    taken: tuple[str, ...] = ()
    if name == "reconstruction":
        dataset = current(task).split("-")[0]
        if dataset not in RECONSTRUCTION:
            raise ValueError(f"protocol 'reconstruction' is a data set's, and needs the name of a task, got {task!r}")
        name, settings, swapped = RECONSTRUCTION[dataset]
        taken = tuple(choice for choice in swapped if choice not in changes)
        changes = settings | changes
    if name not in PROTOCOLS:
        raise ValueError(unknown("protocol", name, NAMES))
    for key in changes:
        if key not in _FIELDS:
            raise ValueError(unknown("protocol field", key, _FIELDS))
    if "weights" in changes:
        changes["weights"] = _one_name(str(changes["weights"]))
    found = dataclasses.replace(PROTOCOLS[name], **changes)  # type: ignore[arg-type]
    if own_file(found.weights):
        found = dataclasses.replace(found, weights_sha256=weights_sha256(found.weights))
    values = found.changes
    if "weights" in values:
        values["weights"] = weights_label(found.weights)
    label = "+".join([name, *(f"{k}={str(v).replace(' ', '').replace('/', '_')}" for k, v in values.items())])
    return swap(dataclasses.replace(found, name=label), taken)


def weights_label(weights: str) -> str:
    """What weights are called in a protocol's name: a file of one's own by its stem and eight digits of its hash."""
    own = own_file(weights)
    return f"{re.sub('[^A-Za-z0-9_.-]', '_', own.stem)}-{weights_sha256(weights)[:8]}" if own else weights


def _one_name(weights: str) -> str:
    """The name of one of our networks for its file, and the whole path of any other file."""
    path, folder = Path(weights), weights_folder()
    name = path.name.removesuffix(".weights.h5")
    if path.name != name and name in networks() and (path.parent.resolve() == folder.resolve() or weights == path.name):
        return name
    own = own_file(weights)
    return str(own) if own else weights


_ABOUT = ("name", "base", "swapped", "weights_sha256")  # the protocol, not its choices
_FIELDS = tuple(f.name for f in dataclasses.fields(Protocol) if f.name not in _ABOUT)
CHOICES = tuple(key for key in _FIELDS if key not in ("epochs", "cnn_precision", "weights"))


def swap(protocol: Protocol, choices: tuple[str, ...]) -> Protocol:
    """A protocol with some choices taken from the other one: what does one of them change by itself?

    Parameters
    ----------
    protocol : Protocol
    choices : tuple of str
        Of `CHOICES`.

    Raises
    ------
    ValueError
        For an unknown choice, or one that was changed already.

    Examples
    --------
    >>> swap(PROTOCOLS["paper"], ("ridge",)).name
    'paper~ridge'
    """
    choices = tuple(current(choice) for choice in choices)
    for choice in choices:
        if choice not in CHOICES:
            raise ValueError(unknown("choice", choice, CHOICES))
    (other,) = (p for name, p in PROTOCOLS.items() if name != protocol.base)
    for choice in choices:
        if choice in protocol.changes:
            raise ValueError(f"{choice} is changed already in {protocol.name}: it cannot be swapped as well")
    taken = {choice: getattr(other, choice) for choice in CHOICES if choice in choices}
    label, swapped = "~".join((protocol.name, *taken)), (*protocol.swapped, *taken)
    return dataclasses.replace(protocol, name=label, swapped=swapped, **taken)


def merged(protocols: Sequence[Protocol]) -> Protocol:
    """The protocol with every choice in which one of some, all of the same base, departs from that.

    Examples
    --------
    >>> paper = PROTOCOLS["paper"]
    >>> merged([swap(paper, ("directions",)), paper, swap(paper, ("small_angles",))]).name
    'paper~directions~small_angles'
    """
    swapped = tuple(choice for choice in CHOICES if any(choice in each.swapped for each in protocols))
    values: dict[str, Any] = {
        key: value for each in protocols for key, value in each.changes.items() if key not in swapped
    }
    return swap(load_protocol(protocols[0].base, **values), swapped)


TABLE_POLICIES = (  # the eleven of Tables 3-20
    "baseline",
    *(f"{kind}_proportional{s}" for s in ("", "_update", "_downweight", "_update_downweight")
      for kind in ("random", "deterministic")),
    "random_inverse_proportional",
    "deterministic_inverse_proportional",
)  # fmt: skip
TABLE_SCORES = ("influence", "loss")  # of Tables 3-20
