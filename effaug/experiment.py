"""From a task and a policy to accuracy against budget."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from effaug import scores
from effaug._unknown import unknown
from effaug.features import TRAINED
from effaug.learning import Learn, learner, task_subset
from effaug.policies import TABLE_POLICIES, Policy, extend, plan_weights
from effaug.protocols import Protocol
from effaug.results import Curve, Key
from effaug.selection import DEFAULT, SetChoices, SetPolicy, load_policy
from effaug.subsets import Subset
from effaug.tasks import Task, check_protocol

FEATURES = ("frozen", "refit")
N_SHOWN = 10  # extreme points a score whose images are kept (Figures 5, 11-13)


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
    score_names : tuple of {"influence", "loss", "margin"}
    policies : tuple of str
        The eleven of Tables 3-20 unless given.
    n_seeds : int
        Seeds 0, 1, ... of the stochastic policies; where features are refit, of the network too.
    curves : tuple of Job, optional
        These and no others, in place of every policy with every score and seed.

    Raises
    ------
    ValueError
        For a name that is unknown, features that the task's network cannot have, a task loaded for another protocol,
        or less than one seed.
    """

    task: Task
    protocol: Protocol
    features: str = "frozen"
    score_names: tuple[str, ...] = ("influence",)
    policies: tuple[str, ...] = TABLE_POLICIES
    n_seeds: int = 5
    curves: tuple[Job, ...] | None = None

    def __post_init__(self) -> None:
        if self.features not in FEATURES:
            raise ValueError(f"features must be one of {', '.join(FEATURES)}, got {self.features!r}")
        if self.features == "refit" and self.task.network not in TRAINED:
            raise ValueError(
                f"features 'refit' trains a network for every fit; {self.task.name} takes its features from "
                f"{self.task.network!r}: only 'frozen' is possible"
            )
        check_protocol(self.task, self.protocol)
        for name in ("score_names", "policies"):
            if isinstance(getattr(self, name), str):
                raise ValueError(f"{name} must be a tuple of names, got {getattr(self, name)!r}")
        for name in (*self.score_names, *(job.score for job in self.curves or () if job.score)):
            if name not in scores.SCORES:
                raise ValueError(unknown("score", name, scores.SCORES))
        for name in (*self.policies, *(job.policy for job in self.curves or () if job.policy != "full")):
            load_policy(name)
        if self.n_seeds < 1:
            raise ValueError(f"n_seeds must be at least 1, got {self.n_seeds}")

    def jobs(self) -> list[Job]:
        """Every curve: policies that share trained networks lie far apart, so that workers do not wait for each other.

        Over frozen features a deterministic policy and ``full`` are the same for every seed, and run once.
        """
        if self.curves is not None:
            return list(self.curves)
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
    task, protocol, subset = experiment.task, experiment.protocol, task_subset(experiment.task)
    labels, copies = subset.y_train, len(task.parameters)
    with threadpool_limits(1):
        learn = learner(task, protocol, experiment.features, job.seed if experiment.features == "refit" else 0)
        if job.policy == "full":
            budgets: tuple[int, ...] = (task.n_train,)
            accuracies, points = full_augmentation(learn, labels, copies, protocol.ridge)
            points |= _shown(subset, points)
        else:
            policy, rng = load_policy(job.policy), np.random.default_rng(job.seed)
            options: dict[str, Any] = {"score": job.score, "ridge": protocol.ridge, "rng": rng}
            if isinstance(policy, SetPolicy):
                options["choices"] = SetChoices(protocol.dpp_diagonal, protocol.kmeans_starts, protocol.shuffled_folds)
                budgets, accuracies = set_curve(learn, labels, copies, policy, task.budgets, **options)
                points = {}
            else:
                budgets = task.budgets
                options["weighted_hessian"] = protocol.weighted_hessian
                accuracies, order = budget_curve(learn, labels, copies, policy, budgets, **options)
                points = {"order": order.astype(np.int32)}
    seconds = time.perf_counter() - start
    return Curve(task.name, *experiment.key(job), budgets, accuracies, points, seconds)


def budget_curve(
    learn: Learn,
    labels: np.ndarray,
    n_copies: int,
    policy: Policy,
    budgets: tuple[int, ...],
    *,
    score: str,
    ridge: float | None,
    rng: np.random.Generator,
    weighted_hessian: bool = True,
) -> tuple[np.ndarray, np.ndarray]:
    """Accuracy on the augmented test set at each budget (paper, Section 5 and Appendix B).

    Parameters
    ----------
    learn : callable
        From sample weights (n, 1 + t) to `Fitted`.
    labels : ndarray of int, shape (n,)
        0 or 1.
    n_copies : int
        t.
    policy : Policy
    budgets : tuple of int
        Ascending from 0.
    score : str
        Ignored by policies that use none.
    ridge : float or None
        See `Protocol`.
    rng : numpy.random.Generator
    weighted_hessian : bool, default True
        See `Protocol`.

    Returns
    -------
    accuracies : ndarray, shape (len(budgets),)
    order : ndarray of int, shape (budgets[-1],)
        Points in the order of their selection.
    """
    n = len(labels)
    order = np.array([], int)
    selected = np.zeros(n, bool)
    accuracies = []
    for budget, following in zip(budgets, (*budgets[1:], None), strict=True):
        selected[order[:budget]] = True
        weights = policy.weights(selected, n_copies)
        fitted = learn(weights)
        accuracies.append(fitted.accuracy)
        if following is None or (budget > 0 and not policy.update):
            continue
        if policy.uses_scores:
            in_hessian = weights if weighted_hessian else np.sign(weights)
            values = scores.score(score, fitted.model, fitted.train, labels, in_hessian, ridge=ridge)
        else:
            values = np.ones(n)
        order = extend(policy, order, values, following if policy.update else budgets[-1], rng)
    return np.array(accuracies), order


def set_curve(
    learn: Learn,
    labels: np.ndarray,
    n_copies: int,
    policy: SetPolicy,
    budgets: tuple[int, ...],
    *,
    score: str,
    ridge: float | None,
    rng: np.random.Generator,
    choices: SetChoices = DEFAULT,
) -> tuple[tuple[int, ...], np.ndarray]:
    """`budget_curve` of a policy that chooses its set anew for every budget, by the un-augmented model's features.

    Parameters
    ----------
    learn, labels, n_copies, policy, budgets, score, ridge, rng
        As of `budget_curve`.
    choices : SetChoices, optional
        How its sets are found.

    Returns
    -------
    budgets : tuple of int
        At which the policy is measured; not always those of the task.
    accuracies : ndarray, shape (len(budgets),)
    """
    weights = plan_weights(np.zeros(len(labels), bool), n_copies)
    fitted, values = learn(weights), np.ones(len(labels))
    if policy.uses_scores:
        values = scores.score(score, fitted.model, fitted.train, labels, weights, ridge=ridge)
    chooser = policy.prepare(fitted.train[:, 0], labels, values, budgets, choices)
    accuracies = []
    for budget in chooser.budgets:
        selected = np.zeros(len(labels), bool)
        selected[chooser.choose(budget, rng)] = True
        accuracies.append(learn(plan_weights(selected, n_copies)).accuracy)
    return chooser.budgets, np.array(accuracies)


def full_augmentation(
    learn: Learn, labels: np.ndarray, n_copies: int, ridge: float | None
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Accuracy with every point augmented, and every point's scores before and after (Figures 1, 2, 6-8).

    Returns
    -------
    accuracies : ndarray, shape (1,)
    points : dict
        ``<score>_before`` and ``<score>_after``, float32 (n,), for the scores of Tables 3-20.
    """
    points = {}
    for when, selected in (("before", False), ("after", True)):
        weights = plan_weights(np.full(len(labels), selected), n_copies)
        fitted = learn(weights)
        for name in scores.TABLE_SCORES:
            values = scores.score(name, fitted.model, fitted.train, labels, weights, ridge=ridge)
            points[f"{name}_{when}"] = values.astype(np.float32)
    return np.array([fitted.accuracy]), points


def _shown(subset: Subset, points: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Images of the points of highest and lowest score, and all labels: the figures need no data set."""
    extreme = []
    for name in scores.TABLE_SCORES:
        order = np.argsort(-points[f"{name}_before"], kind="stable")
        extreme += [order[:N_SHOWN], order[-N_SHOWN:]]
    shown = np.unique(np.concatenate(extreme))
    return {"shown": shown.astype(np.int32), "images": subset.x_train[shown], "labels": subset.y_train.astype(np.uint8)}
