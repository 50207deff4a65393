"""The kernel of a determinantal point process in factors, its eigenvectors, and what its arguments must be.

Two decisions have a fast and a slow way. The fast one is the eigendecomposition of the Gram matrix B' B (c, c) of
L = B B', B = diag(q) Phi (m, c), and is taken only where the eigenvalues that it finds show that it suffices:

- The rank is that of the singular values of the directions Phi. In double precision the eigenvalues of their Gram
  matrix are off by less than 1.5 max(n, c) eps m, m being its trace. Where the least is above 2 max(n, c) eps m, the
  least singular value is far above the tolerance: the rank is full. The same holds where the least eigenvalue of B' B
  is, as q is at most 1. Otherwise the singular values decide.
- The eigenvalues of L are those of B' B, whose relative errors are some eps times the largest over the least; so is the
  angle between eigenvectors that B makes of those of B' B. Up to a ratio of `LARGEST_RATIO` both are below 1e-9.
  Beyond, as for influence with its many orders of magnitude, Jacobi's method with rows sorted (LAPACK's dgejsv; Drmac
  & Veselic, 2008) finds singular values and left vectors of B to full relative accuracy however q scales its rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.linalg import lapack

from effaug._validation import check_size, finite, not_negative

EPS = np.finfo(float).eps
LEAST_QUALITY = 1e-300  # near the least double singular values are lost
LARGEST_RATIO = 1e6  # of eigenvalues that a Gram matrix is trusted with
_SQUARES_FIT = 1e-100, 1e100  # entries whose squares neither overflow nor vanish


@dataclass(frozen=True, eq=False)
class Eigenvectors:
    """Orthonormal columns (m, r) as a product, of which a draw forms the columns that it needs.

    Attributes
    ----------
    rows : ndarray, shape (m, c)
    mix : ndarray, shape (c, r), or None
        The columns are ``rows @ mix``, or `rows` themselves.
    """

    rows: np.ndarray
    mix: np.ndarray | None = None

    @cached_property
    def all(self) -> np.ndarray:
        """Every column."""
        found: np.ndarray = self.rows if self.mix is None else self.rows @ self.mix
        return found

    def columns(self, chosen: np.ndarray) -> np.ndarray:
        """Some of the columns, to the same bits whether or not others were asked for before."""
        if self.mix is None or 2 * len(chosen) > self.mix.shape[1]:
            return self.all[:, chosen]
        found: np.ndarray = self.rows @ self.mix[:, chosen]
        return found


@dataclass(frozen=True, eq=False)
class Kernel:
    """L in factors: quality apart from direction, and directions in as many coordinates as they span.

    Attributes
    ----------
    points : ndarray of int, shape (m,)
        Those of positive quality, ascending; with a diagonal all.
    log_quality : ndarray, shape (m,)
        Relative to the largest; a common factor changes no k-DPP.
    directions : ndarray, shape (m, r)
        Rows of norm 1; zero where quality is.
    shape : tuple of int
        n and d.
    log_diagonal : float
        Log of the constant that is added to L's diagonal, relative to the square of the largest quality; -inf for none.
    found : tuple, or None
        What `eigen` finds, where it was found on the way.
    """

    points: np.ndarray
    log_quality: np.ndarray
    directions: np.ndarray
    shape: tuple[int, int]
    log_diagonal: float = -np.inf
    found: tuple[np.ndarray, Eigenvectors] | None = None

    @classmethod
    def of(cls, X: np.ndarray, quality: np.ndarray | None = None, diagonal: float = 0.0) -> Kernel:
        """The kernel of X (n, d) and a quality (n,), 1 everywhere unless given, and a constant on its diagonal.

        Singular values of the directions below 10 max(n, d) eps times the largest count as zero: the rank is that of
        the directions of positive quality, whatever the quality's range. Quality below 1e-300 times the largest
        counts as zero. With a diagonal the rank is n: every set is possible.

        Raises
        ------
        ValueError
            For another shape, values that are not finite, negative quality, a point of positive quality whose features
            are all zero (it has no direction), or a diagonal that is negative or not finite.
        """
        X = finite(X)
        quality = not_negative("quality", quality, len(X))
        if not 0 <= diagonal < np.inf:
            raise ValueError(f"diagonal must be finite and not negative, got {diagonal!r}")
        top = quality.max(initial=0) or 1
        quality = quality / top
        points = np.flatnonzero(quality > LEAST_QUALITY)
        directions, eigen = _spanning(_unit_rows(X, points), quality[points], max(X.shape))
        found = cls(points, np.log(quality[points]), directions, X.shape, found=eigen)
        return found._with_diagonal(np.log(diagonal) - 2 * np.log(top)) if diagonal else found

    def _with_diagonal(self, log_diagonal: float) -> Kernel:
        """Every point now has a row, those of no quality a row of zeros."""
        n = self.shape[0]
        log_quality, directions = np.full(n, -np.inf), np.zeros((n, self.directions.shape[1]))
        log_quality[self.points], directions[self.points] = self.log_quality, self.directions
        return Kernel(np.arange(n), log_quality, directions, self.shape, log_diagonal)

    @property
    def rank(self) -> int:
        """The largest k there is a k-DPP for."""
        return self.directions.shape[1] if self.log_diagonal == -np.inf else self.shape[0]

    @cached_property
    def floor(self) -> float:
        """Distance below which a direction lies in the span of others; with a diagonal none does.

        Some row is further than tolerance / sqrt(m) from the span of any fewer than rank others.
        """
        if self.log_diagonal > -np.inf or not self.directions.size:
            return 0.0
        largest = np.sqrt(np.linalg.eigvalsh(self.directions.T @ self.directions)[-1])
        return float(10 * max(self.shape) * EPS * largest / np.sqrt(len(self.directions)))

    def factor(self) -> tuple[np.ndarray, np.ndarray]:
        """F with F F' = L + c I, its rows as log lengths (m,) and directions (m, c).

        A constant c on the diagonal is one more dimension for each point: F_i = (q_i phi_i, sqrt(c) e_i).
        """
        if self.log_diagonal == -np.inf:
            return self.log_quality, self.directions
        log_length = np.logaddexp(2 * self.log_quality, self.log_diagonal) / 2
        own = np.exp(self.log_quality - log_length)[:, None] * self.directions
        return log_length, np.hstack([own, np.diag(np.exp(self.log_diagonal / 2 - log_length))])

    def eigen(self) -> tuple[np.ndarray, Eigenvectors]:
        """Log eigenvalues (rank,) of L + c I, descending, and eigenvectors (m, rank).

        Raises
        ------
        numpy.linalg.LinAlgError
            If Jacobi's method does not converge.
        """
        log_values, vectors = self.found or _eigen(np.exp(self.log_quality)[:, None] * self.directions)
        if self.log_diagonal == -np.inf:
            return log_values, vectors
        # The eigenvectors of L + c I are those of L; c alone belongs to all directions that L lacks.
        lacking = np.linalg.qr(vectors.all, mode="complete")[0][:, len(log_values) :]
        log_values = np.append(log_values, np.full(lacking.shape[1], -np.inf))
        return np.logaddexp(log_values, self.log_diagonal), Eigenvectors(np.hstack([vectors.all, lacking]))

    def check(self, k: int) -> None:
        """Refuse a k outside 0 to the rank with a ValueError that says what limits the rank."""
        n, d = self.shape
        span = f"{len(self.points)} of {n} points are of positive quality, and their features, {d} each, span"
        check_size(k, self.rank, f"the rank of the kernel ({span} {self.rank} dimensions)")


def _unit_rows(X: np.ndarray, points: np.ndarray) -> np.ndarray:
    """X's rows at some points (m, d), divided by their norms."""
    rows = X if len(points) == len(X) else X[points]
    if not rows.size:
        return rows
    largest = np.maximum(rows.max(axis=1), -rows.min(axis=1))
    if not largest.all():
        row = points[np.argmin(largest)]
        raise ValueError(f"X must not be all zero where quality is positive, got row {row}: no direction")
    if largest.min() < _SQUARES_FIT[0] or largest.max() > _SQUARES_FIT[1]:
        rows = rows / largest[:, None]
    unit: np.ndarray = rows / np.sqrt(np.einsum("md,md->m", rows, rows))[:, None]
    return unit


def _spanning(
    rows: np.ndarray, quality: np.ndarray, size: int
) -> tuple[np.ndarray, tuple[np.ndarray, Eigenvectors] | None]:
    """Rows of norm 1 in as many coordinates as they span, and what `_by_gram` finds if it suffices.

    Where a Gram matrix shows that no coordinate is too many, the rows are as they were, less columns of zeros.
    """
    used, least = rows.any(axis=0), 2 * size * EPS * len(rows)
    if len(rows) >= used.sum() > 0:
        within = rows if used.all() else rows[:, used]
        found = _by_gram(within if (quality == 1).all() else quality[:, None] * within)
        if found and np.exp(found[0][-1]) > least:
            return within, found
        if np.linalg.eigvalsh(within.T @ within)[0] > least:
            return within, None
    left, singular, _ = np.linalg.svd(rows, full_matrices=False)
    return (left * singular)[:, singular > 10 * size * EPS * singular.max(initial=0)], None


def _eigen(B: np.ndarray) -> tuple[np.ndarray, Eigenvectors]:
    """Log eigenvalues (r,) of B B' that are not zero, and their vectors (m, r), for a B (m, r) of full rank."""
    if not B.shape[1]:
        return np.zeros(0), Eigenvectors(np.zeros((len(B), 0)))
    return _by_gram(B) or _by_jacobi(B)


def _by_gram(B: np.ndarray) -> tuple[np.ndarray, Eigenvectors] | None:
    """As `_eigen`, or None where the eigenvalues are too far apart."""
    values, mix = np.linalg.eigh(B.T @ B)
    if not values[0] * LARGEST_RATIO >= values[-1]:
        return None
    return np.log(values[::-1]), Eigenvectors(B, (mix / np.sqrt(values))[:, ::-1])


def _by_jacobi(B: np.ndarray) -> tuple[np.ndarray, Eigenvectors]:
    """As `_eigen`, however far they are."""
    # joba=2: rows sorted, high relative accuracy; jobu=0: left vectors; jobv=3: no right ones
    values, left, _, work, _, info = lapack.dgejsv(B, joba=2, jobu=0, jobv=3)
    if info != 0:
        raise np.linalg.LinAlgError(f"dgejsv did not converge on a kernel of rank {B.shape[1]} (info = {info})")
    scale = np.log(work[0]) - np.log(work[1])  # LAPACK's, kept apart so that no value underflows
    return 2 * (np.log(values) + scale), Eigenvectors(left)
