"""Degenerate points, whatever the policy and score: so many distinct points or a sentence, no NaN, no warning."""

import re
import warnings

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from effaug import svm
from effaug.curves import budget_curve, frozen_learner
from effaug.policies import POLICIES
from effaug.scores import SCORES
from effaug.selection import select

CHOOSING = [name for name, p in POLICIES.items() if not p.update and not p.downweight]
RNG = np.random.default_rng(0)
NOISE = RNG.normal(size=(24, 3))
FEATURES = {
    "separable": NOISE + 20 * (np.arange(24) % 2)[:, None],
    "constant features": np.column_stack([NOISE, np.ones((24, 2))]),
    "nothing but a constant": np.ones((24, 1)),
    "every point twice": np.repeat(NOISE[:12], 2, axis=0),
    "one point, always": np.zeros((24, 3)) + NOISE[0],
    "more features than points": RNG.normal(size=(24, 80)),
    "a stratum of one class": NOISE + 50 * (np.arange(24) < 6)[:, None],
    "an outlier": NOISE * np.where(np.arange(24) == 3, 1e6, 1)[:, None],
    "tiny": NOISE * 1e-12,
}
LABELS = {"in turn": np.arange(24) % 2, "one of a class": (np.arange(24) == 5).astype(int)}


def chosen(X, y, budget, **kwargs):
    """The points, or the sentence that refuses to choose; a warning is an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            return select(X, y, budget, **kwargs)
        except ValueError as error:
            return str(error)


REASONS = (
    "budget must be a whole number between 0 and",  # the kernel's rank, or the number of support vectors
    "y must be 0 and 1, to cross-validate at least 4 of either",
    "virtual_support_vectors chooses the support vectors",  # and no other number
)


@pytest.mark.parametrize("labels", LABELS)
@pytest.mark.parametrize("features", FEATURES)
@pytest.mark.parametrize("policy", CHOOSING)
def test_so_many_distinct_points_are_chosen_or_a_sentence_says_why_not(policy, features, labels):
    X, y = FEATURES[features], LABELS[labels]
    for score in SCORES:
        found = chosen(X, y, 6, score=score, policy=policy, random_state=0)
        if isinstance(found, str):
            assert found.startswith(REASONS), found
        else:
            assert found.shape == (6,)
            assert len(set(found.tolist())) == 6
            assert set(found.tolist()) <= set(range(24))


@pytest.mark.parametrize("policy", CHOOSING)
def test_scores_that_are_all_zero_leave_a_choice(policy):
    found = chosen(NOISE, np.arange(24) % 2, 3, score=np.zeros(24), policy=policy)
    if policy == "virtual_support_vectors":
        budget = len(svm.fit(NOISE, np.arange(24) % 2).support)
        found = chosen(NOISE, np.arange(24) % 2, budget, score=np.zeros(24), policy=policy)[:3]
    if isinstance(found, str):
        assert "dpp" in policy
        assert found.startswith("budget must be a whole number between 0 and 0")
    else:
        assert len(set(found.tolist())) == 3


def assert_named(error):
    assert re.search("did not converge: scale the features|the Hessian is singular", str(error))


@settings(max_examples=60, deadline=None)
@given(
    n=st.integers(2, 12),
    d=st.integers(1, 14),
    rank=st.integers(0, 4),
    exponent=st.integers(-8, 8),
    C=st.sampled_from([1e-6, 1.0, 1e6]),
    seed=st.integers(0, 2**16),
)
@example(n=2, d=1, rank=0, exponent=0, C=1.0, seed=0)
def test_curves_of_any_low_rank_features_are_accuracies(n, d, rank, exponent, C, seed):
    """Features of any rank and scale; each point has one copy, which repeats it half the time."""
    rng = np.random.default_rng(seed)
    X = 10.0**exponent * rng.normal(size=(n, rank)) @ rng.normal(size=(rank, d))
    copies = np.stack([X, X + 10.0**exponent * rng.integers(0, 2, (n, 1))], axis=1)
    y = np.arange(n) % 2
    for policy in ("baseline", "deterministic_proportional_update", "random_proportional_downweight"):
        try:
            curve = budget_curve(frozen_learner((copies, copies), (y, y), C), y, 1, policy, (0, n), random_state=0)
        except ValueError as error:
            if exponent > 2 or C > 1:
                assert_named(error)
                continue
            raise  # an ordinary problem has an answer
        assert np.isfinite(curve.accuracies).all()
        assert ((np.array(curve.accuracies) >= 0) & (np.array(curve.accuracies) <= 1)).all()
