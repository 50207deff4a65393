"""The kernel of a determinantal point process in factors, its eigenvectors, and what its arguments must be.

Two decisions have a fast and a slow way. The fast one goes through a Gram matrix, c by c for c columns, and is taken
only where what it computes shows that it suffices:

- The rank is that of the directions' singular values. Their Gram matrix, formed and decomposed in double precision, is
  off by less than 1.5 max(n, c) eps times its trace. Where its least eigenvalue is above 2 max(n, c) eps times its
  trace, the least singular value is far above the tolerance and the rank is full. Otherwise the singular values decide.
- The eigenvalues of L = B B' are those of B' B, whose relative errors are some eps times the largest over the least;
  so is the angle between eigenvectors that B makes of those of B' B. Up to a ratio of `LARGEST_RATIO` the errors are
  below 1e-9. Beyond, as for influence with its many orders of magnitude, Jacobi's method with rows sorted (LAPACK's
  dgejsv; Drmac & Veselic, 2008) finds singular values and left vectors of B to full relative accuracy however the
  quality scales its rows.
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
        return self.rows if self.mix is None else self.rows @ self.mix

    def columns(self, chosen: np.ndarray) -> np.ndarray:
        """Some of the columns, to the same bits whether or not others were asked for before."""
        if self.mix is None or 2 * len(chosen) > self.mix.shape[1]:
            return self.all[:, chosen]
        return self.rows @ self.mix[:, chosen]


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
    floor : float
        Distance below which a direction lies in the span of others; with a diagonal none does.
    shape : tuple of int
        n and d.
    log_diagonal : float
        Log of the constant that is added to L's diagonal, relative to the square of the largest quality; -inf for none.
    gram : ndarray, shape (r, r), or None
        Of the directions, where it showed their rank.
    """

    points: np.ndarray
    log_quality: np.ndarray
    directions: np.ndarray
    floor: float
    shape: tuple[int, int]
    log_diagonal: float = -np.inf
    gram: np.ndarray | None = None

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
        directions, tolerance, gram = _spanning(_unit_rows(X, points), max(X.shape))
        # Some row is further than tolerance / sqrt(m) from the span of any fewer than rank others.
        floor = tolerance / np.sqrt(max(len(points), 1))
        found = cls(points, np.log(quality[points]), directions, floor, X.shape, gram=gram)
        return found._with_diagonal(np.log(diagonal) - 2 * np.log(top)) if diagonal else found

    def _with_diagonal(self, log_diagonal: float) -> Kernel:
        """Every point now has a row, those of no quality a row of zeros."""
        n = self.shape[0]
        log_quality, directions = np.full(n, -np.inf), np.zeros((n, self.directions.shape[1]))
        log_quality[self.points], directions[self.points] = self.log_quality, self.directions
        return Kernel(np.arange(n), log_quality, directions, 0.0, self.shape, log_diagonal)

    @property
    def rank(self) -> int:
        """The largest k there is a k-DPP for."""
        return self.directions.shape[1] if self.log_diagonal == -np.inf else self.shape[0]

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
        if self.gram is not None and not self.log_quality.any():
            log_values, vectors = _eigen(self.directions, self.gram)
        else:
            log_values, vectors = _eigen(np.exp(self.log_quality)[:, None] * self.directions)
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
    return rows / np.sqrt(np.einsum("md,md->m", rows, rows))[:, None]


def _spanning(rows: np.ndarray, size: int) -> tuple[np.ndarray, float, np.ndarray | None]:
    """Rows of norm 1 in as many coordinates as they span, the tolerance of their singular values, and their Gram
    matrix if it showed that no coordinate is too many (see above): then the rows are as they were, less zero columns.
    """
    used = rows.any(axis=0)
    if len(rows) >= used.sum() > 0:
        within = rows if used.all() else rows[:, used]
        gram = within.T @ within
        values = np.linalg.eigvalsh(gram)
        if values[0] > 2 * size * EPS * len(rows):
            return within, 10 * size * EPS * np.sqrt(values[-1]), gram
    left, singular, _ = np.linalg.svd(rows, full_matrices=False)
    tolerance = 10 * size * EPS * singular.max(initial=0)
    return (left * singular)[:, singular > tolerance], tolerance, None


def _eigen(B: np.ndarray, gram: np.ndarray | None = None) -> tuple[np.ndarray, Eigenvectors]:
    """Log eigenvalues (r,) of B B' that are not zero, and their vectors (m, r), for a B (m, r) of full rank."""
    if not B.shape[1]:
        return np.zeros(0), Eigenvectors(np.zeros((len(B), 0)))
    values, mix = np.linalg.eigh(B.T @ B if gram is None else gram)
    if values[0] * LARGEST_RATIO >= values[-1]:
        return np.log(values[::-1]), Eigenvectors(B, (mix / np.sqrt(values))[:, ::-1])
    log_values, left = _jacobi(B)
    return log_values, Eigenvectors(left)


def _jacobi(B: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """As `_eigen`, however small the eigenvalues."""
    # joba=2: rows sorted, high relative accuracy; jobu=0: left vectors; jobv=3: no right ones
    values, left, _, work, _, info = lapack.dgejsv(B, joba=2, jobu=0, jobv=3)
    if info != 0:
        raise np.linalg.LinAlgError(f"dgejsv did not converge on a kernel of rank {B.shape[1]} (info = {info})")
    scale = np.log(work[0]) - np.log(work[1])  # LAPACK's, kept apart so that no value underflows
    return 2 * (np.log(values) + scale), left
