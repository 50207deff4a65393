"""effaug.images.networks: ResNet v2 is what it says, layer by layer, and its fused batch normalisation Keras's own."""

import json
import os
import re
from importlib.metadata import version

import numpy as np
import pytest
from scipy.signal import correlate

from effaug.images import networks, weights
from effaug.images.networks import bottleneck, import_keras, resnet, versions
from effaug.images.weights import load_manifest, load_resnet, weights_folder, weights_sha256

on_tensorflow = pytest.mark.skipif(
    os.environ.get("KERAS_BACKEND", "tensorflow") != "tensorflow", reason="the fused kernel is TensorFlow's"
)


def noise(n=6, seed=0):
    """Images over 255, of the stored network's size."""
    return np.random.default_rng(seed).uniform(0, 1, (n, 16, 16, 3)).astype(np.float32)


@pytest.fixture
def plain(monkeypatch):
    """Build networks with Keras's own batch normalisation from here on."""
    mean_image, _ = networks._layers()
    layers = mean_image, import_keras().layers.BatchNormalization
    return lambda: monkeypatch.setattr(networks, "_layers", lambda: layers)


# ResNet


def n_weights(depth, shape, classes):
    """All weights of Keras's ResNet v2 example, batch normalisation's four a channel, and of the mean image."""
    total, inputs, width = np.prod(shape) + (9 * shape[2] + 1) * 16 + 4 * 16, 16, 16
    for channels in (64, 128, 256):
        for block in range((depth - 2) // 9):
            if inputs > 16:
                total += 4 * inputs
            total += (inputs + 1) * width + 4 * width  # 1 x 1
            total += (9 * width + 1) * width + 4 * width  # 3 x 3
            total += (width + 1) * channels  # 1 x 1
            if block == 0:
                total += (inputs + 1) * channels
            inputs = channels
        width = channels
    features = 256 * (shape[0] // 32) * (shape[1] // 32)
    return total + 4 * 256 + (features + 1) * classes


@pytest.mark.parametrize(
    ("depth", "shape", "classes", "units"),
    [(11, (32, 32, 3), 10, 256), (20, (96, 96, 1), 5, 2304), (56, (32, 32, 3), 10, 256)],
)
def test_resnet_has_the_published_size(depth, shape, classes, units):
    model = resnet(shape, classes, depth)
    assert model.count_params() == n_weights(depth, shape, classes)
    if depth == 56:  # 1,673,738 of Keras's example and 3072 pixels of the mean image
        assert model.count_params() == 1_676_810
    assert bottleneck(model).output.shape == (None, units)
    assert model.output.shape == (None, classes)
    convolutions = [layer for layer in model.layers if type(layer).__name__ == "Conv2D"]
    assert len(convolutions) == depth - 1 + 3  # all but the softmax, and a shortcut for each stage
    assert all(layer.kernel_regularizer.l2 == pytest.approx(1e-4) for layer in convolutions)


@pytest.mark.parametrize("depth", [2, 10, 12, 55, -7, 11.0, "56", None])
def test_another_depth_is_refused(depth):
    with pytest.raises(ValueError, match=re.escape(f"depth must be 9n + 2 (11, 20, 29, ..., 56), got {depth!r}")):
        resnet((32, 32, 3), 10, depth)


@pytest.mark.parametrize("shape", [(7, 32, 3), (32, 7, 3)])
def test_images_of_less_than_8_pixels_a_side_are_refused(shape):
    with pytest.raises(ValueError, match=re.escape(f"at least 8 pixels a side for a ResNet, got {shape}")):
        resnet(shape, 10, 11)


def by_hand(model, image, blocks):
    """ResNet v2's forward pass in NumPy, from its weights in the order of their layers' numbers."""
    number = lambda layer: int((re.search(r"\d+$", layer.name) or "0")[0])  # noqa: E731
    stacks = {
        kind: iter(sorted((y for y in model.layers if type(y).__name__ == kind), key=number))
        for kind in ("Conv2D", "BatchNormalization")
    }

    def conv(x, strides=1):
        kernel, bias = next(stacks["Conv2D"]).get_weights()
        reach = kernel.shape[0] // 2
        padded = np.pad(x, ((reach, reach), (reach, reach), (0, 0)))
        channels = [correlate(padded, kernel[..., k], "valid")[..., 0] for k in range(kernel.shape[3])]
        return (np.stack(channels, axis=-1) + bias)[::strides, ::strides]

    def normal_relu(x):
        gamma, beta, mean, variance = next(stacks["BatchNormalization"]).get_weights()
        return np.maximum((x - mean) / np.sqrt(variance + 1e-3) * gamma + beta, 0)

    x = normal_relu(conv(image - model.get_layer("mean_image").get_weights()[0]))
    for stage in range(3):
        for block in range(blocks):
            strides = 2 if stage > 0 and block == 0 else 1
            y = conv(x if stage == block == 0 else normal_relu(x), strides)
            y = conv(normal_relu(y))
            y = conv(normal_relu(y))
            x = y + (conv(x, strides) if block == 0 else x)
    features = normal_relu(x).mean(axis=(0, 1))
    kernel, bias = model.layers[-1].get_weights()
    logits = features @ kernel + bias
    return features, np.exp(logits - np.logaddexp.reduce(logits))


def shaken(model):
    """The model with no weight at its initial 0 or 1."""
    rng = np.random.default_rng(1)
    more = {1: 0.3, 2: 0, 3: 0.3, 4: 0}  # by dimensions: kernels of He's size stay near it
    model.set_weights(
        [w * rng.uniform(0.5, 1.5) + more[w.ndim] * rng.uniform(size=w.shape) for w in model.get_weights()]
    )
    return model


@pytest.mark.parametrize(("depth", "blocks"), [(11, 1), (20, 2)])
def test_resnet_is_its_forward_pass_by_hand(depth, blocks):
    model, images = shaken(resnet((16, 16, 3), 4, depth)), noise(3)
    features, probabilities = zip(*(by_hand(model, image.astype(float), blocks) for image in images), strict=True)
    assert np.std(features, axis=0).max() > 0.01
    np.testing.assert_allclose(bottleneck(model).predict_on_batch(images), features, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(model.predict_on_batch(images), probabilities, rtol=1e-3, atol=1e-5)


def test_average_pooling_keeps_places_apart():
    """The 24 x 24 activations of a 96 x 96 image are pooled by 8, row by row."""
    model = resnet((96, 96, 1), 5, 11)
    keras, image = import_keras(), np.random.default_rng(0).uniform(0, 1, (1, 96, 96, 1)).astype(np.float32)
    before = keras.Model(model.inputs, model.get_layer("bottleneck").input).predict_on_batch(image)
    activations = next(y for y in reversed(model.layers) if type(y).__name__ == "ReLU").output
    found = keras.Model(model.inputs, activations).predict_on_batch(image)
    assert found.shape == (1, 24, 24, 256)
    expected = found.reshape(1, 3, 8, 3, 8, 256).mean(axis=(2, 4))
    np.testing.assert_allclose(before, expected, rtol=1e-4, atol=1e-6)
    np.testing.assert_array_equal(bottleneck(model).predict_on_batch(image), before.reshape(1, 2304))


def test_mean_image_is_zero_until_set_and_is_not_trained():
    mean_image, _ = networks._layers()
    layer, pixels, mean = mean_image(), noise(), noise(1, seed=1)[0]
    np.testing.assert_array_equal(layer(pixels), pixels)
    assert (len(layer.weights), len(layer.trainable_weights)) == (1, 0)
    layer.set_weights([mean])
    np.testing.assert_array_equal(layer(pixels), pixels - mean)
    np.testing.assert_array_equal(layer(pixels, training=True), pixels - mean)


@pytest.mark.parametrize("dtype", ["mixed_bfloat16", "mixed_float16"])
def test_low_precision_keeps_weights_and_output_in_float32(dtype):
    full, low = (resnet((16, 16, 3), 4, 11, dtype=kind) for kind in ("float32", dtype))
    low.set_weights(shaken(full).get_weights())
    kinds = {layer.compute_dtype for layer in low.layers if type(layer).__name__ in ("Conv2D", "BatchNormalization")}
    assert kinds == {dtype.removeprefix("mixed_")}
    assert {weight.dtype for weight in low.weights} == {"float32"}
    ends = (low.get_layer("mean_image").output, low.get_layer("bottleneck").input, bottleneck(low).output, low.output)
    assert {end.dtype for end in ends} == {"float32"}
    near, exact = (bottleneck(model).predict_on_batch(noise()) for model in (low, full))
    assert 0 < np.abs(near - exact).max() < 0.05 * np.abs(exact).max()


# Batch normalisation


def normalise(layer, images, training):
    """Outputs, moving statistics, and the gradients of an uneven sum of the outputs."""
    import tensorflow as tf

    pixels, uneven = tf.constant(images), np.random.default_rng(2).normal(size=images.shape).astype(images.dtype)
    with tf.GradientTape() as tape:
        tape.watch(pixels)
        out = layer(pixels, training=training)
        total = tf.reduce_sum(tf.cast(out * uneven, tf.float32))
    gradients = tape.gradient(total, [pixels, layer.gamma.value, layer.beta.value])
    return [np.asarray(x, np.float32) for x in (out, layer.moving_mean.value, *gradients, layer.moving_variance.value)]


@on_tensorflow
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("shape", [(3, 4, 5, 6), (16, 8, 8, 3)])
def test_fused_batch_normalization_is_keras_own(shape, training):
    rng = np.random.default_rng(0)
    images = rng.normal(3, 2, shape).astype(np.float32)
    weights = [rng.uniform(low, 2, shape[3]).astype(np.float32) for low in (-2, -2, -2, 0.5)]
    found = []
    for kind in (networks._layers()[1], import_keras().layers.BatchNormalization):
        layer = kind()
        layer.build(shape)
        layer.set_weights(weights)
        found.append(normalise(layer, images, training))
    (*fused, fused_variance), (*own, own_variance) = found
    for one, other in zip(fused, own, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-4)
    if not training:
        np.testing.assert_array_equal(fused_variance, weights[3])
        np.testing.assert_array_equal(fused[1], weights[2])
        return
    # The kernel's moving variance takes the sample variance, over n - 1, where Keras's layer divides by n.
    n = np.prod(shape[:3])
    seen = (own_variance - 0.99 * weights[3]) * n / (n - 1)
    np.testing.assert_allclose(fused_variance, 0.99 * weights[3] + seen, rtol=1e-5)
    np.testing.assert_allclose(fused[1], 0.99 * weights[2] + 0.01 * images.mean(axis=(0, 1, 2)), rtol=1e-4, atol=1e-6)


@on_tensorflow
def test_frozen_batch_normalization_learns_nothing():
    layer, images = networks._layers()[1](), noise()
    layer.build(images.shape)
    layer.trainable = False
    before = layer.get_weights()
    np.testing.assert_allclose(layer(images, training=True), images / np.sqrt(1 + layer.epsilon), rtol=1e-5)
    for one, other in zip(before, layer.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


@on_tensorflow
def test_a_step_of_training_is_that_of_keras_own_layer(plain):
    def step():
        import_keras().utils.set_random_seed(0)
        model = resnet((16, 16, 3), 4, 11)
        model.compile(import_keras().optimizers.SGD(0.1), "sparse_categorical_crossentropy")
        loss = model.train_on_batch(noise(8), np.arange(8) % 4)
        return float(loss), model.get_weights()

    loss, fused = step()
    plain()
    own_loss, own = step()
    assert loss == pytest.approx(own_loss, rel=1e-5)
    for one, other in zip(fused, own, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-3)


# What is stored


@on_tensorflow
def test_weights_of_one_layer_load_into_a_net_of_the_other(weights, tmp_path, plain):
    fused = load_resnet("toy")
    plain()
    own = load_resnet("toy")
    kinds = [{type(layer) for layer in model.layers} for model in (fused, own)]
    assert kinds[0] != kinds[1]
    for one, other in zip(fused.get_weights(), own.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_allclose(fused.predict_on_batch(noise()), own.predict_on_batch(noise()), rtol=1e-4, atol=1e-6)
    own.save_weights(tmp_path / "own.weights.h5")
    fused.set_weights([np.zeros_like(w) for w in fused.get_weights()])
    fused.load_weights(tmp_path / "own.weights.h5")
    for one, other in zip(fused.get_weights(), own.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_stored_network_is_found_by_its_name(weights):
    assert weights_folder() == weights
    assert load_manifest("toy") == json.loads((weights / "toy.json").read_text())
    assert len(weights_sha256("toy")) == 64
    model = load_resnet("toy")
    assert (model.input_shape, model.output_shape) == ((None, 16, 16, 3), (None, 4))
    assert model.get_layer("mean_image").get_weights()[0].min() > 0


def test_weights_lie_in_the_checkout_unless_told_otherwise(monkeypatch):
    for named in ("", None):
        monkeypatch.setenv("EFFAUG_WEIGHTS", "") if named == "" else monkeypatch.delenv("EFFAUG_WEIGHTS")
        assert weights_folder().name == "weights"
        assert (weights_folder().parent / "effaug" / "images" / "networks.py").exists()


def test_weights_are_not_looked_for_in_a_folder_that_is_not_there(tmp_path, monkeypatch):
    monkeypatch.setenv("EFFAUG_WEIGHTS", str(tmp_path / "tpyo"))
    for ask in (weights.networks, weights_folder, lambda: load_manifest("cifar10")):
        with pytest.raises(FileNotFoundError, match=f"^EFFAUG_WEIGHTS names no existing folder: {tmp_path / 'tpyo'}"):
            ask()
    assert list(tmp_path.iterdir()) == []


def test_names_of_networks_come_with_their_weights_only(tmp_path, monkeypatch):
    monkeypatch.setenv("EFFAUG_WEIGHTS", str(tmp_path))
    for name in ("b.json", "b.weights.h5", "a.json", "a.weights.h5", "half.json", "other.weights.h5"):
        (tmp_path / name).write_text("{}")
    assert weights.networks() == ("a", "b")
    for name in ("half", "other", "c"):
        with pytest.raises(FileNotFoundError) as error:
            load_manifest(name)
        assert f"no network {name!r} in {tmp_path}; there: a, b." in str(error.value)


def test_versions_name_the_backend(monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "numpy")
    assert versions.__wrapped__() == f"keras {version('keras')}, numpy {np.__version__}"
    monkeypatch.delenv("KERAS_BACKEND")
    assert "tensorflow" in versions.__wrapped__()
