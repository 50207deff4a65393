"""Weighted L2 logistic regression over features and their copies, of two classes or more.

The fit minimises, over coefficients b and intercept a, with weights w and margins m_i = b . x_i + a,

    C * sum_i w_i log(1 + exp(-(2 y_i - 1) m_i)) + b . b / 2,

so in units of the summed log loss the L2 term is b . b / (2 C): its Hessian is 1 / C on b and nothing on a. Of K > 2
classes each has its own b and a, the log loss is that of the softmax of the margins, and b . b the sum over all.

A fit is finished once its Newton decrement, the norm of L^-1 g with the gradient g and the Hessian H = L L', is at most
`DECREMENT`: then, to first order, no margin is off by more than that times the root of x' H^-1 x.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from array_api_compat import array_namespace
from scipy.linalg import qr

from effaug._likelihood import Link, check_memory, curvature_at, n_columns
from effaug._newton import minimised, softmax_start
from effaug._threads import one_blas_thread
from effaug._validation import classes_of, real
from effaug.blocks import Rows, host, like

C_GRID = (0.01, 0.1, 1.0, 10.0, 100.0)
N_FOLDS = 4
DECREMENT = 1e-4  # rounding stops L-BFGS between 1e-7 and 1e-6
MAX_ITER = 20_000  # of L-BFGS
SAMPLE = 64  # points a feature, and an eighth of all: from their fit that of more than four times as many starts
MOST = 2**18  # points of an eighth: they are in memory


@dataclass(frozen=True, eq=False)
class LogisticModel:
    """A fitted logistic regression, of two classes or of K > 2.

    Attributes
    ----------
    coef : ndarray, shape (d,) or (K, d)
    intercept : float, or ndarray, shape (K,)
    C : float
        Inverse L2 strength it was fitted with.
    decrement : float
        How far from the minimum the solver stopped: at most `DECREMENT`. For a model of `effaug.refitter.Refitter` the
        Hessian is that of every copy at weight 1.
    """

    coef: np.ndarray
    intercept: Any
    C: float
    decrement: float = np.nan

    @property
    def n_classes(self) -> int:
        """K."""
        return max(2, len(np.atleast_2d(self.coef)))

    def about(self, centre: np.ndarray) -> np.ndarray:
        """Coefficients and intercept of features less a centre (d,), a row for each column: (1 or K, d + 1)."""
        coef = np.atleast_2d(self.coef)
        return np.column_stack([coef, np.atleast_1d(self.intercept) + coef @ centre])

    def decision_function(self, X: Any) -> Any:
        """Log odds of label 1, X (..., d) to (...), or of K classes each one's margin, to (..., K)."""
        return X @ like(self.coef.T, X) + like(self.intercept, X)

    def predict_proba(self, X: Any) -> Any:
        """Probability of label 1, X (..., d) to (...), or of each of K classes, to (..., K)."""
        margin = self.decision_function(X)
        xp = array_namespace(margin)
        if self.coef.ndim == 1:
            return xp.exp(-xp.logaddexp(xp.zeros_like(margin), -margin))
        p = xp.exp(margin - xp.max(margin, axis=-1, keepdims=True))
        return p / xp.sum(p, axis=-1, keepdims=True)

    def log_loss(self, X: Any, y: np.ndarray) -> np.ndarray:
        """Log loss at each point, in nats: X (n, ..., d) and y (n,) to (n, ...)."""
        margin = self.decision_function(X)
        columns = n_columns(np.atleast_2d(self.coef).shape[0])
        flat = margin.reshape(-1, columns)
        shape = margin.shape if self.coef.ndim == 1 else margin.shape[:-1]
        labels = np.broadcast_to(np.asarray(y, int).reshape(-1, *[1] * (len(shape) - 1)), shape).ravel()
        loss: np.ndarray = host(Link.of(flat, labels).loss).reshape(shape)
        return loss

    def accuracy(self, X: np.ndarray, y: np.ndarray) -> float:
        """Fraction classified correctly over all points and copies: X (n, ..., d), y (n,)."""
        margin = X @ self.coef.T.astype(X.dtype) + self.intercept  # no float64 copy of a large test set
        found = margin > 0 if self.coef.ndim == 1 else margin.argmax(axis=-1)
        return float(np.mean(found == y.reshape(-1, *[1] * (found.ndim - 1))))


@one_blas_thread()
def fit(
    X: Any,
    y: np.ndarray,
    sample_weight: np.ndarray | None = None,
    *,
    C: float | Literal["cv"] = 10.0,
) -> LogisticModel:
    """Fit on the points and copies whose weight is not zero.

    Parameters
    ----------
    X : array, shape (n, 1 + t, d) or (n, d)
        Each point's original first, then its copies: of NumPy, in memory or memory-mapped, JAX, PyTorch or Dask; it is
        read a block at a time (`effaug.blocks`). Rows of weight zero may hold anything.
    y : ndarray of int, shape (n,)
        0 to K - 1, each of them present: 0 or 1 for two classes.
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
        For other labels, shapes that disagree, negative weights, or X that is masked, sparse, not real or not finite.
    """
    rows = checked(X, y, sample_weight)
    if C == "cv":
        C = cross_validated_C(lambda w, c: fit(rows.X, rows.y, w, C=c), rows.X, rows.y, rows.sample_weight)
    return _fitted(rows, float(C))


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
    counts = np.bincount(y[np.unique(point)].astype(int), minlength=int(y.max()) + 1)
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


def hessian(model: LogisticModel, X: Any, sample_weight: np.ndarray, ridge: float | None = None) -> np.ndarray:
    """Hessian of the weighted, summed log loss, with its L2 term, over coefficients and then the intercept.

    Parameters
    ----------
    model : LogisticModel
    X : array, shape (m, d)
    sample_weight : ndarray, shape (m,)
    ridge : float, optional
        L2 term on the coefficients; the model's own, ``1 / C``, unless given.

    Returns
    -------
    ndarray, shape (d + 1, d + 1)
        ``X' diag(w p (1 - p)) X + ridge diag(1, ..., 1, 0)`` with a column of ones appended to X. Of K classes a block
        for each pair, (K (d + 1), K (d + 1)); see `effaug._likelihood`.
    """
    rows, origin = Rows(X[:, None], np.zeros(len(X), int), sample_weight[:, None]), np.zeros(X.shape[1])
    return curvature_at(rows, model.about(origin), origin, l2_term(model, ridge))


def l2_term(model: LogisticModel, ridge: float | None) -> float:
    """The L2 term of the Hessian: `ridge`, or the fitted model's own ``1 / C`` where it is None."""
    return 1 / model.C if ridge is None else ridge


def checked(X: Any, y: np.ndarray, sample_weight: np.ndarray | None) -> Rows:
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
    if not (weights >= 0).all():
        raise ValueError(f"sample_weight must not be negative, got {weights.min()}")
    return Rows(X, classes_of(y), weights)


def _fitted(rows: Rows, C: float) -> LogisticModel:
    """Newton's method on features less a centre, which the free intercept allows, from the fit of a sample of many."""
    n, d = rows.count, rows.X.shape[2]
    columns = n_columns(int(rows.y.max()) + 1)
    if n < d:
        return _fitted_on_their_span(rows, C)
    check_memory(columns, d)
    centre = rows.centre
    start, size = np.zeros((columns, d + 1)), max(SAMPLE * (d + 1), min(len(rows.y) // 8, MOST))
    if len(rows.y) > 4 * size and len(np.unique((part := rows.sample(size)).y)) == len(np.unique(rows.y)):
        start = _fitted(part, C).about(centre)
    if columns > 1:
        start = softmax_start(rows, centre, start, C)
    found = minimised(rows, centre, start, C)
    coef, intercept = found.theta[:, :-1], found.theta[:, -1] - found.theta[:, :-1] @ centre
    if columns == 1:
        return converged(LogisticModel(coef[0], float(intercept[0]), C, found.decrement))
    return converged(LogisticModel(coef, intercept, C, found.decrement))


def _fitted_on_their_span(rows: Rows, C: float) -> LogisticModel:
    """Where rows are fewer than features: the minimum lies there."""
    point, copy = np.nonzero(rows.sample_weight)
    chosen = host(rows.X[point, copy])
    centre = chosen.mean(axis=0)
    basis, transposed = qr((chosen - centre).T, mode="economic")
    inside = Rows(transposed.T[:, None], rows.y[point], rows.sample_weight[point, copy][:, None])
    model = _fitted(inside, C)
    coef = model.coef @ basis.T
    return LogisticModel(coef, model.intercept - coef @ centre, C, model.decrement)


def converged(model: LogisticModel) -> LogisticModel:
    """The model, or a ValueError if its decrement is above `DECREMENT`."""
    if not model.decrement <= DECREMENT:
        raise _not_converged(model.C)
    return model


def _not_converged(C: float) -> ValueError:
    return ValueError(
        f"logistic regression with C = {C:g} did not converge: scale the features, or take a smaller C (there is no "
        "finite minimum for C = inf where a plane separates the classes)"
    )
