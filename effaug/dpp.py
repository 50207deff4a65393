"""Diversity: points spread over k-means clusters, or drawn by a k-DPP (paper, Appendices G and H).

A k-DPP draws the set S of k points with probability det(L_S) / e_k(lambda), where

    L_ij = q_i phi_i . phi_j q_j,    phi_i . phi_i = 1,

q is the quality, phi the direction of the features, lambda the eigenvalues of L, and e_k the elementary symmetric
polynomial: the sum of the products of k of them. An exact draw (Kulesza & Taskar, 2012, Algorithm 8) takes k of L's
eigenvectors, then k points by the chain rule of the projection onto them. A constant may be added to L's diagonal.

L (n, n) is never formed, and its dual (c, c) only where its eigenvalues are shown to be within a factor of a million
of each other: see `effaug._dpp_kernel`. Both are B = diag(q) Phi multiplied by itself, which squares the range of the
quality: influence spans some 14 orders of magnitude, its square exceeds double precision. There B is decomposed itself.

Time is O(n c^2) to decompose c columns and O(n c k) to form k eigenvectors. Then the chain rule takes O(n k^2), as k
passes over them. Above 1000 points it is replaced by a rejection sampler for the same law, O(n k + k^3 log k):
proposals come from the rows' squared norms, and one is accepted with the part of its squared norm that is left
(Barthelme, Tremblay & Amblard, 2023).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import qr

from effaug._dpp_kernel import Eigenvectors, Kernel
from effaug._threads import one_blas_thread
from effaug._validation import Randomness, check_size, generator, real

_TIE = 1e-10  # of a log gain
_LEFT = 1e-12  # of a squared norm: less is rounding
_CHAIN = 1000  # points up to which the chain rule draws: the stored results are such draws, and proposals gain little


@dataclass(frozen=True, eq=False)
class KDPP:
    """The k-DPPs of all sizes k over one kernel, decomposed once for any number of draws (Appendix H).

    Attributes
    ----------
    kernel : Kernel
    log_eigenvalues : ndarray, shape (rank,)
        Of the kernel, for a largest quality of 1; descending.
    vectors : Eigenvectors
        Of which a draw forms those that it needs.

    Examples
    --------
    >>> X = np.random.default_rng(0).normal(size=(100, 8))
    >>> kdpp = KDPP.of(X, quality=np.linalg.norm(X, axis=1))
    >>> kdpp.sample(5, random_state=0).shape
    (5,)
    """

    kernel: Kernel
    log_eigenvalues: np.ndarray
    vectors: Eigenvectors

    @classmethod
    @one_blas_thread()
    def of(cls, X: np.ndarray, quality: np.ndarray | None = None, diagonal: float = 0.0) -> KDPP:
        """From X (n, d), a quality (n,) and a diagonal; takes and refuses what `Kernel.of` does.

        Raises
        ------
        numpy.linalg.LinAlgError
            If Jacobi's method does not converge.
        """
        kernel = Kernel.of(X, quality, diagonal)
        return cls(kernel, *kernel.eigen())

    @property
    def rank(self) -> int:
        """The largest k there is."""
        return self.kernel.rank

    @property
    def eigenvectors(self) -> np.ndarray:
        """All of them (m, rank), over the kernel's points: those of positive quality, with a diagonal all."""
        return self.vectors.all

    @one_blas_thread()
    def sample(self, k: int, random_state: Randomness) -> np.ndarray:
        """An exact draw of k distinct points, (k,), in random order: each order of a set is as probable as any other.

        Raises ValueError for a k outside 0 to the rank, or for what is no `random_state`: a seed, a
        generator, or None for one that is seeded anew.
        """
        self.kernel.check(k)
        rng = generator(random_state)
        chosen = _draw_eigenvectors(self.log_eigenvalues, k, rng)
        vectors = self.vectors.columns(chosen)
        draw = _draw_projection if len(vectors) <= _CHAIN else _draw_by_rejection
        drawn: np.ndarray = self.kernel.points[draw(vectors, rng)]
        return drawn

    def log_probability(self, subset: np.ndarray) -> float:
        """Log of det(L_S) / e_k for a set S of k points, -inf where S is impossible.

        Parameters
        ----------
        subset : array_like of int, shape (k,)
            Distinct points, in any order.

        Raises
        ------
        ValueError
            For anything but distinct points, or a k above the rank.
        """
        kernel, found = self.kernel, np.asarray(subset)
        found = found if found.size else np.zeros(0, int)
        known = found.ndim == 1 and found.dtype.kind in "iu" and np.isin(found, np.arange(kernel.shape[0])).all()
        if not known or len(np.unique(found)) < len(found):
            raise ValueError(f"subset must hold distinct points from 0 to {kernel.shape[0] - 1}, got {subset!r}")
        kernel.check(len(found))
        if not len(found):
            return 0.0
        if not np.isin(found, kernel.points).all():
            return -np.inf
        rows = np.searchsorted(kernel.points, found)
        log_length, directions = kernel.factor()
        height = np.abs(np.diag(qr(directions[rows].T, mode="r", pivoting=True)[0]))
        if height.min() <= kernel.floor:
            return -np.inf
        log_det = 2 * (np.log(height).sum() + log_length[rows].sum())
        return float(log_det - log_elementary_symmetric(self.log_eigenvalues, len(found))[-1, -1])


def kdpp_sample(
    X: np.ndarray,
    k: int,
    quality: np.ndarray | None = None,
    diagonal: float = 0.0,
    *,
    random_state: Randomness,
) -> np.ndarray:
    """One exact draw from a k-DPP; `KDPP` decomposes the kernel once for many.

    Parameters
    ----------
    X : ndarray, shape (n, d)
        Only their directions count.
    k : int
        0 to the rank of the kernel.
    quality : ndarray, shape (n,), optional
        Not negative; 1 everywhere unless given. The paper's is influence.
    diagonal : float, default 0
        Added to the kernel's diagonal, on the scale of the squared quality. Any positive one raises the rank to n.
    random_state : int, numpy.random.Generator or None
        A seed, or what draws; None for a generator that is seeded anew.

    Returns
    -------
    ndarray of int, shape (k,)
        Distinct points in random order.

    Raises
    ------
    ValueError
        As `KDPP.of` and `KDPP.sample`.
    """
    _check_points(k, X)
    return KDPP.of(X, quality, diagonal).sample(k, random_state)


@one_blas_thread()
def greedy_map(X: np.ndarray, k: int, quality: np.ndarray | None = None, diagonal: float = 0.0) -> np.ndarray:
    """Greedy search for the most probable set: k times the point that raises det(L_S) the most.

    The determinant grows by q_i^2 times the squared distance of phi_i from the span of the points chosen. As Chen,
    Zhang & Zhou (2018), save that the directions are deflated, not their squared norms, so that distances below 1e-8
    still count: O(n k rank).

    Parameters
    ----------
    X, k, quality, diagonal
        As of `kdpp_sample`.

    Returns
    -------
    ndarray of int, shape (k,)
        Points in the order of choice, nested in k. Gains within a factor 1 + 1e-10 are ties: the lowest index wins.

    Raises
    ------
    ValueError
        As `kdpp_sample`.
    """
    _check_points(k, X)
    kernel = Kernel.of(X, quality, diagonal)
    kernel.check(k)
    log_length, directions = kernel.factor()
    rows, chosen = directions.copy(), np.zeros(k, int)
    for j in range(k):
        height = np.linalg.norm(rows, axis=1)
        height[height <= kernel.floor] = 0
        height[chosen[:j]] = 0
        with np.errstate(divide="ignore"):
            gain = 2 * (log_length + np.log(height))
        chosen[j] = i = np.flatnonzero(gain >= gain.max() - _TIE)[0]
        unit = rows[i] / height[i]
        rows -= np.outer(rows @ unit, unit)
    return kernel.points[chosen]


def log_elementary_symmetric(log_values: np.ndarray, k: int) -> np.ndarray:
    """Logs of the elementary symmetric polynomials, e_l(x_1..x_m) = e_l(x_1..x_m-1) + x_m e_l-1(x_1..x_m-1).

    Parameters
    ----------
    log_values : ndarray, shape (r,)
        log x.
    k : int

    Returns
    -------
    ndarray, shape (r + 1, k + 1)
        log e_l of the first m values at ``[m, l]``; -inf for l > m.
    """
    table = np.full((len(log_values) + 1, k + 1), -np.inf)
    table[:, 0] = 0
    for m, value in enumerate(log_values):
        table[m + 1, 1:] = np.logaddexp(table[m, 1:], value + table[m, :-1])
    return table


def _check_points(k: int, X: np.ndarray) -> None:
    """Refuse a k above n before any work; what else may be wrong with X, `Kernel.of` says."""
    found = real(X)
    check_size(k, len(found) if found.ndim else 0, "the number of points")


def _draw_eigenvectors(log_values: np.ndarray, k: int, rng: np.random.Generator) -> np.ndarray:
    """k of r, each set with probability proportional to the product of its eigenvalues."""
    table, uniform = log_elementary_symmetric(log_values, k), rng.random(len(log_values))
    chosen: list[int] = []
    for m in range(len(log_values), 0, -1):
        left = k - len(chosen)
        if left and uniform[m - 1] < np.exp(log_values[m - 1] + table[m - 1, left - 1] - table[m, left]):
            chosen.append(m - 1)
    return np.array(chosen, int)


def _draw_projection(vectors: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """k points by the projection onto orthonormal columns (m, k): each with its squared distance from those before it.

    The rows chosen are kept as an orthonormal basis, and every row's squared distance shrinks by its component along
    the newest (Tremblay et al., 2018, Algorithm 3): O(m k) a point. One pass of Gram-Schmidt keeps the basis
    orthogonal, as rows close to its span are hardly ever drawn.
    """
    k = vectors.shape[1]
    chosen, basis = np.zeros(k, int), np.zeros((k, k))
    whole = np.einsum("mk,mk->m", vectors, vectors)
    left = whole.copy()
    for j in range(k):
        reached = np.cumsum(left)
        chosen[j] = i = np.searchsorted(reached, rng.random() * reached[-1], side="right")
        unit = vectors[i] - (basis[:j] @ vectors[i]) @ basis[:j]
        basis[j] = unit / np.linalg.norm(unit)
        left -= (vectors @ basis[j]) ** 2
        left[left < _LEFT * whole] = 0  # rounding: what is left sums to k - j - 1
    return chosen


def _draw_by_rejection(vectors: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """As `_draw_projection`, by proposals in proportion to the rows' squared norms, which sum to k.

    Where j points are chosen, a proposal i is accepted with probability left_i / whole_i: those accepted are in
    proportion to left_i, and k / (k - j) of them are needed on average. They are made k at a time.
    """
    k = vectors.shape[1]
    chosen, basis, j = np.zeros(k, int), np.zeros((k, k)), 0
    whole = np.einsum("mk,mk->m", vectors, vectors)
    reached = np.cumsum(whole)
    while j < k:
        proposed = np.searchsorted(reached, rng.random(k) * reached[-1], side="right")
        rows, need = vectors[proposed], whole[proposed] * np.maximum(rng.random(k), _LEFT)
        left = whole[proposed] - ((rows @ basis[:j].T) ** 2).sum(axis=1)
        at = 0
        while j < k and len(accepted := np.flatnonzero(left[at:] > need[at:])):
            at += accepted[0]
            unit = rows[at] - (basis[:j] @ rows[at]) @ basis[:j]
            chosen[j], basis[j] = proposed[at], unit / np.linalg.norm(unit)
            left[at:] -= (rows[at:] @ basis[j]) ** 2
            j += 1
            at += 1
    return chosen
