"""CONTRIBUTING's examples, done as it says: a score in a copy of the package, and images in a file."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
GUIDE = (ROOT / "CONTRIBUTING.md").read_text()
NAME = "gradient_norm"
PAGES = """
import json, sys
sys.path.insert(0, {tests!r})
import matplotlib
matplotlib.use("agg")
from test_pages import PAGES, parameters, shown
asked = {{"dataset": "digits", "augmentation": "crop", "score": {name!r}, "n_seeds": 1, "source": {source!r}}}
pages = [page for page in PAGES if "score" in parameters(page)]
json.dump({{page: shown(page, **asked) for page in {pages!r} or pages}}, open({out!r}, "w"))
"""


def block(place: str, language: str) -> str:
    """The first fenced block of a language after some words of the guide."""
    return re.findall(rf"```{language}\n(.*?)```", GUIDE.split(place, 1)[1], re.S)[0]


def files_named(section: str) -> list[str]:
    """Those that begin a paragraph of a section."""
    return re.findall(r"^`([\w./]+)`:", GUIDE.split(section, 1)[1].split("\n## ")[0], re.M)


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    """The package, and what else the guide names for a score, with the blocks of the guide added."""
    folder = tmp_path_factory.mktemp("project")
    shutil.copytree(ROOT / "effaug", folder / "effaug", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("tests/conftest.py", *files_named("## Add a score")[1:]):
        (folder / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    for name in ("effaug/scores.py", "tests/test_scores.py"):
        file = folder / name
        file.write_text(f"{file.read_text()}\n\n{block(f'`{name}`:', 'python')}")
    page = folder / "book" / "method.md"
    rows = re.search(r"^\| score \|.*?\n(?=\n)", page.read_text(), re.M | re.S)
    page.write_text(page.read_text().replace(rows[0], rows[0] + block("`book/method.md`:", "text")))
    return folder


@pytest.fixture(scope="module")
def python(project):
    """Python in that folder, where the copy is the package: from arguments to what it prints."""

    def run(*arguments, **environment) -> str:
        surroundings = os.environ | {"PYTHONPATH": str(project), "EFFAUG_CACHE": str(project / "cache")} | environment
        done = subprocess.run(
            [sys.executable, *arguments], cwd=project, env=surroundings, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


@pytest.fixture(scope="module")
def effaug(python):
    def run(command: str) -> str:
        return python("-c", "from effaug.cli.main import main; main()", *shlex.split(command)[1:], EFFAUG_RESULTS="")

    return run


@pytest.fixture(scope="module")
def shown(python, project):
    """What the pages that take a score show with the new one, by their names."""

    def run(source: str, results: Path, *pages: str) -> dict[str, str]:
        out = project / "shown.json"
        code = PAGES.format(tests=str(ROOT / "tests"), name=NAME, source=source, pages=pages, out=str(out))
        python("-c", code, EFFAUG_RESULTS=str(results))
        return json.loads(out.read_text())

    return run


def test_a_score_takes_one_file_of_code_one_of_tests_and_one_line(project):
    assert files_named("## Add a score") == ["effaug/scores.py", "tests/test_scores.py", "book/method.md"]
    assert len(block("`book/method.md`:", "text").splitlines()) == 1
    for name in files_named("## Add a score"):
        assert NAME in (project / name).read_text()
        assert NAME not in (ROOT / name).read_text()


def test_every_file_that_the_guide_names_is_there():
    named = set(re.findall(r"`((?:[\w-]+/)*[\w-]+\.(?:py|md|yml|lock))`", GUIDE))
    assert len(named) > 10
    for name in named - {"notebooks/NAME.py"}:
        assert (ROOT / name).exists(), name


def test_the_examples_are_in_this_projects_style(tmp_path):
    for place in ("`effaug/scores.py`:", "`tests/test_scores.py`:", "## Add a data set"):
        (tmp_path / "example.py").write_text(block(place, "python"))
        ruff = [sys.executable, "-m", "ruff", "format", "--check", "--config", ROOT / "pyproject.toml", "example.py"]
        done = subprocess.run(ruff, cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, (place, done.stdout)


@pytest.mark.slow
def test_its_test_passes_and_so_do_those_of_all_scores(python):
    chosen = f"{NAME} or any_kind or line_for_every"
    printed = python("-m", "pytest", "-v", "-p", "no:cacheprovider", "tests/test_scores.py", "-k", chosen)
    assert f"test_{NAME}_is" in printed
    assert "6 passed" in printed


@pytest.mark.slow
def test_select_takes_it(python):
    code = "import effaug, numpy as np; X = np.random.default_rng(0).normal(size=(40, 3)); y = X[:, 0] > 0; "
    call = re.search(r"`(effaug\.select\(.*?\))`", GUIDE)[1]
    assert len(python("-c", f"{code}print(*{call})").split()) == 10
    assert NAME in call


@pytest.mark.slow
def test_pages_name_the_command_and_then_show_what_it_computes(project, effaug, shown):
    assert NAME in re.sub(r"[\s│]", "", effaug("effaug run --help"))
    before = shown("stored", ROOT / "results")
    assert len(before) >= 7
    for page, said in before.items():
        assert f"effaug run digits-crop --score {NAME}" in said, page
    command = block('score="gradient_norm"', "sh").strip()
    assert effaug(command).startswith("digits-crop: 2 curves computed")
    assert effaug(command.replace("--policies random_proportional ", "")).startswith("digits-crop: ")
    after = shown("stored", project / "mine")
    assert after.keys() == before.keys()
    for page, said in after.items():
        assert NAME in said, page
        assert f"--score {NAME}" not in said, page


@pytest.mark.slow
def test_a_page_recomputes_it(shown, project):
    (said,) = shown("recompute", project, "random_policies").values()
    assert re.search(f"<text[^>]*>{NAME}</text>", said)
    assert f"The paper publishes no numbers by {NAME}" in said
    assert f"No results by {NAME}" not in said


@pytest.mark.slow
def test_images_in_a_file_run_as_they_are(python, effaug, project):
    python("-c", block("## Add a data set", "python"))
    printed = effaug(block("## Add a data set", "sh").strip())
    assert printed.startswith("mine-rotate: 12 curves computed")
    assert (project / "mine" / "mine-rotate.csv").exists()
