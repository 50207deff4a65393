"""Policies: from scores and features to the order, or the set, of points that are augmented (paper, Table 2)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from effaug import clusters, dpp, svm
from effaug._dpp_kernel import Kernel
from effaug._sampling import first, log, race
from effaug._validation import check_size, not_negative, unknown
from effaug.plans import plan_weights


@dataclass(frozen=True, eq=False)
class Request:
    """What a policy is told.

    Attributes
    ----------
    X : ndarray, shape (n, d)
        Of the original points.
    y : ndarray of int, shape (n,)
        0 or 1.
    scores : ndarray, shape (n,)
        Finite and not negative.
    budgets : tuple of int
        How many points will be asked for, ascending.
    rng : numpy.random.Generator
    chosen : ndarray of int, optional
        Points chosen already, in order, which an order begins with.
    """

    X: np.ndarray
    y: np.ndarray
    scores: np.ndarray
    budgets: tuple[int, ...]
    rng: np.random.Generator
    chosen: np.ndarray = field(default_factory=lambda: np.zeros(0, int))


@dataclass(frozen=True)
class Chooser:
    """What a policy answers.

    Attributes
    ----------
    budgets : tuple of int
        Those of the request that it can meet, ascending; for support vectors their number instead.
    choose : callable
        From one of them, or any other that is possible, to the points: int to (k,); ValueError for one that is not.
    ordered : bool
        Whether the points come in an order of which a smaller choice is the beginning.
    """

    budgets: tuple[int, ...]
    choose: Callable[[int], np.ndarray]
    ordered: bool = False


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


Order = Callable[[np.ndarray, np.random.Generator], np.ndarray]
Keys = Callable[[np.ndarray, np.random.Generator], tuple[np.ndarray, ...]]
Rule = Callable[[Request, SetChoices], Chooser]


@dataclass(frozen=True)
class Policy:
    """How points are chosen, and what becomes of their weights.

    Attributes
    ----------
    name : str
    rule : callable
        From a `Request` and `choices` to a `Chooser`; `ordered` makes one of an order.
    selection : str
        The selection function as Table 2 writes it (LaTeX); empty for policies of Appendices G and H and for support
        vectors.
    uses_scores, random : bool
    update : bool
        Scores are taken again, at every budget, from the model just fitted (Section 4.2).
    downweight : bool
        A selected point and each of its t copies weigh 1 / (1 + t) (Section 4.2).
    uses_features : bool
        Points are chosen by where they lie, not by their scores alone.
    choices : SetChoices
        Another diagonal for a k-DPP: ``dataclasses.replace(POLICIES["dpp"], choices=SetChoices(dpp_diagonal=1e-3))``.
    """

    name: str
    rule: Rule
    selection: str = ""
    uses_scores: bool = True
    random: bool = True
    update: bool = False
    downweight: bool = False
    uses_features: bool = False
    choices: SetChoices = SetChoices()

    def prepare(self, request: Request) -> Chooser:
        """What the policy can choose among these points; scores that it does not use are not handed on."""
        request = request if self.uses_scores else replace(request, scores=np.ones(len(request.y)))
        return self.rule(request, self.choices)

    def weights(self, selected: np.ndarray, copies: int) -> np.ndarray:
        """The plan: a boolean selection (n,) to sample weights (n, 1 + copies)."""
        return plan_weights(selected, copies, downweight=self.downweight)


def ranked(keys: Keys) -> Rule:
    """The rule of an order by keys, of which as much is sorted as is asked for.

    Parameters
    ----------
    keys : callable
        From scores (n,), finite and not negative, and a random generator to keys (n,), of which the least come first;
        the last decides and the others where it ties, as in `numpy.lexsort`.
    """

    def rule(request: Request, choices: SetChoices) -> Chooser:
        n, chosen = len(request.y), request.chosen
        found = keys(not_negative("scores", request.scores, n), request.rng)
        left = np.arange(n) if not len(chosen) else np.setdiff1d(np.arange(n), chosen)
        found = found if not len(chosen) else tuple(key[left] for key in found)

        def choose(k: int) -> np.ndarray:
            check_size(k, n, "the number of points")
            return np.concatenate([chosen[:k], left[first(k - len(chosen), found)]]).astype(int)

        return Chooser(request.budgets, choose, ordered=True)

    return rule


def ordered(order: Order) -> Rule:
    """The rule of an order over the points.

    Parameters
    ----------
    order : callable
        From scores (n,), finite and not negative, and a random generator to a permutation of the points, first to be
        augmented first.
    """
    return ranked(lambda scores, rng: (np.argsort(order(scores, rng)),))


def _support_vectors(request: Request, choices: SetChoices) -> Chooser:
    support = svm.fit(request.X, request.y, shuffled=choices.shuffled_folds).support

    def choose(k: int) -> np.ndarray:
        if k != len(support):
            raise ValueError(
                f"virtual_support_vectors chooses the support vectors of a linear SVM (effaug.svm), which are "
                f"{len(support)} of these points: budget must be {len(support)}, got {k!r}"
            )
        return support

    return Chooser((len(support),), choose)


def _clusters(request: Request, choices: SetChoices) -> Chooser:
    def choose(k: int) -> np.ndarray:
        starts = choices.kmeans_starts
        return clusters.cluster_order(request.X, k, request.scores, random_state=request.rng, n_init=starts)

    return Chooser(request.budgets, choose)


def _dpp(request: Request, choices: SetChoices) -> Chooser:
    kernel = dpp.KDPP.of(request.X, request.scores, choices.dpp_diagonal)
    return Chooser(_up_to(kernel.rank, request.budgets), lambda k: kernel.sample(k, request.rng))


def _greedy(request: Request, choices: SetChoices) -> Chooser:
    X, scores, diagonal = request.X, request.scores, choices.dpp_diagonal
    budgets = _up_to(Kernel.of(X, scores, diagonal).rank, request.budgets)
    largest = dpp.greedy_map(X, max(budgets, default=0), scores, diagonal)

    def choose(k: int) -> np.ndarray:
        return largest[:k] if k <= len(largest) else dpp.greedy_map(X, k, scores, diagonal)

    return Chooser(budgets, choose)


def _up_to(rank: int, budgets: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(k for k in budgets if k <= rank)


_SUFFIXES = {  # of an order's refinements: update, downweight
    "": (False, False),
    "_update": (True, False),
    "_downweight": (False, True),
    "_update_downweight": (True, True),
}
_ORDERS = (
    Policy("baseline", ranked(lambda s, rng: race(np.zeros(len(s)), rng)), r"P(z_i) = 1 / n", uses_scores=False),
    Policy("random_proportional", ranked(lambda s, rng: race(log(s), rng)), r"P(z_i) = s_i / \sum_j s_j"),
    Policy(
        "deterministic_proportional",
        ranked(lambda s, rng: (-s,)),
        r"\mathrm{Rank}(z_i) = \mathrm{SELECT}_s^{-1}(s_i)",
        random=False,
    ),
    Policy(
        "random_inverse_proportional",
        ranked(lambda s, rng: race(-log(s), rng)),
        r"P(z_i) = s_i^{-1} / \sum_j s_j^{-1}",
    ),
    Policy(
        "deterministic_inverse_proportional",
        ranked(lambda s, rng: (s,)),
        r"\mathrm{Rank}(z_i) = \mathrm{SELECT}_{-s}^{-1}(s_i)",
        random=False,
    ),
    Policy("random_softmax", ranked(lambda s, rng: race(s, rng)), r"P(z_i) = e^{s_i} / \sum_j e^{s_j}"),
    Policy("random_inverse_softmax", ranked(lambda s, rng: race(-s, rng)), r"P(z_i) = e^{-s_i} / \sum_j e^{-s_j}"),
)
_SETS = tuple(
    replace(policy, uses_features=True)
    for policy in (
        Policy("virtual_support_vectors", _support_vectors, uses_scores=False, random=False),
        Policy("clustered_baseline", _clusters, uses_scores=False),
        Policy("clustered_random_proportional", _clusters),
        Policy("dpp", _dpp, uses_scores=False),
        Policy("dpp_proportional", _dpp),
        Policy("dpp_map", _greedy, uses_scores=False, random=False),
        Policy("dpp_map_proportional", _greedy, random=False),
    )
)
_REFINED = (
    replace(order, name=order.name + suffix, update=update, downweight=downweight)
    for order in _ORDERS
    for suffix, (update, downweight) in _SUFFIXES.items()
    if order.uses_scores or not update  # else there is nothing to update
)
POLICIES = {policy.name: policy for policy in (*_REFINED, *_SETS)}
APPENDIX_POLICIES = tuple(policy.name for policy in _SETS)  # of Section 5.1 and Appendices G and H
DPP_POLICIES = tuple(name for name in APPENDIX_POLICIES if POLICIES[name].rule in (_dpp, _greedy))


def load_policy(policy: str | Policy) -> Policy:
    """A policy by its name, such as ``random_proportional_update`` or ``dpp_proportional``; a `Policy` as it is.

    Raises
    ------
    ValueError
        For an unknown name, with the accepted ones.
    """
    if isinstance(policy, Policy):
        return policy
    if policy not in POLICIES:
        raise ValueError(unknown("policy", policy, POLICIES))
    return POLICIES[policy]
