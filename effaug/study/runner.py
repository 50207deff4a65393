"""The runner: which curves are still to be computed, by which workers, and what they were computed with."""

from __future__ import annotations

import os
import pickle
import tempfile
import time
from collections.abc import Callable, Generator, Iterable
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from effaug.images.cache import Progress, is_cached
from effaug.images.frozen import ResNet
from effaug.images.networks import import_keras
from effaug.scores import SCORES
from effaug.study import cluster, dispatch
from effaug.study.experiment import Experiment, Job, compute
from effaug.study.learners import featurizer, frozen_features, task_subset
from effaug.study.provenance import check_same, describe
from effaug.study.results import Curve, Results
from effaug.study.tasks import augmentation

_SAVE_EVERY = 3.0  # seconds: a save rewrites the task's files, and a curve may take less


def run(
    experiment: Experiment,
    results: Results,
    *,
    n_jobs: int = 1,
    scheduler: str | None = None,
    progress: Callable[[int, int, list[Job]], None] = lambda done, total, running: None,
    featurising: Progress = lambda done, total, images_per_second: None,
) -> int:
    """Compute and store the curves that are not stored yet, as they are finished.

    Parameters
    ----------
    experiment : Experiment
    results : Results
    n_jobs : int, default 1
        Worker processes, each on one thread; one means this process. The numbers do not depend on it.
    scheduler : str, optional
        Address of a Dask scheduler, such as ``tcp://host:8786``, whose workers compute. They need this effaug, and the
        folders of the data, the networks and the cache.
    progress : callable, optional
        Told how many curves are stored, of how many, and which are running.
    featurising : callable, optional
        Told how many images are featurised, of how many, and images per second.

    Returns
    -------
    int
        How many curves were computed; the others were there.

    Raises
    ------
    ValueError
        If curves stored under the same names were computed with other data, settings or network versions; for several
        workers, if the task has objects that cannot be sent to them, or one of them would compute other numbers.
    OSError
        If no scheduler answers, or workers, scheduler or the folder of the results are lost.
    """
    _check_workers(experiment, n_jobs, scheduler)
    _check_places(results, experiment.task.name)
    total = len(experiment.jobs())
    experiment, todo = _still_to_do(experiment, results)
    progress(total - len(todo), total, todo[:n_jobs])
    record = describe(experiment)
    check_same(results, experiment, record)
    with ExitStack() as stack:
        client = stack.enter_context(cluster.workers(scheduler=scheduler)) if todo and scheduler else None
        if todo or dispatch.is_at_hand(experiment.task):  # what is complete is no reason to download images
            record["data_sha256"] = task_subset(experiment.task).sha256
            check_same(results, experiment, record)
        if not todo:
            return 0
        _check_writable(results, experiment.task.name)
        files = _featurise(experiment, (os.cpu_count() or 1) if scheduler else n_jobs, featurising)
        if n_jobs > 1:
            client = stack.enter_context(cluster.workers(min(n_jobs, len(todo))))
        sent = dispatch.curves(client, experiment, todo, compute, record, files) if client else None
        curves = stack.enter_context(closing(sent or _serial(experiment, todo)))
        stored = total - len(todo)
        _store(curves, results, record, lambda count, running: progress(stored + count, total, running))
    return len(todo)


def _store(
    curves: Iterable[tuple[Curve, list[Job]]],
    results: Results,
    record: dict[str, Any],
    told: Callable[[int, list[Job]], None],
) -> None:
    """Save curves every few seconds; those that are finished when something goes wrong, too."""
    finished, saved = list[Curve](), time.monotonic()
    try:
        for count, (curve, running) in enumerate(curves, start=1):
            finished.append(curve)
            if time.monotonic() - saved > _SAVE_EVERY:
                results.save(finished, record)
                finished, saved = [], time.monotonic()
            told(count, running)
    finally:
        if finished:
            results.save(finished, record)


def _featurise(experiment: Experiment, n_jobs: int, progress: Progress) -> tuple[str, ...]:
    """Fill the cache once, on all threads, before the workers ask for it; the names of its files."""
    network = featurizer(experiment.task, experiment.protocol)
    if experiment.features != "frozen" or not is_cached(network, augmentation(experiment.task)):
        return ()
    if isinstance(network, ResNet):
        import_keras(n_jobs)
    found = frozen_features(experiment.task, experiment.protocol, progress)
    return tuple(Path(str(part.filename)).name for part in found if isinstance(part, np.memmap))


def _still_to_do(experiment: Experiment, results: Results) -> tuple[Experiment, list[Job]]:
    """The curves that are not stored, and full augmentation without each point's value of a score that is asked for.

    Full augmentation is then computed again with every score whose values are stored, too, so that none is lost: those
    are among the scores of the experiment that is returned.
    """
    jobs, done = experiment.jobs(), results.done(experiment.task.name)
    full = [experiment.key(job) for job in jobs if job.policy == "full"]
    scored = {key: results.points(experiment.task.name, key) for key in full}

    def is_stored(job: Job) -> bool:
        key = experiment.key(job)
        wanted = [f"{name}_before" for name in experiment.score_names] if key in scored else []
        return key in done and all(name in scored[key] for name in wanted)

    kept = [name for name in SCORES if any(f"{name}_before" in points for points in scored.values())]
    names = tuple(dict.fromkeys((*experiment.score_names, *kept)))
    return replace(experiment, score_names=names), [job for job in jobs if not is_stored(job)]


def _check_workers(experiment: Experiment, n_jobs: int, scheduler: str | None) -> None:
    if n_jobs < 1:
        raise ValueError(f"n_jobs must be at least 1, got {n_jobs}")
    if scheduler and n_jobs > 1:
        raise ValueError(f"n_jobs must be 1 with a scheduler, which has workers of its own, got {n_jobs}")
    try:
        if scheduler or n_jobs > 1:
            pickle.dumps(experiment)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        one = "n_jobs must be 1, without a scheduler," if scheduler else "n_jobs must be 1"
        raise ValueError(
            f"{one} for a task with objects that cannot be pickled, got {scheduler or n_jobs}: {error}"
        ) from error


def _check_places(results: Results, task: str) -> None:
    """Folders where files go, and files where folders go: nothing could be read or stored."""
    folder = results.folder.resolve()
    there = next(path for path in (folder, *folder.parents) if path.exists())
    if not there.is_dir():
        raise NotADirectoryError(f"{there} is a file: name a folder for the results")
    for name in (f"{task}.csv", f"{task}.json", f"{task}.npz", f".{task}.lock"):
        if (folder / name).is_dir():
            raise IsADirectoryError(f"{folder / name} is a folder, where a file of the results goes: move it away")


def _check_writable(results: Results, task: str) -> None:
    """Before anything is computed that could not be stored."""
    there = next(path for path in (results.folder.resolve(), *results.folder.resolve().parents) if path.exists())
    lock = results.folder / f".{task}.lock"
    try:
        with tempfile.TemporaryFile(dir=there):
            pass
        if lock.exists():
            lock.open("a").close()
    except OSError as error:
        raise OSError(f"{results.folder} cannot be written to ({error.strerror}): name another folder") from error


def _serial(experiment: Experiment, todo: list[Job]) -> Generator[tuple[Curve, list[Job]]]:
    for k, job in enumerate(todo):
        yield compute(experiment, job), todo[k + 1 : k + 2]
