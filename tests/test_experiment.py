"""effaug.study.experiment: curves against loops over explicit copies, what the network is asked for, and the jobs."""

import dataclasses
import itertools

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.svm import SVC

from effaug import logistic, scores, svm
from effaug.curves import Fitted, budget_curve, frozen_learner, full_augmentation
from effaug.images.augment import with_originals
from effaug.policies import APPENDIX_POLICIES, POLICIES, load_policy
from effaug.study import experiment, learners, protocols
from effaug.study.experiment import Experiment, Job, compute
from effaug.study.protocols import CHOICES, TABLE_POLICIES, load_protocol, swap
from effaug.study.task_data import Subset, load_subset
from effaug.study.tasks import TASKS, augmentation, load_task

N, M, COPIES, D = 24, 150, 3, 3
BUDGETS = (0, 1, 4, 12, N)
PROTOCOL = load_protocol("paper", C=2.0, ridge=0.3)
ORDERS = [name for name in POLICIES if name not in APPENDIX_POLICIES]
CASES = [(name, score) for name in ORDERS for score in (scores.SCORES if POLICIES[name].uses_scores else ("",))]


def toy():
    """Noisy points of two classes whose copies are moved far, so that every copy turns the classifier."""
    rng = np.random.default_rng(3)
    y, y_test = np.arange(N) % 2, np.arange(M) % 2
    train, test = (rng.normal(label[:, None, None], 1.5, (len(label), 1 + COPIES, D)) for label in (y, y_test))
    for features in (train, test):
        features[:, 1:] += 2 * np.arange(1, 1 + COPIES)[:, None] * [1, -1, 0]
    return train, test, Subset(np.zeros(0), y, np.zeros(0), y_test, {})


TRAIN, TEST, SUBSET = toy()


def learner(featurise=lambda selected: (TRAIN, TEST)):
    """From weights to a model on features of the points that they select."""

    def learn(weights):
        train, test = featurise(weights[:, 1] > 0)
        model = logistic.fit(train, SUBSET.y_train, weights, C=2.0)
        return Fitted(model, train, model.accuracy(test, SUBSET.y_test))

    return learn


def curve(name, score, learn=None):
    learn = learn or learner()
    found = budget_curve(learn, SUBSET.y_train, COPIES, name, BUDGETS, score=score, ridge=0.3, random_state=5)
    assert found.budgets == BUDGETS
    return found.accuracies, found.order


def brute_force(name, score, features=lambda chosen: (TRAIN, TEST), subset=SUBSET, budgets=BUDGETS, C=2.0, ridge=0.3):
    """The same, by the paper's words: at each budget a list of originals and copies, and a classifier fitted on it."""
    update, downweight = "_update" in name, name.endswith("_downweight")
    base = name.removesuffix("_downweight").removesuffix("_update")
    rng, chosen, accuracies = np.random.default_rng(5), [], []
    y, n = subset.y_train, len(subset.y_train)
    for k, budget in enumerate(budgets):
        now = chosen[:budget]
        train, test = features(sorted(now))
        copies = train.shape[1] - 1
        share = 1 / (1 + copies) if downweight else 1
        x, labels, weights = list(train[:, 0]), list(y), [share if i in now else 1 for i in range(n)]
        for i in now:
            x += list(train[i, 1:])
            labels += [y[i]] * copies
            weights += [share] * copies
        model = LogisticRegression(C=C, solver="newton-cholesky", tol=1e-9).fit(x, labels, sample_weight=weights)
        right = [model.predict(test[:, c]) == subset.y_test for c in range(1 + copies)]
        accuracies.append(np.mean(right))
        if budget < n and (budget == 0 or update):
            s = by_hand(score, model, np.array(x), weights, train[:, 0], y, ridge) if score else None
            further = [i for i in draw(base, s, n, rng) if i not in chosen]
            chosen = (chosen + further)[: budgets[k + 1] if update else n]
    return np.array(accuracies), np.array(chosen)


def by_hand(score, model, x, weights, originals, y, ridge):
    if score == "margin":
        return np.abs(SVC(kernel="linear", C=svm.fit(originals, y).C).fit(originals, y).decision_function(originals))
    proba = model.predict_proba(originals)[:, 1]
    if score == "loss":
        return [-np.log(p if label else 1 - p) for p, label in zip(proba, y, strict=True)]
    hessian = ridge * np.diag([1] * x.shape[1] + [0]).astype(float)
    for row, weight, p in zip(x, weights, model.predict_proba(x)[:, 1], strict=True):
        u = np.append(row, 1)
        hessian += weight * p * (1 - p) * np.outer(u, u)
    gradients = [(p - label) * np.append(row, 1) for row, p, label in zip(originals, proba, y, strict=True)]
    return [g @ np.linalg.solve(hessian, g) for g in gradients]


def draw(base, s, n, rng):
    if base.startswith("deterministic"):
        return sorted(range(n), key=lambda i: s[i] if "inverse" in base else -s[i])
    s = np.ones(n) if base == "baseline" else np.array(s)
    chance = np.exp(-s if "inverse" in base else s) if "softmax" in base else 1 / s if "inverse" in base else s
    return np.argsort(rng.standard_exponential(n) / chance)  # a race, of which drawing in turn is the order of arrival


@pytest.mark.parametrize(("name", "score"), CASES)
def test_curve_is_that_of_loops_over_explicit_copies(name, score):
    accuracies, order = curve(name, score)
    expected, chosen = brute_force(name, score)
    np.testing.assert_array_equal(order, chosen)
    np.testing.assert_allclose(accuracies, expected, rtol=1e-12)
    assert sorted(order) == list(range(N))


def test_toy_tells_policies_apart():
    found = {}
    for name, score in CASES:
        if score == "margin" and POLICIES[name].update:
            continue  # the originals' margin, which no augmentation of other points changes
        accuracies, order = curve(name, score)
        found.setdefault((*accuracies, *order), []).append((name, score))
    assert [cases for cases in found.values() if len(cases) > 1] == []


@pytest.mark.parametrize(("name", "score"), CASES)
def test_only_originals_and_selected_copies_are_read_and_each_budgets_selection_is_told(name, score):
    asked = []

    def featurise(selected):
        asked.append(selected.copy())
        train = TRAIN.copy()
        train[~selected, 1:] = np.nan
        return train, TEST

    accuracies, order = curve(name, score, learner(featurise))
    np.testing.assert_array_equal(accuracies, curve(name, score)[0])
    assert [np.flatnonzero(selected).tolist() for selected in asked] == [sorted(order[:b].tolist()) for b in BUDGETS]


@pytest.mark.parametrize(("name", "score"), CASES)
def test_curve_begins_without_augmentation_and_ends_with_all_of_it(name, score):
    accuracies, _ = curve(name, score)
    plain = LogisticRegression(C=2.0, tol=1e-8, max_iter=1000).fit(TRAIN[:, 0], SUBSET.y_train)
    assert accuracies[0] == np.mean(plain.predict(TEST.reshape(-1, D)) == SUBSET.y_test.repeat(1 + COPIES))
    full, _ = full_augmentation(learner(), SUBSET.y_train, COPIES, (), 0.3)
    if POLICIES[name].downweight:
        assert accuracies[0] != full[0]
    else:
        assert accuracies[-1] == full[0]


def test_full_augmentation_keeps_the_scores_before_and_after():
    asked = []

    def featurise(selected):
        asked.append(selected.tolist())
        return np.where(selected[:, None, None] | (np.arange(1 + COPIES) == 0)[:, None], TRAIN, np.nan), TEST

    _, points = full_augmentation(learner(featurise), SUBSET.y_train, COPIES, protocols.TABLE_SCORES, 0.3)
    assert asked == [[False] * N, [True] * N]
    assert points.keys() == {f"{score}_{when}" for score in protocols.TABLE_SCORES for when in ("before", "after")}
    rows = TRAIN.swapaxes(0, 1).reshape(-1, D)  # originals, then copies
    for when, x, y in (("before", TRAIN[:, 0], SUBSET.y_train), ("after", rows, np.tile(SUBSET.y_train, 1 + COPIES))):
        model = LogisticRegression(C=2.0, solver="newton-cholesky", tol=1e-9).fit(x, y)
        for score in protocols.TABLE_SCORES:
            expected = by_hand(score, model, x, np.ones(len(x)), TRAIN[:, 0], SUBSET.y_train, 0.3)
            np.testing.assert_allclose(points[f"{score}_{when}"], expected, rtol=1e-3)
            assert points[f"{score}_{when}"].dtype == np.float32


# Whole curves


def digits(**changes):
    settings = {"policies": ("baseline", "random_proportional_update"), "n_seeds": 3}
    return Experiment(load_task("digits-crop", n_train=60), load_protocol(), **(settings | changes))


def test_compute_depends_on_nothing_but_its_arguments(cache):
    spec, job = digits(), Job("influence", "random_proportional_update", 2)
    first, again = compute(spec, job), compute(spec, job)
    assert first.key == again.key == ("paper", "frozen", "influence", "random_proportional_update", 2)
    assert first.task == "digits-crop-n60"
    assert first.budgets == spec.task.budgets
    np.testing.assert_array_equal(first.accuracies, again.accuracies)
    np.testing.assert_array_equal(first.points["order"], again.points["order"])
    assert sorted(first.points["order"]) == list(range(60))
    assert first.points["order"].dtype == np.uint8
    assert first.seconds > 0
    assert first.points["order"].tolist() != compute(spec, dataclasses.replace(job, seed=1)).points["order"].tolist()


@pytest.mark.parametrize(("n", "dtype"), [(60, np.uint8), (256, np.uint8), (257, np.uint16), (1000, np.uint16)])
def test_points_are_kept_in_the_smallest_type_that_holds_them_all(n, dtype):
    found = experiment._numbers(np.arange(n)[::-1], n)
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, np.arange(n)[::-1])


def test_compute_full_keeps_what_the_figures_show(cache):
    found = compute(digits(), Job("", "full", 0))
    subset = load_subset(digits().task)
    assert (found.budgets, found.accuracies.shape) == ((60,), (1,))
    assert found.accuracies[0] == compute(digits(), Job("", "baseline", 0)).accuracies[-1]
    for score in protocols.TABLE_SCORES:
        values = found.points[f"{score}_before"]
        assert set(np.argsort(values, kind="stable")[np.r_[:10, -10:0]]) <= set(found.points["shown"])
    np.testing.assert_array_equal(found.points["images"], subset.x_train[found.points["shown"]])
    np.testing.assert_array_equal(found.points["labels"], subset.y_train)


@pytest.mark.parametrize(("name", "score"), [("random_proportional_update_downweight", "influence"), ("baseline", "")])
def test_frozen_curve_is_that_of_loops_over_explicit_copies(name, score, cache):
    task = load_task("digits-translate", n_train=60)
    found = compute(Experiment(task, PROTOCOL, policies=(name,), n_seeds=6), Job(score, name, 5))
    subset = load_subset(task)
    features = [
        with_originals(x, augmentation(task)).reshape(len(x), 5, -1) / 255 for x in (subset.x_train, subset.x_test)
    ]
    expected, chosen = brute_force(name, score, lambda chosen: features, subset, task.budgets)
    np.testing.assert_array_equal(found.points["order"], chosen)
    np.testing.assert_allclose(found.accuracies, expected, rtol=1e-12)


class Scaled:
    """A network that has learnt something: the points it was trained on change its features."""

    fits = ()  # what every fit was given

    def __init__(self, seed):
        self.seed = seed

    def fit(self, X, y):
        Scaled.fits += ((self.seed, X, y),)
        self.scale_ = 100 + X.reshape(len(X), -1).std(0) + self.seed
        return self

    def transform(self, X):
        return X.reshape(len(X), -1) / self.scale_


@pytest.mark.parametrize("name", ["random_proportional", "deterministic_proportional_update_downweight"])
def test_refit_trains_a_network_of_the_jobs_seed_on_originals_and_selected_copies(name, cache, monkeypatch):
    monkeypatch.setattr(Scaled, "fits", ())
    monkeypatch.setattr(learners, "featurizer", lambda task, protocol, seed=0: Scaled(seed))
    learners.learner.cache_clear()
    task = dataclasses.replace(load_task("digits-translate", n_train=60), network="lenet")
    spec = Experiment(task, PROTOCOL, features="refit", policies=(name,))
    found = compute(spec, Job("influence", name, 5))
    fits = Scaled.fits
    subset = load_subset(task)
    images, test = (with_originals(x, augmentation(task)) for x in (subset.x_train, subset.x_test))

    def features(chosen):
        rows = np.concatenate([subset.x_train, *(images[i, 1:] for i in chosen)])
        network = Scaled(5).fit(rows, None)
        return tuple(network.transform(x.reshape(-1, 8, 8, 1)).reshape(*x.shape[:2], -1) for x in (images, test))

    expected, chosen = brute_force(name, "influence", features, subset, task.budgets)
    np.testing.assert_array_equal(found.points["order"], chosen)
    np.testing.assert_allclose(found.accuracies, expected, rtol=1e-12)
    learners.learner.cache_clear()
    for budget, (seed, x, y) in zip(task.budgets, fits, strict=True):
        assert seed == 5
        rows = [(i, c) for i in range(60) for c in range(5 if i in chosen[:budget] else 1)]
        np.testing.assert_array_equal(x, [images[i, c] for i, c in rows])
        np.testing.assert_array_equal(y, [subset.y_train[i] for i, _ in rows])


# Jobs and settings


def test_frozen_jobs_run_once_where_seeds_change_nothing():
    spec = digits(
        policies=("baseline", "deterministic_proportional", "random_softmax"), score_names=tuple(scores.SCORES)
    )
    expected = [("", "full", 0)]
    expected += [("", "baseline", seed) for seed in range(3)]
    expected += [(score, "deterministic_proportional", 0) for score in scores.SCORES]
    expected += [(score, "random_softmax", seed) for score in scores.SCORES for seed in range(3)]
    assert sorted(dataclasses.astuple(job) for job in spec.jobs()) == sorted(expected)
    assert spec.key(Job("loss", "random_softmax", 2)) == ("paper", "frozen", "loss", "random_softmax", 2)


def test_curves_that_are_named_are_the_only_ones():
    curves = (Job("", "dpp", 7), Job("margin", "random_proportional", 2), Job("", "full", 0))
    assert digits(curves=curves).jobs() == list(curves)
    with pytest.raises(ValueError, match="unknown policy 'dp'"):
        digits(curves=(Job("", "dp", 0),))
    with pytest.raises(ValueError, match="unknown score 'marg'"):
        digits(curves=(Job("marg", "baseline", 0),))


def test_refit_jobs_run_for_every_seed():
    spec = Experiment(load_task("mnist-rotate"), load_protocol(), features="refit", n_seeds=4)
    jobs = [dataclasses.astuple(job) for job in spec.jobs()]
    expected = [("" if name in ("full", "baseline") else "influence", name) for name in ("full", *TABLE_POLICIES)]
    assert sorted(jobs) == sorted((*pair, seed) for pair in expected for seed in range(4))
    assert spec.key(spec.jobs()[0])[1] == "refit"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"features": "thawed"}, "features must be one of frozen, refit, got 'thawed'"),
        ({"features": "refit"}, "digits-crop-n60 takes its features from 'pixels': only 'frozen' is possible"),
        ({"score_names": ("influence", "entropy")}, "unknown score 'entropy'; accepted: influence, loss, margin"),
        ({"policies": ("baselin",)}, r"unknown policy 'baselin' \(did you mean 'baseline'\?\); accepted: baseline, "),
        ({"n_seeds": 0}, "n_seeds must be at least 1, got 0"),
    ],
)
def test_bad_settings_are_named(changes, message):
    with pytest.raises(ValueError, match=message):
        digits(**changes)


def test_a_choice_that_decides_nothing_is_refused():
    """Each choice swapped on each task: what is refused leaves the task as it was."""
    read = {
        "directions": {name for name in TASKS if name.endswith("translate")},
        "small_angles": {"cifar10-rotate", "smallnorb-rotate"},
        "subtract_mean": {name for name in TASKS if name.startswith(("cifar10", "smallnorb"))},
        "smallnorb_divided_twice": {name for name in TASKS if name.startswith("smallnorb")},
        "mnist_network": {name for name in TASKS if name.startswith("mnist")},
        "shared_start": {name for name in TASKS if name.startswith("mnist")},
        "one_smallnorb_network": {"smallnorb-rotate", "smallnorb-crop"},
    }
    for name, choice in itertools.product(TASKS, CHOICES):
        swapped = swap(load_protocol("paper"), (choice,))
        task = load_task(name, protocol=swapped)
        if name in read.get(choice, TASKS):
            Experiment(task, swapped)
        else:
            assert task == load_task(name)
            with pytest.raises(ValueError, match=f"{choice} changes nothing for {name}, which depends on C, ridge"):
                Experiment(task, swapped)


@pytest.mark.parametrize("changes", [{}, {"n_train": 60}, {"classes": (4, 9)}])
def test_a_task_of_another_protocol_is_refused(changes):
    code = load_protocol("released-code")
    for name in ("digits-translate", "cifar10-rotate", "smallnorb-crop"):
        if name.startswith("digits") or not changes:
            with pytest.raises(ValueError, match=f"loaded for another protocol than released-code.*{name}"):
                Experiment(load_task(name, **changes), code)
            Experiment(load_task(name, protocol=code, **changes), code)
    Experiment(load_task("digits-translate", parameters=((0, 1),), **changes), code)  # shifts of one's own


def test_names_that_are_no_tuple_are_refused():
    task, protocol = load_task("digits-crop"), load_protocol()
    for name in ("policies", "score_names"):
        with pytest.raises(ValueError, match=f"{name} must be a tuple of names, got 'baseline'"):
            Experiment(task, protocol, **{name: "baseline"})


def test_no_curves_asked_for_are_none():
    assert Experiment(load_task("digits-crop"), load_protocol(), curves=()).jobs() == []


@pytest.mark.parametrize("name", ["dpp_proportional", "clustered_random_proportional"])
def test_a_set_policy_is_measured_with_the_influence_of_the_protocols_ridge(name):
    policy, told = load_policy(name), list[tuple]()
    learn = frozen_learner((TRAIN, TEST), (SUBSET.y_train, SUBSET.y_test), C=2.0)
    spy = dataclasses.replace(policy, rule=lambda *given: told.append(given) or policy.rule(*given))
    found = budget_curve(learn, SUBSET.y_train, COPIES, spy, (0, 2, 3), score="influence", ridge=0.3, random_state=3)
    model = LogisticRegression(C=2.0, solver="newton-cholesky", tol=1e-9).fit(TRAIN[:, 0], SUBSET.y_train)
    y, weights = SUBSET.y_train, [1] * len(TRAIN)
    expected = by_hand("influence", model, TRAIN[:, 0], weights, TRAIN[:, 0], y, ridge=0.3)
    ((request, _),) = told
    np.testing.assert_allclose(request.scores, expected, rtol=1e-4)
    chooser = policy.prepare(dataclasses.replace(request, rng=np.random.default_rng(3)))
    assert found.budgets == chooser.budgets == (0, 2, 3)
    assert found.order is None
    for budget, accuracy in zip(found.budgets, found.accuracies, strict=True):
        chosen = chooser.choose(budget)
        x = np.concatenate([TRAIN[:, 0], *TRAIN[chosen, 1:]])
        labels = np.concatenate([y, np.repeat(y[chosen], COPIES)])
        model = LogisticRegression(C=2.0, solver="newton-cholesky", tol=1e-9).fit(x, labels)
        right = [model.predict(TEST[:, c]) == SUBSET.y_test for c in range(1 + COPIES)]
        assert accuracy == pytest.approx(np.mean(right))


@pytest.mark.parametrize(("name", "expected"), [("paper", (0.0, 1, True)), ("released-code", (1e-9, 10, False))])
def test_a_policy_is_told_the_protocols_choices(cache, monkeypatch, name, expected):
    task, policy, told = load_task("digits-crop", protocol=name, n_train=100), load_policy("dpp"), list[tuple]()
    spy = dataclasses.replace(policy, rule=lambda *given: told.append(given) or policy.rule(*given))
    monkeypatch.setattr("effaug.study.experiment.load_policy", lambda name: spy)
    curve = compute(Experiment(task, load_protocol(name), policies=("dpp",)), Job("", "dpp", 0))
    ((request, choices),) = told
    assert dataclasses.astuple(choices) == expected
    assert curve.budgets == policy.rule(request, choices).budgets
    assert (curve.budgets[-1] == 100) == (name == "released-code")
    assert curve.points == {}


def test_k_dpps_are_measured_at_the_budgets_of_appendix_h_and_all_else_at_the_tasks(cache):
    spec = digits(policies=("dpp", "clustered_baseline"))  # 60 points of 64 pixels, of which some are always empty
    found = {name: compute(spec, Job("", name, 0)).budgets for name in spec.policies}
    assert found["clustered_baseline"] == spec.task.budgets
    assert found["dpp"] == (0, 1, 2, 3, 4, 6, 9, 12, 15, 30, 45)[: len(found["dpp"])]
    assert len(found["dpp"]) > 8
