"""effaug.study.validation, and what readers refuse: every edit is caught, and what is saved is whole."""

import json
import re
import shutil
import threading
from functools import partial
from xml.etree import ElementTree

import nbclient
import nbformat
import numpy as np
import pytest
from typer.testing import CliRunner

from effaug.cli.main import app
from effaug.report.parameters import STORED
from effaug.study import results as module
from effaug.study import validation
from effaug.study.results import Curve, Results
from effaug.study.runner import run

N_EDITS = 300
KEY = ("paper", "frozen", "loss", "random_proportional")


@pytest.fixture
def copy(tmp_path):
    """The stored results of one task and the timings, in a folder of their own."""
    folder = tmp_path / "results"
    shutil.copytree(STORED / "timing", folder / "timing")
    for suffix in ("csv", "json", "npz"):
        shutil.copy(STORED / f"digits-crop.{suffix}", folder)
    return folder


def faults(folder) -> list[str]:
    return [check.got for check in validation.stored(Results(folder)) if not check.passed]


def test_everything_stored_here_is_as_it_was_stored():
    assert not faults(STORED)
    images = [f"images/{name}" for name in ("cifar10", "digits", "mnist", "smallnorb")]
    measured = ["bench/bench", *images, "timing/cpu", "torture/counts"]
    assert [check.name for check in validation.stored(Results(STORED))] == [*Results(STORED).tasks(), *measured]


@pytest.mark.torture
def test_every_edit_of_a_single_digit_is_caught(copy, withstood):
    """Of all files of text, drawn by how many digits they hold; none of them is the last digit of nothing."""
    rng = np.random.default_rng(0)
    files = [copy / "digits-crop.csv", copy / "digits-crop.json", copy / "timing" / "cpu.json"]
    places = {file: [m.start() for m in re.finditer(r"\d", file.read_text())] for file in files}
    sizes = np.array([len(found) for found in places.values()])
    caught = 0
    for file in rng.choice(len(files), N_EDITS, p=sizes / sizes.sum()):
        path, text = files[file], files[file].read_text()
        at = rng.choice(places[path])
        other = rng.choice([d for d in "0123456789" if d != text[at]])
        path.write_text(text[:at] + other + text[at + 1 :])
        caught += bool(faults(copy))
        path.write_text(text)
    assert caught == N_EDITS
    assert not faults(copy)
    withstood("edited by one digit", "stored results", caught)


@pytest.mark.torture
def test_every_flipped_bit_of_an_archive_is_caught(copy, torture, withstood):
    path, rng, n_flips = copy / "digits-crop.npz", np.random.default_rng(0), torture(20, 300)
    whole = path.read_bytes()
    directory = whole.index(b"PK\x01\x02")  # what follows repeats what precedes: a date there decides nothing
    for at in rng.integers(100, directory, n_flips):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        changed = faults(copy)
        assert changed or _same(path, whole), at
    path.write_bytes(whole)
    assert not faults(copy)
    withstood("a bit flipped", "stored arrays", n_flips)


def _same(path, whole) -> bool:
    """Whether the arrays are what they were: an archive holds dates, too."""
    other = path.with_name("whole.npz")
    other.write_bytes(whole)
    with np.load(path) as a, np.load(other) as b:
        found = a.files == b.files and all(np.array_equal(a[name], b[name]) for name in a.files)
    other.unlink()
    return found


@pytest.mark.parametrize("line", [1, 2, 400, -1])
def test_a_line_that_is_lost_is_named(copy, line):
    path = copy / "digits-crop.csv"
    lines = path.read_text().splitlines(keepends=True)
    lost = lines.pop(line)
    path.write_text("".join(lines))
    (fault,) = faults(copy)
    alone = sum(other.split(",")[:6] == lost.split(",")[:6] for other in lines) == 0
    assert str(path) in fault
    assert ("which was stored: run it again" if alone else "are not as they were stored") in fault
    if not alone:
        with pytest.raises(ValueError, match="are not as they were stored"):
            Results(copy).table()


@pytest.mark.parametrize(
    "line", ["digits-crop,paper,frozen,,baseline,0,0,0.5", "mnist-crop,paper,frozen,,baseline,0,1,0.953"]
)
def test_a_line_that_is_added_is_refused(copy, line):
    with (copy / "digits-crop.csv").open("a") as file:
        file.write(line + "\n")
    with pytest.raises(ValueError, match="are not as they were stored"):
        Results(copy).done("digits-crop")


def test_rows_without_a_record_or_without_their_arrays_are_refused(copy):
    (copy / "digits-crop.npz").rename(copy / "away")
    with pytest.raises(ValueError, match=r"digits-crop\.npz is damaged \(arrays of .* are not as they were stored"):
        Results(copy).points("digits-crop")
    (copy / "away").rename(copy / "digits-crop.npz")
    (copy / "digits-crop.json").unlink()
    with pytest.raises(ValueError, match=r"digits-crop\.json has no record of paper/frozen"):
        Results(copy).table()


def test_a_lost_csv_and_a_task_without_results_are_named(copy):
    (copy / "digits-crop.csv").unlink()
    (fault,) = faults(copy)
    assert "digits-crop.csv lacks" in fault
    with pytest.raises(ValueError, match=r"no results of 'digits-crp' in .*; there are those of digits-crop"):
        validation.stored(Results(copy), ["digits-crp"])


def test_the_command_names_a_csv_that_is_lost_alone(copy, effaug):
    for path in copy.glob("*"):
        if path.stem != "digits-crop" or path.suffix == ".csv":
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    code, out, err = effaug("validate", "--results", str(copy))
    assert (code, err) == (1, "")
    assert "digits-crop.csv lacks" in out
    assert out.endswith("0 of 1 checks passed\n")
    for path in copy.glob("*"):
        path.unlink()
    assert f"no results in {copy}" in effaug("validate", "--results", str(copy))[2]


def test_no_notebooks_are_no_check(tmp_path):
    with pytest.raises(ValueError, match=r"no notebooks in .*notebooks: go to the folder"):
        validation.notebooks([], tmp_path)


def test_images_of_ones_own_are_not_drawn_to_be_computed_again(copy):
    own = Curve("mine-rotate", *KEY, 0, (0, 10), np.array([0.5, 0.6]))
    Results(copy).save([own], {"protocol": {}})
    with pytest.raises(ValueError, match="none of these results can be computed again"):
        validation.recomputed(Results(copy), 1, lambda *_: None, tasks=["mine-rotate"])


def curve(seed: int, accuracy: float, **points) -> Curve:
    return Curve("toy", *KEY, seed, (0, 10), np.array([0.5, accuracy]), points)


def test_a_folder_of_an_earlier_version_is_read_and_gets_digests_when_something_is_stored(tmp_path):
    store = Results(tmp_path)
    store.save([curve(0, 0.6, order=np.arange(3))], {"protocol": {}})
    path = tmp_path / "toy.json"
    runs = json.loads(path.read_text())
    for stored in runs.values():
        del stored["curves"], stored["sha256"]
    path.write_text(json.dumps(runs))
    assert len(store.table()) == 2
    assert "have no digests" in faults(tmp_path)[0]
    store.save([curve(1, 0.7)], {"protocol": {}})
    assert not faults(tmp_path)
    path.with_suffix(".csv").write_text(path.with_suffix(".csv").read_text().replace("0.600000", "0.600001"))
    assert "lines 2 to 3 are not as they were stored" in faults(tmp_path)[0]


@pytest.mark.parametrize("n_written", range(5))
@pytest.mark.parametrize("seed", [0, 1])
def test_a_save_that_stops_between_two_files_leaves_what_was_there(tmp_path, monkeypatch, seed, n_written):
    """Seed 0 replaces a curve, with other rows and other arrays; seed 1 is new."""
    store, write, count = Results(tmp_path), module.write_whole, []
    store.save([curve(0, 0.6, order=np.arange(3))], {"protocol": {}})

    def stops(path, *args, **kwargs):
        if len(count) == n_written:
            raise KeyboardInterrupt
        count.append(path)
        write(path, *args, **kwargs)

    monkeypatch.setattr(module, "write_whole", stops)
    new = curve(seed, 0.7, order=np.arange(4))
    if n_written < (4 if seed == 0 else 3):
        with pytest.raises(KeyboardInterrupt):
            store.save([new], {"protocol": {}})
    else:
        store.save([new], {"protocol": {}})
    monkeypatch.undo()
    stored = store.table()
    assert stored[stored.seed == 0].accuracy.tolist() in ([0.5, 0.6], [0.5, 0.7])
    assert len(store.points("toy", (*KEY, 0))["order"]) in (3, 4)
    store.save([new], {"protocol": {}})
    assert not faults(tmp_path)
    assert store.table()[lambda table: table.seed == seed].accuracy.tolist() == [0.5, 0.7]


def test_a_save_that_goes_on_meanwhile_is_no_fault(tmp_path, monkeypatch):
    store, write, found = Results(tmp_path), module.write_whole, []
    checker = threading.Thread(target=lambda: found.append(faults(tmp_path)))
    store.save([curve(0, 0.6, order=np.arange(3))], {"protocol": {}})

    def beside(path, *args, **kwargs):
        if path.suffix == ".csv":  # the record tells of a curve that is not there yet
            checker.start()
            checker.join(1)
        write(path, *args, **kwargs)

    monkeypatch.setattr(module, "write_whole", beside)
    store.save([curve(1, 0.7, order=np.arange(4))], {"protocol": {}})
    checker.join()
    assert found == [[]]


def test_the_command_names_what_is_at_fault_with_exit_status_1(copy, tmp_path):
    command = [
        "validate",
        "--results",
        str(copy),
        "--junit",
        str(tmp_path / "x.xml"),
        "--markdown",
        str(tmp_path / "x.md"),
    ]
    done = CliRunner().invoke(app, command)
    whole = ["digits-crop: 585 curves, as they were stored", "timing/cpu: as it was stored", "2 of 2 checks passed"]
    done_alone = CliRunner().invoke(app, [*command, "digits-crop"])
    assert done_alone.output.splitlines() == [whole[0], "1 of 1 checks passed"]
    assert (done.exit_code, done.output.splitlines()) == (0, whole)
    assert "failed" not in (tmp_path / "x.md").read_text()
    path = copy / "digits-crop.csv"
    path.write_text(path.read_text().replace(",0.9", ",0.8", 1))
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 1
    assert re.search(r"digits-crop.csv is damaged \(lines \d+ to \d+ are not as they were stored\)", done.output)
    assert "1 of 2 checks passed" in done.output
    suite = ElementTree.parse(tmp_path / "x.xml").getroot()
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")
    (failure,) = suite.findall("testcase[@name='digits-crop']/failure")
    assert "are not as they were stored" in failure.text
    assert "**failed**" in (tmp_path / "x.md").read_text().splitlines()[2]


def test_a_sample_is_computed_again_and_what_differs_does_not_pass(cache, copy, without_digests):
    store, kept = Results(copy), []
    found = validation.recomputed(store, 6, partial(run, n_jobs=1), random_state=1)
    assert len(found) == 6
    assert all(check.passed for check in found)
    assert [check.name for check in validation.recomputed(store, 6, run, random_state=1)] == [c.name for c in found]
    without_digests(copy)
    for line in (copy / "digits-crop.csv").read_text().splitlines():
        head, _, accuracy = line.rpartition(",")
        altered = "/".join(head.split(",")[:6]) == found[0].name
        kept.append(f"{head},{float(accuracy) - 0.006:.6f}" if altered else line)
    (copy / "digits-crop.csv").write_text("\n".join(kept) + "\n")
    again = validation.recomputed(store, 6, run, random_state=1)
    assert [check.passed for check in again] == [False] + 5 * [True]
    assert again[0].tolerance == "0.005"
    assert re.fullmatch(r"\d+ accuracies, the furthest by 0\.00\d+", again[1].got)
    assert float(again[0].got.split()[0]) - float(again[0].expected.split()[0]) == pytest.approx(0.006)
    with pytest.raises(ValueError, match="n must be at least 1, got 0"):
        validation.recomputed(store, 0, run)


@pytest.mark.slow
def test_a_notebook_passes_with_the_outputs_that_it_holds_and_not_with_others(tmp_path):
    book = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell("print(1 + 1)"), nbformat.v4.new_code_cell("2 + 2")]
    )
    nbformat.write(nbclient.NotebookClient(book, kernel_name="python3").execute(), tmp_path / "sums.ipynb")
    (check,) = validation.notebooks([tmp_path / "sums.ipynb"], tmp_path)
    assert check.passed
    book.cells[1].outputs[0]["data"]["text/plain"] = "5"
    nbformat.write(book, tmp_path / "sums.ipynb")
    (check,) = validation.notebooks([tmp_path / "sums.ipynb"], tmp_path)
    assert (check.passed, check.got) == (False, "other outputs in Cell 1")
