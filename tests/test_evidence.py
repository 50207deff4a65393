"""effaug.evidence: intervals that cover, outcomes by their bounds, and the best of many chosen on other seeds."""

import numpy as np
import pandas as pd
import pytest

from effaug.evidence import Board, Effect, best_of, interval, paired
from effaug.results import Curve, Results


@pytest.mark.parametrize(("n", "level"), [(5, 0.95), (20, 0.95), (20, 0.99)])
def test_intervals_cover_the_mean_as_often_as_they_say(n, level):
    rng = np.random.default_rng(0)
    inside = []
    for sample in rng.exponential(size=(400, n)) + rng.normal(size=(400, n)):
        low, high = interval(sample, level)
        inside.append(low <= 1 <= high)
    error = np.sqrt(level * (1 - level) / 400)
    assert np.mean(inside) > level - 3 * error - (0.03 if n == 5 else 0)  # five values are too few for any bootstrap


def test_interval_of_what_is_not_random_is_itself_and_of_few_values_their_range():
    assert interval(np.array([0.3]), 0.95) == (0.3, 0.3)
    assert interval(np.full(9, -2.0), 0.95) == (-2.0, -2.0)
    values = np.array([1.0, 2.0, 3.0, 4.0, 10.0])
    assert interval(values, 0.9999) == (1.0, 10.0)


@pytest.mark.parametrize(
    ("values", "side", "bound", "expected"),
    [
        ([1.0, 1.1, 0.9, 1.0], "above", 0, "yes"),
        ([1.0, 1.1, 0.9, 1.0], "above", 2, "no"),
        ([1.0, -1.1, 0.9, -1.0], "above", 0, "open"),
        ([1.0, 1.1, 0.9, 1.0], "below", 0, "no"),
        ([1.0, 1.1, 0.9, 1.0], "below", 2, "yes"),
        ([0.1, -0.1, 0.1, 0.0], "within", 1, "yes"),
        ([3.0, 3.1, 2.9, 3.0], "within", 1, "no"),
        ([-3.0, -3.1, -2.9, -3.0], "within", 1, "no"),
        ([3.0, -3.0, 3.0, -3.0], "within", 1, "open"),
        ([0.5], "above", 0.5, "open"),
    ],
)
def test_outcomes(values, side, bound, expected):
    found = Effect("here", np.array(values), side, bound).judged(0.95)
    assert found["outcome"] == expected
    assert found["seeds"] == len(values)
    assert found["effect"] == pytest.approx(np.mean(values))
    assert found["low"] <= found["effect"] <= found["high"]
    assert Effect("here", np.array(values), side, bound, empty=True).judged(0.95)["outcome"] == "empty"


def test_differences_are_paired_by_seed_and_what_is_not_random_goes_with_every_seed():
    first, second = pd.Series([1.0, 2, 3], index=[0, 1, 2]), pd.Series([5.0, 7], index=[1, 2])
    assert paired(first, second).tolist() == [-3, -4]
    assert paired(first, pd.Series([1.0], index=[0])).tolist() == [0, 1, 2]
    assert paired(pd.Series([1.0], index=[0]), first).tolist() == [0, -1, -2]
    assert paired(pd.Series([1.0], index=[0]), pd.Series([3.0], index=[0])).tolist() == [-2]


def test_the_best_of_many_equals_is_no_better_than_one():
    rng = np.random.default_rng(0)
    found = [best_of(pd.DataFrame(rng.normal(size=(20, 30)))).mean() for _ in range(200)]
    assert abs(np.mean(found)) < 4 * np.std(found) / np.sqrt(200)
    naive = [pd.DataFrame(rng.normal(size=(20, 30))).mean().max() for _ in range(200)]
    assert np.mean(naive) > 0.3
    better = pd.DataFrame(rng.normal(size=(20, 30)) + 5 * (np.arange(30) == 4))
    np.testing.assert_array_equal(best_of(better), better[4])
    assert best_of(pd.DataFrame([[1.0, 2.0]])).tolist() == [2.0]


def test_panels_have_the_papers_features_where_they_are_stored_and_say_so_where_not(tmp_path):
    store = Results(tmp_path)

    def save(features, policies):
        curves = [Curve("mnist-crop", "paper", features, s, p, 0, (0, 10), np.array([0.5, 0.6])) for p, s in policies]
        full = Curve("mnist-crop", "paper", features, "", "full", 0, (10,), np.array([0.7]))
        store.save([*curves, full], {})

    influence, loss = ("random_proportional", "influence"), ("random_proportional", "loss")
    save("frozen", [("baseline", ""), influence, loss])
    save("refit", [("baseline", ""), influence])
    board = Board(store, "paper")
    (panel,), (other,) = board.panels(influence), board.panels(loss)
    assert (panel.where, other.where) == ("mnist-crop", "mnist-crop (frozen)")
    assert list(board.panels(("dpp", ""))) == list(Board(store, "released-code").panels()) == []
    assert panel.n == 10
    assert panel.accuracy(influence, 1.0).tolist() == [60.0]
    assert panel.full().tolist() == [70.0]
    assert panel.area(influence).tolist() == [pytest.approx(550)]
    np.testing.assert_allclose(panel.at(influence, np.array([5.0])), [55.0])
