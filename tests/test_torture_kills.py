"""Killed at any moment and started again, everything ends as if it had not been; what is stored is on the disk.

No test cuts the power. The last ones read, from what a process tells of its moments, that a file is synced before it
has its name, and its name before anything follows.
"""

import os
import shutil
import signal
import time
import zlib
from pathlib import Path

import numpy as np
import pytest
from torture_states import TARGETS, Undisturbed, Whole, assert_whole_or_absent, state
from torture_targets import TASK

KILLED = (-signal.SIGKILL, -signal.SIGXFSZ)
STORED = {  # by the names of `torture_states.TARGETS`: what gets its name there
    "run": {f"results/{TASK}.csv", f"results/{TASK}.json", f"results/{TASK}.npz", "cache/features.npy"},
    "reproduce": {f"again/{TASK}.csv", f"again/{TASK}.json", f"again/{TASK}.npz", "cache/features.npy"},
    "featurising": {"cache/net.npz", "cache/features.json", "cache/features.npy"},
    "downloading": {"data/mnist.npz"},
    "saving results": {"results/toy.csv", "results/toy.json", "results/toy.npz"},
    "measuring": {"results/timing/cpu.json", "results/torture/counts.json"},
    "train-cnn": {"weights/cifar10.weights.h5", "weights/cifar10.json", "weights/.cifar10.checkpoint/state.json"},
}
PASSING = ("raw", ".part")  # what a download holds until its archive is stored: it has checksums of its own


def killed(undisturbed: Undisturbed, name: str, whole: Whole, folder, rng: np.random.Generator) -> int:
    """Start a target and kill it at a moment drawn from all it has; 0 where it ended before the clock struck."""
    how = rng.choice(["moment", "byte", "time"], p=[0.6, 0.2, 0.2])
    if how == "moment":
        child = undisturbed.start(name, folder, kill_at_event=int(rng.integers(len(whole.child.moments)) + 1))
    elif how == "byte":  # small files are as likely as large ones
        child = undisturbed.start(name, folder, kill_at_byte=int(2 ** rng.uniform(8, np.log2(whole.largest))))
    else:
        child = undisturbed.start(name, folder)
        time.sleep(whole.seconds * rng.random())
        child.kill()
    assert child.wait() in (0, *KILLED), child.output
    return int(child.status in KILLED)


def kill_and_start_again(undisturbed: Undisturbed, name: str, folder, rng: np.random.Generator) -> int:
    """One to three kills in a row, then undisturbed; how many hit."""
    whole, times = undisturbed.whole(name), 0
    undisturbed.prepare(name, folder)
    for _ in range(rng.integers(1, 4)):
        times += killed(undisturbed, name, whole, folder, rng)
        assert_whole_or_absent(folder)
    again = undisturbed.call(name, folder)
    assert again.status == 0, again.output
    assert not list(folder.rglob("*.part*"))
    assert state(folder) == whole.state
    shutil.rmtree(folder)
    return times


def survived(undisturbed: Undisturbed, name: str, seed: int, rounds: int, folder) -> int:
    """How many kills a target survived, at least one a round."""
    rng, times = np.random.default_rng([zlib.crc32(name.encode()), seed]), 0
    for _ in range(rounds):
        while not (hits := kill_and_start_again(undisturbed, name, folder / name, rng)):
            pass  # it ended before the clock struck
        times += hits
    return times


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Of the training, whose two starts take ten seconds, one seed in `make test`."""
    if "seed" in metafunc.fixturenames:
        is_long = metafunc.config.getoption("torture")
        cases = [(name, seed) for name in TARGETS for seed in range(3 if is_long or name != "train-cnn" else 1)]
        metafunc.parametrize(("name", "seed"), cases)


@pytest.mark.torture
def test_what_is_killed_and_started_again_ends_as_undisturbed(
    name, seed, undisturbed, torture, withstood, tmp_path, monkeypatch
):
    monkeypatch.setenv("EFFAUG_DATA", str(tmp_path / name / "data"))  # for readers of what is left
    rounds = torture(1, 6 if name == "train-cnn" else 15)
    withstood("killed", name, survived(undisturbed, name, seed, rounds, tmp_path))


# On the disk


def kind(path: str, folder: Path) -> str:
    """A path below a folder, without the key of what is cached."""
    name = Path(path)
    stem = name.name if name.parent.name != "cache" else name.stem.split("-")[0] + name.suffix
    return os.path.relpath(name.with_name(stem), folder)


def passes(path: str) -> bool:
    return any(part.endswith(PASSING) for part in Path(path).parts)


@pytest.mark.torture
@pytest.mark.parametrize("name", STORED)
def test_a_file_is_on_the_disk_before_it_has_its_name_and_its_name_before_anything_follows(name, undisturbed):
    moments, folder = undisturbed.whole(name).child.moments, undisturbed.folder / name
    seen = set()
    for k, (event, *paths) in enumerate(moments):
        if event == "os.rename" and not passes(paths[1]):
            part, path = paths
            touched = [moment for moment in moments[:k] if moment[1] == part]
            assert touched[-1] == ["fsync", part], path
            assert moments[k + 1] == ["fsync", os.path.dirname(path)], path
            seen.add(kind(path, folder))
    assert seen >= STORED[name]


@pytest.mark.torture
@pytest.mark.parametrize("name", sorted(STORED.keys() - {"downloading"}))  # into a folder that is there
def test_a_new_folder_is_on_the_disk_before_a_file_in_it_is_stored(name, undisturbed):
    moments = undisturbed.whole(name).child.moments
    made = [(k, paths[0]) for k, (event, *paths) in enumerate(moments) if event == "os.mkdir"]
    assert made
    for k, folder in made:
        stored = next(n for n, (event, *paths) in enumerate(moments) if event == "os.rename" and folder in paths[1])
        assert ["fsync", os.path.dirname(folder)] in moments[k:stored]


@pytest.mark.torture
def test_the_weights_of_an_epoch_are_on_the_disk_before_the_checkpoint_names_them(undisturbed):
    moments, epochs = undisturbed.whole("train-cnn").child.moments, []
    for k, (event, *paths) in enumerate(moments):
        if event == "os.rename" and paths[1].endswith("state.json"):
            epochs.append(str(Path(paths[1]).with_name(f"epoch-{len(epochs) + 1}.weights.h5")))
            assert ["fsync", epochs[-1]] in moments[:k]
    assert len(epochs) == 2
