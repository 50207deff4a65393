"""effaug.images.features: LeNet repeats to the last bit and is what it says; ResNet is the stored network, frozen."""

import hashlib
import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
from scipy.signal import correlate
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from effaug.images import features
from effaug.images._philox import standard_normal
from effaug.images.features import CNN, LeNet, Pixels, transform_copies
from effaug.images.frozen import ResNet
from effaug.images.networks import bottleneck
from effaug.images.weights import load_resnet
from effaug.study.learners import featurizer
from effaug.study.protocols import load_protocol
from effaug.study.tasks import TASKS, load_task

BACKEND = os.environ.get("KERAS_BACKEND")  # as the user has it: effaug sets it when Keras is imported


def toy(n=48, seed=0):
    """Noise, brighter above for label 0 and below for label 1: images of 16 x 16 and labels."""
    rng = np.random.default_rng(seed)
    images, labels = rng.integers(0, 160, (n, 16, 16, 1), dtype=np.uint8), np.arange(n) % 2
    images[labels == 0, :8] += 90
    images[labels == 1, 8:] += 90
    return images, labels


def lenet(random_state=0, epochs=3):
    return LeNet(epochs=epochs, batch_size=20, random_state=random_state)


@pytest.fixture(scope="module")
def fitted():
    return lenet().fit(*toy())


def assert_same_weights(one, other):
    for a, b in zip(one.weights_, other.weights_, strict=True):
        np.testing.assert_array_equal(a, b)


def by_hand(weights, image):
    """LeNet's forward pass in NumPy: the 84 features and the class probabilities of one image."""
    x = image / 255
    for kernel, bias, mode in ((*weights[0:2], "same"), (*weights[2:4], "valid")):
        channels = []
        for k in range(kernel.shape[3]):
            rows, columns = (slice(2, -2),) * 2 if mode == "same" else (slice(None),) * 2
            padded = np.pad(x, ((4, 4), (4, 4), (0, 0)))[rows, columns] if mode == "same" else x
            channels.append(correlate(padded, kernel[..., k], mode="valid")[..., 0] + bias[k])
        x = np.maximum(np.stack(channels, axis=-1), 0)
        h, w = x.shape[0] // 2, x.shape[1] // 2
        x = x[: 2 * h, : 2 * w].reshape(h, 2, w, 2, -1).max(axis=(1, 3))
    hidden = np.maximum(x.ravel() @ weights[4] + weights[5], 0)
    hidden = np.maximum(hidden @ weights[6] + weights[7], 0)
    logits = np.exp(hidden @ weights[8] + weights[9])
    return hidden, logits / logits.sum()


# LeNet


def test_fit_repeats_to_the_last_bit_whatever_was_fitted_before(fitted):
    lenet(random_state=5).fit(*toy(30, seed=7))  # leaves its weights, momenta and step count in the shared network
    again = lenet().fit(*toy())
    assert_same_weights(again, fitted)
    np.testing.assert_array_equal(again.transform(toy()[0]), fitted.transform(toy()[0]))


@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16"])
@pytest.mark.parametrize("kind", [LeNet, CNN])
def test_an_epoch_in_one_program_is_that_of_keras_steps_to_the_last_bit(kind, precision, monkeypatch):
    images, labels = toy()
    net = kind(epochs=2, batch_size=20, precision=precision)
    found, trainable = net.fit(images, labels).weights_, net._net((16, 16, 1), 2)
    monkeypatch.setattr(trainable, "epoch", trainable._batch_by_batch)
    assert_same_weights(net.fit(images, labels), kind().trained(found, net.classes_, net.image_shape_))


@pytest.mark.slow
def test_fit_is_that_of_a_fresh_process_with_tensorflow_unless_told_otherwise(fitted):
    code = """
import hashlib, json, sys
sys.path.insert(0, sys.argv[1])
from test_features import lenet, toy
assert "keras" not in sys.modules
net = lenet().fit(*toy())
import keras
print(json.dumps([hashlib.sha256(b"".join(w.tobytes() for w in net.weights_)).hexdigest(), keras.backend.backend()]))
"""
    env = {k: v for k, v in os.environ.items() if k != "KERAS_BACKEND"} | (
        {"KERAS_BACKEND": BACKEND} if BACKEND else {}
    )
    argv = [sys.executable, "-c", code, os.path.dirname(__file__)]
    ran = subprocess.run(argv, capture_output=True, text=True, env=env)
    assert ran.returncode == 0, ran.stderr
    sha = hashlib.sha256(b"".join(w.tobytes() for w in fitted.weights_)).hexdigest()
    assert json.loads(ran.stdout.splitlines()[-1]) == [sha, BACKEND or "tensorflow"]


def test_random_state_decides_weights_and_order_of_batches(fitted):
    other = lenet(random_state=1).fit(*toy())
    assert all((a != b).any() for a, b in zip(fitted.weights_, other.weights_, strict=True))
    assert (fitted.transform(toy()[0]) != other.transform(toy()[0])).any()


def test_untrained_weights_are_normal_of_sd_005_and_biases_zero():
    net = LeNet(epochs=0).fit(np.zeros((2, 28, 28, 1), np.uint8), np.array([0, 1]))
    kernels, biases = net.weights_[::2], net.weights_[1::2]
    assert [k.shape for k in kernels] == [(5, 5, 1, 6), (5, 5, 6, 16), (400, 120), (120, 84), (84, 2)]
    assert all((b == 0).all() for b in biases)
    assert np.std(kernels[2]) == pytest.approx(0.05, rel=0.02)
    assert abs(np.mean(kernels[2])) < 0.001


def test_features_are_the_last_hidden_layer_computed_by_hand(fitted):
    images, _ = toy(6, seed=3)
    want = np.stack([by_hand(fitted.weights_, image)[0] for image in images])
    got = fitted.transform(images)
    assert (got.shape, got.dtype) == ((6, 84), np.float32)
    assert (want > 0).any()
    np.testing.assert_allclose(got, want, atol=1e-5)


def test_training_learns_whatever_the_labels_are_called(fitted):
    images, labels = toy()
    trained = lenet(epochs=25).fit(images, np.array([8, 3])[labels])
    assert trained.classes_.tolist() == [3, 8]
    predicted = [trained.classes_[np.argmax(by_hand(trained.weights_, image)[1])] for image in images]
    assert np.mean(predicted == np.array([8, 3])[labels]) > 0.9


def test_transform_does_not_depend_on_the_batch(fitted, monkeypatch):
    images, _ = toy()
    whole = fitted.transform(images)
    np.testing.assert_allclose(fitted.transform(images[17:18]), whole[17:18], atol=1e-5)
    monkeypatch.setattr(features, "_SMALL_NET_BATCH", 7)
    np.testing.assert_allclose(fitted.transform(images), whole, atol=1e-5)
    assert fitted.transform(images[:0]).shape == (0, 84)


def test_scikit_learns_conventions(fitted):
    settings = {"epochs": 3, "batch_size": 20, "learning_rate": 1e-3, "precision": "float32"}
    settings |= {"initial_state": None, "random_state": 0}
    assert fitted.get_params() == settings
    assert LeNet().get_params() == settings | {"epochs": 40, "batch_size": 512}
    copy = clone(fitted).set_params(random_state=1)
    assert copy.get_params() == settings | {"random_state": 1}
    assert not hasattr(copy, "weights_")
    assert fitted.get_feature_names_out().tolist() == [f"lenet{k}" for k in range(84)]


@pytest.mark.parametrize("transformer", [LeNet(), Pixels(), ResNet()], ids=repr)
def test_transform_before_fit_is_refused(transformer):
    with pytest.raises(NotFittedError):
        transformer.transform(toy()[0])


@pytest.mark.parametrize(
    "images",
    [toy()[0][..., 0], toy()[0] / 255, toy()[0].astype(np.int32), toy()[0][:, :15]],
    ids=["no channels", "float", "int32", "15 rows"],
)
def test_images_of_another_kind_are_refused(fitted, images):
    for call in (lambda: lenet().fit(images, toy()[1]), lambda: fitted.transform(images)):
        with pytest.raises(ValueError, match=r"images must be uint8 of shape \(n, h, w, c\)") as error:
            call()
        assert f"{images.dtype} of shape {images.shape}" in str(error.value)


def test_images_of_another_size_than_in_fit_are_refused(fitted):
    with pytest.raises(ValueError, match=r"shape \(16, 16, 1\) as in fit, got \(16, 20, 1\)"):
        fitted.transform(np.zeros((2, 16, 20, 1), np.uint8))


@pytest.mark.parametrize("n", [47, 49])
def test_labels_must_be_as_many_as_images(n):
    with pytest.raises(ValueError, match=r"labels must have shape \(48,\)"):
        lenet().fit(toy()[0], np.arange(n) % 2)


# The released code's CNN


def plain_cnn(random_state=0, epochs=3, **options):
    return CNN(epochs=epochs, batch_size=20, random_state=random_state, **options)


def test_the_cnn_has_the_released_codes_layers():
    net = CNN(epochs=0).fit(np.zeros((2, 28, 28, 1), np.uint8), np.array([0, 1]))
    kernels, biases = net.weights_[::2], net.weights_[1::2]
    shapes = [(3, 3, 1, 32), (3, 3, 32, 32), (3, 3, 32, 64), (3, 3, 64, 64), (1600, 512), (512, 2)]
    assert [k.shape for k in kernels] == shapes
    assert all((b == 0).all() for b in biases)
    assert np.std(kernels[4]) == pytest.approx(0.05, rel=0.01)


def cnn_by_hand(weights, image):
    x = image / 255
    for k, mode in enumerate(("same", "valid", "same", "valid")):
        kernel, bias = weights[2 * k : 2 * k + 2]
        padded = np.pad(x, ((1, 1), (1, 1), (0, 0))) if mode == "same" else x
        channels = [correlate(padded, kernel[..., c], mode="valid")[..., 0] + bias[c] for c in range(kernel.shape[3])]
        x = np.maximum(np.stack(channels, axis=-1), 0)
        if mode == "valid":
            h, w = x.shape[0] // 2, x.shape[1] // 2
            x = x[: 2 * h, : 2 * w].reshape(h, 2, w, 2, -1).max(axis=(1, 3))
    return np.maximum(x.ravel() @ weights[8] + weights[9], 0)


def test_the_cnns_features_are_its_512_hidden_units_computed_by_hand():
    images, labels = toy()
    net = plain_cnn().fit(images, labels)
    found = net.transform(images[:3])
    assert (found.shape, found.dtype) == ((3, 512), np.float32)
    np.testing.assert_allclose(found, [cnn_by_hand(net.weights_, x) for x in images[:3]], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16"])
def test_the_cnn_repeats_to_the_last_bit_with_its_dropout(precision):
    first = plain_cnn(precision=precision).fit(*toy())
    plain_cnn(random_state=5, precision=precision).fit(*toy(30, seed=7))
    assert_same_weights(plain_cnn(precision=precision).fit(*toy()), first)
    assert {w.dtype for w in first.weights_} == {np.dtype("float32")}


def test_half_precision_gives_nearly_the_same_features():
    one = plain_cnn().fit(*toy())
    half = plain_cnn(precision="mixed_bfloat16").trained(one.weights_, one.classes_, one.image_shape_)
    found, expected = half.transform(toy()[0]), one.transform(toy()[0])
    assert found.dtype == np.float32
    assert 0 < np.abs(found - expected).max() < 0.02 * np.abs(expected).max()


@pytest.mark.parametrize("net", [LeNet, CNN])
def test_initial_weights_can_be_shared_by_fits_of_other_random_states(net):
    images, labels = toy()
    one, other = (net(epochs=0, initial_state=0, random_state=k).fit(images, labels) for k in (0, 1))
    assert_same_weights(one, other)
    one, other = (net(epochs=1, batch_size=20, initial_state=0, random_state=k).fit(images, labels) for k in (0, 1))
    assert all((a != b).any() for a, b in zip(one.weights_, other.weights_, strict=True))


@pytest.mark.parametrize("net", [LeNet, CNN])
def test_the_released_codes_initial_weights_are_one_stream_drawn_a_second_time(net):
    found = [net(epochs=0, initial_state="released-code", random_state=k).fit(*toy()) for k in (0, 1)]
    assert_same_weights(*found)
    for kernel in found[0].weights_[::2]:
        expected = 0.05 * standard_normal(kernel.shape, seed=42, draw=1)
        np.testing.assert_allclose(kernel, expected, rtol=1e-6)
    assert all((bias == 0).all() for bias in found[0].weights_[1::2])


# ResNet


def _rescale(weights, folder, monkeypatch, pixel_scale):
    """A copy of the stored network that says it was trained at another scale."""
    shutil.copytree(weights, folder / "rescaled")
    path = folder / "rescaled" / "toy.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"pixel_scale": pixel_scale}))
    monkeypatch.setenv("EFFAUG_WEIGHTS", str(folder / "rescaled"))


def colour(n=10, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (n, 16, 16, 3), dtype=np.uint8)


@pytest.mark.parametrize("subtract_mean", [True, 0.25, False])
@pytest.mark.parametrize("pixel_scale", [1 / 255, 1 / 255**2])
def test_resnet_is_the_stored_networks_bottleneck_at_its_scale(
    weights, tmp_path, monkeypatch, subtract_mean, pixel_scale
):
    _rescale(weights, tmp_path, monkeypatch, pixel_scale)
    net = ResNet("toy", subtract_mean=subtract_mean).fit(colour())
    assert net.pixel_scale_ == pixel_scale
    model = load_resnet("toy")
    (mean,) = model.get_layer("mean_image").get_weights()
    model.get_layer("mean_image").set_weights([np.zeros_like(mean)])
    pixels = colour() * pixel_scale - subtract_mean * mean
    expected = bottleneck(model).predict_on_batch(pixels.astype(np.float32))
    found = net.transform(colour())
    assert (found.shape, found.dtype) == ((10, 256), np.float32)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_mean_image_and_pixel_scale_change_the_features(weights, tmp_path, monkeypatch):
    found = [ResNet("toy", subtract_mean=mean).fit(colour()).transform(colour()) for mean in (True, False)]
    _rescale(weights, tmp_path, monkeypatch, 1 / 255**2)
    found.append(ResNet("toy").fit(colour()).transform(colour()))
    for k, one in enumerate(found):
        assert all(np.abs(one - other).max() > 0.01 for other in found[:k])


def test_resnets_features_do_not_depend_on_the_batch(weights, monkeypatch):
    net = ResNet("toy").fit(colour())
    whole = net.transform(colour())
    monkeypatch.setattr("effaug.images.frozen._RESNET_BATCH", 4)
    np.testing.assert_allclose(net.transform(colour()), whole, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(net.transform(colour()[3:4]), whole[3:4], rtol=1e-4, atol=1e-5)
    assert net.transform(colour(0)).shape == (0, 256)


def test_resnet_says_what_it_is(weights):
    net = ResNet("toy").fit(colour())
    assert net.manifest_ == json.loads((weights / "toy.json").read_text())
    assert net.weights_sha256_ == hashlib.sha256((weights / "toy.weights.h5").read_bytes()).hexdigest()
    assert net.get_feature_names_out().tolist() == [f"resnet{k}" for k in range(256)]
    defaults = {"network": "cifar10", "subtract_mean": True}
    assert ResNet().get_params() == defaults
    copy = clone(net).set_params(subtract_mean=False)
    assert copy.get_params() == defaults | {"network": "toy", "subtract_mean": False}
    with pytest.raises(NotFittedError):
        copy.transform(colour())


def test_resnet_fitted_again_forgets_what_it_was(weights):
    net = ResNet("toy").fit(colour())
    net.transform(colour())
    again = net.set_params(subtract_mean=False).fit(colour()).transform(colour())
    np.testing.assert_array_equal(again, ResNet("toy", subtract_mean=False).fit(colour()).transform(colour()))


def test_missing_weights_are_named_with_those_that_are_there(weights, tmp_path, monkeypatch):
    with pytest.raises(FileNotFoundError, match=r"no network 'cifar10' in .*; there: toy. `effaug train-cnn` trains"):
        ResNet().fit(colour())
    (tmp_path / "half.json").write_text("{}")  # without its weights
    for folder, sentence in ((tmp_path, "no network 'half' in "), (tmp_path / "absent", "names no existing folder: ")):
        monkeypatch.setenv("EFFAUG_WEIGHTS", str(folder))
        with pytest.raises(FileNotFoundError, match=f"{sentence}{folder}"):
            ResNet("half").fit(colour())


@pytest.mark.parametrize("call", ["fit", "transform"])
def test_resnet_refuses_images_of_another_size_or_kind(weights, call):
    net = ResNet("toy").fit(colour())
    with pytest.raises(ValueError, match=r"shape \(16, 16, 3\) as in toy, got \(32, 32, 3\)"):
        getattr(net, call)(np.zeros((2, 32, 32, 3), np.uint8))
    with pytest.raises(ValueError, match=r"images must be uint8 of shape \(n, h, w, c\).*, got float64 of shape"):
        getattr(net, call)(colour() / 255)


def test_resnets_weights_are_loaded_only_when_features_are_computed(weights):
    code = """
import sys, numpy as np
from effaug.images.frozen import ResNet
net = ResNet("toy").fit(np.zeros((2, 16, 16, 3), np.uint8))
print(len(net.weights_sha256_), [name for name in ("keras", "tensorflow") if name in sys.modules])
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ran.stdout == "64 []\n", ran.stdout + ran.stderr


# Pixels, and what is common


def test_pixels_are_flattened_and_over_255():
    images, _ = toy()
    pixels = Pixels().fit(images)
    got = pixels.transform(images)
    assert got.dtype == np.float32
    np.testing.assert_array_equal(got, images.reshape(48, 256).astype(np.float32) / 255)
    assert pixels.get_feature_names_out().tolist() == [f"pixels{k}" for k in range(256)]


@pytest.mark.parametrize("name", TASKS)
@pytest.mark.parametrize("protocol", ["paper", "released-code"])
def test_featurizer_is_that_of_the_task_under_the_protocol(name, protocol):
    task, chosen = load_task(name, protocol=protocol), load_protocol(protocol, epochs=7)
    expected = {
        "lenet": LeNet(epochs=7, random_state=3),
        "cnn": CNN(epochs=7, precision="mixed_bfloat16", initial_state="released-code", random_state=3),
        "pixels": Pixels(),
        "resnet": ResNet(task.weights, subtract_mean=protocol == "paper"),
    }[task.network]
    found = featurizer(task, chosen, 3)
    assert type(found) is type(expected)
    assert found.get_params() == expected.get_params()
    with pytest.raises(NotFittedError):
        found.transform(np.zeros((1, 96, 96, 1), np.uint8))


def test_featurizers_random_state_is_0_unless_given():
    assert featurizer(load_task("mnist-crop"), load_protocol()).get_params() == LeNet().get_params()


def test_copies_are_featurised_each_in_its_place():
    images = np.stack([toy(seed=k)[0] for k in range(3)], axis=1)
    got = transform_copies(Pixels().fit(images[:, 0]), images)
    np.testing.assert_array_equal(got, images.reshape(48, 3, 256).astype(np.float32) / 255)


def test_importing_effaug_imports_no_heavy_package_and_its_features_no_keras():
    code = """
import sys, effaug
loaded = lambda *names: [name for name in names if name in sys.modules]
assert effaug.load_task("mnist-rotate") and "load_task" in dir(effaug)
print(loaded("tensorflow", "keras", "sklearn", "scipy", "imgaug", "cv2"))
assert effaug.LeNet().get_params() and effaug.POLICIES
print(loaded("tensorflow", "keras"))
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ran.stdout == "[]\n[]\n", ran.stdout + ran.stderr


def test_effaug_has_its_names_and_no_others():
    import effaug

    assert set(effaug.__all__) <= set(dir(effaug))
    assert all(getattr(effaug, name) is not None for name in effaug.__all__)
    with pytest.raises(AttributeError, match="module 'effaug' has no attribute 'slect'"):
        effaug.slect  # noqa: B018
