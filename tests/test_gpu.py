"""gpu/: what can be checked without a GPU. `refit.py check` compares network and step with Keras's."""

import importlib.util
import os
import pickle
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from effaug.study.results import Curve, Results

FOLDER = Path(__file__).parents[1] / "gpu"


def script(name):
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def refit():
    return script("refit")


@pytest.fixture
def bench(monkeypatch):
    """gpu/bench.py on the words given, on a machine with or without a GPU: what the suite is called with."""

    def call(*words, gpu):
        called = []
        suite = SimpleNamespace(main=lambda: called.append((*sys.argv[1:], os.environ["KERAS_BACKEND"])) or 0)
        monkeypatch.setitem(sys.modules, "benchmarks", SimpleNamespace(__main__=suite))
        monkeypatch.setitem(sys.modules, "jax", SimpleNamespace(default_backend=lambda: "gpu" if gpu else "cpu"))
        for name in ("KERAS_BACKEND", "JAX_PLATFORMS"):  # restored afterwards
            monkeypatch.setenv(name, "")
        monkeypatch.setattr(sys, "argv", ["bench.py", *words])
        assert script("bench").main() == 0
        return called

    return call


def test_the_benchmarks_are_those_of_the_suite_by_jax(bench):
    assert bench(gpu=True) == [("--store", "gpu", "networks", "features", "jax")]
    assert bench("features-lenet", gpu=True) == [("--store", "gpu", "features-lenet", "jax")]
    assert bench("--rehearsal", gpu=False) == [("--no-store", "features-lenet", "jax")]


def test_a_cpu_is_not_taken_for_a_gpu(bench, capsys):
    with pytest.raises(SystemExit):
        bench(gpu=False)
    assert "JAX sees no GPU; --rehearsal computes on a CPU" in capsys.readouterr().err


def test_its_curves_are_those_of_the_tables(refit):
    curves = {(e.task.name, *e.key(job)) for e in refit._experiments(5) for job in e.jobs()}
    assert len(curves) == 330  # three tasks, five rounds: full, baseline, ten policies by two scores
    assert {key[1:3] for key in curves} == {("released-code", "refit")}


@pytest.mark.realdata
def test_copies_and_points_are_those_of_the_tasks(refit, real_data, tmp_path, monkeypatch):
    from effaug.images.augment import with_originals
    from effaug.study import tasks
    from effaug.study.task_data import load_subset

    monkeypatch.setenv("EFFAUG_DATA", str(real_data))
    refit.write_images(tmp_path / "images.npz")
    monkeypatch.setenv("EFFAUG_IMAGES", str(tmp_path / "images.npz"))
    task = refit._experiments(1)[2].task
    subset, augmentation = load_subset(task), tasks.augmentation(task)
    np.testing.assert_array_equal(
        refit.copies(subset.x_test, augmentation), with_originals(subset.x_test, augmentation)
    )
    for name in refit.POINTS:
        np.testing.assert_array_equal(refit._stored()[name], getattr(subset, name))


@pytest.mark.realdata
def test_curves_are_stored_with_the_machine_they_are_from(refit, real_data, tmp_path, monkeypatch):
    monkeypatch.setenv("EFFAUG_DATA", str(real_data))
    there = {"libraries": {"numpy": "2.5.2"}, "versions": "jax 0.11.2", "machine": "a GPU"}
    key = ("mnist-crop", "released-code", "refit", "", "baseline", 0)
    curve = Curve(*key, (0, 1, 1000), np.array([0.9, 0.91, 0.95]), {"order": np.arange(1000, dtype=np.uint16)}, 7.0)
    (tmp_path / "curves.pkl").write_bytes(pickle.dumps((there, [curve])))
    refit.store(tmp_path / "curves.pkl", tmp_path / "results")
    found = Results(tmp_path / "results")
    assert found.done("mnist-crop") == {key[1:]}
    record = found.record("mnist-crop")["released-code/refit"]
    assert (record["machine"], record["network"]["versions"]) == ("a GPU", "jax 0.11.2")
    assert record["libraries"]["numpy"] == "2.5.2"
    assert {"x_train", "y_train", "x_test", "y_test"} == set(record["data_sha256"])
