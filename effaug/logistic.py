"""Weighted L2 logistic regression over features and their copies: scikit-learn's solver, the Hessian in closed form.

The fit minimises, over coefficients b and intercept a, with weights w and margins m_i = b . x_i + a,

    C * sum_i w_i log(1 + exp(-(2 y_i - 1) m_i)) + b . b / 2,

so in units of the summed log loss the L2 term is b . b / (2 C): its Hessian is 1 / C on b and nothing on a.

A fit is finished once its Newton decrement, the norm of L^-1 g with the gradient g and the Hessian H = L L', is at most
`DECREMENT`: then, to first order, no margin is off by more than that times the root of x' H^-1 x.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.linalg import LinAlgWarning, cholesky, qr, solve_triangular
from scipy.special import expit

from effaug._validation import real

C_GRID = (0.01, 0.1, 1.0, 10.0, 100.0)
N_FOLDS = 4
N_STEPS = 200  # of Newton's method, which takes a dozen
MAX_ITER = 20_000  # of L-BFGS
DECREMENT = 1e-4  # rounding stops L-BFGS between 1e-7 and 1e-6


@dataclass(frozen=True, eq=False)
class LogisticModel:
    """A fitted binary logistic regression.

    Attributes
    ----------
    coef : ndarray, shape (d,)
    intercept : float
    C : float
        Inverse L2 strength it was fitted with.
    decrement : float
        How far from the minimum the solver stopped: at most `DECREMENT`. For a model of `effaug.refitter.Refitter` the
        Hessian is that of every copy at weight 1.
    """

    coef: np.ndarray
    intercept: float
    C: float
    decrement: float = np.nan

    def decision_function(self, X: np.ndarray) -> np.ndarray:
        """Log odds of label 1: X (..., d) to (...)."""
        log_odds: np.ndarray = X @ self.coef + self.intercept
        return log_odds

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Probability of label 1: X (..., d) to (...)."""
        p: np.ndarray = expit(self.decision_function(X))
        return p

    def log_loss(self, X: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Log loss at each point, in nats: X (n, ..., d) and y (n,) to (n, ...)."""
        margin = self.decision_function(X)
        sign = 1.0 - 2.0 * np.asarray(y).reshape(-1, *[1] * (margin.ndim - 1))
        loss: np.ndarray = np.logaddexp(0, sign * margin)
        return loss

    def accuracy(self, X: np.ndarray, y: np.ndarray) -> float:
        """Fraction classified correctly over all points and copies: X (n, ..., d), y (n,)."""
        margin = X @ self.coef.astype(X.dtype) + self.intercept  # no float64 copy of a large test set
        return float(np.mean((margin > 0) == y.reshape(-1, *[1] * (margin.ndim - 1))))


def fit(
    X: np.ndarray,
    y: np.ndarray,
    sample_weight: np.ndarray | None = None,
    *,
    C: float | Literal["cv"] = 10.0,
) -> LogisticModel:
    """Fit on the points and copies whose weight is not zero.

    Parameters
    ----------
    X : ndarray, shape (n, 1 + t, d) or (n, d)
        Each point's original first, then its copies. Rows of weight zero may hold anything.
    y : ndarray of int, shape (n,)
        0 or 1.
    sample_weight : ndarray, shape (n, 1 + t) or (n,), optional
        1 everywhere unless given.
    C : float or "cv", default 10
        Inverse L2 strength; ``"cv"`` takes the one of 0.01, 0.1, 1, 10, 100 with the best log loss in 4-fold
        cross-validation, a point and its copies always in the same fold.

    Returns
    -------
    LogisticModel

    Raises
    ------
    ValueError
        For labels other than 0 and 1, shapes that disagree, negative weights, or X that is masked, sparse or not real.
    """
    X, y, sample_weight = _checked(X, y, sample_weight)
    if C == "cv":
        C = cross_validated_C(lambda w, c: fit(X, y, w, C=c), X, y, sample_weight)
    point, copy = np.nonzero(sample_weight)
    rows = X[point, copy].astype(np.float64)
    return _solve(rows, y[point], sample_weight[point, copy], float(C))


def cross_validated_C(
    fit_at: Callable[[np.ndarray, float], LogisticModel],
    X: np.ndarray,
    y: np.ndarray,
    sample_weight: np.ndarray,
) -> float:
    """The C of 0.01, 0.1, 1, 10, 100 with the best log loss in 4-fold cross-validation.

    Parameters
    ----------
    fit_at : callable
        From sample weights (n, 1 + t), zero for every copy of a point held out, and C to a model.
    X, y, sample_weight
        As of `fit`, with shapes (n, 1 + t, d), (n,) and (n, 1 + t).
    """
    from sklearn.model_selection import StratifiedGroupKFold

    loss = np.zeros(len(C_GRID))
    point, copy = np.nonzero(sample_weight)
    counts = np.bincount(y[np.unique(point)].astype(int), minlength=2)
    if counts.min() < N_FOLDS:
        raise ValueError(f"C = 'cv' needs at least {N_FOLDS} points of either class, got {counts.tolist()}")
    folds = StratifiedGroupKFold(N_FOLDS, shuffle=True, random_state=0)
    for _, held_out in folds.split(point, y[point], groups=point):
        p, c = point[held_out], copy[held_out]
        kept = sample_weight.copy()
        kept[p] = 0
        for k, C in enumerate(C_GRID):
            model = fit_at(kept, C)
            loss[k] += sample_weight[p, c] @ model.log_loss(X[p, c], y[p])
    return C_GRID[int(np.argmin(loss))]


def hessian(model: LogisticModel, X: np.ndarray, sample_weight: np.ndarray, ridge: float | None = None) -> np.ndarray:
    """Hessian of the weighted, summed log loss, with its L2 term, over coefficients and then the intercept.

    Parameters
    ----------
    model : LogisticModel
    X : ndarray, shape (m, d)
    sample_weight : ndarray, shape (m,)
    ridge : float, optional
        L2 term on the coefficients; the model's own, ``1 / C``, unless given.

    Returns
    -------
    ndarray, shape (d + 1, d + 1)
        ``X' diag(w p (1 - p)) X + ridge diag(1, ..., 1, 0)`` with a column of ones appended to X.
    """
    curvature = row_curvature(model, X, sample_weight)
    extended = np.column_stack([X, np.ones(len(X))])
    penalty = np.full(extended.shape[1], l2_term(model, ridge))
    penalty[-1] = 0
    H: np.ndarray = extended.T @ (curvature[:, None] * extended) + np.diag(penalty)
    return H


def row_curvature(model: LogisticModel, X: np.ndarray, sample_weight: np.ndarray) -> np.ndarray:
    """Second derivative of each row's weighted log loss in its margin, ``w p (1 - p)``: (m, d), (m,) to (m,)."""
    margin = model.decision_function(X)
    curvature: np.ndarray = sample_weight * expit(margin) * expit(-margin)
    return curvature


def l2_term(model: LogisticModel, ridge: float | None) -> float:
    """The L2 term of the Hessian: `ridge`, or the fitted model's own ``1 / C`` where it is None."""
    return 1 / model.C if ridge is None else ridge


def _checked(
    X: np.ndarray, y: np.ndarray, sample_weight: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """X (n, 1 + t, d), y (n,) of type int and weights (n, 1 + t), or a ValueError that names what is wrong."""
    X, y = real(X), np.asarray(y)
    if X.ndim == 2:
        X = X[:, None]
        sample_weight = None if sample_weight is None else np.asarray(sample_weight)[:, None]
    if X.ndim != 3:
        raise ValueError(f"X must have shape (n, d) or (n, 1 + t, d), got {X.shape}")
    weights = real(np.ones(X.shape[:2]) if sample_weight is None else sample_weight, "sample_weight").astype(float)
    if y.shape != X.shape[:1] or weights.shape != X.shape[:2]:
        shapes = f"y must have shape {X.shape[:1]} and sample_weight {X.shape[:2]} for X {X.shape}"
        raise ValueError(f"{shapes}, got {y.shape} and {weights.shape}")
    if set(np.unique(y)) != {0, 1}:
        raise ValueError(f"y must be 0 and 1, both present, got {np.unique(y)[:5].tolist()}")
    if not (weights >= 0).all():
        raise ValueError(f"sample_weight must not be negative, got {weights.min()}")
    return X, y.astype(int), weights  # unsigned ones would wrap in 1 - 2 y


def _solve(rows: np.ndarray, y: np.ndarray, sample_weight: np.ndarray, C: float) -> LogisticModel:
    """Newton's method on features of mean 0, which the free intercept allows, and of magnitude 1, C with them.

    Where rows are fewer than features, on their span: the minimum lies there.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    basis, centre = None, rows.mean(axis=0)
    rows = rows - centre
    scale = max(np.abs(rows).max(), 1e-4 / np.sqrt(C))  # under a stronger penalty coefficients are but rounding
    rows /= scale
    if len(rows) < rows.shape[1]:
        basis, transposed = qr(rows.T, mode="economic")
        rows = transposed.T
    solver = LogisticRegression(C=C * scale**2, solver="newton-cholesky", tol=1e-12, max_iter=N_STEPS)
    with warnings.catch_warnings():  # the decrement decides
        warnings.simplefilter("ignore", LinAlgWarning)
        warnings.simplefilter("ignore", ConvergenceWarning)
        solver.fit(rows, y, sample_weight=sample_weight)
    scaled = LogisticModel(solver.coef_[0], float(solver.intercept_[0]), C * scale**2)
    if np.isinf(C) and ((scaled.decision_function(rows) > 0) == y).all():  # and so for ever larger coefficients
        raise _not_converged(C)
    decrement = _decrement(scaled, rows, y, sample_weight)
    coef = (scaled.coef if basis is None else basis @ scaled.coef) / scale
    return converged(LogisticModel(coef, scaled.intercept - float(centre @ coef), C, decrement))


def _decrement(model: LogisticModel, rows: np.ndarray, y: np.ndarray, sample_weight: np.ndarray) -> float:
    residual = sample_weight * (model.predict_proba(rows) - y)
    gradient = np.append(residual @ rows + model.coef / model.C, residual.sum())
    factor = factorised(hessian(model, rows, sample_weight))
    return float(np.linalg.norm(solve_triangular(factor, gradient, lower=True)))


def converged(model: LogisticModel) -> LogisticModel:
    """The model, or a ValueError if its decrement is above `DECREMENT`."""
    if not model.decrement <= DECREMENT:
        raise _not_converged(model.C)
    return model


def factorised(H: np.ndarray) -> np.ndarray:
    """The lower Cholesky factor of a Hessian.

    Raises
    ------
    ValueError
        If it is singular to working precision: with its condition number, once rows and columns are scaled to a
        diagonal of 1, which is what the accuracy of the factor depends on.
    """
    diagonal = np.diag(H)
    try:
        factor: np.ndarray = cholesky(H, lower=True)
        # How much of each column those before it leave unexplained.
        if (np.diag(factor) ** 2 > np.finfo(float).eps * diagonal).all():
            return factor
    except ValueError:  # among them LinAlgError
        pass
    with np.errstate(all="ignore"):
        scaled = H / np.sqrt(np.outer(diagonal, diagonal))
    number = np.linalg.cond(scaled) if np.isfinite(scaled).all() else np.inf
    raise ValueError(
        f"the Hessian is singular (condition number {number:.0e}): leave out features that are constant or repeat "
        "others, scale the features, or take a smaller C or a larger ridge"
    )


def _not_converged(C: float) -> ValueError:
    return ValueError(
        f"logistic regression with C = {C:g} did not converge: scale the features, or take a smaller C (there is no "
        "finite minimum for C = inf where a plane separates the classes)"
    )
