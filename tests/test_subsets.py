"""effaug.study.task_data: the paper's points, and none but those."""

import dataclasses
import functools

import numpy as np
import pytest

from effaug.study import datasets
from effaug.study.task_data import load_subset
from effaug.study.tasks import load_task

SHAPES = {"mnist": (28, 28, 1), "cifar10": (32, 32, 3), "smallnorb": (96, 96, 1), "digits": (8, 8, 1)}
SPLITS = {
    "mnist": (517, 483, 1010, 974),
    "cifar10": (523, 477, 1000, 1000),
    "smallnorb": (500, 500, 4860, 4860),
    "digits": (103, 97, 79, 76),
}
ALL = [*(pytest.param(key, marks=pytest.mark.realdata) for key in ("mnist", "cifar10", "smallnorb")), "digits"]


@pytest.fixture(scope="module")
def load_once():
    yield (load := functools.cache(datasets.load))
    load.cache_clear()


@pytest.fixture
def folder(request, load_once, monkeypatch):
    """EFFAUG_DATA for a real dataset, nothing for digits; each dataset is read from disk once."""
    monkeypatch.setattr(datasets, "load", load_once)
    return None if request.node.get_closest_marker("realdata") is None else request.getfixturevalue("real_data")


def reordered(dataset, order):
    return dataclasses.replace(dataset, x_train=dataset.x_train[order], y_train=dataset.y_train[order])


@pytest.mark.parametrize("key", ALL)
def test_splits_are_the_papers(key, folder):
    subset = load_subset(load_task(f"{key}-translate"), folder=folder)
    found = *np.bincount(subset.y_train), *np.bincount(subset.y_test)
    assert found == SPLITS[key]
    for x, y in ((subset.x_train, subset.y_train), (subset.x_test, subset.y_test)):
        assert (x.shape, x.dtype) == ((len(y), *SHAPES[key]), np.uint8)


@pytest.mark.parametrize("key", ALL)
def test_points_are_the_first_of_their_classes_in_canonical_order(key, folder):
    task = load_task(f"{key}-translate")
    subset, data = load_subset(task, folder=folder), datasets.load(task.dataset, folder=folder)
    assert subset.sha256 == data.sha256()
    chosen = [k for k, label in enumerate(data.y_train.tolist()) if label in task.classes][: task.n_train]
    np.testing.assert_array_equal(subset.x_train, data.x_train[chosen])
    np.testing.assert_array_equal(np.array(task.classes)[subset.y_train], data.y_train[chosen])
    held_out = [k for k, label in enumerate(data.y_test.tolist()) if label in task.classes]
    np.testing.assert_array_equal(subset.x_test, data.x_test[held_out])
    np.testing.assert_array_equal(np.array(task.classes)[subset.y_test], data.y_test[held_out])


@pytest.mark.parametrize("key", ALL)
def test_images_in_another_order_are_refused(key, folder, monkeypatch):
    task = load_task(f"{key}-translate")
    data = datasets.load(task.dataset, folder=folder)
    order = np.random.default_rng(0).permutation(len(data.y_train))
    monkeypatch.setattr(datasets, "load", lambda name, folder=None: reordered(data, order))
    with pytest.raises(ValueError, match="not the canonical images") as error:
        load_subset(task, folder=folder)
    assert f"expected {SPLITS[key]}" in str(error.value)
    assert load_subset(load_task(f"{key}-translate", n_train=100)).x_train.shape == (100, *SHAPES[key])  # not published


@pytest.mark.realdata
def test_other_classes_and_train_size_of_mnist(folder):
    subset = load_subset(load_task("mnist-rotate", classes=(4, 9), n_train=500), folder=folder)
    data = datasets.load("mnist", folder=folder)
    assert (len(subset.y_train), len(subset.y_test)) == (500, 982 + 1009)
    assert 200 < subset.y_train.sum() < 300
    first_nine = data.x_train[data.y_train == 9][0]
    np.testing.assert_array_equal(subset.x_train[subset.y_train == 1][0], first_nine)


def test_second_class_is_label_1():
    there, back = (load_subset(load_task("digits-crop", classes=c)) for c in ((3, 8), (8, 3)))
    np.testing.assert_array_equal(there.x_train, back.x_train)
    np.testing.assert_array_equal(there.y_train, 1 - back.y_train)
    np.testing.assert_array_equal(there.y_test, 1 - back.y_test)


def test_too_many_points_are_refused_with_what_there_is():
    there = int(np.isin(datasets.load("digits").y_train, (3, 8)).sum())
    assert len(load_subset(load_task("digits-crop", n_train=there)).y_train) == there
    with pytest.raises(ValueError, match=f"n_train must be at most {there} .* got {there + 1}"):
        load_subset(load_task("digits-crop", n_train=there + 1))


@pytest.mark.parametrize("classes", [(3, 11), (11, 3), (-1, 3)])
def test_unknown_classes_are_refused_with_the_known_ones(classes):
    with pytest.raises(ValueError, match=r"classes .* labels of digits: \[0, 1, 2, 3, 4, 5, 6, 7, 8, 9\]") as error:
        load_subset(load_task("digits-crop", classes=classes))
    assert str(classes) in str(error.value)


def test_class_without_points_is_refused(monkeypatch):
    data = datasets.load("digits")
    monkeypatch.setattr(datasets, "load", lambda name, folder=None: reordered(data, np.argsort(data.y_train)))
    with pytest.raises(ValueError, match=r"n_train = 20 .* leaves a class without points"):
        load_subset(load_task("digits-crop", n_train=20))
