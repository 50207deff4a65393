"""MNIST's refitted CNN on a GPU: the curves of ``effaug run mnist-... --features refit``, some fifty times faster.

    python gpu/refit.py images IMAGES.npz             # with effaug's extras: every copy of every image
    python gpu/refit.py curves IMAGES.npz CURVES.pkl  # on a GPU: JAX and the method's libraries, no Keras
    python gpu/refit.py store CURVES.pkl RESULTS      # with effaug's extras: into a folder of results
    python gpu/refit.py check                         # with Keras and JAX: network and step against Keras's

A fit of a thousand small images is some hundred steps of a millisecond, and Keras spends longer between two steps than
a GPU in one. So a whole fit is one compiled program here. Everything else, from the choice of the points to the
logistic regression, is effaug's own code. Stored curves were computed with JAX 0.11.2.
"""

from __future__ import annotations

import argparse
import functools
import os
import pickle
import platform
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import numpy as np

TASKS = ("mnist-translate", "mnist-rotate", "mnist-crop")
POINTS = ("x_train", "y_train", "x_test", "y_test")


def copies(images: np.ndarray, augmentation: object) -> np.ndarray:
    """`effaug.images.augment.with_originals`, looked up: OpenCV's version decides pixels, so one machine makes them."""
    from effaug.images.cache import digest

    found: np.ndarray = _stored()[digest(repr(augmentation), images)]
    return found


@functools.cache
def _stored() -> dict[str, np.ndarray]:
    with np.load(os.environ["EFFAUG_IMAGES"]) as file:
        return dict(file)


def write_images(path: Path) -> None:
    """The tasks' points, and every copy of every image under the digest of what it is made from."""
    from effaug.images import augment
    from effaug.images.cache import digest
    from effaug.study import tasks
    from effaug.study.protocols import load_protocol
    from effaug.study.task_data import load_subset

    found = {}
    for name in TASKS:
        task = tasks.load_task(name, protocol=load_protocol("released-code"))
        subset, augmentation = load_subset(task), tasks.augmentation(task)
        for images in (subset.x_train, subset.x_test):
            found[digest(repr(augmentation), images)] = augment.with_originals(images, augmentation)
    found |= {field: getattr(subset, field) for field in POINTS}  # one for all tasks
    np.savez_compressed(path, **found)


def _patch() -> None:
    from network import fit, transform

    from effaug.images import augment, cache, features
    from effaug.study import experiment, learners
    from effaug.study.task_data import Subset

    features.CNN.fit, features.CNN.transform = fit, transform
    augment.with_originals = copies
    found = {field: _stored()[field] for field in POINTS}
    for module in (learners, experiment):
        module.task_subset = lambda task: Subset(**found)
    cache._made_by = lambda: []  # the cache is this run's own, and Keras is not asked for its version


def _experiments(seeds: int, rehearsal: bool = False) -> list:
    """All curves of the tables; in a rehearsal two short ones, which a CPU can do."""
    from effaug.study.experiment import Experiment, Job
    from effaug.study.protocols import load_protocol

    if rehearsal:
        jobs = (Job("", "full", 0), Job("influence", "deterministic_proportional_update", 0))
        protocol = load_protocol("released-code", epochs=1, cnn_precision="float32")
        return [Experiment(TASKS[0], protocol, features="refit", curves=jobs)]
    scores = ("influence", "loss")
    return [Experiment(t, "released-code", features="refit", score_names=scores, n_seeds=seeds) for t in TASKS]


def _work(job: tuple):
    from effaug.study.experiment import compute

    _patch()
    return compute(*job)


def curves(images: Path, out: Path, *, seeds: int, workers: int, seconds: float, rehearsal: bool) -> None:
    """Every curve of the tasks, seed after seed; what is finished is written every few seconds, and at the end."""
    from concurrent.futures import ProcessPoolExecutor, as_completed
    from multiprocessing import get_context

    os.environ |= {"EFFAUG_IMAGES": str(images.resolve()), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    start, jobs = time.monotonic(), [(e, job) for e in _experiments(seeds, rehearsal) for job in e.jobs()]
    jobs.sort(key=lambda pair: pair[1].seed)  # tasks take turns: the sort is stable within a seed
    record = _machine()
    done: list = []
    pool = ProcessPoolExecutor(workers, get_context("spawn"))
    waiting = [pool.submit(_work, job) for job in jobs]
    saved = start
    try:
        for future in as_completed(waiting, timeout=seconds):
            try:
                done.append(future.result())
            except Exception as error:  # the others' time is borrowed
                print(f"lost a curve: {error!r}", flush=True)
            if time.monotonic() - saved > 5:
                _save(out, record, done)
                saved = time.monotonic()
                print(f"{saved - start:.0f} s: {len(done)} of {len(jobs)}", flush=True)
    except TimeoutError:
        print(f"out of time after {seconds:g} s: {len(done)} of {len(jobs)} curves", flush=True)
    _save(out, record, done)
    print(f"{time.monotonic() - start:.0f} s, {sum(c.seconds for c in done):.0f} s of work", flush=True)
    for process in pool._processes.values():
        process.kill()
    os._exit(0)


def _save(out: Path, record: dict, done: list) -> None:
    part = out.with_suffix(".part")
    part.write_bytes(pickle.dumps((record, done)))
    part.replace(out)


def _machine() -> dict:
    """What the numbers depend on there, without touching the GPU: that is the workers'."""
    from importlib.metadata import version
    from subprocess import run

    try:
        asked = ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"]
        gpu = run(asked, capture_output=True, text=True, check=True).stdout.strip() + ", "
    except OSError:
        gpu = ""
    return {
        "libraries": {name: version(name) for name in ("numpy", "scipy", "scikit-learn")},
        "versions": f"jax {version('jax')}",
        "machine": f"{gpu}{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
    }


def store(path: Path, folder: Path) -> None:
    """Write the curves into a folder of results, with a record of where they were computed."""
    from effaug.study.provenance import describe
    from effaug.study.results import Results
    from effaug.study.task_data import load_subset

    there, done = pickle.loads(path.read_bytes())  # our own file
    for experiment in _experiments(1):
        found = [curve for curve in done if curve.task == experiment.task.name]
        record = describe(experiment)
        record["libraries"] |= there["libraries"]
        record["machine"], record["network"]["versions"] = there["machine"], there["versions"]
        record["data_sha256"] = load_subset(experiment.task).sha256
        if found:
            Results(folder).save(found, record)
        print(f"{experiment.task.name}: {len(found)} curves")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("images", "curves", "store", "check"))
    parser.add_argument("paths", nargs="*", type=Path)
    parser.add_argument("--seeds", type=int, default=5, help="rounds of every policy (%(default)s)")
    parser.add_argument("--workers", type=int, default=14, help="processes that share the GPU (%(default)s)")
    parser.add_argument("--seconds", type=float, default=3600, help="what is finished by then is kept (%(default)g)")
    parser.add_argument("--rehearsal", action="store_true", help="two short curves, on a CPU")
    asked = parser.parse_args()
    wanted = {"images": 1, "curves": 2, "store": 2, "check": 0}[asked.what]
    if len(asked.paths) != wanted:
        parser.error(f"{asked.what} takes {wanted} paths, got {len(asked.paths)}")
    if asked.what in ("curves", "check") and find_spec("jax") is None:
        parser.error(f"{asked.what} needs JAX: pip install 'jax[cuda13]' for a GPU, jax for a rehearsal or a check")
    if asked.what == "images":
        write_images(*asked.paths)
    elif asked.what == "curves":
        curves(*asked.paths, seeds=asked.seeds, workers=asked.workers, seconds=asked.seconds, rehearsal=asked.rehearsal)
    elif asked.what == "store":
        store(*asked.paths)
    else:
        from network import check

        check()


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))
    main()
