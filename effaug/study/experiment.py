"""From a task and a policy to accuracy against budget."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np

from effaug import scores
from effaug._validation import unknown
from effaug.curves import budget_curve, full_augmentation
from effaug.images.features import TRAINED
from effaug.policies import DPP_POLICIES, SetChoices, load_policy
from effaug.study import protocols
from effaug.study.learners import learner, task_subset
from effaug.study.protocols import TABLE_POLICIES, Protocol, load_protocol
from effaug.study.results import Curve, Key
from effaug.study.task_data import Subset
from effaug.study.tasks import Task, check_protocol, load_task

FEATURES = ("frozen", "refit")
DPP_BUDGETS = (0, 1, 10, 30, 50, 70, 100, 150, 200, 250, 500, 750, 1000)  # of 1000 points: the paper's, and beyond
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
    task : Task or str
        A name stands for the task under the protocol.
    protocol : Protocol or str
    features : {"frozen", "refit"}
        The network is trained once on the un-augmented set, or again for every fit of every curve.
    score_names : tuple of str
        Of `effaug.scores.SCORES`.
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
        if isinstance(self.protocol, str):
            name = self.task if isinstance(self.task, str) else self.task.name
            object.__setattr__(self, "protocol", load_protocol(self.protocol, task=name))
        if isinstance(self.task, str):
            object.__setattr__(self, "task", load_task(self.task, protocol=self.protocol))
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

    @property
    def point_scores(self) -> tuple[str, ...]:
        """Of which full augmentation keeps each point's value: those of Tables 3-20, and those asked for."""
        return tuple(dict.fromkeys((*protocols.TABLE_SCORES, *self.score_names)))

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
            accuracies, points = full_augmentation(learn, labels, copies, experiment.point_scores, protocol.ridge)
            points |= _shown(subset, points)
        else:
            choices = SetChoices(protocol.dpp_diagonal, protocol.kmeans_starts, protocol.shuffled_folds)
            curve = budget_curve(
                learn,
                labels,
                copies,
                replace(load_policy(job.policy), choices=choices),
                _dpp_budgets(task.n_train) if job.policy in DPP_POLICIES else task.budgets,
                score=job.score,
                ridge=protocol.ridge,
                random_state=job.seed,
                weighted_hessian=protocol.weighted_hessian,
            )
            budgets, accuracies = curve.budgets, curve.accuracies
            points = {} if curve.order is None else {"order": _numbers(curve.order, task.n_train)}
    seconds = time.perf_counter() - start
    return Curve(task.name, *experiment.key(job), budgets, accuracies, points, seconds)


def _dpp_budgets(n: int) -> tuple[int, ...]:
    """Those of Appendix H, and beyond, in proportion to n."""
    return tuple(sorted({round(b * n / 1000) for b in DPP_BUDGETS}))


def _shown(subset: Subset, points: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Images of the points of highest and lowest score, and all labels: the figures need no data set."""
    extreme = []
    for before in (values for name, values in points.items() if name.endswith("_before")):
        order = np.argsort(-before, kind="stable")
        extreme += [order[:N_SHOWN], order[-N_SHOWN:]]
    shown, labels = np.unique(np.concatenate(extreme)), subset.y_train.astype(np.uint8)
    return {"shown": _numbers(shown, len(labels)), "images": subset.x_train[shown], "labels": labels}


def _numbers(points: np.ndarray, n: int) -> np.ndarray:
    """Points among n in the smallest unsigned type that holds n - 1: most of what is stored are orders."""
    return points.astype(np.min_scalar_type(n - 1))
