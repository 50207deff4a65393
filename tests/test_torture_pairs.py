"""Two commands at once on the same folders: both succeed, and leave what one after the other leaves."""

import itertools
import json
import shutil
from pathlib import Path

import pytest
from torture_nursery import Child
from torture_states import TRAIN_CNN, State, Undisturbed, prepare, state
from torture_targets import SMALL, TASK

MORE = ("digits-rotate", "--n-train", "30", "--seeds", "2", "--policies", "baseline,random_proportional_downweight")
COMMANDS = {
    "run": ("command", "run", *MORE),
    "run of other points": ("command", "run", "digits-rotate", "--n-train", "40", *SMALL[3:]),
    "reproduce": ("command", "reproduce", TASK, "--into", "again", "--seeds", "1"),
    "summary": ("command", "summary"),
    "report": ("command", "report"),
    "compare": ("command", "compare"),
    "export": ("command", "export", "out"),
    "validate": ("command", "validate", "--junit", "out/junit.xml", "--markdown", "out/summary.md"),
    "validate --recompute": ("command", "validate", TASK, "--recompute", "1"),
    "cache": ("command", "cache"),
    "cache --clear": ("command", "cache", "--clear"),
    "featurising": ("featurise",),
    "saving results": ("save",),
    "downloading": ("download",),
    "measuring": ("measure",),
    "train-cnn": ("command", *TRAIN_CNN),
}
PAIRS = list(itertools.combinations_with_replacement(COMMANDS, 2))
FEW = [("run", "run"), ("run", "validate"), ("cache --clear", "featurising")]
FEW += [(name, name) for name in ("downloading", "report")]
REFUSED = {("train-cnn", "train-cnn")}  # one of the two, if it comes before the other has finished


class Folders:
    """The folder that commands find, and what each leaves in it alone."""

    def __init__(self, undisturbed: Undisturbed, folder: Path) -> None:
        self.undisturbed, self.folder = undisturbed, folder
        self.before = prepare(folder / "before", undisturbed.results)
        assert undisturbed.call("measuring", self.before).status == 0

    def start(self, name: str, folder: Path) -> Child:
        """Start a command."""
        target, *arguments = COMMANDS[name]
        nursery = self.undisturbed.trainer if name == "train-cnn" else self.undisturbed.nursery
        return nursery.start(target, *arguments, *self.undisturbed.more(target), folder=folder)

    def after(self, *names: str) -> Path:
        """A folder in which commands were called, one after the other."""
        if not names:
            return self.before
        folder = self.folder / " then ".join(names)
        if not folder.exists():
            shutil.copytree(self.after(*names[:-1]), folder)
            child = self.start(names[-1], folder)
            child.wait()
            assert_good(child)
        return folder


@pytest.fixture(scope="module")
def folders(undisturbed, tmp_path_factory) -> Folders:
    return Folders(undisturbed, tmp_path_factory.mktemp("pairs"))


def assert_good(child: Child, *, refused: bool = False) -> None:
    """Exit status 0, or one sentence."""
    assert "Traceback" not in child.output, child.output
    if refused and child.status:
        (sentence,) = [line for line in child.output.splitlines() if line.startswith("effaug: ")]
        assert "another process is training cifar10 in " in sentence
    else:
        assert child.status == 0, child.output


def kept(folder: Path) -> State:
    """What must not depend on which of two was first.

    Locks may be there or not; of what tells what was read (`out`), that it is there: it may be from between the two.
    """
    found = {path: content for path, content in state(folder).items() if not path.endswith(".lock")}
    return {path: bool(content) if path.startswith("out/") else content for path, content in found.items()}


def in_cache(found: State) -> set[tuple[str, str]]:
    return {(path, json.dumps(content)) for path, content in found.items() if path.startswith("cache/")}


def assert_as_in_turn(found: State, turns: list[State], *, cleared: bool) -> None:
    """Equal to the state after one and then the other, in either order; where the cache is cleared, any part of it."""
    if cleared:
        whole = set.union(*map(in_cache, turns))
        assert in_cache(found) <= whole
        found, *turns = ({path: each[path] for path in each if path[:6] != "cache/"} for each in (found, *turns))
    assert found in turns


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """All pairs in the long form; in `make test` a few."""
    if "pair" in metafunc.fixturenames:
        pairs = [pair for pair in PAIRS if metafunc.config.getoption("torture") or pair in FEW]
        metafunc.parametrize("pair", pairs, ids=", ".join)


@pytest.mark.torture
def test_two_at_once_leave_what_one_after_the_other_leaves(pair, folders, withstood, tmp_path):
    folder = Path(shutil.copytree(folders.before, tmp_path / "both"))
    children = [folders.start(name, folder) for name in pair]
    for child in children:
        child.wait()
    for child in children:
        assert_good(child, refused=pair in REFUSED)
    assert not list(folder.rglob("*.part*"))
    turns = [kept(folders.after(*order)) for order in {pair, pair[::-1]}]
    if pair in REFUSED:
        turns.append(kept(folders.after(pair[0])))
    assert_as_in_turn(kept(folder), turns, cleared="cache --clear" in pair)
    withstood("two at once", "pairs of commands", 1)
