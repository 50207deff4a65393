"""effaug.study.timing: what is measured, in which order, and the line through it."""

import time

import numpy as np
import pandas as pd
import pytest

from effaug.study import timing
from effaug.study.datasets import Dataset
from effaug.study.task_data import Subset
from effaug.study.tasks import augmentation, load_task
from effaug.study.training import Training


def test_the_line_is_least_squares_with_its_errors():
    rng = np.random.default_rng(0)
    size = np.repeat([100, 200, 400, 800], 5)
    seconds = 0.3 + 0.01 * size + 0.05 * rng.normal(size=20)
    line = timing.linear_fit(pd.DataFrame({"size": size, "repeat": 0, "seconds": seconds}))
    design = np.column_stack([np.ones(20), size])
    (intercept, slope), (rss,), *_ = np.linalg.lstsq(design, seconds, rcond=None)
    errors = np.sqrt(np.diag(np.linalg.inv(design.T @ design)) * rss / 18)
    np.testing.assert_allclose([line.intercept, line.slope], [intercept, slope], rtol=1e-9)
    np.testing.assert_allclose([line.intercept_error, line.slope_error], errors, rtol=1e-9)
    np.testing.assert_allclose(line.r_squared, 1 - rss / ((seconds - seconds.mean()) ** 2).sum(), rtol=1e-9)
    np.testing.assert_allclose(line.residuals, seconds - design @ [intercept, slope], atol=1e-12)


@pytest.mark.parametrize(("power", "expected"), [(1.0, 0.0), (2.0, 1.0)])
def test_curvature_is_the_quadratic_share_of_the_largest_time(power, expected):
    size = np.array([100, 200, 400])
    rows = [pd.DataFrame({"size": size, "repeat": r, "seconds": (1 + r) * 1e-5 * size**power}) for r in range(3)]
    np.testing.assert_allclose(timing.curvature(pd.concat(rows)), [expected] * 3, atol=1e-9)


@pytest.fixture
def clock(monkeypatch):
    """Every image takes a millisecond, and every epoch 50 more; what was trained on is noted."""
    now, seen = [0.0], []
    x, y = np.zeros((100, 8, 8, 3), np.uint8), np.arange(100) % 10
    monkeypatch.setattr(timing.datasets, "load", lambda name: Dataset(name, x, y, x, y))

    def run_epoch(model, training, x, y, epoch):
        seen.append(len(x))
        now[0] += 0.05 + 0.001 * len(x)

    monkeypatch.setattr(timing, "run_epoch", run_epoch)
    monkeypatch.setattr(timing, "compiled", lambda training, x, n_classes: None)
    monkeypatch.setattr(time, "perf_counter", lambda: now[0])
    return seen


def test_epochs_are_timed_at_every_size_after_every_shape_of_batch_was_seen(clock):
    told = []
    training = Training("cifar10", depth=11, batch_size=16)
    found = timing.epoch_times(training, (20, 40, 64), n_repeats=3, progress=lambda done, total: told.append(done))
    assert sorted(clock[:-9]) == [4, 8, 16]
    assert sorted(clock[-9:]) == [20] * 3 + [40] * 3 + [64] * 3
    assert clock[-9:-6] != clock[-6:-3] or clock[-6:-3] != clock[-3:]
    assert told == list(range(10))
    assert found["size"].tolist() == [20] * 3 + [40] * 3 + [64] * 3
    assert found["repeat"].tolist() == [0, 1, 2] * 3
    line = timing.linear_fit(found)
    np.testing.assert_allclose([line.slope, line.intercept, line.r_squared], [0.001, 0.05, 1], rtol=1e-9)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"sizes": (20,)}, r"sizes must be at least two, between 1 and \d+, got \(20,\)"),
        ({"sizes": (20, 20)}, "sizes must be at least two"),
        ({"sizes": (0, 20)}, "sizes must be at least two, between 1 and"),
        ({"sizes": (20, 10**6)}, "sizes must be at least two, between 1 and"),
        ({"sizes": (20, 30), "n_repeats": 0}, "n_repeats must be at least 1, got 0"),
    ],
)
def test_bad_sizes_and_repeats_are_named(clock, arguments, message):
    with pytest.raises(ValueError, match=message):
        timing.epoch_times(Training("cifar10", depth=11), **arguments)
    assert clock == []


class Network:
    """A LeNet that knows the classes' mean images, and notes what it was trained on."""

    fits = ()

    def __init__(self, epochs, random_state=0):
        self.epochs, self.random_state = epochs, random_state

    def fit(self, x, y):
        Network.fits += ((self.epochs, self.random_state, len(x), y.sum()),)
        return self

    def transform(self, x):
        return x.reshape(len(x), -1)[:, :3] / 255


def test_selection_is_trained_on_the_points_of_highest_influence_and_everything_on_all(monkeypatch):
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 256, (40, 28, 28, 1), dtype=np.uint8), np.arange(40) % 2
    monkeypatch.setattr(timing, "load_subset", lambda task: Subset(x, y, x, y, {}))
    monkeypatch.setattr(timing, "LeNet", Network)
    monkeypatch.setattr(Network, "fits", ())
    found = timing.selection_times(load_task("mnist-translate", n_train=40), 7, fraction=0.25, n_repeats=2)
    assert Network.fits[0][0] == 1
    sizes = [fit[:3] for fit in Network.fits[1:]]
    assert sizes == [(7, seed, n) for seed in (0, 1) for n in (40, 40 + 10 * 4, 40 * 5)]
    assert found.part.tolist() == ["un-augmented", "scores", "selected", "everything"] * 2
    assert found.images.tolist() == [40, 40, 80, 200] * 2
    assert (found.seconds > 0).all()


def test_selected_are_the_points_of_highest_influence_each_with_its_copies_and_label(monkeypatch):
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 256, (40, 28, 28, 1), dtype=np.uint8), rng.permutation(np.arange(40) % 2)
    value, seen = rng.permutation(np.arange(40.0)), []

    class Seeing(Network):
        def fit(self, x, y):
            seen.append((x, y))
            return super().fit(x, y)

    monkeypatch.setattr(timing, "load_subset", lambda task: Subset(x, y, x, y, {}))
    monkeypatch.setattr(timing, "LeNet", Seeing)
    monkeypatch.setattr(timing.scores, "influence", lambda *some: value)
    task = load_task("mnist-translate", n_train=40)
    timing.selection_times(task, 7, fraction=0.25, n_repeats=1)
    top = np.argsort(-value)[:10]
    images, labels = seen[2]
    np.testing.assert_array_equal(images[40:], augmentation(task)(x[top]).reshape(-1, 28, 28, 1))
    np.testing.assert_array_equal(labels[40:], np.repeat(y[top], 4))


def test_selection_needs_a_network_that_is_trained_by_the_task():
    with pytest.raises(ValueError, match="on MNIST's tasks; cifar10-crop has 'resnet'"):
        timing.selection_times(load_task("cifar10-crop"))


def test_what_is_saved_is_loaded_with_its_hardware(tmp_path):
    epochs = pd.DataFrame({"size": [10, 20], "repeat": [0, 0], "seconds": [0.5, 1.0]})
    selection = pd.DataFrame({"task": ["a"], "part": ["scores"], "images": [3], "repeat": [0], "seconds": [0.1]})
    timing.save(tmp_path / "here.json", Training("cifar10", depth=11), epochs, selection)
    found = timing.load(tmp_path)
    assert list(found) == ["here"]
    pd.testing.assert_frame_equal(found["here"]["epoch_times"], epochs)
    pd.testing.assert_frame_equal(found["here"]["selection_times"], selection)
    assert found["here"]["training"]["depth"] == 11
    assert found["here"]["hardware"].endswith("cores")
    assert list(timing.load(tmp_path, "here")) == ["here"]
    with pytest.raises(ValueError, match=r"unknown device 'her' .*mean 'here'"):
        timing.load(tmp_path, "her")
    words = timing.in_words(found["here"])
    assert words.startswith("ResNet of depth 11, batches of 128, float32, 1 repeats, on ")
