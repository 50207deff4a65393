import shutil
import types

import pytest

from effaug.report import figures, image_figures, paper_tables, point_figures, point_scores, tables
from effaug.report.parameters import STORED, ParameterError, check_parameters
from effaug.report.view import open_view, view_of
from effaug.study.experiment import Experiment
from effaug.study.names import RenamedWarning
from effaug.study.protocols import load_protocol
from effaug.study.results import Results
from effaug.study.runner import run
from effaug.study.tasks import load_task

GOOD = {
    "dataset": "digits",
    "augmentation": "crop",
    "score": "influence",
    "features": "all",
    "protocol": "paper",
    "n_seeds": 2,
    "source": "stored",
}


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"datset": "mnist"}, "unknown parameter 'datset' (did you mean 'dataset'?); accepted: dataset, augmentation"),
        ({"dataset": "cifar"}, "unknown dataset 'cifar' (did you mean 'cifar10'?); accepted: all, mnist, cifar10"),
        ({"augmentation": "flip"}, "accepted: all, translate, rotate, crop"),
        ({"score": "entropy"}, "accepted: influence, loss, margin"),
        ({"features": "deep"}, "accepted: all, frozen, refit"),
        ({"protocol": "text"}, "accepted: reconstruction, paper, released-code"),
        ({"source": "web"}, "accepted: stored, recompute"),
        ({"n_seeds": 0}, "n_seeds must be a whole number of at least 1, got 0"),
        ({"n_seeds": "5"}, "n_seeds must be a whole number of at least 1, got '5'"),
        ({"n_seeds": True}, "n_seeds must be a whole number of at least 1, got True"),
        ({"dataset": None}, "unknown dataset None"),
    ],
)
def test_a_parameter_that_is_not_accepted_stops_with_what_is(changes, sentence):
    with pytest.raises(ParameterError) as caught:
        check_parameters(GOOD | changes)
    assert sentence in str(caught.value)
    assert caught.value._render_traceback_() == [f"ParameterError: {caught.value}"]


def test_a_missing_parameter_is_named():
    with pytest.raises(ParameterError, match="'source' is not set"):
        check_parameters({k: v for k, v in GOOD.items() if k != "source"})


def test_small_norb_may_be_asked_for_by_its_old_name():
    given = GOOD | {"dataset": "norb", "augmentation": "crop"}
    with pytest.warns(RenamedWarning, match="norb is called smallnorb now") as told:
        view = open_view(given)
    assert told[0].filename == __file__
    assert (view.tasks, view.parameters["dataset"]) == (("smallnorb-crop",), "smallnorb")
    assert view.table.equals(open_view(given | {"dataset": "smallnorb"}).table)
    with pytest.warns(RenamedWarning, match="norb is called smallnorb now"):
        assert view.other(dataset="norb").tasks == view.tasks


def test_what_a_notebook_imports_is_no_parameter():
    namespace = GOOD | {"types": types, "open_view": open_view, "_cell": 1, "In": [""], "Out": {}}
    assert check_parameters(namespace) == GOOD


def test_a_view_holds_what_was_asked_for_and_names_what_is_missing(tmp_path):
    for path in STORED.glob("digits-crop.*"):
        shutil.copy(path, tmp_path)
    view = open_view(GOOD | {"dataset": "all", "n_seeds": 3}, Results(tmp_path))
    assert set(view.table.seed) == {0, 1, 2}
    assert set(view.table.protocol) == {"paper"}
    assert ("digits-crop", "frozen") in view.panels
    assert view.tasks == ("mnist-crop", "cifar10-crop", "smallnorb-crop", "digits-crop")
    assert "smallnorb-crop (frozen)" in view.missing()
    assert "digits-crop" not in view.missing()
    assert open_view(GOOD).missing() == ""


def test_other_keeps_the_remaining_parameters():
    view = open_view(GOOD).other(augmentation="rotate")
    assert view.parameters == GOOD | {"augmentation": "rotate"}
    assert view.tasks == ("digits-rotate",)


def test_other_refuses_what_is_not_accepted():
    view = open_view(GOOD)
    with pytest.raises(ParameterError, match="unknown score 'entropy'; accepted: influence, loss, margin"):
        view.other(score="entropy")
    with pytest.raises(ParameterError, match=r"unknown parameter 'scores' \(did you mean 'score'\?\)"):
        view.other(scores="loss")


def test_what_a_page_does_not_offer_is_fixed_and_refused(tmp_path):
    offered = {name: value for name, value in GOOD.items() if name != "score"}
    view = open_view(offered, score="loss")
    assert view.parameters == GOOD | {"score": "loss"}
    assert view.other(augmentation="rotate").parameters == GOOD | {"score": "loss", "augmentation": "rotate"}
    assert open_view(offered, score=None).other(n_seeds=1).parameters["score"] is None
    with pytest.raises(ParameterError, match="unknown parameter 'score'"):
        open_view(GOOD, score=None)


@pytest.fixture
def without_margin(cache, tmp_path):
    """Two policies by influence, computed here."""
    results = Results(tmp_path / "results")
    run(Experiment("digits-crop", "paper", policies=("baseline", "random_proportional"), n_seeds=1), results)
    return results


def test_a_score_that_is_not_stored_is_said_with_the_command_that_computes_it(without_margin):
    view = open_view(GOOD | {"score": "margin"}, without_margin)
    command = "effaug run digits-crop --score margin"
    assert "The paper publishes no numbers by margin" in view.notes().text
    assert "Points of low margin have the most to gain" in view.notes().text
    assert f"No results by margin yet for digits-crop (frozen). To compute them: `{command}`." in view.notes().text
    drawn = (figures.figure_3, figures.figure_9, figures.figure_10)
    points = (point_figures.score_histograms, point_figures.score_before_after)
    for draw in (*drawn, *points, image_figures.task_copies):
        assert f"<code>{command}</code>" in draw(view)._repr_html_(), draw
    assert "margin" not in point_scores.score_table(view).index.get_level_values("score")
    assert open_view(GOOD, without_margin).notes().text == "With the settings of the text (`protocol=paper`)."
    assert "--score loss" in open_view(GOOD | {"score": "loss"}, without_margin).notes().text


def test_that_command_computes_all_that_a_page_shows_of_a_score(without_margin):
    run(Experiment("digits-crop", "paper", score_names=("margin",), n_seeds=1), without_margin)
    view = open_view(GOOD | {"score": "margin"}, without_margin)
    assert "effaug run" not in view.notes().text
    assert set(view.table.score) == {"", "influence", "margin"}
    (exhibit,) = figures.figure_3(view)
    assert "SVM margin" in {text.get_text() for text in exhibit.shows.axes[0].texts}
    assert "effaug run" not in repr(figures.figure_9(view)) + repr(point_figures.score_before_after(view))
    histograms = point_figures.score_histograms(view)
    assert [each.shows.axes[0].get_xlabel() for each in histograms] == ["influence", "training loss", "SVM margin"]
    assert image_figures.task_copies(view)[0].shows.axes[0].images
    assert "margin" in point_scores.score_table(view).index.get_level_values("score")
    assert [each for each in paper_tables.auc_tables(view) if "by SVM margin" in each.caption]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "effaug run mnist-crop --score loss"),
        ({"protocol": "reconstruction"}, "effaug run mnist-crop --score loss --protocol reconstruction"),
        (
            {"protocol": "released-code+mnist_network=lenet"},
            "effaug run mnist-crop --score loss --protocol released-code "
            "(with the options of released-code+mnist_network=lenet)",
        ),
    ],
)
def test_the_command_names_what_departs_from_its_defaults(changes, expected):
    view = view_of(dataset="mnist", augmentation="crop", **changes)
    assert view.command("mnist-crop", "frozen", "loss") == expected
    assert view.command("mnist-crop", "refit", "loss").startswith("effaug run mnist-crop --score loss --features refit")


def test_recompute_gives_the_stored_digits_again():
    stored = open_view(GOOD)
    again = open_view(GOOD | {"source": "recompute"})
    assert again.results.folder != stored.results.folder
    columns = ["task", "protocol", "features", "score", "policy", "seed", "budget"]
    merged = stored.table.merge(again.table, on=columns, how="outer", suffixes=("", "_again"), indicator=True)
    assert (merged._merge == "both").all()
    assert abs(merged.accuracy - merged.accuracy_again).max() < 1e-6


@pytest.mark.parametrize("changes", [{"dataset": "all"}, {"augmentation": "all"}])
def test_recompute_refuses_all(changes):
    with pytest.raises(ParameterError, match="computes one task"):
        open_view(GOOD | {"source": "recompute"} | changes)


def test_recompute_without_data_is_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setenv("EFFAUG_DATA", str(tmp_path))
    monkeypatch.setattr("effaug.study.datasets.RETRIES", 0)
    monkeypatch.setattr("effaug.study.datasets.TIMEOUT", (1, 1))
    with pytest.raises(ParameterError, match=r"mnist\.npz"):
        open_view(GOOD | {"source": "recompute", "dataset": "mnist", "n_seeds": 1})


def test_no_results_at_all_is_said_in_words(tmp_path, monkeypatch):
    monkeypatch.setattr("effaug.report.parameters.STORED", tmp_path / "none")
    view = view_of(dataset="mnist", augmentation="crop")
    assert view.panels == []
    assert view.missing() == "No results yet under the paper protocol: mnist-crop (frozen), mnist-crop (refit)."


def test_results_that_are_named_and_not_there_are_not_shown_as_none(tmp_path, monkeypatch):
    monkeypatch.setattr("effaug.report.parameters.STORED", tmp_path / "tpyo")
    monkeypatch.setenv("EFFAUG_RESULTS", str(tmp_path / "tpyo"))
    for ask in (view_of, lambda: check_parameters(GOOD)):
        with pytest.raises(ParameterError, match=f"^EFFAUG_RESULTS names no existing folder: {tmp_path / 'tpyo'}"):
            ask()
    assert view_of(Results(tmp_path)).panels == []  # asked for by name


def test_a_changed_protocol_with_results_is_accepted_and_not_recomputed(tmp_path, monkeypatch):
    changed = load_protocol("paper", C=3.0)
    task = load_task("digits-crop", protocol=changed)
    run(Experiment(task, changed, policies=("baseline",), n_seeds=1), Results(tmp_path))
    with pytest.raises(ParameterError, match="unknown protocol"):
        open_view(GOOD | {"protocol": "paper+C=3.0"})
    monkeypatch.setattr("effaug.report.parameters.STORED", tmp_path)
    view = open_view(GOOD | {"protocol": "paper+C=3.0"})
    assert set(view.table.policy) == {"baseline", "full"}
    assert list(tables.task_table(view).index) == ["digits-crop"]
    assert image_figures.task_copies(view)[0].shows.axes
    with pytest.raises(ParameterError, match="takes one of the protocols reconstruction, paper, released-code"):
        open_view(GOOD | {"protocol": "paper+C=3.0", "source": "recompute"})


def test_a_views_panels_are_those_of_its_rows_with_as_many_seeds():
    view = open_view(GOOD | {"dataset": "all", "n_seeds": 3})
    rows = set(zip(view.table.task, view.table.features, view.table.seed, strict=True))
    by_hand = {panel: sum(row[:2] == panel for row in rows) for panel in {row[:2] for row in rows}}
    assert view.seeds == by_hand
    assert sorted(view.panels) == sorted(by_hand)
    assert view.only("digits").seeds == {panel: n for panel, n in by_hand.items() if panel[0].startswith("digits-")}
