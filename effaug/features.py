"""Bottleneck features: LeNet in Keras 3, wrapped as a scikit-learn transformer, and a cache on disk.

Keras is imported when the first network is built, with the backend that ``KERAS_BACKEND`` names: TensorFlow unless set.
"""

from __future__ import annotations

import functools
import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

_FORWARD_BATCH = 2048


class Pixels(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Images as their own features: pixels over 255, flattened."""

    def fit(self, X: np.ndarray, y: np.ndarray | None = None) -> Pixels:
        """Learn nothing but the image size: X uint8 (n, h, w, c)."""
        self.image_shape_ = X.shape[1:]
        self._n_features_out = int(np.prod(X.shape[1:]))
        return self

    def transform(self, X: np.ndarray) -> np.ndarray:
        """X uint8 (n, h, w, c) to float32 (n, h w c)."""
        check_is_fitted(self)
        return X.reshape(len(X), -1).astype(np.float32) / 255


class LeNet(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """LeNet's last hidden layer: 84 features.

    Convolution 6@5x5, pool 2, convolution 16@5x5, pool 2, dense 120, dense 84, softmax, with ReLU; the first
    convolution pads, as LeNet-5's 32x32 input does. Adam on the cross-entropy, inputs over 255, weights from a normal
    of sd 0.05 (paper, Appendix B; the released code's values).

    Parameters
    ----------
    epochs : int, default 40
    batch_size : int, default 512
    learning_rate : float, default 1e-3
    random_state : int, default 0
        Decides the initial weights and the order of the batches. On a CPU a fit repeats to the last bit.

    Attributes
    ----------
    weights_ : list of ndarray
    """

    def __init__(
        self, *, epochs: int = 40, batch_size: int = 512, learning_rate: float = 1e-3, random_state: int = 0
    ) -> None:
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.random_state = random_state

    def fit(self, X: np.ndarray, y: np.ndarray) -> LeNet:
        """Train on X uint8 (n, h, w, c), at least 16 x 16 pixels, and labels y (n,)."""
        _check_images(X, smallest=16)
        if np.shape(y) != (len(X),):
            raise ValueError(f"labels must have shape ({len(X)},), one for each image, got {np.shape(y)}")
        classes, labels = np.unique(y, return_inverse=True)
        net = _lenet(X.shape[1:], len(classes), self.learning_rate)
        net.reset(self.random_state)
        rng = np.random.default_rng(self.random_state)
        for _ in range(self.epochs):
            for batch in _batches(rng.permutation(len(X)), self.batch_size):
                net.model.train_on_batch(X[batch].astype(np.float32) / 255, labels[batch])
        self.weights_ = net.model.get_weights()
        self.classes_, self.image_shape_ = classes, X.shape[1:]
        self._n_features_out = 84
        return self

    def transform(self, X: np.ndarray) -> np.ndarray:
        """X uint8 (n, h, w, c) to float32 (n, 84)."""
        check_is_fitted(self)
        _check_images(X, smallest=16)
        if X.shape[1:] != self.image_shape_:
            raise ValueError(f"images must have shape {self.image_shape_} as in fit, got {X.shape[1:]}")
        net = _lenet(self.image_shape_, len(self.classes_), self.learning_rate)
        net.model.set_weights(self.weights_)
        found = [
            np.asarray(net.bottleneck.predict_on_batch(X[batch].astype(np.float32) / 255))
            for batch in _batches(np.arange(len(X)), _FORWARD_BATCH)
        ]
        return np.concatenate(found) if found else np.zeros((0, 84), np.float32)


class _Net:
    """One compiled network, reset for each fit: compiling costs as much as a short training."""

    def __init__(self, image_shape: tuple, n_classes: int, learning_rate: float) -> None:
        keras = import_keras()
        L = keras.layers
        layers = [
            L.Conv2D(6, 5, padding="same", activation="relu"),
            L.MaxPool2D(),
            L.Conv2D(16, 5, activation="relu"),
            L.MaxPool2D(),
            L.Flatten(),
            L.Dense(120, activation="relu"),
            L.Dense(84, activation="relu", name="bottleneck"),
            L.Dense(n_classes, activation="softmax"),
        ]
        self.model = keras.Sequential([keras.Input(image_shape), *layers])
        self.model.compile(keras.optimizers.Adam(learning_rate), "sparse_categorical_crossentropy")
        self.model.optimizer.build(self.model.trainable_variables)
        self.bottleneck = keras.Model(self.model.inputs, self.model.get_layer("bottleneck").output)

    def reset(self, seed: int) -> None:
        rng = np.random.default_rng([seed, 1])
        shapes = [w.shape for w in self.model.get_weights()]
        self.model.set_weights(  # kernels from the normal, biases 0
            [rng.normal(0, 0.05, s).astype(np.float32) if len(s) > 1 else np.zeros(s, np.float32) for s in shapes]
        )
        for variable in self.model.optimizer.variables:
            if "learning_rate" not in variable.path:
                variable.assign(np.zeros(variable.shape, str(variable.dtype)))


@functools.lru_cache(maxsize=8)
def _lenet(image_shape: tuple, n_classes: int, learning_rate: float) -> _Net:
    return _Net(image_shape, n_classes, learning_rate)


def import_keras() -> Any:
    """Keras 3, quiet, on one thread a process unless the user says otherwise.

    Two processes of one thread train a small net faster than one of two, and sums do not depend on how many threads
    shared them.
    """
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    for name, value in (
        ("TF_CPP_MIN_LOG_LEVEL", "3"),
        ("TF_NUM_INTRAOP_THREADS", "1"),
        ("TF_NUM_INTEROP_THREADS", "1"),
        ("OMP_NUM_THREADS", "1"),
    ):
        os.environ.setdefault(name, value)
    import keras

    return keras


def featurizer(network: str, random_state: int = 0, epochs: int = 40) -> BaseEstimator:
    """The transformer of a task's network: "lenet" or "pixels".

    Raises
    ------
    ValueError
        For another name.
    """
    known: dict[str, Callable[[], BaseEstimator]] = {
        "lenet": lambda: LeNet(epochs=epochs, random_state=random_state),
        "pixels": Pixels,
    }
    if network not in known:
        raise ValueError(f"no featurizer for network {network!r} yet; accepted: {', '.join(known)}")
    return known[network]()


def transform_copies(transformer: BaseEstimator, images: np.ndarray) -> np.ndarray:
    """Images (n, 1 + t, h, w, c) to features (n, 1 + t, d)."""
    n, copies = images.shape[:2]
    return transformer.transform(images.reshape(n * copies, *images.shape[2:])).reshape(n, copies, -1)


class FeatureCache:
    """Trained networks and features on disk, each under a key made of everything it was computed from.

    Parameters
    ----------
    folder : Path, optional
        ``EFFAUG_CACHE``, else the platform's cache directory.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = cache_folder() if folder is None else Path(folder)

    def arrays(self, key: str, compute: Callable[[], list[np.ndarray]]) -> list[np.ndarray]:
        """What `compute` returned when this key was first asked for. Processes that ask at once compute it once."""
        path = self.folder / f"{key}.npz"
        self.folder.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_suffix(".lock")):
            if not path.exists():
                found = compute()
                part = path.with_suffix(f".{os.getpid()}.part")
                try:
                    with part.open("wb") as file:
                        np.savez(file, *found)
                    part.replace(path)
                finally:
                    part.unlink(missing_ok=True)
            with np.load(path) as stored:
                return [stored[f"arr_{k}"] for k in range(len(stored.files))]

    def fit(self, transformer: BaseEstimator, images: np.ndarray, labels: np.ndarray) -> BaseEstimator:
        """`transformer.fit(images, labels)`, from the cache where the same was trained before."""
        if not isinstance(transformer, LeNet):
            return transformer.fit(images, labels)
        key = "net-" + digest(sorted(transformer.get_params().items()), versions(), images, labels)
        weights = self.arrays(key, lambda: transformer.fit(images, labels).weights_)
        transformer.weights_, transformer.classes_ = weights, np.unique(labels)
        transformer.image_shape_, transformer._n_features_out = images.shape[1:], 84
        return transformer

    def transform(self, transformer: BaseEstimator, images: np.ndarray) -> np.ndarray:
        """`transform_copies`, from the cache where the same weights have seen the same images before."""
        weights = getattr(transformer, "weights_", [])
        key = "features-" + digest(type(transformer).__name__, versions(), *weights, images)
        return self.arrays(key, lambda: [transform_copies(transformer, images)])[0]


def cache_folder() -> Path:
    """``EFFAUG_CACHE``, else the platform's cache directory."""
    import platformdirs

    named = os.environ.get("EFFAUG_CACHE")
    return Path(named) if named else Path(platformdirs.user_cache_dir("effaug")) / "features"


def digest(*parts: object) -> str:
    """A key of 32 hexadecimal digits from strings and arrays."""
    sha = hashlib.sha256()
    for part in parts:
        if isinstance(part, np.ndarray):
            sha.update(f"{part.dtype}{part.shape}".encode())
            sha.update(np.ascontiguousarray(part).data)
        else:
            sha.update(str(part).encode() + b"\0")
    return sha.hexdigest()[:32]


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


def _batches(order: np.ndarray, size: int) -> Iterator[np.ndarray]:
    for start in range(0, len(order), size):
        yield order[start : start + size]


def _check_images(X: np.ndarray, smallest: int) -> None:
    if X.ndim != 4 or X.dtype != np.uint8 or min(X.shape[1:3]) < smallest:
        raise ValueError(
            f"images must be uint8 of shape (n, h, w, c), h and w at least {smallest}, got {X.dtype} of shape {X.shape}"
        )
