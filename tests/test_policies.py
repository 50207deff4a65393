"""effaug.policies: the samplers against exact probabilities, the rankings, and the weights."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.stats import chisquare

from effaug.plans import plan_weights
from effaug.policies import APPENDIX_POLICIES, DPP_POLICIES, POLICIES, Policy, Request, load_policy, ordered
from effaug.study.protocols import TABLE_POLICIES

RANDOM = {  # what a point's probability is proportional to
    "baseline": np.ones_like,
    "random_proportional": lambda s: s,
    "random_inverse_proportional": lambda s: 1 / s,
    "random_softmax": np.exp,
    "random_inverse_softmax": lambda s: np.exp(-s),
}
ORDERS = {name: policy for name, policy in POLICIES.items() if name not in APPENDIX_POLICIES}


def rng(seed=0):
    return np.random.default_rng(seed)


def chooser(policy, scores, random, chosen=()):
    n = len(scores)
    return policy.prepare(Request(np.zeros((n, 1)), np.zeros(n, int), scores, (n,), random, np.array(chosen, int)))


def extend(policy, chosen, scores, budget, random):
    """`budget` points, of which the first are chosen already."""
    return chooser(policy, scores, random, chosen).choose(budget)


def order(policy, scores, random):
    return extend(policy, (), scores, len(scores), random)


def goodness_of_fit(drawn, probabilities):
    """The p value of ordered selections, given the probability of each that is possible."""
    outcomes, counts = np.unique(drawn, axis=0, return_counts=True)
    counted = dict(zip(map(tuple, outcomes.tolist()), counts.tolist(), strict=True))
    assert set(counted) <= set(probabilities)
    observed = [counted.get(outcome, 0) for outcome in probabilities]
    return chisquare(observed, len(drawn) * np.array(list(probabilities.values()))).pvalue


def exact(weights, k, among=None):
    """Probability of every ordered selection of k points, drawn one by one without replacement."""
    among = range(len(weights)) if among is None else among
    found = {}
    for outcome in itertools.permutations(among, k):
        p, left = 1.0, sum(weights[i] for i in among)
        for i in outcome:
            p, left = p * weights[i] / left, left - weights[i]
        found[outcome] = p
    assert sum(found.values()) == pytest.approx(1)
    return found


@pytest.mark.parametrize("name", RANDOM)
@pytest.mark.parametrize(("scores", "k"), [([0.3, 2.0, 1.0, 0.7], 4), ([0.2, 0.5, 1.0, 1.5, 0.1], 2)])
def test_ordered_selections_have_their_exact_probabilities(name, scores, k):
    scores, random = np.array(scores), rng(1)
    drawn = np.stack([order(POLICIES[name], scores, random)[:k] for _ in range(40_000)])
    assert goodness_of_fit(drawn, exact(RANDOM[name](scores), k)) > 1e-3
    slightly_off = RANDOM[name](scores) * np.linspace(0.95, 1.05, len(scores))
    assert goodness_of_fit(drawn, exact(slightly_off, k)) < 1e-3  # so many draws tell such a difference


def test_extension_draws_among_the_rest_in_proportion():
    scores, random = np.array([0.3, 2.0, 1.0, 0.7]), rng(2)
    policy, first = POLICIES["random_proportional_update"], (1,)
    drawn = np.stack([extend(policy, first, scores, 3, random) for _ in range(20_000)])
    assert (drawn[:, 0] == 1).all()
    assert goodness_of_fit(drawn[:, 1:], exact(scores, 2, among=(0, 2, 3))) > 1e-3


@pytest.mark.parametrize(
    ("name", "place"), [("random_proportional", slice(2, 5)), ("random_inverse_proportional", slice(0, 3))]
)
def test_zero_scores_come_last_or_first_in_random_order(name, place):
    scores, random = np.array([0.0, 2.0, 0.0, 1.0, 0.0]), rng(3)
    drawn = np.stack([order(POLICIES[name], scores, random) for _ in range(6000)])
    zeros = drawn[:, place]
    assert goodness_of_fit(zeros, exact(np.ones(5), 3, among=(0, 2, 4))) > 1e-3
    rest = np.delete(drawn, np.arange(5)[place], axis=1)
    weights = RANDOM[name](np.array([1.0, 2.0, 1.0, 1.0, 1.0]))
    assert goodness_of_fit(rest, exact(weights, 2, among=(1, 3))) > 1e-3


@pytest.mark.parametrize(
    ("name", "place", "points"),
    [
        ("random_proportional", slice(0, 4), [1, 2, 0, 3]),
        ("random_inverse_proportional", slice(0, 4), [3, 0, 2, 1]),
        ("random_softmax", slice(0, 1), [1]),
        ("random_inverse_softmax", slice(3, 4), [1]),
        ("deterministic_proportional", slice(0, 4), [1, 2, 0, 3]),
        ("deterministic_inverse_proportional", slice(0, 4), [3, 0, 2, 1]),
    ],
)
def test_extreme_scores_neither_overflow_nor_vanish(name, place, points):
    scores = np.array([1e-300, 1e300, 1.0, 0.0])
    with np.errstate(all="raise"):
        for seed in range(50):
            assert order(POLICIES[name], scores, rng(seed))[place].tolist() == points


@pytest.mark.parametrize(
    ("name", "expected"),
    [("deterministic_proportional", [1, 3, 4, 0, 2]), ("deterministic_inverse_proportional", [0, 2, 4, 1, 3])],
)
def test_ranking_is_stable_and_draws_nothing(name, expected):
    random = rng()
    for suffix in ("", "_update", "_downweight", "_update_downweight"):
        assert order(POLICIES[name + suffix], np.array([1.0, 3, 1, 3, 2]), random).tolist() == expected
    assert random.bit_generator.state == rng().bit_generator.state


def test_policies_of_a_seed_share_their_random_numbers():
    scores = np.full(50, 0.7)
    orders, states = {}, []
    for name, policy in ORDERS.items():
        if policy.random:
            orders[name] = order(policy, scores, random := rng(4)).tolist()
            states.append(random.bit_generator.state["state"])
    assert len(orders) == 18
    assert all(found == orders["baseline"] for found in orders.values())
    assert all(state == states[0] for state in states)
    assert orders["baseline"] != order(POLICIES["baseline"], scores, rng(5)).tolist()


def test_table_2_is_there():
    rows = {  # selection function, update, downweight
        "baseline": ("P(z_i) = 1 / n", False, False),
        "random_proportional": (r"P(z_i) = s_i / \sum_j s_j", False, False),
        "deterministic_proportional": (r"\mathrm{Rank}(z_i) = \mathrm{SELECT}_s^{-1}(s_i)", False, False),
        "random_proportional_update": (r"P(z_i) = s_i / \sum_j s_j", True, False),
        "random_proportional_downweight": (r"P(z_i) = s_i / \sum_j s_j", False, True),
    }
    assert {k: (POLICIES[k].selection, POLICIES[k].update, POLICIES[k].downweight) for k in rows} == rows


def test_every_policy_but_the_baseline_has_its_four_variants():
    bases = {*RANDOM, "deterministic_proportional", "deterministic_inverse_proportional"}
    suffixes = {"": (False, False), "_update": (True, False), "_downweight": (False, True)}
    suffixes["_update_downweight"] = (True, True)
    want = {base + suffix: flags for base in bases for suffix, flags in suffixes.items()}
    del want["baseline_update"], want["baseline_update_downweight"]
    assert {name: (p.update, p.downweight) for name, p in ORDERS.items()} == want
    for name, policy in ORDERS.items():
        base = POLICIES[name.removesuffix("_downweight").removesuffix("_update")]
        assert (policy.name, policy.rule, policy.selection) == (name, base.rule, base.selection)
        assert policy.random == base.random == (not name.startswith("deterministic"))
        assert policy.uses_scores == (not name.startswith("baseline"))


def test_the_eleven_policies_of_the_tables():
    proportional = [f"{kind}_proportional{s}" for kind in ("random", "deterministic")
                    for s in ("", "_update", "_downweight", "_update_downweight")]  # fmt: skip
    inverse = ["random_inverse_proportional", "deterministic_inverse_proportional"]
    assert sorted(TABLE_POLICIES) == sorted(["baseline", *proportional, *inverse])
    assert len(TABLE_POLICIES) == 11
    assert set(TABLE_POLICIES) < set(POLICIES)


finite = st.floats(0, 1.7e308, allow_subnormal=True)


@settings(deadline=None)
@given(st.data(), st.sampled_from(sorted(ORDERS)), hnp.arrays(float, st.integers(1, 12), elements=finite))
def test_extension_keeps_the_prefix_and_ends_with_a_permutation(data, name, scores):
    n, policy = len(scores), POLICIES[name]
    start = data.draw(st.permutations(range(n)))[: data.draw(st.integers(0, n))]
    budget = data.draw(st.integers(len(start), n))
    some = extend(policy, start, scores, budget, rng())
    assert (some[: len(start)].tolist(), len(some), some.dtype.kind) == (start, budget, "i")
    everything = extend(policy, some, scores, n, rng(1))
    assert sorted(everything.tolist()) == list(range(n))
    assert everything[:budget].tolist() == some.tolist()
    larger = extend(policy, start, scores, n, rng())  # the same seed: budgets are nested
    assert larger[:budget].tolist() == some.tolist()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -1e-9])
def test_scores_that_are_negative_or_not_finite_are_refused(bad):
    for policy in ORDERS.values():
        if policy.uses_scores:
            with pytest.raises(ValueError, match=f"scores must be finite and not negative, got {bad} at point 1"):
                extend(policy, (), np.array([1.0, bad, 2.0]), 2, rng())
        else:
            assert sorted(order(policy, np.array([1.0, bad, 2.0]), rng())) == [0, 1, 2]


@pytest.mark.parametrize("budget", [-1, 4, 1.0, True])
def test_a_number_of_points_that_there_is_not_is_refused(budget):
    with pytest.raises(ValueError, match=f"k must be a whole number between 0 and 3.*got {budget}"):
        extend(POLICIES["baseline"], (), np.ones(3), budget, rng())


# The registry


def test_every_policy_has_one_name_and_one_registry():
    assert all(load_policy(name) is policy and policy.name == name for name, policy in POLICIES.items())
    assert len(ORDERS) == 26
    assert list(POLICIES) == [*ORDERS, *APPENDIX_POLICIES]
    assert (
        "virtual_support_vectors",
        "clustered_baseline",
        "clustered_random_proportional",
        *DPP_POLICIES,
    ) == APPENDIX_POLICIES
    assert DPP_POLICIES == ("dpp", "dpp_proportional", "dpp_map", "dpp_map_proportional")
    assert {name for name, policy in POLICIES.items() if policy.selection} == set(ORDERS)


def test_a_policy_of_ones_own_stands_wherever_a_name_does():
    reversed_order = Policy("last_first", ordered(lambda scores, rng: np.arange(len(scores))[::-1]), uses_scores=False)
    assert load_policy(reversed_order) is reversed_order
    assert order(reversed_order, np.ones(4), rng()).tolist() == [3, 2, 1, 0]
    assert extend(reversed_order, (1, 3), np.ones(4), 3, rng()).tolist() == [1, 3, 2]
    assert chooser(reversed_order, np.ones(4), rng()).ordered
    with pytest.raises(
        ValueError, match=r"unknown policy 'dp' \(did you mean 'dpp'\?\); accepted: baseline, .*dpp_map"
    ):
        load_policy("dp")


# Weights


def test_plan_gives_every_kind_of_point_its_weights():
    selected = np.array([True, False, True, False])
    full, shared = plan_weights(selected, 3), plan_weights(selected, 3, downweight=True)
    np.testing.assert_array_equal(full, [[1, 1, 1, 1], [1, 0, 0, 0], [1, 1, 1, 1], [1, 0, 0, 0]])
    np.testing.assert_array_equal(shared, [[0.25] * 4, [1, 0, 0, 0], [0.25] * 4, [1, 0, 0, 0]])


@given(hnp.arrays(bool, st.integers(0, 30)), st.integers(1, 14))
def test_downweighting_conserves_the_weight_of_every_point(selected, copies):
    shared = plan_weights(selected, copies, downweight=True)
    np.testing.assert_allclose(shared.sum(axis=1), np.ones(len(selected)), rtol=1e-12)
    np.testing.assert_array_equal(plan_weights(selected, copies).sum(axis=1), 1 + copies * selected)


@pytest.mark.parametrize("selected", [[0, 2], [1.0, 0.0], [[True], [False]]])
def test_a_plan_is_made_of_a_boolean_selection_alone(selected):
    """Indices, such as `select` returns, would give a plan of too few points."""
    with pytest.raises(ValueError, match="selected must be boolean, one value for each of the n points, got"):
        plan_weights(np.array(selected), 2)


@pytest.mark.parametrize("name", sorted(POLICIES))
def test_policy_downweights_as_its_name_says(name):
    weights = POLICIES[name].weights(np.array([True, False]), 4)
    assert weights[0].tolist() == [0.2 if name.endswith("downweight") else 1] * 5
    assert weights[1].tolist() == [1, 0, 0, 0, 0]
