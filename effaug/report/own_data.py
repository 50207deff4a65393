"""A notebook on images of one's own: the task that a file named as its `dataset` stands for."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from effaug._validation import unknown
from effaug.report.parameters import ParameterError, is_own
from effaug.study.own import own_task
from effaug.study.protocols import PROTOCOLS, Protocol, load_protocol
from effaug.study.task_data import Subset, file_subset
from effaug.study.tasks import AUGMENTATIONS, SOURCES, Task, named_augmentation

PAGES = (
    "deterministic_policies",
    "experiment",
    "quickstart",
    "random_policies",
    "refinements",
)  # that compute one task
_SIDE = 14  # of an image that the task of MNIST shifts by 2 of its 28 pixels


def task_of(chosen: Mapping[str, Any]) -> Task | None:
    """The task that a notebook's parameters name; None where `dataset` is no file.

    Features are the pixels. Rotations are those of MNIST's tasks; shifts go in the protocol's directions, and shifts
    and crops are of a fourteenth of the image's shorter side: 2 of 28 pixels.

    Parameters
    ----------
    chosen : mapping
        ``dataset``, ``augmentation``, ``protocol`` and ``source``, of which the notebook may lack some.

    Raises
    ------
    ParameterError
        Naming the parameter, the value and what is accepted; or what is wrong with the file.
    """
    path = str(chosen.get("dataset"))
    if not is_own(path):
        return None
    if chosen.get("source") != "recompute":
        raise ParameterError(f"dataset {path!r} is computed as it is read: it needs source 'recompute'")
    for name, accepted in (("augmentation", AUGMENTATIONS), ("protocol", tuple(PROTOCOLS))):
        if chosen.get(name) not in accepted:
            raise ParameterError(f"{unknown(name, chosen.get(name), accepted)}, for an .npz of your own")
    try:
        return _task(Path(path), chosen["augmentation"], load_protocol(chosen["protocol"]))
    except (ValueError, OSError) as error:
        raise ParameterError(str(error)) from error


def check_page(name: str, chosen: Mapping[str, Any]) -> None:
    """Refuse a file that cannot be read as a task, or that a notebook does not take, with a `ParameterError`."""
    if is_own(chosen.get("dataset")) and name not in PAGES:
        raise ParameterError(f"{name} takes no .npz of your own; these do: {', '.join(PAGES)}")
    task_of(chosen)


def as_arguments(chosen: Mapping[str, Any]) -> str:
    """The same task as `effaug run` is told of it: the file, the augmentation and what its copies are made with."""
    path, augmentation = Path(str(chosen["dataset"])), chosen["augmentation"]
    copies = _copies(file_subset(path), augmentation, load_protocol(chosen["protocol"]))
    each = (str(value).strip("()").replace(" ", "") for value in copies)
    values = (":" if augmentation == "translate" else ",").join(each)
    return f"{shlex.quote(str(path))} --augmentation {augmentation} --parameters {values}"


def _copies(subset: Subset, augmentation: str, protocol: Protocol) -> tuple:
    step = max(1, round(min(subset.x_train.shape[1:3]) / _SIDE))
    return {
        "translate": tuple((step * dy, step * dx) for dy, dx in protocol.directions),
        "rotate": SOURCES["mnist"].angles or (),
        "crop": (step,),
    }[augmentation]


def _task(path: Path, augmentation: str, protocol: Protocol) -> Task:
    subset = file_subset(path)
    copies = named_augmentation(augmentation, _copies(subset, augmentation, protocol))
    return own_task(f"{path.stem}-{augmentation}", subset, augmentation=copies)
