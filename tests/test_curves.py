"""effaug.curves: every policy through one function, budgets from anywhere, and what is refused before any fit."""

import dataclasses
import subprocess
import sys

import numpy as np
import pytest

from effaug import scores
from effaug.curves import BudgetCurve, Fitted, budget_curve, frozen_learner
from effaug.policies import APPENDIX_POLICIES, POLICIES, Policy, ordered

N, COPIES, D = 40, 2, 12
LABELS = np.arange(N) % 2


def toy(n, seed):
    """Points of two classes whose copies are moved: the model changes with every point that is augmented."""
    rng, labels = np.random.default_rng(seed), np.arange(n) % 2
    features = rng.normal(0.3 * labels[:, None, None], 1.0, (n, 1 + COPIES, D))
    features[:, 1:, 0] += 2
    return features, labels


TRAIN, (TEST, TEST_LABELS) = toy(N, 0)[0], toy(400, 1)


def curve(policy, budgets, seed=3, learn=None, **options):
    learn = learn or frozen_learner((TRAIN, TEST), (LABELS, TEST_LABELS), C=10.0)
    return budget_curve(learn, LABELS, COPIES, policy, budgets, random_state=seed, **options)


def unused(weights):
    raise AssertionError("fitted")


@pytest.mark.parametrize("name", [name for name in POLICIES if name != "virtual_support_vectors"])
def test_a_curve_that_begins_above_0_is_the_curve_from_0_less_its_beginning(name):
    whole, part = curve(name, (0, 4, 10)), curve(name, (4, 10))
    assert (whole.budgets, part.budgets) == ((0, 4, 10), (4, 10))
    np.testing.assert_array_equal(part.accuracies, whole.accuracies[1:])
    assert len(set(whole.accuracies)) > 1
    if name in APPENDIX_POLICIES:
        assert whole.order is part.order is None
    else:
        assert part.order.tolist() == whole.order.tolist()
        assert len(set(part.order.tolist())) == 10


@pytest.mark.parametrize("name", [name for name, p in POLICIES.items() if not p.update and name.startswith(("r", "b"))])
def test_accuracy_at_a_budget_does_not_depend_on_the_budgets_before(name):
    whole = curve(name, range(0, N + 1, 5))
    for budgets in ((10,), (5, 40), (40,), (15, 20, 35), np.array([5, 10], np.uint8)):
        at = [whole.budgets.index(budget) for budget in budgets]
        np.testing.assert_array_equal(curve(name, budgets).accuracies, whole.accuracies[at])


@pytest.mark.parametrize("name", ["baseline", "random_proportional_update", "dpp", "clustered_baseline"])
def test_models_are_fitted_to_nothing_first_and_then_once_a_budget(name):
    asked, learn = [], frozen_learner((TRAIN, TEST), (LABELS, TEST_LABELS), C=10.0)

    def spy(weights):
        asked.append(int((weights[:, 1] > 0).sum()))
        return learn(weights)

    for budgets in ((0, 4, 10), (4, 10)):
        asked.clear()
        curve(name, budgets, learn=spy)
        assert asked == [0, 4, 10]


@pytest.mark.parametrize("policy", ["baseline", "random_proportional_update", "dpp_proportional"])
@pytest.mark.parametrize(
    "budgets", [(), (10, 4), (4, 4), (0, 0, 4), (-1, 4), (0, 41), (0, 4.0), (0, 0.5), (False, 4), (0, "4"), 4, None,
                np.array([30, 10], np.uint8), np.array([[0, 4]])],
)  # fmt: skip
def test_budgets_that_do_not_ascend_from_0_to_n_are_refused_before_any_fit(policy, budgets):
    with pytest.raises(ValueError, match="budgets must be whole numbers from 0 to 40, ascending, each once, got"):
        curve(policy, budgets, learn=unused)


@pytest.mark.parametrize(
    ("policy", "score", "message"),
    [
        ("dp", "influence", r"unknown policy 'dp' \(did you mean 'dpp'\?\)"),
        ("dpp_proportional", "entropy", "unknown score 'entropy'; accepted: influence, loss, margin"),
        ("random_proportional", np.ones(3), r"score must have shape \(40,\), one a point, got \(3,\)"),
        ("random_proportional_update", np.ones(N), "score must be a name or callable .* updates scores, got an array"),
    ],
)
def test_an_unknown_policy_or_score_is_refused_before_any_fit(policy, score, message):
    with pytest.raises(ValueError, match=message):
        curve(policy, (0, 4), score=score, learn=unused)


def test_a_k_dpp_is_measured_up_to_its_rank_and_support_vectors_at_their_number():
    found = curve("dpp", (0, 4, 12, 13, N))
    assert isinstance(found, BudgetCurve)
    assert (found.budgets, found.accuracies.shape, found.order) == ((0, 4, 12), (3,), None)
    support = curve("virtual_support_vectors", (0, 4))
    (size,) = support.budgets
    assert 4 < size < N
    assert support.accuracies.shape == (1,)
    with pytest.raises(ValueError, match=r"budgets must begin with one that dpp can meet, got \(13, 20\)"):
        curve("dpp", (13, 20))


def test_more_than_two_classes_have_no_curve():
    X, y = np.random.default_rng(0).standard_normal((30, 2, 3)), np.arange(30) % 3
    with pytest.raises(ValueError, match=r"y must be 0 or 1, got \[0, 1, 2\]"):
        frozen_learner((X, X), (y, y), 1.0)


def test_a_policy_and_a_score_may_be_given_themselves():
    first = Policy("first", ordered(lambda values, rng: np.arange(len(values))), uses_scores=False)
    assert curve(first, (0, 7)).order.tolist() == list(range(7))
    wide = dataclasses.replace(POLICIES["dpp"], choices=dataclasses.replace(POLICIES["dpp"].choices, dpp_diagonal=0.1))
    assert curve(wide, (0, N)).budgets == (0, N)
    known = np.random.default_rng(0).permutation(N)
    assert curve("deterministic_proportional", (0, N), score=known).order.tolist() == np.argsort(-known).tolist()
    named, called = (curve("random_proportional_update", (0, 4, 10), score=s) for s in ("influence", scores.influence))
    assert named.order.tolist() == called.order.tolist()
    np.testing.assert_array_equal(named.accuracies, called.accuracies)


def test_rng_is_a_deprecated_name_of_random_state():
    learn = frozen_learner((TRAIN, TEST), (LABELS, TEST_LABELS), C=10.0)
    with pytest.warns(DeprecationWarning, match="rng is deprecated: budget_curve takes it as random_state") as warned:
        old = budget_curve(learn, LABELS, COPIES, "baseline", (0, N), rng=np.random.default_rng(3))
    assert warned[0].filename == __file__
    assert old.order.tolist() == curve("baseline", (0, N), seed=3).order.tolist()
    assert old.order.tolist() != budget_curve(learn, LABELS, COPIES, "baseline", (0, N)).order.tolist()


def test_the_result_is_frozen_and_needs_no_network():
    found = curve("baseline", (0, 4))
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.order = None
    assert [field.name for field in dataclasses.fields(found)] == ["budgets", "accuracies", "order"]
    assert dataclasses.is_dataclass(Fitted)
    code = (
        "import sys, effaug.curves; print(*sorted(m for m in sys.modules if m.startswith(('effaug.', 'tensorflow'))))"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {
        "effaug.study.protocols",
        "effaug.study.tasks",
        "effaug.study.results",
        "effaug.images.networks",
        "tensorflow",
    } & set(loaded)
    assert "effaug.curves" in loaded
