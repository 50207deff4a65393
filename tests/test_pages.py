"""The notebooks' cells, run on a few stored curves: every parameter that a page offers changes what the page shows."""

import ast
import csv
import functools
import shutil
from pathlib import Path

import IPython.display
import jupytext
import numpy as np
import pandas as pd
import pytest

from effaug.report.parameters import DEFAULTS, STORED, ParameterError
from effaug.report.view import open_view

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"
TASKS = ("mnist-rotate", "mnist-translate", "digits-rotate", "digits-translate")
OTHERWISE = {
    "dataset": ("digits", "mnist"),
    "augmentation": ("rotate", "translate"),
    "score": "loss",
    "features": ("refit", "frozen"),
    "protocol": "released-code",
    "n_seeds": 1,
    "variants": "paper",
    "network": "cifar10",
    "device": "gpu",
    "fault": "killed",
}


def cells(page: str) -> list[str]:
    """The sources of a notebook's code cells, the first of which is the one of parameters."""
    return [cell.source for cell in jupytext.read(NOTEBOOKS / f"{page}.py").cells if cell.cell_type == "code"]


def parameters(page: str) -> dict:
    names: dict = {}
    exec(cells(page)[0], names)
    return {name: value for name, value in names.items() if not name.startswith("_")}


PAGES = sorted(path.stem for path in NOTEBOOKS.glob("*.py"))
OFFERED = [(page, name) for page in PAGES for name in parameters(page) if name != "source"]
OFFERED.remove(("quickstart", "dataset"))  # its last cell downloads the images of any data set but the digits


@pytest.fixture(scope="module")
def stored(tmp_path_factory, without_digests) -> Path:
    """Two seeds of four tasks, with what is kept of seed 0's points."""
    folder = tmp_path_factory.mktemp("results")
    for task in TASKS:
        header, *rows = csv.reader((STORED / f"{task}.csv").read_text().splitlines())
        lines = [header, *(row for row in rows if int(row[5]) < 2)]
        (folder / f"{task}.csv").write_text("".join(f"{','.join(row)}\n" for row in lines))
        shutil.copy(STORED / f"{task}.json", folder)
        with np.load(STORED / f"{task}.npz") as arrays:
            np.savez(folder / f"{task}.npz", **{name: arrays[name] for name in arrays.files if "/full/0/" in name})
    without_digests(folder)
    for measured in ("timing", "torture"):
        shutil.copytree(STORED / measured, folder / measured)
    for device in (folder / "timing").glob("*.json"):
        device.rename(device.with_stem("cpu"))
    for path in sorted((folder / "timing").glob("*.json"))[:1]:
        shutil.copy(path, path.with_stem("gpu"))
    return folder


@pytest.fixture(scope="module")
def show(stored):
    """What a page shows with some of its parameters changed, as text."""

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("effaug.report.parameters.STORED", stored)
        yield functools.cache(functools.partial(shown, source="stored"))


def shown(page: str, **changes) -> str:
    """What a page shows with some of its parameters changed, as far as it has them, as text."""
    things: list[object] = []
    names: dict = {}
    first, *rest = cells(page)
    exec(first, names)
    names |= {name: value for name, value in changes.items() if name in names}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(IPython.display, "display", lambda *each: things.extend(each))
        for cell in rest:
            *body, last = ast.parse(cell).body
            exec(compile(ast.Module(body, []), page, "exec"), names)
            if isinstance(last, ast.Expr):
                things.append(eval(compile(ast.Expression(last.value), page, "eval"), names))
            else:
                exec(compile(ast.Module([last], []), page, "exec"), names)
    return "\n".join(map(text, things))


def text(thing: object) -> str:
    """All that a page shows of a thing, its origin with it."""
    if hasattr(thing, "_repr_html_") and not isinstance(thing, pd.DataFrame):
        return thing._repr_html_()
    if isinstance(thing, pd.DataFrame | pd.Series):
        return thing.to_string()
    return str(getattr(thing, "data", thing))


def other(page: str, name: str) -> object:
    accepted = OTHERWISE[name]
    if not isinstance(accepted, tuple):
        return accepted
    return next(value for value in accepted if value != parameters(page)[name])


@pytest.mark.parametrize(
    ("page", "name"),
    [pytest.param(*each, marks=[] if each[1] == "score" else [pytest.mark.slow]) for each in OFFERED],
)
def test_every_parameter_that_a_page_offers_changes_what_it_shows(show, page, name):
    assert show(page) != show(page, **{name: other(page, name)})


@pytest.mark.parametrize("page", [page for page in PAGES if {*DEFAULTS} > {*parameters(page)} > {"source"}])
def test_a_parameter_that_a_page_does_not_offer_is_refused_by_it(page):
    """Of the seven, those that would change nothing; the rest are as the page's first cell has them."""
    opened = cells(page)[1].replace("open_view(globals()", "open_view(names")
    call = next(line for line in opened.splitlines() if "open_view(names" in line).partition("= ")[2]
    missing = sorted(set(DEFAULTS) - set(parameters(page)))
    for name in missing:
        names = parameters(page) | {name: DEFAULTS[name]}
        with pytest.raises(ParameterError, match=f"unknown parameter '{name}'"):
            eval(call, {"open_view": open_view, "names": names})
