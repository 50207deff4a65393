"""The sentence for a value that is not among those accepted."""

import difflib
from collections.abc import Iterable

import numpy as np


def unknown(what: str, value: object, accepted: Iterable[object]) -> str:
    """``unknown task 'mnist-rotat' (did you mean 'mnist-rotate'?); accepted: ...``"""
    choices = [str(choice) for choice in accepted]
    close = difflib.get_close_matches(str(value).lower(), choices, n=1)
    hint = f" (did you mean {close[0]!r}?)" if close else ""
    return f"unknown {what} {value!r}{hint}; accepted: {', '.join(choices)}"


def finite(features: np.ndarray, name: str = "features") -> np.ndarray:
    """Features (n, d) in float64, or a ValueError that names what is wrong with them."""
    features = np.asarray(features, float)
    if features.ndim != 2:
        raise ValueError(f"{name} must have shape (n, d), got {features.shape}")
    bad = np.argwhere(~np.isfinite(features))
    if len(bad):
        raise ValueError(f"{name} must be finite, got {features[tuple(bad[0])]} in row {bad[0, 0]}")
    return features


def not_negative(name: str, values: np.ndarray | None, n: int) -> np.ndarray:
    """Values (n,), ones for None, or a ValueError that names what is wrong with them."""
    values = np.ones(n) if values is None else np.asarray(values, float)
    if values.shape != (n,):
        raise ValueError(f"{name} must have shape ({n},), one a point, got {values.shape}")
    bad = np.flatnonzero(~(np.isfinite(values) & (values >= 0)))
    if len(bad):
        raise ValueError(f"{name} must be finite and not negative, got {values[bad[0]]} at point {bad[0]}")
    return values


def check_size(k: int, most: int, why: str) -> None:
    """Refuse a k that is no whole number between 0 and `most`, which is `why`, with a ValueError."""
    if not isinstance(k, int | np.integer) or isinstance(k, bool) or not 0 <= k <= most:
        raise ValueError(f"k must be a whole number between 0 and {most}, {why}, got {k!r}")
