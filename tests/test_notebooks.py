"""The notebooks as files and as programs; pytest --nbval compares their outputs."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import jupytext
import nbformat
import pytest

ROOT = Path(__file__).parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
BIN = Path(sys.executable).parent


def papermill(notebook: str, out: Path, *parameters: str) -> subprocess.CompletedProcess:
    pairs = [part for text in parameters for part in ("-p", *text.split("=", 1))]
    command = [BIN / "papermill", ROOT / "notebooks" / notebook, out, "--no-progress-bar", *pairs]
    return subprocess.run(command, capture_output=True, text=True, cwd=out.parent)


def test_every_notebook_of_the_book_is_there():
    names = (
        "auc_tables data_and_augmentations deterministic_policies diversity experiment extreme_points networks "
        "protocols quickstart random_policies refinements score_distributions scorecard sensitivity table_1 table_2 "
        "text_against_code tour training_time withstood"
    )
    assert {path.stem for path in NOTEBOOKS} == set(names.split())


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_pair_is_in_sync(path):
    notebook, text = jupytext.read(path), jupytext.read(path.with_suffix(".py"))
    assert [(c.cell_type, c.source, c.metadata.get("tags")) for c in notebook.cells] == [
        (c.cell_type, c.source, c.metadata.get("tags")) for c in text.cells
    ]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_notebook_is_thin_parameterised_and_clean(path):
    notebook = nbformat.read(path, as_version=4)
    tagged = [cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", [])]
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert tagged == [code[0]]
    assert "check_parameters(globals()" in code[1].source or "open_view(globals()" in code[1].source
    assert all(sum(map(bool, cell.source.splitlines())) <= 8 for cell in code)
    assert all(cell.execution_count for cell in code)
    assert not any(o.output_type == "error" or o.get("name") == "stderr" for cell in code for o in cell.outputs)
    assert "papermill" not in notebook.metadata
    assert not any({"papermill", "execution"} & set(cell.metadata) for cell in notebook.cells)
    assert str(ROOT) not in path.read_text()


@pytest.mark.slow
def test_papermill_recomputes_a_task_with_other_parameters(tmp_path):
    parameters = ("dataset=digits", "augmentation=crop", "source=recompute", "n_seeds=2")
    done = papermill("random_policies.ipynb", tmp_path / "out.ipynb", *parameters)
    assert done.returncode == 0, done.stderr
    outputs = [o for c in nbformat.read(tmp_path / "out.ipynb", 4).cells if c.cell_type == "code" for o in c.outputs]
    assert any("<svg" in o.get("data", {}).get("text/html", "") for o in outputs)
    assert any("digits, cropped" in o.get("data", {}).get("text/plain", "") for o in outputs)


@pytest.mark.parametrize(
    ("notebook", "parameter", "sentence"),
    [
        (
            "random_policies.ipynb",
            "dataset=cifar",
            "unknown dataset 'cifar' (did you mean 'cifar10'?); accepted: all, mnist",
        ),
        (
            "random_policies.ipynb",
            "datset=mnist",
            "unknown parameter 'datset' (did you mean 'dataset'?); accepted: dataset",
        ),
        ("table_2.ipynb", "variants=some", "unknown variants 'some'; accepted: all, paper"),
        (
            "networks.ipynb",
            "network=cifar",
            "unknown network 'cifar' (did you mean 'cifar10'?); accepted: all, cifar10",
        ),
    ],
)
def test_papermill_stops_at_a_parameter_that_is_not_accepted(tmp_path, notebook, parameter, sentence):
    done = papermill(notebook, tmp_path / "out.ipynb", parameter)
    assert done.returncode == 1
    assert f"ParameterError: {sentence}" in done.stderr
    assert "effaug/report/view.py" not in done.stderr  # a sentence, not our stack
    code = [cell for cell in nbformat.read(tmp_path / "out.ipynb", 4).cells if cell.cell_type == "code"]
    ran = [cell for cell in code if cell.get("execution_count") and cell.outputs]
    assert len(ran) == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("notebook", "row"),
    [
        ("table_1", "mnist-translate,paper,frozen,,full,0,1000"),
        ("diversity", "smallnorb-crop,paper,frozen,,dpp,3,100"),
        ("auc_tables", "digits-crop,paper,frozen,loss,random_proportional,2,50"),
    ],
)
def test_nbval_fails_when_a_stored_number_is_altered(notebook, row, tmp_path, without_digests):
    results = tmp_path / "results"
    shutil.copytree(ROOT / "results", results)
    without_digests(results)
    table = results / f"{row.split(',')[0]}.csv"
    (found,) = (line for line in table.read_text().splitlines() if line.startswith(f"{row},"))
    accuracy = float(found.rsplit(",", 1)[1])
    table.write_text(table.read_text().replace(found, f"{row},{accuracy - 0.003:.6f}"))
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--nbval", "-p", "no:cacheprovider", f"notebooks/{notebook}.ipynb"],
        cwd=ROOT,
        env=os.environ | {"EFFAUG_RESULTS": str(results)},  # as they are, `make test` compares them
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1, done.stdout
    assert "mismatch" in done.stdout
