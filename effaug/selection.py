"""Policies that choose a set of a given size, anew for each size, and `select`: which of my points should I augment?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from effaug import diversity, logistic, svm
from effaug._kernel import Kernel, finite
from effaug._unknown import unknown
from effaug.policies import POLICIES, Policy, extend
from effaug.scores import SCORES
from effaug.scores import score as score_points

DPP_BUDGETS = (0, 1, 10, 30, 50, 70, 100, 150, 200, 250, 500, 750, 1000)  # of 1000 points: the paper's, and beyond


@dataclass(frozen=True)
class Chooser:
    """What a set policy has found out about some points.

    Attributes
    ----------
    budgets : tuple of int
        Sizes at which it is measured, ascending.
    choose : callable
        From one of them, or any other size that it accepts, and a random generator to the points (k,).
    """

    budgets: tuple[int, ...]
    choose: Callable[[int, np.random.Generator], np.ndarray]


@dataclass(frozen=True)
class SetChoices:
    """How sets are found, where there is more than one way.

    Attributes
    ----------
    dpp_diagonal : float
        Added to the diagonal of a k-DPP's kernel.
    kmeans_starts : int
        Of which the best is taken.
    shuffled_folds : bool
        Whether points are shuffled before they are split into folds, for the C of virtual support vectors.
    """

    dpp_diagonal: float = 0.0
    kmeans_starts: int = 1
    shuffled_folds: bool = True


DEFAULT = SetChoices()
Prepare = Callable[..., Chooser]  # from features, labels, scores, budgets, and SetChoices unless they are DEFAULT


@dataclass(frozen=True)
class SetPolicy:
    """A policy that looks at features, and for which a larger set need not contain a smaller one.

    Attributes
    ----------
    name : str
    prepare : callable
        From features (n, d), labels (n,), scores (n,), the task's budgets and, optionally, `SetChoices` to a `Chooser`.
    uses_scores, random : bool
    """

    name: str
    prepare: Prepare
    uses_scores: bool = False
    random: bool = True
    update: bool = False
    downweight: bool = False


def _support_vectors(
    features: np.ndarray,
    labels: np.ndarray,
    scores: np.ndarray,
    budgets: tuple[int, ...],
    choices: SetChoices = DEFAULT,
) -> Chooser:
    support = svm.fit(features, labels, shuffled=choices.shuffled_folds).support
    return Chooser((len(support),), lambda k, rng: support)


def _clusters(weighted: bool) -> Prepare:
    def prepare(
        features: np.ndarray,
        labels: np.ndarray,
        scores: np.ndarray,
        budgets: tuple[int, ...],
        choices: SetChoices = DEFAULT,
    ) -> Chooser:
        weights, starts = scores if weighted else None, choices.kmeans_starts
        return Chooser(budgets, lambda k, rng: diversity.cluster_order(features, k, weights, rng=rng, n_init=starts))

    return prepare


def _dpp(weighted: bool) -> Prepare:
    def prepare(
        features: np.ndarray,
        labels: np.ndarray,
        scores: np.ndarray,
        budgets: tuple[int, ...],
        choices: SetChoices = DEFAULT,
    ) -> Chooser:
        kernel = diversity.KDPP.of(features, scores if weighted else None, choices.dpp_diagonal)
        return Chooser(_up_to(kernel.rank, len(features)), kernel.sample)

    return prepare


def _greedy(weighted: bool) -> Prepare:
    def prepare(
        features: np.ndarray,
        labels: np.ndarray,
        scores: np.ndarray,
        budgets: tuple[int, ...],
        choices: SetChoices = DEFAULT,
    ) -> Chooser:
        quality, diagonal = scores if weighted else None, choices.dpp_diagonal
        rank = Kernel.of(features, quality, diagonal).rank
        budgets = _up_to(rank, len(features))
        order = diversity.greedy_map(features, budgets[-1], quality, diagonal)

        def choose(k: int, rng: np.random.Generator) -> np.ndarray:
            return order[:k] if k <= len(order) else diversity.greedy_map(features, k, quality, diagonal)

        return Chooser(budgets, choose)

    return prepare


def _up_to(rank: int, n: int) -> tuple[int, ...]:
    """The paper's budgets in proportion to n, as far as the kernel's rank allows."""
    return tuple(sorted({k for k in (round(b * n / 1000) for b in DPP_BUDGETS) if k <= rank}))


SET_POLICIES = {
    policy.name: policy
    for policy in (
        SetPolicy("virtual_support_vectors", _support_vectors, random=False),
        SetPolicy("clustered_baseline", _clusters(False)),
        SetPolicy("clustered_random_proportional", _clusters(True), uses_scores=True),
        SetPolicy("dpp", _dpp(False)),
        SetPolicy("dpp_proportional", _dpp(True), uses_scores=True),
        SetPolicy("dpp_map", _greedy(False), random=False),
        SetPolicy("dpp_map_proportional", _greedy(True), uses_scores=True, random=False),
    )
}
EVERY_POLICY: dict[str, Policy | SetPolicy] = {**POLICIES, **SET_POLICIES}


def load_policy(name: str) -> Policy | SetPolicy:
    """A policy by its name, such as ``random_proportional_update`` or ``dpp_proportional``.

    Raises
    ------
    ValueError
        For an unknown name, with the accepted ones.
    """
    if name not in EVERY_POLICY:
        raise ValueError(unknown("policy", name, EVERY_POLICY))
    return EVERY_POLICY[name]


def select(
    features: np.ndarray,
    labels: np.ndarray,
    budget: int,
    *,
    score: str = "influence",
    policy: str = "deterministic_proportional",
    C: float = 10.0,
    rng: np.random.Generator | int | None = None,
) -> np.ndarray:
    """Which of my points should I augment?

    Parameters
    ----------
    features : ndarray, shape (n, d)
        Bottleneck features of a trained network, or whatever a linear classifier does well on.
    labels : ndarray, shape (n,)
        Of two classes.
    budget : int
        How many to choose; the paper's finding is that about n / 10 do.
    score : {"influence", "loss", "margin"}
    policy : str
        Any but the updating ones, which need the copies' features (see `effaug.experiment`), and
        ``virtual_support_vectors``, whose size is not ours to choose.
    C : float, default 10
        Inverse L2 strength of the logistic regression that the scores are taken from.
    rng : numpy.random.Generator or int, optional
        For the random policies, or its seed; 0 unless given.

    Returns
    -------
    ndarray of int, shape (budget,)
        Indices of the points, in the order in which the policy chooses them.

    Raises
    ------
    ValueError
        For an unknown score or policy, features of another shape or not finite, labels that are not of two classes, a
        budget above n, for a k-DPP above the rank of its kernel, or a logistic regression that does not converge.

    Notes
    -----
    Of a *low* margin are the points close to the boundary: ``policy="deterministic_inverse_proportional"`` takes them.
    """
    chosen = load_policy(policy)
    if policy == "virtual_support_vectors":
        raise ValueError("select() takes a budget; how many support vectors there are is not ours to say: effaug.svm")
    if chosen.update:
        raise ValueError(f"select() scores once; policy {policy!r} updates its scores at every budget")
    features, binary = finite(features), _two_classes(labels)
    if score not in SCORES:
        raise ValueError(unknown("score", score, SCORES))
    if not isinstance(budget, int | np.integer) or isinstance(budget, bool) or not 0 <= budget <= len(features):
        raise ValueError(f"budget must be a whole number between 0 and {len(features)}, got {budget!r}")
    if len(binary) != len(features):
        raise ValueError(f"labels must be as many as the features, {len(features)}, got {len(binary)}")
    if not (isinstance(C, int | float | np.number) and C > 0):
        raise ValueError(f"C must be a positive number, got {C!r}")
    rng = np.random.default_rng(0 if rng is None else rng)
    if chosen.uses_scores:
        scores = score_points(score, logistic.fit(features, binary, C=C), features, binary)
    else:
        scores = np.ones(len(features))
    if isinstance(chosen, SetPolicy):
        return chosen.prepare(features, binary, scores, (budget,)).choose(budget, rng)
    return extend(chosen, np.array([], int), scores, budget, rng)


def _two_classes(labels: np.ndarray) -> np.ndarray:
    found = np.asarray(labels)
    if found.ndim != 1:
        raise ValueError(f"labels must have shape (n,), got {found.shape}")
    if any(label is None or label != label for label in found.tolist()):  # NaN differs from itself
        raise ValueError("labels must be known for every point, got None or NaN")
    classes, binary = np.unique(found, return_inverse=True)
    if len(classes) != 2:
        raise ValueError(f"labels must be of two classes, got {len(classes)}: {classes[:5].tolist()}")
    return binary
