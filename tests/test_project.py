"""The project's own files agree with each other."""

import re
import shlex
import tomllib
from importlib.metadata import version
from pathlib import Path

import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from typer.testing import CliRunner

from effaug.cli.main import app

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
LOCK = (ROOT / "requirements.lock").read_text()
MAKEFILE = (ROOT / "Makefile").read_text()


def declared() -> list[Requirement]:
    project = PROJECT["project"]
    lists = project["dependencies"], *project["optional-dependencies"].values(), PROJECT["dependency-groups"]["test"]
    return [Requirement(line) for lines in lists for line in lines if not line.startswith("effaug[")]


def test_the_lock_pins_every_dependency_with_hashes_and_this_environment_is_it():
    blocks = re.split(r"\n(?=[a-z0-9])", LOCK)
    pins = {}
    for block in blocks:
        if match := re.match(r"([A-Za-z0-9._-]+)==([^ ;\\]+)", block):
            assert "--hash=sha256:" in block, match[1]
            pins.setdefault(canonicalize_name(match[1]), set()).add(match[2])
    for requirement in declared():
        name = canonicalize_name(requirement.name)
        assert pins[name], name
        if requirement.marker is None or requirement.marker.evaluate():
            assert version(name) in pins[name], name
            assert requirement.specifier.contains(version(name)), name


def test_conda_users_get_the_same_lock():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    (pip,) = [d["pip"] for d in environment["dependencies"] if isinstance(d, dict)]
    assert pip == ["--require-hashes", "-r requirements.lock"]


def test_the_workflow_makes_what_there_is_under_every_python_that_is_supported():
    job = yaml.safe_load((ROOT / ".github" / "workflows" / "test.yml").read_text())["jobs"]["test"]
    commands = [step["run"] for step in job["steps"] if "run" in step]
    assert commands == ["make lint", "make test"]
    for command in commands:
        assert re.search(rf"^{command.removeprefix('make ')}:", MAKEFILE, re.M), command
    supported = SpecifierSet(PROJECT["project"]["requires-python"])
    versions = [f"3.{minor}" for minor in range(30) if f"3.{minor}" in supported]
    assert job["strategy"]["matrix"]["python-version"] == versions
    (setup,) = [step["with"] for step in job["steps"] if "setup-python" in step.get("uses", "")]
    assert (ROOT / setup["cache-dependency-path"]).exists()


def test_the_workflow_that_validates_asks_for_what_the_command_has():
    steps = yaml.safe_load((ROOT / ".github" / "workflows" / "validate.yml").read_text())["jobs"]["validate"]["steps"]
    first, *commands = [step["run"] for step in steps if "run" in step]
    target = first.removeprefix("make ")
    assert f"READY := {target}" in MAKEFILE
    for command in commands:
        program, *arguments = shlex.split(command)
        assert program == ".venv/bin/effaug"
        assert CliRunner().invoke(app, [*arguments, "--help"]).exit_code == 0, command
    assert CliRunner().invoke(app, ["validate", "--no-such-option", "--help"]).exit_code == 2


def test_hooks_before_a_commit_run_what_make_lint_runs_and_load_nothing():
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    assert [(repo["repo"], {hook["language"] for hook in repo["hooks"]}) for repo in hooks] == [("local", {"system"})]
    recipe = MAKEFILE.split("\nlint:")[1].split("\n\n")[0]
    made = [re.split(r" [-.]", line)[0] for line in re.findall(r"\$\(BIN\)/(.+)", recipe)]
    assert [hook["entry"].split(" -")[0] for hook in hooks[0]["hooks"]] == made


def test_readme_names_every_dependency():
    section = (ROOT / "README.md").read_text().split("## Dependencies")[1].split("## Cite")[0]
    named = {word for cell in re.findall(r"^\| ([^|]+) \|", section, re.M) for word in re.split(r"[,\s]+", cell)}
    missing = {r.name for r in declared()} - named - {"tensorflow-cpu"}
    assert not missing


def test_citation_names_the_version_and_the_paper():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["version"] == PROJECT["project"]["version"] == version("effaug")
    assert citation["references"][0]["title"] == "Efficient Augmentation via Data Subsampling"
