"""From sample weights to a fitted classifier and its accuracy: over frozen features, or with a network trained anew."""

from __future__ import annotations

import functools
from typing import Literal

import numpy as np
from sklearn.base import BaseEstimator, clone

from effaug import logistic
from effaug.curves import Fitted, Learn, frozen_learner
from effaug.images import augment
from effaug.images.cache import FeatureCache, Progress
from effaug.images.features import TRAINED, Pixels, transform_copies
from effaug.images.frozen import KerasResNet, ResNet
from effaug.images.weights import own_file
from effaug.study import datasets, tasks
from effaug.study.protocols import Protocol
from effaug.study.task_data import Subset, load_subset
from effaug.study.tasks import Task


@functools.lru_cache(maxsize=2)
def task_subset(task: Task) -> Subset:
    """The task's points, loaded once a process."""
    return load_subset(task)


def frozen_features(
    task: Task, protocol: Protocol, progress: Progress = lambda done, total, images_per_second: None
) -> tuple[np.ndarray, np.ndarray]:
    """Features of the training set (n, 1 + t, d) and of the augmented test set (m, 1 + t, d), mapped from the cache.

    Parameters
    ----------
    task : Task
    protocol : Protocol
    progress : callable, optional
        See `FeatureCache.transform`.
    """
    subset, cache, transform = task_subset(task), FeatureCache(), tasks.augmentation(task)
    network = cache.fit(featurizer(task, protocol), subset.x_train, subset.y_train)
    train = cache.transform(network, subset.x_train, transform, progress=progress)
    return train, cache.transform(network, subset.x_test, transform, progress=progress)


@functools.lru_cache(maxsize=1)
def learner(task: Task, protocol: Protocol, features: str, seed: int) -> Learn:
    """`frozen_learner` of a task; with features ``"refit"``, one that trains a network of that seed at every call."""
    subset = task_subset(task)
    if features == "frozen":
        train, test = frozen_features(task, protocol)
        return frozen_learner((np.array(train), test), (subset.y_train, subset.y_test), protocol.C)
    cache, transform = FeatureCache(), tasks.augmentation(task)
    images, test_images = (augment.with_originals(x, transform) for x in (subset.x_train, subset.x_test))

    def refit_network(sample_weight: np.ndarray) -> Fitted:
        point, copy = np.nonzero(sample_weight)
        chosen = images[point, copy]
        shared = protocol.shared_start and len(point) == len(images)  # un-augmented: one network for all rounds
        network = cache.fit(featurizer(task, protocol, 0 if shared else seed), chosen, subset.y_train[point])
        found = network.transform(chosen)
        # NaN where nothing may be read: a slip would show.
        train = np.full((*images.shape[:2], found.shape[1]), np.nan, found.dtype)
        train[point, copy] = found
        model = logistic.fit(train, subset.y_train, sample_weight, C=protocol.C)
        return Fitted(model, train, model.accuracy(transform_copies(network, test_images), subset.y_test))

    return refit_network


def featurizer(task: Task, protocol: Protocol, random_state: int = 0) -> BaseEstimator:
    """The transformer of a task under a protocol, not yet fitted.

    Parameters
    ----------
    task : Task
        Its network, and the name of the weights where that is frozen.
    protocol : Protocol
        How a small network is trained; how much of a ResNet's mean image is subtracted; the scale of small NORB's
        pixels for a network of one's own.
    random_state : int, default 0
        Of a small network.
    """
    if task.own and task.own.transformer is not None:
        return clone(task.own.transformer)
    if task.network in TRAINED:
        net, precision = TRAINED[task.network], protocol.cnn_precision if task.network == "cnn" else "float32"
        start: Literal["released-code"] | None = "released-code" if protocol.shared_start else None
        return net(epochs=protocol.epochs, precision=precision, initial_state=start, random_state=random_state)
    if task.network == "pixels":
        return Pixels()
    if own_file(task.weights):
        twice = task.dataset == "smallnorb" and protocol.smallnorb_divided_twice
        scale = 1 / 255**2 if twice else 1 / 255
        share = float(protocol.subtract_mean)
        return KerasResNet(task.weights, share * _mean_image(task.dataset) if share else None, pixel_scale=scale)
    return ResNet(task.weights, subtract_mean=protocol.subtract_mean)


def _mean_image(dataset: str) -> np.ndarray:
    return datasets.load(dataset).x_train.mean(axis=0, dtype=np.float64)
