"""effaug.study.cluster, .local_cluster and .dispatch: a scheduler and its workers in processes of their own."""

import asyncio
import contextlib
import json
import os
import pickle
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from multiprocessing import active_children
from pathlib import Path
from types import SimpleNamespace

import pytest

from effaug.study import cluster, dispatch, experiment, runner
from effaug.study.experiment import Experiment
from effaug.study.protocols import load_protocol
from effaug.study.provenance import describe
from effaug.study.results import Results
from effaug.study.tasks import load_task

ROOT = Path(__file__).parent.parent
LOG = "TEST_CLUSTER_LOG"  # names a file to which workers write which curves they begin
SMALL = {"task": load_task("digits-rotate", n_train=40), "protocol": load_protocol(), "policies": ("baseline",)}
TASK = SMALL["task"].name
SPEC = Experiment(**SMALL, n_seeds=15)


def noted(spec, job):
    """`compute`, of which each begin is counted; one takes a moment, so that others begin beside it."""
    with Path(os.environ[LOG]).open("a") as file:
        file.write(f"{job.seed}{job.policy}\n")
    time.sleep(0.05)
    return experiment.compute(spec, job)


class Cluster:
    """Dask's own scheduler and workers, each a process; ports are the system's choice."""

    def __init__(self, folder):
        self.file, self.log, self.workers = folder / "scheduler.json", folder / "log.txt", []
        self.scheduler = self.start("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard")
        deadline = time.monotonic() + 60
        while not (self.file.exists() and self.file.read_text().endswith("\n}")):  # opened, then filled
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.02)
        self.address = json.loads(self.file.read_text())["address"]

    def start(self, what, *options, **more):
        command = (sys.executable, "-m", f"distributed.cli.dask_{what}", "--scheduler-file", self.file, *options)
        path = os.pathsep.join([more.pop("path", str(ROOT)), str(ROOT / "tests")])
        given = {"PYTHONPATH": path, "DASK_DISTRIBUTED__WORKER__HTTP__ROUTES": "[]", LOG: f"{self.log}.curves"}
        with self.log.open("a") as log:
            # elsewhere, because `python -m` puts the folder that it is in before all others
            return subprocess.Popen(
                command, cwd=self.file.parent, env=os.environ | given | more, stdout=log, stderr=log
            )

    def worker(self, **more):
        options = ("--host", "127.0.0.1", "--nthreads", "1", "--no-nanny", "--no-dashboard", "--death-timeout", "60")
        self.workers.append(self.start("worker", *options, **more))
        return self.workers[-1]

    def begun(self):
        """How often each curve was begun."""
        return Counter(Path(f"{self.log}.curves").read_text().split())

    def close(self):
        for process in (*self.workers, self.scheduler):
            process.kill()
            process.wait()


@pytest.fixture
def site(tmp_path, cache):
    """A scheduler; workers are started by the tests, in a folder that they share with this process."""
    with contextlib.closing(Cluster(tmp_path)) as found:
        yield found


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """The folder of a run of one process."""
    folder = tmp_path_factory.mktemp("alone")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EFFAUG_CACHE", str(folder / "cache"))
        assert runner.run(SPEC, Results(folder)) == 16
    return folder


def same(folder, other):
    files = [[(place / f"{TASK}.{kind}").read_bytes() for kind in ("csv", "npz")] for place in (folder, other)]
    return files[0] == files[1]


def at(count, act):
    """A progress that does something once, when so many curves are stored."""
    return lambda done, total, running: act() if done == count else None


def test_workers_of_a_scheduler_compute_what_one_process_computes(site, alone, tmp_path, effaug):
    site.worker(), site.worker()
    options = ("--n-train", "40", "--seeds", "15", "--policies", "baseline", "--results", tmp_path / "there")
    status, out, err = effaug("run", "digits-rotate", *options, "--scheduler", site.address)
    assert (status, out.split(";")[0]) == (0, f"{TASK}: 16 curves computed, 0 were stored"), err
    assert same(tmp_path / "there", alone)
    record = Results(tmp_path / "there").record(TASK)["paper/frozen"]
    assert record["machine"] == Results(alone).record(TASK)["paper/frozen"]["machine"]  # each is named once
    assert "distributed" not in err


def test_a_killed_worker_costs_its_running_curves_and_one_that_comes_later_takes_over(
    site, alone, tmp_path, monkeypatch
):
    monkeypatch.setattr(runner, "compute", noted)
    pair = [site.worker(), site.worker()]

    def replace():
        for worker in pair:
            worker.kill()
        site.worker()  # which has not heard of the experiment

    wait_for(site, 2)
    assert runner.run(SPEC, Results(tmp_path / "there"), scheduler=site.address, progress=at(5, replace)) == 16
    assert same(tmp_path / "there", alone)
    begun = site.begun()
    assert len(begun) == 16
    assert sum(begun.values()) - 16 <= 4  # those running at most, and those finished that were not yet fetched


def test_a_lost_scheduler_is_a_sentence_and_what_was_finished_is_stored(site, alone, tmp_path, monkeypatch):
    monkeypatch.setattr(runner, "compute", noted)
    site.worker()
    store, start = Results(tmp_path / "there"), time.monotonic()
    with pytest.raises(OSError, match=f"the scheduler at {site.address} was lost: what was finished is stored, and"):
        runner.run(SPEC, store, scheduler=site.address, progress=at(5, site.scheduler.kill))
    assert time.monotonic() - start < 60
    assert 5 <= len(store.done(TASK)) < 16
    monkeypatch.undo()
    monkeypatch.setenv("EFFAUG_CACHE", str(tmp_path / "cache"))
    left = 16 - len(store.done(TASK))
    assert runner.run(SPEC, store) == left
    assert same(tmp_path / "there", alone)


def test_a_cluster_without_workers_is_a_sentence(site, tmp_path, monkeypatch):
    monkeypatch.setattr(cluster, "WORKER_SECONDS", 0.5)
    with pytest.raises(OSError, match=f"{site.address} has no workers: start some with `dask worker {site.address}`"):
        runner.run(SPEC, Results(tmp_path / "there"), scheduler=site.address)
    monkeypatch.setattr(cluster, "WORKER_SECONDS", 60)
    worker = site.worker()
    wait_for(site, 1)
    monkeypatch.setattr(cluster, "WORKER_SECONDS", 0.5)
    with pytest.raises(OSError, match=f"{site.address} has lost all its workers"):
        runner.run(SPEC, Results(tmp_path / "there"), scheduler=site.address, progress=at(3, worker.kill))
    assert len(Results(tmp_path / "there").done(TASK)) >= 3


def test_a_worker_of_another_effaug_or_with_other_folders_is_refused(site, tmp_path):
    shutil.copytree(ROOT / "effaug", tmp_path / "other" / "effaug", ignore=shutil.ignore_patterns("__pycache__"))
    with (tmp_path / "other" / "effaug" / "curves.py").open("a") as file:
        file.write("# another commit\n")
    other = site.worker(path=str(tmp_path / "other"))
    with pytest.raises(ValueError, match=r"worker tcp://\S+ is refused: it has effaug \S+, code \w+, not \S+, code"):
        runner.run(SPEC, Results(tmp_path / "there"), scheduler=site.address)
    other.kill(), other.wait()
    site.worker(EFFAUG_CACHE=str(tmp_path / "own"))
    with pytest.raises(ValueError, match=rf"is refused: it has no features-\w+.npy in {tmp_path}/own: share"):
        runner.run(SPEC, Results(tmp_path / "there"), scheduler=site.address)
    assert not (tmp_path / "there").exists()


def wait_for(site, n_workers):
    with cluster.workers(scheduler=site.address) as client:
        client.wait_for_workers(n_workers, timeout=60)


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "nowhere.invalid:8786", "udp://127.0.0.1:9", "tcp://x:y"])
def test_a_wrong_address_is_a_sentence_within_seconds(address, effaug, tmp_path, monkeypatch):
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 1.0)
    start = time.monotonic()
    status, out, err = effaug("run", "digits-rotate", "--scheduler", address, "--results", tmp_path / "there")
    assert (status, out) == (2, "")
    (sentence,) = [line for line in err.splitlines() if line.startswith("effaug: ")]
    assert sentence.startswith(f"effaug: no scheduler answers at {address} (")
    assert "Traceback" not in err
    assert time.monotonic() - start < 10
    assert not (tmp_path / "there").exists()


def test_a_scheduler_has_workers_of_its_own(tmp_path):
    with pytest.raises(ValueError, match="n_jobs must be 1 with a scheduler, which has workers of its own, got 2"):
        runner.run(SPEC, Results(tmp_path), n_jobs=2, scheduler="tcp://127.0.0.1:9")


# Workers of this machine


def test_one_process_starts_without_dask():
    code = "import sys, effaug.cli.main, effaug.study.runner; print({'dask', 'distributed'} & {*sys.modules})"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "set()\n"


def test_a_killed_worker_of_this_machine_is_replaced(alone, cache, tmp_path):
    before = dict(os.environ)
    killed = []

    def kill():
        killed.append(active_children()[0].pid)
        os.kill(killed[0], signal.SIGKILL)

    assert runner.run(SPEC, Results(tmp_path / "there"), n_jobs=2, progress=at(2, kill)) == 16
    assert killed
    assert same(tmp_path / "there", alone)
    assert dict(os.environ) == before


@pytest.mark.slow
def test_a_script_without_a_guard_is_told_so(cache, tmp_path):
    (tmp_path / "script.py").write_text(
        "import effaug\nfrom effaug import Experiment, Results, run\n"
        "run(Experiment('digits-rotate', 'paper', n_seeds=1), Results('there'), n_jobs=2)\n"
    )
    done = subprocess.run([sys.executable, "script.py"], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 1
    assert "`if __name__ == '__main__':`" in done.stderr.splitlines()[-1]


# What a worker refuses


@pytest.fixture
def taken(cache, monkeypatch):
    """What a worker says to a payload: an experiment, and what else goes with it."""
    for name in dispatch._FOLDERS:
        monkeypatch.setenv(name, "")  # as it was, afterwards
    monkeypatch.setattr(dispatch, "_HERE", dispatch._Worker())

    def take(spec=SPEC, about=(), features=(), folders=(), **changed):
        record = describe(spec)
        expected = {part: record[part] for part in ("libraries", "network")} | changed
        told = (spec, cluster.about() | dict(about), expected, features, {"EFFAUG_CACHE": str(cache)} | dict(folders))
        payload = pickle.dumps(told)
        return dispatch._take(str(hash(payload)), payload)

    return take


def test_a_worker_says_which_numbers_of_its_would_be_others(taken):
    assert taken() == ("", describe(SPEC)["machine"])
    assert "it has numpy " in taken(about={"numpy": "1.0"})[0]
    assert "its libraries is {" in taken(libraries={"numpy": "1.0"})[0]
    assert "its data_sha256 is {" in taken(data_sha256={"x_train": "0"})[0]
    assert "it has no features-x.npy in " in taken(features=("features-x.npy",))[0]


def test_a_worker_takes_the_senders_folders_unless_it_has_its_own(taken, tmp_path, monkeypatch):
    mnist = Experiment("mnist-crop", "paper")
    for folder in ("senders", "own"):
        (tmp_path / folder).mkdir()
    folders = {"EFFAUG_DATA": str(tmp_path / "senders")}
    assert f"it has no mnist.npz in {tmp_path / 'senders'}: share" in taken(mnist, folders=folders)[0]
    assert "EFFAUG_DATA names no existing folder: /absent" in taken(mnist, folders={"EFFAUG_DATA": "/absent"})[0]
    monkeypatch.setitem(dispatch._HERE.own, "EFFAUG_DATA", str(tmp_path / "own"))
    assert f"it has no mnist.npz in {tmp_path / 'own'}: share" in taken(mnist, folders=folders)[0]


def test_a_worker_that_two_runs_share_has_each_ones_folders_in_turn(taken):
    here = dispatch._HERE
    for token, folder in (("one", "/1"), ("two", "/2"), ("one", "/1")):
        here.held.setdefault(token, (SPEC, {"EFFAUG_CACHE": folder}))
        assert here.turn(token) == SPEC
        assert os.environ["EFFAUG_CACHE"] == folder
    with pytest.raises(KeyError):
        here.turn("three")


def test_a_curve_waits_for_its_experiment_and_not_for_ever(taken, monkeypatch):
    monkeypatch.setattr(dispatch, "_PATIENCE", 0.05)
    monkeypatch.setattr(cluster, "address", lambda: "tcp://here")
    with pytest.raises(cluster.Unprepared, match="tcp://here"):
        dispatch._curve("token", None, SPEC.jobs()[0])
    dispatch._HERE.held["token"] = SPEC, {}
    assert dispatch._curve("token", lambda spec, job: (spec, job), "a job") == (SPEC, "a job")


class Client:
    """As `spread` sees it: two threads; a worker that comes later is not prepared when it gets its first item."""

    status, scheduler = "running", SimpleNamespace(addr="tcp://x:1")

    def __init__(self):
        self.under_way, self.most, self.told, self.late = 0, 0, [], True

    def nthreads(self):
        return {"a": 1, "b": 1}

    def submit(self, function, item, pure):
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        return Done(self, function, item)

    def cancel(self, futures):
        self.cancelled = len(futures)


class Done:
    def __init__(self, client, function, item):
        self.key, self.client, self.function, self.item = object(), client, function, item

    def add_done_callback(self, call):
        call(self)

    def result(self):
        self.client.under_way -= 1
        if self.item == 3 and self.client.late:
            self.client.late = False
            raise cluster.Unprepared("b")
        return self.function(self.item)


def test_few_items_are_under_way_and_one_that_found_no_experiment_comes_again(monkeypatch):
    monkeypatch.setattr(cluster, "_LOOK_SECONDS", 0)
    client = Client()
    found = list(cluster.spread(client, lambda k: k * k, range(20), prepare=client.told.append))
    assert sorted(result for result, _ in found) == [k * k for k in range(20)]
    assert client.most == 4
    assert client.told == [["a", "b"], ["b"]]
    assert all(len(running) <= 2 for _, running in found)
    assert found[-1][1] == []
    client.status = "closed"
    with pytest.raises(OSError, match="the scheduler at tcp://x:1 was lost"):
        next(cluster.spread(client, lambda k: k, range(20)))


def test_what_is_under_way_is_dropped_where_the_rest_is_not_wanted():
    client = Client()
    some = cluster.spread(client, lambda k: k, range(20))
    next(some)
    some.close()
    assert client.cancelled == 3


def test_a_worker_of_several_threads_is_refused():
    worker = SimpleNamespace(state=SimpleNamespace(nthreads=2))
    said, _ = asyncio.run(dispatch._receive("token", b"", dask_worker=worker))
    assert said == "it has 2 threads; start workers with --nthreads 1, and more of them"
