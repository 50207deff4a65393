"""The paper's way, the alternative: Hessians and gradients by differentiation, arrays that grow, cold fits."""

from __future__ import annotations

import numpy as np

from effaug import logistic
from effaug.policies import Request, load_policy


def influence(
    model: logistic.LogisticModel,
    rows: np.ndarray,
    labels: np.ndarray,
    weights: np.ndarray,
    points: np.ndarray,
    y: np.ndarray,
) -> np.ndarray:
    """Eq. (1) as written: the objective's Hessian over the fitted rows, and each point's gradient, by autograd.

    Parameters
    ----------
    model : LogisticModel
    rows, labels, weights : ndarray, shapes (m, d), (m,) and (m,)
        What it was fitted on.
    points, y : ndarray, shapes (n, d) and (n,)
        Of which the influence is wanted.
    """
    H = hessian_rows(model, rows, labels, weights, np.arange(rows.shape[1] + 1))
    return by_gradients(model, H, points, y)


def hessian_rows(
    model: logistic.LogisticModel, rows: np.ndarray, labels: np.ndarray, weights: np.ndarray, which: np.ndarray
) -> np.ndarray:
    """Some rows of the Hessian, (len(which), d + 1): what `autograd.hessian` does for all, one after another."""
    from autograd import grad, make_vjp

    extended, signs = np.column_stack([rows, np.ones(len(rows))]).astype(float), 1.0 - 2.0 * labels
    theta = np.append(model.coef, model.intercept)
    product, _ = make_vjp(grad(lambda t: _loss(t, extended, signs, weights)))(theta)
    found = np.stack([product(row) for row in np.eye(len(theta))[which]])
    coefficients = which < len(theta) - 1
    found[np.flatnonzero(coefficients), which[coefficients]] += 1 / model.C
    return found


def by_gradients(model: logistic.LogisticModel, H: np.ndarray, points: np.ndarray, y: np.ndarray) -> np.ndarray:
    """``g' H^-1 g`` with one gradient a point, by autograd."""
    from autograd import grad

    gradient = grad(_loss)
    extended, signs = np.column_stack([points, np.ones(len(points))]).astype(float), 1.0 - 2.0 * y
    theta, one = np.append(model.coef, model.intercept), np.ones(1)
    gradients = np.stack([gradient(theta, extended[[i]], signs[[i]], one) for i in range(len(points))])
    return np.einsum("ij,ij->i", gradients, np.linalg.solve(H, gradients.T).T)


def curve(
    X: tuple[np.ndarray, np.ndarray],
    y: tuple[np.ndarray, np.ndarray],
    policy: str,
    budgets: tuple[int, ...],
    C: float,
    seed: int,
    tol: float = 1e-4,
) -> list[float]:
    """Accuracy at each budget, the first of them 0, with arrays that grow and every model fitted from scratch.

    Points are chosen by effaug's policies, whose time is nothing here, so that both sides choose the same ones.

    Parameters
    ----------
    X, y : pair of ndarray
        Of the training and the test set, as `effaug.curves.frozen_learner` takes them.
    policy, budgets, C, seed
        As of `effaug.curves.budget_curve` and `frozen_learner`.
    tol : float, default 1e-4
        scikit-learn's.
    """
    (train, test), (labels, test_labels) = X, y
    rule, rng, chosen = load_policy(policy), np.random.default_rng(seed), np.zeros(0, int)
    flat, flat_labels = test.reshape(-1, test.shape[2]), np.repeat(test_labels, test.shape[1])
    chooser, accuracies = None, []
    for budget in budgets:
        if chooser is None or (rule.update and len(chosen)):
            if chooser is None:
                grown = _grown(train, labels, chosen, rule.downweight)
                model = _cold(*grown, C, tol)
            used = rule.uses_scores
            scores = influence(model, *grown, train[:, 0], labels) if used else np.ones(len(labels))
            chooser = rule.prepare(Request(train[:, 0], labels, scores, budgets, rng, chosen))
        if budget:
            chosen = chooser.choose(budget)
            grown = _grown(train, labels, chosen, rule.downweight)
            model = _cold(*grown, C, tol)
        accuracies.append(float(np.mean((flat @ model.coef + model.intercept > 0) == flat_labels)))
    return accuracies


def _grown(
    train: np.ndarray, y: np.ndarray, chosen: np.ndarray, downweight: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The originals, and below them the chosen points' copies; their labels and weights."""
    t = train.shape[1] - 1
    copies = train[chosen, 1:].reshape(-1, train.shape[2])
    originals, weight = np.ones(len(y)), 1 / (1 + t) if downweight else 1.0
    originals[chosen] = weight
    rows, labels = np.concatenate([train[:, 0], copies]), np.concatenate([y, np.repeat(y[chosen], t)])
    return rows, labels, np.concatenate([originals, np.full(len(copies), weight)])


def _cold(rows: np.ndarray, labels: np.ndarray, weights: np.ndarray, C: float, tol: float) -> logistic.LogisticModel:
    """scikit-learn's default solver, with as many iterations as it needs."""
    from sklearn.linear_model import LogisticRegression

    found = LogisticRegression(C=C, tol=tol, max_iter=10_000).fit(rows, labels, sample_weight=weights)
    return logistic.LogisticModel(found.coef_[0].astype(float), float(found.intercept_[0]), C)


def _loss(theta: np.ndarray, rows: np.ndarray, signs: np.ndarray, weights: np.ndarray) -> float:
    import autograd.numpy as anp

    return anp.sum(weights * anp.logaddexp(0.0, signs * anp.dot(rows, theta)))
