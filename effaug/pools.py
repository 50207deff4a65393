"""Before a k-DPP: fewer points where there are too many for it, more features where its kernel has too few dimensions.

Decomposing a kernel takes O(n d^2), so that of many points a pool is taken first, in O(n). A linear kernel's rank is at
most d, and a k-DPP draws at most as many points as that; random Fourier features have as high a rank as there are
distinct points and features. Both change the law that is drawn from: whoever reports a draw says which was used.
"""

from __future__ import annotations

import numpy as np
from scipy.spatial.distance import pdist

from effaug._validation import Randomness, finite, generator, not_negative

_SAMPLE = 500  # points whose distances give the bandwidth
_BLOCK = 8192  # rows at a time


def pool(quality: np.ndarray, m: int, random_state: Randomness) -> np.ndarray:
    """m points, drawn one after the other in proportion to the quality of those that are left, in O(n).

    Every point of positive quality has a chance, unlike among the `largest`. By an exponential race: the first m of
    independent arrivals at the rates of the quality.

    Parameters
    ----------
    quality : ndarray, shape (n,)
        Not negative; a point of none is never drawn.
    m : int
        From 1 to the number of points of positive quality.
    random_state : int, numpy.random.Generator or None
        A seed, or what draws; None for a generator that is seeded anew.

    Returns
    -------
    ndarray of int, shape (m,)
        Ascending.

    Raises
    ------
    ValueError
        For a quality or an m that is not as above, or for what is no `random_state`.

    Examples
    --------
    >>> pool([0.0, 2.0, 0.0, 1.0], 2, random_state=0)
    array([1, 3])
    """
    found, rng = _quality(quality), generator(random_state)
    _check("m", m, int(np.count_nonzero(found)), "the number of points of positive quality")
    with np.errstate(divide="ignore"):
        arrival = np.log(rng.standard_exponential(len(found))) - np.log(found)
    return np.sort(np.argpartition(arrival, m - 1)[:m])


def largest(quality: np.ndarray, m: int) -> np.ndarray:
    """The m points of the largest quality, ascending, in O(n); the lowest indices among equals.

    Parameters
    ----------
    quality : ndarray, shape (n,)
        Not negative.
    m : int
        From 1 to n.

    Raises
    ------
    ValueError
        For a quality or an m that is not as above.

    Examples
    --------
    >>> largest([1.0, 3.0, 3.0, 2.0, 3.0], 2)
    array([1, 2])
    """
    found = _quality(quality)
    _check("m", m, len(found), "the number of points")
    least = np.partition(found, len(found) - m)[len(found) - m]
    above = np.flatnonzero(found > least)
    return np.sort(np.append(above, np.flatnonzero(found == least)[: m - len(above)]))


def fourier_features(X: np.ndarray, n_features: int, random_state: Randomness) -> np.ndarray:
    """Features whose inner products approximate a Gaussian kernel (Rahimi & Recht, 2007).

        z(x) = (cos w_1 . x, ..., cos w_D . x, sin w_1 . x, ..., sin w_D . x) / sqrt(D),   w ~ N(0, 1 / s^2),

    E z(x) . z(y) is ``exp(-|x - y|^2 / (2 s^2))``, with a standard deviation of at most 1 / sqrt(2 D). The bandwidth s
    is the median distance between the points of a sample of 500, so that neither X's scale nor its origin matters.

    Parameters
    ----------
    X : ndarray, shape (n, d)
    n_features : int
        2 D: even, and for a k-DPP of k points at least k.
    random_state : int, numpy.random.Generator or None
        A seed, or what draws; None for a generator that is seeded anew.

    Returns
    -------
    ndarray, shape (n, n_features)
        Rows of norm 1.

    Raises
    ------
    ValueError
        For an X, an n_features or a `random_state` that is not as above.

    Examples
    --------
    >>> X = np.random.default_rng(0).normal(size=(100, 2))  # a linear kernel draws two points at most
    >>> fourier_features(X, 64, random_state=0).shape
    (100, 64)
    """
    X, rng = finite(X), generator(random_state)
    _check("n_features", n_features, None, "an even one")
    if n_features % 2:
        raise ValueError(f"n_features must be even, a cosine and a sine each, got {n_features}")
    half, centre = n_features // 2, X.mean(axis=0) if len(X) else 0.0
    frequencies = rng.standard_normal((X.shape[1], half)) / _bandwidth(X, rng)
    found = np.empty((len(X), n_features))
    for start in range(0, len(X), _BLOCK):
        block = slice(start, start + _BLOCK)
        angle = (X[block] - centre) @ frequencies
        np.cos(angle, out=found[block, :half])
        np.sin(angle, out=found[block, half:])
    found /= np.sqrt(max(half, 1))
    return found


def _bandwidth(X: np.ndarray, rng: np.random.Generator) -> float:
    """The median distance of two points of a sample that differ; 1 where none do."""
    sample = X[rng.choice(len(X), _SAMPLE, replace=False)] if len(X) > _SAMPLE else X
    distances = pdist(sample)
    distances = distances[distances > 0]
    return float(np.median(distances)) if len(distances) else 1.0


def _quality(quality: np.ndarray) -> np.ndarray:
    if quality is None or np.ndim(quality) != 1:
        raise ValueError(f"quality must have shape (n,), got {np.shape(quality)}")
    return not_negative("quality", quality, len(quality))


def _check(name: str, value: int, most: int | None, why: str) -> None:
    """Refuse what is no whole number from 1, or above what there is."""
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not whole or value < 1 or (most is not None and value > most):
        bounds = "from 1" if most is None else f"between 1 and {most}"
        raise ValueError(f"{name} must be a whole number {bounds}, {why}, got {value!r}")
