"""Policies: from scores to the order in which points are augmented (paper, Table 2).

Drawing without replacement with probabilities proportional to weights v is an exponential race: point i arrives at
time E_i / v_i, E_i ~ Exp(1), and the order of arrival is the order of drawing (Efraimidis & Spirakis, 2006). In logs
the race needs no sums and cannot overflow, a zero weight simply arrives last, and every policy of one seed runs on the
same E: policies of a seed are compared on common random numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

Order = Callable[[np.ndarray, np.random.Generator], np.ndarray]


@dataclass(frozen=True)
class Policy:
    """How points are chosen, and what becomes of their weights.

    Attributes
    ----------
    name : str
    order : callable
        From scores (n,) and a random generator to a permutation of the points, first to be augmented first.
    selection : str
        The selection function as Table 2 writes it (LaTeX).
    uses_scores, random : bool
    update : bool
        Scores are taken again, at every budget, from the model just fitted (Section 4.2).
    downweight : bool
        A selected point and each of its t copies weigh 1 / (1 + t) (Section 4.2).
    """

    name: str
    order: Order
    selection: str
    uses_scores: bool = True
    random: bool = True
    update: bool = False
    downweight: bool = False

    def weights(self, selected: np.ndarray, copies: int) -> np.ndarray:
        """The plan: a boolean selection (n,) to sample weights (n, 1 + copies)."""
        return plan_weights(selected, copies, downweight=self.downweight)


def plan_weights(selected: np.ndarray, copies: int, *, downweight: bool = False) -> np.ndarray:
    """Sample weights of originals and copies.

    Parameters
    ----------
    selected : ndarray of bool, shape (n,)
    copies : int
        t, copies a point.
    downweight : bool, default False
        Share a selected point's weight of 1 among it and its copies.

    Returns
    -------
    ndarray, shape (n, 1 + t)
        Unselected points: ``[1, 0, ..., 0]``; selected ones: all 1, or all ``1 / (1 + t)``.
    """
    weights = np.zeros((len(selected), 1 + copies))
    weights[:, 0] = 1
    weights[selected] = 1 / (1 + copies) if downweight else 1
    return weights


def _race(log_weights: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    clock = np.log(rng.standard_exponential(len(log_weights)))
    return np.lexsort((clock, clock - log_weights))  # infinitely early or late arrivals keep the clock's order


def _log(scores: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore"):
        return np.log(scores)


_PROPORTIONAL, _INVERSE = r"P(z_i) = s_i / \sum_j s_j", r"P(z_i) = s_i^{-1} / \sum_j s_j^{-1}"
_SOFTMAX, _INVERSE_SOFTMAX = r"P(z_i) = e^{s_i} / \sum_j e^{s_j}", r"P(z_i) = e^{-s_i} / \sum_j e^{-s_j}"

_BASES = (
    Policy("baseline", lambda s, rng: _race(np.zeros(len(s)), rng), r"P(z_i) = 1 / n", uses_scores=False),
    Policy("random_proportional", lambda s, rng: _race(_log(s), rng), _PROPORTIONAL),
    Policy(
        "deterministic_proportional",
        lambda s, rng: np.argsort(-s, kind="stable"),
        r"\mathrm{Rank}(z_i) = \mathrm{SELECT}_s^{-1}(s_i)",
        random=False,
    ),
    Policy("random_inverse_proportional", lambda s, rng: _race(-_log(s), rng), _INVERSE),
    Policy(
        "deterministic_inverse_proportional",
        lambda s, rng: np.argsort(s, kind="stable"),
        r"\mathrm{Rank}(z_i) = \mathrm{SELECT}_{-s}^{-1}(s_i)",
        random=False,
    ),
    Policy("random_softmax", lambda s, rng: _race(s, rng), _SOFTMAX),
    Policy("random_inverse_softmax", lambda s, rng: _race(-s, rng), _INVERSE_SOFTMAX),
)


def _variants() -> dict[str, Policy]:
    found = {}
    for base in _BASES:
        for suffix, update, downweight in (
            ("", False, False),
            ("_update", True, False),
            ("_downweight", False, True),
            ("_update_downweight", True, True),
        ):
            if update and not base.uses_scores:
                continue  # nothing to update
            name = base.name + suffix
            found[name] = Policy(name, base.order, base.selection, base.uses_scores, base.random, update, downweight)
    return found


POLICIES = _variants()
TABLE_POLICIES = (  # the eleven of Tables 3-20
    "baseline",
    *(f"{kind}_proportional{s}" for s in ("", "_update", "_downweight", "_update_downweight")
      for kind in ("random", "deterministic")),
    "random_inverse_proportional",
    "deterministic_inverse_proportional",
)  # fmt: skip


def extend(
    policy: Policy, selected: np.ndarray, scores: np.ndarray, budget: int, rng: np.random.Generator
) -> np.ndarray:
    """Further points, in order, until `budget` are selected.

    Parameters
    ----------
    policy : Policy
    selected : ndarray of int
        Points selected so far, in order.
    scores : ndarray, shape (n,)
        Finite and not negative.
    budget : int
        Number of points to end with, 0 to n.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of int, shape (budget,)
        `selected`, then the new ones.

    Raises
    ------
    ValueError
        For scores that are negative or not finite, or a budget outside ``len(selected)`` to n.
    """
    if not (np.isfinite(scores).all() and (scores >= 0).all()):
        wrong = scores[~(np.isfinite(scores) & (scores >= 0))]
        raise ValueError(f"scores must be finite and not negative, got {wrong[0]} among {len(scores)}")
    if not len(selected) <= budget <= len(scores):
        raise ValueError(f"budget must lie between {len(selected)} and {len(scores)}, got {budget}")
    order = policy.order(scores, rng)
    rest = order[~np.isin(order, selected)]
    return np.concatenate([selected, rest[: budget - len(selected)]]).astype(int)
