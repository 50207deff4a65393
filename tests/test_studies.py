"""effaug.report.supplementary: the figures draw the numbers that they are given."""

import numpy as np
import pandas as pd
import pytest

from effaug.report import sensitivity, supplementary, timing_figure


def test_auc_pairs_draws_every_stored_pair_once():
    rows = [
        ("mnist-crop", 990.0, 1.0, 5, 995.0),
        ("cifar10-crop", 960.0, 0.5, 20, 970.0),
        ("smallnorb-crop", np.nan, 0, 0, 940.0),
    ]
    pairs = pd.DataFrame(rows, columns=["task", "auc", "sd", "seeds", "paper"]).assign(paper_sd=0.2)
    (exhibit,) = supplementary.auc_pairs(pairs)
    (axes,) = exhibit.shows.axes
    drawn = {(x, y) for line in axes.get_lines()[:-1] for x, y in line.get_xydata()}
    assert drawn >= {(995.0, 990.0), (970.0, 960.0)}
    assert {y for _, y in drawn} <= {990.0, 960.0}
    assert "2 of 3 AUCs" in exhibit.caption
    assert "the farthest is 10.0 away" in exhibit.caption
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["MNIST (1)", "CIFAR-10 (1)"]
    assert "None of the 0 published AUCs" in repr(supplementary.auc_pairs(pairs[pairs.seeds < 0]))


def test_training_time_draws_measurements_line_and_residuals():
    sizes = np.repeat([100, 200, 300], 2)
    seconds = 0.5 + 0.01 * sizes + np.tile([0.02, -0.02], 3)
    times = pd.DataFrame({"size": sizes, "repeat": 0, "seconds": seconds})
    record = {"hardware": "a machine", "code": "effaug 0", "epoch_times": times}
    (exhibit,) = timing_figure.training_time({"here": record})
    above, below = exhibit.shows.axes
    line, points = above.get_lines()
    np.testing.assert_allclose(points.get_xydata(), np.column_stack([sizes, seconds]))
    np.testing.assert_allclose(line.get_xydata(), [[0, 0.5], [300, 3.5]], atol=1e-9)
    np.testing.assert_allclose(below.get_lines()[0].get_ydata(), np.tile([0.02, -0.02], 3), atol=1e-9)
    assert exhibit.caption.startswith("<b>Figure 17, here, a machine.</b>")
    assert "is proportional to the number of images: 10.00 ms an image and 0.50 s" in exhibit.caption


def test_no_measurements_make_a_sentence():
    assert repr(timing_figure.training_time({})) == "No times are stored."


def test_gains_draws_settings_that_are_not_next_to_chance_and_their_correlation_is_by_rank():
    index = pd.MultiIndex.from_tuples(
        [("mnist-crop", "a"), ("mnist-crop", "b"), ("mnist-crop", "c"), ("mnist-crop", "d"), ("smallnorb-crop", "a")]
    )
    found = pd.DataFrame(
        {
            "full": [90.0, 95, 99, 60, 50],
            "full - none": [1.0, 2, 10, 11, 99],
            "influence - baseline": [0.5, -0.5, 3, 4, -99],
            "±": 0.1,
        },
        index=index.set_names(["task", "C"]),
    )
    kept = sensitivity.gains(found)
    (axes,) = supplementary.gains(kept)[0].shows.axes
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["MNIST (4)"]
    np.testing.assert_allclose(axes.containers[0][0].get_xydata(), kept.iloc[:, :2])
    correlation = sensitivity.gain_correlation(found)
    assert correlation.settings.to_dict() == {"mnist": 4, "all": 4}
    assert correlation["rank correlation"].tolist() == pytest.approx([0.8, 0.8])
    assert len(supplementary.gains(kept[:0])) == 0
