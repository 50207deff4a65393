"""`effaug select --scheduler`: a scheduler and its workers in processes of their own score the blocks of a folder."""

import threading
import time

import numpy as np
import pytest
from test_cluster import site, wait_for  # noqa: F401 - a fixture

from effaug import select
from effaug.study import features_file
from effaug.study.cluster import computing
from effaug.study.features_file import open_features


@pytest.fixture
def folder(tmp_path):
    """A folder of two files of features, the labels' file, and both as arrays."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60_000, 8)).astype(np.float32)
    y = (X[:, 0] + rng.normal(size=60_000) > 0).astype(int) + (X[:, 1] > 1)
    (tmp_path / "parts").mkdir()
    np.save(tmp_path / "parts" / "a.npy", X[:20_000])
    np.save(tmp_path / "parts" / "b.npy", X[20_000:])
    np.save(tmp_path / "y.npy", y)
    return tmp_path, X, y


def test_points_are_those_of_one_process(site, folder, effaug):  # noqa: F811
    where, X, y = folder
    site.worker(), site.worker()
    wait_for(site, 2)
    for more in ((), ("--sample", "5000")):
        command = ("select", where / "parts", where / "y.npy", "--budget", 100, "--into", where / "out.npy", *more)
        status, out, err = effaug(*command, "--scheduler", site.address)
        assert status == 0, err
        assert out.startswith("100 of 60,000 points, scored by a fit on ")
        wanted = select(X, y, 100, sample=5000 if more else None)
        assert np.load(where / "out.npy").tolist() == wanted.tolist()
        assert "distributed" not in err


def test_a_killed_worker_costs_its_blocks_alone(site, folder, monkeypatch):  # noqa: F811
    where, X, y = folder
    monkeypatch.setattr(features_file, "CHUNK", 4 * 8 * 6000)
    pair = [site.worker(), site.worker()]
    wait_for(site, 2)
    killer = threading.Timer(1.0, pair[0].kill)
    wanted = select(X, y, 50).tolist()
    with computing(site.address):
        killer.start()
        found = select(open_features(where / "parts", in_chunks=True), y, 50).tolist()
    killer.join()
    assert pair[0].wait(10) == -9
    assert found == wanted


def test_a_lost_scheduler_is_a_sentence(site, folder, effaug):  # noqa: F811
    where, *_ = folder
    site.worker()
    wait_for(site, 1)
    start = time.monotonic()
    killer = threading.Timer(1.5, site.scheduler.kill)
    killer.start()
    status, out, err = 0, "", ""
    while status == 0 and time.monotonic() - start < 60:
        command = ("select", where / "parts", where / "y.npy", "--budget", 100, "--into", where / "out.npy")
        status, out, err = effaug(*command, "--scheduler", site.address)
    assert (status, out) == (2, "")
    assert err.startswith("effaug: ")
    assert f"scheduler at {site.address} was lost" in err or f"no scheduler answers at {site.address}" in err
    assert "Traceback" not in err
