"""effaug.report.own_data: a notebook's `dataset` is a file of one's own."""

import shlex

import nbformat
import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_digits

from effaug.report import figures, notebooks, own_data
from effaug.report.parameters import ParameterError
from effaug.report.view import open_view
from effaug.study.results import Results

GOOD = {
    "augmentation": "rotate",
    "score": "influence",
    "features": "frozen",
    "protocol": "paper",
    "n_seeds": 1,
    "source": "recompute",
}


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """scikit-learn's ones and sevens, under a name with a dash."""
    digits = load_digits()
    chosen = np.isin(digits.target, (1, 7))
    x, y = (15 * digits.images[chosen]).astype(np.uint8), digits.target[chosen]
    path = tmp_path_factory.mktemp("own") / "my-ones.npz"
    np.savez(path, x_train=x[:60], y_train=y[:60], x_test=x[60:160], y_test=y[60:160])
    return path


def test_a_view_of_a_file_is_recomputed_from_its_images(file):
    view = open_view(GOOD | {"dataset": str(file)})
    assert view.tasks == ("my-ones-rotate",)
    assert view.task("my-ones-rotate").own.subset.x_train.shape == (60, 8, 8, 1)
    assert set(view.table.task) == {"my-ones-rotate"}
    assert view.table.budget.max() == 60
    (axes,) = figures.figure_3(view)[0].shows.axes
    assert axes.get_title(loc="left").startswith("my-ones, rotated")
    assert len(axes.lines) >= 3
    assert view.other(protocol="released-code").label("my-ones-rotate") == "released-code"


@pytest.mark.parametrize(
    ("augmentation", "copies"),
    [("translate", [(0, 1), (0, -1), (1, 0), (-1, 0)]), ("rotate", range(14)), ("crop", [1])],
)
def test_augmentations_are_sized_by_the_image(file, augmentation, copies):
    task = own_data.task_of(GOOD | {"dataset": str(file), "augmentation": augmentation})
    assert len(task.parameters) == len(copies)
    if augmentation == "translate":
        assert all(f"({dy}, {dx})" in task.augmentation for dy, dx in copies)


@pytest.mark.parametrize("augmentation", ["translate", "rotate", "crop"])
def test_what_is_shown_is_computed_again_by_the_command_that_is_told(file, augmentation, effaug, tmp_path):
    view = open_view(GOOD | {"dataset": str(file), "augmentation": augmentation})
    command = view.command(*view.panels[0], "influence").replace("--results mine", f"--results {tmp_path}")
    program, *arguments = shlex.split(command)
    assert program == "effaug"
    code, _, err = effaug(*arguments, "--policies", "baseline", "--seeds", "1")
    assert code == 0, err
    stored = Results(tmp_path).curves("paper", tasks=[f"my-ones-{augmentation}"])
    shown = view.table[view.table.policy.isin(["baseline", "full"])]
    keys = ["policy", "budget", "accuracy"]
    pd.testing.assert_frame_equal(*(frame[keys].sort_values(keys, ignore_index=True) for frame in (stored, shown)))


def test_a_registered_data_set_is_no_file():
    assert own_data.task_of(GOOD | {"dataset": "digits"}) is None


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"source": "stored"}, "it needs source 'recompute'"),
        ({"augmentation": "all"}, "unknown augmentation 'all'; accepted: translate, rotate, crop, for an .npz"),
        ({"protocol": "reconstruction"}, "unknown protocol 'reconstruction'; accepted: paper, released-code, for"),
        ({"dataset": "nowhere.npz"}, "no file nowhere.npz"),
        ({"features": "refit"}, "only 'frozen' is possible"),
    ],
)
def test_what_a_file_does_not_go_with_is_a_sentence(file, changes, sentence):
    with pytest.raises(ParameterError) as caught:
        open_view(GOOD | {"dataset": str(file)} | changes)
    assert sentence in str(caught.value)


def test_a_file_that_is_not_as_it_should_be_is_named(tmp_path):
    path = tmp_path / "mine.npz"
    np.savez(path, x_train=np.zeros((4, 8, 8)), y_train=[0, 1, 0, 1], x_test=np.zeros((4, 8, 8)), y_test=[0, 1, 0, 1])
    with pytest.raises(ParameterError, match=r"mine\.npz: images must be uint8 .* got float64"):
        own_data.task_of(GOOD | {"dataset": str(path)})


def test_notebooks_that_take_no_file_say_which_do(file):
    takes = {name for name in notebooks.titles() if name in own_data.PAGES}
    assert takes == set(own_data.PAGES)
    for name in takes:
        given = ["source=recompute", "augmentation=crop", f"dataset={file}"]
        assert notebooks.parameters(name, given)["dataset"] == str(file)
    with pytest.raises(ParameterError, match=r"table_1 takes no \.npz of your own; these do: deterministic_policies, "):
        notebooks.parameters("table_1", [f"dataset={file}", "source=recompute"])


@pytest.mark.slow
@pytest.mark.parametrize("name", own_data.PAGES)
def test_each_of_them_runs_on_it(effaug, file, tmp_path, monkeypatch, name):
    monkeypatch.chdir(file.parent)
    given = (f"dataset={file.name}", "augmentation=rotate", "source=recompute", "n_seeds=2")
    out = tmp_path / f"{name}.ipynb"
    code, told, err = effaug("notebook", "run", name, *(part for each in given for part in ("-p", each)), "--out", out)
    assert (code, told.splitlines()) == (0, [str(out)]), err
    outputs = [o for c in nbformat.read(out, 4).cells if c.cell_type == "code" for o in c.outputs]
    pages = [str(o.get("data", {}).get("text/html", "")) for o in outputs]
    assert any("<svg" in page and "my-ones, rotated" in page for page in pages)
