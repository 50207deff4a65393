"""What a notebook's parameters accept, and the sentence for what they do not."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from effaug._validation import unknown
from effaug.images._folders import named_folder
from effaug.images.weights import networks
from effaug.report.withstood import faults
from effaug.scores import SCORES
from effaug.study.experiment import FEATURES
from effaug.study.names import current
from effaug.study.protocols import NAMES
from effaug.study.results import Results
from effaug.study.tasks import AUGMENTATIONS, SOURCES

STORED = Path(os.environ.get("EFFAUG_RESULTS") or Path(__file__).resolve().parents[2] / "results")


ACCEPTED: dict[str, tuple[str, ...]] = {
    "dataset": ("all", *SOURCES),
    "augmentation": ("all", *AUGMENTATIONS),
    "score": tuple(SCORES),
    "features": ("all", *FEATURES),
    "protocol": NAMES,
    "source": ("stored", "recompute"),
    "variants": ("all", "paper"),
    "network": ("all",),
    "device": ("all",),
    "fault": ("all",),
}
DEFAULTS = {
    "dataset": "all",
    "augmentation": "all",
    "score": "influence",
    "features": "all",
    "protocol": "paper",
    "n_seeds": 5,
    "source": "stored",
}
PARAMETERS = tuple(DEFAULTS)


class ParameterError(ValueError):
    """A notebook parameter that is unknown, or has a value that is not accepted; shown as one sentence."""

    def _render_traceback_(self) -> list[str]:
        return [f"ParameterError: {self}"]


def check_parameters(
    namespace: Mapping[str, Any], names: tuple[str, ...] = PARAMETERS, results: Results | None = None
) -> dict[str, Any]:
    """The notebook's parameters, once each is known and has an accepted value. Pandas is told to show tables whole.

    Parameters
    ----------
    namespace : mapping
        The notebook's ``globals()``.
    names : tuple of str
        The parameters this notebook has.
    results : Results, optional
        Whose protocols are accepted; those of the book unless given.

    Raises
    ------
    ParameterError
        Naming the parameter, the value and what is accepted.
    """
    results = results or stored_results()
    given = {k: v for k, v in namespace.items() if not k.startswith("_") and _is_literal(v) and k not in ("In", "Out")}
    for name in given:
        if name not in names:
            raise ParameterError(unknown("parameter", name, names))
    for name in names:
        if name not in given:
            raise ParameterError(f"parameter {name!r} is not set; this notebook needs: {', '.join(names)}")
        if name == "dataset" and not is_own(given[name]):
            given[name] = current(given[name], stacklevel=4)
        check_value(name, given[name], results)
    pd.set_option("display.max_rows", None, "display.max_columns", None, "display.max_colwidth", None)
    return given


def stored_results() -> Results:
    """Results that the book shows: those of `STORED`, or a sentence if it is not there."""
    try:
        named_folder("EFFAUG_RESULTS")
    except FileNotFoundError as error:
        raise ParameterError(str(error)) from None
    return Results(STORED)


def check_value(name: str, value: Any, results: Results) -> None:
    """Refuse a value that a parameter does not accept with a `ParameterError`."""
    if name == "n_seeds":
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise ParameterError(f"n_seeds must be a whole number of at least 1, got {value!r}")
    elif name == "dataset" and is_own(value):
        return  # `effaug.report.own_data` reads it
    elif value not in ACCEPTED.get(name, ()) and value not in (known := accepted(name, results)):
        raise ParameterError(unknown(name, value, known))


def is_own(dataset: Any) -> bool:
    """Whether a value of `dataset` names a file of one's own."""
    return isinstance(dataset, str) and dataset.endswith(".npz")


def accepted(name: str, results: Results) -> tuple[str, ...]:
    """What a parameter that is no number accepts.

    Of some also what is stored: changed protocols, weights, measurements of time, faults that were withstood.
    """
    if name == "network":
        return (*ACCEPTED[name], *networks())
    if name == "device":
        return (*ACCEPTED[name], *(path.stem for path in sorted((STORED / "timing").glob("*.json"))))
    if name == "fault":
        return (*ACCEPTED[name], *faults(STORED))
    if name != "protocol":
        return ACCEPTED[name]
    return tuple(dict.fromkeys((*ACCEPTED[name], *results.table().protocol)))


def _is_literal(value: Any) -> bool:
    return value is None or isinstance(value, bool | int | float | str | list | dict | tuple)
