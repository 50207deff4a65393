"""The paper's networks in Keras 3: LeNet (text) and a plain CNN (released code) for MNIST, ResNet v2 for the others.

Keras is imported when the first network is built, with the backend that ``KERAS_BACKEND`` names: TensorFlow unless set.
"""

from __future__ import annotations

import functools
import os
import platform
from typing import Any

L2 = 1e-4  # of ResNet's kernels


def import_keras(threads: int = 1) -> Any:
    """Keras 3, quiet, on so many threads a process unless the user says otherwise.

    Two processes of one thread train a small net faster than one of two, and sums do not depend on how many threads
    shared them. A net that fills the machine gets all threads.
    """
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    for name, value in (
        ("TF_CPP_MIN_LOG_LEVEL", "3"),
        ("TF_NUM_INTRAOP_THREADS", str(threads)),
        ("TF_NUM_INTEROP_THREADS", "1"),
        ("OMP_NUM_THREADS", str(threads)),
        ("JAX_DEFAULT_MATMUL_PRECISION", "highest"),  # of float32: a GPU's 10-bit mantissas would change features
    ):
        os.environ.setdefault(name, value)
    import keras

    return keras


@functools.cache
def versions() -> str:
    """The backend and the versions that features depend on."""
    from importlib.metadata import PackageNotFoundError, version

    backend = os.environ.get("KERAS_BACKEND", "tensorflow")
    found = [f"keras {version('keras')}"]
    for name in ("tensorflow-cpu", "tensorflow") if backend == "tensorflow" else (backend,):
        try:
            found.append(f"{name} {version(name)}")
            break
        except PackageNotFoundError:
            continue
    return ", ".join(found)


def lenet(image_shape: tuple[int, int, int], n_classes: int, *, dtype: str = "float32") -> Any:
    """LeNet with ReLU: images in [0, 1] of at least 16 x 16 pixels to class probabilities.

    The first convolution pads, as LeNet-5's 32x32 input does (paper, Appendix B). The layer ``bottleneck`` has 84
    units.
    """
    keras = import_keras()
    L = keras.layers
    layers = [
        L.Conv2D(6, 5, padding="same", activation="relu", dtype=dtype),
        L.MaxPool2D(dtype=dtype),
        L.Conv2D(16, 5, activation="relu", dtype=dtype),
        L.MaxPool2D(dtype=dtype),
        L.Flatten(dtype=dtype),
        L.Dense(120, activation="relu", dtype=dtype),
        L.Dense(84, activation="relu", name="bottleneck", dtype=dtype),
        L.Dense(n_classes, activation="softmax", dtype="float32"),
    ]
    return keras.Sequential([keras.Input(image_shape), *layers])


def cnn(image_shape: tuple[int, int, int], n_classes: int, *, dtype: str = "float32") -> Any:
    """The plain CNN of Keras's CIFAR-10 example: images in [0, 1] of at least 16 x 16 pixels to class probabilities.

    Two stages of two 3x3 convolutions (the first pads), pooling by 2 and dropout of 0.25, with 32 and 64 channels; the
    layer ``bottleneck`` has 512 units, then dropout of 0.5 and the softmax. The released code trains it on MNIST, where
    the text says LeNet.

    Parameters
    ----------
    image_shape : (int, int, int)
        Height, width, channels.
    n_classes : int
    dtype : {"float32", "mixed_bfloat16", "mixed_float16"}
        Keras's dtype policy. Weights and the softmax are float32 in any case.
    """
    keras = import_keras()
    L = keras.layers

    def stage(channels: int) -> list[Any]:
        return [
            L.Conv2D(channels, 3, padding="same", activation="relu", dtype=dtype),
            L.Conv2D(channels, 3, activation="relu", dtype=dtype),
            L.MaxPool2D(dtype=dtype),
            L.Dropout(0.25, seed=0, dtype=dtype),
        ]

    layers = [
        *stage(32),
        *stage(64),
        L.Flatten(dtype=dtype),
        L.Dense(512, activation="relu", name="bottleneck", dtype=dtype),
        L.Dropout(0.5, seed=0, dtype=dtype),
        L.Dense(n_classes, activation="softmax", dtype="float32"),
    ]
    return keras.Sequential([keras.Input(image_shape), *layers])


def resnet(image_shape: tuple[int, int, int], n_classes: int, depth: int = 56, *, dtype: str = "float32") -> Any:
    """ResNet v2 of depth 9n + 2: scaled images to class probabilities.

    Three stages of n bottleneck blocks with 64, 128 and 256 channels, the second and third at half the resolution of
    the one before; average pooling by 8. The layer ``bottleneck`` has 256 units for 32x32 images, 2304 for 96x96. The
    training images' mean is subtracted by the first layer, ``mean_image``, so that it travels with the weights.

    Parameters
    ----------
    image_shape : (int, int, int)
        Height, width, channels.
    n_classes : int
    depth : int, default 56
        11, 20, 29, ...
    dtype : {"float32", "mixed_bfloat16", "mixed_float16"}
        Keras's dtype policy. Weights and the softmax are float32 in any case.

    Raises
    ------
    ValueError
        For another depth, or images of less than 8 pixels a side.

    Notes
    -----
    He, Zhang, Ren, Sun: Identity mappings in deep residual networks, ECCV 2016; the released code's network.
    """
    check_depth(depth)
    if min(image_shape[:2]) < 8:
        raise ValueError(f"images must be at least 8 pixels a side for a ResNet, got {image_shape}")
    keras = import_keras()
    L = keras.layers
    mean_image, batch_normalization = _layers()

    def conv(filters: int, size: int, strides: int = 1) -> Any:
        regularizer = keras.regularizers.L2(L2)
        return L.Conv2D(
            filters,
            size,
            strides,
            "same",
            kernel_initializer="he_normal",
            kernel_regularizer=regularizer,
            dtype=dtype,
        )

    def normal_relu(x: Any) -> Any:
        return L.ReLU(dtype=dtype)(batch_normalization(dtype=dtype)(x))

    pixels = keras.Input(image_shape)
    x = normal_relu(conv(16, 3)(mean_image(name="mean_image", dtype="float32")(pixels)))
    width = 16
    for stage, channels in enumerate((64, 128, 256)):
        for block in range((depth - 2) // 9):
            strides = 2 if stage > 0 and block == 0 else 1
            y = x if stage == block == 0 else normal_relu(x)  # the stem has just done so
            y = conv(width, 1, strides)(y)
            y = conv(width, 3)(normal_relu(y))
            y = conv(channels, 1)(normal_relu(y))
            shortcut = conv(channels, 1, strides)(x) if block == 0 else x
            x = L.Add(dtype=dtype)([shortcut, y])
        width = channels
    pooled = L.AveragePooling2D(min(8, *x.shape[1:3]), dtype="float32")(normal_relu(x))
    features = L.Flatten(name="bottleneck", dtype="float32")(pooled)
    softmax = L.Dense(n_classes, "softmax", kernel_initializer="he_normal", dtype="float32")
    return keras.Model(pixels, softmax(features))


def resnet_width(image_shape: tuple[int, int, int]) -> int:
    """How many units the layer ``bottleneck`` of `resnet` has."""
    height, width = (-(-size // 4) for size in image_shape[:2])
    pool = min(8, height, width)
    return 256 * (height // pool) * (width // pool)


def check_depth(depth: Any) -> None:
    """Raise ValueError unless depth is 9n + 2."""
    if not isinstance(depth, int) or depth < 11 or (depth - 2) % 9:
        raise ValueError(f"depth must be 9n + 2 (11, 20, 29, ..., 56), got {depth!r}")


@functools.cache
def _layers() -> tuple[Any, Any]:
    """Keras's classes exist only once it is imported; so do ours."""
    keras: Any = import_keras()

    class MeanImage(keras.layers.Layer):
        """Subtracts an image that is stored with the weights: zero until it is set."""

        def build(self, shape):
            self.mean = self.add_weight(shape=shape[1:], initializer="zeros", trainable=False, name="mean")

        def call(self, x):
            return x - self.mean

    if keras.backend.backend() != "tensorflow":
        return MeanImage, keras.layers.BatchNormalization
    import tensorflow as tf

    class BatchNormalization(keras.layers.BatchNormalization):
        """Keras's layer by TensorFlow's fused kernel: 1.5 to 2 times the images a second of a whole training step.

        Of the same name, so that weights are interchangeable.
        """

        def call(self, x, training=None, mask=None):
            fused, scale, offset = tf.compat.v1.nn.fused_batch_norm, self.gamma.value, self.beta.value
            if not (training and self.trainable):
                statistics = self.moving_mean.value, self.moving_variance.value
                return fused(x, scale, offset, *statistics, epsilon=self.epsilon, is_training=False)[0]
            out, mean, variance = fused(x, scale, offset, epsilon=self.epsilon, is_training=True)
            for moving, batch in ((self.moving_mean, mean), (self.moving_variance, variance)):
                moving.assign(moving * self.momentum + batch * (1 - self.momentum))
            return out

    return MeanImage, BatchNormalization


def bottleneck(model: Any) -> Any:
    """The model from its images to its layer ``bottleneck``."""
    return import_keras().Model(model.inputs, model.get_layer("bottleneck").output)


def hardware() -> str:
    """Processor, or the accelerator that Keras's backend sees."""
    backend = os.environ.get("KERAS_BACKEND", "tensorflow")
    device = ""
    if backend == "tensorflow":
        import tensorflow as tf

        found = tf.config.list_physical_devices("GPU")
        device = tf.config.experimental.get_device_details(found[0]).get("device_name", "GPU") if found else ""
    elif backend == "jax":
        import jax

        device = jax.devices()[0].device_kind
    elif backend == "torch":
        import torch

        device = torch.cuda.get_device_name() if torch.cuda.is_available() else ""
    return f"{device + ', ' if device else ''}{platform.machine()}, {os.cpu_count()} cores"
