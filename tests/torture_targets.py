"""What the torture suite interrupts: the commands and the operations that write files, on small tasks of their own.

They run in the children of `torture_nursery`, below whose working directory their folders lie.
"""

import functools
import json
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from test_cache import SHIFTS, Counted, toy

from effaug.cli import main
from effaug.images import cache
from effaug.images.cache import FeatureCache
from effaug.report import withstood
from effaug.study import datasets, runner, timing
from effaug.study.results import Curve, Results
from effaug.study.training import Training

SMALL = ("digits-rotate", "--n-train", "30", "--seeds", "1", "--policies", "baseline,random_proportional")
TASK = "digits-rotate-n30"  # what results of that are stored under
KEY = ("paper", "frozen", "influence", "random_proportional")


def command(*arguments: str) -> None:
    """The command line; a run stores each curve as it is finished, as often as a long one does."""
    for name in ("cache", "results", "weights", "data"):
        os.environ[f"EFFAUG_{name.upper()}"] = os.path.abspath(name)
    runner._SAVE_EVERY = 0.0
    sys.argv = ["effaug", *arguments]
    main.main()


def _as_command(function: Callable[..., None]) -> Callable[..., None]:
    """Called as the command line calls its commands: an error is a sentence."""

    @functools.wraps(function)
    def called(*arguments: str) -> None:
        main._call = lambda: function(*arguments)
        main.main()

    return called


@_as_command
def featurise() -> None:
    """A network that is trained and, in five batches, features: through the cache."""
    cache._BATCH = 30
    images, labels = toy()
    store = FeatureCache("cache")
    store.transform(store.fit(Counted(), images, labels), images, SHIFTS)


@_as_command
def download(address: str, files: str) -> None:
    """A small MNIST, from a server on this machine whose files have these checksums."""
    os.environ["NO_PROXY"] = "127.0.0.1"
    datasets.RETRIES = 0
    source = replace(datasets.SOURCES["mnist"], mirrors=(f"http://{address}/",), files=json.loads(files))
    datasets.SOURCES = {"mnist": source}
    datasets.load("mnist", folder="data")


@_as_command
def save() -> None:
    """Two curves, another in place of the first, and two more."""
    store, rng = Results("results"), np.random.default_rng(0)
    for seeds, level in (((0, 1), 0.5), ((0,), 0.6), ((2, 3), 0.7)):
        budgets, curves = tuple(range(50)), []
        for seed in seeds:
            accuracies, points = level + 0.3 * rng.random(50), {"order": rng.permutation(5000)}
            curves.append(Curve("toy", *KEY, seed, budgets, accuracies, points, seconds=1.0))
        store.save(curves, {"protocol": {"name": "paper"}})


@_as_command
def measure() -> None:
    """Timings as `effaug bench-training` stores them, and the counts of the torture suite."""
    timing.hardware = withstood.hardware = lambda: "a machine"  # to be asked, it needs TensorFlow
    times = pd.DataFrame({"size": range(500, 700), "repeat": 0, "seconds": 1.0})
    timing.save(Path("results/timing/cpu.json"), Training("cifar10"), times, pd.DataFrame())
    counts = {("killed", f"command {k}"): k for k in range(200)}
    withstood.save(Path("results") / withstood.FILE, counts, seconds=1.0)
