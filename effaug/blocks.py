"""Rows of features, a block at a time: what is summed over them and what is worked out for each, in bounded memory.

One way for every X that can be cut into rows: arrays of NumPy in memory or memory-mapped, of JAX or PyTorch on a GPU,
and Dask's (through it Zarr, Parquet, a cluster). A block computes in its own namespace, in that namespace's default
floating type: float64 for NumPy, for JAX if its ``jax_enable_x64`` is set, and float32 otherwise. What is summed comes
back as NumPy arrays no larger than a square of the parameters; nothing of the size of X is made.

Blocks are summed in their order, each on one BLAS thread, so that a result does not depend on the number of threads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from array_api_compat import array_namespace, device, is_dask_array, is_jax_array, is_torch_array

from effaug._threads import n_threads, one_blas_thread

BYTES = 8 * 2**20  # of a block in float64: three of them are in the last cache at a time
Sums = tuple[np.ndarray, ...]
Result = tuple[Any, Sums]  # a number or more for each point of a block, and what is summed


def like(values: Any, X: Any) -> Any:
    """Real numbers as an array beside X, in its namespace, on its device, of the default floating type."""
    if isinstance(X, np.ndarray):
        return np.asarray(values, float)
    xp = array_namespace(X)
    return xp.asarray(values, dtype=_floating(xp), device=None if is_jax_array(X) else device(X))


def host(values: Any) -> np.ndarray:
    """Real numbers of any namespace as an array of NumPy's, of float64, so that sums of blocks are."""
    return np.asarray(values.cpu() if is_torch_array(values) else values, float)


def _floating(xp: Any) -> Any:
    return xp.__array_namespace_info__().default_dtypes()["real floating"]


@dataclass(frozen=True, eq=False)
class Block:
    """Some of the points.

    Attributes
    ----------
    X : array, shape (b, 1 + t, d)
        Each point's original first, then its copies.
    y : ndarray of int, shape (b,)
    sample_weight : ndarray, shape (b, 1 + t)
    """

    X: Any
    y: np.ndarray
    sample_weight: np.ndarray

    def points(self, centre: np.ndarray) -> Any:
        """The originals less `centre` (d,), with a column of ones: (b, d + 1)."""
        return _extended(self.X[:, 0], centre)

    def rows(self, centre: np.ndarray) -> tuple[Any, np.ndarray, Any]:
        """Points and copies of weight above zero, less `centre`, with ones: (m, d + 1); labels and weights (m,)."""
        point, copy = np.nonzero(self.sample_weight)
        whole = self.X.shape[1] == 1 and len(point) == len(self.y)
        chosen = self.X[:, 0] if whole else self.X[point, copy]
        return _extended(chosen, centre), self.y[point], like(self.sample_weight[point, copy], self.X)


def _extended(rows: Any, centre: np.ndarray) -> Any:
    if isinstance(rows, np.ndarray):
        found = np.empty((len(rows), rows.shape[1] + 1))
        found[:, :-1] = rows
        found[:, :-1] -= centre
        found[:, -1] = 1
        return found
    xp = array_namespace(rows)
    moved = xp.astype(rows, _floating(xp)) - like(centre, rows)
    return xp.concat([moved, xp.ones_like(moved[:, :1])], axis=1)


@dataclass(frozen=True, eq=False)
class Rows:
    """Points with labels and weights, of which one asks for sums and for values a point.

    Attributes
    ----------
    X : array, shape (n, 1 + t, d)
        Of NumPy, JAX, PyTorch or Dask. Rows of weight zero may hold anything.
    y : ndarray of int, shape (n,)
    sample_weight : ndarray, shape (n, 1 + t)
    """

    X: Any
    y: np.ndarray
    sample_weight: np.ndarray

    @cached_property
    def count(self) -> int:
        """How many rows have a weight above zero."""
        return int(np.count_nonzero(self.sample_weight))

    @cached_property
    def centre(self) -> np.ndarray:
        """Mean of the rows of positive weight, of at most 1024 points: (d,). Sums about it hardly cancel."""
        return self.sample(1024)._mean()

    def _mean(self) -> np.ndarray:
        total, count = self.reduce(_column_sums)
        mean: np.ndarray = total / max(count, 1)
        return mean

    def sample(self, size: int) -> Rows:
        """At most so many of the points, drawn from a fixed seed, with the weight of all; in memory."""
        n = len(self.y)
        if size >= n and not is_dask_array(self.X):
            return self
        chosen = np.sort(np.random.default_rng(0).choice(n, min(size, n), replace=False))
        part: Any = self.X[chosen]
        part = part.compute() if is_dask_array(self.X) else part
        weights = self.sample_weight[chosen]
        scale = self.sample_weight.sum() / weights.sum() if weights.any() else 1.0
        return Rows(part, self.y[chosen], weights * scale)

    def reduce(self, function: Callable[[Block], Sums]) -> Sums:
        """The sums over all blocks of what `function` gives for one."""
        return self.run(lambda block: (None, function(block)))[1]

    def map(self, function: Callable[[Block], Any]) -> np.ndarray:
        """What `function` gives for the points of a block, for all: (n, ...)."""
        return self.run(lambda block: (function(block), ()))[0]

    def run(self, function: Callable[[Block], Result]) -> tuple[np.ndarray, Sums]:
        """Values for the points, (n, ...), and sums, in one pass."""
        if not is_dask_array(self.X):
            return _run(function, self.X, self.y, self.sample_weight)
        import dask

        engine: Any = dask
        results = [engine.delayed(_run, pure=False)(function, *part) for part in self._parts]
        values, sums = ([result[k] for result in results] for k in (0, 1))
        while len(sums) > 1:  # a tree, so that no worker holds them all
            sums = [engine.delayed(_summed)(sums[k : k + 8]) for k in range(0, len(sums), 8)]
        found, total = engine.compute(values, sums[0])
        return _joined(found), total

    @cached_property
    def _parts(self) -> list[tuple[Any, Any, Any]]:
        """Of a Dask array: each chunk with its labels and weights, which are sent to where chunks are but once."""
        import dask

        engine: Any = dask
        whole: Any = self.X
        chunks, ends = whole.rechunk({1: -1, 2: -1}).to_delayed().ravel(), np.cumsum(whole.chunks[0])[:-1]
        y = np.split(self.y.astype(np.min_scalar_type(int(self.y.max(initial=0)))), ends)
        ones = bool((self.sample_weight == 1).all())
        weights = [None] * len(y) if ones else np.split(self.sample_weight, ends)
        kept = engine.persist(*(engine.delayed(part) for part in zip(y, weights, strict=True)))
        return [(chunk, part[0], part[1]) for chunk, part in zip(chunks, kept, strict=True)]


def _column_sums(block: Block) -> Sums:
    rows, _, _ = block.rows(np.zeros(block.X.shape[2]))
    total = host(rows.sum(axis=0))
    return total[:-1], total[-1]


def _run(function: Callable[[Block], Result], X: Any, y: np.ndarray, sample_weight: np.ndarray | None) -> Result:
    """Of an array that is cut here; NumPy's by as many threads as BLAS may use, others' by what runs them."""
    y, weights = y.astype(int), np.ones(X.shape[:2]) if sample_weight is None else sample_weight

    def one(cut: slice) -> Result:
        values, sums = function(Block(X[cut], y[cut], weights[cut]))
        return None if values is None else host(values), sums

    cuts = _cuts(*X.shape)
    if len(cuts) == 1 or not isinstance(X, np.ndarray):
        return _collected(map(one, cuts))
    with one_blas_thread(), ThreadPoolExecutor(n_threads()) as pool:
        return _collected(pool.map(one, cuts))


def _collected(results: Iterable[Result]) -> Result:
    values, sums = [], None
    for found, part in results:
        values.append(found)
        sums = part if sums is None else _summed([sums, part])
    return _joined(values), sums or ()


def _cuts(n: int, copies: int, d: int) -> list[slice]:
    size = max(1, BYTES // (8 * copies * max(d, 1)))
    return [slice(start, start + size) for start in range(0, n, size)]


def _summed(parts: list[Sums]) -> Sums:
    return tuple(sum(values[1:], start=values[0]) for values in zip(*parts, strict=True))


def _joined(values: list[Any]) -> Any:
    return None if values[0] is None else np.concatenate(values)
