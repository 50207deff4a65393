"""Drawing without replacement, with probabilities proportional to weights, as an exponential race.

Point i arrives at time E_i / v_i, E_i ~ Exp(1), for weights v, and the order of arrival is the order of drawing
(Efraimidis & Spirakis, 2006). In logs the race needs no sums and cannot overflow, and a zero weight arrives last. The
E do not depend on the weights: whatever is drawn from one seed is drawn on common random numbers.
"""

from __future__ import annotations

import numpy as np


def race(log_weights: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """All points in the order of their arrival: log weights (n,), which may be infinite, to a permutation (n,)."""
    clock = np.log(rng.standard_exponential(len(log_weights)))
    return np.lexsort((clock, clock - log_weights))  # infinitely early or late arrivals keep the clock's order


def log(weights: np.ndarray) -> np.ndarray:
    """Logs of weights (n,), -inf for zero."""
    with np.errstate(divide="ignore"):
        found: np.ndarray = np.log(weights)
    return found
