"""Keras on JAX: networks with the same weights give TensorFlow's features, in files of their own in the cache."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from effaug.images.augment import Translate
from effaug.images.cache import FeatureCache
from effaug.images.features import CNN, LeNet
from effaug.images.frozen import ResNet, _padded

TOLERANCE = 1e-5  # of the largest feature: sums in another order; measured are 2.4e-6 at most
SHIFTS = Translate(((0, 2), (-3, 0)))

pytestmark = pytest.mark.skipif(
    os.environ.get("KERAS_BACKEND", "tensorflow") != "tensorflow", reason="compares JAX with TensorFlow"
)


def features(folder):
    """Of a stored ResNet's weights, of small networks before and after training, and of copies through the cache."""
    rng = np.random.default_rng(0)
    colour = rng.integers(0, 256, (12, 32, 32, 3), dtype=np.uint8)
    grey, labels = rng.integers(0, 256, (64, 28, 28, 1), dtype=np.uint8), np.arange(64) % 2
    resnet = ResNet("cifar10-depth11").fit(colour)
    return {
        "resnet": resnet.transform(colour),
        "copies": FeatureCache(folder).transform(resnet, colour[:4], SHIFTS),
        "lenet": LeNet(epochs=2, batch_size=32).fit(grey, labels).transform(grey),
        "cnn": CNN(epochs=0).fit(grey, labels).transform(grey[:5]),
    }


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """On TensorFlow here, and on JAX in a process of its own: Keras takes a backend when it is imported."""
    pytest.importorskip("jax")
    folder = tmp_path_factory.mktemp("cache")
    code = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import numpy as np
from test_backends import features
found = features(Path(sys.argv[2]))
import keras
assert keras.backend.backend() == "jax"
assert "tensorflow" not in sys.modules
np.savez(sys.argv[3], **found)
"""
    argv = [sys.executable, "-c", code, str(Path(__file__).parent), str(folder), str(folder / "jax.npz")]
    env = os.environ | {"KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"}
    ran = subprocess.run(argv, capture_output=True, text=True, env=env)
    assert ran.returncode == 0, ran.stderr
    with np.load(folder / "jax.npz") as file:
        return features(folder), dict(file), folder


@pytest.mark.parametrize("name", ["resnet", "copies", "lenet", "cnn"])
def test_features_on_jax_are_those_on_tensorflow(found, name):
    own, other = found[0][name], found[1][name]
    assert (own.shape, own.dtype) == (other.shape, other.dtype)
    assert np.std(own, axis=0).max() > 0.001
    np.testing.assert_allclose(other, own, rtol=0, atol=TOLERANCE * np.abs(own).max())
    if name != "lenet":
        assert (own != other).any()  # two programs computed them


def test_the_cache_tells_backends_apart(found):
    assert len(list(found[2].glob("features-*.npy"))) == 2


@pytest.mark.parametrize(("n", "room"), [(1, 128), (128, 128), (129, 256), (1020, 1024), (1500, 2000)])
def test_other_backends_compile_for_few_numbers_of_images(monkeypatch, n, room):
    from effaug.images.networks import import_keras

    pixels = np.ones((n, 2, 2, 1), np.float32)
    assert _padded(pixels, 2000) is pixels
    monkeypatch.setattr(import_keras().backend, "backend", lambda: "jax")
    padded = _padded(pixels, 2000)
    assert (padded.shape, padded.sum()) == ((room, 2, 2, 1), 4 * n)
