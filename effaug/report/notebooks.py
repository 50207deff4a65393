"""The book's notebooks: what they are called, their parameters, and running one with others (papermill)."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from effaug._validation import unknown
from effaug.images._files import write_whole
from effaug.images._folders import FOLDERS
from effaug.report.own_data import check_page
from effaug.report.parameters import check_value, is_own, stored_results

STORED_TAG = "stored"  # of a cell whose text speaks of the stored results
FOLDER = Path(__file__).resolve().parents[2] / "notebooks"
RESULTS = FOLDER.parent / "results"
PAGE = FOLDER.parent / "book" / "_ext" / "nbconvert" / "config.py"  # how a notebook becomes a page of its own


def titles() -> dict[str, str]:
    """The notebooks by name, such as ``random_policies``, with the headings of their pages.

    Raises
    ------
    FileNotFoundError
        Where effaug is installed without its source, which the notebooks belong to.
    """
    found = {path.stem: _title(path) for path in sorted(FOLDER.glob("*.ipynb"))}
    if not found:
        raise FileNotFoundError(f"no notebooks in {FOLDER}: they are part of effaug's source, from which it is run")
    return found


def defaults(name: str) -> dict[str, Any]:
    """A notebook's parameters with their values on the page of the book.

    Raises
    ------
    ValueError
        For an unknown name, with the known ones.
    """
    if name not in (known := titles()):
        raise ValueError(unknown("notebook", name, known))
    cells = _read(FOLDER / f"{name}.ipynb")["cells"]
    source = next("".join(cell["source"]) for cell in cells if "parameters" in cell["metadata"].get("tags", ()))
    values = {}
    for line in ast.parse(source).body:
        if isinstance(line, ast.Assign) and isinstance(line.targets[0], ast.Name):
            values[line.targets[0].id] = ast.literal_eval(line.value)
    return values


def parameters(name: str, given: Iterable[str]) -> dict[str, Any]:
    """Values for a notebook's parameters, from texts such as ``"dataset=digits"``.

    Raises
    ------
    ValueError
        For a text without ``=``, a parameter that the notebook has not, or a value that it does not accept: with what
        would be accepted, before anything is run.
    """
    known, found = defaults(name), {}
    for text in given:
        key, equals, value = text.partition("=")
        if not equals:
            raise ValueError(f"parameters are given as name=value, got {text!r}")
        if key not in known:
            raise ValueError(unknown("parameter", key, known))
        found[key] = int(value) if isinstance(known[key], int) and re.fullmatch(r"-?\d+", value) else value
        check_value(key, found[key], stored_results())
        if key == "dataset" and is_own(value):
            found[key] = str(Path(value).resolve())  # papermill runs in the notebooks' folder
    check_page(name, known | found)
    return found


def run(name: str, values: Mapping[str, Any], out: Path, *, html: bool = False) -> list[Path]:
    """Run a notebook with these parameters and write it, as it was executed, without times and paths.

    What its text says of the stored results is left out where a parameter is another than on the page, or the results
    are others (``EFFAUG_RESULTS``).

    Parameters
    ----------
    name : str
    values : mapping
        See `parameters`.
    out : Path
        The notebook to write, ``.ipynb``.
    html : bool, default False
        Whether its page is written beside it.

    Returns
    -------
    list of Path
        What was written.

    Raises
    ------
    ValueError
        If ``out`` is no ``.ipynb``; if a cell fails, with its sentence: then nothing is written.
    """
    if out.suffix != ".ipynb":
        raise ValueError(f"the file to write must end in .ipynb, got {str(out)!r}")
    with tempfile.TemporaryDirectory() as scratch:
        ran = Path(scratch) / out.name
        pairs = [("-p" if isinstance(value, int) else "-r", key, str(value)) for key, value in values.items()]
        options = ["--no-progress-bar", "--kernel", "python3", *(part for pair in pairs for part in pair)]
        source, shown = Path(scratch) / "source.ipynb", Path(os.environ.get("EFFAUG_RESULTS") or RESULTS)
        as_stored = values.items() <= defaults(name).items() and shown.expanduser().resolve() == RESULTS
        source.write_text(json.dumps(_told(_read(FOLDER / f"{name}.ipynb"), as_stored)))
        done = _call("papermill", str(source), str(ran), *options)
        if done.returncode:
            raise ValueError(f"{name}: {_last(done.stderr)}")
        notebook = _read(ran)
        for part in (notebook, *notebook["cells"]):
            for key in ("papermill", "execution"):
                part["metadata"].pop(key, None)
        write_whole(out, lambda part: part.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"))
    if not html:
        return [out]
    done = _call("nbconvert", "--to", "html", str(out.resolve()), "--config", str(PAGE))
    if done.returncode:
        raise OSError(f"{out} is written, its page is not: {_last(done.stderr)}")
    return [out, out.with_suffix(".html")]


def _told(notebook: dict[str, Any], as_stored: bool) -> dict[str, Any]:
    """The notebook with the cells that speak of the stored results, or without them."""
    cells = notebook["cells"]
    kept = [cell for cell in cells if as_stored or STORED_TAG not in cell["metadata"].get("tags", ())]
    return notebook | {"cells": kept}


def _call(module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run in the notebooks' folder, from which folders that the environment names are found all the same."""
    named = {name: str(Path(os.environ[name]).expanduser().resolve()) for name in FOLDERS if os.environ.get(name)}
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(command, cwd=FOLDER, env=os.environ | named, capture_output=True, text=True)


def _last(text: str) -> str:
    """The sentence that a traceback ends with."""
    lines = [line for line in text.splitlines() if line.strip()] or ["it said nothing"]
    return re.sub(r"^(ParameterError|ValueError): ", "", re.sub("\x1b\\[[0-9;]*m", "", lines[-1]))


def _title(path: Path) -> str:
    sources = ("".join(cell["source"]) for cell in _read(path)["cells"])
    return next((line[2:] for source in sources for line in source.splitlines() if line.startswith("# ")), path.stem)


def _read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text())
    return found
