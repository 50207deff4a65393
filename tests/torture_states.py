"""What a folder holds before, after and between: what is written there, and what its readers make of it."""

import hashlib
import json
import shutil
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import test_training
from test_datasets import published, small
from torture_nursery import Child, Nursery
from torture_targets import SMALL, TASK

from effaug.images import _npz, _streamed
from effaug.images.cache import FeatureCache
from effaug.study import datasets
from effaug.study.datasets import ARRAYS
from effaug.study.results import Results
from effaug.study.training import Training, find

TRAINING = Training("cifar10", depth=11, epochs=2, batch_size=16, random_state=4)
TRAIN_CNN = ("train-cnn", "cifar10", "--depth", "11", "--epochs", "2", "--batch-size", "16", "--seed", "4")
TARGETS = {  # by the names under which faults are counted
    "run": ("command", "run", *SMALL),
    "reproduce": ("command", "reproduce", TASK, "--into", "again"),
    "featurising": ("featurise",),
    "downloading": ("download",),  # with the server's address and its files
    "saving results": ("save",),
    "measuring": ("measure",),
    "train-cnn": ("command", *TRAIN_CNN),
}
State = dict[str, Any]


@dataclass(frozen=True)
class Whole:
    """A target that nothing disturbed: what it did, what it left, how long it took, how large its largest file is."""

    child: Child
    state: State
    seconds: float
    largest: int


class Site:
    """A server on this machine that offers MNIST's four files, of 200 and 40 images."""

    def __init__(self, folder: Path) -> None:
        offered = published("mnist", small("mnist", 200, 40))
        for name, content in offered.items():
            (folder / name).write_bytes(content)
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()
        files = {name: hashlib.sha256(content).hexdigest() for name, content in offered.items()}
        self.arguments = (f"127.0.0.1:{self.server.server_port}", json.dumps(files))

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


def prepare(folder: Path, results: Callable[[], Path] | None = None) -> Path:
    """Lay out what the commands read: a CIFAR-10 of 48 images; stored results, where they are asked for."""
    for name in ("data", "weights"):
        (folder / name).mkdir(parents=True)
    images = test_training.toy(48, 24, size=32, classes=10)
    np.savez(folder / "data" / "cifar10.npz", **{key: getattr(images, key).astype(np.uint8) for key in ARRAYS})
    if results:
        shutil.copytree(results(), folder / "results")
    return folder


def state(folder: Path) -> State:
    """Every file, byte for byte, by its path below a folder.

    JSON without seconds and days, and without the digest of a record that has some: no two runs take the same time. All
    else in there is compared.
    """
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): _content(path) for path in paths}


def _content(path: Path) -> Any:
    if path.suffix == ".json":
        return json.loads(path.read_text(), object_hook=_timeless)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _timeless(found: dict[str, Any]) -> dict[str, Any]:
    passing = ("seconds", "date", "sha256") if "seconds" in found else ()
    return {key: value for key, value in found.items() if key not in passing}


def assert_whole_or_absent(folder: Path) -> None:
    """Read everything that a folder holds, as effaug does: no reader may find half of anything."""
    for store in (Results(folder / "results"), Results(folder / "again")):
        for task in store.tasks():
            assert len(store.points(task)) >= len({key for key in store.done(task) if key[3] != "baseline"})
            assert store.record(task)
        store.table()
    FeatureCache(folder / "cache").entries()
    for path in (folder / "cache").glob("features-*.npy"):
        _streamed.read(path)
    for path in (folder / "cache").glob("net-*.npz"):
        _npz.read(path)
    if (folder / "data" / "mnist.npz").exists():
        datasets.load("mnist", folder=folder / "data")
    if weights := find(TRAINING, folder / "weights"):
        assert weights.read_bytes().startswith(b"\x89HDF")


class Undisturbed:
    """What targets do and leave where nothing stops them; each is called once, in a folder of its own."""

    def __init__(self, nursery: Nursery, trainer: Nursery, site: Site, folder: Path) -> None:
        self.nursery, self.trainer, self.site, self.folder = nursery, trainer, site, folder
        self.found: dict[str, Whole] = {}

    def start(self, name: str, folder: Path, **fault: int) -> Child:
        """Start a target, in the nursery that it needs."""
        target, *arguments = TARGETS[name]
        nursery = self.trainer if name == "train-cnn" else self.nursery
        return nursery.start(target, *arguments, *self.more(target), folder=folder, **fault)

    def more(self, target: str) -> tuple[str, ...]:
        """Arguments that are known only now: of a download, where from."""
        return self.site.arguments if target == "download" else ()

    def call(self, name: str, folder: Path, **fault: int) -> Child:
        """The same, and wait for its end."""
        child = self.start(name, folder, **fault)
        child.wait()
        return child

    def prepare(self, name: str, folder: Path) -> Path:
        """The folder in which a target is called."""
        return prepare(folder, self.results if name == "reproduce" else None)

    def stored(self, name: str) -> Path:
        """The folder that a target left which nothing disturbed."""
        self.whole(name)
        return self.folder / name

    def results(self) -> Path:
        """A folder of stored results: those of ``run``."""
        return self.stored("run") / "results"

    def whole(self, name: str) -> Whole:
        """What a target leaves that nothing disturbs."""
        if name not in self.found:
            folder = self.prepare(name, self.folder / name)
            before = state(folder)
            child = self.call(name, folder)
            assert child.status == 0, child.output
            after = state(folder)
            new = [path for path in after if path not in before]
            largest = max((folder / path).stat().st_size for path in new)
            self.found[name] = Whole(child, after, child.seconds, largest)
        return self.found[name]
