"""The kernel of a determinantal point process in factors, and what its arguments must be."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

EPS = np.finfo(float).eps
LEAST_QUALITY = 1e-300  # near the least double singular values are lost


@dataclass(frozen=True, eq=False)
class Kernel:
    """L in factors: quality apart from direction, and directions in as many coordinates as they span.

    Attributes
    ----------
    points : ndarray of int, shape (m,)
        Those of positive quality, ascending.
    log_quality : ndarray, shape (m,)
        Relative to the largest; a common factor changes no k-DPP.
    directions : ndarray, shape (m, rank)
        Rows of norm 1.
    floor : float
        Distance below which a direction lies in the span of others.
    shape : tuple of int
        n and d.
    """

    points: np.ndarray
    log_quality: np.ndarray
    directions: np.ndarray
    floor: float
    shape: tuple[int, int]

    @classmethod
    def of(cls, features: np.ndarray, quality: np.ndarray | None = None) -> Kernel:
        """The kernel of features (n, d) and a quality (n,), 1 everywhere unless given.

        Singular values of the directions below 10 max(n, d) eps times the largest count as zero: the rank is that of
        the directions of positive quality, whatever the quality's range. Quality below 1e-300 times the largest
        counts as zero.

        Raises
        ------
        ValueError
            For another shape, values that are not finite, negative quality, or a point of positive quality whose
            features are all zero: it has no direction.
        """
        features = finite(features)
        quality = not_negative("quality", quality, len(features))
        quality = quality / (quality.max(initial=0) or 1)
        points = np.flatnonzero(quality > LEAST_QUALITY)
        rows = features[points]
        largest = np.abs(rows).max(axis=1, initial=0, keepdims=True)
        if not largest.all():
            row = points[np.argmin(largest)]
            raise ValueError(f"features must not be all zero where quality is positive, got row {row}: no direction")
        rows = rows / largest  # so that squares neither overflow nor vanish
        left, values, _ = np.linalg.svd(rows / np.linalg.norm(rows, axis=1, keepdims=True), full_matrices=False)
        tolerance = 10 * max(features.shape) * EPS * values.max(initial=0)
        directions = left * values
        # Some row is further than tolerance / sqrt(m) from the span of any fewer than rank others.
        floor = tolerance / np.sqrt(max(len(points), 1))
        return cls(points, np.log(quality[points]), directions[:, values > tolerance], floor, features.shape)

    @property
    def rank(self) -> int:
        """The largest k there is a k-DPP for."""
        return self.directions.shape[1]

    def check(self, k: int) -> None:
        """Refuse a k outside 0 to the rank with a ValueError that says what limits the rank."""
        n, d = self.shape
        span = f"{len(self.points)} of {n} points are of positive quality, and their features, {d} each, span"
        check_size(k, self.rank, f"the rank of the kernel ({span} {self.rank} dimensions)")


def finite(features: np.ndarray) -> np.ndarray:
    """Features (n, d) in float64, or a ValueError that names what is wrong with them."""
    features = np.asarray(features, float)
    if features.ndim != 2:
        raise ValueError(f"features must have shape (n, d), got {features.shape}")
    bad = np.argwhere(~np.isfinite(features))
    if len(bad):
        raise ValueError(f"features must be finite, got {features[tuple(bad[0])]} in row {bad[0, 0]}")
    return features


def not_negative(name: str, values: np.ndarray | None, n: int) -> np.ndarray:
    """Values (n,), ones for None, or a ValueError that names what is wrong with them."""
    values = np.ones(n) if values is None else np.asarray(values, float)
    if values.shape != (n,):
        raise ValueError(f"{name} must have shape ({n},), one a point, got {values.shape}")
    bad = np.flatnonzero(~(np.isfinite(values) & (values >= 0)))
    if len(bad):
        raise ValueError(f"{name} must be finite and not negative, got {values[bad[0]]} at point {bad[0]}")
    return values


def check_size(k: int, most: int, why: str) -> None:
    """Refuse a k that is no whole number between 0 and `most`, which is `why`, with a ValueError."""
    if not isinstance(k, int | np.integer) or isinstance(k, bool) or not 0 <= k <= most:
        raise ValueError(f"k must be a whole number between 0 and {most}, {why}, got {k!r}")
