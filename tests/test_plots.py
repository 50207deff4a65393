import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from effaug.report import figures, point_figures, point_scores, style
from effaug.report.statistics import half_width
from effaug.report.view import view_of
from effaug.study.results import Results


@pytest.fixture(scope="module")
def view():
    return view_of(dataset="mnist")


def line(axes, label):
    return next(line for line in axes.get_lines() if line.get_label() == label)


def test_figure_3_draws_the_stored_means_and_intervals(view):
    figure = figures.figure_3(view)
    axes = next(a for a in figure.axes if a.get_title().startswith("mnist-rotate (frozen"))
    table = view.table[(view.table.task == "mnist-rotate") & (view.table.features == "frozen")]
    for label, policy, score in (
        ("baseline", "baseline", ""),
        ("random proportional, influence", "random_proportional", "influence"),
        ("random proportional, loss", "random_proportional", "loss"),
    ):
        rows = table[(table.policy == policy) & (table.score == score)].groupby("budget").accuracy
        drawn = line(axes, label)
        np.testing.assert_array_equal(drawn.get_xdata(), rows.mean().index)
        np.testing.assert_allclose(drawn.get_ydata(), rows.mean())
    legend = {text.get_text() for text in figure.legends[0].get_texts()}
    assert {"baseline", "random proportional, influence", "random proportional, loss", "full augmentation"} <= legend
    band = axes.collections[0].get_paths()[0].vertices[:, 1]
    baseline = table[table.policy == "baseline"].groupby("budget").accuracy
    assert band.min() == pytest.approx((baseline.mean() - baseline.agg(half_width)).min())
    full = table[table.policy == "full"].accuracy.mean()
    assert line(axes, "full augmentation").get_ydata()[0] == pytest.approx(full)


def test_panels_stand_in_rows_of_a_dataset_and_columns_of_an_augmentation(view):
    titles = [axes.get_title().split(" (")[0] for axes in figures.figure_10(view).axes]
    assert titles.index("mnist-rotate") == 1  # the middle of the first row, which is the refitted one
    assert titles[3:6] == ["mnist-translate", "mnist-rotate", "mnist-crop"]


def test_a_deterministic_policy_over_frozen_features_has_no_band(view):
    figure = figures.figure_10(view.other(features="frozen", augmentation="crop"))
    heights = [set(np.round(band.get_paths()[0].vertices[:, 1], 9)) for band in figure.axes[0].collections]
    drawn = [set(np.round(line.get_ydata(), 9)) for line in figure.axes[0].get_lines()]
    assert len(heights) == 6
    assert all(height == line for height, line in zip(heights[1:], drawn[1:6], strict=True))
    assert max(heights[0]) > max(drawn[0])  # the baseline has one


def test_histograms_count_every_point(view):
    figure = point_figures.score_histograms(view.other(augmentation="translate"))
    assert all(sum(bar.get_height() for bar in axes.patches) == 1000 for axes in figure.axes)
    assert all(axes.get_yscale() == "log" for axes in figure.axes)
    assert {axes.get_xlabel() for axes in figure.axes} == {"influence", "loss"}


def test_before_after_shows_every_point_and_rho(view):
    figure = point_figures.score_before_after(view.other(augmentation="translate", features="frozen"))
    assert len(figure.axes[0].collections[0].get_offsets()) == 1000
    rho = point_scores.spearman(point_scores.shown_points(view, "mnist-translate", "frozen"), "influence")
    assert f"rho = {rho:.2f}" in figure.axes[0].get_title()


@pytest.mark.realdata
def test_extreme_points_are_the_images_of_the_data_set(view, real_data):
    from effaug.study.task_data import load_subset
    from effaug.study.tasks import load_task

    subset = load_subset(load_task("mnist-translate"), folder=real_data)
    stored = point_scores.shown_points(view, "mnist-translate", "frozen")
    np.testing.assert_array_equal(stored["images"], subset.x_train[stored["shown"]])
    np.testing.assert_array_equal(stored["labels"], subset.y_train)
    figure = point_figures.extreme_points(view, "mnist-translate", "frozen")
    top = int(np.argmax(stored["influence_before"]))
    np.testing.assert_array_equal(figure.axes[0].images[0].get_array(), subset.x_train[top, ..., 0])


def test_copies_start_with_the_original(view):
    figure = point_figures.task_copies(view.other(augmentation="translate"), "mnist-translate")
    original, up = (figure.axes[k].images[0].get_array() for k in (0, 1))
    assert figure.axes[1].get_title() == "-2, 0"
    np.testing.assert_array_equal(np.asarray(up)[:-2], np.asarray(original)[2:])


@pytest.mark.parametrize("score", ["influence", "loss"])
def test_copies_are_of_the_points_of_highest_score(view, score):
    figure = point_figures.task_copies(
        view.other(augmentation="rotate", features="frozen", score=score), "mnist-rotate"
    )
    stored = point_scores.shown_points(view, "mnist-rotate", "frozen")
    top = int(np.argmax(stored[f"{score}_before"]))
    image = stored["images"][np.searchsorted(stored["shown"], top)]
    np.testing.assert_array_equal(figure.axes[0].images[0].get_array(), image.squeeze())


def test_copies_of_the_reconstruction_are_of_the_settings_that_it_stands_for(view):
    shown = view.other(augmentation="translate", protocol="reconstruction", features="frozen")
    assert point_figures.task_copies(shown, "mnist-translate").axes[1].get_title() == "-2, -2"


def test_no_results_are_a_figure_with_words(tmp_path):
    for draw in (
        figures.figure_3,
        figures.figure_9,
        figures.figure_10,
        point_figures.score_before_after,
        point_figures.score_histograms,
    ):
        figure = draw(view_of(Results(tmp_path), dataset="smallnorb"))
        assert "No results yet" in "".join(text.get_text() for text in figure.texts)


def test_a_set_of_its_own_size_is_one_point_at_its_mean():
    rows = [(0, 100, 0.90), (1, 120, 0.92)]
    table = pd.DataFrame(rows, columns=["seed", "budget", "accuracy"])
    figure, axes = plt.subplots()
    style.draw_curve(axes, table, style.Line("virtual_support_vectors", "", "support vectors", style.BLUE, "*"))
    (drawn,) = [line for line in axes.get_lines() if len(line.get_xdata()) == 1]
    assert drawn.get_xydata().tolist() == [[110.0, pytest.approx(0.91)]]
    plt.close(figure)


def test_extreme_points_name_class_prediction_and_score(view):
    shown = view.other(augmentation="rotate", features="frozen")
    ((task, features),) = shown.panels
    stored = point_scores.shown_points(shown, task, features)
    labels, predicted = point_scores.labels_of(shown, task, features)
    assert set(labels) == {"3", "8"}
    np.testing.assert_array_equal(labels != predicted, stored["loss_before"] > np.log(2))
    figure = point_figures.extreme_points(shown, task, features)
    top = int(np.argmax(stored["loss_before"]))
    title = figure.axes[10].get_title()
    assert title == f"{labels[top]}\nas {predicted[top]}\n{stored['loss_before'][top]:.2g}"
    lowest = int(np.argsort(-stored["influence_before"], kind="stable")[-1])
    assert figure.axes[20].get_title() == f"{labels[lowest]}\n{stored['influence_before'][lowest]:.2g}"
