"""`effaug notebook`: the book's notebooks by name, and their parameters checked before anything is run."""

import json
import os
import re
import subprocess
from pathlib import Path

import jupytext
import nbformat
import pytest

from effaug.report import notebooks

NAMES = sorted(path.stem for path in notebooks.FOLDER.glob("*.ipynb"))


def test_every_notebook_is_listed_with_its_heading_and_its_parameters(effaug):
    code, out, _ = effaug("notebook", "list")
    assert code == 0
    assert re.findall(r"^(\w+): ", out, re.M) == NAMES
    assert "withstood: What it withstands\n    fault=all\n" in out


@pytest.mark.parametrize("name", NAMES)
def test_parameters_are_those_of_the_notebooks_cell(name):
    cells = jupytext.read(notebooks.FOLDER / f"{name}.py").cells
    (cell,) = [cell for cell in cells if "parameters" in cell.metadata.get("tags", [])]
    values: dict = {}
    exec(cell.source, values)  # the file is this project's own
    assert notebooks.defaults(name) == {key: value for key, value in values.items() if key != "__builtins__"}
    given = [f"{key}={value}" for key, value in notebooks.defaults(name).items()]
    assert notebooks.parameters(name, given) == notebooks.defaults(name)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("random",), "unknown notebook 'random'; accepted: auc_tables, "),
        (("table_1", "-p", "dataset"), "parameters are given as name=value, got 'dataset'"),
        (("random_policies", "-p", "datset=digits"), "unknown parameter 'datset' (did you mean 'dataset'?); accepted"),
        (("random_policies", "-p", "dataset=digit"), "unknown dataset 'digit' (did you mean 'digits'?); accepted: all"),
        (("random_policies", "-p", "n_seeds=two"), "n_seeds must be a whole number of at least 1, got 'two'"),
        (("random_policies", "-p", "n_seeds=0"), "n_seeds must be a whole number of at least 1, got 0"),
        (("random_policies", "--out", "page.pdf"), "the file to write must end in .ipynb, got 'page.pdf'"),
        (("random_policies", "-p", "source=recompute"), "random_policies: source 'recompute' computes one task: "),
    ],
)
def test_what_is_not_accepted_is_a_sentence_and_nothing_is_written(effaug, tmp_path, arguments, sentence):
    code, out, err = effaug("notebook", "run", *arguments)
    assert (code, out) == (2, "")
    assert err.splitlines()[-1].startswith(f"effaug: {sentence}")
    assert "Traceback" not in err
    assert not list(tmp_path.rglob("*.ipynb"))


def test_a_notebook_is_run_with_other_parameters_and_keeps_neither_times_nor_paths(effaug, tmp_path):
    out = tmp_path / "mine" / "digits.ipynb"
    arguments = ("-p", "dataset=digits", "-p", "augmentation=crop", "-p", "n_seeds=3", "--out", str(out), "--html")
    code, told, err = effaug("notebook", "run", "random_policies", *arguments)
    assert (code, told.splitlines()) == (0, [str(out), str(out.with_suffix(".html"))]), err
    found = nbformat.read(out, as_version=4)
    outputs = [o for cell in found.cells if cell.cell_type == "code" for o in cell.outputs]
    assert any("digits, cropped" in o.get("data", {}).get("text/plain", "") for o in outputs)
    assert not {"papermill", "execution"} & {key for part in (found, *found.cells) for key in part.metadata}
    assert str(notebooks.FOLDER.parent) not in out.read_text()
    page = out.with_suffix(".html").read_text()
    assert "digits, cropped" in page
    assert "In the stored results" not in out.read_text() + page
    assert not re.findall(r"""(?:src|href)=["']?https?://[^"']*\.(?:js|css)""", page)


def test_text_on_the_stored_results_stays_where_the_parameters_are_the_pages(effaug, tmp_path):
    """The page of tables and the like: seconds, and nothing is computed."""
    told = {}
    for name, values in (("same", {}), ("given", {"protocol": "paper"}), ("other", {"protocol": "released-code"})):
        notebooks.run("table_1", values, tmp_path / f"{name}.ipynb")
        told[name] = "In the stored results" in (tmp_path / f"{name}.ipynb").read_text()
    assert told == {"same": True, "given": True, "other": False}


@pytest.mark.parametrize("name", NAMES)
def test_text_with_measured_numbers_says_that_it_is_of_the_stored_results(name):
    """A decimal number that is written by hand holds for one run; it is said so, and goes with another."""
    for cell in jupytext.read(notebooks.FOLDER / f"{name}.py").cells:
        stored = notebooks.STORED_TAG in cell.metadata.get("tags", ())
        if cell.cell_type == "markdown":
            assert stored == cell.source.startswith("*In the stored results:*"), cell.source
            assert stored or not re.search(r"(?<![\w.])\d+\.\d+(?![\w.])", cell.source), cell.source
        else:
            assert not stored


def test_text_on_the_stored_results_is_left_out_where_others_are_shown(monkeypatch, tmp_path):
    copied = {}

    def run(command, **_):
        copied[os.environ["EFFAUG_RESULTS"]] = json.loads(Path(command[3]).read_text())["cells"]
        return subprocess.CompletedProcess(command, 1, stderr="stopped")

    monkeypatch.setattr(notebooks.subprocess, "run", run)
    for folder in (str(tmp_path), str(notebooks.RESULTS), ""):
        monkeypatch.setenv("EFFAUG_RESULTS", folder)
        with pytest.raises(ValueError, match="stopped"):
            notebooks.run("random_policies", {}, tmp_path / "out.ipynb")
    told = [any("stored" in cell["metadata"].get("tags", ()) for cell in cells) for cells in copied.values()]
    assert told == [False, True, True]


def test_a_folder_is_named_from_where_the_command_is_typed(monkeypatch, tmp_path):
    seen = {}

    def run(command, *, cwd, env, **_):
        seen.update(env)
        return subprocess.CompletedProcess(command, 1, stderr="stopped")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EFFAUG_RESULTS", "mine")
    monkeypatch.setattr(notebooks.subprocess, "run", run)
    with pytest.raises(ValueError, match="table_2: stopped"):
        notebooks.run("table_2", {}, tmp_path / "out.ipynb")
    assert seen["EFFAUG_RESULTS"] == str(tmp_path / "mine")
