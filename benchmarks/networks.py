"""Networks: LeNet and the CNN fitted anew, against one Keras `fit` a network; features, against Keras's `predict`.

Both sides compute on one thread, as each of effaug's workers does. A user of Keras builds, compiles and fits a network
for every model; ours is compiled once a process, and models that several curves ask for are fitted once. Features are
compared with the prediction alone, of images that are augmented, scaled and float32 already, in batches of the same
size: ours are augmented, scaled, featurised, and stored on the disk.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.harness import Case, Target

EPOCHS, BATCH = 40, 512  # the paper's fit
N, COPIES, BUDGETS = 1000, 4, (0, 250, 1000)  # mnist-translate's, of whose nine budgets three are fitted
CNN = [(1000, 0)]
STEP = 2.5e6  # operations an image in a step of LeNet: forward, and twice that backward
_TOLERANCE = 1e-4  # of the largest feature: batches of other sizes are summed in another order


@dataclass(frozen=True, eq=False)
class _Features:
    net: Any  # fitted transformer
    images: np.ndarray
    augmentation: Any
    model: Any  # the same in Keras
    ready: np.ndarray


def cases() -> tuple[Case, ...]:
    """Fits as the two protocols make them, and features of all their kinds of images."""
    lenet, one = _asked_of_three_curves(), [(2000, 0)]
    distinct = list(dict.fromkeys(lenet))
    part = len(distinct) / len(lenet)  # of the work it is more: what is extrapolated is a lower bound
    three = "LeNet for three curves of three budgets, of which two differ in their weights alone"
    return (
        _fits("lenet", three, lenet, distinct, ("float32", "float32"), part=part, limit=60, ratio=2),
        _fits("lenet-one", "LeNet for one model", one, one, ("float32", "float32"), limit=30),
        _fits("cnn", "the CNN", CNN, CNN, ("mixed_bfloat16", "float32"), epochs=20, ratio=2),
        _fits("cnn-bfloat16", "the CNN", CNN, CNN, ("mixed_bfloat16", "mixed_bfloat16"), epochs=10),
        _features("features-lenet", "mnist-rotate", 1000, 1024),
        _features("features-resnet", "cifar10-translate", 256, 128),
        _features("features-resnet-96", "smallnorb-translate", 64, 128),
    )


# Fits


def _asked_of_three_curves() -> list[tuple[int, int]]:
    """Numbers of images and a seed of which: baseline, random proportional, and that with down-weighted copies."""
    sizes = [N + COPIES * budget for budget in BUDGETS]
    return [(n, curve if 0 < k < len(sizes) - 1 else 0) for curve in (0, 1, 1) for k, n in enumerate(sizes)]


def _fits(
    name: str,
    what: str,
    own: list[tuple[int, int]],
    other: list[tuple[int, int]],
    precisions: tuple[str, str],
    *,
    epochs: int = EPOCHS,
    part: float = 1.0,
    ratio: float | None = None,
    limit: float = 15,
) -> Case:
    kind, images, trained = name.split("-")[0], sum(n for n, _ in own), epochs * sum(n for n, _ in other)
    mine, theirs = (precision.removeprefix("mixed_") for precision in precisions)
    return Case(
        name=f"refit-{name}",
        group="networks",
        what=f"{what}: {len(own)} fits, {images} images of 28 x 28 in all, {epochs} epochs, {mine}",
        setup=partial(_warm, kind, precisions[0], own, other),
        ours=partial(_fitted, kind, precisions[0], epochs),
        theirs=partial(_keras_fits, kind, precisions[1], epochs),
        alternative=f"Keras: build, compile and fit for each, {theirs}",
        agree=_agree_on_accuracy,
        part=part,
        floor=(lambda machine: machine.product(trained * STEP, "float32", threads=1)) if kind == "lenet" else None,
        target=Target(ratio=ratio),
        threads=1,
        amount=images * epochs,
        unit="images",
        repeats=3,
        limit=limit,
    )


def _points(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Noise, a little brighter above for one label and below for the other."""
    rng = np.random.default_rng(seed)
    images, labels = rng.integers(0, 160, (n, 28, 28, 1), dtype=np.uint8), np.arange(n) % 2
    images[labels == 0, :14] += 10
    images[labels == 1, 14:] += 10
    return images, labels


def _network(kind: str, **settings: Any) -> Any:
    from effaug.images.features import TRAINED

    return TRAINED[kind](batch_size=BATCH, **settings)


def _warm(kind: str, precision: str, own: list, other: list, folder: Path) -> tuple[list, list]:
    _network(kind, precision=precision, epochs=1).fit(*_points(BATCH))  # compiled once a process, not once a fit
    return [_points(*asked) for asked in own], [_points(*asked) for asked in other]


def _fitted(kind: str, precision: str, epochs: int, given: tuple[list, list]) -> list[float]:
    """Each network's accuracy on other images."""
    from effaug.images.cache import FeatureCache

    found = []
    with tempfile.TemporaryDirectory(prefix="effaug-bench-") as folder:
        for images, labels in given[0]:
            net = FeatureCache(Path(folder)).fit(_network(kind, precision=precision, epochs=epochs), images, labels)
            trainable = net._net(net.image_shape_, len(net.classes_))
            trainable.model.set_weights(net.weights_)
            found.append(_accuracy(trainable.model))
    return found


def _keras_fits(kind: str, precision: str, epochs: int, given: tuple[list, list]) -> list[float]:
    from effaug.images import networks

    found = []
    for images, labels in given[1]:
        model = getattr(networks, kind)(images.shape[1:], 2, dtype=precision)
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(images.astype(np.float32) / 255, labels, batch_size=BATCH, epochs=epochs, verbose=0)
        found.append(_accuracy(model))
    return found


def _accuracy(model: Any) -> float:
    images, labels = _points(200, seed=1)
    probabilities = model.predict_on_batch(images.astype(np.float32) / 255)
    return float(np.mean(np.argmax(probabilities, axis=1) == labels))


def _agree_on_accuracy(ours: list[float], theirs: list[float]) -> None:
    """Initial weights and orders differ: both have learned, hardly one better than the other."""
    assert min(ours + theirs) > 0.9, (ours, theirs)
    np.testing.assert_allclose(np.mean(ours), np.mean(theirs), atol=0.06)


# Features


def _features(name: str, task: str, n: int, batch: int) -> Case:
    from effaug.study.tasks import load_task

    loaded = load_task(task)
    total = n * (1 + len(loaded.parameters))
    net = "LeNet" if loaded.network == "lenet" else f"the ResNet {loaded.weights}"
    return Case(
        name=name,
        group="features",
        what=f"{total} images by {net}: {n} and their copies of {task}, augmented, featurised and stored",
        setup=partial(_ready, task, n),
        ours=_stored,
        theirs=partial(_predicted, batch),
        alternative=f"Keras's predict of a ready array, batches of {batch}",
        agree=_agree_on_features,
        target=Target(ratio=1),
        threads=1,
        amount=total,
        unit="images",
        repeats=5,
        limit=30,
    )


def _ready(name: str, n: int, folder: Path) -> _Features:
    from effaug.images.augment import with_originals
    from effaug.study.learners import featurizer
    from effaug.study.protocols import load_protocol
    from effaug.study.tasks import augmentation, load_task

    task = load_task(name)
    shape = {"mnist": (28, 28, 1), "cifar10": (32, 32, 3), "smallnorb": (96, 96, 1)}[task.dataset]
    images = np.random.default_rng(0).integers(0, 256, (n, *shape), dtype=np.uint8)
    net = featurizer(task, load_protocol("paper", epochs=1)).fit(images, np.arange(n) % 2)
    if task.network == "lenet":
        trainable = net._net(shape, 2)
        trainable.model.set_weights(net.weights_)
        model, scale = trainable.bottleneck, 1 / 255
    else:
        model, scale = net._bottleneck, net.pixel_scale_
    copies = with_originals(images, augmentation(task))
    ready = copies.reshape(-1, *shape) / np.float32(1 / scale)
    return _Features(net, images, augmentation(task), model, ready)


def _stored(given: _Features) -> np.ndarray:
    from effaug.images.cache import FeatureCache

    with tempfile.TemporaryDirectory(prefix="effaug-bench-") as folder:
        found = FeatureCache(Path(folder)).transform(given.net, given.images, given.augmentation)
        return np.array(found).reshape(len(given.ready), -1)


def _predicted(batch: int, given: _Features) -> np.ndarray:
    found: np.ndarray = given.model.predict(given.ready, batch_size=batch, verbose=0)
    return found


def _agree_on_features(ours: np.ndarray, theirs: np.ndarray) -> None:
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=_TOLERANCE * np.abs(theirs).max())
