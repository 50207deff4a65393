"""What is no array of numbers with two kinds of labels is refused by name at every public door of the method."""

import functools

import numpy as np
import pytest
import scipy.sparse

from effaug import logistic, scores, svm
from effaug.selection import select


def points():
    y = np.arange(40) % 2
    return np.random.default_rng(0).normal(size=(40, 3)) + y[:, None], y


HOSTILE = [
    (lambda X: np.ma.masked_greater(X, 1), "X must have no masked values"),
    (lambda X: X + 1j, "X must hold real numbers, got complex128"),
    (lambda X: (1e6 * X).astype("datetime64[s]"), r"X must hold real numbers, got datetime64\[s\]"),
    (lambda X: X.astype(str), "X must hold real numbers, got <U32"),
    (lambda X: X.astype(object), "X must hold real numbers, got object"),
    (scipy.sparse.csr_matrix, "X must be dense, got a sparse csr_matrix"),
]


@pytest.mark.parametrize(("spoil", "sentence"), HOSTILE)
def test_features_that_would_be_read_as_something_else_are_refused_at_every_door(spoil, sentence):
    X, y = points()
    model = logistic.fit(X, y)
    for door in (
        lambda bad: select(bad, y, 3),
        lambda bad: logistic.fit(bad, y),
        lambda bad: scores.score("loss", model, bad, y),
        lambda bad: scores.influence(model, bad, y),
        lambda bad: svm.fit(bad, y, 1.0),
    ):
        with pytest.raises(ValueError, match=sentence):
            door(spoil(X))


def test_masked_arrays_without_a_masked_value_are_arrays():
    X, y = points()
    assert select(np.ma.array(X), y, 3).tolist() == select(X, y, 3).tolist()


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [(lambda y: 2 * y - 1, r"y must be 0 (or|and) 1"), (lambda y: y[:1], "y must have shape|y must be 0 and 1")],
)
def test_labels_of_another_kind_or_number_are_refused_below_select(spoil, sentence):
    X, y = points()
    model = logistic.fit(X, y)
    doors = (logistic.fit, functools.partial(scores.score, "loss", model), functools.partial(scores.influence, model))
    for door in doors:
        with pytest.raises(ValueError, match=sentence):
            door(X, spoil(y))


@pytest.mark.filterwarnings("error")
def test_features_whose_squares_are_infinite_are_refused_before_they_overflow():
    X, y = points()
    assert len(select(X * 1e100, y, 3)) == 3
    with pytest.raises(ValueError, match=r"X must be at most 1e\+150 in magnitude, as it is squared, got \de\+200"):
        select(X * 1e200, y, 3)


def test_mixed_labels_and_no_features_are_refused_by_name():
    X, y = points()
    with pytest.raises(ValueError, match="y must hold labels of one kind"):
        select(X, np.array([1, "a"] * 20, dtype=object), 3)
    with pytest.raises(ValueError, match=r"X must have at least one feature, got shape \(40, 0\)"):
        select(X[:, :0], y, 3)


def test_margins_of_badly_scaled_features_end_with_a_sentence(monkeypatch):
    """Without a limit the solver does not return on these; with ours it ends in seconds."""
    monkeypatch.setattr(svm, "MAX_ITER", 10_000)
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 5))
    y = (X[:, 0] + rng.normal(size=200) > 0).astype(int)
    with pytest.raises(ValueError, match="the SVM did not converge in 10000 iterations: scale the features"):
        select(1e8 * X, y, 10, score="margin")
