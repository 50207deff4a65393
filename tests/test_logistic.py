"""effaug.logistic: the minimum of the stated objective, its Hessian, and folds that keep a point's copies together."""

import autograd
import autograd.numpy as anp
import numpy as np
import pytest

from effaug import logistic
from effaug.logistic import C_GRID, LogisticModel
from effaug.scores import score


def problem(n=60, t=2, d=5, seed=0):
    """Overlapping classes, copies near their originals, weights of all kinds with zeros among them."""
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(n, 1, d))
    features = points + 0.3 * rng.normal(size=(n, 1 + t, d)) * (np.arange(1 + t) > 0)[:, None]
    labels = (points[:, 0] @ rng.normal(size=d) + 1 + rng.normal(size=n) > 0).astype(int)
    weights = rng.choice([0, 0.25, 1, 1, 3], size=(n, 1 + t))
    return features, labels, weights


def summed_loss(theta, features, labels, weights):
    """The weighted log losses of features (n, 1 + t, d), coefficients and intercept in one vector, written anew."""
    margin = anp.einsum("ntd,d->nt", features, theta[:-1]) + theta[-1]
    return anp.sum(weights * anp.log(1 + anp.exp(-(2 * labels[:, None] - 1) * margin)))


def theta_of(model):
    return np.append(model.coef, model.intercept)


@pytest.mark.parametrize("C", [0.01, 1.0, 10.0])
@pytest.mark.parametrize("weighted", [True, False])
def test_fit_minimises_the_stated_objective(C, weighted):
    features, labels, weights = problem()
    weights = weights if weighted else np.ones_like(weights)

    def objective(theta):
        return C * summed_loss(theta, features, labels, weights) + anp.sum(theta[:-1] ** 2) / 2

    model = logistic.fit(features, labels, weights if weighted else None, C=C)
    gradient = autograd.grad(objective)
    assert np.abs(gradient(theta_of(model))).max() < 3e-6 * C * weights.sum()  # the solver's tolerance is on the mean
    assert np.abs(gradient(theta_of(model))).max() < 1e-3 * np.abs(gradient(np.zeros(6))).max()
    assert (model.C, model.coef.shape, type(model.intercept)) == (C, (5,), float)


# A reference in extended precision: Newton's method on the stated objective, step by step.
def minimum(features, labels, weights, C):
    rows = np.concatenate([features, np.ones((*features.shape[:2], 1))], axis=2).reshape(-1, features.shape[2] + 1)
    rows, labels = rows.astype(np.longdouble), np.repeat(labels, features.shape[1])
    ridge, theta = np.diag([1 / C] * features.shape[2] + [0]), np.zeros(features.shape[2] + 1, np.longdouble)
    for _ in range(100):
        p = 1 / (1 + np.exp(-rows @ theta))
        gradient = rows.T @ (weights.ravel() * (p - labels)) + ridge @ theta
        H = (rows * (weights.ravel() * p * (1 - p))[:, None]).T @ rows + ridge
        step = np.linalg.solve(H.astype(float), gradient.astype(float))
        theta = theta - step / max(1, np.sqrt(gradient @ step))
    assert np.abs(step).max() < 1e-12
    return LogisticModel(theta[:-1].astype(float), float(theta[-1]), C)


@pytest.mark.parametrize("C", [0.01, 1.0, 100.0, 1e4])
@pytest.mark.parametrize(("n", "d"), [(60, 5), (40, 90)])
@pytest.mark.parametrize("scale", [1.0, 30.0])
def test_scores_are_as_exact_as_the_fit(C, n, d, scale):
    """Influence of features on scales of their own: L-BFGS stopped early there, and was off by up to sixfold."""
    features, labels, weights = problem(n=n, d=d)
    features, weights = features * scale ** np.linspace(-1, 1, d), np.maximum(weights, 0.25)
    model, exact = logistic.fit(features, labels, weights, C=C), minimum(features, labels, weights, C)
    for name in ("influence", "loss"):
        found, wanted = (score(name, m, features, labels, weights) for m in (model, exact))
        np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-12)


def test_the_decrement_that_was_reached_is_reported():
    features, labels, weights = problem()
    model = logistic.fit(features, labels, weights)
    rows, signs = features[weights > 0], np.repeat(labels, 3).reshape(-1, 3)[weights > 0]
    residual = weights[weights > 0] * (model.predict_proba(rows) - signs)
    gradient = np.append(residual @ rows + model.coef / model.C, residual.sum())
    H = logistic.hessian(model, rows, weights[weights > 0])
    assert np.sqrt(gradient @ np.linalg.solve(H, gradient)) < 1e-9
    assert model.decrement < 1e-9


SEPARABLE = np.linspace(-1, 1, 20)[:, None] * [1.0, 0.5] + [[0, 0.1]]
NOISE = np.random.default_rng(0).normal(size=(60, 3))
DEGENERATE = {
    "separable": (SEPARABLE, 1e6),
    "a constant feature": (np.column_stack([NOISE, np.ones(60)]), 10.0),
    "a feature twice": (np.column_stack([NOISE, NOISE[:, 0]]), 10.0),
    "points twice": (np.concatenate([NOISE[:30], NOISE[:30]]), np.inf),
    "more features than points": (np.random.default_rng(1).normal(size=(8, 200)), 1e3),
    "two points": (NOISE[:2], 10.0),
    "far from 0": (NOISE + 1e7, 10.0),
    "large": (NOISE * 1e100, 10.0),
    "small": (NOISE * 1e-8, 10.0),
    "without an L2 term": (NOISE, np.inf),
    "on scales far apart, without an L2 term": (NOISE * [1, 1e-6, 1e9], np.inf),
}


@pytest.mark.parametrize(("X", "C"), DEGENERATE.values(), ids=DEGENERATE)
def test_degenerate_features_are_fitted_and_scored(X, C):
    y = (np.arange(len(X)) >= len(X) // 2) if len(X) == 20 else np.arange(len(X)) % 2
    model = logistic.fit(X, y.astype(int), C=C)
    assert model.decrement < logistic.DECREMENT
    for name in ("influence", "loss"):
        found = score(name, model, X, y)
        assert np.isfinite(found).all()
        assert (found >= 0).all()


@pytest.mark.parametrize(
    ("X", "C", "words"),
    [
        (SEPARABLE, np.inf, "no finite minimum for C = inf where a plane separates the classes"),
        (np.column_stack([NOISE, np.ones(60)]), np.inf, "constant|did not converge"),
        (np.column_stack([NOISE, NOISE[:, 0]]), np.inf, "repeat others|did not converge"),
    ],
)
def test_what_has_no_minimum_is_named(X, C, words):
    y = (np.arange(len(X)) >= len(X) // 2) if len(X) == 20 else np.arange(len(X)) % 2
    with pytest.raises(ValueError, match=words):
        logistic.fit(X, y.astype(int), C=C)


def test_a_singular_hessian_is_named_with_its_condition_number():
    model = LogisticModel(np.zeros(2), 0.0, 10.0)
    X = np.column_stack([NOISE[:, 0], NOISE[:, 0]])
    with pytest.raises(ValueError, match=r"the Hessian is singular \(condition number (\d+e\+\d+|inf)\): leave out"):
        score("influence", model, X, np.arange(60) % 2, ridge=0.0)


def test_classes_whose_hessian_memory_cannot_hold_are_refused_before_anything_is_computed(monkeypatch):
    monkeypatch.setattr(logistic, "minimised", lambda *_: pytest.fail("it was fitted"))
    X = np.random.default_rng(0).standard_normal((50_000, 4))
    words = r"the Hessian of 50,000 classes and 4 features takes 1,397 GiB, and this machine has [\d,]+: take fewer"
    with pytest.raises(ValueError, match=words):
        logistic.fit(X, np.arange(50_000))


def test_objective_is_not_lowered_by_any_step():
    features, labels, weights = problem()
    theta = theta_of(logistic.fit(features, labels, weights, C=2.0))

    def objective(theta):
        return 2 * summed_loss(theta, features, labels, weights) + theta[:-1] @ theta[:-1] / 2

    steps = np.random.default_rng(1).normal(size=(200, 6)) * 0.05
    assert min(objective(theta + step) for step in steps) > objective(theta)


@pytest.mark.parametrize("ridge", [None, 0.0, 0.7])
@pytest.mark.parametrize("weighted", [True, False])
def test_hessian_is_autograds(ridge, weighted):
    features, labels, weights = problem()
    weights = weights if weighted else np.ones_like(weights)
    model = logistic.fit(features, labels, weights, C=3.0)
    term = 1 / 3 if ridge is None else ridge

    def objective(theta):
        return summed_loss(theta, features, labels, weights) + term * anp.sum(theta[:-1] ** 2) / 2

    want = autograd.hessian(objective)(theta_of(model))
    got = logistic.hessian(model, features.reshape(-1, 5), weights.ravel(), ridge)
    np.testing.assert_allclose(got, want, rtol=1e-10, atol=1e-10)


def test_ridge_is_on_every_coefficient_and_not_on_the_intercept():
    features, labels, _ = problem(t=0)
    model = logistic.fit(features, labels)
    bare, ridged = (logistic.hessian(model, features[:, 0], np.ones(60), ridge) for ridge in (0.0, 2.5))
    np.testing.assert_allclose(ridged - bare, np.diag([2.5] * 5 + [0]), atol=1e-12)


def same(one, other, tolerance=1e-3):
    np.testing.assert_allclose(theta_of(one), theta_of(other), rtol=tolerance, atol=tolerance)


def test_weight_of_two_is_the_row_twice():
    features, labels, _ = problem(t=0)
    twice = np.arange(60) < 25
    weighted = logistic.fit(features, labels, np.where(twice, 2.0, 1.0)[:, None], C=1.0)
    doubled = logistic.fit(np.concatenate([features, features[twice]]), np.concatenate([labels, labels[twice]]), C=1.0)
    same(weighted, doubled)
    assert np.abs(theta_of(weighted) - theta_of(logistic.fit(features, labels, C=1.0))).max() > 0.02


def test_rows_of_weight_zero_may_hold_anything():
    features, labels, weights = problem()
    clean = logistic.fit(features, labels, weights)
    features[weights == 0] = np.nan
    np.testing.assert_array_equal(theta_of(logistic.fit(features, labels, weights)), theta_of(clean))


def test_copies_are_rows_with_their_points_label():
    features, labels, weights = problem()
    flat = logistic.fit(features.reshape(-1, 5), np.repeat(labels, 3), weights.ravel())
    np.testing.assert_array_equal(theta_of(logistic.fit(features, labels, weights)), theta_of(flat))


def test_fit_leaves_its_input_alone():
    arrays = problem()
    before = [a.copy() for a in arrays]
    logistic.fit(*arrays)
    for now, then in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(now, then)


def test_log_loss_is_stable_at_great_margins():
    model = LogisticModel(np.array([1.0]), 0.0, 1.0)
    margins = np.array([[-1000.0], [1000.0], [-1000.0], [1000.0], [0.0]])
    with np.errstate(all="raise", under="ignore"):
        loss = model.log_loss(margins, np.array([0, 1, 1, 0, 1]))
    np.testing.assert_array_equal(loss, [0, 0, 1000, 1000, np.log(2)])


def test_predictions_of_points_and_copies():
    features, labels, weights = problem()
    model = logistic.fit(features, labels, weights)
    p = 1 / (1 + np.exp(-(np.einsum("ntd,d->nt", features, model.coef) + model.intercept)))
    right = np.where(labels[:, None] == 1, p, 1 - p)
    np.testing.assert_allclose(model.predict_proba(features), p, rtol=1e-12)
    np.testing.assert_allclose(model.log_loss(features, labels), -np.log(right), rtol=1e-9, atol=1e-14)
    np.testing.assert_allclose(model.log_loss(features[:, 0], labels), -np.log(right[:, 0]), rtol=1e-9, atol=1e-14)
    assert model.accuracy(features, labels) == (right > 0.5).mean()
    assert model.accuracy(features[:, 0], labels) == (right[:, 0] > 0.5).mean()
    assert 0.6 < model.accuracy(features, labels) < 1


def test_cross_validation_keeps_a_point_and_its_copies_together(monkeypatch):
    features, labels, weights = problem()
    features[..., 0] = np.arange(60)[:, None]  # says which point a row belongs to
    trained_on, solve = [], logistic._fitted

    def recorded(rows, C):
        trained_on.append(rows.X[rows.sample_weight > 0][:, 0].astype(int))
        return solve(rows, C)

    monkeypatch.setattr(logistic, "_fitted", recorded)
    model = logistic.fit(features, labels, weights, C="cv")
    rows_of = np.count_nonzero(weights, axis=1)
    *folds, last = trained_on
    assert len(folds) == 4 * len(C_GRID)
    assert model.C in C_GRID
    np.testing.assert_array_equal(np.bincount(last, minlength=60), rows_of)
    left_out = np.zeros(60)
    for points in folds[:: len(C_GRID)]:
        counts = np.bincount(points, minlength=60)
        assert ((counts == rows_of) | (counts == 0)).all()
        left_out += counts == 0
    np.testing.assert_array_equal(left_out[rows_of > 0], 1)


def test_cross_validation_takes_a_small_C_for_noise_even_where_copies_would_give_labels_away():
    rng = np.random.default_rng(0)
    points = rng.normal(size=(60, 1, 80))
    features = points + 0.01 * rng.normal(size=(60, 3, 80))
    assert logistic.fit(features, np.arange(60) % 2, C="cv").C == 0.01


def test_cross_validation_takes_a_large_C_for_a_strong_signal():
    rng = np.random.default_rng(0)
    features = rng.normal(size=(600, 2))
    labels = (rng.random(600) < 1 / (1 + np.exp(-features @ [8, -8]))).astype(int)
    assert logistic.fit(features, labels, C="cv").C >= 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            lambda x, y, w: (x, 2 * y - 1, w),
            "y must be 0 and 1, both present, or 0 to K - 1, each present, got [-1, 1]",
        ),
        (lambda x, y, w: (x, y * 0, w), "0 to K - 1, each present, got [0]"),
        (lambda x, y, w: (x, 2 * y + 3 * (np.arange(60) == 0), w), "0 to K - 1, each present, got [0, 2,"),
        (lambda x, y, w: (x, y[:-1], w), "y must have shape (60,)"),
        (lambda x, y, w: (x, y, w[:, :-1]), "sample_weight (60, 3) for X (60, 3, 5), got (60,) and (60, 2)"),
        (lambda x, y, w: (x[0, 0], y, w), "X must have shape (n, d) or (n, 1 + t, d), got (5,)"),
        (lambda x, y, w: (x, y, w - 0.1), "sample_weight must not be negative"),
        (lambda x, y, w: (x, y, w * np.nan), "sample_weight must not be negative"),
    ],
)
def test_bad_input_is_refused(change, words):
    with pytest.raises(ValueError) as error:  # noqa: PT011
        logistic.fit(*change(*problem()))
    assert words in str(error.value)


def test_cross_validation_wants_points_for_every_fold():
    x, y = np.random.default_rng(0).normal(size=(20, 3)), np.arange(20) >= 17
    with pytest.raises(ValueError, match=r"C = 'cv' needs at least 4 points of either class, got \[17, 3\]"):
        logistic.fit(x, y, C="cv")
