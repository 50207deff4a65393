"""Features from networks that were trained once: our ResNets, and ResNets from Keras files of one's own."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import Tags, check_array
from sklearn.utils.validation import check_is_fitted

from effaug.images.networks import bottleneck, import_keras
from effaug.images.weights import load_manifest, load_resnet, weights_sha256

_RESNET_BATCH = 128  # activations of 96x96 images fill 300 MB
_SMALLEST_COMPILED = 128  # images


class ImageTransformer(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """A scikit-learn transformer of images uint8 (n, h, w, c) to features float32 (n, d)."""

    def __sklearn_tags__(self) -> Tags:
        tags: Tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        return tags


class ResNet(ImageTransformer):
    """ResNet v2's last layer before the softmax: a network trained by ``effaug train-cnn``, frozen.

    256 features of a 32x32 image, 2304 of one of 96x96 (paper, Section 5.1).

    Parameters
    ----------
    network : str, default "cifar10"
        Name of weights in `networks.weights_folder`, without ``.weights.h5``.
    subtract_mean : bool or float, default True
        Subtract the training images' mean, as in training; a number between 0 and 1: that share of it.

    Attributes
    ----------
    manifest_ : dict
        What the network is and how it was trained.
    weights_sha256_ : str
        Of the file of weights.
    pixel_scale_ : float
        What pixels are multiplied by, as in training.
    """

    def __init__(self, network: str = "cifar10", *, subtract_mean: bool | float = True) -> None:
        self.network = network
        self.subtract_mean = subtract_mean

    def fit(self, X: np.ndarray, y: np.ndarray | None = None) -> ResNet:
        """Find the weights; X uint8 (n, h, w, c) must be of the images' size that they were trained on.

        Raises
        ------
        FileNotFoundError
            If there are no such weights.
        ValueError
            If the images are of another size.
        """
        self.manifest_ = load_manifest(self.network)
        self.image_shape_ = tuple(self.manifest_["image_shape"])
        X = check_images(X, smallest=8)
        check_same_size(X, self.image_shape_, self.network)
        self.weights_sha256_, self.pixel_scale_ = weights_sha256(self.network), self.manifest_["pixel_scale"]
        self.__dict__.pop("_bottleneck", None)  # of an earlier fit
        return self

    def __getstate__(self) -> dict[str, Any]:
        """Without the network, which is read again from its file: Keras cannot unpickle it."""
        state: dict[str, Any] = super().__getstate__()
        return {name: value for name, value in state.items() if name != "_bottleneck"}

    @functools.cached_property
    def _bottleneck(self) -> Any:
        """Loaded when first used: features that are cached need no Keras."""
        model = load_resnet(self.network)
        mean_image = model.get_layer("mean_image")
        mean_image.set_weights([w * float(self.subtract_mean) for w in mean_image.get_weights()])
        return bottleneck(model)

    @property
    def _n_features_out(self) -> int:
        return int(self._bottleneck.output.shape[-1])

    def transform(self, X: np.ndarray) -> np.ndarray:
        """X uint8 (n, h, w, c) to float32 (n, 256 or 2304)."""
        check_is_fitted(self)
        X = check_images(X, smallest=8)
        check_same_size(X, self.image_shape_, self.network)
        return forward(self._bottleneck, X, self.pixel_scale_, self._n_features_out, _RESNET_BATCH)


class KerasResNet(ResNet):
    """`ResNet` from a Keras file of one's own, which tells neither the mean image nor the scale of the pixels.

    Parameters
    ----------
    network : str
        Path of the file: see `effaug.images.keras_file`.
    mean_image : ndarray, shape (h, w, c), optional
        To be subtracted, of pixels of 0 to 255: in training, that of all training images.
    pixel_scale : float, default 1 / 255
        What pixels were multiplied by in training.

    Attributes
    ----------
    mean_image_ : ndarray, shape (h, w, c)
        On the network's scale; zero unless it is subtracted.
    weights_ : list
        What makes the network: the file's hash, the scale and the mean image.
    """

    def __init__(self, network: str, mean_image: np.ndarray | None = None, *, pixel_scale: float = 1 / 255) -> None:
        super().__init__(network, subtract_mean=mean_image is not None)
        self.mean_image = mean_image
        self.pixel_scale = pixel_scale

    def fit(self, X: np.ndarray, y: np.ndarray | None = None) -> KerasResNet:
        """As `ResNet.fit`; a file of another network raises ValueError, too."""
        super().fit(X)
        self.pixel_scale_ = self.pixel_scale
        mean = np.zeros(self.image_shape_) if self.mean_image is None else self.pixel_scale * self.mean_image
        self.mean_image_ = mean.astype(np.float32)
        self.weights_ = [self.weights_sha256_, self.pixel_scale_, self.mean_image_]
        return self

    @functools.cached_property
    def _bottleneck(self) -> Any:
        model = load_resnet(self.network)
        model.get_layer("mean_image").set_weights([self.mean_image_])
        return bottleneck(model)


def batches(order: np.ndarray, size: int) -> Iterator[np.ndarray]:
    """So many of an order at a time."""
    for start in range(0, len(order), size):
        yield order[start : start + size]


def forward(model: Any, X: np.ndarray, scale: float, width: int, batch_size: int) -> np.ndarray:
    """Features float32 (n, width) of X uint8 (n, h, w, c), whose pixels are multiplied by `scale`."""
    found, divisor = np.empty((len(X), width), np.float32), np.float32(1 / scale)
    for start in range(0, len(X), batch_size):
        pixels = X[start : start + batch_size] / divisor
        found[start : start + batch_size] = model.predict_on_batch(_padded(pixels, batch_size))[: len(pixels)]
    return found


def _padded(pixels: np.ndarray, batch_size: int) -> np.ndarray:
    """With images of zeros up to the next power of two, unless TensorFlow computes: others compile for each size."""
    if import_keras().backend.backend() == "tensorflow":
        return pixels
    room = min(batch_size, max(_SMALLEST_COMPILED, 2 ** (len(pixels) - 1).bit_length()))
    return np.pad(pixels, ((0, room - len(pixels)), *[(0, 0)] * 3))


def check_same_size(X: np.ndarray, expected: tuple, where: str) -> None:
    """Refuse images of another shape than `expected`, which is that of `where`, with a ValueError."""
    if X.shape[1:] != expected:
        raise ValueError(f"images must have shape {expected} as in {where}, got {X.shape[1:]}")


def check_images(X: Any, smallest: int = 1) -> np.ndarray:
    """Refuse anything but uint8 images (n, h, w, c) of so many pixels a side: TypeError if sparse, else ValueError."""
    if np.ma.is_masked(X):
        raise ValueError("images must have no masked values")
    images: np.ndarray = check_array(X, dtype=None, ensure_2d=False, allow_nd=True, ensure_min_samples=0)
    if images.ndim != 4 or images.dtype != np.uint8 or min(images.shape[1:3]) < smallest:
        raise ValueError(
            f"images must be uint8 of shape (n, h, w, c), h and w at least {smallest}, got {images.dtype} of shape "
            f"{images.shape}"
        )
    return images
