"""The kernel of a determinantal point process in factors, and what its arguments must be."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import lapack

from effaug._validation import check_size, finite, not_negative

EPS = np.finfo(float).eps
LEAST_QUALITY = 1e-300  # near the least double singular values are lost


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
    """

    points: np.ndarray
    log_quality: np.ndarray
    directions: np.ndarray
    floor: float
    shape: tuple[int, int]
    log_diagonal: float = -np.inf

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
        rows = X[points]
        largest = np.abs(rows).max(axis=1, initial=0, keepdims=True)
        if not largest.all():
            row = points[np.argmin(largest)]
            raise ValueError(f"X must not be all zero where quality is positive, got row {row}: no direction")
        rows = rows / largest  # so that squares neither overflow nor vanish
        left, values, _ = np.linalg.svd(rows / np.linalg.norm(rows, axis=1, keepdims=True), full_matrices=False)
        tolerance = 10 * max(X.shape) * EPS * values.max(initial=0)
        directions = left * values
        # Some row is further than tolerance / sqrt(m) from the span of any fewer than rank others.
        floor = tolerance / np.sqrt(max(len(points), 1))
        found = cls(points, np.log(quality[points]), directions[:, values > tolerance], floor, X.shape)
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

    def eigen(self) -> tuple[np.ndarray, np.ndarray]:
        """Log eigenvalues (rank,) of L + c I, descending, and eigenvectors (m, rank).

        Raises
        ------
        numpy.linalg.LinAlgError
            If Jacobi's method does not converge.
        """
        log_values, vectors = _eigen(np.exp(self.log_quality)[:, None] * self.directions)
        if self.log_diagonal == -np.inf:
            return log_values, vectors
        # The eigenvectors of L + c I are those of L; c alone belongs to all directions that L lacks.
        lacking = np.linalg.qr(vectors, mode="complete")[0][:, len(log_values) :]
        log_values = np.append(log_values, np.full(lacking.shape[1], -np.inf))
        return np.logaddexp(log_values, self.log_diagonal), np.hstack([vectors, lacking])

    def check(self, k: int) -> None:
        """Refuse a k outside 0 to the rank with a ValueError that says what limits the rank."""
        n, d = self.shape
        span = f"{len(self.points)} of {n} points are of positive quality, and their features, {d} each, span"
        check_size(k, self.rank, f"the rank of the kernel ({span} {self.rank} dimensions)")


def _eigen(B: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Log eigenvalues (r,) of B B' that are not zero, and their vectors (m, r), for a B (m, r) of full rank."""
    if not B.shape[1]:
        return np.zeros(0), np.zeros((len(B), 0))
    # joba=2: rows sorted, high relative accuracy; jobu=0: left vectors; jobv=3: no right ones
    values, left, _, work, _, info = lapack.dgejsv(B, joba=2, jobu=0, jobv=3)
    if info != 0:
        raise np.linalg.LinAlgError(f"dgejsv did not converge on a kernel of rank {B.shape[1]} (info = {info})")
    scale = np.log(work[0]) - np.log(work[1])  # LAPACK's, kept apart so that no value underflows
    return 2 * (np.log(values) + scale), left
