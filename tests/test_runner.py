"""effaug.study.runner: the same files from any number of workers, after kill -9, ctrl-C, and beside another run."""

import dataclasses
import hashlib
import json
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import time
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from effaug import logistic
from effaug.images.augment import with_originals
from effaug.images.features import transform_copies
from effaug.images.frozen import ResNet
from effaug.images.networks import versions
from effaug.scores import SCORES, ScoreRule
from effaug.study import experiment as experiments
from effaug.study import learners, provenance, runner
from effaug.study.experiment import Experiment
from effaug.study.learners import task_subset
from effaug.study.protocols import load_protocol
from effaug.study.results import Curve, Results, member
from effaug.study.task_data import Subset
from effaug.study.tasks import augmentation, load_task

TASK = "digits-rotate"
FEW = ("baseline", "random_proportional", "deterministic_proportional_update")
SMALL = {"task": load_task(TASK, n_train=60), "policies": FEW, "n_seeds": 2}
# As a terminal starts it: where the tests run in the background, ctrl-C is ignored, and so by what they start.
_HEEDED = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
EFFAUG = _HEEDED + "from effaug.cli.main import main; main()"


def experiment(**settings):
    return Experiment(**({"task": load_task(TASK), "protocol": load_protocol(), "n_seeds": 8} | settings))


def numbers(folder, task=TASK):
    """The bytes of the curves and of the points."""
    return [(Path(folder) / f"{task}.{suffix}").read_bytes() for suffix in ("csv", "npz")]


def start(folder, *options, code=EFFAUG):
    """The command, as the leader of a process group of its own."""
    command = (sys.executable, "-c", code, "run", TASK, "--results", str(folder), *options)
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, start_new_session=True, **pipes)


def members(group):
    """Processes of a group that are alive."""
    listing = subprocess.run(["ps", "-A", "-o", "pid=,pgid=,stat="], capture_output=True, text=True, check=True)
    rows = [line.split() for line in listing.stdout.splitlines()]
    return [int(pid) for pid, pgid, state in rows if int(pgid) == group and not state.startswith("Z")]


def wait_until(condition, seconds=120):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The folder of an uninterrupted run of one process."""
    folder = tmp_path_factory.mktemp("whole")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EFFAUG_CACHE", str(folder / "cache"))
        assert runner.run(experiment(), Results(folder)) == 54
    return folder


def test_workers_do_not_change_the_numbers(cache, tmp_path):
    spec, told = experiment(**SMALL), []
    for n_jobs in (1, 2):
        told.clear()
        store = Results(tmp_path / str(n_jobs))
        assert runner.run(spec, store, n_jobs=n_jobs, progress=lambda *now: told.append(now)) == 6
    assert [now[:2] for now in told] == [(done, 6) for done in range(7)]
    assert (told[0][2], told[-1][2]) == (spec.jobs()[:2], [])
    assert all(len(running) <= 2 and set(running) <= set(spec.jobs()) for _, _, running in told)
    assert numbers(tmp_path / "1", "digits-rotate-n60") == numbers(tmp_path / "2", "digits-rotate-n60")
    wait_until(lambda: not multiprocessing.active_children(), 30)


def test_progress_counts_curves(cache, tmp_path):
    spec, told = experiment(**SMALL), []
    assert runner.run(spec, Results(tmp_path), progress=lambda *now: told.append(now)) == 6
    jobs = spec.jobs()
    assert told == [(done, 6, jobs[done : done + 1]) for done in range(7)]
    more, told[:] = experiment(**SMALL | {"n_seeds": 4}), []
    assert runner.run(more, Results(tmp_path), progress=lambda *now: told.append(now)) == 4
    new = [job for job in more.jobs() if job not in jobs]
    assert told == [(6 + done, 10, new[done : done + 1]) for done in range(5)]


def test_a_finished_experiment_is_left_as_it_is(cache, tmp_path, monkeypatch):
    runner.run(experiment(**SMALL), Results(tmp_path))
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in tmp_path.glob("*.*")}
    monkeypatch.setattr(runner, "compute", None)  # not called
    told = []
    assert runner.run(experiment(**SMALL), Results(tmp_path), progress=lambda *now: told.append(now)) == 0
    assert told == [(6, 6, [])]
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in tmp_path.glob("*.*")} == before


def test_more_seeds_compute_only_the_new_ones(whole, cache, tmp_path, monkeypatch):
    computed, compute = [], runner.compute
    monkeypatch.setattr(runner, "compute", lambda spec, job: computed.append(job) or compute(spec, job))
    for n_seeds, expected in ((2, 6), (8, 12)):
        computed.clear()
        spec = experiment(policies=FEW, n_seeds=n_seeds)
        assert runner.run(spec, Results(tmp_path)) == len(computed) == expected
        assert {job.seed for job in computed} == (set(range(2)) if n_seeds == 2 else set(range(2, 8)))
    reference = Results(whole).table()
    expected = reference[reference.policy.isin([*FEW, "full"])].reset_index(drop=True)
    assert Results(tmp_path).table().equals(expected)


def test_each_points_value_of_a_score_is_stored_with_the_curves_by_it_and_none_is_lost(cache, tmp_path, monkeypatch):
    """Full augmentation, computed before another score was asked for, is computed again with all of them."""
    store, few = Results(tmp_path), SMALL | {"policies": ("random_proportional",)}
    assert runner.run(experiment(**few), store) == 3
    assert runner.run(experiment(**few, score_names=("margin",)), store) == 3
    before = store.points(few["task"].name)
    monkeypatch.setitem(SCORES, "square", ScoreRule(lambda *given, **more: SCORES["loss"].compute(*given, **more) ** 2))
    assert runner.run(experiment(**few, score_names=("square", "loss")), store) == 5
    assert runner.run(experiment(**few, score_names=("margin", "square")), store) == 0
    after = store.points(few["task"].name)
    start = "paper/frozen//full/0/"
    kept = [name for name in before if name.removeprefix(start) not in ("shown", "images")]
    assert all(np.array_equal(before[name], after[name]) for name in kept)
    np.testing.assert_allclose(after[f"{start}square_before"], after[f"{start}loss_before"] ** 2, rtol=1e-5)
    for name in ("influence", "loss", "margin", "square"):
        top = np.argsort(-after[f"{start}{name}_before"], kind="stable")[: experiments.N_SHOWN]
        assert set(top) <= set(after[f"{start}shown"]), name
    assert len(after[f"{start}images"]) == len(after[f"{start}shown"])


def test_the_record_tells_what_was_used(cache, tmp_path):
    spec = experiment(**SMALL)
    runner.run(spec, Results(tmp_path))
    (label, record), *rest = Results(tmp_path).record("digits-rotate-n60").items()
    assert (label, rest) == ("paper/frozen", [])
    assert record["task"]["n_train"] == 60
    assert record["protocol"]["C"] == 10.0
    assert record["network"]["name"] == "Pixels"
    assert record["data_sha256"] == task_subset(spec.task).sha256
    assert set(record["libraries"]) >= {"numpy", "scipy", "scikit-learn", "imgaug"}
    assert record["code"].startswith("effaug ")
    assert record["seconds"] > 0
    assert date.today() - date.fromisoformat(record["date"]) < timedelta(days=2)


@pytest.fixture
def frozen(weights, cache, monkeypatch):
    """An experiment on the features of a stored ResNet, on noisy images of two classes in place of CIFAR-10's."""
    rng, labels = np.random.default_rng(0), np.arange(40) % 2
    images = rng.integers(0, 200, (40, 16, 16, 3), dtype=np.uint8)
    images[labels == 1, ::4] += 30
    subset = Subset(images[:24], labels[:24], images[24:], labels[24:], {"x_train": "0"})
    for home in (runner, experiments, learners):
        monkeypatch.setattr(home, "task_subset", lambda task: subset)
    learners.learner.cache_clear()
    protocol = load_protocol("paper", weights="toy")
    task = load_task("cifar10-translate", protocol=protocol, n_train=24)
    yield Experiment(task, protocol, policies=("baseline",), n_seeds=1), subset
    learners.learner.cache_clear()


def test_frozen_features_are_computed_once_before_the_curves_and_progress_counts_images(frozen, tmp_path, monkeypatch):
    spec, subset = frozen
    monkeypatch.setattr("effaug.images.cache._BATCH", 50)  # ten points and their four copies
    told = []
    runner.run(
        spec,
        Results(tmp_path),
        progress=lambda done, total, running: told.append(("curves", done)),
        featurising=lambda done, total, speed: told.append((done, total)) or speed > 0 or 1 / 0,
    )
    images = [(50, 120), (100, 120), (120, 120), (50, 80), (80, 80)]
    assert told == [("curves", 0), *images, ("curves", 1), ("curves", 2)]
    net = ResNet("toy").fit(subset.x_train)
    train, test = (
        transform_copies(net, with_originals(x, augmentation(spec.task))) for x in (subset.x_train, subset.x_test)
    )
    stored = learners.frozen_features(spec.task, spec.protocol)
    for found, expected in zip(stored, (train, test), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    accuracy = logistic.fit(stored[0], subset.y_train, np.ones((24, 5)), C=10).accuracy(stored[1], subset.y_test)
    table = Results(tmp_path).table()
    assert table[table.policy == "full"].accuracy.tolist() == [accuracy]


def test_the_record_tells_which_weights_and_others_are_not_mixed(frozen, weights, tmp_path, monkeypatch):
    spec, _ = frozen
    store = Results(tmp_path / "results")
    runner.run(spec, store)
    (record,) = store.record(spec.task.name).values()
    about = json.loads((weights / "toy.json").read_text())
    sha256 = hashlib.sha256((weights / "toy.weights.h5").read_bytes()).hexdigest()
    assert record["network"] == {
        "name": "ResNet",
        "network": "toy",
        "subtract_mean": True,
        "versions": versions(),
        "weights_sha256": sha256,
        "training": about["training"],
    }
    assert (record["task"]["weights"], record["protocol"]["weights"]) == ("toy", "toy")
    other = tmp_path / "other"
    shutil.copytree(weights, other)
    with (other / "toy.weights.h5").open("ab") as file:
        file.write(b"0")
    monkeypatch.setenv("EFFAUG_WEIGHTS", str(other))
    more = dataclasses.replace(spec, policies=("baseline", "random_proportional"))
    with pytest.raises(ValueError, match=f"with network weights_sha256 {sha256}, which is now "):
        runner.run(more, store)
    assert len(store.done(spec.task.name)) == 2


def test_a_missing_network_is_named_before_anything_is_done(frozen, tmp_path):
    spec, _ = frozen
    task, protocol = (dataclasses.replace(part, weights="cifar10") for part in (spec.task, spec.protocol))
    missing = dataclasses.replace(spec, task=task, protocol=protocol)
    with pytest.raises(FileNotFoundError, match="no network 'cifar10'"):
        runner.run(missing, Results(tmp_path / "absent"))
    assert not (tmp_path / "absent").exists()


def test_a_full_disk_stops_the_run_and_its_workers_and_the_next_goes_on(cache, tmp_path, monkeypatch):
    save, store = Results.save, Results(tmp_path)

    def full(self, curves, record):
        if len(self.done(curves[0].task)) == 2:
            raise OSError(28, "No space left on device")
        save(self, curves, record)

    monkeypatch.setattr(Results, "save", full)
    monkeypatch.setattr(runner, "_SAVE_EVERY", 0)
    with pytest.raises(OSError, match="No space left"):
        runner.run(experiment(**SMALL), store, n_jobs=2)
    wait_until(lambda: not multiprocessing.active_children(), 30)
    monkeypatch.undo()
    monkeypatch.setenv("EFFAUG_CACHE", str(cache))
    assert runner.run(experiment(**SMALL), store) == 4


def test_no_workers_is_an_error_before_anything_is_done(cache, tmp_path):
    with pytest.raises(ValueError, match="n_jobs must be at least 1, got 0"):
        runner.run(experiment(), Results(tmp_path / "absent"), n_jobs=0)
    assert not (tmp_path / "absent").exists()


@pytest.mark.slow
def test_a_killed_run_leaves_no_workers_and_is_made_whole_by_the_next(whole, cache, tmp_path):
    store, reference = Results(tmp_path), Results(whole)
    # 54 curves may take less than one save
    at_once = f"from effaug.study import runner; runner._SAVE_EVERY = 0; {EFFAUG}"
    process = start(tmp_path, "--seeds", "8", "--jobs", "2", code=at_once)
    try:
        wait_until(lambda: len(store.done(TASK)) >= 4 or process.poll() is not None)
        assert len(members(process.pid)) >= 3  # itself and two workers
        os.kill(process.pid, signal.SIGKILL)
        process.communicate(timeout=60)
        wait_until(lambda: not members(process.pid), 15)
    finally:
        _end(process)
    stored = store.done(TASK)
    assert 4 <= len(stored) < 54
    rows = reference.table()
    keys = list(zip(*(rows[name] for name in rows.columns[1:6]), strict=True))
    assert store.table().equals(rows[[key in stored for key in keys]].reset_index(drop=True))
    for name in ("csv", "npz", "json"):  # what a kill in the middle of a write leaves
        (tmp_path / f".{TASK}.{name}.{process.pid}.part").write_bytes(b"half a fi")
    assert store.tasks() == [TASK]
    assert runner.run(experiment(), store, n_jobs=2) == 54 - len(stored)
    assert numbers(tmp_path) == numbers(whole)


@pytest.mark.slow
@pytest.mark.parametrize("when", ["workers start", "a curve is stored"])
@pytest.mark.parametrize(
    ("end", "status", "word"),
    [
        (lambda pid: os.killpg(pid, signal.SIGINT), 130, "interrupted"),  # as a terminal does: to the workers, too
        (lambda pid: os.kill(pid, signal.SIGTERM), 143, "terminated"),
    ],
    ids=["ctrl-C", "SIGTERM"],
)
def test_a_signal_says_that_nothing_is_lost(end, status, word, when, cache, tmp_path):
    store = Results(tmp_path)
    process = start(tmp_path, "--seeds", "1000", "--jobs", "2")
    try:
        reached = {
            "workers start": lambda: len(members(process.pid)) >= 4,  # two, their parent and its resource tracker
            "a curve is stored": lambda: store.done(TASK),
        }
        wait_until(lambda: reached[when]() or process.poll() is not None)
        end(process.pid)
        out, err = process.communicate(timeout=60)
        wait_until(lambda: not members(process.pid), 15)
    finally:
        _end(process)
    assert process.returncode == status
    assert out == ""
    assert err.rstrip().splitlines()[-1] == (
        f"{word}: what was finished is stored, and the same command goes on from there"
    )
    assert "Traceback" not in err
    assert "leaked" not in err  # semaphores
    assert "KeyboardInterrupt" not in err
    assert not list(tmp_path.glob(".*.part"))
    assert len(store.table().groupby(["score", "policy", "seed"])) == len(store.done(TASK))
    assert store.done(TASK) or when == "workers start"


@pytest.mark.slow
def test_two_runs_on_one_task_lose_nothing(whole, cache, tmp_path):
    others = ("random_inverse_proportional", "deterministic_proportional", "random_proportional_downweight")
    runs = [start(tmp_path, "--seeds", "8", "--policies", ",".join(policies)) for policies in (FEW, others)]
    try:
        outputs = [process.communicate(timeout=300) for process in runs]
    finally:
        for process in runs:
            _end(process)
    assert [process.returncode for process in runs] == [0, 0], outputs
    reference = Results(whole)
    rows = reference.table()
    wanted = rows.policy.isin(["full", *FEW, *others])
    assert Results(tmp_path).table().equals(rows[wanted].reset_index(drop=True))
    found, expected = Results(tmp_path).points(TASK), reference.points(TASK)
    keys = [key for key in reference.done(TASK) if key[3] in {"full", *FEW, *others}]
    assert found.keys() == {member(key, name) for key in keys for name in reference.points(TASK, key)}
    assert all((found[name] == expected[name]).all() for name in found)
    json.loads((tmp_path / f"{TASK}.json").read_text())


def _end(process):
    for pid in members(process.pid):
        os.kill(pid, signal.SIGKILL)
    process.communicate()


def test_curves_computed_with_other_settings_are_not_mixed(cache, tmp_path, without_digests):
    results = Results(tmp_path / "results")
    few = Experiment(load_task("digits-crop"), load_protocol("paper"), policies=("baseline",), n_seeds=1)
    more = Experiment(load_task("digits-crop"), load_protocol("paper"), policies=("baseline",), n_seeds=2)
    runner.run(few, results)
    without_digests(results.folder)
    record = results.folder / "digits-crop.json"
    whole = record.read_text()
    sha256 = results.record("digits-crop")["paper/frozen"]["data_sha256"]["x_test"]
    record.write_text(whole.replace(sha256, "0"))
    before = {path.name: path.read_bytes() for path in results.folder.iterdir()}
    for spec in (more, few):  # also where nothing is left to compute
        with pytest.raises(ValueError, match=f"data_sha256 x_test 0, which is now {sha256}"):
            runner.run(spec, results)
    assert {path.name: path.read_bytes() for path in results.folder.iterdir()} == before
    record.write_text(whole)
    assert runner.run(more, results) == 1


@pytest.mark.parametrize(
    ("part", "key", "value"),
    [
        ("task", "n_train", 9),
        ("protocol", "C", 3.0),
        ("protocol", "ridge", 1e-10),
        ("budgets", "", [0, 1]),
        ("network", "versions", "keras 1"),
    ],
)
def test_stored_curves_of_other_settings_are_refused_even_where_none_is_to_be_computed(
    cache, tmp_path, part, key, value
):
    settings = {"policies": ("baseline",), "n_seeds": 1}
    spec = Experiment(load_task("mnist-crop"), load_protocol("paper"), **settings)
    record = provenance.describe(spec)
    altered = record | {part: record[part] | {key: value} if key else value}
    store = Results(tmp_path)
    for job in spec.jobs():
        budgets = (1000,) if job.policy == "full" else spec.task.budgets
        points = {f"{name}_before": np.zeros(1000) for name in spec.score_names} if job.policy == "full" else {}
        curve = Curve("mnist-crop", *spec.key(job), budgets, np.zeros(len(budgets)), points)
        store.save([curve], altered)
    with pytest.raises(ValueError, match=f"computed with {part} {key} .*name another folder"):
        runner.run(spec, store)
    store.save([curve], record)
    assert runner.run(spec, store) == 0  # and needs no data for that


def test_a_folder_that_cannot_be_written_to_is_refused_before_anything_is_computed(cache, tmp_path, monkeypatch):
    def full(**_):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(runner.tempfile, "TemporaryFile", full)
    monkeypatch.setattr(runner, "compute", lambda *_: pytest.fail("computed"))
    with pytest.raises(OSError, match=r"cannot be written to \(Read-only file system\): name another folder"):
        runner.run(experiment(**SMALL), Results(tmp_path / "there" / "results"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("place", ["/dev/null/x", "/dev/null/x/y"])
def test_a_folder_below_a_file_is_refused_before_anything_is_computed(monkeypatch, place):
    monkeypatch.setattr(runner, "compute", lambda *_: pytest.fail("computed"))
    with pytest.raises(NotADirectoryError, match="/dev/null is a file: name a folder for the results"):
        runner.run(experiment(**SMALL), Results(place))


@pytest.mark.parametrize("name", ["{}.csv", "{}.json", "{}.npz", ".{}.lock"])
def test_a_folder_where_a_file_goes_is_refused_before_anything_is_computed(tmp_path, monkeypatch, name):
    name = name.format(experiment(**SMALL).task.name)
    (tmp_path / name).mkdir()
    monkeypatch.setattr(runner, "compute", lambda *_: pytest.fail("computed"))
    with pytest.raises(IsADirectoryError, match=f"{name} is a folder, where a file of the results goes"):
        runner.run(experiment(**SMALL), Results(tmp_path))


def test_a_killed_worker_is_a_sentence(cache, tmp_path, monkeypatch):
    monkeypatch.setattr("effaug.study.runner.compute", _die)
    killed = Experiment(load_task("digits-crop"), load_protocol("paper"), policies=("baseline",), n_seeds=2)
    with pytest.raises(OSError, match="a worker process was killed"):
        runner.run(killed, Results(tmp_path), n_jobs=2)


def test_results_that_are_a_file_are_refused_before_any_work(tmp_path, monkeypatch):
    (tmp_path / "afile").write_text("mine")
    monkeypatch.setattr("effaug.study.runner.compute", None)
    with pytest.raises(NotADirectoryError, match="afile is a file: name a folder"):
        runner.run(experiment(**SMALL), Results(tmp_path / "afile"))
    assert (tmp_path / "afile").read_text() == "mine"


def _die(experiment, job):
    os._exit(9)
