"""Which of my points should I augment?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from array_api_compat import array_namespace

from effaug import logistic, pools, scores
from effaug._validation import Randomness, RowError, SizeError, generator, real, unknown
from effaug.blocks import Block, Rows, host
from effaug.policies import POLICIES, Policy, Request, load_policy

LARGEST = 1e150  # its square is finite
GROUPS = 5  # of a jackknife


@dataclass(frozen=True, eq=False)
class Selection:
    """Points, and how they were chosen.

    Attributes
    ----------
    points : ndarray of int, shape (budget,)
        Indices, in the order in which the policy chooses them.
    scores : ndarray, shape (n,)
        What the policy was given: larger for points with more to gain; ones for a policy that uses no scores.
    sample : int
        How many points the logistic regression was fitted on; 0 where none was.
    sampling_error : float
        Estimated root mean square difference, over those, between their margins and those of a fit on all points, by a
        jackknife of the sample in fifths, coarsely where a plane separates its classes; 0 where the fit was on all.
    pool : int
        Among how many points the policy chose.
    fourier : int
        How many random Fourier features stood in for X in the policy; 0 for none.
    """

    points: np.ndarray
    scores: np.ndarray
    sample: int
    sampling_error: float
    pool: int
    fourier: int

    def __str__(self) -> str:
        n = len(self.scores)
        told = [f"{len(self.points):,} of {n:,} points"]
        if self.sample == n:
            told.append("scored by a fit on all")
        elif self.sample:
            error = f"about {self.sampling_error:.2g}"
            told.append(
                f"scored by a fit on a sample of {self.sample:,}, whose margins are off by {error} (root mean square)"
            )
        if self.pool < n:
            told.append(f"chosen among a pool of {self.pool:,}")
        if self.fourier:
            told.append(f"by {self.fourier:,} random Fourier features in place of the linear kernel")
        return ", ".join(told)


def select(
    X: Any,
    y: np.ndarray,
    budget: int,
    *,
    score: scores.Score = "influence",
    policy: str | Policy = "deterministic_proportional",
    C: float = 10.0,
    random_state: Randomness = 0,
    sample: int | None = None,
    pool: int | None = None,
    fourier: int | None = None,
) -> np.ndarray:
    """Which of my points should I augment?

    Parameters
    ----------
    X : array, shape (n, d)
        Features: bottleneck features of a trained network, or whatever a linear classifier does well on. Of NumPy, in
        memory or memory-mapped, JAX, PyTorch or Dask; it is read a block at a time (`effaug.blocks`).
    y : ndarray, shape (n,)
        Labels, of two classes or more.
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
    sample : int, optional
        Fit, and take influence's Hessian, on a sample of so many points, of a fixed seed; score all in one pass.
    pool : int, optional
        Let a policy that looks at the features (k-DPPs, clusters, support vectors) choose among only so many points:
        drawn in proportion to their scores, those of the highest for a policy that is not random, and drawn uniformly
        for one that uses no scores (`effaug.pools`).
    fourier : int, optional
        Give such a policy so many random Fourier features of X instead, an even number: a k-DPP draws no more points
        than they are.

    Returns
    -------
    ndarray of int, shape (budget,)
        Indices of the points, in the order in which the policy chooses them; see `choose` for how.

    Raises
    ------
    ValueError
        For an unknown score or policy, X of another shape or not finite, labels that are not of two classes or more, a
        `random_state` of another kind, a budget above n, for a k-DPP above the rank of its kernel, for
        ``virtual_support_vectors`` other than the number of support vectors, or a logistic regression that does not
        converge.
    """
    settings: dict[str, Any] = {"sample": sample, "pool": pool, "fourier": fourier}
    return choose(X, y, budget, score=score, policy=policy, C=C, random_state=random_state, **settings).points


def choose(
    X: Any,
    y: np.ndarray,
    budget: int,
    *,
    score: scores.Score = "influence",
    policy: str | Policy = "deterministic_proportional",
    C: float = 10.0,
    random_state: Randomness = 0,
    sample: int | None = None,
    pool: int | None = None,
    fourier: int | None = None,
) -> Selection:
    """What `select` does, with how it was done.

    Parameters
    ----------
    X, y, budget, score, policy, C, random_state, sample, pool, fourier
        As of `select`, which refuses the same.

    Returns
    -------
    Selection
    """
    policy = _choosing(policy)
    rows, rng = _checked(X, y, budget, score, C), generator(random_state)
    n = len(rows.y)
    fewest = budget if policy.uses_features else 1
    for name, value, least in (("sample", sample, 2), ("pool", pool, fewest), ("fourier", fourier, 1)):
        _check_size(name, value, least)
    values, fitted, error = np.ones(n), 0, 0.0
    if policy.uses_scores:
        values, fitted, error = _scored(rows, score, C, min(sample or n, n))
        values = scores.gain(score, values)
    if not policy.uses_features:
        request = Request(rows.X[:, 0], rows.y, values, (budget,), rng)
        return Selection(policy.prepare(request).choose(budget), values, fitted, error, n, 0)
    kept = np.arange(n)
    if pool is not None and pool < n:
        by_rank = policy.uses_scores and not policy.random
        kept = pools.largest(values, pool) if by_rank else pools.pool(values, pool, rng)
    features = host(rows.X[kept][:, 0])
    if fourier:
        features = pools.fourier_features(features, fourier, rng)
    plan = policy.prepare(Request(features, rows.y[kept], values[kept], (budget,), rng))
    try:
        chosen = plan.choose(budget)
    except SizeError as refused:  # more points than a k-DPP's kernel has dimensions
        advice = f". Random Fourier features (fourier={2 * budget}) give it more, unless points coincide"
        raise SizeError(budget, refused.most, refused.why, "budget", advice) from None
    return Selection(kept[chosen], values, fitted, error, len(kept), fourier or 0)


def _scored(rows: Rows, score: scores.Score, C: float, size: int) -> tuple[np.ndarray, int, float]:
    """Scores of all points by a fit on so many, how many those are, and the error of its margins."""
    n = len(rows.y)
    if not isinstance(score, str) and not callable(score):
        return scores.score(score, logistic.LogisticModel(np.zeros(1), 0.0, C), rows.X, np.zeros(n)), 0, 0.0
    if size == n:
        model = logistic.fit(rows.X, rows.y, C=C)
        return scores.score(score, model, rows.X[:, 0], rows.y), n, 0.0
    rule = scores.SCORES[score].by_block if isinstance(score, str) else None
    if rule is None:
        raise ValueError(f"sample must be None for score {score!r}, which is not taken point by point, got {size}")
    part = rows.sample(size)
    if np.bincount(part.y, minlength=int(rows.y.max()) + 1).min() < 2:
        raise ValueError(f"sample must be larger: of {size} points some class has fewer than two")
    model = logistic.fit(part.X, part.y, part.sample_weight, C=C)
    values = rows.map(rule(model, part, None))
    return values, size, _sampling_error(part, C) * float(np.sqrt(1 - size / n))


def _sampling_error(part: Rows, C: float) -> float:
    """Standard error of a sample's margins, root mean square, by the jackknife: fits without a fifth at a time."""
    turn = np.argsort(np.argsort(part.y, kind="stable"))  # so that every class is dealt out evenly
    margins = []
    for k in range(GROUPS):
        kept = turn % GROUPS != k
        weights = part.sample_weight[kept] * GROUPS / (GROUPS - 1)
        model = logistic.fit(part.X[kept], part.y[kept], weights, C=C)
        found = host(model.decision_function(part.X[:, 0])).reshape(len(part.y), -1)
        if found.shape[1] > 1:
            found = found - found.mean(axis=1, keepdims=True)  # softmax margins may all be raised alike
        margins.append(found)
    return float(np.sqrt((GROUPS - 1) * np.var(margins, axis=0).mean()))


def _choosing(policy: str | Policy) -> Policy:
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
    return policy


def _checked(X: Any, y: np.ndarray, budget: int, score: scores.Score, C: float) -> Rows:
    X, y = real(X), _classes(y)
    if X.ndim != 2:
        raise ValueError(f"X must have shape (n, d), got {X.shape}")
    if not X.shape[1]:
        raise ValueError(f"X must have at least one feature, got shape {X.shape}")
    n = len(X)
    if len(y) != n:
        raise ValueError(f"y must have a label for each row of X, {n}, got {len(y)}")
    scores.check(score, n)
    if not isinstance(budget, int | np.integer) or isinstance(budget, bool) or not 0 <= budget <= n:
        raise ValueError(f"budget must be a whole number between 0 and {n}, got {budget!r}")
    if not (isinstance(C, int | float | np.number) and C > 0):
        raise ValueError(f"C must be a positive number, got {C!r}")
    rows = Rows(X[:, None], y, np.ones((n, 1)))
    magnitude = rows.map(_magnitude)
    if not np.isfinite(magnitude).all():
        row = int(np.flatnonzero(~np.isfinite(magnitude))[0])
        found = host(X[row])
        raise RowError(found[~np.isfinite(found)][0], row)
    if (largest := float(magnitude.max(initial=0))) > LARGEST:
        raise ValueError(f"X must be at most {LARGEST:.0e} in magnitude, as it is squared, got {largest:.0e}")
    return rows


def _magnitude(block: Block) -> Any:
    """The largest of each point's; not finite where one is not."""
    found = block.X[:, 0]
    xp = array_namespace(found)
    if not isinstance(found, np.ndarray):  # whose maximum is NaN where one is
        found = xp.where(xp.isfinite(found), found, xp.inf)
    return xp.max(xp.abs(found), axis=1)


def _check_size(name: str, value: int | None, least: int) -> None:
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if value is not None and not (whole and value >= least):
        raise ValueError(f"{name} must be a whole number from {least}, got {value!r}")


def _classes(y: np.ndarray) -> np.ndarray:
    found = np.asarray(y)
    if found.ndim != 1:
        raise ValueError(f"y must have shape (n,), got {found.shape}")
    if found.dtype == object and any(label is None or label != label for label in found.tolist()):
        raise ValueError("y must be known for every point, got None or NaN")
    if found.dtype.kind == "f" and np.isnan(found).any():
        raise ValueError("y must be known for every point, got None or NaN")
    try:
        classes, numbered = np.unique(found, return_inverse=True)
    except TypeError as error:
        raise ValueError(f"y must hold labels of one kind, which can be sorted: {error}") from error
    if len(classes) < 2:
        raise ValueError(f"y must be of two classes or more, got {len(classes)}: {classes[:5].tolist()}")
    return numbered
