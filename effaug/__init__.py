"""Which training points are worth augmenting? A companion to Kuchnik & Smith, ICLR 2019.

The names below load their module, and with it SciPy and scikit-learn, when they are first used. Those of the images and
of the study need an extra of the package, and say so where it is not installed.
"""

from importlib import import_module
from importlib.metadata import version
from typing import Any

from effaug import _extras

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


def _extra(name: str) -> str:
    """Of the package, which installs what a name needs; none for the method."""
    return _HOMES[name].rpartition(".")[0]


def _usable() -> list[str]:
    missing = {extra for extra in _extras.NEEDS if _extras.absent(extra)}
    return [name for name in _HOMES if _extra(name) not in missing]


__all__ = ["__version__", *_usable()]  # without an extra, `import *` and `help` leave its names out


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'effaug' has no attribute {name!r}")
    if (extra := _extra(name)) and _extras.absent(extra):
        raise ImportError(_extras.advice(f"effaug.{name}", extra))
    return getattr(import_module(f"effaug.{_HOMES[name]}"), "load" if name == "load_dataset" else name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
