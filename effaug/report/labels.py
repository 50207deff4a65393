"""What policies, tasks, scores, features and protocols are called where a reader sees them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pandas as pd

_DATASETS = {"mnist": "MNIST", "cifar10": "CIFAR-10", "smallnorb": "small NORB", "digits": "digits"}
_AUGMENTATIONS = {"translate": "shifted", "rotate": "rotated", "crop": "cropped"}
_PROTOCOLS = {"paper": "the text", "released-code": "the released code", "reconstruction": "the reconstruction"}
_FEATURES = {"frozen": "frozen features", "refit": "features refit at every fit"}
_POLICIES = {
    "baseline": "random",
    "random_proportional": "random proportional",
    "deterministic_proportional": "det. proportional",
    "random_inverse_proportional": "random inverse",
    "deterministic_inverse_proportional": "det. inverse",
    "random_softmax": "random softmax",
    "random_inverse_softmax": "random inverse softmax",
    "virtual_support_vectors": "virtual support vectors",
    "clustered_baseline": "random, clustered",
    "clustered_random_proportional": "random proportional, clustered",
    "dpp": "k-DPP",
    "dpp_proportional": "k-DPP, proportional",
    "dpp_map": "greedy MAP",
    "dpp_map_proportional": "greedy MAP, proportional",
    "full": "all points",
}
_REFINEMENTS = {"_update": ", updated", "_downweight": ", down-weighted"}


def policy_label(name: str) -> str:
    """A policy's name for readers; one of a user's own is called as it is.

    Examples
    --------
    >>> policy_label("deterministic_proportional_update_downweight")
    'det. proportional, updated, down-weighted'
    >>> policy_label("my_policy")
    'my_policy'
    """
    plain = re.sub("(_update)?(_downweight)?$", "", name)
    if plain not in _POLICIES:
        return name
    return _POLICIES[plain] + "".join(words for suffix, words in _REFINEMENTS.items() if suffix in name)


def dataset_label(name: str) -> str:
    """A data set's name for readers.

    Examples
    --------
    >>> dataset_label("smallnorb")
    'small NORB'
    """
    return _DATASETS.get(name, name)


def augmentation_label(name: str) -> str:
    """What an augmentation does to the images.

    Examples
    --------
    >>> augmentation_label("crop")
    'cropped'
    """
    return _AUGMENTATIONS.get(name, name)


def task_label(task: str) -> str:
    """A task's name for readers: its images and what is done to them.

    Examples
    --------
    >>> task_label("cifar10-translate"), task_label("mnist-rotate-4v9-n500"), task_label("my-own-rotate")
    ('CIFAR-10, shifted', 'MNIST, rotated (4v9-n500)', 'my-own, rotated')
    """
    found = re.fullmatch(rf"(.+?)-({'|'.join(_AUGMENTATIONS)})(?:-(.+))?", task)
    if not found:
        return task
    dataset, augmentation, settings = found.groups()
    return f"{dataset_label(dataset)}, {augmentation_label(augmentation)}{f' ({settings})' * bool(settings)}"


def with_labels(words: str) -> str:
    """Words in which tasks are called as readers call them.

    Examples
    --------
    >>> with_labels("cifar10-crop, 312 points"), with_labels("smallnorb-crop less mnist-crop")
    ('CIFAR-10, cropped, 312 points', 'small NORB, cropped less MNIST, cropped')
    """
    tasks = rf"\b({'|'.join(_DATASETS)})-({'|'.join(_AUGMENTATIONS)})\b"
    return re.sub(tasks, lambda found: task_label(found[0]), words)


def score_label(name: str) -> str:
    """A score's name for readers; empty for policies that use none."""
    return {"loss": "training loss", "margin": "SVM margin"}.get(name, name)


def features_label(name: str) -> str:
    """What the features come from: one network, or one for every fit.

    Examples
    --------
    >>> features_label("frozen")
    'frozen features'
    """
    return _FEATURES.get(name, name)


def protocol_label(name: str) -> str:
    """Whose settings a protocol has, and what is changed in them or taken from the other one.

    Examples
    --------
    >>> protocol_label("paper"), protocol_label("paper+C=1.0"), protocol_label("released-code~small_angles")
    ('the text', 'the text, C = 1.0', "the released code, the text's small angles")
    >>> protocol_label("released-code+subtract_mean=0.25"), protocol_label("paper~subtract_mean")
    ('the released code, 75 % of the mean image kept', 'the text, mean image kept as in the code')
    """
    base, *changes = re.split("(?=[+~])", name)
    other = "the text's" if base == "released-code" else "the code's"
    told = [_PROTOCOLS.get(base, base)]
    for change in changes:
        choice, _, value = change[1:].partition("=")
        words = choice_label(choice)
        if choice == "subtract_mean" and value[:1].isdigit():
            told.append(f"{100 - 100 * float(value):.0f} % of the mean image kept")
        elif choice == "subtract_mean" and not value:
            kept, of = ("subtracted", "text") if base == "released-code" else ("kept", "code")
            told.append(f"mean image {kept} as in the {of}")
        else:
            told.append(f"{other} {words}" if change[0] == "~" else _VALUES.get(change[1:], f"{words} = {value}"))
    return ", ".join(told)


def choice_label(name: str) -> str:
    """What a choice of a protocol is about, for readers; a word of its own is called as it is.

    Examples
    --------
    >>> choice_label("subtract_mean"), choice_label("C")
    ('mean image', 'C')
    """
    return _CHOICES.get(name, name)


_CHOICES = {
    "directions": "directions of shifts",
    "small_angles": "small angles",
    "subtract_mean": "mean image",
    "one_smallnorb_network": "networks for small NORB",
    "smallnorb_divided_twice": "division of pixels",
    "mnist_network": "network for MNIST",
    "dpp_diagonal": "diagonal of the k-DPP",
    "weighted_hessian": "weights in the Hessian",
    "shared_start": "start of rounds",
    "kmeans_starts": "starts of k-means",
    "shuffled_folds": "shuffling of folds",
    "weights": "network",
    "weights_sha256": "hash of the network's file",
    "cnn_precision": "precision of the CNN",
}
_VALUES = {
    "C=cv": "C cross-validated",
    "subtract_mean=False": "mean image kept",
    "subtract_mean=True": "mean image subtracted",
    "mnist_network=lenet": "LeNet for MNIST",
    "one_smallnorb_network=False": "two networks for small NORB",
    "shared_start=False": "rounds started apart",
}
_READ: dict[str, Callable[[str], str]] = {
    "task": task_label,
    "policy": policy_label,
    "score": score_label,
    "features": features_label,
    "protocol": protocol_label,
    "choice": choice_label,
    "data set": dataset_label,
}


def human(frame: pd.DataFrame) -> pd.DataFrame:
    """A table whose index, cells and headings are called as readers call them.

    Examples
    --------
    >>> print(human(pd.DataFrame({"policy": ["baseline"], "influence - baseline": [1]})))
       policy  influence − random
    0  random                   1
    """
    named = frame.rename(columns=_heading)
    for column in named.columns.intersection(list(_READ)):
        named[column] = named[column].map(_READ[column])
    if set(frame.index.names) & _READ.keys():
        levels = [
            frame.index.get_level_values(k).map(_READ.get(str(n), _same)) for k, n in enumerate(frame.index.names)
        ]
        named.index = levels[0] if len(levels) == 1 else pd.MultiIndex.from_arrays(levels, names=frame.index.names)
    return named


def _same(value: Any) -> Any:
    return value


def _heading(column: Any) -> Any:
    """A column's heading: policies and protocols by their labels, differences with a minus, percentages with a space.

    A column ``paper`` has published numbers.
    """
    if not isinstance(column, str):
        return column
    words = [policy_label(_PROTOCOLS.get(word, word) if word != "paper" else word) for word in column.split(" - ")]
    return re.sub(r"^baseline (?=\d)", "random ", re.sub(r"(\d)%", r"\1 %", " \u2212 ".join(words)))
