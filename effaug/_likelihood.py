"""The log loss of a linear classifier and its derivatives, of two classes or more, summed over rows in blocks.

Two classes have one column of coefficients and the margin m = x . b + a, the log odds of label 1; K > 2 classes have
K columns and the softmax of K margins. Either way the second derivative of a row's loss in its margins is a sum over
pairs of classes of p_k p_l, so that the Hessian needs a weighted Gram matrix a pair, G_kl = sum of w p_k p_l x x', all
weights positive and no difference of large numbers: H_kl = -G_kl for k != l, and H_kk = sum over l of G_kl. Two classes
have one pair, and H = G_01.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from array_api_compat import array_namespace
from scipy.linalg import cholesky

from effaug.blocks import Block, Rows, Sums, host, like


def n_columns(n_classes: int) -> int:
    """Of coefficients: 1 for two classes, and K for more."""
    return 1 if n_classes <= 2 else n_classes


def class_pairs(columns: int) -> list[tuple[int, int]]:
    """Pairs of classes, of which each has a Gram matrix."""
    return [(0, 1)] if columns == 1 else list(itertools.combinations(range(columns), 2))


@dataclass(frozen=True, eq=False)
class Link:
    """What a row's margins come to under its label.

    Attributes
    ----------
    loss : array, shape (m,)
        In nats.
    residual : array, shape (m, columns)
        Probabilities less the label's, to full relative accuracy where they are close to it.
    pairs : list of array, shape (m,)
        p_k p_l for each of `class_pairs`.
    """

    loss: Any
    residual: Any
    pairs: list[Any]

    @classmethod
    def of(cls, margin: Any, y: np.ndarray) -> Link:
        """From margins (m, columns) and labels (m,)."""
        xp = array_namespace(margin)
        if margin.shape[1] == 1:
            sign = like(1 - 2 * y, margin)  # of the residual
            against = sign * margin[:, 0]
            loss = _log1pexp(xp, against)
            wrong = xp.exp(-_log1pexp(xp, -against))
            return cls(loss, (sign * wrong)[:, None], [wrong * xp.exp(-loss)])
        top = margin - xp.max(margin, axis=1, keepdims=True)
        log_p = top - xp.log(xp.sum(xp.exp(top), axis=1, keepdims=True))
        own = like(y[:, None] == np.arange(margin.shape[1]), margin)
        p = xp.exp(log_p)
        others = p * (1 - own)
        residual = others - own * xp.sum(others, axis=1, keepdims=True)
        pairs = [p[:, k] * p[:, l] for k, l in class_pairs(margin.shape[1])]
        return cls(-xp.sum(own * log_p, axis=1), residual, pairs)


def _log1pexp(xp: Any, margin: Any) -> Any:
    return xp.logaddexp(xp.zeros_like(margin), margin)


def gradient_pass(theta: np.ndarray, centre: np.ndarray, *, with_grams: bool) -> Callable[[Block], Sums]:
    """What a block adds to the loss, the number classified wrongly, the gradient, and the Gram matrices.

    Parameters
    ----------
    theta : ndarray, shape (columns, d + 1)
        Coefficients and intercept of rows less the centre.
    centre : ndarray, shape (d,)
    with_grams : bool
        Else the last is left out.

    Returns
    -------
    callable
        From a block to (), (), (columns, d + 1) and (pairs, d + 1, d + 1).
    """

    def of(block: Block) -> Sums:
        Z, y, w = block.rows(centre)
        margin = Z @ like(theta.T, Z)
        link = Link.of(margin, y)
        slope = host((w[:, None] * link.residual).T @ Z)
        total = float((w * link.loss).sum())
        wrong = np.count_nonzero(predicted(host(margin)) != y)
        sums = np.asarray(total), np.asarray(wrong), slope
        return (*sums, _grams(Z, w, link)) if with_grams else sums

    return of


def _grams(Z: Any, w: Any, link: Link) -> np.ndarray:
    xp = array_namespace(Z)
    roots = (xp.sqrt(w * pair)[:, None] * Z for pair in link.pairs)
    return np.stack([host(root.T @ root) for root in roots])


def predicted(margin: np.ndarray) -> np.ndarray:
    """Classes (m,) from margins (m, columns)."""
    found: np.ndarray = (margin[:, 0] > 0).astype(int) if margin.shape[1] == 1 else margin.argmax(axis=1)
    return found


def hessian_of(grams: np.ndarray, columns: int, penalty: np.ndarray) -> np.ndarray:
    """The Hessian over all columns, one after the other, each of coefficients and then the intercept.

    Softmax margins may all be raised alike: where there is no penalty, as on intercepts, H is singular in that
    direction, which no gradient has, and gets a curvature of the usual size there.

    Parameters
    ----------
    grams : ndarray, shape (pairs, d + 1, d + 1)
    columns : int
    penalty : ndarray, shape (d + 1,)
        L2 term on each coefficient; 0 on the intercept.

    Returns
    -------
    ndarray, shape (columns (d + 1), columns (d + 1))
    """
    if columns == 1:
        single: np.ndarray = grams[0] + np.diag(penalty)
        return single
    size = len(penalty)
    H = np.zeros((columns, size, columns, size))
    for (k, l), gram in zip(class_pairs(columns), grams, strict=True):
        H[k, :, k] += gram
        H[l, :, l] += gram
        H[k, :, l] -= gram
        H[l, :, k] -= gram
    free = np.where(penalty == 0, np.mean([np.diag(H[k, :, k]) for k in range(columns)], axis=0) / columns, 0)
    H += np.diag(free)[None, :, None, :]
    for k in range(columns):
        H[k, :, k] += np.diag(penalty)
    return H.reshape(columns * size, columns * size)


def curvature_at(rows: Rows, theta: np.ndarray, centre: np.ndarray, ridge: float) -> np.ndarray:
    """The Hessian at parameters (columns, d + 1) of rows less the centre, in one pass."""
    check_memory(len(theta), len(centre))
    grams = rows.reduce(gradient_pass(theta, centre, with_grams=True))[-1]
    return hessian_of(grams, len(theta), l2_penalty(theta.shape[1] - 1, ridge))


def check_memory(columns: int, d: int) -> None:
    """Refuse, with a ValueError, a Hessian over so many columns of d coefficients that memory cannot hold it."""
    needed = 3 * 8 * (columns * (d + 1)) ** 2  # the sums, the Hessian and its factor
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if needed > memory:
        classes = max(2, columns)
        raise ValueError(
            f"the Hessian of {classes:,} classes and {d:,} features takes {needed / 2**30:,.0f} GiB, and this machine "
            f"has {memory / 2**30:,.0f}: take fewer features, or merge classes if y holds classes at all"
        )


def l2_penalty(d: int, ridge: float) -> np.ndarray:
    """On d coefficients and, not penalised, the intercept: (d + 1,)."""
    return np.append(np.full(d, ridge), 0.0)


def factorised(H: np.ndarray) -> np.ndarray:
    """The lower Cholesky factor of a Hessian.

    Raises
    ------
    ValueError
        If it is singular to working precision: with its condition number, once rows and columns are scaled to a
        diagonal of 1, which is what the accuracy of the factor depends on.
    """
    diagonal = np.diag(H)
    try:
        factor: np.ndarray = cholesky(H, lower=True)
        # How much of each column those before it leave unexplained.
        if (np.diag(factor) ** 2 > np.finfo(float).eps * diagonal).all():
            return factor
    except ValueError:  # among them LinAlgError
        pass
    with np.errstate(all="ignore"):
        scaled = H / np.sqrt(np.outer(diagonal, diagonal))
    number = np.linalg.cond(scaled) if np.isfinite(scaled).all() else np.inf
    raise ValueError(
        f"the Hessian is singular (condition number {number:.0e}): leave out features that are constant or repeat "
        "others, scale the features, or take a smaller C or a larger ridge"
    )
