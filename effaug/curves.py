"""Anyone's data: from features, labels and a policy to accuracy against budget."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal
from warnings import warn

import numpy as np

from effaug import logistic, scores
from effaug._validation import Randomness, generator, labels
from effaug.plans import plan_weights
from effaug.policies import Chooser, Policy, Request, load_policy
from effaug.refitter import Refitter


@dataclass(frozen=True, eq=False)
class Fitted:
    """What a matrix of sample weights comes to.

    Attributes
    ----------
    model : LogisticModel
    train : ndarray, shape (n, 1 + t, d)
        Features of the training set, of which only rows of positive weight and originals may be read.
    accuracy : float
        On the augmented test set.
    """

    model: logistic.LogisticModel
    train: np.ndarray
    accuracy: float


Learn = Callable[[np.ndarray], Fitted]


@dataclass(frozen=True, eq=False)
class BudgetCurve:
    """Accuracy against budget.

    Attributes
    ----------
    budgets : tuple of int
        At which the policy was measured: those asked for, as far as it can meet them.
    accuracies : ndarray, shape (len(budgets),)
        On the augmented test set, as fractions.
    order : ndarray of int, shape (budgets[-1],), or None
        Points in the order of their selection, for a policy that has one.
    """

    budgets: tuple[int, ...]
    accuracies: np.ndarray
    order: np.ndarray | None


def frozen_learner(
    X: tuple[np.ndarray, np.ndarray], y: tuple[np.ndarray, np.ndarray], C: float | Literal["cv"]
) -> Learn:
    """What `budget_curve` asks for, over features that do not change.

    Parameters
    ----------
    X : (ndarray, ndarray), shapes (n, 1 + t, d) and (m, 1 + t, d)
        Of the training and of the augmented test set, each point's original first.
    y : (ndarray, ndarray), shapes (n,) and (m,)
        0 or 1.
    C : float or "cv"
        See `logistic.fit`.

    Raises
    ------
    ValueError
        For labels of another shape or other than 0 and 1: more than two classes have scores, but no curve.
    """
    (train, test), (y_train, y_test) = X, y
    y_train, y_test = labels(y_train, len(train), 2), labels(y_test, len(test), 2)
    refitter = Refitter(train, y_train, C)

    def learn(sample_weight: np.ndarray) -> Fitted:
        model = refitter.fit(sample_weight)
        return Fitted(model, train, model.accuracy(test, y_test))

    return learn


def budget_curve(
    learn: Learn,
    y: np.ndarray,
    n_copies: int,
    policy: str | Policy,
    budgets: Iterable[int],
    *,
    score: scores.Score = "influence",
    ridge: float | None = None,
    random_state: Randomness = 0,
    weighted_hessian: bool = True,
    rng: np.random.Generator | None = None,
) -> BudgetCurve:
    """Accuracy on the augmented test set at each budget (paper, Section 5 and Appendix B).

    The un-augmented model is fitted first whatever the budgets, and its scores and features decide which points are
    chosen. So a curve without budget 0 is the curve with it, less its first value. An updating policy scores again at
    every budget, from the model fitted there: which points it chooses depends on all budgets.

    Parameters
    ----------
    learn : callable
        From sample weights (n, 1 + t) to `Fitted`.
    y : ndarray of int, shape (n,)
        0 or 1.
    n_copies : int
        t.
    policy : str or Policy
        Any of `effaug.policies.POLICIES`, or one of your own.
    budgets : iterable of int
        Numbers of points to augment, ascending, each between 0 and n.
    score : str, callable or ndarray, default "influence"
        See `effaug.scores.score`; ignored by policies that use none. Scores that are given as an array cannot be
        updated.
    ridge : float, optional
        L2 term of the Hessian of influence, see `effaug.scores.influence`.
    random_state : int, numpy.random.Generator or None, default 0
        Seed of the random policies, or what they draw from; None for a generator that is seeded anew.
    weighted_hessian : bool, default True
        Whether the Hessian of updated influence weighs points as the fit does, or all alike.
    rng : numpy.random.Generator, optional
        Deprecated name of `random_state`.

    Returns
    -------
    BudgetCurve
        A k-DPP is measured at the budgets up to the rank of its kernel, and ``virtual_support_vectors`` at the number
        of support vectors alone.

    Raises
    ------
    ValueError
        For budgets that are not as above, an unknown policy or score, or a `random_state` of another kind, before
        anything is fitted; and if the policy can meet none of the budgets.

    Examples
    --------
    >>> rng, y, y_test = np.random.default_rng(0), np.arange(200) % 2, np.arange(100) % 2
    >>> train, test = (labels[:, None, None] + rng.normal(size=(len(labels), 2, 5)) for labels in (y, y_test))
    >>> learn = frozen_learner((train, test), (y, y_test), C=10.0)  # (n, 1 + t, d), (m, 1 + t, d), (n,), (m,)
    >>> curve = budget_curve(learn, y, 1, "random_proportional", (0, 50, 200), random_state=0)
    >>> curve.budgets, len(curve.accuracies), len(curve.order)
    ((0, 50, 200), 3, 200)
    """
    if rng is not None:
        warn("rng is deprecated: budget_curve takes it as random_state", DeprecationWarning, stacklevel=2)
        random_state = rng
    policy, asked, random = load_policy(policy), _ascending(budgets, len(y)), generator(random_state)
    if policy.uses_scores:
        scores.check(score, len(y), updated=policy.update)

    def plan(chosen: np.ndarray) -> np.ndarray:
        selected = np.zeros(len(y), bool)
        selected[chosen] = True
        return policy.weights(selected, n_copies)

    def prepare(fitted: Fitted, chosen: np.ndarray) -> Chooser:
        values = np.ones(len(y))
        if policy.uses_scores:
            in_hessian = plan(chosen) if weighted_hessian else np.sign(plan(chosen))
            values = scores.score(score, fitted.model, fitted.train, y, in_hessian, ridge=ridge)
        return policy.prepare(Request(fitted.train[:, 0], y, values, from_none, random, chosen))

    # A k-DPP spends random numbers on a draw of no points, too: 0 is always among its budgets, asked for or not.
    from_none = (0, *(b for b in asked if b))
    found, order = _measured(learn, plan, prepare, update=policy.update)
    if asked[0] > 0:
        found.pop(0, None)
    if not found:
        raise ValueError(f"budgets must begin with one that {policy.name} can meet, got {asked}")
    return BudgetCurve(tuple(found), np.array(list(found.values())), order)


def _measured(
    learn: Learn,
    plan: Callable[[np.ndarray], np.ndarray],
    prepare: Callable[[Fitted, np.ndarray], Chooser],
    *,
    update: bool,
) -> tuple[dict[int, float], np.ndarray | None]:
    """Accuracy at each budget that a policy can meet, and the points in order if it has one."""
    chosen, found = np.zeros(0, int), dict[int, float]()
    fitted = learn(plan(chosen))
    chooser = prepare(fitted, chosen)
    for budget in chooser.budgets:
        if update and len(chosen):
            chooser = prepare(fitted, chosen)
        chosen = chooser.choose(budget)
        if len(chosen):
            fitted = learn(plan(chosen))
        found[budget] = fitted.accuracy
    return found, chosen if chooser.ordered else None


def _ascending(budgets: Iterable[int], n: int) -> tuple[int, ...]:
    given = tuple(budgets) if isinstance(budgets, Iterable) else ()
    found = tuple(int(b) for b in given if isinstance(b, int | np.integer) and not isinstance(b, bool))
    ascending = all(a < b for a, b in itertools.pairwise((-1, *found, n + 1)))
    if not found or len(found) < len(given) or not ascending:
        raise ValueError(f"budgets must be whole numbers from 0 to {n}, ascending, each once, got {budgets!r}")
    return found


def full_augmentation(
    learn: Learn, y: np.ndarray, n_copies: int, score_names: tuple[str, ...], ridge: float | None
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Accuracy with every point augmented, and every point's scores before and after (Figures 1, 2, 6-8).

    Returns
    -------
    accuracies : ndarray, shape (1,)
    points : dict
        ``<score>_before`` and ``<score>_after``, float32 (n,), for each of the scores.
    """
    points = {}
    for when, selected in (("before", False), ("after", True)):
        sample_weight = plan_weights(np.full(len(y), selected), n_copies)
        fitted = learn(sample_weight)
        for name in score_names:
            values = scores.score(name, fitted.model, fitted.train, y, sample_weight, ridge=ridge)
            points[f"{name}_{when}"] = values.astype(np.float32)
    return np.array([fitted.accuracy]), points


def auc(budgets: Iterable[float], accuracies: Iterable[float]) -> float:
    """Area under accuracy against budget, by trapezoids, on the scale of Tables 3-20: 1000 is perfect.

    Parameters
    ----------
    budgets : sequence of int
        From 0 to the whole train set. The area is divided by the last and multiplied by 1000, which changes nothing for
        the paper's 1000 points.
    accuracies : sequence of float
        Fractions.
    """
    x = np.asarray(list(budgets), float)
    return float(1000 * np.trapezoid(list(accuracies), x) / x[-1])
