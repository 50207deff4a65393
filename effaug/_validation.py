"""What arguments may be, and the sentence for a value that is not among those accepted."""

import difflib
from collections.abc import Iterable
from typing import Any

import numpy as np
from array_api_compat import array_namespace, is_array_api_obj

Randomness = int | np.random.Generator | None


def unknown(what: str, value: object, accepted: Iterable[object]) -> str:
    """``unknown task 'mnist-rotat' (did you mean 'mnist-rotate'?); accepted: ...``"""
    choices = [str(choice) for choice in accepted]
    close = difflib.get_close_matches(str(value).lower(), choices, n=1)
    hint = f" (did you mean {close[0]!r}?)" if close else ""
    return f"unknown {what} {value!r}{hint}; accepted: {', '.join(choices)}"


def real(X: Any, name: str = "X") -> Any:
    """An array of real numbers, or a ValueError that names what is wrong with it: nothing is dropped or read as if.

    Arrays of other namespaces stay where they are.
    """
    if np.ma.is_masked(X):
        raise ValueError(f"{name} must have no masked values: fill them, or leave their points out")
    if hasattr(X, "toarray"):
        raise ValueError(f"{name} must be dense, got a sparse {type(X).__name__}: its toarray() is")
    found = X if is_array_api_obj(X) and not isinstance(X, np.ndarray) else np.asarray(X)  # a view of a memory map
    if not (found.dtype.kind in "buif" if isinstance(found, np.ndarray) else _is_real(found)):
        raise ValueError(f"{name} must hold real numbers, got {found.dtype}")
    return found


def _is_real(X: Any) -> bool:
    return bool(array_namespace(X).isdtype(X.dtype, ("bool", "integral", "real floating")))


def finite(X: object) -> np.ndarray:
    """X (n, d) in float64, itself where it is, d at least 1, or a ValueError that names what is wrong with it."""
    found: np.ndarray = np.asarray(real(X), float)
    if found.ndim != 2:
        raise ValueError(f"X must have shape (n, d), got {found.shape}")
    if not found.shape[1]:
        raise ValueError(f"X must have at least one feature, got shape {found.shape}")
    sound = np.isfinite(found)
    if not sound.all():
        bad = np.argwhere(~sound)
        raise RowError(found[tuple(bad[0])], int(bad[0, 0]))
    return found


def classes_of(y: np.ndarray) -> np.ndarray:
    """Labels (n,) of type int, 0 to K - 1 with K at least 2 and every class present, or a ValueError."""
    found, known = np.asarray(y), np.unique(y)
    if len(known) < 2 or known.tolist() != list(range(len(known))):
        raise ValueError(f"y must be 0 and 1, both present, or 0 to K - 1, each present, got {known[:5].tolist()}")
    return found.astype(int)  # unsigned ones would wrap in 1 - 2 y


def labels(y: object, n: int, n_classes: int) -> np.ndarray:
    """Labels 0 to n_classes - 1 (n,) of type int, or a ValueError that names what is wrong with them."""
    found = np.asarray(y)
    if found.shape != (n,):
        raise ValueError(f"y must have shape ({n},), a label for each row of X, got {found.shape}")
    if not set(np.unique(found).tolist()) <= set(range(n_classes)):
        accepted = "0 or 1" if n_classes == 2 else f"0 to {n_classes - 1}"
        raise ValueError(f"y must be {accepted}, got {np.unique(found)[:5].tolist()}")
    return found.astype(int)  # unsigned ones would wrap in 1 - 2 y


def not_negative(name: str, values: np.ndarray | None, n: int) -> np.ndarray:
    """Values (n,), ones for None, or a ValueError that names what is wrong with them."""
    values = np.ones(n) if values is None else real(values, name).astype(float)
    if values.shape != (n,):
        raise ValueError(f"{name} must have shape ({n},), one a point, got {values.shape}")
    bad = np.flatnonzero(~(np.isfinite(values) & (values >= 0)))
    if len(bad):
        raise ValueError(f"{name} must be finite and not negative, got {values[bad[0]]} at point {bad[0]}")
    return values


class RowError(ValueError):
    """A row of X that has a value which is not finite."""

    def __init__(self, value: object, row: int) -> None:
        super().__init__(value, row)  # as it is pickled
        self.value, self.row = value, row

    def __str__(self) -> str:
        return f"X must be finite, got {self.value} in row {self.row}"


class SizeError(ValueError):
    """A k that is no whole number between 0 and `most`, which is `why`."""

    def __init__(self, k: object, most: int, why: str, name: str = "k", advice: str = "") -> None:
        super().__init__(f"{name} must be a whole number between 0 and {most}, {why}, got {k!r}{advice}")
        self.most, self.why = most, why


def check_size(k: int, most: int, why: str) -> None:
    """Refuse such a k with a `SizeError`."""
    if not isinstance(k, int | np.integer) or isinstance(k, bool) or not 0 <= k <= most:
        raise SizeError(k, most, why)


def generator(random_state: Randomness) -> np.random.Generator:
    """What a public door takes as `random_state`, as a generator; None is seeded anew.

    Raises
    ------
    ValueError
        For anything but a seed, a `numpy.random.Generator` or None.
    """
    if isinstance(random_state, np.random.Generator):
        return random_state
    whole = isinstance(random_state, int | np.integer) and not isinstance(random_state, bool)
    if random_state is not None and not (whole and random_state >= 0):
        accepted = "a whole number from 0, a numpy.random.Generator or None"
        raise ValueError(f"random_state must be {accepted}, got {random_state!r}")
    return np.random.default_rng(random_state)
