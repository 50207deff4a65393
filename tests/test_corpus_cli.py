"""At the command line a broken input is one sentence and exit status 2, or 1 where a check was asked for."""

import gzip
import re

import numpy as np
import pooch  # noqa: F401  its logger keeps the stderr of its import, which must outlive a test
import pytest
from corpus import CASES, READERS
from corpus.raw import offered

from effaug.study import datasets

QUICK = ("--policies", "baseline", "--seeds", "1", "--n-train", "10")

pytestmark = pytest.mark.torture


def put(folder, case):
    """Write the files of a case; what its sentence says."""
    reader, broken = CASES[case]
    reader.put(folder, broken.files)
    return broken.says


@pytest.fixture
def refused(effaug, withstood):
    """Runs a command that must end with one sentence of a case, and exit status 2."""

    def run(case, says, *arguments):
        status, out, err = effaug(*arguments)
        assert (status, out, err.count("effaug: "), "Traceback" in err) == (2, "", 1, False), (out, err)
        assert re.match(f"effaug: .*({says})", err.splitlines()[-1]), err  # after the progress bar, where one began
        withstood("broken input refused", f"{case.partition(':')[0]}, at the command line", 1)

    return run


@pytest.fixture
def some_cifar10(tmp_path, monkeypatch):
    """Sixty random images in CIFAR-10's form, as ``EFFAUG_DATA``."""
    x, y = np.random.default_rng(0).integers(0, 256, (60, 32, 32, 3), np.uint8), np.arange(60) % 10
    (tmp_path / "data").mkdir()
    np.savez(tmp_path / "data" / "cifar10.npz", x_train=x, y_train=y, x_test=x, y_test=y)
    monkeypatch.setenv("EFFAUG_DATA", str(tmp_path / "data"))


@pytest.mark.parametrize("fault", ["NaN labels", "three labels", "pickled", "key missing", "a bomb that lies"])
def test_images_of_ones_own(fault, tmp_path, refused):
    case = f"own images: {fault}"
    says = put(tmp_path, case)
    refused(case, says, "run", "mine.npz", "--augmentation", "rotate", "--parameters", "5")


@pytest.mark.parametrize("fault", ["NaN labels", "pickled images", "a bomb that lies"])
def test_a_data_set(fault, tmp_path, refused, monkeypatch):
    monkeypatch.setenv("EFFAUG_DATA", str(tmp_path))
    case = f"data set: {fault}"
    refused(case, put(tmp_path, case), "run", "mnist-rotate")


@pytest.mark.parametrize(
    ("case", "dataset", "file"),
    [
        ("download: wrong hash", "mnist", ""),
        ("download: a bomb", "mnist", ""),
        ("idx: terabytes", "mnist", "x.idx"),
        ("CIFAR tar: a bomb of zeros", "cifar10", "x.tar"),
        ("NORB .mat: 0 times too much", "smallnorb", "x.mat"),
    ],
)
def test_a_download(case, dataset, file, tmp_path, refused, monkeypatch):
    monkeypatch.setenv("EFFAUG_DATA", str(tmp_path))
    says = put(tmp_path, case)
    if file:
        (tmp_path / "raw").mkdir()
        for name in datasets.SOURCES[dataset].files:
            (tmp_path / "raw" / name).write_bytes(gzip.compress((tmp_path / file).read_bytes()))
    with offered(tmp_path, dataset):
        refused(case, says, "run", f"{dataset}-rotate")


@pytest.mark.parametrize("fault", ["cut to 200 bytes", "a terabyte", "a link to another file", "words"])
def test_a_keras_file(fault, tmp_path, refused, some_cifar10):
    case = f"Keras file: {fault}"
    refused(case, put(tmp_path, case), "run", "cifar10-rotate", "--weights", "mine.h5", *QUICK)


@pytest.mark.parametrize("fault", ["cut to 200 bytes", "a terabyte", "JSON nested too deep", "a depth of a million"])
def test_weights(fault, tmp_path, refused, some_cifar10, monkeypatch):
    monkeypatch.setenv("EFFAUG_WEIGHTS", str(tmp_path))
    case = f"weights: {fault}"
    refused(case, put(tmp_path, case), "run", "cifar10-rotate", "--weights", "toy", *QUICK)


@pytest.mark.parametrize("case", ["training's record: wrong hash", "checkpoint: no history", "checkpoint: JSON cut"])
def test_a_training_that_was_begun(case, tmp_path, refused, some_cifar10):
    beside = case.startswith("checkpoint")
    says = put(tmp_path / ".cifar10.checkpoint" if beside else tmp_path, case)
    (tmp_path / "cifar10.weights.h5").touch()
    refused(case, says, "train-cnn", "cifar10", "--weights", tmp_path)


@pytest.mark.parametrize("fault", ["NaN", "a csv of a terabyte", "json nested too deep", "a record of None"])
def test_results(fault, tmp_path, refused):
    case = f"results: {fault}"
    refused(case, put(tmp_path / "results", case), "summary")


@pytest.mark.parametrize(
    ("case", "folder"),
    [
        ("results: NaN", ""),
        ("results: pickled", ""),
        ("results: a bomb that lies", ""),
        ("timings: wrong hash", "timing"),
        ("counts: nested too deep", ""),
        ("notebook: nothing", "../notebooks"),
    ],
)
def test_what_is_validated(case, folder, tmp_path, effaug, withstood):
    READERS["results"].put(tmp_path / "results")
    says = put(tmp_path / "results" / folder, case)
    status, out, err = effaug("validate", *(["--notebooks"] if folder == "../notebooks" else []))
    assert (status, err) == (1, "")
    assert re.search(says, out), out
    withstood("broken input refused", f"{case.partition(':')[0]}, at the command line", 1)


def test_cached_features(tmp_path, effaug, refused, cache):
    assert effaug("run", "digits-rotate", *QUICK)[0] == 0
    for features in cache.glob("features-*.npy"):
        features.write_bytes(features.read_bytes()[:-1])
    says = "is damaged .*remove it, and it is computed again"
    refused("cached features", says, "run", "digits-rotate", *QUICK, "--results", "other")
    for about in cache.glob("features-*.json"):
        about.write_text('{"points": "x", "of": 1, "copies": 1e99}')
    assert effaug("cache")[:2] == (0, f"0.0 MB in {cache}\n")
