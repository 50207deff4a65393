"""A panel of curves, against a plain loop that grows arrays, fits scikit-learn cold, and scores again with autograd.

Of 2304 features the loop would take minutes, so it computes one curve, and the others' time is extrapolated from how
often that curve scores: they fit models even more often, so that the loop's time is a lower bound.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks import paper_way
from benchmarks.harness import Case, Target
from effaug import logistic
from effaug.curves import Learn, budget_curve, frozen_learner
from effaug.policies import POLICIES
from effaug.refitter import Refitter
from effaug.study.protocols import TABLE_POLICIES

BUDGETS, SHORT = (0, 50, 100, 200, 300, 500, 700, 1000), (0, 300, 1000)
N, COPIES, C, SEED = 1000, 4, 10.0, 0
_FEW, _ONE = ("baseline", "random_proportional", "random_proportional_update"), ("random_proportional_update",)
_TOLERANCE = 0.01  # of accuracy: scikit-learn stops earlier, and scores that differ order some points otherwise


@dataclass(frozen=True, eq=False)
class _Data:
    train: np.ndarray
    test: np.ndarray
    y: np.ndarray
    y_test: np.ndarray


@dataclass(frozen=True, eq=False)
class _Refit:
    data: _Data
    weights: np.ndarray
    refitter: Refitter


def cases() -> tuple[Case, ...]:
    """A whole panel of 256 features, three curves of 2304; and one fit of many, what the curves consist of."""
    panels = _case(256, TABLE_POLICIES, TABLE_POLICIES, BUDGETS), _case(2304, _FEW, _ONE, SHORT)
    return (*panels, *(_refit(augmented) for augmented in (0, 100, N)))


def scorings(policies: tuple[str, ...], budgets: tuple[int, ...]) -> int:
    """How often a panel scores: an updating curve before each budget but 0, others once, if they use scores."""
    return sum((len(budgets) - 1 if POLICIES[p].update else 1) for p in policies if POLICIES[p].uses_scores)


def _case(d: int, policies: tuple[str, ...], measured: tuple[str, ...], budgets: tuple[int, ...]) -> Case:
    part = scorings(measured, budgets) / scorings(policies, BUDGETS)
    return Case(
        name=f"curves-d{d}",
        group="curves",
        what=f"{len(policies)} curves of {len(BUDGETS)} budgets: {N} points, {COPIES} copies each, {d} features",
        setup=partial(_setup, d),
        ours=partial(_ours, policies),
        theirs=partial(_theirs, measured, budgets),
        alternative="plain loop" + f" over one curve of {len(budgets)} budgets" * (part < 1),
        agree=partial(_agree, budgets),
        part=part,
        target=Target(ratio=10),
        threads=1 if d < 1000 else 2,  # of small systems threads cost more than they give
        repeats=3,
        limit=40,
    )


def _refit(augmented: int) -> Case:
    """Why there is a second solver: fits of the same features under other weights."""

    def setup(folder: Path) -> _Refit:
        data, weights = _setup(256, folder), np.zeros((N, 1 + COPIES))
        weights[:, 0] = weights[np.random.default_rng(0).permutation(N)[:augmented]] = 1
        refitter = Refitter(data.train, data.y, C)
        refitter.fit(weights)
        return _Refit(data, weights, refitter)

    return Case(
        name=f"refit-{augmented}",
        group="refits",
        what=f"One of many fits: {N} points of 256 features, {augmented} of them with {COPIES} copies",
        setup=setup,
        ours=lambda given: given.refitter.fit(given.weights),
        theirs=lambda given: logistic.fit(given.data.train, given.data.y, given.weights, C=C),
        alternative="effaug.logistic.fit, from scratch",
        agree=lambda own, other: np.testing.assert_allclose(own.coef, other.coef, rtol=1e-3, atol=1e-3),
        target=Target(ratio=1) if augmented else Target(),  # it starts from the fit of all copies, far from none
        threads=1,
    )


def _setup(d: int, folder: Path) -> _Data:
    """scikit-learn's digits, odd against even, and their copies a pixel away; features of a random layer of ReLUs."""
    from sklearn.datasets import load_digits

    digits, rng = load_digits(), np.random.default_rng(0)
    order = rng.permutation(len(digits.target))
    shifted = [digits.images, *(np.roll(digits.images, by, axis) for axis in (1, 2) for by in (-1, 1))]
    pixels = np.stack(shifted, axis=1)[order].reshape(len(order), 1 + COPIES, -1) / 16
    layer, bias = rng.normal(size=(pixels.shape[2], d)) / np.sqrt(pixels.shape[2]), rng.normal(size=d)
    features = np.maximum(pixels @ layer + bias, 0).astype(np.float32)
    y = digits.target[order] % 2
    return _Data(features[:N], features[N:], y[:N], y[N:])


def _ours(policies: tuple[str, ...], given: _Data) -> tuple[Learn, np.ndarray]:
    learn = frozen_learner((given.train, given.test), (given.y, given.y_test), C)
    for policy in policies:
        budget_curve(learn, given.y, COPIES, policy, BUDGETS, random_state=SEED)
    return learn, given.y


def _theirs(policies: tuple[str, ...], budgets: tuple[int, ...], given: _Data) -> dict[str, list[float]]:
    X, y = (given.train, given.test), (given.y, given.y_test)
    return {policy: paper_way.curve(X, y, policy, budgets, C, SEED) for policy in policies}


def _agree(budgets: tuple[int, ...], own: tuple[Learn, np.ndarray], other: dict[str, list[float]]) -> None:
    """Every curve of the alternative is that of effaug at the same budgets."""
    learn, y = own
    for policy, accuracies in other.items():
        found = budget_curve(learn, y, COPIES, policy, budgets, random_state=SEED).accuracies
        np.testing.assert_allclose(found, accuracies, atol=_TOLERANCE, rtol=0, err_msg=policy)
