"""Training the frozen networks: ResNet v2 on CIFAR-10 and small NORB, resumed after a kill, and written with a record.

``weights/<name>.weights.h5`` holds a network, ``weights/<name>.json`` beside it what it is and how it was trained.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock, Timeout

from effaug._validation import unknown
from effaug.images.augment import RandomAffine
from effaug.images.cache import digest
from effaug.images.networks import check_depth, hardware, import_keras, resnet, versions
from effaug.study import datasets
from effaug.study._batches import Mean, batches
from effaug.study._checkpoint import Checkpoint, checkpoint_folder, is_stored, save_network
from effaug.study.caveats import data_caveat, training_caveat
from effaug.study.provenance import commit

N_VALIDATION = 2500  # most test images after each epoch; all of them after the last
DATASETS = ("cifar10", "smallnorb")
PRECISIONS = ("float32", "mixed_bfloat16", "mixed_float16")
_DROPS = ((0.4, 0.1), (0.6, 0.01), (0.8, 0.001), (0.9, 0.0005))

Progress = Callable[[dict[str, Any]], None]
_Images = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Training:
    """How a network is trained: Keras's CIFAR-10 example, which the released code's training scripts follow.

    Those scripts have batches of 32 and up to 1000 epochs; which epoch's weights were used is not recorded.

    Parameters
    ----------
    dataset : {"cifar10", "smallnorb"}
        All classes of its training images.
    depth : int, default 56
    epochs : int, default 200
    batch_size : int, default 128
    learning_rate : float, default 1e-3
        Of Adam; times 0.1, 0.01, 0.001 and 0.0005 after 40, 60, 80 and 90 % of the epochs.
    augment : bool, default False
        Rotate by up to 2.5 degrees, shift by up to `shift` pixels and flip at random, each image anew in each epoch.
    shift : int, default 6
        In pixels; the released code's 6 meant at most 5 in its version of Keras.
    divided_twice : bool, default False
        Divide pixels by 255 twice, as the released code does with small NORB's.
    leave_out : tuple of int
        Of these two classes, the first 1000 training images are left out: the network never sees the task's points.
    precision : {"float32", "mixed_bfloat16", "mixed_float16"}
    random_state : int, default 0
        Decides the initial weights, the order of the batches and the random augmentation.
    stop_after : int, optional
        Epochs after which it stops, in the middle of that schedule: what the released scripts write after that epoch.
        The network is stored as ``<name>-epoch<k>``, and a training that stops later goes on from there.
    """

    dataset: str
    depth: int = 56
    epochs: int = 200
    batch_size: int = 128
    learning_rate: float = 1e-3
    augment: bool = False
    shift: int = 6
    divided_twice: bool = False
    leave_out: tuple[int, ...] = ()
    precision: str = "float32"
    random_state: int = 0
    stop_after: int | None = None

    def __post_init__(self) -> None:
        if self.dataset not in DATASETS:
            raise ValueError(unknown("dataset", self.dataset, DATASETS))
        check_depth(self.depth)
        if self.precision not in PRECISIONS:
            raise ValueError(unknown("precision", self.precision, PRECISIONS))
        for name in ("epochs", "batch_size"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")
        if self.stop_after is not None and not 1 <= self.stop_after <= self.epochs:
            raise ValueError(f"stop_after must lie between 1 and {self.epochs} epochs, got {self.stop_after}")
        if not 0 < self.learning_rate < 1:
            raise ValueError(f"learning_rate must lie between 0 and 1, got {self.learning_rate}")
        if self.leave_out and not len(self.leave_out) == len(set(self.leave_out)) == 2:
            raise ValueError(f"leave_out must be two different labels, got {self.leave_out}")

    @property
    def name(self) -> str:
        """What the weights are called unless the user says otherwise."""
        kinds = {"divided-twice": self.divided_twice, "augmented": self.augment, "unseen": bool(self.leave_out)}
        return "-".join([self.dataset, *(kind for kind, is_so in kinds.items() if is_so)])

    @property
    def pixel_scale(self) -> float:
        """What pixels of 0 to 255 are multiplied by."""
        return 1 / 255**2 if self.divided_twice else 1 / 255

    @property
    def n_epochs(self) -> int:
        """How many epochs it lasts."""
        return self.stop_after or self.epochs

    def rate(self, epoch: int) -> float:
        """Learning rate of an epoch, counted from 0."""
        factors = [factor for share, factor in _DROPS if epoch >= share * self.epochs]
        return self.learning_rate * (factors[-1] if factors else 1.0)


def train(
    training: Training,
    folder: str | Path,
    *,
    name: str = "",
    keep_epochs: bool = False,
    progress: Progress = lambda state: None,
) -> Path:
    """Train a network, or go on with it from the last epoch that was finished. One that is stored is left as it is.

    Parameters
    ----------
    training : Training
    folder : path
        Of the weights. Checkpoints lie in ``.<name>.checkpoint`` there until the whole schedule is done.
    name : str, optional
    keep_epochs : bool, default False
        Store the network of every epoch before the last, too, as ``<name>-epoch<k>``.
    progress : callable, optional
        Told the epoch, the batch of how many, loss, accuracy and images per second, after every tenth batch.

    Returns
    -------
    Path
        Of the weights.

    Raises
    ------
    ValueError
        If weights or checkpoint of this name are of a training with other settings or data (see `find`), or the loss
        is no longer finite.
    BlockingIOError
        If another process is training a network of this name.
    """
    name = name or training.name
    key = digest(str(Path(folder).resolve()), name)
    try:
        with FileLock(Path(tempfile.gettempdir()) / f"effaug-{key}.lock", timeout=0):
            stored = find(training, folder, name=name)
            if stored and training.n_epochs == training.epochs:  # by a process that was killed right then, perhaps
                shutil.rmtree(checkpoint_folder(Path(folder) / name), ignore_errors=True)
            return stored or _train(training, Path(folder), name, keep_epochs, progress)
    except Timeout:
        raise BlockingIOError(f"another process is training {name} in {folder}") from None


def find(training: Training, folder: str | Path, *, name: str = "") -> Path | None:
    """The weights of a training that is finished and stored in a folder; None where nothing of its name is.

    Raises
    ------
    ValueError
        If what is stored under its name came from other settings or data, naming those that differ.
    """
    path = _path(training, Path(folder), name)
    checkpoint = checkpoint_folder(Path(folder) / (name or training.name))
    stored = is_stored(path, checkpoint, training, lambda: datasets.load(training.dataset).sha256())
    return path if stored else None


def _path(training: Training, folder: Path, name: str) -> Path:
    name = name or training.name
    return folder / f"{name if training.n_epochs == training.epochs else f'{name}-epoch{training.n_epochs}'}.weights.h5"


def _train(training: Training, folder: Path, name: str, keep_epochs: bool, progress: Progress) -> Path:
    code = commit()
    data = datasets.load(training.dataset)
    chosen = _seen(training, data.y_train)
    x, y = data.x_train[chosen], data.y_train[chosen]
    model = compiled(training, x, n_classes=len(np.unique(data.y_train)))
    settings: dict[str, Any] = {"data_sha256": data.sha256(), "versions": versions()}
    whole = {"training": asdict(replace(training, stop_after=None)), **settings}  # where it stopped, it may go on
    checkpoint = Checkpoint(checkpoint_folder(folder / name), json.loads(json.dumps(whole)))
    history = checkpoint.resume(model)
    if len(history) > training.n_epochs:
        raise ValueError(f"{checkpoint.folder} is past epoch {training.n_epochs}: it holds epoch {len(history)}")
    # at random: small NORB's classes alternate, and every tenth image is of two of five
    some = np.sort(np.random.default_rng(0).permutation(len(data.x_test))[:N_VALIDATION])
    about = settings | {"n_images": len(x), "code": code, "history": history}
    about["test_of_each_epoch"] = f"{len(some)} test images, drawn at random once"

    def keep() -> None:
        one = replace(training, stop_after=len(history) or None)
        if keep_epochs and one.n_epochs < training.n_epochs and not find(one, folder, name=name):
            test = {key: value for key, value in history[-1].items() if key.startswith("test_")}
            _write(_path(one, folder, name), model, one, about | {"test": test | {"n_images": len(some)}})

    keep()  # where it was killed just before
    for epoch in range(len(history), training.n_epochs):
        history.append(_history_row(model, training, (x, y), (data.x_test[some], data.y_test[some]), epoch, progress))
        checkpoint.save(model, history)
        keep()
    path, test = _path(training, folder, name), _evaluate(model, training, data.x_test, data.y_test)
    _write(path, model, training, about | {"test": test | {"n_images": len(data.x_test)}})
    if training.n_epochs == training.epochs:
        checkpoint.remove()
    return path


def _history_row(
    model: Any, training: Training, seen: _Images, unseen: _Images, epoch: int, progress: Progress
) -> dict[str, Any]:
    start = time.perf_counter()
    model.optimizer.learning_rate = training.rate(epoch)
    found = run_epoch(model, training, *seen, epoch, progress)
    if not np.isfinite(found["loss"]):
        raise ValueError(f"the loss is {found['loss']} in epoch {epoch + 1}: the training does not converge")
    test = _evaluate(model, training, *unseen)
    seconds = round(time.perf_counter() - start, 1)
    return {"epoch": epoch + 1, "rate": training.rate(epoch), **found, **test, "seconds": seconds}


def compiled(training: Training, x: np.ndarray, n_classes: int) -> Any:
    """The network to be trained, its mean image that of x (n, h, w, c), with the optimizer of its settings."""
    keras = import_keras(os.cpu_count() or 1)
    keras.utils.set_random_seed(training.random_state)
    model = resnet(x.shape[1:], n_classes, training.depth, dtype=training.precision)
    model.get_layer("mean_image").set_weights(
        [(training.pixel_scale * x.mean(axis=0, dtype=np.float64)).astype(np.float32)]
    )
    adam = keras.optimizers.Adam(training.learning_rate)
    if training.precision == "mixed_float16":  # Keras does so by itself only where the policy is the global one
        adam = keras.optimizers.LossScaleOptimizer(adam)
    model.compile(adam, "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.optimizer.build(model.trainable_variables)
    return model


def _write(path: Path, model: Any, training: Training, about: dict[str, Any]) -> None:
    name, settings = path.name.removesuffix(".weights.h5"), asdict(training)
    caveats = (data_caveat(about["data_sha256"]), training_caveat(name, settings))
    seconds = round(sum(row["seconds"] for row in about["history"]), 1)
    rest = {"seconds": seconds, "caveats": [caveat for caveat in caveats if caveat], "hardware": hardware()}
    save_network(path, model, {"pixel_scale": training.pixel_scale, "training": settings, **about, **rest})


def _seen(training: Training, labels: np.ndarray) -> np.ndarray:
    if not training.leave_out:
        return np.arange(len(labels))
    known = np.unique(labels).tolist()
    if not set(training.leave_out) <= set(known):
        raise ValueError(f"leave_out must be among the labels of {training.dataset}, {known}, got {training.leave_out}")
    points = np.flatnonzero(np.isin(labels, training.leave_out))[:1000]
    return np.setdiff1d(np.arange(len(labels)), points)


def run_epoch(
    model: Any, training: Training, x: np.ndarray, y: np.ndarray, epoch: int, progress: Progress = lambda state: None
) -> dict[str, float]:
    """Train on every image of x once, in an order of that epoch's own; loss and accuracy on the way."""
    rng = np.random.default_rng([training.random_state, epoch])
    change = RandomAffine(degrees=2.5, pixels=training.shift, flip=True) if training.augment else None
    order = rng.permutation(len(x))
    n_batches = -(-len(x) // training.batch_size)
    mean, scale = Mean(), np.float32(1 / training.pixel_scale)
    start = time.perf_counter()
    for k, batch in enumerate(batches(order, training.batch_size), start=1):
        images = x[batch] if change is None else change(x[batch], rng)
        mean.add(model.train_on_batch(images.astype(np.float32) / scale, y[batch], return_dict=True), len(batch))
        if k % 10 == 0 or k == n_batches:
            speed = min(k * training.batch_size, len(x)) / (time.perf_counter() - start)
            progress({"epoch": epoch, "batch": k, "n_batches": n_batches, "images_per_second": speed, **mean.found()})
    return mean.found()


def _evaluate(model: Any, training: Training, x: np.ndarray, y: np.ndarray) -> dict[str, float]:
    mean, scale = Mean(), np.float32(1 / training.pixel_scale)
    for batch in batches(np.arange(len(x)), 500):
        mean.add(model.test_on_batch(x[batch].astype(np.float32) / scale, y[batch], return_dict=True), len(batch))
    return {f"test_{key}": value for key, value in mean.found().items()}
