"""Names of data sets and choices that were given up: still understood, and replaced before anything is stored."""

from __future__ import annotations

import warnings
from typing import Any

OLD_DATASETS = {"norb": "smallnorb"}
RENAMED = {
    **OLD_DATASETS,
    "norb_divided_twice": "smallnorb_divided_twice",
    "one_norb_network": "one_smallnorb_network",
}


class RenamedWarning(DeprecationWarning):
    """Something was asked for by a name that it no longer has."""


def current(name: Any, stacklevel: int = 3) -> Any:
    """What a data set, a task or a choice is called now, with a `RenamedWarning` where that is another name.

    Parameters
    ----------
    name : object
        A task's begins with its data set's. What is no name is given back.
    stacklevel : int
        Whose line the warning shows; 3 is that of the caller's caller.

    Examples
    --------
    >>> current("mnist-rotate")
    'mnist-rotate'
    """
    if not isinstance(name, str):
        return name
    first, dash, rest = name.partition("-")
    if first not in RENAMED:
        return name
    now = f"{RENAMED[first]}{dash}{rest}"
    warnings.warn(f"{name} is called {now} now: please use that name", RenamedWarning, stacklevel=stacklevel)
    return now
