"""A full disk, a file that may not grow, a folder that is read-only: one sentence, and nothing is lost."""

import re
import shutil
import zlib
from collections.abc import Iterator

import numpy as np
import pytest
from torture_disks import Disk
from torture_nursery import Child
from torture_states import TARGETS, State, assert_whole_or_absent, state

NO_ROOM = r"effaug: \S+ has no room for .+: make some, .+"
READ_ONLY = r"effaug: .* cannot be written to \(Read-only file system\).*"


@pytest.fixture
def disk(tmp_path) -> Iterator[Disk]:
    (tmp_path / "disk").mkdir()
    found = Disk(tmp_path / "disk")
    yield found
    found.close()


def laid_out(undisturbed, name: str, folder) -> State:
    """A target's folder, in which there are stored results, of another task where it stores some; and a cache."""
    undisturbed.prepare(name, folder)
    if name != "reproduce":
        other = undisturbed.stored("saving results" if name == "run" else "run")
        shutil.copytree(other / "results", folder / "results")
    if name not in ("run", "reproduce"):
        shutil.copytree(other / "cache", folder / "cache")
    return state(folder)


def assert_one_sentence(child: Child, pattern: str) -> None:
    assert child.status == 2, (child.status, child.output)
    (sentence,) = [line for line in child.output.splitlines() if line.startswith("effaug: ")]
    assert re.fullmatch(pattern, sentence), sentence
    assert "Traceback" not in child.output


def assert_nothing_lost(folder, before: State) -> None:
    """What was there is there; what is new is whole, save features that are unfinished and described as that."""
    assert before.items() <= {path: content for path, content in state(folder).items()}.items()
    for path in folder.rglob("*.part*"):
        assert path.with_suffix(".json").exists(), path
    assert not list(folder.glob("*/.*/epoch-*")) or list(folder.glob("*/.*/state.json"))
    assert_whole_or_absent(folder)


def assert_then_whole(undisturbed, name: str, folder, before: State) -> None:
    """With room again, the same call ends as if nothing had been amiss."""
    child = undisturbed.call(name, folder)
    assert child.status == 0, child.output
    assert state(folder) == before | undisturbed.whole(name).state


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """The training, whose start takes five seconds, in the long form only."""
    if "name" in metafunc.fixturenames:
        is_long = metafunc.config.getoption("torture")
        metafunc.parametrize("name", [name for name in TARGETS if is_long or name != "train-cnn"])


def rng_of(name: str) -> np.random.Generator:
    return np.random.default_rng(zlib.crc32(name.encode()))


@pytest.mark.torture
def test_a_full_disk_is_a_sentence_and_nothing_is_lost(name, disk, undisturbed, torture, withstood, monkeypatch):
    rng, times = rng_of(name), torture(1, 3 if name == "train-cnn" else 12)
    for k in range(times):
        folder = disk.folder / str(k)
        before, need = laid_out(undisturbed, name, folder), undisturbed.whole(name).largest
        monkeypatch.setenv("EFFAUG_DATA", str(folder / "data"))
        with disk.full(int(need * rng.random())) as fault:
            child = undisturbed.call(name, folder, **fault)
            assert_one_sentence(child, NO_ROOM)
            assert_nothing_lost(folder, before)
        assert_then_whole(undisturbed, name, folder, before)
        shutil.rmtree(folder)
    withstood("disk full", name, times)


@pytest.mark.torture
def test_a_file_that_may_not_grow_is_a_sentence_and_nothing_is_lost(
    name, undisturbed, torture, withstood, tmp_path, monkeypatch
):
    rng, times = rng_of(name), torture(1, 3 if name == "train-cnn" else 12)
    for k in range(times):
        folder = tmp_path / str(k)
        before, whole = laid_out(undisturbed, name, folder), undisturbed.whole(name)
        monkeypatch.setenv("EFFAUG_DATA", str(folder / "data"))
        child = undisturbed.call(name, folder, largest_file=int(whole.largest * rng.uniform(0.1, 0.9)))
        assert_one_sentence(child, NO_ROOM)
        assert_nothing_lost(folder, before)
        assert_then_whole(undisturbed, name, folder, before)
        shutil.rmtree(folder)
    withstood("file size limited", name, times)


@pytest.mark.torture
def test_a_read_only_folder_is_a_sentence_and_nothing_is_changed(name, disk, undisturbed, withstood):
    folder = disk.folder / "read-only"
    before = laid_out(undisturbed, name, folder)
    with disk.read_only() as fault:
        assert_one_sentence(undisturbed.call(name, folder, **fault), READ_ONLY if not fault else NO_ROOM)
        assert state(folder) == before
    assert_then_whole(undisturbed, name, folder, before)
    withstood("read-only", name, 1)
