"""effaug.images.weights: what Keras cannot take is named. Broken files that effaug refuses itself are in the corpus."""

import shutil

import h5py
import numpy as np
import pytest

from effaug.images.networks import bottleneck, resnet, resnet_width
from effaug.images.weights import load_resnet, mean_image_response


def _vars(file):
    """The arrays of a file of weights."""
    found = []
    file.visititems(lambda name, thing: found.append(thing) if isinstance(thing, h5py.Dataset) and thing.size else None)
    return found


def _cut(file):
    kernel = next(array for array in _vars(file) if array.ndim == 4)
    values, name = kernel[:1], kernel.name
    del file[name]
    file[name] = values


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        (lambda file: _vars(file)[0].__setitem__(..., np.nan), "holds weights that are not finite"),
        (_cut, "holds other weights than this network has: "),
        (lambda file: file.pop("layers/dense"), "holds other weights than this network has: "),
    ],
    ids=["not finite", "another shape", "a layer lost"],
)
def test_weights_that_keras_cannot_take_are_named(spoil, fault, toy_network, tmp_path, monkeypatch):
    shutil.copytree(toy_network, tmp_path, dirs_exist_ok=True)
    monkeypatch.setenv("EFFAUG_WEIGHTS", str(tmp_path))
    with h5py.File(tmp_path / "toy.weights.h5", "a") as file:
        spoil(file)
    with pytest.raises(ValueError, match=f"{tmp_path}/toy.weights.h5 {fault}") as error:
        load_resnet("toy")
    assert "\n" not in str(error.value)


def test_the_response_to_the_mean_image_is_that_of_the_networks_first_layer(weights):
    """What its convolution makes of the mean image, less what it makes of nothing (its bias), by its normalisation."""
    model = load_resnet("toy")
    convolution = next(layer for layer in model.layers if "conv" in layer.name)
    normalisation = next(layer for layer in model.layers if "batch" in layer.name)
    (mean,) = model.get_layer("mean_image").get_weights()
    response = np.asarray(convolution(mean[None])) - np.asarray(convolution(np.zeros_like(mean[None])))
    sd = np.sqrt(np.asarray(normalisation.moving_variance))
    expected = np.median(np.sqrt((response**2).mean(axis=(0, 1, 2))) / sd)
    assert mean_image_response("toy") == pytest.approx(expected, rel=1e-5)


def test_the_width_of_a_resnet_is_known_before_it_is_built():
    for shape in ((32, 32, 3), (96, 96, 1), (8, 8, 1), (16, 40, 1)):
        assert resnet_width(shape) == bottleneck(resnet(shape, 2, 11)).output.shape[-1]
