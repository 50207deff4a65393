"""keras_file: files as Keras writes them give the same function; anything else is refused by a sentence."""

import dataclasses
import hashlib
import itertools
import json
import shutil

import h5py
import numpy as np
import pytest

from effaug.images import keras_file
from effaug.images.augment import Crop
from effaug.images.cache import FeatureCache
from effaug.images.frozen import KerasResNet, ResNet
from effaug.images.networks import bottleneck, import_keras
from effaug.images.weights import load_manifest, load_resnet
from effaug.study import datasets, runner
from effaug.study.caveats import caveats
from effaug.study.experiment import Experiment
from effaug.study.learners import featurizer
from effaug.study.protocols import load_protocol
from effaug.study.reproduce import stored_experiments
from effaug.study.results import Results
from effaug.study.tasks import load_task


def unit(x, filters, size=1, strides=1, first=True):
    """Batch normalisation and ReLU unless it is the first, then a convolution."""
    L = import_keras().layers
    if not first:
        x = L.Activation("relu")(L.BatchNormalization()(x))
    return L.Conv2D(filters, kernel_size=size, strides=strides, padding="same")(x)


def theirs(shape=(32, 32, 3), n_classes=10, n=1, swapped=False):
    """The Keras example's ResNet v2 of depth 9n + 2, layer by layer, no weight at its initial value."""
    keras = import_keras()
    L = keras.layers
    inputs = keras.Input(shape)
    x = L.Activation("relu")(L.BatchNormalization()(unit(inputs, 16, 3)))
    narrow = 16
    for stage, wide in enumerate((64, 128, 256)):
        for block in range(n):
            strides = 2 if stage and not block else 1
            y = unit(x, narrow, 1, strides, first=stage == block == 0)
            y = unit(unit(y, narrow, 3, first=False), wide, first=False)
            if not block:
                x = unit(x, wide, 1, strides)
            x = L.add([y, x] if swapped else [x, y])
        narrow = wide
    x = L.AveragePooling2D(pool_size=8)(L.Activation("relu")(L.BatchNormalization()(x)))
    model = keras.Model(inputs, L.Dense(n_classes, activation="softmax")(L.Flatten()(x)))
    rng = np.random.default_rng(0)
    for weight in model.weights:
        low, high = (-0.5, 0.5) if weight.name in ("bias", "beta", "moving_mean") else (0.5, 1.5)
        kernel = rng.normal(0, np.sqrt(2 / np.prod(weight.shape[:-1])), weight.shape)
        weight.assign(kernel if weight.name == "kernel" else rng.uniform(low, high, weight.shape))
    return model


def save(model, path):
    model.compile("adam", "categorical_crossentropy")
    model.save(path)
    return path


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A model, and the file that Keras 3 makes of it."""
    model = theirs()
    return model, save(model, tmp_path_factory.mktemp("keras") / "ResNet29v2 model.011.h5")


def in_keras_2_style(source, target, root=False):
    """The same weights as Keras 2.2.4 lays them out: names as bytes, ``:0`` at their ends, numbered from 1."""
    with h5py.File(source) as old, h5py.File(target, "w") as new:
        new.attrs["keras_version"], new.attrs["backend"] = b"2.2.4", b"tensorflow"
        group, found = new if root else new.create_group("model_weights"), old["model_weights"]
        names = {}
        for name in found.attrs["layer_names"]:
            kind = name.rstrip("0123456789").rstrip("_") if "2d_" in name or "normalization_" in name else name
            names[name] = f"{kind}_{int(name[len(kind) + 1 :] or 0) + 1}"
        group.attrs["layer_names"] = [name.encode() for name in names.values()]
        for name, renamed in names.items():
            layer, weights = group.create_group(renamed), [w.split("/")[-1] for w in found[name].attrs["weight_names"]]
            layer.attrs["weight_names"] = [f"{renamed}/{w}:0".encode() for w in weights]
            for w in weights:
                layer[f"{renamed}/{w}:0"] = found[f"{name}/{name}/{w}"][()]
        if not root:
            new.create_group("optimizer_weights").attrs["weight_names"] = [b"training/Adam/iterations:0"]
    return target


def images(n=5, shape=(32, 32, 3)):
    return np.random.default_rng(1).integers(0, 256, (n, *shape), dtype=np.uint8)


def assert_same_function(model, path):
    ours, x = load_resnet(str(path)), images(5, model.input_shape[1:]).astype(np.float32) / 255
    np.testing.assert_allclose(ours.predict_on_batch(x), model.predict_on_batch(x), rtol=1e-3, atol=1e-6)
    flat = import_keras().Model(model.inputs, model.layers[-2].output).predict_on_batch(x)
    assert flat.std() > 0.1
    np.testing.assert_allclose(bottleneck(ours).predict_on_batch(x), flat, rtol=1e-3, atol=1e-4)


def test_what_keras_3_writes_is_the_same_function(written):
    assert_same_function(*written)
    found = keras_file.outline(written[1])
    assert (found.depth, found.image_shape, found.n_classes) == (11, (32, 32, 3), 10)


def test_a_deeper_network_of_larger_grey_images_is_the_same_function(tmp_path):
    model = theirs((96, 96, 1), 5, n=2)
    path = save(model, tmp_path / "norb.h5")
    assert_same_function(model, path)
    about = load_manifest(str(path))
    assert (about["network"]["depth"], about["image_shape"], about["n_classes"]) == (20, [96, 96, 1], 5)


@pytest.mark.parametrize("root", [False, True])
def test_what_keras_2_writes_is_the_same_function(written, tmp_path, root):
    assert_same_function(written[0], in_keras_2_style(written[1], tmp_path / "old.h5", root))


def test_names_split_over_several_attributes_are_put_together(written, tmp_path):
    path = shutil.copy(written[1], tmp_path / "split.h5")
    with h5py.File(path, "a") as file:
        attributes = file["model_weights"].attrs
        names = attributes["layer_names"]
        attributes["layer_names0"], attributes["layer_names1"] = names[:7], names[7:]
        del attributes["layer_names"]
    assert_same_function(written[0], path)


def test_shortcuts_that_cannot_be_told_from_other_convolutions_are_refused(tmp_path):
    path = save(theirs(swapped=True), tmp_path / "swapped.h5")
    with pytest.raises(ValueError, match=r"swapped.h5: its convolutions are numbered in another order"):
        load_resnet(str(path))


def test_features_are_the_files_less_the_mean_image_at_the_networks_scale(written):
    model, path = written
    x, mean = images(), images(9).mean(axis=0)
    flat = import_keras().Model(model.inputs, model.layers[-2].output)
    for scale, subtract in ((1 / 255, True), (1 / 255, False), (1 / 255**2, True)):
        net = KerasResNet(str(path), mean if subtract else None, pixel_scale=scale).fit(x)
        pixels = scale * (x - (mean if subtract else 0))
        expected = flat.predict_on_batch(pixels.astype(np.float32))
        np.testing.assert_allclose(net.transform(x), expected, rtol=1e-3, atol=1e-4)
        assert net.weights_[0] == hashlib.sha256(path.read_bytes()).hexdigest()


def test_cached_features_are_of_one_file_and_one_mean_image(written, cache, tmp_path):
    x, other = images(), shutil.copy(written[1], tmp_path / "other.h5")
    with h5py.File(other, "a") as file:
        first = layer_of(file, "conv2d", 0)
        first[first.attrs["weight_names"][1]][0] += 1
    found = []
    for path, shift in ((written[1], 0), (written[1], 90), (other, 0)):
        net = KerasResNet(str(path), images(9).mean(axis=0) // 2 + shift).fit(x)
        found.append(np.array(FeatureCache().transform(net, x, Crop((2,)))))
        np.testing.assert_allclose(found[-1][:, 0], net.transform(x), rtol=1e-3, atol=1e-4)
    assert all(np.abs(a - b).max() > 1e-2 for a, b in itertools.combinations(found, 2))


TRAINED_ON = {"cifar10": np.full((4, 32, 32, 3), 9, np.uint8), "smallnorb": np.full((4, 96, 96, 1), 7, np.uint8)}


@pytest.mark.parametrize("protocol", ["paper", "released-code"])
def test_a_tasks_features_come_from_the_file_at_the_protocols_scale(written, protocol, monkeypatch):
    data = {name: datasets.Dataset(name, train, *3 * [np.arange(4)]) for name, train in TRAINED_ON.items()}
    monkeypatch.setattr("effaug.study.datasets.load", data.__getitem__)
    for name in ("cifar10-crop", "smallnorb-crop"):
        chosen = load_protocol(protocol, weights=str(written[1]))
        net = featurizer(load_task(name, protocol=chosen), chosen)
        twice = (name, protocol) == ("smallnorb-crop", "released-code")
        assert type(net) is KerasResNet
        assert (net.network, net.pixel_scale) == (str(written[1]), 1 / 255**2 if twice else 1 / 255)
        if protocol == "paper":
            trained_on = TRAINED_ON["smallnorb" if "smallnorb" in name else "cifar10"]
            np.testing.assert_allclose(net.mean_image, trained_on.mean(axis=0))
            some = featurizer(load_task(name, protocol=chosen), dataclasses.replace(chosen, subtract_mean=0.25))
            np.testing.assert_allclose(some.mean_image, 0.25 * trained_on.mean(axis=0))
        else:
            assert net.mean_image is None
    ours = load_protocol(protocol, weights="mine")
    assert type(featurizer(load_task("cifar10-crop", protocol=ours), ours)) is ResNet


def test_a_protocol_is_named_after_the_file_and_its_hash_wherever_it_lies(written, weights, tmp_path, monkeypatch):
    path = written[1]
    protocol = load_protocol("paper", weights=str(path), C=2)
    digits = hashlib.sha256(path.read_bytes()).hexdigest()[:8]
    assert protocol.name == f"paper+C=2.0+weights=ResNet29v2_model.011-{digits}"
    copy = shutil.copy(path, tmp_path)
    monkeypatch.chdir(tmp_path)
    moved = load_protocol("paper", weights=path.name, C=2)
    assert (moved.name, moved.weights) == (protocol.name, str(copy))
    for ours in ("toy.weights.h5", str(weights / "toy.weights.h5")):
        assert load_protocol("paper", weights=ours) == load_protocol("paper", weights="toy")
    with pytest.raises(FileNotFoundError, match=f"no file absent.h5, nor absent.h5 in {weights}: name a network or"):
        load_protocol("paper", weights="absent.h5")


def test_a_run_records_the_file_and_can_be_reproduced_where_the_file_lies_elsewhere(
    written, cache, tmp_path, monkeypatch
):
    rng = np.random.default_rng(2)
    x, y = rng.integers(0, 256, (60, 32, 32, 3), dtype=np.uint8), np.arange(60) % 2
    np.savez(tmp_path / "cifar10.npz", x_train=x, y_train=y, x_test=x[:20], y_test=y[:20])
    monkeypatch.setenv("EFFAUG_DATA", str(tmp_path))
    mine, store = shutil.copy(written[1], tmp_path / "mine.h5"), Results(tmp_path / "results")
    protocol = load_protocol("paper", weights=str(mine))
    task = load_task("cifar10-crop", protocol=protocol, n_train=24)
    runner.run(Experiment(task, protocol, policies=("baseline",), n_seeds=1), store)
    ((label, record),) = store.record(task.name).items()
    sha256 = hashlib.sha256(mine.read_bytes()).hexdigest()
    assert label == f"paper+weights=mine-{sha256[:8]}/frozen"
    assert (record["network"]["weights_sha256"], record["network"]["depth"]) == (sha256, 11)
    assert caveats(record)[-1].startswith("The network is a ResNet of depth 11 from the file mine.h5, which does not")
    folder = tmp_path / "weights"
    folder.mkdir()
    monkeypatch.setenv("EFFAUG_WEIGHTS", str(folder))
    moved = shutil.move(mine, folder / "mine.h5")
    (again,) = stored_experiments(store, task.name)
    runner.run(again, Results(tmp_path / "again"))
    tables = [
        Results(tmp_path / name).table().drop(columns="seconds", errors="ignore") for name in ("results", "again")
    ]
    assert tables[0].equals(tables[1])
    there = load_protocol("paper", weights=str(moved))
    more = Experiment(load_task("cifar10-crop", protocol=there, n_train=24), there, policies=("baseline",), n_seeds=2)
    assert runner.run(more, store) == 1  # the same file at another path: the same results
    with h5py.File(moved, "a") as file:
        file.attrs["changed"] = 1
    with pytest.raises(
        ValueError, match=rf"mine.h5 is mine-\w{{8}} now, not the file of paper\+weights=mine-{sha256[:8]}"
    ):
        runner.run(dataclasses.replace(again, curves=None, n_seeds=3), store)


def layer_of(file, kind, k):
    names = [name for name in file["model_weights"].attrs["layer_names"] if name.startswith(kind)]
    return file[f"model_weights/{names[k]}"]


def replace(layer, weight, value):
    (name,) = [name for name in layer.attrs["weight_names"] if name.endswith(weight)]
    del layer[name]
    layer[name] = value


def drop(file, kind):
    group = file["model_weights"]
    names = list(group.attrs["layer_names"])
    names.remove(next(name for name in names if name.startswith(kind)))
    group.attrs["layer_names"] = names


FAULTS = {
    "no names": (lambda f: f["model_weights"].attrs.pop("layer_names"), "names no layers: it must be a file that"),
    "lost group": (lambda f: f["model_weights"].pop(layer_of(f, "dense", 0).name), "is not whole"),
    "lost array": (
        lambda f: layer_of(f, "dense", 0).pop(layer_of(f, "dense", 0).attrs["weight_names"][0]),
        "not whole",
    ),
    "a convolution less": (lambda f: drop(f, "conv2d"), r"9n \+ 4 convolutions, .*; it has 12, 10 and 1"),
    "a normalisation less": (lambda f: drop(f, "batch"), r"as a ResNet v2 does; it has 13, 9 and 1"),
    "no dense layer": (lambda f: drop(f, "dense"), r"at last one dense layer, .*; it has 13, 10 and 0"),
    "other side": (lambda f: replace(layer_of(f, "dense", 0), "kernel", np.zeros((500, 10))), "256 rows .*, got 500"),
    "other kernel": (
        lambda f: replace(layer_of(f, "conv2d", 2), "kernel", np.zeros((5, 5, 16, 16))),
        r"has bias \(16,\), kernel \(5, 5, 16, 16\), where a ResNet v2 has bias \(16,\), kernel \(3, 3, 16, 16\)",
    ),
    "dense layer first": (
        lambda f: f["model_weights"].attrs.__setitem__(
            "layer_names", np.roll(f["model_weights"].attrs["layer_names"], 1)
        ),
        "at last one dense layer",
    ),
    "NaN": (
        lambda f: replace(layer_of(f, "conv2d", 1), "bias", np.full(16, np.nan)),
        r"bias of layer conv2d\w* is not",
    ),
    "another kind": (
        lambda f: (
            layer_of(f, "conv2d", 1).attrs.__setitem__("weight_names", ["conv/gates"])
            or layer_of(f, "conv2d", 1).__setitem__("conv/gates", np.zeros(3))
        ),
        r"has gates \(3,\), but a ResNet v2 is made of",
    ),
}


@pytest.mark.parametrize(("spoil", "message"), FAULTS.values(), ids=list(FAULTS))
def test_a_file_of_another_network_is_refused_by_a_sentence(written, tmp_path, spoil, message):
    path = shutil.copy(written[1], tmp_path / "other.h5")
    with h5py.File(path, "a") as file:
        spoil(file)
    with pytest.raises(ValueError, match=rf"other.h5.*{message}"):
        load_resnet(str(path))


def test_a_file_that_is_no_hdf5_is_refused(tmp_path):
    for content in (b"", b"PK not HDF5", b"\x89HDF\r\n\x1a\n cut off"):
        (tmp_path / "bad.h5").write_bytes(content)
        with pytest.raises(ValueError, match=r"bad.h5 is no whole HDF5 file"):
            load_manifest(str(tmp_path / "bad.h5"))


def test_a_network_for_images_of_another_size_is_refused(written):
    with pytest.raises(ValueError, match=r"images must have shape \(32, 32, 3\) as in .*h5, got \(96, 96, 1\)"):
        KerasResNet(str(written[1])).fit(images(2, (96, 96, 1)))


def test_more_layers_than_any_published_network_has_are_refused(written, tmp_path, monkeypatch):
    monkeypatch.setattr(keras_file, "MAX_DEPTH", 10)
    with pytest.raises(ValueError, match=r"holds a network of depth 11; the deepest accepted is 10"):
        load_resnet(str(written[1]))


def test_nothing_but_arrays_is_read(written, tmp_path):
    path = shutil.copy(written[1], tmp_path / "plain.h5")
    with h5py.File(path, "a") as file:
        file.attrs["model_config"] = json.dumps({"class_name": "Lambda", "config": "no such thing"})
    assert_same_function(written[0], path)
