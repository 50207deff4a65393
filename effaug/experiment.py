"""From a task and a policy to accuracy against budget."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from effaug import augment, logistic, scores
from effaug._unknown import unknown
from effaug.cache import FeatureCache, Progress
from effaug.features import featurizer, transform_copies
from effaug.policies import TABLE_POLICIES, Policy, extend, load_policy, plan_weights
from effaug.results import Curve, Key
from effaug.subsets import Subset, load_subset
from effaug.tasks import Protocol, Task

FEATURES = ("frozen", "refit")
N_SHOWN = 10  # extreme points a score whose images are kept (Figures 5, 11-13)

Featurise = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class Job:
    """One curve to compute: a policy (or ``full``), the score it uses (or none), a seed."""

    score: str
    policy: str
    seed: int


@dataclass(frozen=True)
class Experiment:
    """What ``effaug run`` computes.

    Parameters
    ----------
    task : Task
    protocol : Protocol
    features : {"frozen", "refit"}
        The network is trained once on the un-augmented set, or again for every fit of every curve.
    score_names : tuple of {"influence", "loss"}
    policies : tuple of str
        The eleven of Tables 3-20 unless given.
    n_seeds : int
        Seeds 0, 1, ... of the stochastic policies; where features are refit, of the network too.
    """

    task: Task
    protocol: Protocol
    features: str = "frozen"
    score_names: tuple[str, ...] = ("influence",)
    policies: tuple[str, ...] = TABLE_POLICIES
    n_seeds: int = 5

    def __post_init__(self) -> None:
        if self.features not in FEATURES:
            raise ValueError(f"features must be one of {', '.join(FEATURES)}, got {self.features!r}")
        if self.features == "refit" and self.task.network != "lenet":
            raise ValueError(
                f"features 'refit' trains a LeNet for every fit; {self.task.name} takes its features from "
                f"{self.task.network!r}: only 'frozen' is possible"
            )
        for name in self.score_names:
            if name not in scores.SCORES:
                raise ValueError(unknown("score", name, scores.SCORES))
        for name in self.policies:
            load_policy(name)
        if self.n_seeds < 1:
            raise ValueError(f"n_seeds must be at least 1, got {self.n_seeds}")

    def jobs(self) -> list[Job]:
        """Every curve: policies that share trained networks lie far apart, so that workers do not wait for each other.

        Over frozen features a deterministic policy and ``full`` are the same for every seed, and run once.
        """
        found = [Job("", "full", seed) for seed in self._seeds(random=False)]
        for name in sorted(self.policies, key=lambda p: load_policy(p).downweight):
            policy = load_policy(name)
            for score in self.score_names if policy.uses_scores else ("",):
                found += [Job(score, name, seed) for seed in self._seeds(random=policy.random)]
        return found

    def key(self, job: Job) -> Key:
        """Under what a job's curve is stored."""
        return (self.protocol.name, self.features, job.score, job.policy, job.seed)

    def _seeds(self, random: bool) -> range:
        return range(self.n_seeds if random or self.features == "refit" else 1)


def compute(experiment: Experiment, job: Job) -> Curve:
    """One curve of an experiment: equal for equal arguments, on whatever process."""
    from threadpoolctl import threadpool_limits

    start = time.perf_counter()
    task, subset = experiment.task, task_subset(experiment.task)
    with threadpool_limits(1):
        seed = job.seed if experiment.features == "refit" else 0
        featurise = _featuriser(task, experiment.protocol, experiment.features, seed)
        if job.policy == "full":
            budgets: tuple[int, ...] = (task.n_train,)
            accuracies, points = full_augmentation(featurise, subset, experiment.protocol)
            points |= _shown(subset, points)
        else:
            budgets = task.budgets
            policy, rng = load_policy(job.policy), np.random.default_rng(job.seed)
            labels = subset.y_train, subset.y_test
            accuracies, order = budget_curve(
                featurise, labels, policy, budgets, experiment.protocol, score=job.score, rng=rng
            )
            points = {"order": order.astype(np.int32)}
    seconds = time.perf_counter() - start
    return Curve(task.name, *experiment.key(job), budgets, accuracies, points, seconds)


def budget_curve(
    featurise: Featurise,
    labels: tuple[np.ndarray, np.ndarray],
    policy: Policy,
    budgets: tuple[int, ...],
    protocol: Protocol,
    *,
    score: str,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Accuracy on the augmented test set at each budget (paper, Section 5 and Appendix B).

    Parameters
    ----------
    featurise : callable
        From the boolean selection (n,) to features of the training set (n, 1 + t, d), of which only originals and the
        copies of selected points are read, and of the augmented test set (m, 1 + t, d).
    labels : (ndarray, ndarray), shapes (n,) and (m,)
        0 or 1, of the training and of the test points.
    policy : Policy
    budgets : tuple of int
        Ascending from 0.
    protocol : Protocol
    score : str
        Ignored by policies that use none.
    rng : numpy.random.Generator

    Returns
    -------
    accuracies : ndarray, shape (len(budgets),)
    order : ndarray of int, shape (budgets[-1],)
        Points in the order of their selection.
    """
    y_train, y_test = labels
    n = len(y_train)
    order = np.array([], int)
    selected = np.zeros(n, bool)
    accuracies = []
    for budget, following in zip(budgets, (*budgets[1:], None), strict=True):
        selected[order[:budget]] = True
        train, test = featurise(selected)
        weights = policy.weights(selected, train.shape[1] - 1)
        model = logistic.fit(train, y_train, weights, C=protocol.C)
        accuracies.append(model.accuracy(test, y_test))
        if following is None or (budget > 0 and not policy.update):
            continue
        if policy.uses_scores:
            values = scores.score(score, model, train, y_train, weights, ridge=protocol.ridge)
        else:
            values = np.ones(n)
        order = extend(policy, order, values, following if policy.update else budgets[-1], rng)
    return np.array(accuracies), order


def full_augmentation(
    featurise: Featurise, subset: Subset, protocol: Protocol
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Accuracy with every point augmented, and every point's scores before and after (Figures 1, 2, 6-8).

    Returns
    -------
    accuracies : ndarray, shape (1,)
    points : dict
        ``<score>_before`` and ``<score>_after``, float32 (n,), for every score.
    """
    points = {}
    for when, selected in (("before", False), ("after", True)):
        chosen = np.full(len(subset.y_train), selected)
        train, test = featurise(chosen)
        weights = plan_weights(chosen, train.shape[1] - 1)
        model = logistic.fit(train, subset.y_train, weights, C=protocol.C)
        for name in scores.SCORES:
            values = scores.score(name, model, train, subset.y_train, weights, ridge=protocol.ridge)
            points[f"{name}_{when}"] = values.astype(np.float32)
    return np.array([model.accuracy(test, subset.y_test)]), points


def _shown(subset: Subset, points: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Images of the points of highest and lowest score, and all labels: the figures need no data set."""
    extreme = []
    for name in scores.SCORES:
        order = np.argsort(-points[f"{name}_before"], kind="stable")
        extreme += [order[:N_SHOWN], order[-N_SHOWN:]]
    shown = np.unique(np.concatenate(extreme))
    return {"shown": shown.astype(np.int32), "images": subset.x_train[shown], "labels": subset.y_train.astype(np.uint8)}


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
def _featuriser(task: Task, protocol: Protocol, features: str, seed: int) -> Featurise:
    if features == "frozen":
        frozen = frozen_features(task, protocol)
        return lambda selected: frozen
    subset, cache, transform = task_subset(task), FeatureCache(), augment.augmentation(task)
    train, test = (augment.with_originals(images, transform) for images in (subset.x_train, subset.x_test))

    def refit(selected: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        point, copy = np.nonzero(plan_weights(selected, train.shape[1] - 1))
        images = train[point, copy]
        network = cache.fit(featurizer(task, protocol, seed), images, subset.y_train[point])
        found = network.transform(images)
        # NaN where nothing may be read: a slip would show.
        everywhere = np.full((*train.shape[:2], found.shape[1]), np.nan, found.dtype)
        everywhere[point, copy] = found
        return everywhere, transform_copies(network, test)

    return refit
