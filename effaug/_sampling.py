"""Drawing without replacement, with probabilities proportional to weights, as an exponential race.

Point i arrives at time E_i / v_i, E_i ~ Exp(1), for weights v, and the order of arrival is the order of drawing
(Efraimidis & Spirakis, 2006). In logs the race needs no sums and cannot overflow, and a zero weight arrives last. The
E do not depend on the weights: whatever is drawn from one seed is drawn on common random numbers.
"""

from __future__ import annotations

import numpy as np


def race(log_weights: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Keys of `numpy.lexsort` that put points in the order of arrival, from log weights (n,), which may be infinite."""
    clock = np.log(rng.standard_exponential(len(log_weights)))
    return clock, clock - log_weights  # infinitely early or late arrivals keep the clock's order


def first(k: int, keys: tuple[np.ndarray, ...]) -> np.ndarray:
    """The first k of ``numpy.lexsort(keys)``, equal points in the order of their indices: O(n + k log k)."""
    *others, key = keys
    if k >= len(key):
        return np.lexsort(keys)
    if k <= 0:
        return np.zeros(0, int)
    last = np.partition(key, k - 1)[k - 1]
    before, tied = np.flatnonzero(key < last), np.flatnonzero(key == last)
    some = tied[: k - len(before)] if not others else tied[first(k - len(before), tuple(o[tied] for o in others))]
    order = np.lexsort([k[before] for k in keys])
    return np.concatenate([before[order], some])


def log(weights: np.ndarray) -> np.ndarray:
    """Logs of weights (n,), -inf for zero."""
    with np.errstate(divide="ignore"):
        found: np.ndarray = np.log(weights)
    return found
