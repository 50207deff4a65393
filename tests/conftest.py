"""Fixtures that more than one test file asks for."""

import json
import os
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from effaug.report.withstood import save
from effaug.study import rows
from effaug.study.datasets import data_folder

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")
ARCHIVES = ("mnist.npz", "cifar10.npz", "smallnorb.npz")
WITHSTOOD = "withstood"  # the property of a test's report that carries its counts


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--torture", metavar="FILE", help="Run the torture suite's long form; write its counts to FILE.")


def pytest_configure(config: pytest.Config) -> None:
    """In a worker of pytest-xdist one thread computes, there and in what it starts: the workers share the cores."""
    if config.getoption("torture") and not hasattr(config, "workerinput"):
        config.pluginmanager.register(_Counts(Path(config.getoption("torture"))))
    if hasattr(config, "workerinput"):
        for name in THREADS:
            os.environ.setdefault(name, "1")
        threadpool_limits(1)
    elif sys.platform == "linux" and getattr(config.option, "nbval", False) and not config.option.nbval_kernel_name:
        _fork_kernels(config)


def _fork_kernels(config: pytest.Config) -> None:
    """The notebooks' kernels begin with what they import, as in the book's build; one process of one thread has it."""
    import kernels

    forked = kernels.Kernels("forked", **dict.fromkeys(THREADS, "1") if config.getoption("numprocesses", None) else {})
    before = os.environ.get("JUPYTER_PATH", "")
    os.environ["JUPYTER_PATH"], config.option.nbval_kernel_name = kernels.joined(before, forked.path), "forked"
    config.add_cleanup(forked.close)


class _Counts:
    """Adds up what the tests counted; writes it where all of them passed."""

    def __init__(self, path: Path) -> None:
        self.path, self.counts, self.start = path, defaultdict[tuple[str, str], int](int), time.monotonic()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" and report.passed:
            for name, value in report.user_properties:
                if name == WITHSTOOD:
                    fault, target, times = value
                    self.counts[fault, target] += times

    def pytest_sessionfinish(self, exitstatus: int) -> None:
        if exitstatus == 0:
            save(self.path, self.counts, time.monotonic() - self.start)


@pytest.fixture
def withstood(record_property) -> Callable[[str, str, int], None]:
    """Counts what a test of the torture suite let befall effaug, for the page *What it withstands*.

    Called with the fault, such as "killed", what it befell, such as "run", and how often. A test that fails counts not.
    """
    return lambda fault, target, times: record_property(WITHSTOOD, [fault, target, times])


@pytest.fixture(scope="session")
def torture(pytestconfig) -> Callable[[int, int], int]:
    """``torture(bounded, long)``: how often, in `make test` and in `make torture`."""
    return lambda bounded, long: long if pytestconfig.getoption("torture") else bounded


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory) -> Iterator[Any]:
    """What the torture suite interrupts, and what it leaves where nothing does: `torture_states.Undisturbed`."""
    from torture_nursery import Nursery
    from torture_states import Site, Undisturbed

    nursery, trainer = Nursery("imgaug", "sklearn.datasets"), Nursery("keras")  # no thread begins with an import
    site = Site(tmp_path_factory.mktemp("site"))
    yield Undisturbed(nursery, trainer, site, tmp_path_factory.mktemp("undisturbed"))
    for each in (nursery, trainer, site):
        each.close()


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of the real images, ``EFFAUG_DATA``. Without them a test is skipped; under ``CI`` it fails."""
    folder = data_folder()
    missing = [name for name in ARCHIVES if not (folder / name).is_file()]
    if missing:
        reason = f"no {', '.join(missing)} in {folder}: point EFFAUG_DATA to a folder that holds them"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    return folder


@pytest.fixture(scope="session")
def without_digests() -> Callable[[Path], None]:
    """Leaves a folder of results as an earlier version stored them: what a test then alters is read as it is."""

    def strip(folder: Path) -> None:
        for path in folder.glob("*.json"):
            runs = json.loads(path.read_text()).items()
            path.write_text(json.dumps({label: rows.without_digests(run) for label, run in runs}, indent=1))

    return strip


@pytest.fixture
def cache(tmp_path, monkeypatch) -> Path:
    """A folder of this test's own, as ``EFFAUG_CACHE``."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("EFFAUG_CACHE", str(folder))
    return folder


@pytest.fixture
def effaug(cache, tmp_path, monkeypatch, capsys):
    """The command in this process, in an empty folder: from arguments to exit status, stdout and stderr."""
    from effaug.cli import main

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(main.console, "_color_system", None)

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["effaug", *map(str, arguments)])
        with pytest.raises(SystemExit) as stopped:
            main.main()
        return stopped.value.code, *capsys.readouterr()

    return run


@pytest.fixture(scope="session")
def toy_network(tmp_path_factory) -> Path:
    """A folder that holds one network, ``toy``: 16 x 16 images of 3 channels, 4 classes, no weight at its initial 0."""
    from effaug.images.networks import resnet

    folder, rng = tmp_path_factory.mktemp("weights"), np.random.default_rng(0)
    model = resnet((16, 16, 3), 4, 11)
    for weight in model.weights:
        low, high = (-0.5, 0.5) if weight.path.endswith(("bias", "beta", "moving_mean")) else (0.5, 1.5)
        kernel = rng.normal(0, np.sqrt(2 / np.prod(weight.shape[:-1])), weight.shape)
        weight.assign(kernel if weight.path.endswith("kernel") else rng.uniform(low, high, weight.shape))
    model.save_weights(folder / "toy.weights.h5")
    about = {"network": {"name": "ResNet v2", "depth": 11}, "image_shape": [16, 16, 3], "n_classes": 4}
    about["pixel_scale"] = 1 / 255
    (folder / "toy.json").write_text(json.dumps(about | {"training": {"dataset": "toy", "depth": 11, "epochs": 0}}))
    return folder


@pytest.fixture
def weights(toy_network, monkeypatch) -> Path:
    """That folder as ``EFFAUG_WEIGHTS``."""
    monkeypatch.setenv("EFFAUG_WEIGHTS", str(toy_network))
    return toy_network
