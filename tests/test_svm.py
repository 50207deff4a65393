"""effaug.svm: the hinge objective's minimum, the support vectors by their definition, C by cross-validation."""

import numpy as np
import pytest
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.svm import SVC

from effaug import svm
from effaug.logistic import C_GRID


def problem(n=60, d=3, seed=0, apart=1.0):
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % 2
    return rng.normal(size=(n, d)) + apart * (2 * labels[:, None] - 1), labels


@pytest.mark.parametrize("C", [0.01, 1.0, 100.0])
@pytest.mark.parametrize("d", [2, 100], ids=["overlapping", "separable"])
def test_the_fit_minimises_the_hinge_objective_and_the_support_vectors_carry_it(C, d):
    features, labels = problem(d=d, apart=0.5)
    found = svm.fit(features, labels, C)
    sign = 2 * labels - 1
    margin = sign * found.decision_function(features)
    outside = np.setdiff1d(np.arange(len(labels)), found.support)
    assert (margin[outside] >= 1 - 1e-2).all()
    assert (margin[found.support] <= 1 + 1e-2).all()

    def smooth(theta):  # the objective, its hinges smoothed by so little that the minimum stays where it is
        hinge = 1 - sign * (np.dot(features, theta[:-1]) + theta[-1])
        return np.sum(theta[:-1] ** 2) / 2 + C * np.sum(np.logaddexp(0, 1e3 * hinge)) / 1e3

    theta = np.append(found.coef, found.intercept)
    at, rng = smooth(theta), np.random.default_rng(1)
    for step in rng.normal(size=(200, d + 1)) * np.linalg.norm(theta) * 0.05:
        assert smooth(theta + step) > at - C * len(labels) * np.log(2) / 1e3


def test_two_points_have_the_widest_margin_between_them():
    features = np.repeat([[0.0, 0.0], [2.0, 0.0]], 4, axis=0)
    found = svm.fit(features, np.repeat([0, 1], 4), C=100.0)
    np.testing.assert_allclose(found.coef, [1, 0], atol=1e-3)
    np.testing.assert_allclose(found.decision_function(np.array([[1.0, 5.0], [2.0, 0.0]])), [0, 1], atol=1e-3)


@pytest.mark.parametrize(
    ("shuffled", "folds"), [(True, StratifiedKFold(4, shuffle=True, random_state=0)), (False, StratifiedKFold(4))]
)
def test_C_is_the_most_accurate_of_the_grid_in_four_folds(shuffled, folds):
    features, labels = problem(n=40, d=20, apart=0.3)
    accuracy = [cross_val_score(SVC(kernel="linear", C=C), features, labels, cv=folds).mean() for C in C_GRID]
    assert len(set(accuracy)) > 1
    assert C_GRID[int(np.argmax(accuracy))] == svm.fit(features, labels, shuffled=shuffled).C


def test_support_vectors_of_separated_classes_are_few_and_removing_the_others_changes_nothing():
    features, labels = problem(n=200, d=2, apart=3.0)
    found = svm.fit(features, labels, C=100.0)
    assert 2 <= len(found.support) <= 5
    again = svm.fit(features[found.support], labels[found.support], C=100.0)
    np.testing.assert_allclose(again.decision_function(features), found.decision_function(features), atol=2e-2)


@pytest.mark.parametrize("labels", [[0, 1, 2] * 4, [0] * 12, [1] * 9 + [0] * 3], ids=["three", "one", "too few"])
def test_labels_that_do_not_do_are_named(labels):
    with pytest.raises(ValueError, match=r"y must be 0 and 1, to cross-validate at least 4 of either, got \{0: "):
        svm.fit(np.zeros((12, 2)), np.array(labels))
