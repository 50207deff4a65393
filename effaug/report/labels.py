"""What policies, tasks, scores, features and protocols are called where a reader sees them."""

from __future__ import annotations

import re

_DATASETS = {"mnist": "MNIST", "cifar10": "CIFAR-10", "smallnorb": "small NORB", "digits": "digits"}
_AUGMENTATIONS = {"translate": "shifted", "rotate": "rotated", "crop": "cropped"}
_PROTOCOLS = {"paper": "the text", "released-code": "the released code", "reconstruction": "the reconstruction"}
_FEATURES = {"frozen": "frozen network", "refit": "network refit at every fit"}
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
    >>> task_label("cifar10-translate"), task_label("mnist-rotate-4v9-n500"), task_label("mine-rotate")
    ('CIFAR-10, shifted', 'MNIST, rotated (4v9-n500)', 'mine, rotated')
    """
    dataset, _, rest = task.partition("-")
    augmentation, _, settings = rest.partition("-")
    if augmentation not in _AUGMENTATIONS:
        return task
    return f"{dataset_label(dataset)}, {augmentation_label(augmentation)}{f' ({settings})' * bool(settings)}"


def score_label(name: str) -> str:
    """A score's name for readers; empty for policies that use none."""
    return {"loss": "training loss", "margin": "SVM margin"}.get(name, name)


def features_label(name: str) -> str:
    """What the features come from: one network, or one for every fit.

    Examples
    --------
    >>> features_label("frozen")
    'frozen network'
    """
    return _FEATURES.get(name, name)


def protocol_label(name: str) -> str:
    """Whose settings a protocol has; a changed one is called as it is stored.

    Examples
    --------
    >>> protocol_label("paper"), protocol_label("paper+C=1.0")
    ('the text', 'paper+C=1.0')
    """
    return _PROTOCOLS.get(name, name)
