"""The house: which wing may import which, and how large a room may be."""

import ast
import os
import subprocess
import sys
from graphlib import TopologicalSorter
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from effaug.report.architecture import HOUSE, ROOMS, WINGS, dotted, imports, rooms, wing_of

METHOD = {"numpy", "scipy", "sklearn", "threadpoolctl"}  # the last comes with scikit-learn


def with_requirements(*names: str) -> set[str]:
    needed = {Requirement(line) for name in names for line in distribution(name).requires or ()}
    more = {r.name for r in needed if r.marker is None or r.marker.evaluate({"extra": ""})} - {*names}
    return {*names} | (with_requirements(*more) if more else set())


def test_every_module_is_in_a_wing():
    assert {wing_of(dotted(path)) for path in HOUSE.rglob("*.py") if path.stem != "__init__"} == set(WINGS)


@pytest.mark.parametrize("wing", WINGS)
def test_wings_import_downwards_only(wing):
    for room in rooms(wing):
        for module in imports(room) & ROOMS.keys():
            assert WINGS.index(wing_of(module)) <= WINGS.index(wing), (room.name, module)


def test_no_imports_run_in_a_circle():
    order = TopologicalSorter({name: imports(path) & ROOMS.keys() for name, path in ROOMS.items()}).static_order()
    assert set(order) == set(ROOMS)


def test_the_method_imports_numpy_scipy_and_scikit_learn_alone():
    for room in [*rooms(""), HOUSE / "__init__.py"]:
        packages = {module.split(".")[0] for module in imports(room)} - {"effaug"} - sys.stdlib_module_names
        assert packages <= METHOD, room


def test_the_method_runs_where_nothing_but_those_is_installed(tmp_path):
    for name in {"effaug", *with_requirements("numpy", "scipy", "scikit-learn")}:
        for file in distribution(name).files or ():
            top = file.parts[0]
            if (name != "effaug" or top.endswith(".dist-info")) and top != ".." and not (tmp_path / top).exists():
                (tmp_path / top).symlink_to(Path(str(distribution(name).locate_file(top))))
    (tmp_path / "effaug").symlink_to(HOUSE)
    code = (
        "import effaug, numpy as np; rng = np.random.default_rng(0); X = rng.normal(size=(40, 3)); "
        "print(effaug.select(X, X[:, 0] > 0, 5)); import keras"
    )
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(tmp_path)}
    done = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, text=True, env=environment)
    assert len(done.stdout.split()) >= 5, done.stderr
    assert "No module named 'keras'" in done.stderr  # as bare as it should be


def test_rooms_are_small_and_few():
    for path in HOUSE.rglob("*.py"):
        assert len(path.read_text().splitlines()) <= 300, path
    assert len(rooms("")) <= 20


def test_public_functions_say_what_they_do():
    for path in ROOMS.values():
        tree = ast.parse(path.read_text())
        assert ast.get_docstring(tree), path
        for node in tree.body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
                assert ast.get_docstring(node), (path, node.name)
