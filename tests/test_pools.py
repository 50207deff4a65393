"""effaug.pools: pools against the law of their draws, Fourier features against the Gaussian kernel."""

import itertools

import numpy as np
import pytest
from scipy.stats import chisquare

from effaug.dpp import KDPP, kdpp_sample
from effaug.pools import fourier_features, largest, pool


def rng(seed=0):
    return np.random.default_rng(seed)


def normal(n, d, seed=0):
    return rng(seed).normal(size=(n, d))


def test_a_pool_is_drawn_one_after_the_other_in_proportion():
    quality, random = np.array([0.5, 0.0, 2.0, 1.0, 0.2]), rng(1)
    drawn = [tuple(pool(quality, 2, random).tolist()) for _ in range(6000)]
    total, expected = quality.sum(), {}
    for i, j in itertools.combinations([0, 2, 3, 4], 2):
        a, b = quality[[i, j]]
        expected[i, j] = a / total * b / (total - a) + b / total * a / (total - b)
    assert sum(expected.values()) == pytest.approx(1)
    counts = [drawn.count(pair) for pair in expected]
    assert sum(counts) == 6000
    assert chisquare(counts, 6000 * np.array(list(expected.values()))).pvalue > 1e-3


def test_a_pool_of_any_range_is_distinct_ascending_and_of_quality():
    quality = 10 ** rng(2).uniform(-300, 300, 2000) * (rng(3).random(2000) < 0.5)
    positive = np.flatnonzero(quality)
    for m in (1, 17, len(positive)):
        found = pool(quality, m, rng(m))
        assert found.dtype.kind == "i"
        assert len(found) == m
        assert (np.diff(found) > 0).all()
        assert set(found.tolist()) <= set(positive.tolist())
    drawn = [pool(np.arange(100.0), 17, seed).tolist() for seed in (4, 4, 5)]
    assert drawn[0] == drawn[1] != drawn[2]


@pytest.mark.parametrize("m", [1, 2, 3, 7, 40])
def test_the_largest_are_those_of_a_stable_sort(m):
    quality = rng(6).integers(0, 9, 40).astype(float)
    assert largest(quality, m).tolist() == sorted(np.argsort(-quality, kind="stable")[:m].tolist())


@pytest.mark.parametrize(
    ("quality", "m", "words"),
    [
        (
            [1.0, 0.0, 2.0],
            3,
            "m must be a whole number between 1 and 2, the number of points of positive quality, got 3",
        ),
        ([1.0, 2.0], 0, "m must be a whole number between 1 and 2"),
        ([1.0, 2.0], 1.0, r"got 1\.0"),
        ([1.0, 2.0], True, "got True"),
        ([1.0, -2.0], 1, "quality must be finite and not negative, got -2.0 at point 1"),
        (np.ones((2, 2)), 1, r"quality must have shape \(n,\), got \(2, 2\)"),
        (None, 1, r"quality must have shape \(n,\)"),
    ],
)
def test_a_pool_that_cannot_be_is_refused(quality, m, words):
    with pytest.raises(ValueError, match=words):
        pool(quality, m, 0)
    if m != 3:
        with pytest.raises(ValueError, match=words):
            largest(quality, m)


def gaussian(X):
    """The kernel with the median distance for bandwidth, which is of all of fewer than 500 points."""
    squared = ((X[:, None] - X[None]) ** 2).sum(axis=2)
    return np.exp(-squared / (2 * np.median(squared[np.triu_indices(len(X), 1)])))


def test_fourier_features_approximate_the_gaussian_kernel():
    X = normal(31, 5)
    error = {}
    for n_features in (64, 1024):
        drawn = np.array([z @ z.T for z in (fourier_features(X, n_features, seed) for seed in range(30))])
        error[n_features] = (drawn - gaussian(X)).std()
        assert error[n_features] < 1 / np.sqrt(n_features)
        assert np.abs(drawn.mean(axis=0) - gaussian(X)).max() < 5 / np.sqrt(30 * n_features)
    assert error[1024] < error[64] / 3  # a quarter: it falls with the root of their number
    np.testing.assert_allclose(np.linalg.norm(fourier_features(X, 64, 0), axis=1), 1, rtol=1e-12)


def test_fourier_features_ignore_scale_and_origin():
    X = normal(700, 3)
    np.testing.assert_allclose(fourier_features(1e6 + 1e3 * X, 32, 7), fourier_features(X, 32, 7), atol=1e-6)


def test_blocks_of_rows_do_not_matter(monkeypatch):
    X = normal(50, 3)
    whole = fourier_features(X, 8, 0)
    monkeypatch.setattr("effaug.pools._BLOCK", 7)
    np.testing.assert_allclose(fourier_features(X, 8, 0), whole, atol=1e-12)


def test_fourier_features_let_more_points_be_drawn_than_a_linear_kernel_and_spread_them():
    X = normal(300, 2)
    with pytest.raises(ValueError, match="the rank of the kernel"):
        kdpp_sample(X, 3, random_state=0)
    Z = fourier_features(X, 64, 0)
    kdpp = KDPP.of(Z)
    assert kdpp.rank > 20

    def apart(points):  # distance from the nearest other of the set, on average
        distance = np.linalg.norm(X[points][:, None] - X[points][None], axis=2) + np.diag(np.full(len(points), np.inf))
        return distance.min(axis=1).mean()

    ours = np.mean([apart(kdpp.sample(20, seed)) for seed in range(10)])
    uniform = np.mean([apart(rng(seed).choice(300, 20, replace=False)) for seed in range(10)])
    assert ours > 1.2 * uniform


def test_points_that_are_all_the_same_have_features():
    assert np.isfinite(fourier_features(np.ones((4, 2)), 6, 0)).all()
    assert fourier_features(np.ones((0, 2)), 6, 0).shape == (0, 6)


@pytest.mark.parametrize(
    ("n_features", "words"),
    [(7, "n_features must be even, a cosine and a sine each, got 7"), (0, "got 0"), (2.0, "got 2")],
)
def test_a_number_of_features_that_cannot_be_is_refused(n_features, words):
    with pytest.raises(ValueError, match=words):
        fourier_features(normal(5, 2), n_features, 0)
