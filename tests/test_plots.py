"""effaug.report.style and the rooms that draw: what is drawn is what is stored."""

import itertools
import re

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb

from effaug.report import figures, image_figures, palette, point_figures, point_scores, style, supplementary
from effaug.report.drawings import REFERENCE
from effaug.report.parameters import STORED
from effaug.report.statistics import half_width
from effaug.report.view import view_of
from effaug.study import timing
from effaug.study.results import Results


@pytest.fixture(scope="module")
def view():
    return view_of(dataset="mnist")


@pytest.fixture(scope="module")
def figure_3(view):
    """The exhibit of frozen features, whose second panel is of rotations."""
    return figures.figure_3(view)[1]


def line(axes, label):
    return next(line for line in axes.get_lines() if line.get_label() == label)


def texts(axes):
    return [text.get_text() for text in axes.texts]


def test_figure_3_draws_the_stored_means_and_intervals_in_percent(view, figure_3):
    axes = figure_3.shows.axes[1]
    assert axes.get_title(loc="left") == "MNIST, rotated"
    table = view.table[(view.table.task == "mnist-rotate") & (view.table.features == "frozen")]
    for label, policy, score in (
        ("random", "baseline", ""),
        ("influence", "random_proportional", "influence"),
        ("training loss", "random_proportional", "loss"),
    ):
        rows = table[(table.policy == policy) & (table.score == score)].groupby("budget").accuracy
        drawn = line(axes, label)
        np.testing.assert_array_equal(drawn.get_xdata(), rows.mean().index)
        np.testing.assert_allclose(drawn.get_ydata(), 100 * rows.mean())
    band = axes.collections[0].get_paths()[0].vertices[:, 1]
    random = 100 * table[table.policy == "baseline"].set_index("budget").accuracy
    low = random.groupby(level=0).mean() - random.groupby(level=0).agg(half_width)
    assert band.min() == pytest.approx(low.min())
    full = 100 * table[table.policy == "full"].accuracy.mean()
    assert line(axes, "all points").get_ydata()[0] == pytest.approx(full)


def test_the_numbers_of_a_figure_are_those_drawn(view, figure_3):
    drawn = line(figure_3.shows.axes[1], "influence").get_ydata()
    numbers = figure_3.numbers.loc["mnist-rotate", "random_proportional", "influence"].accuracy
    np.testing.assert_allclose(numbers, drawn, atol=1e-4)


def test_every_line_and_reference_has_its_label_at_its_end_and_none_touch(figure_3):
    for axes in figure_3.shows.axes:
        labels = {text.get_text(): text.get_position() for text in axes.texts if text.get_text() != "10 %"}
        drawn = {artist.get_label() for artist in axes.get_lines() if not artist.get_label().startswith("_")}
        assert set(labels) == drawn | {"support vectors"}
        heights = np.sort([y for _, y in labels.values()]) * axes.get_window_extent().height * 72 / axes.figure.dpi
        assert np.diff(heights).min() >= style.FONT


def test_there_is_an_exhibit_for_each_kind_of_features_and_a_panel_for_each_augmentation(view):
    exhibits = figures.figure_10(view)
    assert [each.name for each in exhibits] == ["figure-10-mnist-refit", "figure-10-mnist-frozen"]
    assert [each.anchors for each in exhibits] == [("figure-10",), ()]
    titles = [axes.get_title(loc="left") for axes in exhibits[0].shows.axes]
    assert titles == ["MNIST, shifted", "MNIST, rotated", "MNIST, cropped"]
    assert len(exhibits[0].shows.subfigs) == len(exhibits[0].alt) == 3


def test_a_deterministic_policy_over_frozen_features_has_no_band(view):
    (exhibit,) = figures.figure_10(view.other(features="frozen", augmentation="crop"))
    axes = exhibit.shows.axes[0]
    heights = [set(np.round(band.get_paths()[0].vertices[:, 1], 7)) for band in axes.collections]
    named = [artist for artist in axes.get_lines() if artist.get_marker() not in ("None", "")]
    drawn = [set(np.round(artist.get_ydata(), 7)) for artist in named if not artist.get_label().startswith("_")]
    assert len(heights) == len(drawn) == 6
    assert all(height == curve for height, curve in zip(heights[1:], drawn[1:], strict=True))
    assert max(heights[0]) > max(drawn[0])  # random selection has one


def test_small_budgets_have_room_and_labels_that_do_not_overlap(figure_3):
    axes = figure_3.shows.axes[0]
    places = {int(tick): axes.transAxes.inverted().transform(axes.transData.transform((tick, 0)))[0] for tick in
              axes.get_xticks()}  # fmt: skip
    assert places[0] == 0
    assert places[1000] == pytest.approx(1)
    assert places[100] > 0.5  # a tenth of a linear axis
    wide = axes.get_window_extent().width / axes.figure.dpi * 72
    shown = [(places[int(tick)] * wide, label.get_text()) for tick, label in
             zip(axes.get_xticks(), axes.get_xticklabels(), strict=True) if label.get_text()]  # fmt: skip
    assert {"0", "10", "100", "1000"} <= {label for _, label in shown}
    for (left, first), (right, second) in itertools.pairwise(shown):
        assert right - left >= (style.text_width(first) + style.text_width(second)) / 2
    assert "10 %" in texts(axes)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ([], []),
        ([5], [5]),
        ([50, 50, 50], [38, 50, 62]),
        ([0, 100], [0, 100]),
        ([99, 100], [88, 100]),
        ([0, 1], [0, 12]),
    ],
)
def test_labels_are_spread_as_little_as_can_be(wanted, expected):
    assert style.spread(wanted, 12, 0, 100) == pytest.approx(expected)


def test_histograms_count_every_point(view):
    exhibits = point_figures.score_histograms(view.other(augmentation="translate"))
    assert [each.name for each in exhibits] == ["figure-7-influence", "figure-6-loss"]
    assert exhibits[0].anchors == ("figure-1", "figure-7")
    for exhibit, label in zip(exhibits, ("influence", "training loss"), strict=True):
        assert all(sum(bar.get_height() for bar in axes.patches) == 1000 for axes in exhibit.shows.axes)
        assert {axes.get_yscale() for axes in exhibit.shows.axes} == {"log"}
        assert {axes.get_xlabel() for axes in exhibit.shows.axes} == {label}


def dots(axes):
    return np.concatenate([patch.get_path().vertices[::2] for patch in axes.patches])


def test_before_after_shows_every_point_on_logarithmic_axes_and_rho(view):
    (exhibit,) = point_figures.score_before_after(view.other(augmentation="translate", features="frozen"))
    (axes,) = exhibit.shows.axes
    points = point_scores.shown_points(view, "mnist-translate", "frozen")
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    np.testing.assert_array_equal(np.sort(dots(axes)[:, 0]), np.sort(points["influence_before"].astype(float)))
    np.testing.assert_array_equal(np.sort(dots(axes)[:, 1]), np.sort(points["influence_after"].astype(float)))
    assert f"rank correlations are {point_scores.spearman(points, 'influence'):.2f}." in exhibit.caption
    assert "lie on the edge" not in exhibit.caption


def test_points_without_a_logarithm_lie_on_the_edge_and_the_caption_counts_them():
    shown = view_of(dataset="smallnorb", augmentation="translate")
    (exhibit,) = point_figures.score_before_after(shown)
    (axes,) = exhibit.shows.axes
    points = point_scores.shown_points(shown, "smallnorb-translate", "frozen")
    tiny = np.finfo(np.float32).tiny
    on_edge = int(((points["influence_before"] <= tiny) | (points["influence_after"] <= tiny)).sum())
    assert on_edge > int((points["influence_after"] == 0).sum()) > 0
    assert f" {on_edge} points have a score of 0 in single precision and lie on the edge." in exhibit.caption
    inside = (dots(axes)[:, 0] > axes.get_xlim()[0]) & (dots(axes)[:, 1] > axes.get_ylim()[0])
    assert inside.sum() == 1000 - on_edge


@pytest.mark.realdata
def test_extreme_points_are_the_images_of_the_data_set(view, real_data):
    from effaug.study.task_data import load_subset
    from effaug.study.tasks import load_task

    subset = load_subset(load_task("mnist-translate"), folder=real_data)
    stored = point_scores.shown_points(view, "mnist-translate", "frozen")
    np.testing.assert_array_equal(stored["images"], subset.x_train[stored["shown"]])
    np.testing.assert_array_equal(stored["labels"], subset.y_train)
    exhibit = image_figures.extreme_points(view.other(augmentation="translate", features="frozen"))[0]
    top = int(np.argmax(stored["influence_before"]))
    np.testing.assert_array_equal(exhibit.shows.axes[0].images[0].get_array(), subset.x_train[top, ..., 0])


def test_copies_start_with_the_original(view):
    (exhibit,) = image_figures.task_copies(view.other(augmentation="translate"))
    (axes,) = exhibit.shows.axes
    assert texts(axes) == ["MNIST, shifted: shifts down, right in pixels", "original", "-2, 0", "2, 0", "0, -2", "0, 2"]
    original, up = (axes.images[3 * k].get_array() for k in (0, 1))
    np.testing.assert_array_equal(np.asarray(up)[:-2], np.asarray(original)[2:])
    assert "4 copies when shifted." in exhibit.caption


def test_copies_that_are_left_out_are_said(view):
    (exhibit,) = image_figures.task_copies(view.other(augmentation="rotate"))
    assert len(exhibit.shows.axes[0].images) == 3 * 7
    assert re.search(r"A point has \d+ copies when rotated; of more than 6 some are shown\.", exhibit.caption)


@pytest.mark.parametrize("score", ["influence", "loss"])
def test_copies_are_of_the_points_of_highest_score(view, score):
    (exhibit,) = image_figures.task_copies(view.other(augmentation="rotate", features="frozen", score=score))
    stored = point_scores.shown_points(view, "mnist-rotate", "frozen")
    top = int(np.argmax(stored[f"{score}_before"]))
    image = stored["images"][np.searchsorted(stored["shown"], top)]
    np.testing.assert_array_equal(exhibit.shows.axes[0].images[0].get_array(), image.squeeze())


def test_copies_of_the_reconstruction_are_of_the_settings_that_it_stands_for(view):
    shown = view.other(augmentation="translate", protocol="reconstruction", features="frozen")
    assert "-2, -2" in texts(image_figures.task_copies(shown)[0].shows.axes[0])


def test_no_results_are_a_sentence(tmp_path):
    for draw in (
        figures.figure_3,
        figures.figure_9,
        figures.figure_10,
        point_figures.score_before_after,
        point_figures.score_histograms,
        image_figures.extreme_points,
        image_figures.task_copies,
    ):
        shown = draw(view_of(Results(tmp_path), dataset="smallnorb"))
        assert len(shown) == 0
        assert "No results yet" in repr(shown)
        assert "No results yet" in shown._repr_html_()


def test_a_set_of_its_own_size_is_one_point_at_its_mean():
    rows = [(0, 100, 0.90), (1, 120, 0.92)]
    table = pd.DataFrame(rows, columns=["seed", "budget", "accuracy"])
    figure, axes = plt.subplots()
    end = style.draw_curve(axes, table, palette.line("virtual_support_vectors"), 100)
    (drawn,) = [artist for artist in axes.get_lines() if len(artist.get_xdata()) == 1]
    np.testing.assert_allclose(drawn.get_xydata(), [[110, 91]])
    assert (end.at, end.reaches) == (pytest.approx(91), False)
    plt.close(figure)


def test_extreme_points_name_class_prediction_and_score(view):
    shown = view.other(augmentation="rotate", features="frozen")
    ((task, features),) = shown.panels
    stored = point_scores.shown_points(shown, task, features)
    labels, predicted = point_scores.labels_of(shown, task, features)
    assert set(labels) == {"3", "8"}
    np.testing.assert_array_equal(labels != predicted, stored["loss_before"] > np.log(2))
    (exhibit,) = image_figures.extreme_points(shown)
    by_loss, lowest = (texts(exhibit.shows.axes[k]) for k in (1, 2))
    top = int(np.argmax(stored["loss_before"]))
    assert by_loss[:4] == [
        "highest training loss", labels[top], f"as {predicted[top]}", f"{stored['loss_before'][top]:.2g}"
    ]  # fmt: skip
    last = int(np.argsort(-stored["influence_before"], kind="stable")[-1])
    assert lowest[:3] == ["lowest influence", labels[last], f"{stored['influence_before'][last]:.2g}"]
    wrong = sum(text.startswith("as ") for axes in exhibit.shows.axes[:2] for text in texts(axes))
    assert f"Of the 20 images of highest scores {wrong} are misclassified" in exhibit.caption


def test_the_time_of_an_epoch_is_drawn_with_its_line():
    times = timing.load(STORED / "timing")
    from effaug.report.timing_figure import training_time

    exhibits = training_time(times)
    for exhibit, record in zip(exhibits, times.values(), strict=True):
        measured = record["epoch_times"]
        np.testing.assert_array_equal(line(exhibit.shows.axes[0], "measured").get_ydata(), measured.seconds)
        slope = np.polyfit(measured["size"], measured.seconds, 1)[0]
        assert f"{1000 * slope:.2f} ms an image" in exhibit.caption
    assert exhibits[0].anchors == ("figure-17",)


def test_gains_say_in_how_many_settings_influence_is_ahead():
    index = pd.MultiIndex.from_tuples([("mnist-crop", 1), ("cifar10-crop", 1)], names=["task", "C"])
    columns = {"full - none": [3.0, 0.1], "influence - baseline": [1.0, -0.5], "±": [0.1, 0.1]}
    (exhibit,) = supplementary.gains(pd.DataFrame(columns, index=index))
    assert "ahead in 1 of the 1 settings in which augmenting all points gains 2 points or more" in exhibit.caption


def test_references_alone_are_grey(figure_3):
    for artist in figure_3.shows.axes[0].get_lines():
        grey = artist.get_color() == REFERENCE
        if not artist.get_label().startswith("_"):
            assert grey == (artist.get_label() in ("none", "all points")), artist.get_label()
    assert len({*to_rgb(REFERENCE)}) == 1
