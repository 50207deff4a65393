"""Which training points are worth augmenting? A companion to Kuchnik & Smith, ICLR 2019.

The names below load their module, and with it SciPy and scikit-learn, when they are first used.
"""

from importlib import import_module
from importlib.metadata import version
from typing import Any

__version__ = version("effaug")

_HOMES = {
    "load_task": "study.tasks",
    "own_task": "study.own",
    "load_protocol": "study.protocols",
    "load_dataset": "study.datasets",
    "load_subset": "study.task_data",
    "Subset": "study.task_data",
    "Augmenters": "images.augment",
    "iaa": "images._imgaug",
    "Pixels": "images.features",
    "LeNet": "images.features",
    "select": "selection",
    "POLICIES": "policies",
    "Experiment": "study.experiment",
    "run": "study.runner",
    "Results": "study.results",
    "auc": "curves",
}
__all__ = ["__version__", *_HOMES]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'effaug' has no attribute {name!r}")
    return getattr(import_module(f"effaug.{_HOMES[name]}"), "load" if name == "load_dataset" else name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
