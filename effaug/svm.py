"""A linear support vector machine over features: its support vectors, and how far points are from its margin."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

from effaug._validation import finite
from effaug.logistic import C_GRID, N_FOLDS

MAX_ITER = 10_000_000  # seconds; features on a scale of their own take hundreds


@dataclass(frozen=True, eq=False)
class LinearSVM:
    """A fitted linear SVM of two classes.

    Attributes
    ----------
    coef : ndarray, shape (d,)
    intercept : float
    C : float
        Weight of the hinge losses against ``|coef|^2 / 2``.
    support : ndarray of int
        The support vectors' indices, ascending: points of positive dual coefficient, on the margin or inside it.
    """

    coef: np.ndarray
    intercept: float
    C: float
    support: np.ndarray

    def decision_function(self, X: np.ndarray) -> np.ndarray:
        """Decision function, positive for label 1 and +-1 on the margin: X (..., d) to (...)."""
        distance: np.ndarray = X @ self.coef + self.intercept
        return distance


def fit(X: np.ndarray, y: np.ndarray, C: float | None = None, *, shuffled: bool = True) -> LinearSVM:
    """Fit a linear SVM with the hinge loss.

    Parameters
    ----------
    X : ndarray, shape (n, d)
    y : ndarray of int, shape (n,)
        0 or 1.
    C : float, optional
        The one of 0.01, 0.1, 1, 10, 100 that is most accurate in 4-fold cross-validation unless given; the smallest of
        equals.
    shuffled : bool, default True
        Whether points are shuffled before they are split into folds; else a fold is a stretch of either class.

    Raises
    ------
    ValueError
        For labels other than 0 and 1, fewer than four points of either to cross-validate with, features that are not
        finite, or if the solver has not converged after `MAX_ITER` iterations.

    Notes
    -----
    The virtual support vector method augments the support vectors alone (Schoelkopf, Burges & Vapnik, 1996; Kuchnik &
    Smith, 2019, Section 5.1 and Appendix B).
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.model_selection import GridSearchCV, StratifiedKFold
    from sklearn.svm import SVC

    y = np.asarray(y)
    counts = dict(zip(*(part.tolist() for part in np.unique(y, return_counts=True)), strict=True))
    if set(counts) != {0, 1} or (C is None and min(counts.values()) < N_FOLDS):
        raise ValueError(f"y must be 0 and 1, to cross-validate at least {N_FOLDS} of either, got {counts}")
    rows, machine = finite(X), SVC(kernel="linear", max_iter=MAX_ITER)
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        try:
            if C is None:
                folds = StratifiedKFold(N_FOLDS, shuffle=True, random_state=0) if shuffled else StratifiedKFold(N_FOLDS)
                search = GridSearchCV(machine, {"C": C_GRID}, cv=folds, refit=False, error_score="raise")
                C = float(search.fit(rows, y).best_params_["C"])
            svm = machine.set_params(C=C).fit(rows, y)
        except ConvergenceWarning:
            raise ValueError(f"the SVM did not converge in {MAX_ITER} iterations: scale the features") from None
    return LinearSVM(svm.coef_[0], float(svm.intercept_[0]), float(C), np.sort(svm.support_).astype(int))
