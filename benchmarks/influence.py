"""Influence of every point, against the paper's way: the Hessian by differentiation, one gradient a point."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks import paper_way
from benchmarks.harness import Case, Target
from effaug import logistic, scores

SIZES, DIMENSIONS = (1000, 5000), (84, 256, 2304)
_TARGETS = {84: 50.0, 256: 20.0}
_PARTS = {(1000, 2304): 0.1, (5000, 2304): 0.02}  # of the Hessian's rows and of the gradients; the whole takes minutes


@dataclass(frozen=True, eq=False)
class _Problem:
    """Features (n, d), labels, a model; for a part of the paper's way also the rest of the Hessian, in closed form."""

    X: np.ndarray
    y: np.ndarray
    model: logistic.LogisticModel
    part: float
    H: np.ndarray | None

    @property
    def points(self) -> np.ndarray:
        return np.arange(0, len(self.y), round(1 / self.part))


def cases() -> tuple[Case, ...]:
    """Two sizes, three numbers of features."""
    return tuple(_case(n, d) for d in DIMENSIONS for n in SIZES)


def _case(n: int, d: int) -> Case:
    part, threads = _PARTS.get((n, d), 1.0), 2 if d > 1000 else 1  # of small systems threads cost more than they give
    return Case(
        name=f"influence-n{n}-d{d}",
        group="influence",
        what=f"Influence of {n} points of {d} features",
        setup=partial(_setup, n, d, part),
        ours=lambda given: scores.influence(given.model, given.X, given.y),
        theirs=_theirs,
        alternative="autograd's Hessian, one gradient a point",
        agree=partial(_agree, part),
        part=part,
        floor=lambda machine: machine.product(_operations(n, d), "float64", threads),
        target=Target(ratio=_TARGETS.get(d)),
        threads=threads,
        n=n,
        series=f"influence, d = {d}",
    )


def _operations(n: int, d: int) -> float:
    """Half a matrix product for the smaller side's Gram matrix, its factor, and a triangular solve for all points."""
    small, large = min(n, d), max(n, d)
    return small**2 * large + small**3 / 3 + small**2 * n


def _setup(n: int, d: int, part: float, folder: Path) -> _Problem:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, d))
    y = (X[:, 0] + rng.normal(size=n) > 0).astype(int)
    model = logistic.fit(X, y)
    return _Problem(X, y, model, part, None if part == 1 else logistic.hessian(model, X, np.ones(n)))


def _theirs(given: _Problem) -> np.ndarray:
    """All of it; or the influence of every so many points, with every so many rows of the Hessian."""
    one = np.ones(len(given.y))
    if given.H is None:
        return paper_way.influence(given.model, given.X, given.y, one, given.X, given.y)
    which, H = np.arange(0, len(given.H), round(1 / given.part)), given.H.copy()
    H[which] = paper_way.hessian_rows(given.model, given.X, given.y, one, which)
    return paper_way.by_gradients(given.model, H, given.X[given.points], given.y[given.points])


def _agree(part: float, own: np.ndarray, other: np.ndarray) -> None:
    np.testing.assert_allclose(own[:: round(1 / part)], other, rtol=1e-6)
