"""effaug.report.panels: intervals that cover, outcomes by their bounds, and the best of many chosen on other seeds."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from effaug.report.panels import Board
from effaug.report.statistics import ANY, best_of, half_width, interval, paired
from effaug.study.results import Curve, Results


def seeds(values):
    return pd.Series(values, dtype=float)


def certain(value):
    return pd.Series([value], index=[ANY])


@pytest.mark.parametrize("level", [0.95, 0.9972])
@pytest.mark.parametrize("n", [2, 5, 14, 15, 20])
def test_intervals_miss_the_mean_as_seldom_as_they_say(n, level):
    """Of normal values; a bootstrap of resampled means would miss it in 6 % of the cases at n = 5, at any level."""
    rng, trials = np.random.default_rng(0), 500
    samples = rng.normal(size=(trials, n))
    missed = sum(low > 0 or high < 0 for low, high in (interval(seeds(sample), level) for sample in samples))
    expected = (1 - level) * trials
    assert missed <= 1.3 * expected + 3 * np.sqrt(expected) + 1


def test_interval_of_what_is_not_random_is_itself_and_of_one_seed_unbounded():
    assert interval(certain(0.3), 0.95) == (0.3, 0.3)
    assert interval(seeds([0.3]), 0.95) == (-np.inf, np.inf)
    assert interval(seeds([]), 0.95) == (-np.inf, np.inf)


@pytest.mark.parametrize("n", [2, 5, 14, 15, 20, 200])
@pytest.mark.parametrize("level", [0.95, 0.9972])
def test_few_values_and_many_have_students_interval(n, level):
    """The one that tables and figures show: a page and the scorecard cannot disagree about the same seeds."""
    values = seeds(np.random.default_rng(0).exponential(size=n))
    half = half_width(values, level)
    assert interval(values, level) == pytest.approx((values.mean() - half, values.mean() + half))
    expected = stats.t.interval(level, n - 1, loc=values.mean(), scale=stats.sem(values))
    np.testing.assert_allclose(interval(values, level), expected)


def test_differences_are_paired_by_seed_and_what_is_not_random_goes_with_every_seed():
    first, second = pd.Series([1.0, 2, 3], index=[0, 1, 2]), pd.Series([5.0, 7], index=[1, 2])
    assert paired(first, second).to_dict() == {1: -3, 2: -4}
    assert paired(first, certain(1.0)).to_dict() == {0: 0, 1: 1, 2: 2}
    assert paired(certain(1.0), first).to_dict() == {0: 0, 1: -1, 2: -2}
    assert paired(certain(1.0), certain(3.0)).to_dict() == {ANY: -2}
    assert paired(first, pd.Series([1.0], index=[0])).to_dict() == {0: 0}  # one seed is not every seed
    assert paired(first, pd.Series([1.0], index=[9])).empty


def test_the_best_of_many_equals_is_no_better_than_one():
    rng = np.random.default_rng(0)
    found = [best_of(pd.DataFrame(rng.normal(size=(20, 30)))).mean() for _ in range(200)]
    assert abs(np.mean(found)) < 4 * np.std(found) / np.sqrt(200)
    naive = [pd.DataFrame(rng.normal(size=(20, 30))).mean().max() for _ in range(200)]
    assert np.mean(naive) > 0.3
    better = pd.DataFrame(rng.normal(size=(20, 30)) + 5 * (np.arange(30) == 4))
    np.testing.assert_array_equal(best_of(better), better[4])
    assert best_of(pd.DataFrame([[1.0, 2.0]])).empty


def test_panels_have_the_papers_features_where_they_are_stored_and_say_so_where_not(tmp_path):
    store = Results(tmp_path)

    def save(features, policies):
        curves = [Curve("mnist-crop", "paper", features, s, p, 0, (0, 10), np.array([0.5, 0.6])) for p, s in policies]
        full = Curve("mnist-crop", "paper", features, "", "full", 0, (10,), np.array([0.7]))
        store.save([*curves, full], {})

    influence, loss = ("random_proportional", "influence"), ("random_proportional", "loss")
    ranked = ("deterministic_proportional", "influence")
    save("frozen", [("baseline", ""), influence, loss, ranked])
    save("refit", [("baseline", ""), influence])
    board = Board(store, "paper")
    (panel,), (other,) = board.panels(influence), board.panels(loss)
    assert (panel.features, other.features) == ("refit", "frozen")
    effects = [p.effect(p.area(influence), "above") for p in (panel, other)]
    assert [(e.where, e.stand_in, e.empty) for e in effects] == [
        ("mnist-crop", False, False),
        ("mnist-crop (frozen)", True, False),
    ]
    assert list(board.panels(("dpp", ""))) == list(Board(store, "released-code").panels()) == []
    assert board.panel("mnist-crop", "refit", loss) is None
    assert board.panel("mnist-crop", "frozen", loss) is other
    assert panel.n == 10
    assert panel.accuracy(influence, 1.0).to_dict() == {0: 60.0}
    assert panel.full().to_dict() == {0: 70.0}
    assert other.full().to_dict() == {ANY: 70.0}
    assert other.accuracy(ranked, 1.0).to_dict() == {ANY: 60.0}
    assert other.accuracy(influence, 1.0).to_dict() == {0: 60.0}
    assert panel.area(influence).tolist() == [pytest.approx(550)]


def test_next_to_chance_there_is_nothing_to_compare(tmp_path):
    store = Results(tmp_path)
    curves = [
        Curve("smallnorb-crop", "paper", "frozen", "", "baseline", s, (0, 10), np.array([0.5, 0.6])) for s in (0, 1)
    ]
    store.save([*curves, Curve("smallnorb-crop", "paper", "frozen", "", "full", 0, (10,), np.array([0.55]))], {})
    (panel,) = Board(store, "paper").panels()
    assert panel.effect(panel.area(("baseline", "")), "above").nothing
