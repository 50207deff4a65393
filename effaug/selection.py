"""Which of my points should I augment?"""

from __future__ import annotations

import numpy as np

from effaug import logistic, scores
from effaug._validation import Randomness, finite, generator, unknown
from effaug.policies import POLICIES, Policy, Request, load_policy

LARGEST = 1e150  # its square is finite


def select(
    X: np.ndarray,
    y: np.ndarray,
    budget: int,
    *,
    score: scores.Score = "influence",
    policy: str | Policy = "deterministic_proportional",
    C: float = 10.0,
    random_state: Randomness = 0,
) -> np.ndarray:
    """Which of my points should I augment?

    Parameters
    ----------
    X : ndarray, shape (n, d)
        Features: bottleneck features of a trained network, or whatever a linear classifier does well on.
    y : ndarray, shape (n,)
        Labels of two classes.
    budget : int
        How many to choose; the paper's finding is that about n / 10 do.
    score : str, callable or ndarray, shape (n,)
        One of `effaug.scores.SCORES`, or see `effaug.scores.score`. Of a score of which low ones mean that a point is
        worth augmenting (`SCORES`), the policies get the reciprocals: by margin, the points closest to the boundary
        come first.
    policy : str or Policy
        Any of `effaug.policies.POLICIES` or one of your own, but no updating one, which needs the copies' features (see
        `effaug.curves`), and no down-weighting one, which chooses the points that its plain form chooses.
    C : float, default 10
        Inverse L2 strength of the logistic regression that the scores are taken from.
    random_state : int, numpy.random.Generator or None, default 0
        Seed of the random policies, or what they draw from; None for a generator that is seeded anew.

    Returns
    -------
    ndarray of int, shape (budget,)
        Indices of the points, in the order in which the policy chooses them.

    Raises
    ------
    ValueError
        For an unknown score or policy, X of another shape or not finite, labels that are not of two classes, a
        `random_state` of another kind, a budget above n, for a k-DPP above the rank of its kernel, for
        ``virtual_support_vectors`` other than the number of support vectors, or a logistic regression that does not
        converge.
    """
    if not isinstance(policy, Policy) and policy not in POLICIES:
        raise ValueError(
            unknown("policy", policy, (p.name for p in POLICIES.values() if not (p.update or p.downweight)))
        )
    policy = load_policy(policy)
    if policy.update:
        raise ValueError(f"select() scores once; policy {policy.name!r} updates its scores at every budget")
    if policy.downweight:
        raise ValueError(
            f"policy {policy.name!r} differs from {policy.name.removesuffix('_downweight')!r} in its weights alone: "
            f"choose points with policy={policy.name.removesuffix('_downweight')!r}, and weigh them with "
            "effaug.plans.plan_weights(selected, copies, downweight=True)"
        )
    X, y = finite(X), _two_classes(y)
    if len(y) != len(X):
        raise ValueError(f"y must have a label for each row of X, {len(X)}, got {len(y)}")
    scores.check(score, len(X))
    if not isinstance(budget, int | np.integer) or isinstance(budget, bool) or not 0 <= budget <= len(X):
        raise ValueError(f"budget must be a whole number between 0 and {len(X)}, got {budget!r}")
    if not (isinstance(C, int | float | np.number) and C > 0):
        raise ValueError(f"C must be a positive number, got {C!r}")
    rng, values = generator(random_state), np.ones(len(X))
    if policy.uses_scores:
        if (largest := np.abs(X).max(initial=0)) > LARGEST:
            raise ValueError(f"X must be at most {LARGEST:.0e} in magnitude, as it is squared, got {largest:.0e}")
        values = scores.gain(score, scores.score(score, logistic.fit(X, y, C=C), X, y))
    return policy.prepare(Request(X, y, values, (budget,), rng)).choose(budget)


def _two_classes(y: np.ndarray) -> np.ndarray:
    found = np.asarray(y)
    if found.ndim != 1:
        raise ValueError(f"y must have shape (n,), got {found.shape}")
    if any(label is None or label != label for label in found.tolist()):  # NaN differs from itself
        raise ValueError("y must be known for every point, got None or NaN")
    try:
        classes, binary = np.unique(found, return_inverse=True)
    except TypeError as error:
        raise ValueError(f"y must hold labels of one kind, which can be sorted: {error}") from error
    if len(classes) != 2:
        raise ValueError(f"y must be of two classes, got {len(classes)}: {classes[:5].tolist()}")
    return binary
