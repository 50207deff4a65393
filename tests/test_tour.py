"""effaug.report.tour: what the ten-minute tour works out by hand is what effaug computes."""

import re

import numpy as np
import pytest
from scipy.stats import spearmanr

from effaug import logistic
from effaug.dpp import KDPP
from effaug.report import tour, tour_dpp, tour_figures
from effaug.report.parameters import ParameterError

LATER = ("down-weighted", "updated", "updated, down-weighted")


@pytest.fixture(scope="module")
def lesson():
    return tour.lesson("crop", "paper")


@pytest.fixture(scope="module")
def left_out(lesson):
    return tour.by_hand(lesson)


@pytest.mark.parametrize("given", [("all", "paper"), ("crop", "paper+C=1.0")])
def test_the_tour_takes_one_augmentation_and_a_named_protocol(given):
    with pytest.raises(ParameterError, match=r"^unknown (augmentation|protocol) .*; accepted: .*, on this page$"):
        tour.lesson(*given)


def test_leaving_out_is_training_without_the_point(lesson, left_out):
    for point in (0, 57, lesson.ranked[0]):
        rest = np.arange(len(lesson.y)) != point
        model = logistic.fit(lesson.originals[rest], lesson.y[rest], C=lesson.model.C)
        x, y = lesson.originals[[point]], lesson.y[[point]]
        rise = model.log_loss(x, y) - lesson.model.log_loss(x, y)
        np.testing.assert_allclose(left_out[point], rise[0], rtol=1e-5)
    assert (left_out > 0).all()


def test_the_closed_form_is_the_slope_to_five_digits(lesson, left_out):
    table = tour.influence_table(lesson, left_out)
    assert list(table["digits alike"]) == [5] * 5
    assert list(table["weight nudged"]) == list(table["closed form"])
    assert table["closed form"].astype(float).is_monotonic_decreasing
    assert spearmanr(left_out, lesson.influence).statistic > 0.99


def test_under_the_released_codes_ridge_it_is_not_and_the_page_says_why():
    released = tour.lesson("crop", "released-code")
    table = tour.influence_table(released, released.influence)
    assert set(table["digits alike"]) == {0}
    assert "ridge of 1e-10 where the model's own L2 term is 1.0" in tour.influence_words(released, released.influence)


@pytest.mark.parametrize(
    ("numbers", "alike"), [((1.0, 1.0), 15), ((1.0, -1.0), 0), ((123456.0, 123400.0), 3), ((1e-9, 1.01e-9), 2)]
)
def test_digits_alike(numbers, alike):
    assert tour.digits_alike(*numbers) == alike


def test_the_residual_decides_and_influential_points_have_copies_on_the_wrong_side(lesson):
    said = tour.boundary_words(lesson)
    assert "the residual decides" in said
    wrong, rest = map(int, re.findall(r"(\d+) %", said))
    assert wrong > 2 * rest > 0
    odds = np.where(lesson.y == 1, 1, -1) * lesson.model.decision_function(lesson.originals)
    assert spearmanr(odds, lesson.influence).statistic < -0.98


def test_pairs_have_the_probability_that_the_formula_and_effaug_give_and_their_frequency(lesson):
    pairs = tour_dpp.pair_table(lesson)
    points, kdpp = tour_dpp.six_digits(lesson), KDPP.of(lesson.originals[tour_dpp.six_digits(lesson)])
    assert sorted(lesson.digits[points]) == [3, 3, 3, 8, 8, 8]
    for name, row in pairs.iterrows():
        pair = [ord(letter) - ord("a") for letter in name.split(", ")]
        np.testing.assert_allclose(row.probability, np.exp(kdpp.log_probability(pair)), rtol=1e-10)
    assert len(pairs) == 15
    np.testing.assert_allclose(pairs.probability.sum(), 1)
    np.testing.assert_allclose(pairs.frequency.sum(), 1)
    (away,) = map(float, re.findall(r"more than ([\d.]+) standard", tour_dpp.pair_words(pairs)))
    assert away < 4
    swapped = pairs.assign(frequency=pairs.frequency.to_numpy()[::-1])
    assert float(re.findall(r"more than ([\d.]+) standard", tour_dpp.pair_words(swapped))[0]) > 10


def test_the_maps_features_have_a_gaussians_products_and_a_k_dpp_covers_it(lesson):
    plane, features = tour_dpp.atlas(lesson)
    gap = np.square(plane[3] - plane[17]).sum()
    np.testing.assert_allclose(features[3] @ features[17], np.exp(-2 * gap / plane.var()), atol=1e-9)
    said = tour_dpp.spread_words(lesson)
    assert float(re.findall(r"are ([\d.]+) times as far", said)[0]) > 1.2
    assert int(re.findall(r"(-?\d+) % smaller", said)[0]) > 10


def test_plans_share_a_weight_of_one(lesson):
    assert tour.plan_table()["sum"].tolist() == [1, 4, 1]


def test_updated_scores_are_those_of_the_augmented_model(lesson):
    updated = tour.after(lesson, 0)
    np.testing.assert_allclose(updated, lesson.influence, rtol=1e-4)
    said = tour.update_words(lesson, tour.after(lesson))
    fell, _, stay = map(int, re.findall(r"fell at (\d+) .* at (\d+) % .*; (\d+) of the 20", said)[0])
    assert (fell, stay) == (
        int((tour.after(lesson) < lesson.influence)[lesson.ranked[:20]].sum()),
        len({*lesson.ranked[:20].tolist()} & {*np.argsort(-tour.after(lesson))[:20].tolist()}),
    )


def test_policies_begin_alike_and_end_alike_but_for_their_weights(lesson):
    table = tour.refinement_table(lesson, 2)
    assert list(table.index) == ["random", "random proportional", *(f"random proportional, {x}" for x in LATER)]
    assert table["0 points"].nunique() == 1
    assert table["200 points"].iloc[:2].nunique() == 1
    assert table.AUC.astype(float).between(850, 1000).all()


def test_pictures_show_every_point(lesson, left_out):
    assert len(tour_figures.left_out(lesson, left_out).shows.axes[0].collections[0].get_offsets()) == 200
    assert tour.boundary_words(lesson) in repr(tour_figures.boundary(lesson))
    assert len(tour_figures.boundary(lesson).shows.axes) == 13
    random, dpp = tour_figures.spread(lesson, k=9).shows.axes
    assert [len(axes.collections[1].get_offsets()) for axes in (random, dpp)] == [9, 9]
    assert len(tour_figures.six(lesson).shows.axes) == 6
    rest, chosen = tour_figures.before_after(lesson, tour.after(lesson)).shows.axes[0].collections
    assert (len(rest.get_offsets()), len(chosen.get_offsets())) == (180, 20)
