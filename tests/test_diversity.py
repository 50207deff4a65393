"""effaug.dpp: k-DPPs against brute force over all subsets, exact arithmetic and DPPy; clusters by hand."""

import itertools
import math
import warnings
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.stats import chi2_contingency, chisquare, ks_2samp

from effaug._dpp_kernel import EPS, LARGEST_RATIO, Kernel, _by_jacobi
from effaug.clusters import cluster_order
from effaug.dpp import KDPP, greedy_map, kdpp_sample, log_elementary_symmetric


def rng(seed=0):
    return np.random.default_rng(seed)


def normal(n, d, seed=0):
    return rng(seed).normal(size=(n, d))


def spread(n, low, high, seed=1):
    return 10 ** rng(seed).uniform(low, high, n)


def textbook(features, quality):
    """B = diag(q) Phi, and L = B B'."""
    B = features / np.linalg.norm(features, axis=1, keepdims=True)
    B = B if quality is None else np.asarray(quality)[:, None] * B
    return B, B @ B.T


def brute_force(features, quality, k):
    """Probability of each k-subset that is possible, from determinants."""
    B, L = textbook(features, quality)
    found = {}
    for S in itertools.combinations(range(len(B)), k):
        norms = np.linalg.norm(B[list(S)], axis=1)
        if norms.all() and np.linalg.matrix_rank(B[list(S)] / norms[:, None]) == k:
            found[S] = np.linalg.det(L[np.ix_(S, S)])
    total = sum(found.values())
    return {S: p / total for S, p in found.items()}


def counts_of(drawn, outcomes):
    """How often each outcome was drawn; nothing else may have been."""
    unique, counts = np.unique(drawn, axis=0, return_counts=True)
    counted = dict(zip(map(tuple, unique.tolist()), counts.tolist(), strict=True))
    assert set(counted) <= set(outcomes)
    return np.array([counted.get(outcome, 0) for outcome in outcomes])


def goodness_of_fit(counts, probabilities):
    """The p value of counts; outcomes expected less than five times are taken together, as the test requires."""
    expected = counts.sum() * np.asarray(probabilities)
    rare = expected < 5
    if rare.any():
        together = counts[rare].sum(), expected[rare].sum()
        counts, expected = counts[~rare], expected[~rare]
        if together[1] >= 5:
            counts, expected = np.append(counts, together[0]), np.append(expected, together[1])
        else:
            assert together[0] <= 20  # chance below 1e-6
            expected *= counts.sum() / expected.sum()
    return chisquare(counts, expected).pvalue if len(counts) > 1 else 1.0


A, B, C, D = normal(4, 3, seed=3)
KERNELS = {  # features, quality, rank
    "dual": (normal(6, 3), None, 3),
    "dual, quality": (normal(7, 4), spread(7, -0.5, 0.5), 4),
    "square": (normal(5, 5), spread(5, -0.3, 0.3), 5),
    "primal": (normal(5, 9), None, 5),
    "primal, quality": (normal(6, 12), spread(6, -0.4, 0.4), 6),
    "repeated points": (np.array([A, A, B, C, 2 * B, A]), None, 3),
    "repeated points, quality": (np.array([A, B, A, 3 * A, C]), np.array([1, 0.5, 2, 0.5, 0.7]), 3),
    "opposite points": (np.array([A, -A, B, -2 * B, C, D]), None, 3),
    "in one plane": (np.array([A, B, A + B, A - 2 * B, C]), None, 3),
    "all in one plane": (normal(6, 2) @ normal(2, 8), spread(6, -0.3, 0.3), 2),
    "rank one": (np.outer([1.0, -2, 3, 0.5, 1e-3], A), spread(5, -0.3, 0.3), 1),
    "zero quality": (normal(6, 4), np.array([1, 0, 0.5, 2, 0, 1]), 4),
    "fewer of quality than dimensions": (normal(6, 5), np.array([0, 1, 0, 0.5, 2, 0]), 3),
    "zero features of zero quality": (np.vstack([normal(4, 3), np.zeros((1, 3))]), np.array([1, 1, 1, 2, 0]), 3),
}
SIZES = [(f"{name}, {k}", *KERNELS[name][:2], k) for name in KERNELS for k in range(1, KERNELS[name][2] + 1)]
every_kernel = pytest.mark.parametrize(("features", "quality", "rank"), KERNELS.values(), ids=list(KERNELS))
every_size = pytest.mark.parametrize(
    ("features", "quality", "k"), [case[1:] for case in SIZES], ids=[case[0] for case in SIZES]
)


def of_positive_norm(features):
    return np.where(np.linalg.norm(features, axis=1, keepdims=True) == 0, 1.0, features)  # of no quality, so no matter


# k-DPP: exact on small ground sets


@every_kernel
def test_rank_is_that_of_the_kernel(features, quality, rank):
    assert KDPP.of(features, quality).rank == rank
    assert np.linalg.matrix_rank(textbook(of_positive_norm(features), quality)[1]) == rank


@every_size
def test_log_probability_is_the_determinant_over_their_sum(features, quality, k):
    kdpp, want = KDPP.of(features, quality), brute_force(of_positive_norm(features), quality, k)
    for S in itertools.combinations(range(len(features)), k):
        found = kdpp.log_probability(S)
        assert found == pytest.approx(math.log(want[S]), abs=1e-9) if S in want else found == -np.inf
        assert kdpp.log_probability(S[::-1]) == pytest.approx(found, abs=1e-12)


@every_size
def test_draws_have_the_probabilities_of_brute_force(features, quality, k):
    kdpp, want = KDPP.of(features, quality), brute_force(of_positive_norm(features), quality, k)
    random = rng(k)
    drawn = np.sort([kdpp.sample(k, random) for _ in range(6000)], axis=1)
    assert goodness_of_fit(counts_of(drawn, want), list(want.values())) > 1e-3


def test_so_many_draws_tell_a_kernel_that_is_slightly_off():
    features, quality, _ = KERNELS["dual, quality"]
    random, kdpp = rng(2), KDPP.of(features, quality)
    drawn = np.sort([kdpp.sample(3, random) for _ in range(6000)], axis=1)
    for off in ((features, quality**1.15), (features + 0.1 * normal(7, 4, seed=5), quality)):
        wrong = brute_force(*off, 3)
        assert goodness_of_fit(counts_of(drawn, wrong), list(wrong.values())) < 1e-3


def test_distance_from_brute_force_is_that_of_sampling():
    features, quality, _ = KERNELS["dual, quality"]
    want, kdpp, random, draws = brute_force(features, quality, 3), KDPP.of(features, quality), rng(3), 20_000
    drawn = np.sort([kdpp.sample(3, random) for _ in range(draws)], axis=1)
    p = np.array(list(want.values()))
    distance = np.abs(counts_of(drawn, want) / draws - p).sum() / 2
    expected = np.sqrt(2 * p * (1 - p) / (np.pi * draws)).sum() / 2  # E|X| = sd sqrt(2 / pi) of a near normal count
    assert distance < expected + 4 / np.sqrt(4 * draws)  # one draw moves it by 1 / draws: sd at most 1 / sqrt(4 draws)
    assert expected < 0.02


def test_every_order_of_a_set_is_as_probable():
    features, quality, _ = KERNELS["dual, quality"]
    want, kdpp, random = brute_force(features, quality, 2), KDPP.of(features, quality), rng(4)
    ordered = {order: p / 2 for S, p in want.items() for order in itertools.permutations(S)}
    drawn = np.array([kdpp.sample(2, random) for _ in range(10_000)])
    assert goodness_of_fit(counts_of(drawn, ordered), list(ordered.values())) > 1e-3


@pytest.mark.parametrize("d", [3, 12])
def test_a_single_point_is_drawn_in_proportion_to_its_squared_quality(d):
    quality, random = np.array([0.5, 1, 0, 2, 1.5]), rng(5)
    kdpp, want = KDPP.of(normal(5, d), quality), quality**2 / (quality**2).sum()
    with np.errstate(divide="ignore"):
        np.testing.assert_allclose([kdpp.log_probability([i]) for i in range(5)], np.log(want), atol=1e-12)
    counts = np.bincount([kdpp.sample(1, random)[0] for _ in range(6000)], minlength=5)
    assert counts[2] == 0
    assert chisquare(counts[quality > 0], 6000 * want[quality > 0]).pvalue > 1e-3


@every_kernel
def test_no_points_are_one_empty_set(features, quality, rank):
    kdpp = KDPP.of(features, quality)
    for empty in (
        kdpp.sample(0, rng()),
        kdpp_sample(features, 0, quality, random_state=rng()),
        greedy_map(features, 0, quality),
    ):
        assert (empty.shape, empty.dtype.kind) == ((0,), "i")
    assert kdpp.log_probability([]) == 0


@pytest.mark.parametrize(("features", "quality"), [(np.zeros((0, 4)), None), (normal(3, 2), np.zeros(3))])
def test_a_kernel_of_nothing_has_rank_0(features, quality):
    assert KDPP.of(features, quality).rank == 0
    assert KDPP.of(features, quality).sample(0, rng()).shape == (0,)
    with pytest.raises(ValueError, match="between 0 and 0, the rank of the kernel"):
        KDPP.of(features, quality).sample(1, rng())


# k-DPP: a constant on the diagonal


def with_diagonal(features, quality, diagonal, k):
    """Probability of every k-subset under L + c I, from determinants."""
    L = textbook(of_positive_norm(features), quality)[1] + diagonal * np.eye(len(features))
    dets = {S: np.linalg.det(L[np.ix_(S, S)]) for S in itertools.combinations(range(len(L)), k)}
    return {S: det / sum(dets.values()) for S, det in dets.items()}


DIAGONALS = [
    (f"{name}, {c}, {k}", *KERNELS[name][:2], c, k)
    for name in ("dual, quality", "primal, quality", "repeated points", "rank one", "zero features of zero quality")
    for c, k in ((0.05, 1), (0.05, KERNELS[name][2]), (0.3, min(KERNELS[name][2] + 1, len(KERNELS[name][0]))))
]
every_diagonal = pytest.mark.parametrize(
    ("features", "quality", "diagonal", "k"), [case[1:] for case in DIAGONALS], ids=[case[0] for case in DIAGONALS]
)


@every_diagonal
def test_log_probability_with_a_diagonal_is_that_of_the_sum(features, quality, diagonal, k):
    kdpp, want = KDPP.of(features, quality, diagonal), with_diagonal(features, quality, diagonal, k)
    assert (kdpp.rank, kdpp.eigenvectors.shape) == (len(features), (len(features),) * 2)
    for S, probability in want.items():
        assert kdpp.log_probability(S) == pytest.approx(math.log(probability), abs=1e-9)


@every_diagonal
def test_draws_with_a_diagonal_have_the_probabilities_of_the_sum(features, quality, diagonal, k):
    kdpp, want = KDPP.of(features, quality, diagonal), with_diagonal(features, quality, diagonal, k)
    random = rng(k)
    drawn = np.sort([kdpp.sample(k, random) for _ in range(3000)], axis=1)
    assert goodness_of_fit(counts_of(drawn, want), list(want.values())) > 1e-3


@pytest.mark.parametrize("top", [1e-3, 1.0, 30.0])
def test_a_diagonal_of_1e_9_is_on_the_scale_of_the_squared_quality(top):
    features, scale = INTEGERS[:, :3], top * 10.0 ** rng(8).permutation(np.linspace(-8, 0, 7))
    quality, c = scale * np.linalg.norm(features, axis=1), Fraction(1e-9)
    kdpp = KDPP.of(features, quality, float(c))
    rows = [[Fraction(s) * int(x) for x in row] for s, row in zip(scale, features, strict=True)]
    for k in (2, 3, 5, 7):
        subsets = list(itertools.combinations(range(7), k))
        minors = [[[sum(a * b for a, b in zip(rows[i], rows[j], strict=True)) for j in S] for i in S] for S in subsets]
        for minor, i in itertools.product(minors, range(k)):
            minor[i][i] += c
        dets = [exact_determinant(minor) for minor in minors]
        for S, det in zip(subsets, dets, strict=True):
            assert kdpp.log_probability(S) == pytest.approx(log_fraction(det) - log_fraction(sum(dets)), abs=1e-6)


def test_decomposition_with_a_diagonal_is_that_of_the_sum():
    features, quality = normal(20, 6), spread(20, -3, 0.5)
    kdpp = KDPP.of(features, quality, 1e-4)
    L = (textbook(features, quality)[1] + 1e-4 * np.eye(20)) / quality.max() ** 2
    vectors, values = kdpp.eigenvectors, np.exp(kdpp.log_eigenvalues)
    np.testing.assert_allclose(vectors.T @ vectors, np.eye(20), atol=1e-12)
    np.testing.assert_allclose(vectors * values @ vectors.T, L, atol=1e-12)
    np.testing.assert_allclose(values, np.linalg.eigvalsh(L)[::-1], rtol=1e-6)


@pytest.mark.parametrize(("features", "quality"), [(normal(4, 2), np.zeros(4)), (np.zeros((4, 2)), np.zeros(4))])
def test_a_diagonal_alone_makes_every_set_as_probable(features, quality):
    kdpp = KDPP.of(features, quality, 0.5)
    assert {round(kdpp.log_probability(S), 9) for S in itertools.combinations(range(4), 2)} == {-round(math.log(6), 9)}
    assert sorted(kdpp_sample(features, 4, quality, 0.5, random_state=rng()).tolist()) == [0, 1, 2, 3]


@every_diagonal
def test_greedy_search_with_a_diagonal_takes_the_best_next_point(features, quality, diagonal, k):
    L = textbook(of_positive_norm(features), quality)[1] + diagonal * np.eye(len(features))
    chosen = greedy_map(features, len(L), quality, diagonal).tolist()
    assert sorted(chosen) == list(range(len(L)))
    for j in range(len(L)):
        dets = {
            i: np.linalg.det(L[np.ix_(S, S)]) for i in set(range(len(L))) - set(chosen[:j]) for S in [[*chosen[:j], i]]
        }
        assert dets[chosen[j]] == pytest.approx(max(dets.values()), rel=1e-9)


@pytest.mark.parametrize("diagonal", [-1e-9, np.nan, np.inf])
def test_a_diagonal_that_does_not_do_is_named(diagonal):
    with pytest.raises(ValueError, match=f"diagonal must be finite and not negative, got {diagonal}"):
        KDPP.of(normal(4, 2), None, diagonal)


# k-DPP: decomposition


def inclusion(values, vectors, k):
    """P(i in S) = sum_m V_im^2 x_m e_k-1(all x but x_m) / e_k(x), with NumPy's polynomials."""
    values = values / values.max()
    without = np.array([np.poly(-np.delete(values, m))[k - 1] for m in range(len(values))])
    return vectors**2 @ (values * without) / np.poly(-values)[k]


@pytest.mark.parametrize("d", [6, 30])
def test_decomposition_is_that_of_the_dual_and_of_the_primal_kernel(d):
    features, quality = normal(20, d), spread(20, -0.5, 0.5)
    B, L = textbook(features, quality / quality.max())
    kdpp, r = KDPP.of(features, quality), min(20, d)
    values, vectors = np.exp(kdpp.log_eigenvalues), kdpp.eigenvectors
    primal, primal_vectors = (a[..., ::-1][..., :r] for a in np.linalg.eigh(L))
    dual, dual_vectors = (a[..., ::-1][..., :r] for a in np.linalg.eigh(B.T @ B))
    np.testing.assert_allclose(values, primal, rtol=1e-9)
    np.testing.assert_allclose(values, dual, rtol=1e-9)
    np.testing.assert_allclose(vectors.T @ vectors, np.eye(r), atol=1e-12)
    np.testing.assert_allclose(vectors * values @ vectors.T, L, atol=1e-12)
    want = inclusion(primal, primal_vectors, 4)
    assert want.sum() == pytest.approx(4)
    np.testing.assert_allclose(inclusion(dual, B @ dual_vectors / np.sqrt(dual), 4), want, rtol=1e-9)
    np.testing.assert_allclose(inclusion(values, vectors, 4), want, rtol=1e-9)


@pytest.mark.parametrize(("n", "d", "k"), [(60, 20, 8), (60, 20, 20), (40, 90, 12)])
def test_points_are_included_with_their_exact_probabilities(n, d, k):
    features, quality = normal(n, d), spread(n, -0.3, 0.3)
    kdpp, random, draws = KDPP.of(features, quality), rng(6), 2000
    values, vectors = (a[..., ::-1][..., : min(n, d)] for a in np.linalg.eigh(textbook(features, quality)[1]))
    want = inclusion(values, vectors, k)
    found = np.bincount(np.concatenate([kdpp.sample(k, random) for _ in range(draws)]), minlength=n) / draws
    z = (found - want) / np.sqrt(want * (1 - want) / draws)
    assert np.abs(z).max() < 4.5
    assert 0.5 < (z**2).mean() < 1.5
    assert np.abs(want - k / n).max() > 0.1


def exact_determinant(M):
    """By elimination in exact arithmetic."""
    M, det = [row[:] for row in M], Fraction(1)
    for i in range(len(M)):
        pivot = next((r for r in range(i, len(M)) if M[r][i]), None)
        if pivot is None:
            return Fraction(0)
        if pivot != i:
            M[i], M[pivot], det = M[pivot], M[i], -det
        det *= M[i][i]
        for r in range(i + 1, len(M)):
            factor = M[r][i] / M[i][i]
            M[r] = [a - factor * b for a, b in zip(M[r], M[i], strict=True)]
    return det


def log_fraction(x):
    return math.log(x.numerator) - math.log(x.denominator)


INTEGERS = rng(7).integers(-3, 4, size=(7, 7)).astype(float)


def exact(features, scale, k):
    """Log probability of every k-subset under L = B B', B = diag(scale) features, in exact arithmetic."""
    rows = [[Fraction(s) * int(x) for x in row] for s, row in zip(scale, features, strict=True)]
    L = [[sum(a * b for a, b in zip(r, s, strict=True)) for s in rows] for r in rows]
    subsets = itertools.combinations(range(len(rows)), k)
    dets = {S: exact_determinant([[L[i][j] for j in S] for i in S]) for S in subsets}
    total = log_fraction(sum(dets.values()))
    return {S: log_fraction(det) - total if det else -np.inf for S, det in dets.items()}


def kernel_of(features, scale):
    return KDPP.of(features, scale * np.linalg.norm(features, axis=1))


@pytest.mark.parametrize("d", [4, 7])
@pytest.mark.parametrize("low", [-12, -100, -290])
def test_quality_of_any_range_keeps_rank_and_probabilities(d, low):
    features, scale = INTEGERS[:, :d], 10.0 ** rng(8).permutation(np.linspace(low, 2, 7))
    kdpp = kernel_of(features, scale)
    assert kdpp.rank == d
    for k in range(1, d + 1):
        for S, want in exact(features, scale, k).items():
            assert kdpp.log_probability(S) == (want if want == -np.inf else pytest.approx(want, abs=1e-9))


def test_quality_at_the_end_of_the_doubles_counts_as_zero():
    quality = np.array([1, 1e-305, 1e-4, 1e-299])
    for scale in (1, 1e200, 1e4):
        kdpp = KDPP.of(normal(4, 4), quality * scale)
        assert kdpp.kernel.points.tolist() == [0, 2, 3]
        assert (kdpp.log_probability([1]), kdpp.log_probability([3, 0, 2])) == (-np.inf, pytest.approx(0, abs=1e-9))


@pytest.mark.parametrize("k", range(1, 7))
def test_draws_have_their_probabilities_where_quality_is_in_steps(k):
    scale = np.array([1e-12, 100, 2e-5, 3e-12, 2e-12, 50, 1e-5])
    kdpp, random, want = kernel_of(INTEGERS, scale), rng(k), exact(INTEGERS, scale, k)
    want = {S: math.exp(p) for S, p in want.items() if p > -np.inf}
    assert k in (2, 4) or max(want.values()) < 0.98  # more than one set is likely
    drawn = np.sort([kdpp.sample(k, random) for _ in range(3000)], axis=1)
    assert goodness_of_fit(counts_of(drawn, want), list(want.values())) > 1e-3


def test_gram_matrices_would_not_resolve_such_a_quality():
    B, L = textbook(INTEGERS, 10.0 ** np.linspace(-12, 2, 7))
    true = KDPP.of(INTEGERS, 10.0 ** np.linspace(-12, 2, 7)).log_eigenvalues + 2 * np.log(100)
    for gram in (L, B.T @ B):
        assert np.abs(np.linalg.eigvalsh(gram)[::-1] / np.exp(true) - 1).max() > 10


def by_gram(kdpp):
    return kdpp.vectors.mix is not None


@pytest.mark.parametrize("low", [0, -0.5, -1, -2, -3, -7, -14, -40])
def test_both_sides_of_the_switch_have_the_eigenvalues_of_exact_arithmetic(low):
    scale = 10.0 ** rng(8).permutation(np.linspace(low, 0, 7))
    kdpp, top = kernel_of(INTEGERS, scale), (scale * np.linalg.norm(INTEGERS, axis=1)).max()
    assert by_gram(kdpp) == (low > -3) == (np.ptp(kdpp.log_eigenvalues) <= np.log(LARGEST_RATIO))
    rows = [[Fraction(s) * int(x) for x in row] for s, row in zip(scale, INTEGERS, strict=True)]
    L = [[sum(a * b for a, b in zip(r, s, strict=True)) for s in rows] for r in rows]
    for k in range(1, 8):
        minors = ([[L[i][j] for j in S] for i in S] for S in itertools.combinations(range(7), k))
        want = log_fraction(sum(exact_determinant(minor) for minor in minors)) - 2 * k * np.log(top)
        assert log_elementary_symmetric(kdpp.log_eigenvalues, k)[-1, -1] == pytest.approx(want, abs=1e-9)


@pytest.mark.parametrize(("decades", "gram"), [(0, True), (2, True), (4, True), (5, False), (14, False), (30, False)])
def test_both_sides_of_the_switch_agree_with_jacobis_method(decades, gram):
    features, quality = normal(20, 12), 10 ** rng(9).permutation(np.linspace(-decades, 0, 20))
    kdpp = KDPP.of(features, quality)
    assert by_gram(kdpp) == gram
    B = quality[:, None] * features / np.linalg.norm(features, axis=1, keepdims=True)
    log_values, vectors = _by_jacobi(B)
    np.testing.assert_allclose(kdpp.log_eigenvalues, log_values, rtol=0, atol=1e-9)
    ours, projection = kdpp.eigenvectors, vectors.all @ vectors.all.T
    np.testing.assert_allclose(ours.T @ ours, np.eye(12), atol=1e-9)
    np.testing.assert_allclose(ours @ ours.T, projection, atol=1e-9)


@pytest.mark.parametrize("exponent", range(0, 17, 2))
def test_a_gram_matrix_shows_no_rank_that_the_singular_values_do_not(exponent):
    features = normal(60, 8)
    features[:, 5] = features[:, 4] + 10.0**-exponent * features[:, 5]
    features[:, 2] = 0
    unit = features / np.linalg.norm(features, axis=1, keepdims=True)
    singular = np.linalg.svd(unit, compute_uv=False)
    want = np.count_nonzero(singular > 10 * 60 * EPS * singular[0])
    assert want == (7 if exponent < 14 else 6)
    for quality in (None, spread(60, -0.5, 0), spread(60, -9, 0)):
        assert KDPP.of(features, quality).rank == want


def test_columns_are_the_same_whether_or_not_all_were_formed():
    kdpp, random = KDPP.of(normal(300, 40)), rng(3)
    before = [kdpp.vectors.columns(random.choice(40, k, replace=False)) for k in (1, 7, 20, 21, 40)]
    assert kdpp.eigenvectors.shape == (300, 40)
    random = rng(3)
    for k, columns in zip((1, 7, 20, 21, 40), before, strict=True):
        assert np.array_equal(kdpp.vectors.columns(random.choice(40, k, replace=False)), columns)


# k-DPP: draws by rejection


@pytest.fixture
def by_rejection(monkeypatch):
    monkeypatch.setattr("effaug.dpp._CHAIN", 0)


@pytest.mark.parametrize(
    "name", ["dual, quality", "square", "repeated points, quality", "in one plane", "zero quality"]
)
def test_draws_by_rejection_have_the_probabilities_of_brute_force(by_rejection, name):
    features, quality, rank = KERNELS[name]
    kdpp = KDPP.of(features, quality)
    for k in range(1, rank + 1):
        want, random = brute_force(features, quality, k), rng(k)
        drawn = np.sort([kdpp.sample(k, random) for _ in range(1500)], axis=1)
        assert goodness_of_fit(counts_of(drawn, want), list(want.values())) > 1e-3


@pytest.mark.parametrize("k", [2, 5])
def test_draws_by_rejection_have_their_probabilities_where_quality_is_in_steps(by_rejection, k):
    scale = np.array([1e-12, 100, 2e-5, 3e-12, 2e-12, 50, 1e-5])
    kdpp, random, want = kernel_of(INTEGERS, scale), rng(k), exact(INTEGERS, scale, k)
    assert not by_gram(kdpp)
    want = {S: math.exp(p) for S, p in want.items() if p > -np.inf}
    drawn = np.sort([kdpp.sample(k, random) for _ in range(3000)], axis=1)
    assert goodness_of_fit(counts_of(drawn, want), list(want.values())) > 1e-3


def test_every_order_of_a_set_drawn_by_rejection_is_as_probable(by_rejection):
    features, quality, _ = KERNELS["dual, quality"]
    want, kdpp, random = brute_force(features, quality, 2), KDPP.of(features, quality), rng(4)
    ordered = {order: p / 2 for S, p in want.items() for order in itertools.permutations(S)}
    drawn = np.array([kdpp.sample(2, random) for _ in range(6000)])
    assert goodness_of_fit(counts_of(drawn, ordered), list(ordered.values())) > 1e-3


@pytest.mark.parametrize("k", [40, 64])
def test_above_a_thousand_points_rejection_draws_and_is_distributed_as_the_chain_rule(monkeypatch, k):
    kdpp, random = KDPP.of(np.maximum(normal(1100, 64) + 0.5, 0)), rng(6)
    samples = {}
    for chain in (1000, 1100):
        monkeypatch.setattr("effaug.dpp._CHAIN", chain)
        samples[chain] = [kdpp.sample(k, random) for _ in range(100)]
        assert all(len(set(drawn.tolist())) == k for drawn in samples[chain])
    found = [[kdpp.log_probability(drawn) for drawn in sets] for sets in samples.values()]
    assert ks_2samp(*found).pvalue > 1e-3
    uniform = [kdpp.log_probability(random.choice(1100, k, replace=False)) for _ in range(100)]
    assert ks_2samp(found[0], uniform).pvalue < 1e-6


@pytest.mark.parametrize(("n", "d"), [(120, 30), (60, 200)])
def test_quality_as_wide_as_influence_limits_no_sample(n, d):
    features, quality = np.maximum(normal(n, d), 0), spread(n, -12, 2)
    kdpp, r = KDPP.of(features, quality), min(n, d)
    assert kdpp.rank == r
    for k in (1, r // 2, r):
        drawn = kdpp.sample(k, rng())
        assert len(set(drawn.tolist())) == k
        assert np.isfinite(kdpp.log_probability(drawn))
        assert len(set(greedy_map(features, k, quality).tolist())) == k
    assert quality[kdpp.sample(3, rng())].min() > 1e-3 * quality.max()


def test_nearly_repeated_points_count_down_to_the_tolerance():
    near, nearer = np.array([A, A + 1e-9 * B]), np.array([A, A + 1e-16 * B])
    assert (KDPP.of(near).rank, KDPP.of(nearer).rank) == (2, 1)
    assert sorted(KDPP.of(near).sample(2, rng()).tolist()) == greedy_map(near, 2).tolist() == [0, 1]
    assert KDPP.of(near).log_probability([0, 1]) == pytest.approx(0, abs=1e-5)


def test_a_set_in_one_plane_is_impossible_in_any_order_of_its_points():
    kdpp = KDPP.of(np.array([A, A + 1e-9 * B, A + B, C]))
    assert kdpp.rank == 3
    assert {kdpp.log_probability(S) for S in itertools.permutations(range(3))} == {-np.inf}


class Extreme(np.random.Generator):
    """A generator of nothing but the lowest, or the highest, number that there is."""

    def __init__(self, value):
        super().__init__(np.random.PCG64())
        self.value = value

    def random(self, size=None):
        return self.value if size is None else np.full(size, self.value)


@pytest.mark.parametrize("value", [0.0, 1 - 2**-53])
@pytest.mark.parametrize(
    "features", [np.array([A, A, -2 * A, B, C, B, C, 3 * C]), np.repeat(normal(9, 12), 20, axis=0)]
)
def test_rounding_makes_no_impossible_draw_possible(features, value):
    kdpp = KDPP.of(features)
    for k in range(1, kdpp.rank + 1):
        assert kdpp.log_probability(kdpp.sample(k, Extreme(value))) > -np.inf


# Elementary symmetric polynomials


def test_elementary_symmetric_polynomials_are_sums_of_products():
    x = rng(9).uniform(0.1, 3, 7)
    table = np.exp(log_elementary_symmetric(np.log(x), 5))
    for m, l in itertools.product(range(8), range(6)):
        want = sum(math.prod(chosen) for chosen in itertools.combinations(x[:m], l))
        assert table[m, l] == pytest.approx(want, rel=1e-12, abs=0)
    np.testing.assert_allclose(np.exp(log_elementary_symmetric(np.log(x), 7)[-1]), np.poly(-x), rtol=1e-12)


def test_elementary_symmetric_polynomials_of_1000_large_eigenvalues_do_not_overflow():
    x = [int(value) * 10**6 for value in rng(10).integers(1, 10**6, 1000)]
    exact = [1] + [0] * 300
    for value in x:
        for l in range(300, 0, -1):
            exact[l] += value * exact[l - 1]
    with pytest.raises(OverflowError):
        float(exact[50])
    with np.errstate(all="raise"):
        found = log_elementary_symmetric(np.log(x), 300)[-1]
    np.testing.assert_allclose(found, [math.log(value) for value in exact], rtol=1e-13)
    everything = log_elementary_symmetric(np.log(x), 1000)[-1, -1]
    assert everything == pytest.approx(math.log(math.prod(x)), rel=1e-13)


# DPPy


@pytest.mark.parametrize(("name", "k"), [("dual, quality", 3), ("primal, quality", 4), ("repeated points", 2)])
def test_draws_are_distributed_as_dppys(name, k):
    from dppy.finite_dpps import FiniteDPP

    features, quality, _ = KERNELS[name]
    theirs, legacy = FiniteDPP("likelihood", L=textbook(features, quality)[1]), np.random.RandomState(0)
    ours, random, want = KDPP.of(features, quality), rng(11), brute_force(features, quality, k)
    drawn = (
        [theirs.sample_exact_k_dpp(size=k, random_state=legacy) for _ in range(5000)],
        [ours.sample(k, random) for _ in range(5000)],
    )
    counts = np.array([counts_of(np.sort(sets, axis=1), want) for sets in drawn])
    assert chi2_contingency(counts[:, counts.sum(axis=0) >= 10]).pvalue > 1e-3


# Paper's size


@pytest.fixture(scope="module")
def bottleneck():
    """The shape, sign and range of CIFAR-10's features and their influence."""
    return np.maximum(normal(1000, 256) + 0.5, 0), spread(1000, -12, 2)


@pytest.mark.parametrize("with_influence", [False, True])
def test_papers_size(bottleneck, with_influence):
    features, quality = bottleneck[0], bottleneck[1] if with_influence else None
    kdpp, random = KDPP.of(features, quality), rng(12)
    assert kdpp.rank == 256
    for k in (1, 50, 250, 256):
        drawn = kdpp.sample(k, random)
        assert len(set(drawn.tolist())) == k
        assert (drawn.min() >= 0, drawn.max() < 1000) == (True, True)
        found, uniform = kdpp.log_probability(drawn), kdpp.log_probability(rng(k).choice(1000, k, replace=False))
        assert -1000 < found < 0
        assert k < 250 or uniform < found - 3
    greedy = greedy_map(features, 256, quality)
    assert kdpp.log_probability(greedy) > kdpp.log_probability(drawn)
    assert greedy_map(features, 250, quality).tolist() == greedy[:250].tolist()


# Greedy search


@every_size
def test_greedy_search_takes_the_best_next_point(features, quality, k):
    _, L = textbook(of_positive_norm(features), quality)
    chosen = greedy_map(features, k, quality).tolist()
    for j in range(k):
        rest = [i for i in range(len(L)) if i not in chosen[:j]]
        gains = np.array([np.linalg.det(L[np.ix_([*chosen[:j], i], [*chosen[:j], i])]) for i in rest])
        assert chosen[j] == rest[np.flatnonzero(gains >= gains.max() * (1 - 1e-9))[0]]
    assert greedy_map(features, k, quality).tolist() == chosen


def test_greedy_search_prefers_new_directions_to_repeated_quality():
    features, quality = np.array([A, A, 2 * A, B, B]), np.array([1.0, 1.0, 1.0, 1e-20, 1e-20])
    assert greedy_map(features, 2, quality).tolist() == [0, 3]
    with pytest.raises(ValueError, match="between 0 and 2, the rank of the kernel"):
        greedy_map(features, 3, quality)


# Properties


kernels = st.tuples(
    hnp.arrays(float, st.tuples(st.integers(1, 8), st.integers(1, 8)), elements=st.integers(-3, 3).map(float)),
    st.integers(0, 2**32),
).map(lambda drawn: (drawn[0] + np.eye(*drawn[0].shape) / 3, drawn[1]))


def made(case):
    """Features without a zero row, a quality of some orders of magnitude with zeros, the seed."""
    features, seed = case
    features = np.where(np.abs(features).sum(axis=1, keepdims=True) == 0, 1.0, features)
    quality = spread(len(features), -3, 1, seed) * (rng(seed).random(len(features)) < 0.8)
    return features, quality, seed


@settings(deadline=None)
@given(kernels)
def test_draws_are_distinct_possible_and_repeatable(case):
    features, quality, seed = made(case)
    kdpp = KDPP.of(features, quality)
    for k in range(kdpp.rank + 1):
        drawn = kdpp.sample(k, rng(seed))
        assert (drawn.shape, len(set(drawn.tolist()))) == ((k,), k)
        assert set(drawn.tolist()) <= set(np.flatnonzero(quality).tolist())
        assert kdpp.log_probability(drawn) > -np.inf
        assert kdpp.sample(np.int64(k), rng(seed)).tolist() == drawn.tolist()
        assert kdpp_sample(features, k, quality, random_state=rng(seed)).tolist() == drawn.tolist()


@settings(deadline=None)
@given(kernels)
def test_probabilities_depend_on_directions_and_relative_quality_alone(case):
    features, quality, seed = made(case)
    n, kdpp = len(features), KDPP.of(features, quality)
    shuffled, lengths = rng(seed).permutation(n), spread(n, -200, 200, seed)[:, None]
    lengths *= rng(seed).choice([-1, 1], (n, 1))  # det(L_S) holds every row twice
    for other, index in (
        (KDPP.of(features * lengths, quality * 1e-30), np.arange(n)),
        (KDPP.of(features, quality * 1e30), np.arange(n)),
        (KDPP.of(features[shuffled], quality[shuffled]), np.argsort(shuffled)),
    ):
        assert other.rank == kdpp.rank
        for k in range(kdpp.rank + 1):
            S = rng(seed).choice(n, k, replace=False)
            want, found = kdpp.log_probability(S), other.log_probability(index[S])
            assert found == want or found == pytest.approx(want, abs=1e-8)


def test_seeds_differ():
    kdpp = KDPP.of(normal(40, 10))
    assert len({tuple(kdpp.sample(5, rng(seed)).tolist()) for seed in range(20)}) == 20


# Refusals


def ways(features, k, quality):
    return (
        lambda: KDPP.of(features, quality).sample(k, rng()),
        lambda: kdpp_sample(features, k, quality, random_state=rng()),
        lambda: greedy_map(features, k, quality),
    )


@pytest.mark.parametrize("k", [-1, 2.0, "2", None, True])
def test_k_that_is_no_number_of_points_is_refused(k):
    for way in (*ways(normal(5, 3), k, None), lambda: cluster_order(normal(5, 3), k, random_state=rng())):
        with pytest.raises(ValueError, match=rf"k must be a whole number between 0 and [35], .*, got {k!r}$"):
            way()


@every_kernel
def test_k_above_the_rank_is_refused_with_what_limits_it(features, quality, rank):
    n, d = features.shape
    of_quality = n if quality is None else np.count_nonzero(quality)
    words = rf"between 0 and {rank}, the rank of the kernel \({of_quality} of {n} points are of positive quality, and "
    words += rf"their features, {d} each, span {rank} dimensions\), got {rank + 1}$"
    with pytest.raises(ValueError, match=words):
        KDPP.of(features, quality).sample(rank + 1, rng())
    if rank < n:
        for way in (
            *ways(features, rank + 1, quality),
            lambda: KDPP.of(features, quality).log_probability(range(rank + 1)),
        ):
            with pytest.raises(ValueError, match=words):
                way()


def test_k_above_n_is_refused_before_any_work():
    for way in (
        lambda: cluster_order(normal(5, 3), 6, random_state=rng()),
        *ways(normal(5, 3), 6, None)[1:],
    ):
        with pytest.raises(ValueError, match="k must be a whole number between 0 and 5, the number of points, got 6"):
            way()


@pytest.mark.parametrize(
    ("features", "values", "words"),
    [
        (normal(5, 3)[None], None, r"X must have shape \(n, d\), got \(1, 5, 3\)"),
        (normal(5, 3)[0], None, r"X must have shape \(n, d\), got \(3,\)"),
        (np.where(np.eye(5, 3, -2), np.nan, 1.0), None, "X must be finite, got nan in row 2"),
        (np.where(np.eye(5, 3, -1), np.inf, 1.0), None, "X must be finite, got inf in row 1"),
        (normal(5, 3), np.ones(4), r"{} must have shape \(5,\), one a point, got \(4,\)"),
        (normal(5, 3), np.ones((5, 1)), r"{} must have shape \(5,\), one a point, got \(5, 1\)"),
        (normal(5, 3), np.array([1, 1, 1, -0.5, 1]), "{} must be finite and not negative, got -0.5 at point 3"),
        (normal(5, 3), np.array([1, np.nan, 1, 1, 1]), "{} must be finite and not negative, got nan at point 1"),
        (normal(5, 3), np.array([np.inf, 1, 1, 1, 1]), "{} must be finite and not negative, got inf at point 0"),
    ],
)
def test_bad_features_quality_and_scores_are_refused(features, values, words):
    for way in ways(features, 1, values):
        with pytest.raises(ValueError, match=words.format("quality")):
            way()
    with pytest.raises(ValueError, match=words.format("scores")):
        cluster_order(features, 1, values, random_state=rng())


def test_features_without_direction_are_refused_unless_of_no_quality():
    features = np.array([A, B, np.zeros(3), C])
    for way in ways(features, 1, None):
        with pytest.raises(
            ValueError, match="X must not be all zero where quality is positive, got row 2: no direction"
        ):
            way()
    assert Kernel.of(features, np.array([1, 0, 0, 1])).points.tolist() == [0, 3]


@pytest.mark.parametrize("subset", [[0, 0], [-1], [5], [0.5], [[0, 1]], [True, False], 3])
def test_subset_must_be_of_distinct_points(subset):
    with pytest.raises(ValueError, match="subset must hold distinct points from 0 to 4, got"):
        KDPP.of(normal(5, 3)).log_probability(subset)


# Clusters


def blobs(sizes, width):
    """Far from each other, and each of a width; with the blob of each point."""
    blob = rng(13).permutation(np.repeat(np.arange(len(sizes)), sizes))
    return 100 * np.eye(len(sizes))[blob] + width * normal(len(blob), len(sizes), seed=14), blob


@pytest.mark.parametrize("scores", [None, spread(20, -6, 2)])
def test_every_cluster_gives_one_point(scores):
    features, blob = blobs([9, 1, 6, 4], 1.0)
    for seed in range(5):
        assert sorted(blob[cluster_order(features, 4, scores, random_state=rng(seed))].tolist()) == [0, 1, 2, 3]


def test_every_cluster_gives_one_before_any_gives_two_and_dry_ones_are_skipped():
    features, blob = blobs([5, 1, 2], 0.0)  # three distinct points
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        orders = [cluster_order(features, k, random_state=rng(seed)) for k in (6, 7, 8) for seed in range(3)]
    for order in orders:
        given = blob[order].tolist()
        assert len(set(order.tolist())) == len(order)
        assert sorted(given[:3]) == [0, 1, 2]
        assert given[3:5] == [b for b in given[:3] if b != 1]  # in the same order again
        assert set(given[5:]) == {0}


@pytest.mark.parametrize("k", [0, 1, 30])
def test_all_points_one_point_and_none(k):
    order = cluster_order(normal(30, 4), k, random_state=rng())
    assert (order.shape, order.dtype.kind, len(set(order.tolist()))) == ((k,), "i", k)


class Found:
    """In the place of k-means: clusters that are given."""

    def __init__(self, cluster):
        self.cluster, self.asked = np.array(cluster), []

    def __call__(self, k, **settings):
        self.asked.append((k, settings))
        return self

    def fit_predict(self, features):
        return self.cluster


@pytest.mark.parametrize("scores", [None, [0.3, 2.0, 1.0, 0.7, 0.4]])
def test_points_of_a_cluster_are_drawn_in_proportion(monkeypatch, scores):
    cluster = [0, 2, 0, 0, 2]  # the third cluster is empty
    monkeypatch.setattr("sklearn.cluster.KMeans", Found(cluster))
    weight = np.ones(5) if scores is None else np.array(scores)
    want = {}
    for first in itertools.permutations(range(5)):
        sides = [[i for i in first if cluster[i] == c] for c in (0, 2)]
        for turns in (sides, sides[::-1]):
            order = [side[j] for j in range(3) for side in turns if j < len(side)]
            p = 0.5 / 10  # either order of the clusters; every pair of orders within arises from 10 permutations
            for side in sides:
                for j in range(len(side)):
                    p *= weight[side[j]] / weight[side[j:]].sum()
            want[tuple(order[:3])] = want.get(tuple(order[:3]), 0) + p
    assert sum(want.values()) == pytest.approx(1)
    features, random = normal(5, 2), rng(15)
    scores = None if scores is None else np.array(scores)
    drawn = np.array([cluster_order(features, 3, scores, random_state=random) for _ in range(10_000)])
    assert goodness_of_fit(counts_of(drawn, want), list(want.values())) > 1e-3


def test_scores_of_zero_come_last_in_their_cluster(monkeypatch):
    monkeypatch.setattr("sklearn.cluster.KMeans", Found([0, 0, 0, 1, 1]))
    for seed in range(30):
        order = cluster_order(normal(5, 2), 5, np.array([0, 1e-9, 0, 0, 1]), random_state=rng(seed)).tolist()
        assert set(order[:2]) == {1, 4}


def test_kmeans_gets_k_its_starts_and_a_seed_of_the_generator(monkeypatch):
    monkeypatch.setattr("sklearn.cluster.KMeans", kmeans := Found([0, 1, 1, 0]))
    cluster_order(normal(4, 2), 3, random_state=rng(0))
    cluster_order(normal(4, 2), 3, random_state=rng(0), n_init=2)
    cluster_order(normal(4, 2), 2, random_state=rng(1))
    seeds = [int(rng(seed).integers(2**32)) for seed in (0, 1)]
    assert kmeans.asked == [
        (3, {"n_init": 1, "random_state": seeds[0]}),
        (3, {"n_init": 2, "random_state": seeds[0]}),
        (2, {"n_init": 1, "random_state": seeds[1]}),
    ]


def test_equal_seeds_give_equal_orders_and_others_do_not():
    features, scores = normal(40, 3), spread(40, -1, 1)
    for s in (None, scores):
        orders = [cluster_order(features, 10, s, random_state=rng(seed)).tolist() for seed in (0, 0, 1)]
        assert orders[0] == orders[1] != orders[2]
