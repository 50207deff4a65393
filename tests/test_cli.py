"""effaug.cli.main: what the README promises, and one sentence with exit status 2 for everything else."""

import dataclasses
import json
import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_digits

from effaug.cli import main
from effaug.curves import auc
from effaug.images.augment import Rotate
from effaug.report import scorecard
from effaug.report.parameters import STORED
from effaug.report.reconstruction import agreement, published_pairs
from effaug.scores import SCORES
from effaug.study import datasets, runner, timing, training
from effaug.study.experiment import Experiment
from effaug.study.own import own_task
from effaug.study.protocols import NAMES, TABLE_POLICIES
from effaug.study.results import Curve, Results
from effaug.study.task_data import Subset
from effaug.study.tasks import TASKS, load_task

SCRIPT = str(Path(sys.executable).with_name("effaug"))
SMALL = ("--n-train", "40", "--policies", "baseline,deterministic_proportional", "--seeds", "1")


@pytest.mark.slow
def test_digits_need_no_data_no_network_and_no_keras(tmp_path):
    bare = {"PATH": os.environ["PATH"], "HOME": str(tmp_path / "home"), "KERAS_BACKEND": "none", "NO_COLOR": "1"}
    bare |= {name: "http://127.0.0.1:9" for name in ("http_proxy", "https_proxy")}
    command = {"cwd": tmp_path, "env": bare, "capture_output": True, "text": True}
    done = subprocess.run([SCRIPT, "run", "digits-rotate", "--seeds", "2"], **command)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "digits-rotate: 18 curves computed, 0 were stored; results/digits-rotate.csv\n"
    assert "18/18 curves" in done.stderr
    table = Results(tmp_path / "results").table()
    assert set(table.policy) == {"full", *TABLE_POLICIES}
    assert set(table.budget) == set(load_task("digits-rotate").budgets)
    assert table.accuracy.between(0.5, 1).all()
    again = subprocess.run([SCRIPT, "run", "digits-rotate", "--seeds", "2"], **command)
    assert again.stdout == "digits-rotate: 0 curves computed, 18 were stored; results/digits-rotate.csv\n"


def test_policies_seeds_and_names_of_what_is_changed(effaug):
    code, out, err = effaug("run", "digits-translate", *SMALL, "--C", "1", "--results", "there")
    assert code == 0, err
    assert out.startswith("digits-translate-n40: 3 curves computed, 0 were stored")
    effaug("run", "digits-translate", *SMALL, "--results", "there")
    effaug("run", "digits-translate", *SMALL, "--C", "10", "--ridge", "0.5", "--results", "there")
    done = Results("there").done("digits-translate-n40")
    assert {key[0] for key in done} == {"paper", "paper+C=1.0", "paper+ridge=0.5"}
    assert len(done) == 9
    assert set(Results("there").record("digits-translate-n40")) == {f"{name}/frozen" for name in {k[0] for k in done}}


@pytest.mark.parametrize(
    ("options", "task", "protocol"),
    [
        (["--classes", "4,9"], "digits-crop-4v9-n40", "paper"),
        (["--classes", "3,8"], "digits-crop-n40", "paper"),
        (["--parameters", "1,2"], "digits-crop-n40-by1_2", "paper"),
        (["--protocol", "released-code"], "digits-crop-n40", "released-code"),
        (["--score", "loss", "--score", "loss"], "digits-crop-n40", "paper"),
        (["--policies", "baseline,deterministic_proportional,baseline"], "digits-crop-n40", "paper"),
        (["--ridge", "1e-10"], "digits-crop-n40", "paper+ridge=1e-10"),
        (["--swap", "ridge", "--swap", "C"], "digits-crop-n40", "paper~C~ridge"),
        (["--score", "margin"], "digits-crop-n40", "paper"),
    ],
)
def test_options(options, task, protocol, effaug):
    code, out, err = effaug("run", "digits-crop", *SMALL, *options)
    assert code == 0, err
    assert out == f"{task}: 3 curves computed, 0 were stored; results/{task}.csv\n"
    score = next((name for name in SCORES if name in options), "influence")
    assert Results().done(task) == {
        (protocol, "frozen", "", "full", 0),
        (protocol, "frozen", "", "baseline", 0),
        (protocol, "frozen", score, "deterministic_proportional", 0),
    }


@pytest.fixture
def mine(tmp_path):
    """A file of one's own: scikit-learn's digits 3, 5 and 8, grey and without a channel."""
    pixels, digit = load_digits(return_X_y=True)
    kept = np.isin(digit, (3, 5, 8))
    images, labels = (15 * pixels[kept]).astype(np.uint8).reshape(-1, 8, 8), digit[kept]
    path = tmp_path / "mine.npz"
    np.savez(path, x_train=images[:90], y_train=labels[:90], x_test=images[90:], y_test=labels[90:])
    return path


TURNED = ("--augmentation", "rotate", "--parameters", "-10,10")
QUICK = ("--policies", "baseline,random_proportional", "--seeds", "1")


@pytest.mark.parametrize(
    ("options", "name", "n_copies", "n_train"),
    [
        ((*TURNED, "--classes", "3,8"), "mine-rotate-3v8", 2, 58),
        ((*TURNED, "--classes", "5,8", "--n-train", "40"), "mine-rotate-5v8-n40", 2, 40),
        (
            ("--augmentation", "translate", "--parameters", "1,0:0,1:1,1", "--classes", "3,8"),
            "mine-translate-3v8",
            3,
            58,
        ),
        (("--augmentation", "crop", "--parameters", "1", "--classes", "3,8"), "mine-crop-3v8", 1, 58),
    ],
)
def test_a_file_of_ones_own_runs_as_any_task(options, name, n_copies, n_train, mine, effaug, tmp_path):
    status, out, _ = effaug("run", mine, *options, *QUICK)
    assert (status, out.split(":")[0]) == (0, name)
    store = Results(tmp_path / "results")
    record = store.record(name)["paper/frozen"]
    assert record["task"]["n_train"] == n_train == store.table([name]).budget.max()
    assert len(record["task"]["parameters"]) == n_copies
    assert record["network"]["name"] == "Pixels"
    assert effaug("run", mine, *options, *QUICK)[1].startswith(f"{name}: 0 curves computed, 3 were stored")
    assert "random_proportional" in effaug("summary", name)[1]


def test_a_file_of_two_classes_is_that_task_of_ones_own(mine, effaug, tmp_path):
    arrays = {key: value for key, value in np.load(mine).items()}
    two = {key: value[arrays[f"y_{key[2:]}"] != 5] for key, value in arrays.items()}
    np.savez(tmp_path / "pair.npz", **two)
    assert effaug("run", tmp_path / "pair.npz", *TURNED, *QUICK, "--score", "margin")[0] == 0
    images = Subset(two["x_train"][..., None], two["y_train"], two["x_test"][..., None], two["y_test"])
    task = own_task("pair-rotate", images, augmentation=Rotate((-10, 10)))
    again = Results(tmp_path / "again")
    runner.run(
        Experiment(task, "paper", score_names=("margin",), policies=tuple(QUICK[1].split(",")), n_seeds=1), again
    )
    stored, computed = Results(tmp_path / "results").table(), again.table()
    pd.testing.assert_frame_equal(stored, computed)


@pytest.mark.parametrize(
    ("options", "change", "words"),
    [
        ((), {}, ["mine.npz needs an augmentation and its parameters", "--augmentation rotate --parameters -10,10"]),
        (("--augmentation", "flip"), {}, ["unknown augmentation 'flip'", "translate, rotate, crop"]),
        (("--augmentation", "crop"), {}, ["mine.npz needs an augmentation and its parameters"]),
        (TURNED, {}, ["mine.npz: classes must be two of its 3 labels, 3, 5, 8; got none", "effaug run --classes"]),
        ((*TURNED, "--classes", "3,4"), {}, ["its 3 labels, 3, 5, 8; got (3, 4)"]),
        ((*TURNED, "--classes", "3,8", "--n-train", "59"), {}, ["n_train must be between 2 and 58", "got 59"]),
        ((*TURNED, "--classes", "3,8", "--n-train", "-3"), {}, ["n_train must be between 2 and 58", "got -3"]),
        ((*TURNED, "--classes", "3,8", "--network", "resnet"), {}, ["unknown network 'resnet'", "pixels, lenet, cnn"]),
        ((*TURNED, "--classes", "3,8", "--features", "refit"), {}, ["'pixels': only 'frozen' is possible"]),
        (TURNED, {"y_test": None}, ["mine.npz has no array y_test; it has x_train, y_train, x_test"]),
        (
            TURNED,
            {"x_train": np.zeros((90, 8, 8))},
            ["images must be uint8 of shape (n, h, w, c)", "float64", "x_train"],
        ),
        (TURNED, {"x_test": np.zeros((9, 64), np.uint8)}, ["images must be uint8 of shape", "(9, 64)", "x_test"]),
        (TURNED, {"y_train": np.zeros(89, int)}, ["y_train must have a label for each of 90 images", "(89,)"]),
        (TURNED, {"y_train": np.arange(90) % 2}, ["classes must be two of its 5 labels, 0, 1, 3, 5, 8; got none"]),
    ],
)
def test_what_is_wrong_with_a_file_of_ones_own_is_a_sentence(options, change, words, mine, effaug, tmp_path):
    arrays = {key: value for key, value in (dict(np.load(mine)) | change).items() if value is not None}
    np.savez(mine, **arrays)
    status, out, error = effaug("run", mine, *options)
    assert (status, out, error.count("\n")) == (2, "", 1)
    assert all(word in error for word in words), error
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["none.npz", *TURNED], "no file none.npz"),
        (["digits-crop", "--augmentation", "rotate"], "--augmentation and --network are for an .npz"),
        (["digits-crop", "--network", "lenet"], "--augmentation and --network are for an .npz"),
    ],
)
def test_options_of_a_file_need_one(arguments, words, effaug):
    status, _, error = effaug("run", *arguments)
    assert (status, words in error) == (2, True), error


def test_a_task_by_its_old_name_is_told_once_by_the_new_one(effaug):
    code, out, err = effaug("run", "norb-crop", "--protocol", "reconstruction", "--score", "entropy")
    assert (code, out) == (2, "")
    assert err.splitlines()[0] == "effaug: norb-crop is called smallnorb-crop now: please use that name"
    assert err.count("smallnorb-crop") == 1
    assert "'entropy'" in err
    code, out, err = effaug("summary", "norb-crop", "--results", str(STORED))
    assert code in (None, 0)
    assert "smallnorb-crop" in out
    assert "norb-crop is called smallnorb-crop now" in err


def test_translations_take_pairs(effaug):
    code, _, err = effaug("run", "digits-translate", *SMALL, "--parameters", "1,0:0,-2")
    assert code == 0, err
    (record,) = Results().record("digits-translate-n40-by1,0_0,-2").values()
    assert record["task"]["parameters"] == [[1, 0], [0, -2]]


BAD = [
    (["digits-rotat"], ["'digits-rotat' (did you mean 'digits-rotate'?)", *TASKS]),
    (["digits-rotate", "--protocol", "papers"], ["'papers' (did you mean 'paper'?)", "released-code"]),
    (["digits-rotate", "--features", "thawed"], ["'thawed'", "frozen, refit"]),
    (["digits-rotate", "--features", "refit"], ["'refit'", "only 'frozen'"]),
    (["digits-rotate", "--score", "entropy"], ["'entropy'", "influence, loss, margin"]),
    (["digits-rotate", "--policies", "baselin"], ["'baselin' (did you mean 'baseline'?)", *TABLE_POLICIES]),
    (["digits-rotate", "--policies", "baseline,"], ["''", *TABLE_POLICIES]),
    (["digits-rotate", "--no-subtract-mean"], ["subtract_mean changes nothing for digits-rotate", "on C, ridge"]),
    (["cifar10-crop", "--subtract-share", "1.5"], ["subtract_mean must be", "between 0 and 1", "1.5"]),
    (["cifar10-crop", "--subtract-share", "0.5", "--subtract-mean"], ["leave out --[no-]subtract-mean"]),
    (["digits-rotate", "--weights", "mine"], ["weights changes nothing for digits-rotate", "on C, ridge"]),
    (["cifar10-crop", "--epochs", "7"], ["epochs changes nothing for cifar10-crop", "on C, ridge, weighted_hessian,"]),
    (["digits-crop", "--swap", "directions"], ["directions changes nothing for digits-crop", "on C, ridge"]),
    (["digits-translate", "--swap", "directions", "--parameters", "1,0"], ["directions changes nothing"]),
    (["mnist-crop", "--swap", "C", "--C", "5"], ["C is changed already in paper+C=5.0"]),
    (["digits-rotate", "--seeds", "0"], ["n_seeds", "at least 1", "0"]),
    (["digits-rotate", "--n-train", "1"], ["n_train", "at least 2", "1"]),
    (["digits-rotate", "--classes", "3"], ["two labels such as 4,9", "'3'"]),
    (["digits-rotate", "--classes", "3,8,9"], ["two labels such as 4,9", "'3,8,9'"]),
    (["digits-rotate", "--classes", "3,x"], ["classes", "numbers", "'x'"]),
    (["digits-rotate", "--classes", "3,8.5"], ["classes", "whole numbers", "'8.5'"]),
    (["digits-rotate", "--classes", "3,inf"], ["classes", "numbers", "'inf'"]),
    (["digits-rotate", "--classes", "4,4"], ["two different labels", "(4, 4)"]),
    (["digits-rotate", "--C", "x"], ["C", "numbers", "'x'"]),
    (["digits-rotate", "--C", "-1"], ["C must be a positive number or 'cv'", "-1"]),
    (["digits-rotate", "--C", "nan"], ["C", "numbers", "'nan'"]),
    (["digits-rotate", "--ridge", "0"], ["ridge must be positive", "0"]),
    (["digits-rotate", "--parameters", "ten"], ["parameters", "numbers", "'ten'"]),
    (["digits-rotate", "--parameters", "5,inf"], ["parameters", "numbers", "'inf'"]),
    (["digits-rotate", "--parameters", "0"], ["parameters of rotate must be angles in degrees", "(0,)"]),
    (["digits-crop", "--parameters", "1.5"], ["parameters of crop must be margins in whole pixels", "1.5"]),
    (["digits-translate", "--parameters", "1.5,0"], ["parameters", "whole numbers", "'1.5'"]),
    (["digits-translate", "--parameters", "1,0,1"], ["shifts (dy, dx) in whole pixels", "(1, 0, 1)"]),
]


@pytest.mark.parametrize(("arguments", "words"), BAD, ids=[" ".join(arguments) for arguments, _ in BAD])
def test_bad_parameters_are_one_sentence_and_nothing_is_written(arguments, words, effaug, tmp_path):
    code, out, err = effaug("run", *arguments, "--results", str(tmp_path / "results"))
    assert (code, out) == (2, "")
    assert re.fullmatch(r"effaug: [^\n]+\n", err)
    assert [word for word in words if word not in err] == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--jobs", "0"], ["n_jobs must be at least 1, got 0"]),
        (["--classes", "3,11"], ["classes (3, 11) are not both among the labels of digits", "[0, 1, 2, 3"]),
        (["--n-train", "9999"], ["n_train must be at most ", "got 9999"]),
        (["--parameters", "4"], ["a margin of 4 px leaves nothing", "under 4"]),
    ],
)
def test_what_shows_only_with_the_data_is_a_sentence_too(arguments, words, effaug, tmp_path):
    code, out, err = effaug("run", "digits-crop", *arguments)
    assert (code, out) == (2, "")
    sentence = err.splitlines()[-1]  # after the progress bar
    assert sentence.startswith("effaug: ")
    assert [word for word in words if word not in sentence] == []
    assert "Traceback" not in err
    assert not (tmp_path / "results").exists()


def test_the_console_script_gives_that_sentence_and_status(tmp_path):
    command = [SCRIPT, "run", "digits-rotate", "--seeds", "0"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "effaug: n_seeds must be at least 1, got 0\n"
    assert list(tmp_path.iterdir()) == []


def test_a_traceback_can_be_asked_for(effaug, monkeypatch):
    monkeypatch.setenv("EFFAUG_TRACEBACK", "1")
    monkeypatch.setattr(sys, "argv", ["effaug", "run", "digits-rotate", "--seeds", "0"])
    with pytest.raises(ValueError, match="n_seeds"):
        main.main()


def test_data_that_cannot_be_had_are_a_sentence(effaug, tmp_path, monkeypatch):
    def offline(*_, **__):
        raise OSError(101, "Network is unreachable")

    monkeypatch.setattr(socket, "getaddrinfo", offline)
    monkeypatch.setattr(datasets, "RETRIES", 0)
    (tmp_path / "data").mkdir()
    monkeypatch.setenv("EFFAUG_DATA", str(tmp_path / "data"))
    for proxy in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(proxy, raising=False)
    code, out, err = effaug("run", "mnist-rotate", "--n-train", "77")
    assert (code, out) == (2, "")
    sentence = err.splitlines()[-1]
    assert sentence.startswith("effaug: MNIST could not be downloaded (storage.googleapis.com: no connection, ")
    assert sentence.endswith(
        f"put mnist.npz with x_train, y_train, x_test, y_test into {tmp_path / 'data'} "
        "or set EFFAUG_DATA to a folder that holds it."
    )
    assert "Traceback" not in err
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize(
    ("variable", "arguments"),
    [
        ("EFFAUG_DATA", ["run", "mnist-rotate", "--n-train", "77"]),
        ("EFFAUG_WEIGHTS", ["run", "cifar10-crop", "--n-train", "40"]),
        ("EFFAUG_RESULTS", ["summary"]),
        ("EFFAUG_RESULTS", ["report"]),
        ("EFFAUG_RESULTS", ["compare"]),
        ("EFFAUG_RESULTS", ["export", "out"]),
        ("EFFAUG_RESULTS", ["figure", "out.svg"]),
        ("EFFAUG_RESULTS", ["reproduce", "digits-crop"]),
    ],
)
def test_a_variable_that_names_no_folder_to_read_from_is_a_sentence(
    variable, arguments, effaug, tiny_cifar10, tmp_path, monkeypatch
):
    monkeypatch.setattr(datasets, "_download", lambda name, path: pytest.fail(f"{path} would be downloaded"))
    monkeypatch.setenv(variable, str(tmp_path / "tpyo"))
    code, out, err = effaug(*arguments)
    assert (code, out) == (2, "")
    sentence = err.splitlines()[-1]
    assert sentence.startswith("effaug: ")
    assert str(tmp_path / "tpyo") in sentence
    assert variable in sentence
    assert "Traceback" not in err
    assert [path.name for path in tmp_path.iterdir() if path.name != "cache"] == []


def test_variables_that_name_folders_to_write_into_have_them_made(effaug, tmp_path, monkeypatch):
    monkeypatch.setenv("EFFAUG_RESULTS", str(tmp_path / "new" / "results"))
    monkeypatch.setenv("EFFAUG_CACHE", str(tmp_path / "new" / "cache"))
    code, _, err = effaug("run", "digits-crop", *SMALL)
    assert code == 0, err
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["cache", "results"]
    assert effaug("summary")[0] == 0


@pytest.fixture
def tiny_cifar10(tmp_path_factory, monkeypatch):
    """A CIFAR-10 of 60 training and 20 test images."""
    folder, rng = tmp_path_factory.mktemp("data"), np.random.default_rng(0)
    arrays = {f"x_{part}": rng.integers(0, 256, (n, 32, 32, 3), np.uint8) for part, n in (("train", 60), ("test", 20))}
    labels = {f"y_{part}": np.arange(n, dtype=np.uint8) % 3 for part, n in (("train", 60), ("test", 20))}
    np.savez(folder / "cifar10.npz", **arrays, **labels)
    monkeypatch.setenv("EFFAUG_DATA", str(folder))


def test_a_network_that_is_missing_is_a_sentence(effaug, weights, tiny_cifar10, tmp_path):
    for options, name in (([], "cifar10"), (["--weights", "cifar10-mine"], "cifar10-mine")):
        code, out, err = effaug("run", "cifar10-crop", "--n-train", "40", *options)
        assert (code, out) == (2, "")
        assert err.splitlines()[-1] == (
            f"effaug: no network '{name}' in {weights}; there: toy. `effaug train-cnn` trains one"
        )
        assert "Traceback" not in err
        assert not (tmp_path / "results").exists()


def test_a_file_of_weights_that_is_missing_or_none_of_keras_is_a_sentence(effaug, weights, tiny_cifar10, tmp_path):
    (tmp_path / "text.h5").write_text("no network")
    for path, sentence in (
        (tmp_path / "absent.h5", f"no file {tmp_path / 'absent.h5'}, nor absent.h5 in {weights}: name a network or"),
        (tmp_path / "text.h5", f"{tmp_path / 'text.h5'} is no whole HDF5 file"),
    ):
        code, out, err = effaug("run", "cifar10-crop", "--n-train", "40", "--weights", str(path))
        assert (code, out) == (2, "")
        assert err.splitlines()[-1].startswith(f"effaug: {sentence}")
        assert not (tmp_path / "results").exists()


def test_a_network_for_images_of_another_size_is_a_sentence(effaug, weights, tiny_cifar10, tmp_path):
    code, out, err = effaug("run", "cifar10-crop", "--n-train", "40", "--weights", "toy")
    assert (code, out) == (2, "")
    sentence = "effaug: images must have shape (16, 16, 3) as in toy, got (32, 32, 3)"
    assert err.splitlines()[-1] == sentence
    assert not (tmp_path / "results").exists()


# Networks


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ([], {}),
        (["--depth", "11", "--epochs", "7", "--batch-size", "32"], {"depth": 11, "epochs": 7, "batch_size": 32}),
        (["--augment", "--seed", "5"], {"augment": True, "random_state": 5}),
        (["--leave-out", "0,1", "--precision", "mixed_bfloat16"], {"leave_out": (0, 1), "precision": "mixed_bfloat16"}),
        (["--name", "mine", "--weights", "there"], {}),
        (["--epochs", "20", "--stop-after", "9", "--keep-epochs"], {"epochs": 20, "stop_after": 9}),
        (["--learning-rate", "0.008"], {"learning_rate": 0.008}),
    ],
)
def test_train_cnn_takes_its_settings_and_tells_the_test_accuracy(options, expected, effaug, monkeypatch):
    told = []

    def train(settings, folder, *, name, keep_epochs, progress):
        told.append((settings, str(folder), name, keep_epochs))
        progress({"epoch": 0, "batch": 5, "n_batches": 5, "images_per_second": 90.0, "loss": 1.5, "accuracy": 0.25})
        folder.mkdir(exist_ok=True)
        about = {"test": {"test_accuracy": 0.87654}, "history": [{}] * 3}
        (folder / "the.name.json").write_text(json.dumps(about))
        return folder / "the.name.weights.h5"

    monkeypatch.setattr(training, "train", train)
    monkeypatch.setenv("EFFAUG_WEIGHTS", "elsewhere")
    code, out, err = effaug("train-cnn", "cifar10", *options)
    assert code == 0, err
    folder = "there" if "--weights" in options else "elsewhere"
    assert out == f"{folder}/the.name.weights.h5: test accuracy 87.65 % after 3 epochs\n"
    settings = training.Training(**({"dataset": "cifar10"} | expected))
    assert told == [(settings, folder, "mine" if "--name" in options else "", "--keep-epochs" in options)]
    assert f"epoch 1 of {settings.n_epochs}: 90 images/s, loss 1.500, accuracy 25.0 %" in err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["cifar"], ["'cifar' (did you mean 'cifar10'?)", "cifar10, smallnorb"]),
        (["mnist"], ["'mnist'", "cifar10, smallnorb"]),
        (["cifar10", "--depth", "50"], ["depth must be 9n + 2", "got 50"]),
        (["cifar10", "--epochs", "0"], ["epochs must be at least 1", "got 0"]),
        (["cifar10", "--batch-size", "0"], ["batch_size must be at least 1", "got 0"]),
        (["cifar10", "--precision", "float16"], ["'float16'", "float32, mixed_bfloat16, mixed_float16"]),
        (["cifar10", "--leave-out", "3"], ["two labels such as 4,9", "'3'"]),
        (["cifar10", "--leave-out", "3,x"], ["numbers", "'x'"]),
        (["cifar10", "--leave-out", "3,3"], ["leave_out must be two different labels", "(3, 3)"]),
    ],
    ids=lambda part: " ".join(part),
)
def test_bad_settings_of_a_network_are_one_sentence_and_nothing_is_written(arguments, words, effaug, tmp_path):
    code, out, err = effaug("train-cnn", *arguments)
    assert (code, out) == (2, "")
    assert re.fullmatch(r"effaug: [^\n]+\n", err)
    assert [word for word in words if word not in err] == []
    assert list(tmp_path.iterdir()) == []


def test_a_network_that_is_trained_already_is_not_trained_again(effaug, tiny_cifar10, tmp_path, monkeypatch):
    (tmp_path / "w").mkdir()
    about = {"test": {"test_accuracy": 0.5}, "history": [{}] * 2, "data_sha256": datasets.load("cifar10").sha256()}
    trained = training.Training("cifar10", depth=11, epochs=2)
    (tmp_path / "w" / "mine.json").write_text(json.dumps(about | {"training": dataclasses.asdict(trained)}))
    (tmp_path / "w" / "mine.weights.h5").write_bytes(b"weights")
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in (tmp_path / "w").iterdir()}
    monkeypatch.setattr(training, "compiled", lambda *_, **__: pytest.fail("a network would be trained"))
    command = ["train-cnn", "cifar10", "--depth", "11", "--name", "mine", "--weights", "w"]
    code, out, err = effaug(*command, "--epochs", "2")
    assert (code, out) == (0, "w/mine.weights.h5: trained already; test accuracy 50.00 % after 2 epochs\n"), err
    code, out, err = effaug(*command, "--epochs", "3", "--seed", "1")
    assert (code, out) == (2, "")
    assert err == (
        "effaug: w/mine.weights.h5 holds a network trained with other settings: epochs 2, now 3; random_state 0, now "
        "1. Give this one another name (--name), or remove mine.weights.h5 and mine.json\n"
    )
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in (tmp_path / "w").iterdir()} == before


# The cache


def test_cache_is_listed_and_cleared(effaug, cache):
    assert effaug("cache") == (0, f"0.0 MB in {cache}\n", "")
    effaug("run", "digits-crop", *SMALL)
    size = sum(path.stat().st_size for path in cache.glob("features-*.npy"))
    code, out, err = effaug("cache")
    assert (code, err) == (0, "")
    *lines, last = out.splitlines()
    assert sorted(line.split("MB  ")[1] for line in lines) == [
        "features of 310 images by Pixels(), Crop(margins=(1,))",
        "features of 80 images by Pixels(), Crop(margins=(1,))",
    ]
    assert all(re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d +\d+\.\d MB  ", line) for line in lines)
    assert last == f"{size / 1e6:.1f} MB in {cache}"
    assert effaug("cache", "--clear") == (0, f"{size / 1e6:.1f} MB removed from {cache}\n", "")
    assert list(cache.iterdir()) == []
    assert effaug("cache") == (0, f"0.0 MB in {cache}\n", "")


def test_tasks_are_listed(effaug):
    code, out, err = effaug("tasks")
    assert (code, err) == (0, "")
    assert [line.split(":")[0] for line in out.splitlines()] == list(TASKS)
    lines = dict(line.split(": ", 1) for line in out.splitlines())
    assert lines["mnist-translate"] == "classes 3 and 8, 1000 points, (-2, 0), (2, 0), (0, -2), (0, 2)"
    assert lines["cifar10-rotate"] == "classes 0 and 1, 1000 points, -5, -2.5, 2.5, 5"
    assert lines["digits-crop"] == "classes 3 and 8, 200 points, 1"


def test_summary_prints_the_auc_of_every_stored_policy(effaug):
    for task in ("digits-crop", "digits-translate"):
        effaug("run", task, *SMALL[:-1], "2")
    code, out, err = effaug("summary", "digits-crop-n40")
    assert (code, err) == (0, "")
    header, *lines = (line.split() for line in out.splitlines())
    told = ["auc_mean", "auc_std", "n_seeds", "none", "tenth", "all"]
    assert header == ["task", "protocol", "features", "score", "policy", *told]
    assert [line[-7] for line in lines] == ["baseline", "deterministic_proportional"]
    assert [line[-4] for line in lines] == ["2", "1"]
    table = Results().table(["digits-crop-n40"])
    curve = table[table.policy == "deterministic_proportional"]
    assert float(lines[1][-6]) == pytest.approx(auc(curve.budget, curve.accuracy), abs=1e-3)
    accuracy = curve.set_index("budget").accuracy
    assert [float(value) for value in lines[1][-3:]] == pytest.approx(100 * accuracy[[0, 4, 40]].to_numpy(), abs=1e-3)
    assert {line.split()[0] for line in effaug("summary")[1].splitlines()[1:]} == {
        "digits-crop-n40",
        "digits-translate-n40",
    }
    code, out, err = effaug("summary", "mnist-crop")
    assert (code, out) == (2, "")
    assert err == "effaug: no results for 'mnist-crop' in results; stored: digits-crop-n40, digits-translate-n40\n"


def test_summary_of_nothing(effaug):
    code, out, err = effaug("summary")
    assert (code, out) == (2, "")
    assert err == (
        f"effaug: no results in {Path('results').absolute()}: name a folder that has them (--results, EFFAUG_RESULTS), "
        "or make some (`effaug run digits-rotate`)\n"
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], ["run", "train-cnn", "summary", "compare", "tasks", "cache", "figure"]),
        (["train-cnn"], ["cifar10", "--depth", "--epochs", "--augment", "--leave-out", "--precision", "--weights"]),
        (["cache"], ["--clear", "EFFAUG_CACHE"]),
        (["run"], ["--protocol", "--features", "--policies", "--jobs", "--results", "--weights", "mnist-rotate"]),
        (["summary"], ["--results", "1000 is perfect"]),
        (["compare"], ["--results", "--protocol", "198"]),
        (["tasks"], ["augmentation parameters"]),
        (["figure"], ["--results", "SVG, PDF or PNG"]),
    ],
)
def test_help(arguments, words, effaug):
    code, out, err = effaug(*arguments, "--help")
    assert (code, err) == (0, "")
    plain = re.sub(r"\x1b\[[0-9;]*m", "", out)
    assert [word for word in words if word not in plain] == []


@pytest.mark.slow
@pytest.mark.realdata
def test_refit_curves_of_real_images_repeat(real_data, tmp_path):
    options = ["--features", "refit", "--policies", "baseline,random_proportional", "--seeds", "1", "--n-train", "100"]
    options += ["--parameters=-20,20"]  # two copies a point: a fifth of the work
    for run, jobs in (("a", "1"), ("b", "2")):
        surroundings = os.environ | {"EFFAUG_CACHE": str(tmp_path / f"cache-{run}"), "EFFAUG_DATA": str(real_data)}
        command = [SCRIPT, "run", "mnist-rotate", *options, "--jobs", jobs, "--results", str(tmp_path / run)]
        done = subprocess.run(command, env=surroundings, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    first, second = ((tmp_path / run / "mnist-rotate-n100-by-20_20.csv").read_bytes() for run in "ab")
    assert first == second
    table = Results(tmp_path / "a").table()
    assert sorted(set(zip(table.features, table.score, table.policy, strict=True))) == [
        ("refit", "", "baseline"),
        ("refit", "", "full"),
        ("refit", "influence", "random_proportional"),
    ]
    last = table[table.budget == 100].accuracy
    assert len(last) == 3
    assert len(set(last)) == 1  # all augmented, by whatever policy
    assert table.accuracy.between(0.8, 1).all()


def test_compare_lists_what_is_stored_alone_and_says_where_nothing_is(effaug, tmp_path):
    curve = Curve("cifar10-crop", "paper", "frozen", "", "baseline", 0, (0, 1000), np.array([0.9, 0.9]))
    Results(tmp_path).save([dataclasses.replace(curve, task="digits-crop")], {})
    code, out, err = effaug("compare", "--results", str(tmp_path))
    assert (code, out) == (2, "")
    assert f"none of the paper's 198 AUCs is stored in {tmp_path}; `effaug summary` prints" in err
    stored = Results(STORED).record("cifar10-crop")["paper/frozen"]
    Results(tmp_path).save([curve], {key: stored[key] for key in ("protocol", "network", "data_sha256")})
    code, out, _ = effaug("compare", "--results", str(tmp_path), "--protocol", "paper")
    _, *rows, last = out.split("\n\n")[0].splitlines()
    assert (code, len(rows), last.split(";")[0]) == (0, 2, "2 of 198 under the paper protocol")
    code, out, _ = effaug("compare", "--results", str(tmp_path))
    assert (code, out.startswith("0 of 198 under the reconstruction protocol\n\n"), "NaN" in out) == (0, True, False)


def test_compare_lists_all_198_pairs_and_counts_what_is_stored(effaug):
    code, out, err = effaug("compare", "--protocol", "paper", "--results", str(STORED))
    assert "The cifar10 network is a ResNet of depth 20" in err
    pairs, close = out.split("\n\n")
    header, *rows, last = pairs.splitlines()
    assert code == 0
    assert header.split() == list(published_pairs(Results(STORED), "paper").columns)
    assert len(rows) == 198
    stored = [row for row in rows if int(re.findall(r" (\d+) +\d+\.\d\d ", row)[-1]) > 0]
    assert last.startswith(f"{len(stored)} of 198 under the paper protocol; ours less the paper's: median ")
    assert any("mnist-rotate influence" in row for row in stored)
    assert close.rstrip() == agreement(Results(STORED), NAMES).to_string(na_rep="-")
    code, _, err = effaug("compare", "--protocol", "papper", "--results", str(STORED))
    assert (code, "did you mean 'paper'" in err) == (2, True)


@pytest.mark.parametrize(
    ("old", "new", "options"),
    [
        (["aucs"], "summary", ["digits-crop", "digits-rotate"]),
        (["report", "aucs"], "compare", ["--protocol", "paper"]),
    ],
)
def test_commands_by_their_old_names_print_the_same_and_name_the_new_one(old, new, options, effaug):
    code, out, err = effaug(new, *options, "--results", str(STORED))
    assert (code, out != "") == (0, True)
    sentence = f"effaug {' '.join(old)} is deprecated: it is now effaug {new}\n"
    assert effaug(*old, *options, "--results", str(STORED)) == (0, out, sentence + err)
    assert " aucs " not in effaug(*old[:-1], "--help")[1]


def test_report_as_json_has_no_infinity_where_there_is_a_single_seed(effaug, tmp_path):
    store, budgets = Results(tmp_path), load_task("cifar10-rotate").budgets
    for policy, score, at in (
        ("baseline", "", budgets),
        ("random_proportional", "influence", budgets),
        ("full", "", (1000,)),
    ):
        curve = Curve("cifar10-rotate", "paper", "frozen", score, policy, 0, at, np.full(len(at), 0.9))
        store.save([curve], {})
    code, out, _ = effaug("report", "--json", "--results", str(tmp_path))
    assert code == 0
    claims = {claim["id"]: claim for claim in json.loads(out, parse_constant=pytest.fail)["claims"]}
    (comparison,) = claims["beats-random"]["comparisons"]
    assert (comparison["low"], comparison["high"], comparison["effect"]) == (None, None, 0)


def test_reports_of_an_empty_folder_say_so(effaug, tmp_path):
    for command in (["report"], ["compare"], ["export", str(tmp_path / "out")], ["summary"]):
        code, out, err = effaug(*command, "--results", str(tmp_path))
        assert (code, out) == (2, "")
        assert f"no results in {tmp_path}" in err
    assert list(tmp_path.iterdir()) == []


def test_reproduce_ends_with_status_1_where_results_were_altered(effaug, tmp_path, without_digests):
    for suffix in ("csv", "json", "npz"):
        shutil.copy(STORED / f"digits-crop.{suffix}", tmp_path)
    without_digests(tmp_path)
    path = tmp_path / "digits-crop.csv"
    row = next(r for r in path.read_text().splitlines() if r.startswith("digits-crop,paper,frozen,,full,0,"))
    path.write_text(path.read_text().replace(row, f"{row.rsplit(',', 1)[0]},0.5"))
    code, out, _ = effaug("reproduce", "digits-crop", "--seeds", "1", "--results", str(tmp_path))
    assert (code, "AUC: NOT found again (variations" in out) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["mnist-flip"], "no results with frozen features of 'mnist-flip' in "),
        (["digits-crop", "--features", "refit"], "no results with refit features of 'digits-crop' in "),
        (["digits-crop", "--into", str(STORED)], "holds the stored results: name another folder"),
    ],
)
def test_reproduce_names_what_is_wrong(effaug, arguments, sentence):
    code, _, err = effaug("reproduce", *arguments, "--results", str(STORED))
    assert code == 2
    assert sentence in err


def test_bench_training_stores_what_it_measured_and_prints_the_line(effaug, monkeypatch):
    asked = []

    def epoch_times(settings, sizes, *, n_repeats, progress):
        asked.append((settings.depth, sizes, n_repeats))
        return pd.DataFrame({"size": sizes, "repeat": 0, "seconds": [0.25 + size / 1000 for size in sizes]})

    def selection_times(task, epochs, *, n_repeats, progress):
        asked.append((task.name, epochs))
        return pd.DataFrame({"task": [task.name], "part": "scores", "images": 1000, "repeat": 0, "seconds": 0.5})

    monkeypatch.setattr(timing, "epoch_times", epoch_times)
    monkeypatch.setattr(timing, "selection_times", selection_times)
    options = ("--sizes", "10,20,30", "--tasks", "mnist-rotate,mnist-crop", "--epochs", "3", "--depth", "20")
    code, out, err = effaug("bench-training", *options, "--repeats", "2", "--name", "here", "--results", "there")
    assert code == 0, err
    assert asked == [(20, (10, 20, 30), 2), ("mnist-rotate", 3), ("mnist-crop", 3)]
    assert out.startswith("there/timing/here.json: 1.000 ms an image, R^2 = 1.00000, on ")
    stored = timing.load(Path("there/timing"))["here"]
    assert stored["selection_times"].task.tolist() == ["mnist-rotate", "mnist-crop"]
    assert Results("there").tasks() == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--sizes", "10,x"), "sizes must be made of numbers, got 'x'"),
        (("--tasks", "mnist-turn"), "unknown task 'mnist-turn'"),
        (("--depth", "21"), "depth must be 9n + 2"),
    ],
)
def test_bench_training_names_what_does_not_do(effaug, options, message):
    code, _, err = effaug("bench-training", *options)
    assert code == 2
    assert message in err


def test_report_prints_the_scorecard_and_the_same_as_json(effaug):
    code, out, err = effaug("report", "--results", str(STORED))
    assert code == 0, err
    found = scorecard.scorecard(Results(STORED), "paper")
    header, *lines = out.split("\n\n")[0].splitlines()
    assert header == "Under the paper protocol (others: --protocol released-code, --protocol reconstruction):"
    assert [line[:14].strip() for line in lines] == found.verdict.tolist()
    names = [
        line.removeprefix(verdict).split(":")[0].strip() for line, verdict in zip(lines, found.verdict, strict=True)
    ]
    assert names == found.index.tolist()
    for line, (_, row) in zip(lines, found.iterrows(), strict=True):
        told = line.rsplit("; ", 2 if row.open else 1)[1].removesuffix("]")
        assert told == ", ".join(f"{row[word]} {word}" for word in scorecard.OUTCOMES if row[word])
        assert line.endswith(f"; seeds to decide: {row['seeds to decide']}]" if row.open else f"{told}]")
    code, out, _ = effaug("report", "--json", "--results", str(STORED))
    told = json.loads(out)
    assert [claim["verdict"] for claim in told["claims"]] == found.verdict.tolist()
    for claim in told["claims"]:
        outcomes = [row["outcome"] for row in claim["comparisons"]]
        assert [outcomes.count(word) for word in scorecard.OUTCOMES] == [claim[word] for word in scorecard.OUTCOMES]
        needed = [row["seeds to decide"] for row in claim["comparisons"] if row["outcome"] == "open"]
        assert claim["seeds to decide"] in (needed or [None])
        exact = [row for row in claim["comparisons"] if row["low"] is None and row["outcome"] in ("yes", "no", "equal")]
        assert all(row["high"] is None and row["seeds"] == 1 for row in exact)
    other = json.loads(effaug("report", "--json", "--protocol", "released-code", "--results", str(STORED))[1])
    assert other["protocol"] == "released-code"
    assert other["claims"] != told["claims"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("export", "/dev/null/x"), "/dev/null/x cannot be used (Not a directory)"),
        (("validate", "--junit", "/proc/x.xml"), "/proc/x.xml cannot be used (No such file or directory)"),
    ],
)
def test_places_that_cannot_be_used_are_named_without_numbers(effaug, arguments, sentence):
    code, _, err = effaug(*arguments, "--results", STORED)
    assert code == 2
    assert err.splitlines()[-1] == f"effaug: {sentence}"
