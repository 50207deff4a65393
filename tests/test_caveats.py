"""effaug.study.caveats: what must be said beside numbers is said, and nothing where nothing must be."""

import pytest

from effaug.images.weights import load_manifest, networks
from effaug.report.parameters import STORED
from effaug.report.view import View, view_of
from effaug.study import datasets
from effaug.study.caveats import caveats, caveats_of_means, data_caveat, precision_caveat, training_caveat
from effaug.study.records import by_protocol
from effaug.study.results import Results
from effaug.study.training import Training

WHOLE = {"depth": 56, "epochs": 200}


def test_a_network_of_the_released_codes_depth_and_whole_schedule_needs_no_words():
    assert training_caveat("cifar10", WHOLE) == ""
    assert training_caveat("cifar10", WHOLE | {"epochs": 1000}) == ""


def test_the_whole_schedule_is_the_shortest_in_which_the_rate_last_falls_where_the_released_codes_does():
    falls = {
        epochs: _last_fall(Training("cifar10", epochs=epochs)) for epochs in (WHOLE["epochs"] - 2, WHOLE["epochs"])
    }
    assert falls[WHOLE["epochs"]] == 180 > falls[WHOLE["epochs"] - 2]


def _last_fall(training):
    return max(e for e in range(1, training.epochs) if training.rate(e) < training.rate(e - 1))


def test_means_over_networks_are_named_with_what_is_to_be_said_of_each():
    results, task = Results(STORED), "cifar10-crop"
    record, labels = results.record(task), results.labels(task, "reconstruction")
    first, *rest = caveats_of_means(record, labels, "frozen")
    names = [record[f"{label}/frozen"]["network"]["network"] for label in labels]
    assert first.startswith(
        f"Curves over networks of depth 56 are means over {', '.join(names)}; what is shown of single "
    )
    assert len(names) == 3
    assert rest[0] == data_caveat(record[f"{labels[0]}/frozen"]["data_sha256"])
    assert [name for name in names if not any(f"The {name} network" in each for each in rest[1:])] == []
    (alone,) = results.labels(task, "released-code")
    assert caveats_of_means(record, (alone,), "frozen") == caveats(record[f"{alone}/frozen"])
    assert caveats_of_means(record, (alone,), "refit") == []


@pytest.mark.parametrize("less", [{"depth": 20}, {"epochs": 199}, {"stop_after": 12}])
def test_a_shallower_or_shorter_training_is_told_beside_what_is_known_of_the_released_codes(less):
    sentence = training_caveat("cifar10", WHOLE | less)
    (value,) = less.values()
    assert f" {value} " in sentence
    assert "depth 56, trained in batches of 32 for up to 1000 epochs" in sentence
    assert "not recorded" in sentence


@pytest.mark.parametrize(
    ("network", "words"),
    [
        (
            {"name": "CNN", "precision": "mixed_bfloat16"},
            "The CNN that is trained on a task's own points is computed in bfloat16.",
        ),
        ({"name": "CNN", "precision": "float32"}, ""),
        ({"name": "LeNet"}, ""),  # of before precision was recorded
        ({"name": "Pixels"}, ""),
    ],
)
def test_a_small_network_in_less_than_float32_is_told(network, words):
    assert precision_caveat(network) == words
    assert caveats({"data_sha256": {"x_train": "other"}, "network": network}) == [words] * bool(words)


@pytest.mark.parametrize("name", networks())
def test_stored_networks_say_what_would_be_said_of_them_now(name):
    manifest = load_manifest(name)
    found = (data_caveat(manifest["data_sha256"]), training_caveat(name, manifest["training"]))
    assert manifest["caveats"] == [sentence for sentence in found if sentence]


@pytest.mark.realdata
def test_the_jpeg_copy_of_small_norb_is_known_by_its_pixels(real_data, monkeypatch):
    monkeypatch.setenv("EFFAUG_DATA", str(real_data))
    sentence = data_caveat(datasets.load("smallnorb").sha256())
    assert "JPEG" in sentence
    assert data_caveat(datasets.load("mnist").sha256()) == ""
    assert "49,920 of its 50,000" in data_caveat(datasets.load("cifar10").sha256())


def test_a_record_tells_both():
    sha256 = {"x_train": "bd9c2115b83424900d52f5f7a7f34a5222257fdfe0af67faf078ebe72bb8ce72"}
    network = {"network": "smallnorb", "training": WHOLE | {"epochs": 4}}
    assert len(caveats({"data_sha256": sha256, "network": network})) == 2
    assert caveats({"data_sha256": {"x_train": "other"}, "network": {"name": "LeNet"}}) == []


def test_every_view_that_shows_such_results_says_so():
    """On pages, notes stand in the first cell: test_notebooks checks that each has one."""
    results = Results(STORED)
    for task in results.tasks():
        for (protocol, features), record in by_protocol(results.record(task)).items():
            dataset, augmentation = task.split("-")
            view: View = view_of(dataset=dataset, augmentation=augmentation, features=features, protocol=protocol)
            for sentence in caveats(record):
                assert sentence in view.notes().text
