"""Whether what is stored is what was computed: by digests, by running notebooks, by computing a sample again."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
from filelock import Timeout

from effaug.images import _text
from effaug.study import digests, rows
from effaug.study.experiment import Job
from effaug.study.reproduce import ACCURACY_TOLERANCE, stored_experiments
from effaug.study.results import Key, Results
from effaug.study.tasks import SOURCES

_LONGEST_SAVE = 60.0  # seconds


@dataclass(frozen=True)
class Check:
    """One check and its outcome.

    Attributes
    ----------
    name : str
        Of what was checked: a task, a notebook, a curve.
    expected, got : str
    tolerance : str
        Empty where nothing may differ.
    passed : bool
    """

    name: str
    expected: str
    got: str
    tolerance: str = ""
    passed: bool = True


def stored(results: Results, tasks: Iterable[str] | None = None) -> list[Check]:
    """Check results against their digests: of the tasks named, or of all with the measurements beside them.

    A file is at fault that is damaged, lacks a curve that its record has the digest of, or has records without digests.

    Raises
    ------
    ValueError
        For a task without results.
    """
    known = sorted({path.stem for suffix in ("csv", "json", "npz") for path in results.folder.glob(f"*.{suffix}")})
    if tasks is None:
        beside = ("bench", "images", "timing", "torture")
        measured = [path for folder in beside for path in sorted((results.folder / folder).glob("*"))]
        return [_task(results, name) for name in known] + [_measured(path) for path in measured]
    for task in (names := list(tasks)):
        if task not in known:
            raise ValueError(
                f"no results of {task!r} in {results.folder.resolve()}; there are those of {', '.join(known)}"
            )
    return [_task(results, name) for name in names]


def notebooks(paths: Iterable[Path], folder: Path) -> list[Check]:
    """Run notebooks and compare the text of their outputs with what they hold (nbval).

    Parameters
    ----------
    paths : iterable of Path
    folder : Path
        Where they are run, as ``make test`` does: it holds ``results``, unless ``EFFAUG_RESULTS`` names others.

    Raises
    ------
    ValueError
        If there are none.
    """
    paths = list(paths)
    if not paths:
        raise ValueError(f"no notebooks in {folder.resolve() / 'notebooks'}: go to the folder of effaug's source")
    return [_notebook(path, folder) for path in paths]


def recomputed(
    results: Results, n: int, run: Any, *, tasks: Iterable[str] | None = None, random_state: int = 0
) -> list[Check]:
    """Compute stored curves over frozen features again, from the images, and compare every accuracy.

    Parameters
    ----------
    results : Results
    n : int
        How many curves, drawn at random from all that are stored; all where there are fewer. Those of images of one's
        own are not among them, for a record does not hold the images.
    run : callable
        Takes an experiment and where to store it: `effaug.study.runner.run`, with its workers and progress.
    tasks : iterable of str, optional
    random_state : int, default 0
        Of the draw.

    Raises
    ------
    ValueError
        If n is less than 1, or there is no such curve.
    """
    if n < 1:
        raise ValueError(f"n must be at least 1, got {n}")
    tasks = None if tasks is None else set(tasks)
    names = [task for task in results.tasks() if task.split("-")[0] in SOURCES and (tasks is None or task in tasks)]
    known = [(task, key) for task in names for key in sorted(results.done(task)) if key[1] == "frozen"]
    if not known:
        raise ValueError("none of these results can be computed again: of images of one's own a record holds no pixels")
    drawn = np.random.default_rng(random_state).permutation(len(known))[:n]
    chosen = defaultdict(list)
    for task, key in (known[k] for k in sorted(drawn)):
        chosen[task, key[0]].append(key)
    found = []
    with tempfile.TemporaryDirectory() as folder:
        again = Results(folder)
        for (task, protocol), keys in chosen.items():
            experiments = stored_experiments(results, task)
            (experiment,) = (each for each in experiments if each.protocol.name == protocol)
            run(replace(experiment, curves=tuple(Job(*key[2:]) for key in keys)), again)
            found += [_curve(task, key, results, again) for key in keys]
    return found


def junit(checks: Iterable[Check]) -> str:
    """As JUnit's XML, which CI services show."""
    checks = list(checks)
    failures = str(sum(not check.passed for check in checks))
    suite = ElementTree.Element("testsuite", name="effaug validate", tests=str(len(checks)), failures=failures)
    for check in checks:
        case = ElementTree.SubElement(suite, "testcase", classname="effaug.validate", name=check.name)
        if not check.passed:
            told = f"expected {check.expected}, got {check.got}"
            ElementTree.SubElement(case, "failure", message=told).text = told
    return ElementTree.tostring(suite, encoding="unicode", xml_declaration=True)


def markdown(checks: Iterable[Check]) -> str:
    """As a table in Markdown, what failed first."""
    lines = ["| check | expected | got | tolerance | |", "|---|---|---|---|---|"]
    for check in sorted(checks, key=lambda each: each.passed):
        cells = (check.name, check.expected, check.got, check.tolerance, "passed" if check.passed else "**failed**")
        lines.append("| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def _task(results: Results, task: str) -> Check:
    expected, fault = "every curve as it was stored", _fault(results, task)
    if fault:  # it may be that of a process that is saving: its files do not agree before it has replaced them all
        with contextlib.suppress(OSError, Timeout), results.lock(task).acquire(timeout=_LONGEST_SAVE):
            fault = _fault(results, task)
    return Check(task, expected, fault or f"{len(results.done(task))} curves, as they were stored", passed=not fault)


def _fault(results: Results, task: str) -> str:
    try:
        results.done(task)
        results.points(task)
        return _lost(results, task)
    except ValueError as error:
        return str(error)


def _lost(results: Results, task: str) -> str:
    path = results.folder / f"{task}.json"
    there = {f"{key[0]}/{key[1]}/{rows.key_of(*key[2:])}" for key in results.done(task)}
    for label, run in rows.record(path).items():
        if "curves" not in run:
            return f"{path}: the curves of {label} have no digests; they are added when one of its curves is stored"
        for name in run["curves"]:
            if f"{label}/{name}" not in there:
                return f"{path.with_suffix('.csv')} lacks {label}/{name}, which was stored: run it again"
    return ""


def _measured(path: Path) -> Check:
    try:
        digests.read(path)
        fault = ""
    except (ValueError, OSError) as error:
        fault = str(error)
    return Check(f"{path.parent.name}/{path.stem}", "as it was stored", fault or "as it was stored", passed=not fault)


def _notebook(path: Path, folder: Path) -> Check:
    try:
        if not _text.read_record(path).get("cells"):
            raise ValueError("it has no cells")
    except ValueError as error:
        return Check(str(path), "the outputs that it holds", f"no whole notebook: {error}", passed=False)
    with tempfile.TemporaryDirectory() as scratch:
        report = Path(scratch) / "report.xml"
        command = [sys.executable, "-m", "pytest", "-q", "--nbval", "-p", "no:cacheprovider", f"--junitxml={report}"]
        done = subprocess.run([*command, str(path.resolve())], cwd=folder, capture_output=True, text=True)
        if not report.exists():
            raise OSError(f"nbval cannot run {path}: {(done.stderr or done.stdout).strip().splitlines()[-1]}")
        cases = ElementTree.parse(report).getroot().iter("testcase")
        failed = {str(case.get("name")): case.find("error") is not None for case in cases if len(case)}
    got = f"other outputs in {', '.join(failed)}" if failed else "the outputs that it holds"
    if any(failed.values()) or (not failed and done.returncode):
        got = "what nbval cannot run"
    return Check(str(path), "the outputs that it holds", got, passed=not failed and done.returncode == 0)


def _curve(task: str, key: Key, results: Results, again: Results) -> Check:
    name = f"{task}/{'/'.join(map(str, key))}"
    old, new = (
        {int(row[6]): float(row[7]) for row in rows.read(store.folder / f"{task}.csv") if rows.curve_of(row) == key}
        for store in (results, again)
    )
    if old.keys() != new.keys():
        return Check(name, f"budgets {sorted(old)}", f"budgets {sorted(new)}", passed=False)
    worst = max(old, key=lambda budget: abs(new[budget] - old[budget]))
    passed = abs(new[worst] - old[worst]) <= ACCURACY_TOLERANCE
    expected, got = (f"{values[worst]:.6f} with {worst} points augmented" for values in (old, new))
    if passed:
        got = f"{len(old)} accuracies, the furthest by {abs(new[worst] - old[worst]):.6f}"
    return Check(name, expected, got, str(ACCURACY_TOLERANCE), passed)
