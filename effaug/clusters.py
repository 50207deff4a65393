"""Strata: an order over the points that goes through k-means clusters in turn (paper, Appendix)."""

from __future__ import annotations

import warnings

import numpy as np

from effaug._sampling import log, race
from effaug._validation import Randomness, check_size, finite, generator, not_negative


def cluster_order(
    X: np.ndarray,
    k: int,
    scores: np.ndarray | None = None,
    *,
    random_state: Randomness,
    n_init: int = 1,
) -> np.ndarray:
    """k points, spread over as many clusters as k-means finds, at most k (Appendix G).

    The clusters are put into a random order and take turns in it, one point a turn. A cluster that has run dry is
    skipped. Unless points are repeated there are k clusters, and every one gives one point.

    Parameters
    ----------
    X : ndarray, shape (n, d)
    k : int
        Number of points and of clusters, 0 to n.
    scores : ndarray, shape (n,), optional
        Within a cluster points are drawn in proportion to them, without replacement, those of score zero last;
        uniformly unless given.
    random_state : int, numpy.random.Generator or None
        A seed, or what gives k-means its seed and then draws; None for a generator that is seeded anew.
    n_init : int, default 1
        Starts of k-means, each by k-means++.

    Returns
    -------
    ndarray of int, shape (k,)
        Distinct points, first to be augmented first.

    Raises
    ------
    ValueError
        For X or scores of another shape or not finite, negative scores, or a k outside 0 to n.
    """
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning

    X = finite(X)
    check_size(k, len(X), "the number of points")
    scores, rng = not_negative("scores", scores, len(X)), generator(random_state)
    if k == 0:
        return np.array([], int)
    seed = int(rng.integers(2**32))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # fewer distinct points than k: fewer clusters
        cluster = KMeans(k, n_init=n_init, random_state=seed).fit_predict(X)
    order = np.lexsort(race(log(scores), rng))
    turn = np.empty(len(order), int)
    for c in range(k):
        members = order[cluster[order] == c]
        turn[members] = np.arange(len(members))
    return np.lexsort((rng.permutation(k)[cluster], turn))[:k]
