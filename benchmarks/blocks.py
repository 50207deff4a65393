"""Fit and influence of 10^4 to 10^7 points of 256 features, from a memory-mapped file: time, memory, growth.

The file holds float32, is made in a temporary folder, and removed with it; `gigabytes` says how large it gets.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.harness import Case, Machine, Target
from effaug import logistic, scores

D = 256
SIZES = {2: (10_000, 100_000, 1_000_000, 10_000_000), 10: (10_000, 30_000, 100_000, 1_000_000)}
LARGE = {2: 10_000_000, 10: 100_000}  # these and larger ones run with --large
_WATCHED = {2: 1_000_000, 10: 30_000}  # from these on memory is measured
_AGAINST = 100_000  # up to so many points scikit-learn fits, too
_COMPARED = 1000  # rows of which both models are asked
_SAMPLE = 20_000  # rows whose model is scored
_BLOCK = 50_000  # rows that are made at a time
_GIB = 2.0  # beyond the page cache


@dataclass(frozen=True, eq=False)
class _Large:
    X: np.ndarray
    y: np.ndarray
    model: Any = None


def cases() -> tuple[Case, ...]:
    """Fitting and scoring apart, two and ten classes."""
    return tuple(make(n, k) for k in SIZES for make in (_fit, _scores) for n in SIZES[k])


def gigabytes(n: int) -> float:
    """Of the file."""
    return n * D * 4 / 1e9


def _fit(n: int, k: int) -> Case:
    case = _case(n, k, "fit", "Logistic regression")
    case = replace(case, ours=lambda given: logistic.fit(given.X, given.y), floor=partial(_fit_floor, n, k))
    if n > _AGAINST:
        return case
    target = replace(case.target, ratio=1.0)
    return replace(case, theirs=_sklearn, alternative="scikit-learn's default", agree=_alike, target=target)


def _scores(n: int, k: int) -> Case:
    case = _case(n, k, "scores", "Influence")
    return replace(
        case,
        ours=lambda given: scores.influence(given.model, given.X, given.y),
        floor=partial(_scores_floor, n, k),
    )


def _case(n: int, k: int, kind: str, done: str) -> Case:
    return Case(
        name=f"{kind}-n{n}-k{k}",
        group="blocks",
        what=f"{done} of {n:,} points, {k} classes ({gigabytes(n):.2g} GB)",
        setup=partial(_setup, n, k, kind == "scores"),
        ours=_nothing,
        target=Target(share=0.5, gib=_GIB if n >= _WATCHED[k] else None),
        n=n,
        series=f"{done.lower()}, {k} classes",
        memory=n >= _WATCHED[k],
        repeats=3,
        limit=12,
        large=n >= LARGE[k],
    )


def _nothing(given: Any) -> None:
    pass


def rows(n: int, d: int, k: int, path: Path) -> tuple[np.ndarray, np.ndarray]:
    """A memory map (n, d) of float32 and labels (n,) below k, drawn from a logistic model.

    Rows begin alike whatever n is; the file is made again only where it has too few.
    """
    shape = np.load(path, mmap_mode="r").shape if path.exists() else (0, d)
    if shape[0] < n:
        made = np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=(n, d))
        for block, start in enumerate(range(0, n, _BLOCK)):
            drawn = np.random.default_rng([0, block]).standard_normal((_BLOCK, d), dtype=np.float32)
            made[start : start + _BLOCK] = drawn[: n - start] * _spectrum(d)
        made.flush()
        del made
    X = np.load(path, mmap_mode="r")[:n]
    planes = np.random.default_rng(1).normal(size=(d, k)).astype(np.float32) / np.linalg.norm(_spectrum(d))
    noise = np.random.default_rng(2)
    y = np.empty(n, np.int64)
    for start in range(0, n, _BLOCK):
        block = X[start : start + _BLOCK]
        y[start : start + _BLOCK] = np.argmax(block @ planes + noise.gumbel(size=(len(block), k)), axis=1)
    return X, y


def _spectrum(d: int) -> np.ndarray:
    """Standard deviations of the features: variances that fall as 1 / j, as a network's do or faster."""
    return (np.arange(1, d + 1) ** -0.5).astype(np.float32)


def _setup(n: int, k: int, fitted: bool, folder: Path) -> _Large:
    X, y = rows(n, D, k, folder / f"rows-{D}.npy")
    return _Large(X, y, logistic.fit(X[:_SAMPLE], y[:_SAMPLE]) if fitted else None)


def _sklearn(given: _Large) -> tuple[np.ndarray, np.ndarray]:
    """Some rows, and what its model says of them."""
    from sklearn.linear_model import LogisticRegression

    found = LogisticRegression(C=10.0, max_iter=1000).fit(given.X, given.y)
    rows = np.asarray(given.X[:_COMPARED])
    return rows, found.decision_function(rows)


def _alike(model: logistic.LogisticModel, other: tuple[np.ndarray, np.ndarray]) -> None:
    """scikit-learn stops earlier: margins, less what softmax leaves free, differ by at most a twentieth."""
    rows, margins = other
    own = np.asarray(model.decision_function(rows))
    own, margins = ((m - m.mean(axis=1, keepdims=True)) if m.ndim == 2 else m for m in (own, margins))
    difference = np.linalg.norm(own - margins) / np.linalg.norm(margins)
    assert difference <= 0.05, f"margins by {difference:.3f} of their size"


def _pairs(k: int) -> int:
    """Matrices X' W X of which a Hessian consists: one for two classes, else one a pair."""
    return k * (k - 1) // 2


def _scores_floor(n: int, k: int, machine: Machine) -> float:
    """The Hessian's products, and for the quadratic form in every row those of half a Hessian's blocks, in float64."""
    forms = 1 if k == 2 else k * (k + 1) // 2
    return machine.product((_pairs(k) + forms) * 2.0 * n * D**2, "float64", 2)


def _fit_floor(n: int, k: int, machine: Machine) -> float:
    """One Hessian: no Newton's method does with less. The file is of float32, the sums of float64."""
    return machine.product(_pairs(k) * 2.0 * n * D**2, "float64", 2)
