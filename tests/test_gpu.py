"""gpu/refit.py: what can be checked without JAX. Its `check` compares network and step with Keras's."""

import importlib.util
import pickle
from pathlib import Path

import numpy as np
import pytest

from effaug.study.results import Curve, Results

SCRIPT = Path(__file__).parents[1] / "gpu" / "refit.py"


@pytest.fixture(scope="module")
def refit():
    spec = importlib.util.spec_from_file_location("refit", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


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
