"""effaug.selection: sets by their definition, and `select` by hand."""

import dataclasses
import re

import dask.array as da
import jax
import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn.datasets import load_digits

from effaug import clusters, dpp, logistic, svm
from effaug.blocks import Rows
from effaug.curves import Fitted, budget_curve
from effaug.policies import POLICIES, Policy, Request, SetChoices, load_policy, ordered
from effaug.scores import influence
from effaug.scores import score as score_points
from effaug.selection import choose, select


def rng(seed=0):
    return np.random.default_rng(seed)


def points(n=40, d=6, seed=0):
    labels = np.arange(n) % 2
    features = rng(seed).normal(size=(n, d)) + labels[:, None]
    return features, labels, rng(seed + 1).exponential(size=n)


BUDGETS = (0, 1, 5, 20, 40)


def prepare(name, given, random=None, choices=None):
    policy = load_policy(name)
    policy = policy if choices is None else dataclasses.replace(policy, choices=choices)
    return policy.prepare(Request(*given, BUDGETS, random or rng()))


def test_support_vectors_are_those_of_the_svm_and_their_number_the_only_budget():
    features, labels, scores = points()
    chooser = prepare("virtual_support_vectors", (features, labels, scores))
    support = svm.fit(features, labels).support
    assert chooser.budgets == (len(support),)
    assert chooser.choose(len(support)).tolist() == support.tolist()
    with pytest.raises(ValueError, match=f"budget must be {len(support)}, got 3"):
        chooser.choose(3)


@pytest.mark.parametrize(("name", "weighted"), [("clustered_baseline", False), ("clustered_random_proportional", True)])
def test_clusters_are_as_many_as_points_are_chosen(name, weighted):
    features, labels, scores = points()
    for k in BUDGETS:
        chooser = prepare(name, (features, labels, scores), rng(3))
        assert chooser.budgets == BUDGETS
        expected = clusters.cluster_order(features, k, scores if weighted else None, random_state=rng(3))
        assert chooser.choose(k).tolist() == expected.tolist()
        assert len(set(expected)) == k


@pytest.mark.parametrize(("name", "weighted"), [("dpp", False), ("dpp_proportional", True)])
def test_a_k_dpp_is_drawn_at_the_budgets_that_its_rank_allows(name, weighted):
    features, labels, scores = points()
    chooser, random = prepare(name, (features, labels, scores), rng(5)), rng(5)
    assert chooser.budgets == (0, 1, 5)  # a rank of 6
    kernel = dpp.KDPP.of(features, scores if weighted else None)
    for k in (*chooser.budgets, 6, 3):
        assert chooser.choose(k).tolist() == kernel.sample(k, random).tolist()


@pytest.mark.parametrize(("name", "weighted"), [("dpp_map", False), ("dpp_map_proportional", True)])
def test_greedy_sets_contain_each_other(name, weighted):
    features, labels, scores = points()
    chooser = prepare(name, (features, labels, scores))
    assert chooser.budgets == (0, 1, 5)
    expected = dpp.greedy_map(features, 6, scores if weighted else None)
    for k in (*chooser.budgets, 6):
        assert chooser.choose(k).tolist() == expected[:k].tolist()


@pytest.mark.parametrize("policy", ["dpp", "dpp_map_proportional"])
def test_a_k_dpp_of_more_points_than_dimensions_is_refused_with_what_gives_it_more(policy):
    X = rng(0).normal(size=(60, 4))
    y = np.arange(60) % 2
    with pytest.raises(
        ValueError, match=r"^budget must be .* between 0 and 4, the rank .*got 9\..*fourier=\d+"
    ) as told:
        select(X, y, 9, policy=policy)
    fourier = int(re.search(r"fourier=(\d+)", str(told.value))[1])
    assert len(set(select(X, y, 9, policy=policy, fourier=fourier))) == 9


@pytest.mark.parametrize("name", ["dpp", "dpp_proportional", "dpp_map", "dpp_map_proportional"])
def test_a_diagonal_lifts_the_limit_of_the_rank(name):
    features, labels, scores = points()
    quality = scores if "proportional" in name else None
    for k in BUDGETS:
        chooser = prepare(name, (features, labels, scores), rng(5), SetChoices(dpp_diagonal=1e-3))
        assert chooser.budgets == BUDGETS
        if "map" in name:
            expected = dpp.greedy_map(features, k, quality, 1e-3)
        else:
            expected = dpp.KDPP.of(features, quality, 1e-3).sample(k, rng(5))
        assert chooser.choose(k).tolist() == expected.tolist()
        assert len(set(expected.tolist())) == k


def test_so_many_starts_of_k_means_and_such_folds_are_handed_on():
    given = features, labels, _ = points()
    chooser = prepare("clustered_baseline", given, rng(3), SetChoices(kmeans_starts=10))
    one, ten = (clusters.cluster_order(features, 20, random_state=rng(3), n_init=n) for n in (1, 10))
    assert chooser.choose(20).tolist() == ten.tolist() != one.tolist()
    given = features, labels, _ = points(seed=5)
    support = [svm.fit(features, labels, shuffled=shuffled).support.tolist() for shuffled in (True, False)]
    assert support[0] != support[1]
    for shuffled, expected in zip((True, False), support, strict=True):
        chooser = prepare("virtual_support_vectors", given, choices=SetChoices(shuffled_folds=shuffled))
        assert chooser.choose(len(expected)).tolist() == expected


CHOOSING = [name for name, p in POLICIES.items() if not p.update and not p.downweight]


@pytest.mark.parametrize("name", CHOOSING)
def test_select_gives_so_many_distinct_points_by_every_policy(name):
    features, labels, _ = points()
    budget = len(svm.fit(features, labels).support) if name == "virtual_support_vectors" else 5
    found = select(features, labels, budget, policy=name)
    assert len(set(found.tolist())) == budget
    assert set(found.tolist()) <= set(range(40))
    assert found.tolist() == select(features, labels, budget, policy=name, random_state=0).tolist()


@pytest.fixture(scope="module")
def digits():
    pixels, labels = load_digits(return_X_y=True)
    kept = np.isin(labels, (3, 8))
    return pixels[kept][:200] / 16, np.array(["three", "eight"])[(labels[kept][:200] == 8).astype(int)]


def by_hand(features, labels, C=10.0):
    """Loss, and influence g' H^-1 g, from scikit-learn's model and a dense Hessian."""
    from sklearn.linear_model import LogisticRegression

    y = (labels == np.unique(labels)[1]).astype(int)
    model = LogisticRegression(C=C, tol=1e-6, max_iter=20_000).fit(features, y)
    p, u = model.predict_proba(features)[:, 1], np.column_stack([features, np.ones(len(features))])
    H = (u.T * (p * (1 - p))) @ u + np.diag([1 / C] * features.shape[1] + [0])
    g = (p - y)[:, None] * u
    margin = np.abs(svm.fit(features, y).decision_function(features))
    influence = np.einsum("np,pn->n", g, np.linalg.solve(H, g.T))
    return {"loss": -np.log(np.where(y, p, 1 - p)), "influence": influence, "margin": margin}


@pytest.mark.parametrize("score", ["influence", "loss", "margin"])
@pytest.mark.parametrize("C", [10.0, 0.1])
def test_select_is_the_ranking_by_hand(digits, score, C):
    want = by_hand(*digits, C=C)[score] * (-1 if score == "margin" else 1)  # close to the boundary comes first
    found = select(*digits, 20, score=score, C=C)
    assert found.tolist() == np.argsort(-want)[:20].tolist()
    lowest = select(*digits, 200, score=score, C=C, policy="deterministic_inverse_proportional")
    assert want[lowest][:50].max() <= np.sort(want)[49] + 1e-6
    assert sorted(lowest.tolist()) == list(range(200))


def test_select_takes_influence_and_seed_0_unless_told(digits):
    assert select(*digits, 9).tolist() == select(*digits, 9, score="influence", C=10.0).tolist()
    drawn = select(*digits, 9, policy="random_proportional")
    assert drawn.tolist() == select(*digits, 9, policy="random_proportional", random_state=rng(0)).tolist()
    assert drawn.tolist() != select(*digits, 9, policy="random_proportional", random_state=rng(1)).tolist()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            {"policy": "random_proportinal"},
            ["'random_proportinal'", "mean 'random_proportional'?", ", ".join(CHOOSING)],
        ),
        ({"policy": "best"}, ["unknown policy 'best'; accepted: " + ", ".join(CHOOSING)]),
        ({"policy": "virtual_support_vectors"}, ["effaug.svm", "support vectors", "budget must be ", ", got 5"]),
        *(
            (
                {"policy": f"{name}_downweight"},
                [
                    f"policy '{name}_downweight'",
                    f"choose points with policy='{name}'",
                    "plan_weights(selected, copies, downweight=True)",
                ],
            )
            for name in ("baseline", "random_proportional", "deterministic_inverse_proportional", "random_softmax")
        ),
        ({"policy": "dpp", "budget": 70}, ["rank of the kernel", "got 70"]),
        ({"policy": "dpp_map", "budget": 70}, ["rank of the kernel", "got 70"]),
        ({"policy": "random_proportional_update"}, ["select() scores once", "'random_proportional_update'"]),
        ({"score": "entropy"}, ["score 'entropy'", "influence, loss, margin"]),
        ({"score": np.ones(199)}, ["score must have shape (200,)", "got (199,)"]),
        ({"score": -np.ones(200)}, ["score must be finite and not negative, got -1.0 at point 0"]),
        ({"score": lambda *given: np.ones(3)}, ["score must have shape (200,)", "got (3,)"]),
        ({"budget": 201}, ["budget must be a whole number between 0 and 200, got 201"]),
        ({"y": np.ones(200)}, ["y must be of two classes or more, got 1: [1.0]"]),
        ({"y": np.arange(200) % 3, "score": "margin"}, ["y must be 0 and 1"]),
        ({"sample": 3}, ["sample must be larger: of 3 points some class has fewer than two"]),
        ({"sample": 1}, ["sample must be a whole number from 2, got 1"]),
        ({"sample": 50, "score": "margin"}, ["sample must be None for score 'margin'", "got 50"]),
        ({"policy": "dpp", "pool": 4}, ["pool must be a whole number from 5, got 4"]),
        ({"fourier": 1.5}, ["fourier must be a whole number from 1, got 1.5"]),
        ({"X": np.zeros((200, 2, 4))}, ["X must have shape (n, d), got (200, 2, 4)"]),
        ({"X": np.full((200, 3), np.nan)}, ["X must be finite, got nan in row 0"]),
        ({"X": np.full((200, 3), np.inf), "policy": "baseline"}, ["X must be finite, got inf in row 0"]),
        ({"y": np.array([0, None] * 100)}, ["y must be known for every point"]),
        ({"y": np.array([0, np.nan] * 100)}, ["y must be known for every point"]),
        ({"y": np.zeros((200, 1))}, ["y must have shape (n,), got (200, 1)"]),
        ({"C": -1.0}, ["C must be a positive number, got -1.0"]),
        ({"budget": True}, ["budget must be a whole number between 0 and 200, got True"]),
    ],
)
def test_select_refuses_with_the_value_and_what_is_accepted(digits, change, words):
    arguments = {"X": digits[0], "y": digits[1], "budget": 5} | change
    with pytest.raises(ValueError) as error:  # noqa: PT011
        select(**arguments)
    for word in words:
        assert word in str(error.value)


@pytest.mark.parametrize("budget", [0.1, 20.0, -1, 1798, "20"])
def test_select_refuses_a_budget_that_is_no_number_of_points(budget):
    features, digit = load_digits(return_X_y=True)
    with pytest.raises(ValueError, match="budget must be a whole number between 0 and 1797"):
        select(features, digit % 2, budget)


def test_select_takes_a_seed_and_wants_as_many_labels_as_points():
    features, digit = load_digits(return_X_y=True)
    by_seed = select(features, digit % 2, 10, policy="random_proportional", random_state=3)
    by_generator = select(features, digit % 2, 10, policy="random_proportional", random_state=np.random.default_rng(3))
    np.testing.assert_array_equal(by_seed, by_generator)
    with pytest.raises(ValueError, match="y must have a label for each row of X, 1797, got 100"):
        select(features, digit[:100] % 2, 10)


def test_a_score_and_a_policy_may_be_given_themselves(digits):
    named = select(*digits, 20).tolist()
    assert select(*digits, 20, score=influence).tolist() == named
    known = np.random.default_rng(0).permutation(200)
    assert select(*digits, 20, score=known).tolist() == np.argsort(-known)[:20].tolist() != named
    assert select(*digits, 20, policy=POLICIES["deterministic_proportional"]).tolist() == named
    last = Policy("last", ordered(lambda scores, rng: np.arange(len(scores))[::-1]), uses_scores=False)
    assert select(*digits, 3, policy=last).tolist() == [199, 198, 197]
    wide = dataclasses.replace(POLICIES["dpp"], choices=SetChoices(dpp_diagonal=1e-3))
    assert len(set(select(*digits, 150, policy=wide).tolist())) == 150


def test_select_hands_influence_to_the_policies_of_sets(digits):
    features, labels = digits
    quality = score_points(
        "influence", logistic.fit(features, y := np.unique(labels, return_inverse=True)[1]), features, y
    )
    kdpp, greedy = dpp.KDPP.of(features, quality), dpp.greedy_map(features, 12, quality)
    clustered = clusters.cluster_order(features, 12, quality, random_state=rng(3))
    for policy, expected in (
        ("dpp_proportional", kdpp.sample(12, rng(3))),
        ("dpp_map_proportional", greedy),
        ("clustered_random_proportional", clustered),
    ):
        assert select(*digits, 12, policy=policy, random_state=3).tolist() == expected.tolist(), policy


DOORS = {
    "select": lambda state: select(*points()[:2], 10, policy="baseline", random_state=state),
    "budget_curve": lambda state: budget_curve(still, points()[1], 1, "baseline", (0, 10), random_state=state).order,
    "kdpp_sample": lambda state: dpp.kdpp_sample(points()[0], 3, random_state=state),
    "KDPP.sample": lambda state: dpp.KDPP.of(points()[0]).sample(3, random_state=state),
    "cluster_order": lambda state: clusters.cluster_order(points()[0], 10, random_state=state),
}


def still(sample_weight):
    """A learner of which the policy reads nothing."""
    return Fitted(None, np.zeros((*sample_weight.shape, 1)), 0.5)


@pytest.mark.parametrize("door", DOORS)
def test_random_state_is_a_seed_a_generator_or_none(door):
    drawn = [DOORS[door](state).tolist() for state in (3, np.int64(3), rng(3))]
    assert drawn[0] == drawn[1] == drawn[2]
    given = rng(3)
    assert DOORS[door](given).tolist() == drawn[0] != DOORS[door](given).tolist()  # which goes on where it was
    assert len({tuple(DOORS[door](None).tolist()) for _ in range(5)}) > 1


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("state", [-1, 1.0, "3", True, np.random.RandomState(3)])
def test_any_other_random_state_is_named(door, state):
    accepted = "a whole number from 0, a numpy.random.Generator or None"
    with pytest.raises(ValueError, match=f"random_state must be {accepted}, got {re.escape(repr(state))}"):
        DOORS[door](state)


# Many points, in memory or not


def many(n=4000, d=8, classes=2):
    features = rng().normal(size=(n, d)) * np.linspace(0.5, 2, d)
    margins = features @ rng(1).normal(size=(d, classes)) + rng(2).gumbel(size=(n, classes))
    return features, margins.argmax(axis=1)


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("score", ["influence", "loss"])
def test_the_sampling_error_is_how_far_the_margins_of_a_sampled_fit_are_off(score, classes):
    X, y = many(classes=classes)
    whole = choose(X, y, 40, score=score)
    assert (whole.sample, whole.sampling_error, whole.pool, whole.fourier) == (4000, 0.0, 4000, 0)
    errors = []
    for sample in (400, 2000):
        found = choose(X, y, 40, score=score, sample=sample)
        part = Rows(X[:, None], y, np.ones((4000, 1))).sample(sample)
        on_part = logistic.fit(part.X, part.y, part.sample_weight)
        apart = on_part.decision_function(X) - logistic.fit(X, y).decision_function(X)
        assert 0.6 < found.sampling_error / np.sqrt(np.mean(apart**2)) < 1.7
        assert spearmanr(found.scores, whole.scores).statistic > 0.95
        assert len(set(found.points) & set(whole.points)) > 25
        assert f"sample of {sample:,}, whose margins are off by about" in str(found)
        errors.append(found.sampling_error)
    assert errors[1] < errors[0] < 0.8


@pytest.mark.parametrize("kind", ["memory map", "Dask", "JAX"])
@pytest.mark.parametrize("settings", [{}, {"sample": 500}, {"policy": "random_proportional", "score": "loss"}])
def test_the_same_points_wherever_the_features_lie(kind, settings, tmp_path):
    X, y = many()
    np.save(tmp_path / "X.npy", X)
    kept = {
        "memory map": lambda: np.load(tmp_path / "X.npy", mmap_mode="r"),
        "Dask": lambda: da.from_array(X, (900, 8)),
        "JAX": lambda: jax.numpy.asarray(X),
    }
    with jax.enable_x64(True):
        assert select(kept[kind](), y, 60, **settings).tolist() == select(X, y, 60, **settings).tolist()


@pytest.mark.parametrize("policy", ["dpp", "dpp_proportional", "dpp_map", "dpp_map_proportional", "clustered_baseline"])
def test_a_pool_bounds_what_a_policy_of_sets_looks_at(policy):
    X, y = many()
    found = choose(X, y, 6, policy=policy, pool=50)
    assert found.pool == 50
    assert len(set(found.points.tolist())) == 6
    assert "chosen among a pool of 50" in str(found)
    if policy == "dpp_map_proportional":
        assert set(found.points) <= set(np.argsort(-found.scores)[:50])
    assert found.points.tolist() == select(X, y, 6, policy=policy, pool=50).tolist()


def test_fourier_features_lift_the_limit_of_the_rank():
    X, y = many()
    with pytest.raises(ValueError, match="rank of the kernel"):
        select(X, y, 30, policy="dpp", pool=500)
    found = choose(X, y, 30, policy="dpp", pool=500, fourier=64)
    assert (len(set(found.points.tolist())), found.fourier) == (30, 64)
    assert "64 random Fourier features in place of the linear kernel" in str(found)


def test_points_of_many_classes_are_chosen():
    X, y = many(classes=4)
    words = np.array(["a", "b", "c", "d"])[y]
    by_influence = influence(logistic.fit(X, y), X, y)
    assert select(X, words, 30).tolist() == np.argsort(-by_influence)[:30].tolist()
