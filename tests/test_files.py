"""effaug.images._files: a file appears whole or not at all, and what is there is on the disk."""

import os
import subprocess
import sys

import pytest

from effaug.images._files import part_folder, write_whole


def test_a_file_appears_whole(tmp_path):
    path = tmp_path / "new" / "x.txt"
    seen = []
    write_whole(path, lambda part: (seen.append(path.exists()), part.write_text("all")))
    assert path.read_text() == "all"
    assert seen == [False]
    assert list(path.parent.iterdir()) == [path]


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "x.txt"
    path.write_text("old")
    with pytest.raises(ZeroDivisionError):
        write_whole(path, lambda part: (part.write_text("ha"), 1 / 0))
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_the_part_ends_as_libraries_want_it(tmp_path):
    write_whole(tmp_path / "x.npz", lambda part: part.write_text(part.name), suffix=".npz")
    assert (tmp_path / "x.npz").read_text().endswith(".part.npz")


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="reads file names from /proc")
def test_the_file_is_synced_before_it_has_its_name_and_the_folder_after(tmp_path, monkeypatch):
    path, told = tmp_path / "x.txt", []
    whole = os.fsync

    def fsync(file):
        told.append((os.readlink(f"/proc/self/fd/{file}"), path.exists()))
        whole(file)

    monkeypatch.setattr(os, "fsync", fsync)
    write_whole(path, lambda part: part.write_text("all"))
    (part, before), (folder, after) = told
    assert part.startswith(f"{tmp_path}/.x.txt.")
    assert (before, folder, after) == (False, str(tmp_path), True)


KILLED = """
import os, signal, sys
from pathlib import Path
from effaug.images._files import write_whole
write_whole(Path(sys.argv[1]), lambda part: (part.write_text("ha"), os.kill(os.getpid(), signal.SIGKILL)))
"""


@pytest.mark.parametrize("name", ["x.txt", "x[1].txt"])
def test_what_killed_processes_left_is_removed_and_nothing_else(tmp_path, name):
    path = tmp_path / name
    for _ in range(3):
        subprocess.run([sys.executable, "-c", KILLED, path], check=False)
    assert not path.exists()
    assert len(list(tmp_path.glob(".*"))) == 1  # the others were removed by the next
    others = [tmp_path / f".y.txt.{os.getpid()}.part", tmp_path / f".{name}.elsewhere-99999.part"]
    for other in others:
        other.write_text("of another file, of another machine")
    write_whole(path, lambda part: part.write_text("all"))
    assert sorted(tmp_path.iterdir()) == sorted([path, *others])


def test_the_part_of_a_process_that_runs_is_left(tmp_path):
    seen = []
    write_whole(tmp_path / "x.txt", lambda part: (seen.append(part.name), part.write_text("all")))
    running = tmp_path / seen[0].replace(f"-{os.getpid()}.", f"-{os.getppid()}.")
    running.write_text("theirs")
    write_whole(tmp_path / "x.txt", lambda part: part.write_text("all"))
    assert running.read_text() == "theirs"


def test_a_folder_of_parts_is_gone_in_the_end_and_so_is_that_of_a_killed_process(tmp_path):
    code = "import os; from pathlib import Path; from effaug.images._files import part_folder\n"
    code += "with part_folder(Path('raw')) as part: (part / 'x').write_text('ha'); os._exit(9)"
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=False)
    (left,) = tmp_path.iterdir()
    with part_folder(tmp_path / "raw") as part:
        (part / "x").write_text("all")
        assert list(tmp_path.iterdir()) == [part]
        assert part != left
    assert list(tmp_path.iterdir()) == []
