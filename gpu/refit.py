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
KERNELS = ((3, 3, 1, 32), (3, 3, 32, 32), (3, 3, 32, 64), (3, 3, 64, 64), (1600, 512))
BATCH = 2048  # images at once where nothing is trained
SMALLEST = 1024  # images are padded to this, or twice, four times, ... as many: each size is compiled once


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


# -- the network, in JAX -----------------------------------------------------------------------------------------------


def bottleneck(weights: list, x, key=None, precision: str = "bfloat16"):
    """Activations of the dense layer for images (n, 28, 28, 1) in [0, 1]; with a key, drops out."""
    import jax
    import jax.numpy as jnp

    def drop(x, rate: float, k: int):
        if key is None:
            return x
        kept = jax.random.bernoulli(jax.random.fold_in(key, k), 1 - rate, x.shape)
        return jnp.where(kept, x / (1 - rate), 0).astype(x.dtype)

    x = x.astype(precision)
    for k, padding in enumerate(("SAME", "VALID", "SAME", "VALID")):
        kernel, bias = (w.astype(precision) for w in weights[2 * k : 2 * k + 2])
        x = jax.lax.conv_general_dilated(x, kernel, (1, 1), padding, dimension_numbers=("NHWC", "HWIO", "NHWC"))
        x = jax.nn.relu(x + bias)
        if k % 2:
            n, h, w, c = x.shape
            x = x[:, : h // 2 * 2, : w // 2 * 2].reshape(n, h // 2, 2, w // 2, 2, c).max((2, 4))
            x = drop(x, 0.25, k)
    kernel, bias = (w.astype(precision) for w in weights[8:10])
    return jax.nn.relu(x.reshape(len(x), -1) @ kernel + bias)


def loss(weights: list, x, y, counts, key, precision: str = "bfloat16"):
    """Mean cross-entropy over the images that count."""
    import jax
    import jax.numpy as jnp

    hidden = bottleneck(weights, x, key, precision)
    if key is not None:
        kept = jax.random.bernoulli(jax.random.fold_in(key, 9), 0.5, hidden.shape)
        hidden = jnp.where(kept, hidden / 0.5, 0)
    log_p = jax.nn.log_softmax(hidden.astype(jnp.float32) @ weights[10] + weights[11])
    return -(jnp.take_along_axis(log_p, y[:, None], 1)[:, 0] * counts).sum() / counts.sum()


def adam(state: tuple, gradient: list, step, rate: float) -> tuple:
    """One step of Keras's Adam from (weights, first moments, second moments)."""
    import jax.numpy as jnp

    weights, first, second = state
    step = step + 1.0
    rate = rate * jnp.sqrt(1 - 0.999**step) / (1 - 0.9**step)
    first = [m + (g - m) * 0.1 for m, g in zip(first, gradient, strict=True)]
    second = [v + (g * g - v) * 0.001 for v, g in zip(second, gradient, strict=True)]
    moved = [w - rate * m / (jnp.sqrt(v) + 1e-7) for w, m, v in zip(weights, first, second, strict=True)]
    return moved, first, second


@functools.cache
def _programs():
    import jax
    import jax.numpy as jnp

    @functools.partial(jax.jit, static_argnames="precision")
    def fit(weights, x, y, order, sizes, n_steps, rate, seed, precision):
        root = jax.random.key(seed)

        def step(k, state):
            batch, counts = order[k], jnp.arange(order.shape[1]) < sizes[k]
            images, key = x[batch].astype(jnp.float32) / 255, jax.random.fold_in(root, k)
            gradient = jax.grad(loss)(state[0], images, y[batch], counts.astype(jnp.float32), key, precision)
            return adam(state, gradient, k.astype(jnp.float32), rate)

        zeros = [jnp.zeros_like(w) for w in weights]
        return jax.lax.fori_loop(0, n_steps, step, (weights, zeros, zeros))[0]

    @functools.partial(jax.jit, static_argnames="precision")
    def features(weights, x, precision):
        return bottleneck(weights, x.astype(jnp.float32) / 255, None, precision).astype(jnp.float32)

    return fit, features


def fit(self, X: np.ndarray, y: np.ndarray):
    """In place of `effaug.images.features.CNN.fit`: the same start, order of batches and steps, another dropout."""
    from effaug.images.features import _initial_weights

    classes, labels = np.unique(y, return_inverse=True)
    shapes = [s for kernel in (*KERNELS, (512, len(classes))) for s in (kernel, kernel[-1:])]
    weights = _initial_weights(shapes, self.random_state if self.initial_state is None else self.initial_state)
    rng, size = np.random.default_rng(self.random_state), self.batch_size
    order, sizes = [], []
    for _ in range(self.epochs):
        shuffled = rng.permutation(len(X))
        for start in range(0, len(X), size):
            batch = shuffled[start : start + size]
            order.append(np.pad(batch, (0, size - len(batch))))
            sizes.append(len(batch))
    room = SMALLEST
    while room < len(X):
        room *= 2
    steps = self.epochs * -(-room // size)
    images = np.pad(X, ((0, room - len(X)), *[(0, 0)] * 3))
    order, filled = np.pad(np.array(order, np.int32), ((0, steps - len(order)), (0, 0))), len(sizes)
    sizes = np.pad(np.array(sizes, np.int32), (0, steps - filled))
    padded = np.pad(labels.astype(np.int32), (0, room - len(X)))
    settings = (self.learning_rate, self.random_state, self.precision.removeprefix("mixed_"))
    found = _programs()[0](weights, images, padded, order, sizes, filled, *settings)
    return self.trained([np.asarray(w) for w in found], classes, X.shape[1:])


def transform(self, X: np.ndarray) -> np.ndarray:
    """In place of `effaug.images.features.CNN.transform`."""
    import jax

    weights, precision = jax.device_put(self.weights_), self.precision.removeprefix("mixed_")
    rows = -(-len(X) // BATCH) * BATCH
    images = np.pad(X, ((0, rows - len(X)), *[(0, 0)] * 3))
    found = [_programs()[1](weights, images[k : k + BATCH], precision) for k in range(0, rows, BATCH)]
    return np.concatenate([np.asarray(f) for f in found])[: len(X)]


# -- curves ------------------------------------------------------------------------------------------------------------


def _patch() -> None:
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


def check() -> None:
    """Features, and weights after three steps without dropout, ours and Keras's: largest differences, in float32."""
    import jax
    import jax.numpy as jnp

    from effaug.images.features import CNN, _initial_weights
    from effaug.images.networks import import_keras

    keras = import_keras()
    net = CNN(precision="float32")._net((28, 28, 1), 2)
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 256, (512, 28, 28, 1)).astype(np.uint8), rng.integers(0, 2, 512)
    net.reset("released-code", 0)
    start = net.model.get_weights()
    ours = [np.asarray(w) for w in _initial_weights([w.shape for w in start], "released-code")]
    scaled = x.astype(np.float32) / 255
    theirs = np.asarray(net.bottleneck.predict_on_batch(scaled))
    features = np.asarray(bottleneck(ours, jnp.asarray(scaled), None, "float32"))
    print("features differ by", np.abs(features - theirs).max(), "of", np.abs(theirs).max())
    plain = keras.models.clone_model(net.model)
    for layer in plain.layers:
        if isinstance(layer, keras.layers.Dropout):
            layer.rate = 0
    plain.set_weights(start)
    plain.compile(keras.optimizers.Adam(1e-3), "sparse_categorical_crossentropy")
    state = (ours, [np.zeros_like(w) for w in ours], [np.zeros_like(w) for w in ours])
    for k in range(3):
        plain.train_on_batch(scaled, y)
        gradient = jax.grad(loss)(state[0], jnp.asarray(scaled), jnp.asarray(y), jnp.ones(512), None, "float32")
        state = adam(state, gradient, jnp.float32(k), 1e-3)
    for a, b, c in zip(plain.get_weights(), state[0], start, strict=True):
        print(a.shape, "moved by", np.abs(a - c).mean(), "and differ by", np.abs(a - np.asarray(b)).mean())


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
        check()


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))
    main()
