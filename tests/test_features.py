"""effaug.features: LeNet repeats to the last bit and is what it says (its cache: test_features_cache.py)."""

import hashlib
import json
import os
import subprocess
import sys

import numpy as np
import pytest
from scipy.signal import correlate
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from effaug import features
from effaug.features import LeNet, Pixels, featurizer, transform_copies, versions

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
    monkeypatch.setattr(features, "_FORWARD_BATCH", 7)
    np.testing.assert_allclose(fitted.transform(images), whole, atol=1e-5)
    assert fitted.transform(images[:0]).shape == (0, 84)


def test_scikit_learns_conventions(fitted):
    settings = {"epochs": 3, "batch_size": 20, "learning_rate": 1e-3, "random_state": 0}
    assert fitted.get_params() == settings
    assert LeNet().get_params() == settings | {"epochs": 40, "batch_size": 512}
    copy = clone(fitted).set_params(random_state=1)
    assert copy.get_params() == settings | {"random_state": 1}
    assert not hasattr(copy, "weights_")
    assert fitted.get_feature_names_out().tolist() == [f"lenet{k}" for k in range(84)]


@pytest.mark.parametrize("transformer", [LeNet(), Pixels()], ids=repr)
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


# Pixels, and what is common


def test_pixels_are_flattened_and_over_255():
    images, _ = toy()
    pixels = Pixels().fit(images)
    got = pixels.transform(images)
    assert got.dtype == np.float32
    np.testing.assert_array_equal(got, images.reshape(48, 256).astype(np.float32) / 255)
    assert pixels.get_feature_names_out().tolist() == [f"pixels{k}" for k in range(256)]


def test_featurizer_knows_the_networks_by_name():
    assert featurizer("lenet", 7).get_params() == LeNet(random_state=7).get_params()
    assert isinstance(featurizer("pixels"), Pixels)
    with pytest.raises(ValueError, match="network 'lenet5' yet; accepted: lenet, pixels"):
        featurizer("lenet5")


def test_copies_are_featurised_each_in_its_place():
    images = np.stack([toy(seed=k)[0] for k in range(3)], axis=1)
    got = transform_copies(Pixels().fit(images[:, 0]), images)
    np.testing.assert_array_equal(got, images.reshape(48, 3, 256).astype(np.float32) / 255)


def test_versions_name_the_backend(monkeypatch):
    from importlib.metadata import version

    monkeypatch.setenv("KERAS_BACKEND", "numpy")
    assert versions.__wrapped__() == f"keras {version('keras')}, numpy {np.__version__}"
    monkeypatch.delenv("KERAS_BACKEND")
    assert "tensorflow" in versions.__wrapped__()


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
