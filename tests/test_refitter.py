"""effaug.refitter: the minimum of the stated objective under any weights, as `effaug.logistic.fit` finds it."""

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
from test_logistic import problem, summed_loss, theta_of

from effaug import logistic
from effaug.refitter import Refitter

PLANS = {
    "none": lambda n, rng: np.eye(1, 3) * np.ones((n, 1)),
    "some": lambda n, rng: np.where(rng.random((n, 1)) < 0.3, 1.0, np.eye(1, 3)),
    "some, down-weighted": lambda n, rng: np.where(rng.random((n, 1)) < 0.3, 1 / 3, np.eye(1, 3)),
    "all": lambda n, rng: np.ones((n, 3)),
    "points left out": lambda n, rng: np.where(rng.random((n, 1)) < 0.8, 1.0, 0.0) * np.ones(3),
    "any": lambda n, rng: rng.choice([0, 0.25, 1, 3], size=(n, 3)),
}


@pytest.mark.parametrize("plan", PLANS)
@pytest.mark.parametrize("C", [0.01, 1.0, 10.0, 100.0])
@pytest.mark.parametrize("shape", [(60, 5), (40, 90), "separable"])
def test_refitter_finds_the_minimum_of_any_weights(plan, C, shape):
    n, d = (60, 5) if shape == "separable" else shape
    features, labels, _ = problem(n=n, d=d)
    if shape == "separable":
        features[..., 0] += 10 * (2 * labels[:, None] - 1)
    weights = PLANS[plan](n, np.random.default_rng(3))
    model = Refitter(features, labels, C).fit(weights)

    def objective(theta):
        return summed_loss(theta, features, labels, weights) + anp.sum(theta[:-1] ** 2) / (2 * C)

    gradient = autograd.grad(objective)(theta_of(model))
    assert np.abs(gradient).max() < 1e-4 * max(1, np.abs(autograd.grad(objective)(np.zeros(d + 1))).max())
    from_scratch = logistic.fit(features, labels, weights, C=C)
    assert objective(theta_of(model)) <= objective(theta_of(from_scratch)) * (1 + 1e-7)
    np.testing.assert_allclose(model.predict_proba(features), from_scratch.predict_proba(features), atol=5e-5)
    assert model.C == C


def test_refitter_does_not_depend_on_what_was_fitted_before():
    features, labels, weights = problem()
    one, other = (Refitter(features, labels, 10.0) for _ in range(2))
    other.fit(np.ones_like(weights))
    np.testing.assert_array_equal(theta_of(one.fit(weights)), theta_of(other.fit(weights)))


@pytest.mark.parametrize("seed", range(4))
def test_refitter_cross_validates_as_fit_does(seed):
    features, labels, weights = problem(seed=seed)
    assert Refitter(features, labels, "cv").fit(weights).C == logistic.fit(features, labels, weights, C="cv").C


def test_refitter_says_when_it_did_not_converge(monkeypatch):
    features, labels, weights = problem()
    refitter = Refitter(features, labels, 10.0)
    refitter.fit(weights)
    monkeypatch.setattr(logistic, "MAX_ITER", 1)
    with pytest.raises(ValueError, match="C = 10 did not converge"):
        refitter.fit(weights)


def test_a_fit_of_originals_alone_is_kept_and_of_other_weights_made_anew():
    features, labels, weights = problem()
    refitter = Refitter(features, labels, 10.0)
    none, some = weights * [1, 0, 0], weights * [2, 0, 0]
    model = refitter.fit(none)
    assert refitter.fit(none.copy()) is model
    assert np.abs(theta_of(refitter.fit(some)) - theta_of(model)).max() > 1e-3
    np.testing.assert_array_equal(theta_of(refitter.fit(none)), theta_of(model))
