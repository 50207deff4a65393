"""Logistic regression of the same features under many weights: curves need hundreds of fits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.linalg import solve_triangular
from scipy.optimize import minimize
from scipy.special import expit

from effaug import logistic
from effaug._likelihood import factorised
from effaug._threads import one_blas_thread


class Refitter:
    """Many fits of the same features under different weights, each without starting from scratch.

    The Hessian H of the fit with every copy at weight 1 is factorised once, H = L L'. In the coordinates L' (b, a) the
    problem of any other weights is well conditioned, so that SciPy's L-BFGS needs some twenty iterations, not hundreds.

    Parameters
    ----------
    X : ndarray, shape (n, 1 + t, d)
    y : ndarray of int, shape (n,)
        0 or 1.
    C : float or "cv"
        As of `effaug.logistic.fit`.

    Raises
    ------
    ValueError
        As `effaug.logistic.fit`.
    """

    def __init__(self, X: np.ndarray, y: np.ndarray, C: float | Literal["cv"]) -> None:
        self.X, self.y, self.C = X, np.asarray(y), C
        self._spaces: dict[float, _Space] = {}
        self._originals: tuple[bytes, logistic.LogisticModel] | None = None

    @one_blas_thread()
    def fit(self, sample_weight: np.ndarray) -> logistic.LogisticModel:
        """The model under sample weights (n, 1 + t)."""
        if sample_weight[:, 1:].any():
            return self._found(sample_weight)
        key = sample_weight.tobytes()  # every curve begins without copies, where fits take longest
        if self._originals is None or self._originals[0] != key:
            self._originals = key, self._found(sample_weight)
        return self._originals[1]

    def _found(self, sample_weight: np.ndarray) -> logistic.LogisticModel:
        C = float(self.C) if self.C != "cv" else logistic.cross_validated_C(self._fit, self.X, self.y, sample_weight)
        return self._fit(sample_weight, C)

    def _fit(self, sample_weight: np.ndarray, C: float) -> logistic.LogisticModel:
        if C not in self._spaces:
            self._spaces[C] = _Space.of(self.X, self.y, C)
        return self._spaces[C].fit(sample_weight)


@dataclass(eq=False)
class _Space:
    """Rows (x, 1) L^-T of all points and copies, (n, 1 + t, d + 1), and where to start from."""

    rows: np.ndarray
    y: np.ndarray
    factor: np.ndarray
    start: np.ndarray
    C: float

    @classmethod
    def of(cls, X: np.ndarray, y: np.ndarray, C: float) -> _Space:
        """Without copies from scratch; with all of them in coordinates made for none; the rest in those for all."""
        none, everything = np.zeros(X.shape[:2]), np.ones(X.shape[:2])
        none[:, 0] = 1
        first = cls._around(logistic.fit(X, y, none, C=C), X, y, none)
        return cls._around(first.fit(everything), X, y, everything)

    @classmethod
    def _around(cls, model: logistic.LogisticModel, X: np.ndarray, y: np.ndarray, sample_weight: np.ndarray) -> _Space:
        chosen = sample_weight > 0
        factor = factorised(logistic.hessian(model, X[chosen].astype(np.float64), sample_weight[chosen]))
        extended = np.concatenate([X, np.ones((*X.shape[:2], 1))], axis=2, dtype=np.float64)
        flat = extended.reshape(-1, extended.shape[2])
        rows = solve_triangular(factor, flat.T, lower=True, overwrite_b=True).T.reshape(extended.shape)
        return cls(rows, y, factor, factor.T @ np.append(model.coef, model.intercept), model.C)

    def fit(self, sample_weight: np.ndarray) -> logistic.LogisticModel:
        point, copy = np.nonzero(sample_weight)
        rows, sign, weight = self.rows[point, copy], 2.0 * self.y[point] - 1, sample_weight[point, copy]

        def objective(v: np.ndarray) -> tuple[float, np.ndarray]:
            margin, coef = sign * (rows @ v), self._untransformed(v)
            coef[-1] = 0  # the intercept is not penalised
            value = weight @ np.logaddexp(0, -margin) + coef @ coef / (2 * self.C)
            penalty = solve_triangular(self.factor, coef / self.C, lower=True, check_finite=False)
            return value, penalty - rows.T @ (weight * sign * expit(-margin))

        options = {"maxiter": logistic.MAX_ITER, "maxcor": 20, "gtol": 1e-6, "ftol": 0.0}
        found = minimize(objective, self.start, jac=True, method="L-BFGS-B", options=options)
        theta = self._untransformed(found.x)
        return logistic.converged(
            logistic.LogisticModel(theta[:-1], float(theta[-1]), self.C, float(np.linalg.norm(found.jac)))
        )

    def _untransformed(self, v: np.ndarray) -> np.ndarray:
        theta: np.ndarray = solve_triangular(self.factor, v, lower=True, trans="T", check_finite=False)
        return theta
