"""From a task and a policy to accuracy against budget; and the runner: its resume, its workers, its progress."""

from __future__ import annotations

import functools
import os
import platform
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import asdict, dataclass
from importlib.metadata import version
from multiprocessing import connection, get_context, parent_process
from pathlib import Path
from typing import Any

import numpy as np

from effaug import augment, logistic, scores
from effaug.features import FeatureCache, featurizer, transform_copies, versions
from effaug.policies import TABLE_POLICIES, Policy, extend, load_policy, plan_weights
from effaug.results import Curve, Results
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
                raise ValueError(f"unknown score {name!r}; accepted: {', '.join(scores.SCORES)}")
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

    def _seeds(self, random: bool) -> range:
        return range(self.n_seeds if random or self.features == "refit" else 1)


def run(
    experiment: Experiment,
    results: Results,
    *,
    n_jobs: int = 1,
    progress: Callable[[int, int, list[Job]], None] = lambda done, total, running: None,
) -> int:
    """Compute and store the curves that are not stored yet, each as soon as it is finished.

    Parameters
    ----------
    experiment : Experiment
    results : Results
    n_jobs : int, default 1
        Worker processes, each on one thread. The numbers do not depend on it.
    progress : callable, optional
        Told how many curves are stored, of how many, and which are running.

    Returns
    -------
    int
        How many curves were computed; the others were there.
    """
    if n_jobs < 1:
        raise ValueError(f"n_jobs must be at least 1, got {n_jobs}")
    stored = results.done(experiment.task.name)
    todo = [job for job in experiment.jobs() if _key(experiment, job) not in stored]
    total = len(experiment.jobs())
    progress(total - len(todo), total, todo[:n_jobs])
    if not todo:
        return 0
    record = describe(experiment, _subset(experiment.task))
    curves = _serial(experiment, todo) if n_jobs == 1 else _parallel(experiment, todo, n_jobs)
    for count, (curve, running) in enumerate(curves, start=1):
        results.save(curve, record)
        progress(total - len(todo) + count, total, running)
    return len(todo)


def compute(experiment: Experiment, job: Job) -> Curve:
    """One curve of an experiment: equal for equal arguments, on whatever process."""
    from threadpoolctl import threadpool_limits

    start = time.perf_counter()
    task, subset = experiment.task, _subset(experiment.task)
    with threadpool_limits(1):
        featurise = _featuriser(task, experiment.features, job.seed if experiment.features == "refit" else 0)
        if job.policy == "full":
            budgets: tuple[int, ...] = (task.n_train,)
            accuracies, points = full_augmentation(featurise, subset, experiment.protocol)
            points |= _shown(subset, points)
        else:
            budgets = task.budgets
            policy, rng = load_policy(job.policy), np.random.default_rng(job.seed)
            accuracies, order = budget_curve(
                featurise, subset, policy, budgets, experiment.protocol, score=job.score, rng=rng
            )
            points = {"order": order.astype(np.int32)}
    protocol, features, score, name, seed = _key(experiment, job)
    seconds = time.perf_counter() - start
    return Curve(task.name, protocol, features, score, name, seed, budgets, accuracies, points, seconds)


def budget_curve(
    featurise: Featurise,
    subset: Subset,
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
    subset : Subset
        Its labels are used.
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
    n = len(subset.y_train)
    order = np.array([], int)
    selected = np.zeros(n, bool)
    accuracies = []
    for budget, following in zip(budgets, (*budgets[1:], None), strict=True):
        selected[order[:budget]] = True
        train, test = featurise(selected)
        weights = policy.weights(selected, train.shape[1] - 1)
        model = logistic.fit(train, subset.y_train, weights, C=protocol.C)
        accuracies.append(model.accuracy(test, subset.y_test))
        if following is None or (budget > 0 and not policy.update):
            continue
        if policy.uses_scores:
            values = scores.score(score, model, train, subset.y_train, weights, ridge=protocol.ridge)
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


def describe(experiment: Experiment, subset: Subset) -> dict[str, Any]:
    """What a run is computed with: settings, data hashes, code and library versions, machine."""
    libraries = ("numpy", "scipy", "scikit-learn", "imgaug", "opencv-python")
    network = featurizer(experiment.task.network)
    return {
        "task": asdict(experiment.task),
        "protocol": asdict(experiment.protocol),
        "features": experiment.features,
        "network": {"name": type(network).__name__, **network.get_params(), "versions": versions()},
        "data_sha256": subset.sha256,
        "code": f"effaug {version('effaug')}, commit {_commit()}",
        "libraries": {name: version(name) for name in libraries},
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
    }


def _key(experiment: Experiment, job: Job) -> tuple[str, str, str, str, int]:
    return (experiment.protocol.name, experiment.features, job.score, job.policy, job.seed)


def _shown(subset: Subset, points: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Images of the points of highest and lowest score, and all labels: the figures need no data set."""
    extreme = []
    for name in scores.SCORES:
        order = np.argsort(-points[f"{name}_before"], kind="stable")
        extreme += [order[:N_SHOWN], order[-N_SHOWN:]]
    shown = np.unique(np.concatenate(extreme))
    return {"shown": shown.astype(np.int32), "images": subset.x_train[shown], "labels": subset.y_train.astype(np.uint8)}


@functools.lru_cache(maxsize=2)
def _subset(task: Task) -> Subset:
    return load_subset(task)


@functools.lru_cache(maxsize=1)
def _images(task: Task) -> tuple[np.ndarray, np.ndarray]:
    subset, transform = _subset(task), augment.augmentation(task)
    return augment.with_originals(subset.x_train, transform), augment.with_originals(subset.x_test, transform)


@functools.lru_cache(maxsize=1)
def _featuriser(task: Task, features: str, seed: int) -> Featurise:
    (train, test), subset, cache = _images(task), _subset(task), FeatureCache()
    if features == "frozen":
        network = cache.fit(featurizer(task.network, seed), subset.x_train, subset.y_train)
        frozen = cache.transform(network, train), cache.transform(network, test)
        return lambda selected: frozen

    def refit(selected: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        point, copy = np.nonzero(plan_weights(selected, train.shape[1] - 1))
        images = train[point, copy]
        network = cache.fit(featurizer(task.network, seed), images, subset.y_train[point])
        found = network.transform(images)
        # NaN where nothing may be read: a slip would show.
        everywhere = np.full((*train.shape[:2], found.shape[1]), np.nan, found.dtype)
        everywhere[point, copy] = found
        return everywhere, transform_copies(network, test)

    return refit


def _serial(experiment: Experiment, todo: list[Job]) -> Iterator[tuple[Curve, list[Job]]]:
    for k, job in enumerate(todo):
        yield compute(experiment, job), todo[k + 1 : k + 2]


def _parallel(experiment: Experiment, todo: list[Job], n_jobs: int) -> Iterator[tuple[Curve, list[Job]]]:
    pool = ProcessPoolExecutor(min(n_jobs, len(todo)), mp_context=get_context("spawn"), initializer=_die_with_parent)
    waiting, running = list(todo), dict[Future, Job]()
    try:
        while waiting or running:
            while waiting and len(running) < n_jobs:
                job = waiting.pop(0)
                running[pool.submit(compute, experiment, job)] = job
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                del running[future]
                yield future.result(), [*running.values(), *waiting[:1]]
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _die_with_parent() -> None:
    """A killed runner must not leave workers behind: they would wait for work for ever."""
    parent = parent_process()
    assert parent is not None
    sentinel = parent.sentinel

    def watch() -> None:
        connection.wait([sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _commit() -> str:
    try:
        done = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--exclude=*"],
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return done.stdout.strip()
