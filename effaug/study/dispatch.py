"""Curves sent to workers: each gets the experiment once, and is refused if it would compute other numbers."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import pickle
import threading
import time
from collections.abc import Callable, Generator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from effaug.images.cache import cache_folder
from effaug.study import cluster, datasets
from effaug.study.experiment import Experiment, Job
from effaug.study.learners import learner, task_subset
from effaug.study.provenance import describe
from effaug.study.results import Curve
from effaug.study.tasks import Task

if TYPE_CHECKING:
    from distributed import Client

_PARTS = ("libraries", "network", "data_sha256")  # of a record, beside the code: what numbers depend on
_FOLDERS = ("EFFAUG_DATA", "EFFAUG_WEIGHTS", "EFFAUG_CACHE")
_PATIENCE = 60.0  # seconds that a curve waits, on a worker that is new, for its experiment
_HELD = 4  # experiments that a worker keeps, of runs that share it


class _Worker:
    """What a process that computes curves for others holds: their experiments, and whose turn it is."""

    def __init__(self) -> None:
        self.lock = threading.Lock()  # one curve at a time: folders and threads are a process's
        self.own = {name: os.environ.get(name) for name in _FOLDERS}
        self.held = dict[str, tuple[Experiment, dict[str, str]]]()
        self.current = ""

    def turn(self, token: str) -> Experiment:
        """Make an experiment's folders those of this process, unless it has its own, and forget what others read."""
        experiment, folders = self.held[token]
        if token != self.current:
            for name in _FOLDERS:
                if found := self.own[name] or folders.get(name):
                    os.environ[name] = found
                else:
                    os.environ.pop(name, None)
            task_subset.cache_clear()
            learner.cache_clear()
            self.current = token
        return experiment


_HERE = _Worker()


def curves(
    client: Client,
    experiment: Experiment,
    todo: list[Job],
    compute: Callable[[Experiment, Job], Curve],
    record: dict[str, Any],
    features: tuple[str, ...] = (),
) -> Generator[tuple[Curve, list[Job]]]:
    """Curves as workers finish them, each with the jobs that are being computed.

    Parameters
    ----------
    client : distributed.Client
    experiment : Experiment
    todo : list of Job
    compute : callable
        Such as `effaug.study.experiment.compute`.
    record : dict
        What the curves are stored with: workers must come to the same. The machines that compute are added to it.
    features : tuple of str
        Names of files that must be in a worker's cache: features that another machine computes anew may differ.

    Raises
    ------
    ValueError
        Naming a worker that would compute with other code, libraries, data or networks, or lacks the folders.
    OSError
        See `cluster.spread`.
    """
    folders = {name: str(Path(os.environ[name]).expanduser().absolute()) for name in _FOLDERS if os.environ.get(name)}
    expected = {part: record[part] for part in _PARTS if part in record}
    payload = pickle.dumps((experiment, cluster.about(), expected, features, folders))
    token, machines = hashlib.sha256(payload).hexdigest()[:16], {record["machine"]}

    def prepare(addresses: list[str]) -> None:
        for place, said in client.run(_receive, token, payload, workers=addresses, on_error="return").items():
            if isinstance(said, OSError):  # it is being lost
                continue
            if isinstance(said, Exception):
                raise said
            refusal, machine = said
            if refusal:
                raise ValueError(f"worker {place} is refused: {refusal}")
            machines.add(machine)
        record["machine"] = "; ".join(sorted(machines))

    yield from cluster.spread(client, partial(_curve, token, compute), todo, prepare=prepare)


def is_at_hand(task: Task) -> bool:
    """Whether a task's images are here, and need no download."""
    if task.own or task.dataset == "digits":
        return True
    return (datasets.data_folder() / f"{task.dataset}.npz").is_file()


async def _receive(token: str, payload: bytes, dask_worker: Any = None) -> tuple[str, str]:
    """On a worker: why it is refused, or nothing, and its machine."""
    if dask_worker.state.nthreads > 1:
        return f"it has {dask_worker.state.nthreads} threads; start workers with --nthreads 1, and more of them", ""
    return await asyncio.to_thread(_take, token, payload)


def _take(token: str, payload: bytes) -> tuple[str, str]:
    with _HERE.lock:
        try:
            return "", _checked(token, payload)
        except (ImportError, AttributeError) as error:
            _HERE.held.pop(token, None)
            return f"it cannot import a class of your own ({error})", ""
        except (ValueError, OSError) as error:
            _HERE.held.pop(token, None)
            return str(error), ""


def _checked(token: str, payload: bytes) -> str:
    """The machine; a ValueError or OSError if it would compute other numbers."""
    experiment, about, expected, features, folders = pickle.loads(payload)
    if said := cluster.unlike(cluster.about(), about):
        raise ValueError(said)
    while len(_HERE.held) >= _HELD:
        del _HERE.held[next(iter(_HERE.held))]
    _HERE.held[token], _HERE.current = (experiment, folders), ""
    task = _HERE.turn(token).task
    if not is_at_hand(task):
        raise FileNotFoundError(
            f"it has no {task.dataset}.npz in {datasets.data_folder()}: share the folder of the data, or name it by "
            "EFFAUG_DATA where the worker is started"
        )
    found = describe(experiment)
    found["data_sha256"] = task_subset(task).sha256
    for part, value in json.loads(json.dumps(expected)).items():
        if (own := json.loads(json.dumps(found[part]))) != value:
            raise ValueError(f"its {part} is {own}, not {value}")
    if absent := [name for name in features if not (cache_folder() / name).is_file()]:
        raise FileNotFoundError(
            f"it has no {absent[0]} in {cache_folder()}: share the folder of the features, or name it by EFFAUG_CACHE "
            "where the worker is started"
        )
    return str(found["machine"])


def _curve(token: str, compute: Callable[[Experiment, Job], Curve], job: Job) -> Curve:
    deadline = time.monotonic() + _PATIENCE
    while token not in _HERE.held and time.monotonic() < deadline:
        time.sleep(0.02)
    with _HERE.lock:
        if token not in _HERE.held:
            raise cluster.Unprepared(cluster.address())
        return compute(_HERE.turn(token), job)
