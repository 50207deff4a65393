"""Where a table's numbers are from: the stored files and what they were computed with, and the commands for it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from effaug.report import notebooks
from effaug.report.exhibits import Origin
from effaug.report.labels import protocol_label
from effaug.report.rounding import by_key, shown
from effaug.study.protocols import NAMES
from effaug.study.records import by_protocol, run_label
from effaug.study.results import Results

if TYPE_CHECKING:
    from effaug.report.view import View

Where = tuple[str, str]  # a task and a kind of features


def provenance(view: View) -> pd.DataFrame:
    """What each task's results were computed with, from the JSON beside them.

    Returns
    -------
    DataFrame
        Indexed by task and features, a row for each network that means are taken over: ``file``; ``protocol``,
        ``network`` and the hash of its ``weights``; ``seeds``, ``C``; the commits of the ``code``, the day on which it
        was ``stored``, the ``machine``, and its ``minutes``.
    """
    rows = {}
    for task, features in view.panels:
        record = view.results.record(task)
        for label in view.results.labels(task, view.parameters["protocol"]):
            if run := record.get(run_label(label, features)):
                rows[task, features, label] = _row(view.results, task, label, run, view.seeds[task, features])
    return by_key(rows, "task", "features", "of").droplevel("of")


def stored_files(results: Results, tasks: Iterable[str], wanted: Callable[[str, str], bool]) -> pd.DataFrame:
    """`provenance` of whatever is stored of some tasks under protocols and by features that are wanted."""
    rows = {}
    for task in set(results.tasks()).intersection(tasks):
        for (protocol, features), run in by_protocol(results.record(task)).items():
            if wanted(protocol, features):
                curves = results.curves(protocol, tasks=[task], features=features)
                rows[task, features, protocol] = _row(results, task, protocol, run, curves.seed.nunique())
    found = by_key(dict(sorted(rows.items())), "task", "features", "of")
    return found.droplevel("of")


def _row(results: Results, task: str, protocol: str, run: dict[str, Any], seeds: int) -> dict[str, Any]:
    network = run.get("network", {})  # a record of a folder of one's own may lack some
    trained = Path(network.get("network") or network.get("name", "")).name
    if "epochs" in network:
        trained += f", {network['epochs']} epochs"
    return {
        "file": f"{results.folder.name}/{task}.csv",
        "protocol": protocol_label(protocol),
        "network": trained,
        "weights": network.get("weights_sha256", "")[:12],
        "seeds": seeds,
        "C": run.get("protocol", {}).get("C", ""),
        "code": ", ".join(re.findall(r"commit ([^\s;]+)", run.get("code", ""))) or run.get("code", ""),
        "stored": run.get("date", ""),
        "machine": run.get("machine", ""),
        "minutes": float(shown(run.get("seconds", 0) / 60, 1)),
    }


def origin(view: View, page: str, panels: Iterable[Where] | None = None) -> Origin:
    """Of some of a view's panels, or of all: their files, and the commands that compute them and show them again.

    Parameters
    ----------
    view : View
    page : str
        The notebook that shows them.
    panels : iterable of (task, features), optional
    """
    chosen = view.panels if panels is None else list(panels)
    files = provenance(view)
    files = files[files.index.isin(chosen)]
    tasks = dict.fromkeys(task for task, _ in chosen)
    if view.parameters["source"] == "recompute":
        files = files.iloc[:0]  # in a temporary folder, which a page has no business to link
        told = tuple(view.command(*panel, score) for panel in chosen for score in view.scores)
    else:
        told = again(chosen, view.parameters["protocol"] not in NAMES)
    datasets = {task.rpartition("-")[0] for task in tasks}
    narrowed = view.parameters | ({"dataset": datasets.pop()} if len(datasets) == 1 and not view.own else {})
    return Origin(files, (*dict.fromkeys(told), *rerun(page, narrowed)))


def study(
    results: Results, page: str, tasks: Iterable[str], wanted: Callable[[str, str], bool], **parameters: Any
) -> Origin:
    """Of what is stored of some tasks under several protocols."""
    files = stored_files(results, tasks, wanted)
    told = again(zip(*map(files.index.get_level_values, ("task", "features")), strict=True), variations=True)
    return Origin(files, (*told, *rerun(page, parameters)))


def again(stored: Iterable[Where], variations: bool = False) -> tuple[str, ...]:
    """What computes stored results anew and compares: a command for each kind of features, with the tasks that have it.

    Examples
    --------
    >>> again([("mnist-crop", "refit"), ("mnist-crop", "frozen"), ("digits-crop", "frozen")])
    ('effaug reproduce mnist-crop digits-crop', 'effaug reproduce mnist-crop --features refit')
    """
    tasks: dict[str, list[str]] = {"frozen": [], "refit": []}
    for task, features in dict.fromkeys(stored):
        tasks[features].append(task)
    options = {"frozen": "", "refit": " --features refit"}
    more = " --variations" * variations
    return tuple(f"effaug reproduce {' '.join(each)}{options[kind]}{more}" for kind, each in tasks.items() if each)


def rerun(page: str, parameters: dict[str, Any]) -> tuple[str, ...]:
    """What runs a page of the book with these parameters, those of the page left out; nothing without notebooks."""
    try:
        offered = notebooks.defaults(page)
    except FileNotFoundError:
        return ()
    changed = [
        f" -p {name}={parameters[name]}" for name in offered if parameters.get(name, offered[name]) != offered[name]
    ]
    return (f"effaug notebook run {page}{''.join(changed)} --html",)
