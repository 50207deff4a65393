"""Whether what is stored is what was computed: every number against the digest that was stored with it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from effaug.study import rows, timing
from effaug.study.results import Results


@dataclass(frozen=True)
class Checked:
    """One file, or the files of one task, and what was found.

    Attributes
    ----------
    name : str
    n_curves : int
        That agree with their digests; 0 for files without curves.
    fault : str
        A sentence; empty where everything is as it was stored.
    """

    name: str
    n_curves: int
    fault: str


def stored(results: Results, tasks: Iterable[str] | None = None) -> list[Checked]:
    """Check the results of tasks, all unless given, and the stored timings.

    A file is at fault that is damaged, lacks a curve that its record has the digest of, or has records without digests.
    """
    names = results.tasks() if tasks is None else list(tasks)
    return [_task(results, name) for name in names] + [
        _timing(p) for p in sorted((results.folder / "timing").glob("*"))
    ]


def _task(results: Results, task: str) -> Checked:
    try:
        curves = results.done(task)
        results.points(task)
        fault = _lost(results, task)
    except ValueError as error:
        return Checked(task, 0, str(error))
    return Checked(task, len(curves), fault)


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


def _timing(path: Path) -> Checked:
    try:
        timing.load(path.parent, path.stem)
    except (ValueError, OSError) as error:
        return Checked(f"timing/{path.stem}", 0, str(error))
    return Checked(f"timing/{path.stem}", 0, "")
