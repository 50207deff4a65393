"""Bottleneck features: scikit-learn transformers around the networks."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Literal, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from effaug.images._philox import standard_normal
from effaug.images.frozen import ImageTransformer, batches, check_images, check_same_size, forward
from effaug.images.networks import bottleneck, cnn, import_keras, lenet

_SMALL_NET_BATCH = 2048


class Pixels(ImageTransformer):
    """Images as their own features: pixels over 255, flattened."""

    def fit(self, X: np.ndarray, y: np.ndarray | None = None) -> Pixels:
        """Learn nothing but the image size: X uint8 (n, h, w, c)."""
        X = check_images(X)
        self.image_shape_ = X.shape[1:]
        self._n_features_out = int(np.prod(X.shape[1:]))
        return self

    def transform(self, X: np.ndarray) -> np.ndarray:
        """X uint8 (n, h, w, c) to float32 (n, h w c)."""
        check_is_fitted(self)
        X = check_images(X)
        check_same_size(X, self.image_shape_, "fit")
        return X.reshape(len(X), self._n_features_out).astype(np.float32) / 255


class TrainedNetwork(ImageTransformer):
    """The last hidden layer of a small network that is trained on the images it is fitted on.

    Adam on the cross-entropy, inputs over 255, kernels from a normal of sd 0.05, biases zero (paper, Appendix B; the
    released code's values).

    Parameters
    ----------
    epochs : int, default 40
    batch_size : int, default 512
    learning_rate : float, default 1e-3
    precision : {"float32", "mixed_bfloat16", "mixed_float16"}
        Keras's dtype policy in training and in `transform`; weights and features are float32 in any case.
    initial_state : int or "released-code", optional
        Decides the initial weights; `random_state` unless given. ``"released-code"`` has the very ones of that code.
    random_state : int, default 0
        Decides the order of the batches, and what is dropped out. On a CPU a fit repeats to the last bit.

    Attributes
    ----------
    weights_ : list of ndarray
    """

    _build: Callable[..., Any]
    _width: int

    def __init__(
        self,
        *,
        epochs: int = 40,
        batch_size: int = 512,
        learning_rate: float = 1e-3,
        precision: str = "float32",
        initial_state: int | Literal["released-code"] | None = None,
        random_state: int = 0,
    ) -> None:
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.precision = precision
        self.initial_state = initial_state
        self.random_state = random_state

    def fit(self, X: np.ndarray, y: np.ndarray) -> Self:
        """Train on X uint8 (n, h, w, c), at least 16 x 16 pixels, and labels y (n,)."""
        X = check_images(X, smallest=16)
        if np.shape(y) != (len(X),):
            raise ValueError(f"labels must have shape ({len(X)},), one for each image, got {np.shape(y)}")
        classes, labels = np.unique(y, return_inverse=True)
        net = self._net(X.shape[1:], len(classes))
        net.reset(self.random_state if self.initial_state is None else self.initial_state, self.random_state)
        rng = np.random.default_rng(self.random_state)
        for _ in range(self.epochs):
            net.epoch(X, labels, rng.permutation(len(X)), self.batch_size)
        return self.trained(net.model.get_weights(), classes, X.shape[1:])

    def trained(self, weights: list[np.ndarray], classes: np.ndarray, image_shape: tuple) -> Self:
        """As if fitted, with the weights that an earlier `fit` on such images ended with."""
        self.weights_, self.classes_, self.image_shape_ = weights, classes, image_shape
        self._n_features_out = self._width
        return self

    def transform(self, X: np.ndarray) -> np.ndarray:
        """X uint8 (n, h, w, c) to float32 (n, d)."""
        check_is_fitted(self)
        X = check_images(X, smallest=16)
        check_same_size(X, self.image_shape_, "fit")
        net = self._net(self.image_shape_, len(self.classes_))
        net.model.set_weights(self.weights_)
        return forward(net.bottleneck, X, 1 / 255, self._width, _SMALL_NET_BATCH)

    def _net(self, image_shape: tuple, n_classes: int) -> _Trainable:
        return _trainable(type(self)._build, image_shape, n_classes, self.learning_rate, self.precision)


class LeNet(TrainedNetwork):
    """LeNet's last hidden layer, 84 features: what the text trains on MNIST (`networks.lenet`)."""

    _build, _width = staticmethod(lenet), 84


class CNN(TrainedNetwork):
    """A plain CNN's last hidden layer, 512 features: what the released code trains on MNIST (`networks.cnn`)."""

    _build, _width = staticmethod(cnn), 512


class _Trainable:
    """One compiled network, reset for each fit: compiling costs as much as a short training."""

    def __init__(
        self, build: Callable[..., Any], image_shape: tuple, n_classes: int, learning_rate: float, precision: str
    ) -> None:
        keras = import_keras()
        self.model = build(image_shape, n_classes, dtype=precision)
        self.model.compile(keras.optimizers.Adam(learning_rate), "sparse_categorical_crossentropy")
        self.model.optimizer.build(self.model.trainable_variables)
        self.epoch = _one_program(self.model) if keras.backend.backend() == "tensorflow" else self._batch_by_batch
        self.bottleneck = bottleneck(self.model)

    def reset(self, initial_state: int | Literal["released-code"], random_state: int) -> None:
        shapes = [w.shape for w in self.model.get_weights()]
        self.model.set_weights(_initial_weights(shapes, initial_state))
        for variable in self.model.optimizer.variables:
            if "learning_rate" not in variable.path:
                variable.assign(np.zeros(variable.shape, str(variable.dtype)))
        for k, layer in enumerate(self.model.layers):
            if hasattr(layer, "seed_generator"):  # of dropout: a seed, and how often it has drawn
                layer.seed_generator.state.assign(np.array([random_state * len(self.model.layers) + k, 0]))

    def _batch_by_batch(self, images: np.ndarray, labels: np.ndarray, order: np.ndarray, size: int) -> None:
        """Train on all images once, in this order; uint8 (n, h, w, c)."""
        for batch in batches(order, size):
            self.model.train_on_batch(images[batch].astype(np.float32) / 255, labels[batch])


def _one_program(model: Any) -> Callable[[np.ndarray, np.ndarray, np.ndarray, int], None]:
    """`_Trainable._batch_by_batch` to the last bit, compiled once for all numbers of images: 1.9 times as fast for 32.

    Called for each batch, Keras takes a millisecond before it computes, and compiles for two sizes of batches.
    """
    import tensorflow as tf

    def epoch(images: Any, labels: Any, order: Any, size: Any, brightest: Any) -> None:
        for start in tf.range(0, tf.size(order), size):
            batch = order[start : start + size]
            pixels = tf.cast(tf.gather(images, batch), tf.float32) / brightest
            model.train_step((pixels, tf.gather(labels, batch)))

    shapes = ((None, *model.input_shape[1:]), (None,), (None,), (), ())
    kinds = (tf.uint8, tf.int32, tf.int32, tf.int32, tf.float32)
    program = tf.function(epoch, input_signature=[tf.TensorSpec(*of) for of in zip(shapes, kinds, strict=True)])

    def run(images: np.ndarray, labels: np.ndarray, order: np.ndarray, size: int) -> None:
        # 255 is an argument, since by a constant TensorFlow does not divide: it multiplies, and rounds twice.
        program(images, labels.astype(np.int32), order.astype(np.int32), size, np.float32(255))

    return run


def _initial_weights(shapes: list[tuple], initial_state: int | Literal["released-code"]) -> list[np.ndarray]:
    """Kernels from a normal of sd 0.05, biases zero."""
    if initial_state == "released-code":  # one seed for all kernels, each drawn a second time before a fit
        kernels = [0.05 * standard_normal(s, seed=42, draw=1) if len(s) > 1 else np.zeros(s) for s in shapes]
    else:
        rng = np.random.default_rng([initial_state, 1])
        kernels = [rng.normal(0, 0.05, s) if len(s) > 1 else np.zeros(s) for s in shapes]
    return [kernel.astype(np.float32) for kernel in kernels]


@functools.lru_cache(maxsize=8)
def _trainable(
    build: Callable[..., Any], image_shape: tuple, n_classes: int, learning_rate: float, precision: str
) -> _Trainable:
    return _Trainable(build, image_shape, n_classes, learning_rate, precision)


TRAINED: dict[str, type[TrainedNetwork]] = {"lenet": LeNet, "cnn": CNN}  # networks of a task that can be fitted anew


def transform_copies(transformer: BaseEstimator, images: np.ndarray) -> np.ndarray:
    """Images (n, 1 + t, h, w, c) to features (n, 1 + t, d)."""
    n, copies = images.shape[:2]
    return np.asarray(transformer.transform(images.reshape(n * copies, *images.shape[2:]))).reshape(n, copies, -1)
