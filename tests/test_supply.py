"""What effaug is made of and shipped as: the bill of materials is the lock's; an archive depends on the code alone."""

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
import yaml
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
BILL = json.loads((ROOT / "sbom.json").read_text())
IN_WORDS = {"asttokens", "bleach", "keras", "namex", "partd", "protobuf"}  # README says which licences they are under
BUILD = (
    "import sys; from flit_core import buildapi; buildapi.build_wheel(sys.argv[1]); buildapi.build_sdist(sys.argv[1])"
)


def test_the_bill_of_materials_lists_what_the_lock_pins():
    pins = re.findall(r"^([A-Za-z0-9._-]+)==([^ ;\\]+)( ;)?", (ROOT / "requirements.lock").read_text(), re.M)
    listed = {(canonicalize_name(part["name"]), part["version"]) for part in BILL["components"]}
    listed = {part for part in listed if part[0] not in {"pip", "effaug"}}  # a new environment's own
    assert listed <= {(canonicalize_name(name), version) for name, version, _ in pins}
    # Others are for other systems or Pythons than those that the bill was made under.
    assert {(canonicalize_name(name), version) for name, version, condition in pins if not condition} <= listed


def test_every_part_has_a_licence():
    without = {part["name"] for part in BILL["components"] if not part.get("licenses")}
    assert without <= IN_WORDS
    told = (ROOT / "README.md").read_text()
    assert not [name for name in without if name not in told]


def copy(folder: Path, seconds: int) -> Path:
    """The files that are shipped, as another checkout has them: other times, other rights."""
    folder.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    shutil.copytree(ROOT / "effaug", folder / "effaug", ignore=shutil.ignore_patterns("__pycache__"))
    for path in folder.rglob("*"):
        if path.is_file():
            os.utime(path, (seconds, seconds))
            path.chmod(0o600 if seconds % 2 else 0o664)
    return folder


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> list[Path]:
    """Two folders, each with a wheel and a source archive of the same commit."""
    environment, folders = os.environ | {"SOURCE_DATE_EPOCH": "1700000000"}, []
    for seconds in (1_600_000_001, 1_750_000_000):
        folder = tmp_path_factory.mktemp("built")
        source = copy(folder / "source", seconds)
        subprocess.run([sys.executable, "-c", BUILD, str(folder)], cwd=source, env=environment, check=True)
        folders.append(folder)
    return folders


@pytest.mark.parametrize("archive", ["effaug-*.whl", "effaug-*.tar.gz"])
def test_an_archive_built_twice_is_the_same_bytes(built, archive):
    one, other = (next(folder.glob(archive)) for folder in built)
    assert one.name == other.name
    assert one.read_bytes() == other.read_bytes()


def test_archives_hold_every_room_the_papers_tables_and_the_licence(built):
    rooms = {str(path.relative_to(ROOT)) for end in ("py", "csv") for path in (ROOT / "effaug").rglob(f"*.{end}")}
    with zipfile.ZipFile(next(built[0].glob("*.whl"))) as wheel:
        held = set(wheel.namelist())
    assert rooms <= held
    assert any(name.endswith("licenses/LICENSE") for name in held)
    with tarfile.open(next(built[0].glob("*.tar.gz"))) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert rooms | {"LICENSE", "README.md", "pyproject.toml"} <= names


def test_the_workflow_asks_for_known_vulnerabilities_of_the_lock():
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "audit.yml").read_text())
    assert workflow["jobs"]["audit"]["steps"][-1] == {"run": "make audit"}
    recipe = (ROOT / "Makefile").read_text().split("\naudit:")[1].split("\n\n")[0]
    assert "pip-audit" in recipe
    assert "requirements.lock" in recipe
