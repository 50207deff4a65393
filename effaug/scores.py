"""Augmentation scores: one number a point, taken from a fitted model (paper, Section 4.1)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from array_api_compat import array_namespace
from scipy.linalg import cho_solve
from scipy.linalg.blas import dtrmm
from scipy.linalg.lapack import dtrtri
from scipy.special import expit

from effaug import svm
from effaug._likelihood import Link, curvature_at, factorised
from effaug._threads import one_blas_thread
from effaug._validation import labels, not_negative, real, unknown
from effaug.blocks import Block, Rows, host, like
from effaug.logistic import LogisticModel, l2_term

ByBlock = Callable[[LogisticModel, Rows, float | None], Callable[[Block], Any]]
Score = str | np.ndarray | Callable[[LogisticModel, np.ndarray, np.ndarray, np.ndarray | None], np.ndarray]


@dataclass(frozen=True)
class ScoreRule:
    """A score that has a name.

    Attributes
    ----------
    compute : callable
        From what `influence` takes, ``ridge`` by keyword, to scores (n,): finite and not negative.
    augment : {"high", "low"}
        Which scores mean that there is much to gain from augmenting a point.
    by_block : callable, optional
        From a model, the rows whose Hessian is taken, and ``ridge``, to the scores of any block's originals: of a score
        for which one pass over the points suffices.
    """

    compute: Callable[..., np.ndarray]
    augment: Literal["high", "low"] = "high"
    by_block: ByBlock | None = None


@one_blas_thread()
def score(
    name: Score,
    model: LogisticModel,
    X: np.ndarray,
    y: np.ndarray,
    sample_weight: np.ndarray | None = None,
    *,
    ridge: float | None = None,
) -> np.ndarray:
    """The score of every original point under a fitted model.

    Parameters
    ----------
    name : str, callable or ndarray, shape (n,)
        A name is one of `SCORES`. A callable takes `model`, `X`, `y` and `sample_weight`, as `influence` does. An
        array is returned as it is.
    model : LogisticModel
        Fitted on `X`, `y`, `sample_weight`.
    X : ndarray, shape (n, 1 + t, d) or (n, d)
    y : ndarray of int, shape (n,)
    sample_weight : ndarray, shape (n, 1 + t) or (n,), optional
    ridge : float, optional
        See `influence`.

    Returns
    -------
    ndarray, shape (n,)
        Not negative; `SCORES` says whether high or low ones mean that there is much to gain from augmenting the point.

    Raises
    ------
    ValueError
        For an unknown name; for X that is masked, sparse or not real, or labels of another shape or other than 0 and 1;
        for scores of another shape, negative or not finite; for ``margin``, see `effaug.svm.fit`.
    """
    X, y = real(X), labels(y, len(X), model.n_classes)
    check(name, len(y))
    if not isinstance(name, str):
        return not_negative("score", name(model, X, y, sample_weight) if callable(name) else name, len(y))
    return SCORES[name].compute(model, X, y, sample_weight, ridge=ridge)


def gain(name: Score, values: np.ndarray) -> np.ndarray:
    """Scores as larger numbers for points with more to gain: the reciprocals of those of which low ones mean that.

    The points closest to a boundary, of margin 0, have no finite reciprocal: a margin counts as no less than a
    trillionth of the largest.
    """
    if not isinstance(name, str) or SCORES[name].augment == "high" or not values.any():
        return values
    reciprocals: np.ndarray = 1 / np.maximum(values, 1e-12 * values.max())
    return reciprocals


def check(name: Score, n: int, *, updated: bool = False) -> None:
    """Refuse what is no score of n points, or an array where scores are to be updated, with a ValueError."""
    if isinstance(name, str):
        if name not in SCORES:
            raise ValueError(unknown("score", name, SCORES))
    elif not callable(name):
        not_negative("score", name, n)
        if updated:
            raise ValueError("score must be a name or callable for a policy that updates scores, got an array")


@one_blas_thread()
def influence(
    model: LogisticModel,
    X: np.ndarray,
    y: np.ndarray,
    sample_weight: np.ndarray | None = None,
    *,
    ridge: float | None = None,
) -> np.ndarray:
    """Magnitude of the leave-one-out influence of every original point on its own loss, ``g' H^-1 g`` (eq. (1)).

    Parameters
    ----------
    model : LogisticModel
    X : ndarray, shape (n, 1 + t, d) or (n, d)
        What the model was fitted on; rows of weight zero are not read, save the originals.
    y : ndarray of int, shape (n,)
    sample_weight : ndarray, shape (n, 1 + t) or (n,), optional
    ridge : float, optional
        L2 term of the Hessian; the model's own, ``1 / C``, unless given. The released code has 1e-10.

    Returns
    -------
    ndarray, shape (n,)

    Notes
    -----
    With r = p - y, u = (x - x0, 1) for any x0 and H = L L', the gradient is g = r u, so the influence is the squared
    norm of L^-1 g: two passes over the rows, one for H and one for this. Of K classes g holds one (p_k - y_k) u after
    the other.

    Where rows are fewer than features, and of two classes, one eliminates the intercept, which is not penalised: a
    Schur complement that centres the features at their curvature-weighted mean x0,

        u' H^-1 u = (x - x0)' A^-1 (x - x0) + 1 / sum(s),    A = ridge I + Z' Z,    Z = diag(s)^(1/2) (X - x0),

    with s = w p (1 - p), and factorises the smaller M = ridge I + Z Z' through A^-1 Z' = Z' M^-1.
    """
    rows, d = _rows(model, X, y, sample_weight), X.shape[-1]
    if rows.count < d and model.coef.ndim == 1:
        return _dual_influence(model, rows, l2_term(model, ridge))
    return rows.map(influence_by_block(model, rows, ridge))


def influence_by_block(model: LogisticModel, rows: Rows, ridge: float | None) -> Callable[[Block], Any]:
    """Influence of any block's originals, by the Hessian of `rows`, of which there are no fewer than features."""
    centre, columns = rows.centre, len(np.atleast_2d(model.coef))
    theta = model.about(centre)
    factor = factorised(curvature_at(rows, theta, centre, l2_term(model, ridge)))
    inverse, _ = dtrtri(factor, lower=1)

    def magnitude(block: Block) -> Any:
        Z = block.points(centre)
        residual = Link.of(Z @ like(theta.T, Z), block.y).residual
        if columns == 1:
            Z *= residual  # where it lies, if it can
        else:
            Z = (residual[:, :, None] * Z[:, None, :]).reshape(len(Z), -1)
        return _squared_norms(Z, inverse, columns)

    return magnitude


def _squared_norms(rows: Any, lower: np.ndarray, columns: int) -> Any:
    """Of the rows (m, p) times the transpose of a lower triangle (p, p), which is cut into so many bands."""
    if columns == 1 and isinstance(rows, np.ndarray):  # in place, and half the operations
        half = dtrmm(1.0, lower, rows.T, lower=1, overwrite_b=1).T
        return np.vecdot(half, half)
    width, found = len(lower) // columns, 0.0
    for end in range(width, len(lower) + 1, width):
        half = rows[:, :end] @ like(lower[end - width : end, :end].T, rows)
        found = found + array_namespace(half).vecdot(half, half)
    return found


def _rows(model: LogisticModel, X: Any, y: np.ndarray, sample_weight: np.ndarray | None) -> Rows:
    X, y = real(X), labels(y, len(X), model.n_classes)
    X = X[:, None] if X.ndim == 2 else X
    return Rows(X, y, np.ones(X.shape[:2]) if sample_weight is None else np.reshape(sample_weight, X.shape[:2]))


def _dual_influence(model: LogisticModel, rows: Rows, ridge: float) -> np.ndarray:
    """Where rows are fewer than features, and all in memory."""
    used = rows.sample_weight > 0
    if not used[:, 0].all():
        raise ValueError("influence with more features than fitted rows needs every original among those rows")
    points, fitted = (host(part) for part in (rows.X[:, 0], rows.X[used]))
    margin = model.decision_function(fitted)
    curvature = rows.sample_weight[used] * expit(margin) * expit(-margin)
    centre, root = curvature @ fitted / curvature.sum(), np.sqrt(curvature)
    number = np.cumsum(used.ravel()).reshape(used.shape)[:, 0] - 1  # each original's row among the fitted ones
    leverage = _dual_leverage(points - centre, root[:, None] * (fitted - centre), ridge, root, number)
    residual = expit((1.0 - 2.0 * rows.y) * model.decision_function(points))
    found: np.ndarray = residual**2 * (leverage + 1 / curvature.sum())
    return found


def _dual_leverage(
    points: np.ndarray, centred: np.ndarray, ridge: float, root: np.ndarray, fitted: np.ndarray
) -> np.ndarray:
    """The same from M = ridge I + Z Z' (m, m), for m < d fitted rows z_i = root_i x_i.

    Then x_i' A^-1 x_i = (X Z' M^-1)_ii / root_i: no difference of large numbers, which (x' x - k' M^-1 k) / ridge
    would be at a ridge of 1e-10.
    """
    M = centred @ centred.T
    M[np.diag_indices_from(M)] += ridge
    solved = cho_solve((factorised(M), True), centred @ points.T)
    found, scale = solved[fitted, np.arange(len(points))], root[fitted]
    leverage: np.ndarray = np.zeros_like(found)
    np.divide(found, scale, out=leverage, where=scale > 0)  # no curvature left: no residual either
    return leverage


def _pointwise(by_block: ByBlock) -> Callable[..., np.ndarray]:
    """What `ScoreRule` computes of a score that takes one pass over the points."""

    def compute(
        model: LogisticModel, X: Any, y: np.ndarray, sample_weight: np.ndarray | None, *, ridge: float | None
    ) -> np.ndarray:
        rows = _rows(model, X, y, sample_weight)
        return rows.map(by_block(model, rows, ridge))

    return compute


def _loss(model: LogisticModel, rows: Rows, ridge: float | None) -> Callable[[Block], Any]:
    origin = np.zeros(rows.X.shape[2])
    theta = model.about(origin)

    def losses(block: Block) -> Any:
        Z = block.points(origin)
        return Link.of(Z @ like(theta.T, Z), block.y).loss

    return losses


def _margin(
    model: LogisticModel, X: np.ndarray, y: np.ndarray, sample_weight: np.ndarray | None, *, ridge: float | None
) -> np.ndarray:
    """The absolute decision function of a linear SVM of the originals' own (Appendix F): low near the boundary."""
    points = X[:, 0] if X.ndim == 3 else X
    distance: np.ndarray = np.abs(svm.fit(points, y).decision_function(points))
    return distance


SCORES = {
    "influence": ScoreRule(influence, by_block=influence_by_block),
    "loss": ScoreRule(_pointwise(_loss), by_block=_loss),
    "margin": ScoreRule(_margin, augment="low"),
}
