"""Killed at any moment and started again, everything ends as if it had not been killed."""

import shutil
import signal
import time
import zlib

import numpy as np
import pytest
from torture_states import TARGETS, Undisturbed, Whole, assert_whole_or_absent, state

KILLED = (-signal.SIGKILL, -signal.SIGXFSZ)
CHEAP = [name for name in TARGETS if name != "train-cnn"]  # whose start takes a second


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


@pytest.mark.torture
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", CHEAP)
def test_what_is_killed_and_started_again_ends_as_undisturbed(name, seed, undisturbed, torture, withstood, tmp_path):
    withstood("killed", name, survived(undisturbed, name, seed, torture(1, 15), tmp_path))


@pytest.mark.torture
@pytest.mark.parametrize("seed", range(2))
def test_a_training_that_is_killed_and_started_again_ends_as_undisturbed(
    seed, undisturbed, torture, withstood, tmp_path, monkeypatch
):
    monkeypatch.setenv("EFFAUG_DATA", str(tmp_path / "train-cnn" / "data"))
    withstood("killed", "train-cnn", survived(undisturbed, "train-cnn", seed, torture(1, 10), tmp_path))
