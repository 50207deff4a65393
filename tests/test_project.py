"""The project's own files agree with each other."""

import re
import tomllib
from importlib.metadata import version
from pathlib import Path

import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
LOCK = (ROOT / "requirements.lock").read_text()


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


def test_readme_names_every_dependency():
    section = (ROOT / "README.md").read_text().split("## Dependencies")[1].split("## Cite")[0]
    named = {word for cell in re.findall(r"^\| ([^|]+) \|", section, re.M) for word in re.split(r"[,\s]+", cell)}
    missing = {r.name for r in declared()} - named - {"tensorflow-cpu"}
    assert not missing


def test_citation_names_the_version_and_the_paper():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["version"] == PROJECT["project"]["version"] == version("effaug")
    assert citation["references"][0]["title"] == "Efficient Augmentation via Data Subsampling"
