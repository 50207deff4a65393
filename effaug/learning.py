"""From sample weights to a fitted classifier and its accuracy: over frozen features, or with a network trained anew."""

from __future__ import annotations

import functools

import numpy as np

from effaug import augment, logistic
from effaug.cache import FeatureCache, Progress
from effaug.curves import Fitted, Learn, frozen_learner
from effaug.features import featurizer, transform_copies
from effaug.protocols import Protocol
from effaug.subsets import Subset, load_subset
from effaug.tasks import Task


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
    subset, cache, transform = task_subset(task), FeatureCache(), augment.augmentation(task)
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
    cache, transform = FeatureCache(), augment.augmentation(task)
    images, test_images = (augment.with_originals(x, transform) for x in (subset.x_train, subset.x_test))

    def refit_network(weights: np.ndarray) -> Fitted:
        point, copy = np.nonzero(weights)
        chosen = images[point, copy]
        shared = protocol.shared_start and len(point) == len(images)  # un-augmented: one network for all rounds
        network = cache.fit(featurizer(task, protocol, 0 if shared else seed), chosen, subset.y_train[point])
        found = network.transform(chosen)
        # NaN where nothing may be read: a slip would show.
        train = np.full((*images.shape[:2], found.shape[1]), np.nan, found.dtype)
        train[point, copy] = found
        model = logistic.fit(train, subset.y_train, weights, C=protocol.C)
        return Fitted(model, train, model.accuracy(transform_copies(network, test_images), subset.y_test))

    return refit_network
