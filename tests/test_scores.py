"""effaug.scores: influence against brute force, against theory, and against leaving points out for real."""

import re
from pathlib import Path

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn.svm import SVC

from effaug import logistic
from effaug.logistic import LogisticModel
from effaug.scores import SCORES, _dual_leverage, gain, influence, score
from effaug.study.protocols import TABLE_SCORES
from effaug.svm import fit as fit_svm


def problem(n, t, d, seed=0):
    """Overlapping classes with copies; about half the copies weigh nothing, the originals weigh something."""
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(n, 1, d))
    features = points + 0.3 * rng.normal(size=(n, 1 + t, d)) * (np.arange(1 + t) > 0)[:, None]
    labels = (points[:, 0, :2].sum(axis=1) + rng.normal(size=n) > 0).astype(int)
    weights = rng.choice([0, 0, 0.25, 1, 2], size=(n, 1 + t))
    weights[:, 0] = rng.choice([0.25, 1, 2], size=n)
    return features, labels, weights


def brute_force(model, features, labels, weights, ridge):
    """g' H^-1 g from the definition: autograd's gradients and Hessian, and a dense solve."""
    theta = np.append(model.coef, model.intercept)

    def loss(theta, x, y):
        return anp.log(1 + anp.exp(-(2 * y - 1) * (anp.dot(x, theta[:-1]) + theta[-1])))

    def objective(theta):
        return anp.sum(weights * loss(theta, features, labels[:, None])) + ridge * anp.sum(theta[:-1] ** 2) / 2

    g = autograd.jacobian(loss)(theta, features[:, 0], labels)
    return np.einsum("np,pn->n", g, np.linalg.solve(autograd.hessian(objective)(theta), g.T))


CASES = {
    "primal, points": (40, 0, 6),
    "primal, copies": (30, 2, 6),
    "dual, points": (14, 0, 25),
    "dual, copies": (12, 2, 50),
}


@pytest.mark.parametrize("shape", CASES.values(), ids=CASES)
@pytest.mark.parametrize("ridge", [None, 0.3])
def test_influence_is_the_definition(shape, ridge):
    features, labels, weights = problem(*shape)
    model = logistic.fit(features, labels, weights, C=5.0)
    want = brute_force(model, features, labels, weights, 0.2 if ridge is None else ridge)
    np.testing.assert_allclose(influence(model, features, labels, weights, ridge=ridge), want, rtol=1e-8)
    np.testing.assert_array_equal(
        score("influence", model, features, labels, weights, ridge=ridge),
        influence(model, features, labels, weights, ridge=ridge),
    )


@pytest.mark.parametrize("d", [6, 60])
def test_weights_are_1_unless_given_and_points_need_no_copies(d):
    features, labels, _ = problem(30, 0, d)
    model = logistic.fit(features, labels)
    want = brute_force(model, features, labels, np.ones((30, 1)), 0.1)
    for x, w in ((features, None), (features[:, 0], None), (features[:, 0], np.ones(30)), (features, np.ones((30, 1)))):
        np.testing.assert_allclose(influence(model, x, labels, w), want, rtol=1e-8)


@pytest.mark.parametrize("ridge", [None, 1e-4])
def test_the_dual_way_to_the_leverage_is_the_definition(ridge):
    rng = np.random.default_rng(0)
    Z, root, term = rng.normal(size=(20, 30)), rng.uniform(0.1, 0.5, 20), ridge or 0.1
    points = Z[::2] / root[::2, None]
    primal = np.einsum("nd,dn->n", points, np.linalg.solve(Z.T @ Z + term * np.eye(30), points.T))
    np.testing.assert_allclose(_dual_leverage(points, Z, term, root, np.arange(0, 20, 2)), primal, rtol=1e-6)


def test_features_that_are_always_zero_change_nothing():
    features, labels, weights = problem(30, 2, 6)
    model = logistic.fit(features, labels, weights)
    padded = np.concatenate([features, np.zeros((30, 3, 100))], axis=2)  # more features than rows: the other way
    wide = LogisticModel(np.append(model.coef, np.zeros(100)), model.intercept, model.C)
    np.testing.assert_allclose(
        influence(wide, padded, labels, weights), influence(model, features, labels, weights), rtol=1e-8
    )


@pytest.mark.parametrize("C", [1.0, 10.0])
def test_influence_of_an_interpolating_hessian_is_exp_loss_minus_1(C):
    features, labels, _ = problem(40, 0, 100)
    features *= np.random.default_rng(1).uniform(0.05, 0.3, size=(40, 1, 1))
    model = logistic.fit(features, labels, C=C)
    loss = score("loss", model, features, labels)
    assert np.ptp(loss) > 0.2
    np.testing.assert_allclose(influence(model, features, labels, ridge=1e-10), np.expm1(loss), rtol=1e-4)


@pytest.mark.parametrize("shape", CASES.values(), ids=CASES)
def test_rows_of_weight_zero_are_not_read(shape):
    features, labels, weights = problem(*shape)
    model = logistic.fit(features, labels, weights)
    clean = influence(model, features, labels, weights)
    features[weights == 0] = np.nan
    np.testing.assert_array_equal(influence(model, features, labels, weights), clean)


def test_original_of_weight_zero_is_scored_all_the_same():
    features, labels, weights = problem(30, 2, 6)
    weights[:5], weights[:5, 1] = 0, 1  # a copy in its original's place
    weights[5] = 0
    model = logistic.fit(features, labels, weights)
    want = brute_force(model, features, labels, weights, 0.1)
    np.testing.assert_allclose(influence(model, features, labels, weights), want, rtol=1e-8)


def test_original_of_weight_zero_is_refused_where_the_dual_way_needs_it():
    features, labels, weights = problem(12, 2, 50)
    model = logistic.fit(features, labels, weights)
    weights[3, 0] = 0
    with pytest.raises(ValueError, match="needs every original among those rows"):
        influence(model, features, labels, weights)


@pytest.mark.parametrize("copies", [0, 2])
def test_loss_is_minus_log_p_of_the_original(copies):
    features, labels, weights = problem(30, copies, 4)
    model = logistic.fit(features, labels, weights)
    p = 1 / (1 + np.exp(-(features[:, 0] @ model.coef + model.intercept)))
    want = -np.log(np.where(labels == 1, p, 1 - p))
    np.testing.assert_allclose(score("loss", model, features, labels, weights), want, rtol=1e-10)
    np.testing.assert_array_equal(score("loss", model, features[:, 0], labels), score("loss", model, features, labels))


def test_margin_is_the_distance_from_the_svm_of_the_originals():
    features, labels, weights = problem(60, 2, 4)
    svm = SVC(kernel="linear", C=fit_svm(features[:, 0], labels).C).fit(features[:, 0], labels)
    got = score("margin", logistic.fit(features, labels, weights), features, labels, weights)
    np.testing.assert_allclose(got, np.abs(svm.decision_function(features[:, 0])), rtol=1e-9)
    assert got[svm.support_].max() < got.max()


@pytest.mark.parametrize(("name", "hint"), [("influenza", " (did you mean 'influence'?)"), ("hardness", "")])
def test_unknown_score_is_refused_with_the_known_ones(name, hint):
    features, labels, _ = problem(30, 0, 4)
    message = re.escape(f"unknown score '{name}'{hint}; accepted: {', '.join(SCORES)}")
    with pytest.raises(ValueError, match=f"^{message}$"):
        score(name, logistic.fit(features, labels), features, labels)
    assert TABLE_SCORES == ("influence", "loss")


def test_the_book_has_a_line_for_every_score_and_its_direction():
    page = (Path(__file__).parent.parent / "book" / "method.md").read_text()
    lines = re.findall(r"^\| `(\w+)` \| (high|low) \| .+ \|$", page, re.M)
    assert lines == [(name, rule.augment) for name, rule in SCORES.items()]
    assert lines[:3] == [("influence", "high"), ("loss", "high"), ("margin", "low")]


# Real features


@pytest.fixture(scope="module")
def mnist_features(real_data):
    """LeNet features, after a short training, of the paper's 1000 points of MNIST, and their labels."""
    from effaug.images.features import LeNet
    from effaug.study.task_data import load_subset
    from effaug.study.tasks import load_task

    subset = load_subset(load_task("mnist-translate"), folder=real_data)
    net = LeNet(epochs=6, batch_size=128).fit(subset.x_train, subset.y_train)
    return net.transform(subset.x_train).astype(float), subset.y_train


def refit(model, features, labels):
    """The minimum of the objective to the last digits, by Newton's method from a model nearby."""
    X = np.column_stack([features, np.ones(len(features))])
    theta, penalty = np.append(model.coef, model.intercept), np.append(np.full(features.shape[1], 1 / model.C), 0)
    for _ in range(50):
        p = 1 / (1 + np.exp(-X @ theta))
        H = X.T @ ((p * (1 - p))[:, None] * X) + np.diag(penalty)
        step = np.linalg.solve(H, X.T @ (p - labels) + penalty * theta)
        theta = theta - step
        if np.abs(step).max() < 1e-9:
            return LogisticModel(theta[:-1], theta[-1], model.C)
    raise AssertionError("Newton's method did not converge")


def rank_correlation(a, b):
    return spearmanr(a, b).statistic


@pytest.mark.slow
@pytest.mark.realdata
def test_influence_ranks_points_as_leaving_them_out_does(mnist_features):
    features, labels = mnist_features
    model = refit(logistic.fit(features, labels, C=1.0), features, labels)
    scores, loss = influence(model, features, labels), score("loss", model, features, labels)
    assert 0.9 < model.accuracy(features, labels) < 1
    top = np.argsort(-scores)[:20]
    chosen = np.append(top, np.random.default_rng(0).choice(np.argsort(-scores)[20:], 60, replace=False))

    change = np.empty(len(chosen))  # of a point's loss, when the model is fitted without it
    for k, i in enumerate(chosen):
        kept = np.arange(len(labels)) != i
        without = refit(model, features[kept], labels[kept])
        change[k] = without.log_loss(features[[i]], labels[[i]])[0] - loss[i]

    scores = scores[chosen]
    assert (change > 0).all()
    assert rank_correlation(scores, change) > 0.999
    assert rank_correlation(scores[:20], change[:20]) > 0.97
    p = model.predict_proba(features[chosen])
    h = scores / (p - labels[chosen]) ** 2
    one_step = scores / (1 - p * (1 - p) * h)  # a Newton step from the fitted model to the one without the point
    np.testing.assert_allclose(change, one_step, rtol=0.2)
    assert np.median(np.abs(change / one_step - 1)) < 0.002
    assert np.abs(change[:20] / one_step[:20] - 1).mean() < 0.5 * np.abs(change[:20] / scores[:20] - 1).mean()


@pytest.mark.slow
@pytest.mark.realdata
def test_released_codes_ridge_suffices_on_real_features(mnist_features):
    features, labels = mnist_features
    model = logistic.fit(features, labels, C=1.0)
    own, tiny = (influence(model, features, labels, ridge=ridge) for ridge in (None, 1e-10))
    assert np.isfinite(tiny).all()
    assert (tiny >= own * (1 - 1e-6)).all()  # a smaller Hessian, a larger inverse
    assert rank_correlation(own, tiny) > 0.9


@pytest.mark.parametrize("kind", [np.uint8, np.uint64, bool, list])
def test_labels_of_any_kind_give_the_same_scores(kind):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(60, 4)), np.arange(60) % 2
    labels = y.tolist() if kind is list else y.astype(kind)
    for C in (1.0, "cv"):
        model = logistic.fit(x, y, C=C)
        assert logistic.fit(x, labels, C=C).C == model.C
        for name in SCORES:
            np.testing.assert_array_equal(score(name, model, x, labels), score(name, model, x, y))


def test_what_has_more_to_gain_is_larger_whatever_the_direction():
    values = np.array([3.0, 0.0, 1.0])
    assert gain("loss", values) is gain(values, values) is values
    assert np.argsort(gain("margin", values)).tolist() == [0, 2, 1]
    assert np.isfinite(gain("margin", values)).all()
    assert gain("margin", np.zeros(3)).tolist() == [0, 0, 0]
