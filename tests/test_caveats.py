"""effaug.caveats: what must be said beside numbers is said, and nothing where nothing must be."""

import pytest

from effaug import datasets
from effaug.caveats import caveats, data_caveat, training_caveat
from effaug.notebook import STORED, View, view_of
from effaug.results import Results

AS_PUBLISHED = {"depth": 56, "epochs": 200}


def test_a_network_as_deep_and_trained_as_long_as_the_published_one_needs_no_words():
    assert training_caveat("cifar10", AS_PUBLISHED) == ""


@pytest.mark.parametrize("less", [{"depth": 20}, {"epochs": 199}])
def test_a_shallower_or_shorter_training_is_told_with_both_numbers(less):
    sentence = training_caveat("cifar10", AS_PUBLISHED | less)
    (value,) = less.values()
    assert f" {value} " in sentence
    assert "depth 56, trained for 200" in sentence


@pytest.mark.realdata
def test_the_jpeg_copy_of_small_norb_is_known_by_its_pixels(real_data, monkeypatch):
    monkeypatch.setenv("EFFAUG_DATA", str(real_data))
    sentence = data_caveat(datasets.load("smallnorb").sha256())
    assert "JPEG" in sentence
    assert data_caveat(datasets.load("mnist").sha256()) == ""
    assert "49,920 of its 50,000" in data_caveat(datasets.load("cifar10").sha256())


def test_a_record_tells_both():
    sha256 = {"x_train": "bd9c2115b83424900d52f5f7a7f34a5222257fdfe0af67faf078ebe72bb8ce72"}
    network = {"network": "smallnorb", "training": AS_PUBLISHED | {"epochs": 4}}
    assert len(caveats({"data_sha256": sha256, "network": network})) == 2
    assert caveats({"data_sha256": {"x_train": "other"}, "network": {"name": "LeNet"}}) == []


def test_every_view_that_shows_such_results_says_so():
    """On pages, notes stand in the first cell: test_notebooks checks that each has one."""
    results = Results(STORED)
    for task in results.tasks():
        for label, record in results.record(task).items():
            protocol, features = label.rsplit("/", 1)
            dataset, augmentation = task.split("-")
            view: View = view_of(dataset=dataset, augmentation=augmentation, features=features, protocol=protocol)
            for sentence in caveats(record):
                assert sentence in view.notes()
