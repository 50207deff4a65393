"""Fit and influence of 10^4 to 10^7 points of 256 features, from a memory-mapped file: time, memory, growth.

The file holds float32, is made in a temporary folder, and removed with it; `gigabytes` says how large it gets.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.harness import Case, Machine, Target
from effaug import logistic, scores

D, CLASSES = 256, (2, 10)
SIZES = {2: (10_000, 100_000, 1_000_000, 10_000_000), 10: (10_000, 100_000, 1_000_000)}
LARGE = {2: 10_000_000, 10: 1_000_000}  # these run with --large
_WATCHED = {2: 1_000_000, 10: 100_000}  # from these on memory is measured
_SAMPLE = 100_000  # rows whose model is scored
_BLOCK = 50_000  # rows that are made at a time
_GIB = 2.0  # beyond the page cache


@dataclass(frozen=True, eq=False)
class _Large:
    X: np.ndarray
    y: np.ndarray
    model: Any = None


def cases() -> tuple[Case, ...]:
    """Fitting and scoring apart, two and ten classes."""
    kinds = (("fit", _ours_fit, _fit_floor), ("scores", _ours_scores, _scores_floor))
    return tuple(_case(n, k, *kind) for k in CLASSES for n in SIZES[k] for kind in kinds)


def gigabytes(n: int) -> float:
    """Of the file."""
    return n * D * 4 / 1e9


def _case(n: int, k: int, kind: str, ours: Any, floor: Any) -> Case:
    done = {"fit": "Logistic regression", "scores": "Influence"}[kind]
    return Case(
        name=f"{kind}-n{n}-k{k}",
        group="blocks",
        what=f"{done} of {n:,} points, {k} classes ({gigabytes(n):.2g} GB)",
        setup=partial(_setup, n, k, kind == "scores"),
        ours=ours,
        floor=partial(floor, n, k),
        target=Target(share=0.5, gib=_GIB if n >= _WATCHED[k] else None),
        n=n,
        series=f"{done.lower()}, {k} classes",
        memory=n >= _WATCHED[k],
        repeats=3,
        limit=30,
        large=n >= LARGE[k],
    )


def rows(n: int, d: int, k: int, path: Path) -> tuple[np.ndarray, np.ndarray]:
    """A memory map (n, d) of float32 and labels (n,) below k that a linear classifier gets right in part.

    Rows begin alike whatever n is; the file is made again only where it has too few.
    """
    shape = np.load(path, mmap_mode="r").shape if path.exists() else (0, d)
    if shape[0] < n:
        made = np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=(n, d))
        for block, start in enumerate(range(0, n, _BLOCK)):
            drawn = np.random.default_rng([0, block]).standard_normal((_BLOCK, d), dtype=np.float32)
            made[start : start + _BLOCK] = drawn[: n - start]
        made.flush()
        del made
    X = np.load(path, mmap_mode="r")[:n]
    planes = np.random.default_rng(1).normal(size=(d, k)).astype(np.float32) / np.sqrt(d)
    noise = np.random.default_rng(2)
    y = np.empty(n, np.int64)
    for start in range(0, n, _BLOCK):
        block = X[start : start + _BLOCK]
        y[start : start + _BLOCK] = np.argmax(block @ planes + noise.gumbel(size=(len(block), k)), axis=1)
    return X, y


def _setup(n: int, k: int, fitted: bool, folder: Path) -> _Large:
    X, y = rows(n, D, k, folder / f"rows-{D}.npy")
    return _Large(X, y, logistic.fit(X[:_SAMPLE], y[:_SAMPLE]) if fitted else None)


def _ours_fit(given: _Large) -> Any:
    return logistic.fit(given.X, given.y)


def _ours_scores(given: _Large) -> np.ndarray:
    return scores.influence(given.model, given.X, given.y)


def _grams(k: int) -> int:
    """Matrices X' W X of which a Hessian consists: one for two classes, else one a pair."""
    return 1 if k == 2 else k * (k + 1) // 2


def _scores_floor(n: int, k: int, machine: Machine) -> float:
    """As many products as the Hessian has matrices, and as many again for the quadratic form in every row."""
    return machine.product(2 * _grams(k) * 2.0 * n * D**2, "float32", 2)


def _fit_floor(n: int, k: int, machine: Machine) -> float:
    """One Hessian: no Newton's method does with less."""
    return machine.product(_grams(k) * 2.0 * n * D**2, "float32", 2)
