"""The house: which wing may import which, and how large a room may be."""

import ast
import os
import re
import subprocess
import sys
import tomllib
from graphlib import TopologicalSorter
from importlib.metadata import distribution, packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import effaug
from effaug import _extras
from effaug.report.architecture import HOUSE, ROOMS, WINGS, dotted, imports, rooms, wing_of

ROOT = HOUSE.parent
EXTRAS = {"": "", "images": "images", "study": "study", "report": "study", "cli": "study"}
OTHERS = {"jax", "torch"}  # Keras's backends besides TensorFlow, if the user has them
GIVEN = {"dask"}  # of whoever gives the method one of its arrays
UNSEEN = {"opencv-python": "imgaug", "jinja2": "pandas", "tqdm": "pooch"}  # who imports what no wing does
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def third_party(*wings: str) -> set[str]:
    """Top-level modules of other packages that wings import."""
    paths = [path for wing in wings for path in (HOUSE / wing).glob("*.py")]
    found = {module.split(".")[0] for path in paths for module in imports(path)} - {"effaug"}
    return found - sys.stdlib_module_names - OTHERS


def with_requirements(*names: str) -> set[str]:
    needed = {Requirement(line) for name in names for line in distribution(name).requires or ()}
    more = {r.name for r in needed if r.marker is None or r.marker.evaluate({"extra": ""})} - {*names}
    return {*names} | (with_requirements(*more) if more else set())


def installs(extra: str) -> set[str]:
    """The packages that effaug with an extra names, those of the extras within it too; on any machine."""
    lines = [*PROJECT["dependencies"], *(PROJECT["optional-dependencies"][extra] if extra else ())]
    own, names = [], set()
    for requirement in map(Requirement, lines):
        own += [*requirement.extras] if requirement.name == "effaug" else []
        names |= {requirement.name} - {"effaug"}
    return names.union(*map(installs, own))


@pytest.fixture(scope="module")
def bare(tmp_path_factory) -> dict[str, str]:
    """The surroundings of `python -S` in which effaug is installed without extras, and nothing else is."""
    folder = tmp_path_factory.mktemp("bare")
    for name in {"effaug", *with_requirements(*installs(""))}:
        for file in distribution(name).files or ():
            top = file.parts[0]
            if (name != "effaug" or top.endswith(".dist-info")) and top != ".." and not (folder / top).exists():
                (folder / top).symlink_to(Path(str(distribution(name).locate_file(top))))
    (folder / "effaug").symlink_to(HOUSE)
    return {"PATH": os.environ["PATH"], "PYTHONPATH": str(folder)}


def python(code: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, text=True, env=environment)


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


@pytest.mark.parametrize("wing", WINGS)
def test_what_a_wing_imports_is_what_its_extra_installs(wing):
    modules, homes = third_party(*WINGS[: WINGS.index(wing) + 1]), packages_distributions()
    packages = {canonicalize_name(name) for module in modules for name in homes.get(module, [module])}
    packages -= GIVEN if wing in ("", "images") else set()
    packages, named = ({name.removesuffix("-cpu") for name in names} for names in (packages, installs(EXTRAS[wing])))
    assert packages <= named
    if wing in ("", "images", "cli"):  # the last ones of their extras
        assert named - UNSEEN.keys() <= packages
        assert {UNSEEN[name] for name in named & UNSEEN.keys()} <= named


def test_an_extra_that_is_not_installed_is_told_by_the_imports_of_its_wings():
    method = third_party("") - GIVEN | {"tensorflow"}
    images, study = third_party("images") - method, third_party("images", "study", "report", "cli") - method
    assert {extra: set(modules) for extra, modules in _extras.NEEDS.items()} == {"images": images, "study": study}


def test_the_book_has_what_its_notebooks_import():
    modules = {m.split(".")[0] for path in (ROOT / "notebooks").glob("*.py") for m in imports(path)} - {"effaug"}
    modules = {"ipykernel" if module == "IPython" else module for module in modules - sys.stdlib_module_names}
    assert modules <= installs("book")


def test_the_method_runs_where_no_extra_is_installed(bare):
    done = python(
        "import effaug, numpy as np; rng = np.random.default_rng(0); X = rng.normal(size=(40, 3)); "
        "print(effaug.select(X, X[:, 0] > 0, 5)); import keras",
        bare,
    )
    assert len(done.stdout.split()) >= 5, done.stderr
    assert "No module named 'keras'" in done.stderr  # as bare as it should be


@pytest.mark.parametrize(("name", "extra"), [("run", "study"), ("LeNet", "images"), ("iaa", "images")])
def test_a_name_says_which_extra_it_needs(name, extra, bare):
    done = python(f"import effaug; effaug.{name}", bare)
    last = done.stderr.splitlines()[-1]
    assert last.startswith(f"ImportError: effaug.{name} needs effaug[{extra}]: `pip install '.[{extra}]'` in ")
    assert ("pandas" in last, "keras" in last) == (extra == "study", True)
    assert done.stderr.count("Traceback") == 1


def test_without_extras_effaug_lists_what_works(bare):
    done = python("import effaug, pydoc; from effaug import *; pydoc.render_doc(effaug); print(*dir(effaug))", bare)
    assert done.returncode == 0, done.stderr
    assert {"select", "POLICIES", "auc", "__version__"} <= set(done.stdout.split())
    assert not {"run", "LeNet", "iaa"} & set(done.stdout.split())
    assert {"select", "run", "LeNet", "iaa"} <= {*dir(effaug)} & {*effaug.__all__}


def test_without_extras_the_console_script_says_which_one_it_needs(bare):
    module, function = PROJECT["scripts"]["effaug"].split(":")
    done = python(f"import sys; sys.argv[1:] = ['run', 'x']; from {module} import {function}; {function}()", bare)
    assert (done.returncode, done.stdout) == (2, "")
    assert re.fullmatch(r"effaug: the command line needs effaug\[study\]: [^\n]+typer\)\n", done.stderr)
    with_all = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path)}
    done = python(f"import sys; sys.argv[1:] = ['tasks']; from {module} import {function}; {function}()", with_all)
    assert (done.returncode, done.stdout.split(":")[0]) == (0, "mnist-translate"), done.stderr


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


def public_functions(tree: ast.Module) -> list[ast.FunctionDef]:
    """Public functions of a module, and public methods and `__init__` of its public classes."""
    homes = [tree, *(node for node in tree.body if isinstance(node, ast.ClassDef) and not node.name.startswith("_"))]
    nodes = [node for home in homes for node in home.body if isinstance(node, ast.FunctionDef)]
    return [node for node in nodes if node.name == "__init__" or not node.name.startswith("_")]


def test_public_parameters_of_the_method_have_the_fields_names():
    old = {"features": "X", "labels": "y", "weights": "sample_weight", "rng": "random_state"}
    found = set()
    for room in (room for room in rooms("") if not room.name.startswith("_")):
        tree = ast.parse(room.read_text())
        for function in public_functions(tree):
            given = (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)
            found |= {(room.stem, function.name, argument.arg) for argument in given}
        for home in (node for node in tree.body if isinstance(node, ast.ClassDef) and not node.name.startswith("_")):
            fields = (node.target for node in home.body if isinstance(node, ast.AnnAssign))
            found |= {(room.stem, home.name, field.id) for field in fields if isinstance(field, ast.Name)}
    kept = {("curves", "budget_curve", "rng"), ("policies", "Request", "rng")}  # taught by the book; a generator
    assert {name for name in found if name[2] in old} == kept, old


def test_mypy_is_strict_on_every_room_of_the_method():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mypy"]
    assert settings["strict"] is True
    let_off = [re.escape(p).replace(r"\.\*", r"(\..*)?") for o in settings["overrides"] for p in o["module"]]
    for module in ["effaug", *(dotted(room) for room in rooms(""))]:
        assert not any(re.fullmatch(pattern, module) for pattern in let_off), module
    assert "# mypy:" not in "".join(room.read_text() for room in rooms(""))
    assert "type: ignore" not in "".join(room.read_text() for room in rooms(""))


def test_functions_are_small():
    for path in HOUSE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef):
                body = node.body[ast.get_docstring(node) is not None :]
                lines = body[-1].end_lineno - body[0].lineno + 1 if body else 0
                assert lines < 40, (path, node.name, lines)


def private_names_of_others(path: Path) -> set[str]:
    """Private names that a module imports from another, or reads from anything that it does not define them for."""
    tree = ast.parse(path.read_text())
    defined = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    read, imported = set(), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            # private modules are there to be shared within the package
            imported |= {
                a.name
                for a in node.names
                if not (HOUSE.parent / node.module.replace(".", "/") / f"{a.name}.py").exists()
            }
        elif isinstance(node, ast.Attribute):
            (read if isinstance(node.ctx, ast.Load) else defined).add(node.attr)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            defined.add(node.id)
    found = imported | (read - defined)
    return {name for name in found if name.startswith("_") and not name.startswith("__")}


def test_no_module_uses_a_private_name_of_another():
    found = {
        (path.relative_to(HOUSE).as_posix(), name)
        for path in HOUSE.rglob("*.py")
        for name in private_names_of_others(path)
    }
    assert not found
