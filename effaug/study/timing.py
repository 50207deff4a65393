"""What training costs: seconds an epoch against the size of the training set, and what selecting points saves."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from effaug import logistic, scores
from effaug._validation import unknown
from effaug.images._files import write_whole
from effaug.images.features import LeNet
from effaug.images.networks import hardware, versions
from effaug.study import datasets, digests, tasks
from effaug.study.provenance import commit
from effaug.study.task_data import Subset, load_subset
from effaug.study.tasks import Task
from effaug.study.training import Training, compiled, run_epoch

Told = Callable[[int, int], None]


def _silent(done: int, total: int) -> None:
    pass


def epoch_times(
    training: Training, sizes: tuple[int, ...], *, n_repeats: int = 5, progress: Told = _silent
) -> pd.DataFrame:
    """Seconds that one epoch takes, against the number of training images (Appendix I, Figure 17).

    Parameters
    ----------
    training : Training
        The network, its data set, batch size and precision.
    sizes : tuple of int
        Numbers of images, at least two of them; the data set's images are taken in order.
    n_repeats : int, default 5
        Sizes are measured in an order drawn anew for every repeat, so that a machine that slows down favours none.
    progress : callable, optional
        Told how many epochs are measured, of how many.

    Returns
    -------
    DataFrame
        ``size``, ``repeat``, ``seconds``. Compilation is not in them: each shape of batch is seen once before.

    Raises
    ------
    ValueError
        For fewer than two sizes, or sizes outside 1 to the number of training images.
    """
    data = datasets.load(training.dataset)
    if len(set(sizes)) < 2 or not all(1 <= size <= len(data.x_train) for size in sizes):
        raise ValueError(f"sizes must be at least two, between 1 and {len(data.x_train)}, got {sizes}")
    if n_repeats < 1:
        raise ValueError(f"n_repeats must be at least 1, got {n_repeats}")
    model = compiled(training, data.x_train, n_classes=len(np.unique(data.y_train)))
    for size in {training.batch_size, *(size % training.batch_size for size in sizes)} - {0}:
        run_epoch(model, training, data.x_train[:size], data.y_train[:size], 0)
    rows, rng = [], np.random.default_rng(training.random_state)
    plan = [(repeat, sizes[k]) for repeat in range(n_repeats) for k in rng.permutation(len(sizes))]
    for done, (repeat, size) in enumerate(plan):
        progress(done, len(plan))
        x, y = data.x_train[:size], data.y_train[:size]
        rows.append((size, repeat, _timed(run_epoch, model, training, x, y, 0)))
    progress(len(plan), len(plan))
    return pd.DataFrame(rows, columns=["size", "repeat", "seconds"]).sort_values(["size", "repeat"], ignore_index=True)


@dataclass(frozen=True)
class LinearFit:
    """Seconds an epoch = intercept + slope * images, by least squares.

    Attributes
    ----------
    slope, slope_error : float
        Seconds an image, with its standard error.
    intercept, intercept_error : float
        Seconds.
    r_squared : float
        Share of the variance of the single measurements.
    residuals : ndarray, shape (number of measurements,)
        Measured less fitted seconds, in the measurements' order.
    """

    slope: float
    slope_error: float
    intercept: float
    intercept_error: float
    r_squared: float
    residuals: np.ndarray


def linear_fit(times: pd.DataFrame) -> LinearFit:
    """The line through all repeats of `epoch_times`."""
    x, y = times["size"].to_numpy(float), times["seconds"].to_numpy()
    line = stats.linregress(x, y)
    residuals = y - (line.intercept + line.slope * x)
    return LinearFit(line.slope, line.stderr, line.intercept, line.intercept_stderr, float(line.rvalue**2), residuals)


def curvature(times: pd.DataFrame) -> pd.Series:
    """How far from linear: the quadratic term's share of the time at the largest size, a value a repeat.

    A parabola is fitted to each repeat's sizes; 0 is a straight line, and a time in proportion to n^2 has 1.
    """
    largest = times["size"].max()

    def share(repeat: pd.DataFrame) -> float:
        quadratic, *rest = np.polyfit(repeat["size"] / largest, repeat["seconds"], 2)
        return float(quadratic / (quadratic + sum(rest)))

    return pd.Series({key: share(rows) for key, rows in times.groupby("repeat")})


def check_trained(task: Task) -> None:
    """Refuse a task whose network is not trained by the task itself, with a ValueError."""
    if task.network != "lenet":
        raise ValueError(f"selection_times trains LeNets, on MNIST's tasks; {task.name} has {task.network!r}")


def selection_times(
    task: Task, epochs: int = 40, *, fraction: float = 0.10, n_repeats: int = 5, progress: Told = _silent
) -> pd.DataFrame:
    """What it takes to train with some points augmented, chosen by influence, against all of them; everything measured.

    Parameters
    ----------
    task : Task
        Of MNIST: a LeNet is trained from scratch each time.
    epochs : int, default 40
    fraction : float, default 0.10
        Of the points to augment.
    n_repeats : int, default 5
        Each with a network of its own seed.
    progress : callable, optional
        Told how many repeats are done, of how many.

    Returns
    -------
    DataFrame
        ``task``, ``part``, ``images``, ``repeat``, ``seconds``. The parts are ``un-augmented`` (the training that
        scores are taken from), ``scores`` (features, logistic regression, influence), ``selected`` and
        ``everything`` (making the copies, and training on originals and copies).
    """
    check_trained(task)
    subset = load_subset(task)
    LeNet(epochs=1).fit(subset.x_train, subset.y_train)  # compiles
    rows = []
    for repeat in range(n_repeats):
        progress(repeat, n_repeats)
        for part, images, seconds in _one_selection(task, subset, epochs, fraction, repeat):
            rows.append((task.name, part, images, repeat, seconds))
    progress(n_repeats, n_repeats)
    return pd.DataFrame(rows, columns=["task", "part", "images", "repeat", "seconds"])


def save(path: Path, training: Training, epochs: pd.DataFrame, selection: pd.DataFrame) -> None:
    """Write what `epoch_times` and `selection_times` measured, and on what, as one JSON."""
    record = {
        "hardware": hardware(),
        "versions": versions(),
        "code": commit(),
        "training": asdict(training),
        "epoch_times": epochs.to_dict("list"),
        "selection_times": selection.to_dict("list"),
    }
    write_whole(path, lambda part: part.write_text(json.dumps(digests.signed(record), indent=1) + "\n"))


def load(folder: Path, name: str | None = None) -> dict[str, dict[str, Any]]:
    """What is stored in a folder, by name of the file: as `save` wrote it, the measurements as data frames.

    Raises
    ------
    ValueError
        If there is none of the name given, or a file is not what `save` wrote.
    """
    frames = ("epoch_times", "selection_times")
    found = {path.stem: digests.read(path, *frames, "training") for path in sorted(folder.glob("*.json"))}
    if name is not None and name not in found:
        raise ValueError(unknown("device", name, found))
    found = found if name is None else {name: found[name]}
    return {name: record | {key: pd.DataFrame(record[key]) for key in frames} for name, record in found.items()}


def in_words(record: dict[str, Any]) -> str:
    """What a stored measurement was made with."""
    training, frame = record["training"], record["epoch_times"]
    return (
        f"ResNet of depth {training['depth']}, batches of {training['batch_size']}, {training['precision']}, "
        f"{frame['repeat'].nunique()} repeats, on {record['hardware']} ({record['code']})"
    )


def _one_selection(
    task: Task, subset: Subset, epochs: int, fraction: float, seed: int
) -> Iterator[tuple[str, int, float]]:
    x, y, budget = subset.x_train, subset.y_train, round(fraction * task.n_train)
    network, transform = LeNet(epochs=epochs, random_state=seed), tasks.augmentation(task)
    yield "un-augmented", len(x), _timed(network.fit, x, y)
    order = np.array([], int)

    def score() -> None:
        nonlocal order
        features = network.transform(x)
        order = np.argsort(-scores.influence(logistic.fit(features, y), features, y), kind="stable")

    yield "scores", len(x), _timed(score)

    def train(points: np.ndarray) -> None:
        copies = transform(x[points]).reshape(-1, *x.shape[1:])
        labels = np.repeat(y[points], len(task.parameters))
        LeNet(epochs=epochs, random_state=seed).fit(np.concatenate([x, copies]), np.concatenate([y, labels]))

    for part, points in (("selected", order[:budget]), ("everything", np.arange(len(x)))):
        yield part, len(x) + len(points) * len(task.parameters), _timed(train, points)


def _timed(work: Callable[..., Any], *arguments: Any) -> float:
    start = time.perf_counter()
    work(*arguments)
    return time.perf_counter() - start
