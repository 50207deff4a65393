"""From sample weights to a fitted classifier and its accuracy: over frozen features, or with a network trained anew."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from effaug import augment, logistic
from effaug.cache import FeatureCache, Progress
from effaug.features import featurizer, transform_copies
from effaug.protocols import Protocol
from effaug.subsets import Subset, load_subset
from effaug.tasks import Task


@dataclass(frozen=True, eq=False)
class Fitted:
    """What a matrix of sample weights comes to.

    Attributes
    ----------
    model : LogisticModel
    train : ndarray, shape (n, 1 + t, d)
        Features of the training set, of which only rows of positive weight and originals may be read.
    accuracy : float
        On the augmented test set.
    """

    model: logistic.LogisticModel
    train: np.ndarray
    accuracy: float


Learn = Callable[[np.ndarray], Fitted]


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


def frozen_learner(features: tuple[np.ndarray, np.ndarray], labels: tuple[np.ndarray, np.ndarray], C: Any) -> Learn:
    """What `budget_curve` asks for, over features that do not change.

    Parameters
    ----------
    features : (ndarray, ndarray), shapes (n, 1 + t, d) and (m, 1 + t, d)
        Of the training and of the augmented test set, each point's original first.
    labels : (ndarray, ndarray), shapes (n,) and (m,)
        0 or 1.
    C : float or "cv"
        See `logistic.fit`.
    """
    (train, test), (y_train, y_test) = features, labels
    refitter = logistic.Refitter(train, y_train, C)

    def learn(weights: np.ndarray) -> Fitted:
        model = refitter.fit(weights)
        return Fitted(model, train, model.accuracy(test, y_test))

    return learn


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
