"""Newton's method for logistic regression: each step a pass over the rows, and algebra of the parameters' size.

With L the Cholesky factor of the Hessian H = L L' and g the gradient, a step is -H^-1 g and its Newton decrement the
norm of L^-1 g. Once a step moves margins but little, the factor is kept for as long as each step shrinks the decrement
tenfold: a pass without Gram matrices costs a third of one with them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.linalg import cho_solve, solve_triangular
from scipy.optimize import minimize

from effaug._likelihood import Link, factorised, gradient_pass, hessian_of, l2_penalty
from effaug.blocks import Block, Rows, Sums, host, like

N_STEPS = 200  # a dozen suffice
LEAST = 1e-9  # a decrement; 1e-4 is enough, but near the minimum steps are cheap
ROUNDING = 1e-6  # a decrement that may be nothing else
VISIBLE = 1e-2  # a decrement that shows in the objective, beyond rounding
HALVINGS = 2.0 ** -np.arange(1, 31)


@dataclass(frozen=True, eq=False)
class Minimum:
    """Where Newton's method ended.

    Attributes
    ----------
    theta : ndarray, shape (columns, d + 1)
        Coefficients and intercept of rows less the centre.
    decrement : float
        There.
    """

    theta: np.ndarray
    decrement: float


@dataclass(frozen=True, eq=False)
class _State:
    theta: np.ndarray
    value: float
    wrong: int
    gradient: np.ndarray
    grams: np.ndarray | None


@dataclass(frozen=True, eq=False)
class _Problem:
    rows: Rows
    centre: np.ndarray
    penalty: np.ndarray

    def at(self, theta: np.ndarray, *, with_grams: bool) -> _State:
        loss, wrong, gradient, *grams = self.rows.reduce(gradient_pass(theta, self.centre, with_grams=with_grams))
        if not (np.isfinite(loss) and np.isfinite(gradient).all()):
            raise ValueError("X must be finite, and small enough to be squared, wherever sample_weight is above zero")
        value = float(loss) + self._term(theta)
        return _State(theta, value, int(wrong), gradient + self.penalty * theta, grams[0] if grams else None)

    def halved(self, theta: np.ndarray, step: np.ndarray) -> _State:
        """The best of the halvings of a step, all tried in one pass."""
        (losses,) = self.rows.reduce(_losses_along(theta, step, self.centre))
        values = [loss + self._term(theta + t * step) for t, loss in zip(HALVINGS, losses, strict=True)]
        return self.at(theta + HALVINGS[int(np.nanargmin(values))] * step, with_grams=True)

    def _term(self, theta: np.ndarray) -> float:
        return float((self.penalty * theta**2).sum()) / 2


def minimised(rows: Rows, centre: np.ndarray, start: np.ndarray, C: float) -> Minimum:
    """From parameters (columns, d + 1) to the minimum of the summed log loss and b . b / (2 C).

    The decrement is infinite where C is and a plane separates the classes: there is no minimum then.

    Raises
    ------
    ValueError
        If the Hessian is singular, or the loss is not finite.
    """
    problem = _Problem(rows, centre, l2_penalty(start.shape[1] - 1, 1 / C))
    close = 0.05 * np.sqrt(rows.sample_weight.sum())  # a decrement at which margins move by some 0.1
    state, decrement, last = problem.at(start, with_grams=True), np.inf, np.inf
    for _ in range(N_STEPS):
        if np.isinf(C) and state.wrong == 0:
            return Minimum(state.theta, np.inf)
        if state.grams is not None:
            factor = factorised(hessian_of(state.grams, len(start), problem.penalty))
        decrement = float(np.linalg.norm(solve_triangular(factor, state.gradient.ravel(), lower=True)))
        if decrement <= LEAST:
            break
        if state.grams is None and decrement > last / 10:
            if last < ROUNDING and decrement > last / 2:
                break
            state, last = problem.at(state.theta, with_grams=True), np.inf
            continue
        step = -cho_solve((factor, True), state.gradient.ravel()).reshape(start.shape)
        found = problem.at(state.theta + step, with_grams=decrement > close)
        if decrement > VISIBLE and not found.value <= state.value - 1e-4 * decrement**2:
            found = problem.halved(state.theta, step)
            if not found.value < state.value:
                break
        last = decrement if found.grams is None else np.inf
        state = found
    return Minimum(state.theta, decrement)


def softmax_start(rows: Rows, centre: np.ndarray, start: np.ndarray, C: float) -> np.ndarray:
    """Closer to the minimum for K classes, (K, d + 1), by passes without the Gram matrices of all pairs of classes.

    L-BFGS in coordinates in which Boehning's bound on the Hessian (1992), (I - 1 1' / K) / 2 with one weighted Gram
    matrix, is the identity for parameters that sum to 0 over classes, as those of the minimum do.
    """
    penalty, columns = l2_penalty(len(centre), 1 / C), len(start)
    (gram,) = rows.reduce(lambda block: (_weighted_gram(*block.rows(centre)),))
    factor = factorised(gram / 2 + np.diag(penalty))
    problem = _Problem(rows, centre, penalty)

    def parameters(v: np.ndarray) -> np.ndarray:
        theta: np.ndarray = solve_triangular(factor, v.reshape(columns, -1).T, lower=True, trans="T").T
        return theta

    def objective(v: np.ndarray) -> tuple[float, np.ndarray]:
        state = problem.at(parameters(v), with_grams=False)
        return state.value, solve_triangular(factor, state.gradient.T, lower=True).T.ravel()

    options = {"maxiter": 200, "maxcor": 20, "gtol": 1e-4 * np.sqrt(rows.sample_weight.sum()), "ftol": 0.0}
    found = minimize(objective, (start @ factor).ravel(), jac=True, method="L-BFGS-B", options=options)
    return parameters(found.x)


def _weighted_gram(Z: Any, y: np.ndarray, w: Any) -> np.ndarray:
    return host(Z.T @ (w[:, None] * Z))


def _losses_along(theta: np.ndarray, step: np.ndarray, centre: np.ndarray) -> Callable[[Block], Sums]:
    def of(block: Block) -> Sums:
        Z, y, w = block.rows(centre)
        margin, change = Z @ like(theta.T, Z), Z @ like(step.T, Z)
        return (np.array([float((w * Link.of(margin + t * change, y).loss).sum()) for t in HALVINGS]),)

    return of
