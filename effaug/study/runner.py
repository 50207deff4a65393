"""The runner: which curves are still to be computed, by which workers, and what they were computed with."""

from __future__ import annotations

import os
import pickle
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing, contextmanager
from dataclasses import replace
from multiprocessing import connection, get_context

from effaug.images.cache import Progress, is_cached
from effaug.images.frozen import ResNet
from effaug.images.networks import import_keras
from effaug.scores import SCORES
from effaug.study import datasets
from effaug.study.experiment import Experiment, Job, compute
from effaug.study.learners import featurizer, frozen_features, task_subset
from effaug.study.provenance import check_same, describe
from effaug.study.results import Curve, Results
from effaug.study.tasks import Task, augmentation

_SAVE_EVERY = 3.0  # seconds: a save rewrites the task's files, and a curve may take less


def run(
    experiment: Experiment,
    results: Results,
    *,
    n_jobs: int = 1,
    progress: Callable[[int, int, list[Job]], None] = lambda done, total, running: None,
    featurising: Progress = lambda done, total, images_per_second: None,
) -> int:
    """Compute and store the curves that are not stored yet, as they are finished.

    Parameters
    ----------
    experiment : Experiment
    results : Results
    n_jobs : int, default 1
        Worker processes, each on one thread. The numbers do not depend on it.
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
        workers, if the task has objects that cannot be sent to them.
    """
    if n_jobs < 1:
        raise ValueError(f"n_jobs must be at least 1, got {n_jobs}")
    if n_jobs > 1:
        _check_sendable(experiment, n_jobs)
    _check_places(results, experiment.task.name)
    total = len(experiment.jobs())
    experiment, todo = _still_to_do(experiment, results)
    progress(total - len(todo), total, todo[:n_jobs])
    record = describe(experiment)
    check_same(results, experiment, record)
    if todo or _is_at_hand(experiment.task):  # what is complete is no reason to download images
        record["data_sha256"] = task_subset(experiment.task).sha256
        check_same(results, experiment, record)
    if not todo:
        return 0
    _check_writable(results, experiment.task.name)
    _featurise(experiment, n_jobs, featurising)
    finished: list[Curve] = []
    try:
        saved = time.monotonic()
        with closing(_serial(experiment, todo) if n_jobs == 1 else _parallel(experiment, todo, n_jobs)) as curves:
            for count, (curve, running) in enumerate(curves, start=1):
                finished.append(curve)
                if time.monotonic() - saved > _SAVE_EVERY:
                    results.save(finished, record)
                    finished, saved = [], time.monotonic()
                progress(total - len(todo) + count, total, running)
    finally:
        if finished:
            results.save(finished, record)
    return len(todo)


def _featurise(experiment: Experiment, n_jobs: int, progress: Progress) -> None:
    """Fill the cache once, on all threads, before the workers ask for it."""
    network = featurizer(experiment.task, experiment.protocol)
    if experiment.features == "frozen" and is_cached(network, augmentation(experiment.task)):
        if isinstance(network, ResNet):
            import_keras(n_jobs)
        frozen_features(experiment.task, experiment.protocol, progress)


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


def _is_at_hand(task: Task) -> bool:
    if task.own or task.dataset == "digits":
        return True
    return (datasets.data_folder() / f"{task.dataset}.npz").is_file()


def _check_sendable(experiment: Experiment, n_jobs: int) -> None:
    try:
        pickle.dumps(experiment)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise ValueError(
            f"n_jobs must be 1 for a task with objects that cannot be pickled, got {n_jobs}: {error}"
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


def _parallel(experiment: Experiment, todo: list[Job], n_jobs: int) -> Generator[tuple[Curve, list[Job]]]:
    context = get_context("spawn")
    alive, hold = context.Pipe(duplex=False)  # workers end when `hold` is closed, by us or by our end
    pool = ProcessPoolExecutor(min(n_jobs, len(todo)), context, initializer=_end_with, initargs=(alive,))
    waiting, running = list(todo), dict[Future, Job]()
    try:
        while waiting or running:
            while waiting and len(running) < n_jobs:
                job = waiting.pop(0)
                with _uninterrupted():  # a worker inherits this: ctrl-C is ours to handle
                    running[pool.submit(compute, experiment, job)] = job
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                del running[future]
                try:
                    curve = future.result()
                except BrokenProcessPool:
                    raise OSError(
                        "a worker process was killed, perhaps for want of memory, or cannot import a class of your "
                        "own; finished curves are stored: run it again, with fewer jobs"
                    ) from None
                yield curve, [*running.values(), *waiting[:1]]
    finally:
        hold.close()
        pool.shutdown(wait=False, cancel_futures=True)


def _end_with(alive: connection.Connection) -> None:
    """A runner that was killed or interrupted must not leave workers behind, nor wait for an hour's curve of theirs."""

    def watch() -> None:
        connection.wait([alive])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


@contextmanager
def _uninterrupted() -> Iterator[None]:
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
