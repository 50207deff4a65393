"""effaug.study.reproduce: what is stored comes out again, and what was altered does not pass."""

import dataclasses
from functools import partial

import numpy as np
import pytest

from effaug.report.parameters import STORED
from effaug.study import reproduce
from effaug.study.experiment import Experiment
from effaug.study.protocols import PROTOCOLS, load_protocol
from effaug.study.results import Curve, Results
from effaug.study.runner import run
from effaug.study.tasks import load_task

STORE = Results(STORED)


@pytest.mark.parametrize("task", STORE.tasks())
def test_records_give_back_the_experiments_that_made_them(task):
    found = reproduce.stored_experiments(STORE, task)
    for name in PROTOCOLS:
        protocol = load_protocol(name)
        again = [e for e in found if e.protocol.name == name]
        for e in again:
            assert e.task == dataclasses.replace(load_task(task, protocol=protocol), weights=e.task.weights)
            assert e.protocol == dataclasses.replace(protocol, one_smallnorb_network=e.protocol.one_smallnorb_network)
        assert len(again) == 1
        stored = {key for key in STORE.done(task) if key[:2] == (name, "frozen")}
        assert {e.key(job) for e in again for job in e.jobs()} == stored


def test_a_task_without_results_is_named():
    with pytest.raises(ValueError, match="no results with refit features of 'digits-crop'"):
        reproduce.stored_experiments(STORE, "digits-crop", "refit")
    with pytest.raises(ValueError, match="no results with frozen features of 'mnist-flip'"):
        reproduce.stored_experiments(STORE, "mnist-flip")


def test_digits_are_found_again(cache, tmp_path):
    found = reproduce.reproduce("digits-crop", STORE, tmp_path / "again", run, n_seeds=2)
    assert found.protocol.tolist() == ["paper", "released-code"]
    assert found.curves.tolist() == [48, 33]  # under paper also margins, clusters, k-DPPs, support vectors
    assert found["within tolerance"].all()


@pytest.mark.realdata
@pytest.mark.slow
@pytest.mark.parametrize("task", ["cifar10-crop"])
def test_a_frozen_network_and_an_empty_cache_find_the_stored_results_again(
    real_data, task, cache, tmp_path, monkeypatch
):
    monkeypatch.setenv("EFFAUG_DATA", str(real_data))
    found = reproduce.reproduce(task, STORE, tmp_path / "again", partial(run, n_jobs=2), n_seeds=1)
    assert set(found.protocol) == set(PROTOCOLS)
    assert found["within tolerance"].all(), found


def test_variations_are_computed_when_asked_for(cache, tmp_path):
    stored = Results(tmp_path / "a")
    varied = load_protocol("paper", C=1.0)
    task = load_task("digits-crop")
    run(Experiment(task, varied, policies=("baseline",), n_seeds=1), stored)
    with pytest.raises(ValueError, match="only variations are stored of 'digits-crop'"):
        reproduce.reproduce(task.name, stored, tmp_path / "b", run)
    run(Experiment(task, load_protocol("paper"), policies=("baseline",), n_seeds=1), stored)
    found = reproduce.reproduce(task.name, stored, tmp_path / "b", run)
    assert found.protocol.tolist() == ["paper"]
    found = reproduce.reproduce(task.name, stored, tmp_path / "c", run, variations=True)
    assert found.protocol.tolist() == ["paper", "paper+C=1.0"]
    assert found["within tolerance"].all()


def twenty_seeds(folder, one=0.0, each=0.0):
    """A baseline of twenty seeds; accuracy in the middle is changed for seed 0, or everywhere for each."""
    store = Results(folder)
    for seed in range(20):
        accuracies = np.array([0.9, 0.91 + (one if seed == 0 else 0), 0.95]) + each
        store.save([Curve("digits-crop", "paper", "frozen", "", "baseline", seed, (0, 1, 1000), accuracies)], {})
    return store


@pytest.mark.parametrize(("by", "same"), [(0.0, True), (0.004, True), (0.006, False)])
def test_the_tolerance_is_on_every_accuracy(tmp_path, by, same):
    stored, computed = twenty_seeds(tmp_path / "a"), twenty_seeds(tmp_path / "b", one=by)
    (row,) = reproduce.compare(stored, computed, "digits-crop").to_dict("records")
    assert row["accuracy differs by"] == pytest.approx(by)
    assert row["mean AUC differs by"] < 0.2
    assert row["within tolerance"] == same
    assert row["curves"] == 20


@pytest.mark.parametrize(("by", "same"), [(0.0004, True), (0.0006, False)])
def test_the_tolerance_is_on_mean_aucs_too(tmp_path, by, same):
    stored, computed = twenty_seeds(tmp_path / "a"), twenty_seeds(tmp_path / "b", each=by)
    (row,) = reproduce.compare(stored, computed, "digits-crop").to_dict("records")
    assert row["accuracy differs by"] < reproduce.ACCURACY_TOLERANCE
    assert row["mean AUC differs by"] == pytest.approx(1000 * by)
    assert row["within tolerance"] == same


@pytest.mark.parametrize(("by", "same"), [(0.0009, True), (0.003, False)])
def test_refitted_networks_are_new_rounds_whose_means_are_compared(tmp_path, by, same):
    """Five rounds with a standard deviation of 0.5 of 1000: three standard errors of the difference are 0.95."""
    stored, computed = Results(tmp_path / "a"), Results(tmp_path / "b")
    deviations = 0.0005 * np.array([-1.5, 0.0, 0.0, 0.5, 1.0]) / np.std([-1.5, 0.0, 0.0, 0.5, 1.0], ddof=1)
    for store, shift in ((stored, 0.0), (computed, by)):
        for seed, deviation in enumerate(deviations if store is stored else deviations[::-1]):
            accuracies = np.array([0.9, 0.9, 0.9]) + deviation + shift
            key = ("digits-crop", "paper", "refit", "", "baseline", seed)
            store.save([Curve(*key, (0, 1, 1000), accuracies)], {})
    (row,) = reproduce.compare(stored, computed, "digits-crop").to_dict("records")
    assert row["mean AUC differs by"] == pytest.approx(1000 * by)
    assert row["within tolerance"] == same
    stored.save([Curve("digits-crop", "paper", "refit", "", "full", 0, (1000,), np.array([0.9]))], {})
    assert not reproduce.compare(stored, computed, "digits-crop", stored.done("digits-crop"))["within tolerance"].any()


def test_less_than_one_seed_is_refused_before_anything_is_computed(tmp_path):
    def run(experiment, store):
        raise AssertionError("computed")

    with pytest.raises(ValueError, match="n_seeds must be at least 1, got 0"):
        reproduce.reproduce("digits-crop", Results(STORED), tmp_path, run, n_seeds=0)


@pytest.mark.parametrize("lost", ["curve", "budget"])
def test_what_was_asked_for_and_is_missing_does_not_pass(tmp_path, lost):
    stored, computed = Results(tmp_path / "a"), Results(tmp_path / "b")
    for store in (stored, computed):
        size = 120 if (lost, store) == ("budget", computed) else 200
        store.save([Curve("mnist-crop", "paper", "frozen", "", "full", 0, (1000,), np.array([0.9]))], {})
        if (lost, store) != ("curve", computed):
            vsv = Curve("mnist-crop", "paper", "frozen", "", "virtual_support_vectors", 0, (size,), np.array([0.9]))
            store.save([vsv], {})
    (row,) = reproduce.compare(stored, computed, "mnist-crop", stored.done("mnist-crop")).to_dict("records")
    assert not row["within tolerance"]
    (row,) = reproduce.compare(stored, stored, "mnist-crop", stored.done("mnist-crop")).to_dict("records")
    assert row["within tolerance"]
    assert row["curves"] == 2
