"""effaug.report.supplementary: the figures draw the numbers that they are given."""

import numpy as np
import pandas as pd
import pytest

from effaug.report import figures, sensitivity, supplementary


def test_auc_pairs_draws_every_stored_pair_once():
    rows = [
        ("mnist-crop", 990.0, 1.0, 5, 995.0),
        ("cifar10-crop", 960.0, 0.5, 20, 970.0),
        ("smallnorb-crop", np.nan, 0, 0, 940.0),
    ]
    pairs = pd.DataFrame(rows, columns=["task", "auc", "sd", "seeds", "paper"]).assign(paper_sd=0.2)
    (axes,) = supplementary.auc_pairs(pairs).axes
    drawn = {(x, y) for line in axes.get_lines()[:-1] for x, y in line.get_xydata()}
    assert drawn >= {(995.0, 990.0), (970.0, 960.0)}
    assert {y for _, y in drawn} <= {990.0, 960.0}
    assert axes.get_title() == "2 of 3 AUCs"
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["mnist (1)", "cifar10 (1)"]
    assert supplementary.auc_pairs(pairs[pairs.seeds < 0]).axes[0].get_title() == "0 of 0 AUCs"


def test_training_time_draws_measurements_line_and_residuals():
    sizes = np.repeat([100, 200, 300], 2)
    seconds = 0.5 + 0.01 * sizes + np.tile([0.02, -0.02], 3)
    record = {"hardware": "a machine", "epoch_times": pd.DataFrame({"size": sizes, "repeat": 0, "seconds": seconds})}
    above, below = figures.training_time({"here": record}).axes
    points, line = above.get_lines()
    np.testing.assert_allclose(points.get_xydata(), np.column_stack([sizes, seconds]))
    np.testing.assert_allclose(line.get_xydata(), [[0, 0.5], [300, 3.5]], atol=1e-9)
    np.testing.assert_allclose(below.get_lines()[0].get_ydata(), np.tile([0.02, -0.02], 3), atol=1e-9)
    assert line.get_label() == "10.00 ms an image + 0.50 s"
    assert above.get_title() == "here: a machine"


def test_no_measurements_make_an_empty_figure():
    assert [axes.get_lines() for axes in figures.training_time({}).axes] == [pytest.approx([])] * 2


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
    (axes,) = supplementary.gains(kept).axes
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["mnist (4)"]
    np.testing.assert_allclose(axes.containers[0][0].get_xydata(), kept.iloc[:, :2])
    correlation = sensitivity.gain_correlation(found)
    assert correlation.settings.to_dict() == {"mnist": 4, "all": 4}
    assert correlation["rank correlation"].tolist() == pytest.approx([0.8, 0.8])
    assert supplementary.gains(kept[:0]).axes[0].get_legend() is None
