"""training: what is trained on, at what rate, and that a stopped training goes on as if it had not been."""

import dataclasses
import json
import os
import re
import shutil
import signal
import subprocess
import sys

import numpy as np
import pytest

from effaug.images import networks
from effaug.images.augment import RandomAffine
from effaug.images.frozen import ResNet
from effaug.images.networks import bottleneck, import_keras
from effaug.study import _checkpoint, training
from effaug.study.datasets import ARRAYS, Dataset
from effaug.study.training import Training, train

SHORT = Training("cifar10", depth=11, epochs=3, batch_size=16, augment=True, random_state=4)
SIMPLE = Training("cifar10", epochs=3, batch_size=16)


def toy(n=48, m=20, size=8, classes=4, seed=0):
    """Noise, brighter by its label."""
    rng = np.random.default_rng(seed)
    y, y_test = rng.permutation(np.arange(n) % classes), np.arange(m) % classes
    x, x_test = (
        rng.integers(0, 70, (len(labels), size, size, 3)) + 20 * labels[:, None, None, None] for labels in (y, y_test)
    )
    return Dataset("cifar10", x.astype(np.uint8), y, x_test.astype(np.uint8), y_test)


def assert_same_arrays(some, others, **tolerance):
    assert len(some) == len(others)
    for one, other in zip(some, others, strict=True):
        np.testing.assert_allclose(one, other, **({"rtol": 0, "atol": 0} | tolerance))


def record(path):
    return json.loads((path.parent / path.name.replace(".weights.h5", ".json")).read_text())


def without_seconds(rows):
    return [{key: value for key, value in row.items() if key != "seconds"} for row in rows]


def interrupt(epoch):
    """A progress that counts finished batches by epoch, and stops in one."""
    told = []

    def progress(state):
        told.append(state["epoch"])
        if state["epoch"] == epoch:
            raise KeyboardInterrupt

    return progress, told


def weights_in(path):
    """Kernel, bias and mean image of a stored softmax regression, in which nothing else is stored."""
    import h5py

    names = ("layers/dense/vars/0", "layers/dense/vars/1", "layers/mean_image/vars/0")
    with h5py.File(path) as file:
        found = []
        file.visititems(lambda name, part: found.append(name) if isinstance(part, h5py.Dataset) else None)
        assert sorted(found) == list(names)
        return [file[name][()] for name in names]


# A ResNet on 48 images


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A folder with a CIFAR-10 of 48 training and 24 test images."""
    folder, small = tmp_path_factory.mktemp("data"), toy(48, 24, size=32, classes=10)
    np.savez(folder / "cifar10.npz", **{key: getattr(small, key).astype(np.uint8) for key in ARRAYS})
    return folder


@pytest.fixture
def small_cifar10(data, monkeypatch):
    monkeypatch.setenv("EFFAUG_DATA", str(data))


@pytest.fixture(scope="module")
def whole(data, tmp_path_factory):
    """The weights of a training that nothing stopped, and the network as it was in memory."""
    folder, models = tmp_path_factory.mktemp("whole"), []
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EFFAUG_DATA", str(data))
        write = training._write
        patch.setattr(training, "_write", lambda path, model, *rest: (models.append(model), write(path, model, *rest)))
        return train(SHORT, folder), models[0]


def loaded(path):
    model = networks.resnet((32, 32, 3), 10, 11)
    model.load_weights(path)
    return model.get_weights()


def assert_same_training(path, whole, **tolerance):
    """The same curve, the same weights, and nothing beside them."""
    found, expected = record(path)["history"], record(whole)["history"]
    for one, other in zip(without_seconds(found), without_seconds(expected), strict=True):
        assert one == pytest.approx(other, **{"rel": 0, "abs": 0} | tolerance)
    assert_same_arrays(loaded(path), loaded(whole), rtol=0, atol=tolerance.get("abs", 0))
    assert sorted(file.name for file in path.parent.iterdir()) == ["cifar10-augmented.json", path.name]


def test_interrupted_training_goes_on_after_its_last_finished_epoch(small_cifar10, whole, tmp_path):
    progress, told = interrupt(epoch=1)
    with pytest.raises(KeyboardInterrupt):
        train(SHORT, tmp_path, progress=progress)
    assert told == [0, 1]
    assert [file.name for file in tmp_path.iterdir()] == [".cifar10-augmented.checkpoint"]
    progress, told = interrupt(epoch=None)
    path = train(SHORT, tmp_path, progress=progress)
    assert told == [1, 2]
    assert path == tmp_path / "cifar10-augmented.weights.h5"
    assert_same_training(path, whole[0], abs=1e-6)


@pytest.mark.slow
def test_killed_training_goes_on_after_its_last_finished_epoch(small_cifar10, whole, tmp_path):
    code = """
import os, signal, sys
from effaug.cli import main
from effaug.study import training
train = training.train
def told(state):
    if state["epoch"] == 1:
        os.kill(os.getpid(), signal.SIGKILL)
training.train = lambda *some, progress, **more: train(*some, progress=lambda now: (progress(now), told(now)), **more)
main.main()
"""
    options = ["--depth", "11", "--epochs", "3", "--batch-size", "16", "--augment", "--seed", "4", "--weights"]
    command = [sys.executable, "-c", code, "train-cnn", "cifar10", *options, str(tmp_path)]
    killed = subprocess.run(command, capture_output=True, text=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    (checkpoint,) = tmp_path.iterdir()
    assert sorted(file.name for file in checkpoint.iterdir()) == ["epoch-1.weights.h5", "state.json"]
    (checkpoint / "epoch-2.weights.h5").write_bytes(b"half a fi")  # had it been killed a little later
    (checkpoint / f".state.json.{os.getppid()}.part").write_text('{"training": {"data')
    progress, told = interrupt(epoch=None)
    path = train(SHORT, tmp_path, progress=progress)
    assert told == [1, 2]
    assert_same_training(path, whole[0], abs=1e-4)


def test_weights_are_stored_without_the_optimizer_and_give_the_trained_networks_features(
    small_cifar10, data, whole, monkeypatch
):
    import h5py

    path, model = whole
    with h5py.File(path) as file:
        assert "layers" in file
        assert "optimizer" not in file
    assert_same_arrays(loaded(path), model.get_weights())
    monkeypatch.setenv("EFFAUG_WEIGHTS", str(path.parent))
    images = np.load(data / "cifar10.npz")["x_test"]
    found = ResNet("cifar10-augmented").fit(images).transform(images)
    assert (found.shape, found.std() > 0) == ((24, 256), True)
    expected = bottleneck(model).predict_on_batch(images.astype(np.float32) / 255)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_the_record_says_what_the_network_is_and_how_it_was_trained(data, whole):
    path, model = whole
    about = record(path)
    assert about["training"] == {
        "dataset": "cifar10",
        "depth": 11,
        "epochs": 3,
        "batch_size": 16,
        "learning_rate": 1e-3,
        "augment": True,
        "shift": 6,
        "divided_twice": False,
        "leave_out": [],
        "precision": "float32",
        "random_state": 4,
        "stop_after": None,
    }
    assert about["pixel_scale"] == 1 / 255
    assert about["network"] == {"name": "ResNet v2", "depth": 11, "n_weights": model.count_params()}
    assert (about["image_shape"], about["n_classes"], about["n_images"]) == ([32, 32, 3], 10, 48)
    stored = np.load(data / "cifar10.npz")
    assert about["data_sha256"] == Dataset("cifar10", *(stored[key] for key in ARRAYS)).sha256()
    assert about["versions"] == networks.versions()
    assert about["code"].startswith("effaug ")
    assert about["hardware"].endswith(f"{os.cpu_count()} cores")
    assert [row["epoch"] for row in about["history"]] == [1, 2, 3]
    keys = {"epoch", "rate", "loss", "accuracy", "test_loss", "test_accuracy", "seconds"}
    assert all(row.keys() == keys for row in about["history"])
    assert about["seconds"] == pytest.approx(sum(row["seconds"] for row in about["history"]), abs=0.1)
    assert about["test_of_each_epoch"] == "24 test images, drawn at random once"
    assert about["test"] == {key: about["history"][-1][key] for key in ("test_loss", "test_accuracy")} | {
        "n_images": 24
    }
    assert "depth 11 trained for 3 epochs" in " ".join(about["caveats"])


# A softmax regression in its place: the same training in a tenth of a second


def simplify(patch):
    """Replace network and data; tells the networks that are built, by depth and precision."""
    built = []

    def softmax(image_shape, n_classes, depth, *, dtype="float32"):
        layers, mean_image = import_keras().layers, networks._layers()[0]
        pixels = import_keras().Input(image_shape)
        flat = layers.Flatten(name="bottleneck")(mean_image(name="mean_image")(pixels))
        built.append((depth, dtype))
        return import_keras().Model(pixels, layers.Dense(n_classes, "softmax")(flat))

    for module in (training, _checkpoint):
        patch.setattr(module, "resnet", softmax)
    patch.setattr(training.datasets, "load", lambda name: toy())
    return built


@pytest.fixture
def simple(monkeypatch):
    return simplify(monkeypatch)


@pytest.fixture(scope="module")
def simple_whole(tmp_path_factory):
    """The weights of three epochs that nothing stopped."""
    with pytest.MonkeyPatch.context() as patch:
        simplify(patch)
        return train(SIMPLE, tmp_path_factory.mktemp("simple"))


@pytest.fixture
def batches(simple, monkeypatch):
    """The images and labels of every training step, with the step's learning rate, and how the mean image stood."""
    seen, compiled = [], training.compiled

    def watched(*arguments, **more):
        model = compiled(*arguments, **more)
        step = model.train_on_batch
        mean = model.get_layer("mean_image")

        def train_on_batch(x, y, **options):
            seen.append((x, y, float(model.optimizer.learning_rate), mean.get_weights()[0]))
            return step(x, y, **options)

        model.train_on_batch = train_on_batch
        return model

    monkeypatch.setattr(training, "compiled", watched)
    return seen


def test_every_epoch_shows_every_image_once_in_an_order_of_its_own(batches, tmp_path):
    settings, images = Training("cifar10", epochs=3, batch_size=20, random_state=2), toy()
    train(settings, tmp_path / "a")
    assert [len(y) for _, y, *_ in batches] == [20, 20, 8] * 3
    orders = []
    for epoch in range(3):
        x, y = (np.concatenate([batch[k] for batch in batches[3 * epoch : 3 * epoch + 3]]) for k in (0, 1))
        assert x.dtype == np.float32
        order = [int(np.flatnonzero((images.x_train == np.round(255 * image)).all(axis=(1, 2, 3)))[0]) for image in x]
        assert sorted(order) == list(range(48))
        np.testing.assert_array_equal(x, images.x_train[order].astype(np.float32) / 255)
        np.testing.assert_array_equal(y, images.y_train[order])
        orders.append(order)
    assert len({tuple(order) for order in orders}) == 3
    first = [x for x, *_ in batches]
    for folder, seed in (("b", 2), ("c", 3)):
        batches.clear()
        train(dataclasses.replace(settings, random_state=seed), tmp_path / folder)
        assert all((x == again).all() for x, (again, *_) in zip(first, batches, strict=True)) == (seed == 2)


def test_augmentation_changes_each_image_anew_in_each_epoch(batches, tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(
        training, "RandomAffine", lambda **settings: (asked.append(settings), RandomAffine(**settings))[1]
    )
    twins = dataclasses.replace(toy(), x_train=np.repeat(toy().x_train[:1], 48, axis=0))
    monkeypatch.setattr(training.datasets, "load", lambda name: twins)
    train(Training("cifar10", epochs=2, batch_size=16, augment=True), tmp_path)
    assert asked == [{"degrees": 2.5, "pixels": 6, "flip": True}] * 2
    images = [image.tobytes() for x, *_ in batches for image in x]
    assert len(images) == 96
    assert len(set(images)) > 90


def test_mean_image_is_that_of_the_images_trained_on(batches, tmp_path):
    train(Training("cifar10", epochs=1), tmp_path)
    ((*_, mean),) = batches
    np.testing.assert_allclose(mean, toy().x_train.mean(axis=0) / 255, rtol=1e-6)


def test_pixels_divided_twice_are_so_in_training_evaluation_and_mean_image(batches, tmp_path):
    path = train(Training("cifar10", epochs=1, divided_twice=True), tmp_path)
    ((x, _, _, mean),) = batches
    images = toy().x_train
    np.testing.assert_allclose(np.sort(x.ravel()), np.sort(images.ravel() / 255**2), rtol=1e-6)
    np.testing.assert_allclose(mean, images.mean(axis=0) / 255**2, rtol=1e-6)
    about, (kernel, bias, _) = record(path), weights_in(path)
    assert (about["pixel_scale"], path.name) == (1 / 255**2, "cifar10-divided-twice.weights.h5")
    logits = (toy().x_test / 255**2 - mean).reshape(len(toy().x_test), -1) @ kernel + bias
    right = np.mean(np.argmax(logits, axis=1) == toy().y_test)
    assert about["test"]["test_accuracy"] == pytest.approx(right, abs=1e-4)


def test_each_epochs_test_images_are_of_every_class_where_classes_alternate(simple, tmp_path, monkeypatch):
    images, seen = toy(20, 100, classes=5), []
    images.y_test[:] = np.arange(100) % 5  # as small NORB's; every tenth image would be of class 0
    monkeypatch.setattr(training.datasets, "load", lambda name: images)
    monkeypatch.setattr(training, "N_VALIDATION", 10)
    evaluate = training._evaluate
    monkeypatch.setattr(training, "_evaluate", lambda *a: (seen.append(set(a[3])), evaluate(*a))[1])
    train(Training("smallnorb", epochs=1), tmp_path)
    assert len(seen[0]) >= 4


def test_loss_and_accuracy_are_means_over_all_images(simple, tmp_path, monkeypatch):
    """At a rate too small to change a weight. The last batches hold 2 of 50 images, and 10 of 510."""
    images, told = toy(50, 510), []
    monkeypatch.setattr(training.datasets, "load", lambda name: images)
    monkeypatch.setattr(training, "N_VALIDATION", 7)
    some = np.random.default_rng(0).permutation(510)[:7]
    path = train(Training("cifar10", epochs=2, batch_size=4, learning_rate=1e-12), tmp_path, progress=told.append)
    kernel, bias, mean = weights_in(path)

    def by_hand(x, y):
        logits = (x / 255 - mean).reshape(len(x), -1) @ kernel + bias
        losses = np.logaddexp.reduce(logits, axis=1) - logits[np.arange(len(y)), y]
        return [losses.mean(), np.mean(np.argmax(logits, axis=1) == y)]

    about = record(path)
    expected = by_hand(images.x_train, images.y_train) + by_hand(images.x_test[some], images.y_test[some])
    for row in about["history"]:
        found = [row[key] for key in ("loss", "accuracy", "test_loss", "test_accuracy")]
        assert found == pytest.approx(expected, abs=1e-4)
    assert about["test_of_each_epoch"] == "7 test images, drawn at random once"
    found = [about["test"][key] for key in ("test_loss", "test_accuracy", "n_images")]
    assert found == pytest.approx([*by_hand(images.x_test, images.y_test), 510], abs=1e-4)
    where = [(now["epoch"], now["batch"], now["n_batches"]) for now in told]
    assert where == [(epoch, batch, 13) for epoch in (0, 1) for batch in (10, 13)]
    assert (told[1]["loss"], told[1]["accuracy"]) == (about["history"][0]["loss"], about["history"][0]["accuracy"])
    assert all(now["images_per_second"] > 0 for now in told)


def test_learning_rate_falls_as_published():
    published = {0: 1e-3, 80: 1e-4, 120: 1e-5, 160: 1e-6, 180: 5e-7}
    rates = [Training("cifar10").rate(epoch) for epoch in range(200)]
    expected = [published[max(start for start in published if start <= epoch)] for epoch in range(200)]
    assert rates == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("epochs", "starts"), [(1, [0]), (5, [0, 2, 3, 4]), (10, [0, 4, 6, 8, 9]), (20, [0, 8, 12, 16, 18])]
)
def test_learning_rate_falls_in_proportion(epochs, starts):
    settings = Training("cifar10", epochs=epochs, learning_rate=0.01)
    rates = [settings.rate(epoch) for epoch in range(epochs)]
    assert [epoch for epoch in range(epochs) if epoch == 0 or rates[epoch] != rates[epoch - 1]] == starts
    factors = (1, 0.1, 0.01, 0.001, 0.0005)
    if len(starts) == 5:
        assert [rates[epoch] for epoch in starts] == pytest.approx([0.01 * factor for factor in factors], rel=1e-12)


def test_optimizer_takes_the_epochs_rate(batches, tmp_path):
    settings = Training("cifar10", epochs=10, batch_size=48)
    path = train(settings, tmp_path)
    rates = [settings.rate(epoch) for epoch in range(10)]
    assert [rate for _, _, rate, _ in batches] == pytest.approx(rates, rel=1e-6)
    assert [row["rate"] for row in record(path)["history"]] == rates


def test_leave_out_excludes_the_first_1000_of_two_classes(batches, tmp_path, monkeypatch):
    rng, n = np.random.default_rng(0), 3000
    x = np.zeros((n, 8, 8, 3), np.uint8)
    x[:, 0, 0, :2] = np.stack(np.divmod(np.arange(n), 256), axis=1)  # which image it is
    y = rng.permutation(np.arange(n) % 5)
    monkeypatch.setattr(training.datasets, "load", lambda name: dataclasses.replace(toy(), x_train=x, y_train=y))
    path = train(Training("cifar10", epochs=1, batch_size=500, leave_out=(1, 3)), tmp_path)
    seen = np.concatenate([np.round(batch[0][:, 0, 0, :2] * 255) @ [256, 1] for batch in batches])
    points = [k for k in range(n) if y[k] in (1, 3)][:1000]
    assert sorted(seen) == sorted(set(range(n)) - set(points))
    np.testing.assert_allclose(batches[0][3], np.delete(x, points, axis=0).mean(axis=0) / 255, rtol=1e-5)
    assert record(path)["n_images"] == 2000
    assert record(path)["training"]["leave_out"] == [1, 3]
    assert path.name == "cifar10-unseen.weights.h5"


def test_classes_that_are_left_out_must_be_there(simple, tmp_path):
    with pytest.raises(
        ValueError, match=re.escape("leave_out must be among the labels of cifar10, [0, 1, 2, 3], got (0, 4)")
    ):
        train(Training("cifar10", leave_out=(0, 4)), tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("place", ["checkpoint's weights", 1, 2, 3, 4, 5], ids=str)
def test_a_crash_while_writing_loses_nothing_that_was_finished(simple, simple_whole, tmp_path, monkeypatch, place):
    """By the number of the file: three checkpoints' records, the weights, the record of the network."""
    write_whole, save_weights = _checkpoint.write_whole, _checkpoint.save_weights
    files = []

    def crash(path, write, **more):
        files.append(path.name)
        if len(files) == place:
            write_whole(path, lambda part: (part.write_text("half a fi"), 1 / 0), **more)
        write_whole(path, write, **more)

    def half(model, path):
        if path.name == "epoch-2.weights.h5":
            path.write_text("half a fi")
            raise ZeroDivisionError
        save_weights(model, path)

    with monkeypatch.context() as broken:
        broken.setattr(_checkpoint, "write_whole", crash)
        if place == "checkpoint's weights":
            broken.setattr(_checkpoint, "save_weights", half)
        with pytest.raises(ZeroDivisionError):
            train(SIMPLE, tmp_path)
    assert (tmp_path / "cifar10.weights.h5").exists() == (place == 5)
    assert not (tmp_path / "cifar10.json").exists()
    progress, told = interrupt(epoch=None)
    path = train(SIMPLE, tmp_path, progress=progress)
    finished = {"checkpoint's weights": 1, 1: 0, 2: 1, 3: 2, 4: 3, 5: 3}[place]
    assert told == list(range(finished, 3))
    assert without_seconds(record(path)["history"]) == without_seconds(record(simple_whole)["history"])
    assert_same_arrays(weights_in(path), weights_in(simple_whole))
    assert sorted(file.name for file in tmp_path.iterdir()) == ["cifar10.json", "cifar10.weights.h5"]


def networks_in(folder):
    return sorted(file.name.removesuffix(".weights.h5") for file in folder.glob("*.weights.h5"))


def test_a_training_stops_in_the_middle_of_its_schedule_and_goes_on_from_there(batches, simple_whole, tmp_path):
    """Its rates are those of the whole schedule."""
    for stop, stored in ((1, ["cifar10-epoch1"]), (2, ["cifar10-epoch1", "cifar10-epoch2"])):
        path = train(dataclasses.replace(SIMPLE, stop_after=stop), tmp_path)
        assert networks_in(tmp_path) == stored
        assert path == tmp_path / f"cifar10-epoch{stop}.weights.h5"
        about = record(path)
        assert about["training"]["stop_after"] == len(about["history"]) == stop
        assert about["test"]["n_images"] == 20
    assert len(batches) == 3 * 2  # the first epoch was not trained again
    path = train(SIMPLE, tmp_path)
    assert len(batches) == 3 * 3
    assert without_seconds(record(path)["history"]) == without_seconds(record(simple_whole)["history"])
    assert_same_arrays(weights_in(path), weights_in(simple_whole))
    assert not (tmp_path / ".cifar10.checkpoint").exists()


def test_every_epochs_network_is_kept(simple, simple_whole, tmp_path, monkeypatch):
    monkeypatch.setattr(training, "N_VALIDATION", 7)
    for stop in (1, 2):
        train(dataclasses.replace(SIMPLE, stop_after=stop), tmp_path / "alone")
    path = train(SIMPLE, tmp_path / "kept", keep_epochs=True)
    assert networks_in(path.parent) == ["cifar10", "cifar10-epoch1", "cifar10-epoch2"]
    assert_same_arrays(weights_in(path), weights_in(simple_whole))
    for stop in (1, 2):
        one, other = (tmp_path / folder / f"cifar10-epoch{stop}.weights.h5" for folder in ("alone", "kept"))
        assert_same_arrays(weights_in(one), weights_in(other))
        about = record(other)
        assert about["training"] == record(one)["training"]
        last = about["history"][-1]
        assert about["test"] == {key: last[key] for key in ("test_loss", "test_accuracy")} | {"n_images": 7}


def test_an_epochs_network_that_was_not_written_is_kept_when_the_training_goes_on(simple, tmp_path, monkeypatch):
    class Stopped(Exception):
        pass

    def stop(*_):
        raise Stopped

    with monkeypatch.context() as broken:
        broken.setattr(training, "_write", stop)
        with pytest.raises(Stopped):
            train(SIMPLE, tmp_path, keep_epochs=True)
    assert networks_in(tmp_path) == []
    train(SIMPLE, tmp_path, keep_epochs=True)
    assert networks_in(tmp_path) == ["cifar10", "cifar10-epoch1", "cifar10-epoch2"]


def test_a_training_that_is_past_an_epoch_does_not_go_back_to_it(simple, tmp_path):
    train(dataclasses.replace(SIMPLE, stop_after=2), tmp_path)
    with pytest.raises(ValueError, match=r"\.cifar10\.checkpoint is past epoch 1: it holds epoch 2$"):
        train(dataclasses.replace(SIMPLE, stop_after=1), tmp_path)


def test_a_checkpoint_goes_on_with_its_own_settings_and_data_only(simple, tmp_path, monkeypatch):
    with pytest.raises(KeyboardInterrupt):
        train(SIMPLE, tmp_path, progress=interrupt(epoch=2)[0])
    folder = tmp_path / ".cifar10.checkpoint"
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    assert before.keys() == {"epoch-2.weights.h5", "state.json"}

    def refused(part, changed=SIMPLE):
        with pytest.raises(
            ValueError, match=rf"{re.escape(str(folder))} holds an unfinished training with other {part}"
        ) as error:
            train(changed, tmp_path, name="cifar10")
        assert str(error.value).endswith("Go on with those, or remove that folder")
        return str(error.value)

    for name, other in {"epochs": 4, "depth": 20, "augment": True, "random_state": 1, "learning_rate": 0.01}.items():
        sentence = refused("training", dataclasses.replace(SIMPLE, **{name: other}))
        assert f"'{name}': {getattr(SIMPLE, name)}" in sentence
        assert f"'{name}': {other}" in sentence
    with monkeypatch.context() as other:
        other.setattr(training, "versions", lambda: "keras 4")
        refused("versions")
        other.undo()
    with monkeypatch.context() as other:
        other.setattr(training.datasets, "load", lambda name: toy(seed=1))
        refused("data_sha256")
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before
    progress, told = interrupt(epoch=None)
    train(SIMPLE, tmp_path, progress=progress)
    assert told == [2]


def files_in(folder):
    return {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.iterdir()}


def test_a_checkpoint_that_is_left_beside_a_stored_network_is_removed(simple, simple_whole, tmp_path):
    shutil.copytree(simple_whole.parent, tmp_path, dirs_exist_ok=True)
    left = tmp_path / ".cifar10.checkpoint"
    left.mkdir()
    (left / "epoch-3.weights.h5").write_text("of a process that was killed before it had removed it")
    assert train(SIMPLE, tmp_path) == tmp_path / "cifar10.weights.h5"
    assert not left.exists()


def test_a_network_that_is_stored_is_not_trained_again(simple, simple_whole, tmp_path, monkeypatch):
    shutil.copytree(simple_whole.parent, tmp_path, dirs_exist_ok=True)
    before, path = files_in(tmp_path), tmp_path / "cifar10.weights.h5"
    monkeypatch.setattr(training, "versions", lambda: "keras 4")  # the network stays that of its settings and data
    progress, told = interrupt(epoch=None)
    assert train(SIMPLE, tmp_path, progress=progress) == path
    assert training.find(SIMPLE, str(tmp_path)) == path
    assert (told, simple, files_in(tmp_path)) == ([], [], before)
    assert training.find(SIMPLE, tmp_path, name="mine") is None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"epochs": 4}, "epochs 3, now 4"),
        ({"learning_rate": 0.01, "random_state": 1}, "learning_rate 0.001, now 0.01; random_state 0, now 1"),
        ({"leave_out": (0, 1)}, "leave_out [], now [0, 1]"),
        ({"shift": 5}, "shift 6, now 5"),  # a setting that the record does not have yet
    ],
    ids=str,
)
def test_a_network_of_other_settings_is_not_overwritten(simple, simple_whole, tmp_path, changes, words):
    shutil.copytree(simple_whole.parent, tmp_path, dirs_exist_ok=True)
    about = record(simple_whole)
    del about["training"]["shift"]
    (tmp_path / "cifar10.json").write_text(json.dumps(about))
    before = files_in(tmp_path)
    with pytest.raises(ValueError, match=r"cifar10\.weights\.h5 holds") as error:
        train(dataclasses.replace(SIMPLE, **changes), tmp_path, name="cifar10")
    assert str(error.value) == (
        f"{tmp_path / 'cifar10.weights.h5'} holds a network trained with other settings: {words}. Give this one "
        "another name (--name), or remove cifar10.weights.h5 and cifar10.json"
    )
    assert (simple, files_in(tmp_path)) == ([], before)
    assert train(SIMPLE, tmp_path) == tmp_path / "cifar10.weights.h5"


def test_a_network_of_other_data_is_not_overwritten(simple, simple_whole, tmp_path, monkeypatch):
    shutil.copytree(simple_whole.parent, tmp_path, dirs_exist_ok=True)
    before, changed = files_in(tmp_path), dataclasses.replace(toy(), x_test=toy().x_test[::-1])
    monkeypatch.setattr(training.datasets, "load", lambda name: changed)
    with pytest.raises(ValueError, match="holds a network trained with other data: another x_test"):
        train(SIMPLE, tmp_path)
    assert (simple, files_in(tmp_path)) == ([], before)


@pytest.mark.parametrize(
    ("removed", "text", "sentence"),
    [
        ("cifar10.json", "", "{folder}/cifar10.weights.h5 is there without cifar10.json."),
        ("cifar10.weights.h5", "", "{folder}/cifar10.json is there without cifar10.weights.h5."),
        ("cifar10.json", "{}", "{folder}/cifar10.json does not tell how cifar10.weights.h5 was trained."),
        ("cifar10.json", "half a fi", "{folder}/cifar10.json does not tell how cifar10.weights.h5 was trained."),
    ],
)
@pytest.mark.parametrize("unfinished", [False, True])
def test_files_that_tell_no_training_are_not_overwritten(
    simple, simple_whole, tmp_path, removed, text, sentence, unfinished
):
    if unfinished:
        with pytest.raises(KeyboardInterrupt):
            train(SIMPLE, tmp_path, progress=interrupt(epoch=1)[0])
    for path in simple_whole.parent.iterdir():
        shutil.copy(path, tmp_path)
    (tmp_path / removed).write_text(text) if text else (tmp_path / removed).unlink()
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.*") if path.is_file()}
    with pytest.raises(ValueError, match="^" + re.escape(sentence.format(folder=tmp_path))) as error:
        train(SIMPLE, tmp_path)
    assert "another name (--name), or remove cifar10." in str(error.value)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.*") if path.is_file()} == before


def test_networks_of_other_names_do_not_meet(simple, tmp_path):
    settings = Training("cifar10", epochs=2, batch_size=48)
    with pytest.raises(KeyboardInterrupt):
        train(settings, tmp_path, progress=interrupt(epoch=1)[0])
    progress, told = interrupt(epoch=None)
    assert train(settings, tmp_path, name="mine.v2", progress=progress) == tmp_path / "mine.v2.weights.h5"
    assert told == [0, 1]
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        ".cifar10.checkpoint",
        "mine.v2.json",
        "mine.v2.weights.h5",
    ]


@pytest.mark.parametrize("loss", [np.nan, np.inf])
def test_a_loss_that_is_not_finite_is_refused_and_not_stored(simple, tmp_path, monkeypatch, loss):
    epoch = training.run_epoch
    broken = lambda *some: epoch(*some) | ({"loss": loss} if some[4] == 1 else {})  # noqa: E731
    monkeypatch.setattr(training, "run_epoch", broken)
    with pytest.raises(ValueError, match=f"the loss is {loss} in epoch 2: the training does not converge"):
        train(SIMPLE, tmp_path)
    (checkpoint,) = tmp_path.iterdir()
    assert len(json.loads((checkpoint / "state.json").read_text())["history"]) == 1


@pytest.mark.parametrize("precision", training.PRECISIONS)
def test_low_precision_trains_and_its_weights_are_stored_for_a_float32_network(
    simple, tmp_path, monkeypatch, precision
):
    kinds, compiled = [], training.compiled

    def watched(*arguments, **more):
        model = compiled(*arguments, **more)
        kinds.append(type(model.optimizer).__name__)
        return model

    monkeypatch.setattr(training, "compiled", watched)
    settings = Training("cifar10", epochs=2, batch_size=16, precision=precision)
    with pytest.raises(KeyboardInterrupt):
        train(settings, tmp_path, progress=interrupt(epoch=1)[0])
    path = train(settings, tmp_path)
    assert simple == [(56, precision), (56, precision), (56, "float32")]
    assert kinds == ["LossScaleOptimizer" if precision == "mixed_float16" else "Adam"] * 2  # float16 underflows
    losses = [row["loss"] for row in record(path)["history"]]
    assert losses[1] < losses[0]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"dataset": "cifar"}, "unknown dataset 'cifar' (did you mean 'cifar10'?); accepted: cifar10, smallnorb"),
        ({"dataset": "mnist"}, "unknown dataset 'mnist'; accepted: cifar10, smallnorb"),
        ({"depth": 50}, "depth must be 9n + 2 (11, 20, 29, ..., 56), got 50"),
        ({"epochs": 0}, "epochs must be at least 1, got 0"),
        ({"batch_size": -1}, "batch_size must be at least 1, got -1"),
        ({"learning_rate": 0}, "learning_rate must lie between 0 and 1, got 0"),
        ({"learning_rate": 1.0}, "learning_rate must lie between 0 and 1, got 1.0"),
        ({"learning_rate": np.nan}, "learning_rate must lie between 0 and 1, got nan"),
        ({"precision": "bfloat16"}, "accepted: float32, mixed_bfloat16, mixed_float16"),
        ({"stop_after": 0}, "stop_after must lie between 1 and 200 epochs, got 0"),
        ({"epochs": 7, "stop_after": 8}, "stop_after must lie between 1 and 7 epochs, got 8"),
        ({"leave_out": (1,)}, "leave_out must be two different labels, got (1,)"),
        ({"leave_out": (1, 1)}, "leave_out must be two different labels, got (1, 1)"),
        ({"leave_out": (0, 1, 2)}, "leave_out must be two different labels, got (0, 1, 2)"),
    ],
)
def test_bad_settings_are_refused_with_what_is_accepted(changes, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        Training(**({"dataset": "cifar10"} | changes))


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({}, "cifar10"),
        ({"dataset": "smallnorb", "augment": True}, "smallnorb-augmented"),
        ({"leave_out": (0, 1)}, "cifar10-unseen"),
        ({"augment": True, "leave_out": (0, 1)}, "cifar10-augmented-unseen"),
        ({"dataset": "smallnorb", "divided_twice": True, "augment": True}, "smallnorb-divided-twice-augmented"),
    ],
)
def test_name_tells_the_dataset_and_what_was_shown(changes, name):
    assert Training(**({"dataset": "cifar10"} | changes)).name == name


def test_a_second_training_of_the_same_name_is_refused_while_the_first_runs(simple, tmp_path):
    def another(state):
        with pytest.raises(BlockingIOError, match=f"another process is training cifar10 in {tmp_path}"):
            train(SIMPLE, tmp_path)
        train(dataclasses.replace(SIMPLE, epochs=1), tmp_path / "elsewhere")

    train(dataclasses.replace(SIMPLE, epochs=1), tmp_path, progress=another)
    assert (tmp_path / "cifar10.json").exists()
