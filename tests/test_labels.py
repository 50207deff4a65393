"""A protocol's label is a name and nothing more: readers find the same under labels that say nothing, or lie."""

import json
import shutil
from dataclasses import replace

import pandas as pd
import pytest

from effaug.report import discrepancies, measures, reconstruction, scorecard, sensitivity, sources, tables
from effaug.report.panels import Board
from effaug.report.parameters import STORED
from effaug.report.view import view_of
from effaug.study import provenance
from effaug.study.experiment import Experiment
from effaug.study.protocols import PROTOCOLS, Protocol
from effaug.study.records import by_protocol, protocol_of, protocols_of, written
from effaug.study.reproduce import reproduce, stored_experiments
from effaug.study.results import Results
from effaug.study.runner import run
from effaug.study.tasks import AUGMENTATIONS, load_task

TASKS = tuple(f"{dataset}-{augmentation}" for dataset in ("cifar10", "mnist") for augmentation in AUGMENTATIONS)
LABELS = sorted({label for task in TASKS for label in protocols_of(Results(STORED).record(task))} - {*PROTOCOLS})
# Each says that something else was changed in another protocol.
LYING = {label: f"released-code~ridge+weights=unheard-of~C={k}" for k, label in enumerate(LABELS)}


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """Stored results of two data sets."""
    folder = tmp_path_factory.mktemp("plain")
    for path in (path for task in TASKS for path in STORED.glob(f"{task}.*")):
        shutil.copy(path, folder)
    return Results(folder)


@pytest.fixture(scope="module")
def lying(plain, tmp_path_factory):
    """The same under other labels."""
    folder = tmp_path_factory.mktemp("lying")
    for task in TASKS:
        shutil.copy(plain.folder / f"{task}.npz", folder)
        table, record = plain.table([task]), {}
        table.protocol = table.protocol.replace(LYING)
        table.to_csv(folder / f"{task}.csv", index=False)
        for (label, features), stored in by_protocol(plain.record(task)).items():
            name = LYING.get(label, label)
            record[f"{name}/{features}"] = stored | {"protocol": stored["protocol"] | {"name": name}}
        (folder / f"{task}.json").write_text(json.dumps(record))
    return Results(folder)


READERS = {
    "sensitivity": lambda results: sensitivity.sensitivity(results, TASKS),
    "one choice swapped": lambda results: discrepancies.isolated(results, "paper"),
    "cross-validation": lambda results: measures.effects(
        Board(results, "paper"), next(claim for claim in scorecard.CLAIMS if claim.id == "regularisation-idle")
    ),
    "distances": lambda results: reconstruction.distances(results, "cifar10").rename(LYING).sort_index(),
    "distances of MNIST": lambda results: reconstruction.distances(results, "mnist").rename(LYING).sort_index(),
}


@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
def test_readers_find_the_same_whatever_the_labels_say(read, plain, lying):
    expected = read(plain)
    assert len(expected) >= 1
    pd.testing.assert_frame_equal(read(lying), expected)


def test_pages_under_a_changed_protocol_are_the_same_whatever_its_label(plain, lying):
    for label in ("paper+weights=cifar10-unseen", "released-code+mnist_network=lenet"):
        views = [view_of(results, protocol=name) for results, name in ((plain, label), (lying, LYING[label]))]
        for make in (tables.task_table, sources.provenance):
            expected, found = (make(view).drop(columns=["file", "protocol"], errors="ignore") for view in views)
            pd.testing.assert_frame_equal(found, expected)
    assert tables.task_table(views[1]).network["mnist-rotate"] == "lenet"


def test_experiments_come_back_from_their_records_whatever_their_labels(plain, lying):
    for task in TASKS:
        pairs = zip(*(stored_experiments(results, task) for results in (plain, lying)), strict=True)
        before, after = zip(*pairs, strict=True)
        by_name = {experiment.protocol.name: experiment for experiment in after}
        for one in before:
            other = by_name[LYING.get(one.protocol.name, one.protocol.name)]
            assert replace(other.protocol, name=one.protocol.name) == one.protocol
            assert (other.task, other.curves) == (one.task, one.curves)
            provenance.check_same(lying, other, provenance.describe(other))


def test_a_record_gives_back_its_protocol_and_tells_the_changes():
    mine = Protocol("mine", base="released-code", swapped=("subtract_mean",), C="cv", epochs=3, ridge=None)
    stored = json.loads(json.dumps(written(mine)))
    assert protocol_of({"protocol": stored}) == mine
    assert stored["changes"].keys() == mine.changes.keys() > {"C", "epochs", "ridge"}
    assert {key: stored[key] for key in stored["changes"]} == stored["changes"]


def test_stored_records_are_made_of_their_base_and_their_changes():
    for task in Results(STORED).tasks():
        for stored in Results(STORED).record(task).values():
            protocol, about = protocol_of(stored), stored["protocol"]
            assert json.loads(json.dumps(protocol.changes)) == about["changes"]
            made = replace(PROTOCOLS[about["base"]], name=about["name"], swapped=protocol.swapped, **protocol.changes)
            assert made == protocol


def test_a_variation_of_ones_own_is_stored_and_reproduced(cache, tmp_path):
    stored = Results(tmp_path / "stored")
    for mine in (Protocol("mine", C=3.0), PROTOCOLS["paper"]):
        run(Experiment(load_task("digits-crop"), mine, policies=("baseline",), n_seeds=1), stored)
    found = reproduce("digits-crop", stored, tmp_path / "again", run)
    assert found.protocol.tolist() == ["paper"]
    found = reproduce("digits-crop", stored, tmp_path / "again", run, variations=True)
    assert sorted(found.protocol) == ["mine", "paper"]
    assert found["within tolerance"].all()
    assert stored.label("digits-crop", "paper", lambda protocol: replace(protocol, C=3.0)) == "mine"
