"""Results on disk, one set of files a task, and what is read off them: AUCs, means and intervals.

``<task>.csv`` holds the curves, tidy and sorted; ``<task>.npz`` each point's scores and the orders of selection;
``<task>.json`` what they were computed with (`effaug.study.records`) and their digests (`effaug.study.rows`). A curve
counts as stored once its rows are in the CSV, written last.

The arrays of ``<task>.npz`` are named ``protocol/features/score/policy/seed/name`` by `member`: the curve's key as in
the CSV, where an empty score leaves ``//``, and one of these, of n points:

- ``order``, (m,): the points in the order of selection, of policies that have one; m is the largest budget.
- ``influence_before``, ``influence_after``, ``loss_before``, ``loss_after``, float32 (n,), of ``full`` as all that
  follow: scores without augmentation, and with full augmentation.
- ``labels``, uint8 (n,): 0 or 1.
- ``shown``, (k,): the points of extreme score, ascending; ``images``, uint8 (k, h, w, c): theirs.

``order`` and ``shown`` have the smallest unsigned type that holds n - 1: cast them before negating or subtracting.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from filelock import FileLock

from effaug.curves import auc
from effaug.images import _npz
from effaug.images._files import make_folder, write_whole
from effaug.study import digests, rows
from effaug.study.protocols import stored_as
from effaug.study.records import Change, repetitions, run_label, variation
from effaug.study.rows import COLUMNS, Key


@dataclass(frozen=True, eq=False)
class Curve:
    """Accuracy against budget for one policy and one seed.

    Attributes
    ----------
    task, protocol, features, score, policy : str
        `score` is empty for policies that use none.
    seed : int
    budgets : tuple of int
    accuracies : ndarray, shape (len(budgets),)
        Fractions of the augmented test set.
    points : dict of str to ndarray
        What else is kept for the figures: orders of selection, scores.
    seconds : float
        Wall-clock time it took.
    """

    task: str
    protocol: str
    features: str
    score: str
    policy: str
    seed: int
    budgets: tuple[int, ...]
    accuracies: np.ndarray
    points: dict[str, np.ndarray] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def key(self) -> Key:
        """What tells it from the task's other curves."""
        return (self.protocol, self.features, self.score, self.policy, self.seed)


class Results:
    """The results in a folder.

    Parameters
    ----------
    folder : path
    """

    def __init__(self, folder: str | Path = "results") -> None:
        self.folder = Path(folder)

    def tasks(self) -> list[str]:
        """Names of the tasks with results."""
        return sorted(p.stem for p in self.folder.glob("*.csv"))

    def state(self) -> tuple[tuple[str, int, int, int], ...]:
        """What is another as soon as a stored file is: each is replaced whole."""
        found = ((path.name, path.stat()) for path in sorted(self.folder.rglob("*.[cjn]*")))
        return tuple((name, at.st_ino, at.st_mtime_ns, at.st_size) for name, at in found)

    def done(self, task: str) -> set[Key]:
        """Keys of the stored curves of a task."""
        return {(r[1], r[2], r[3], r[4], int(r[5])) for r in rows.read(self._path(task, "csv"))}

    def lock(self, task: str) -> FileLock:
        """Held while a task's files are replaced: between one and the next they do not agree."""
        return FileLock(self.folder / f".{task}.lock")

    def save(self, curves: Sequence[Curve], record: dict[str, Any]) -> None:
        """Add curves of one task, protocol and kind of features; each file is replaced whole, and the CSV last.

        Parameters
        ----------
        curves : sequence of Curve
            At least one.
        record : dict
            What they were computed with, for the JSON.
        """
        task, label = curves[0].task, run_label(*curves[0].key[:2])
        make_folder(self.folder)
        with self.lock(task):
            points, stored = self.points(task), rows.read(self._path(task, "csv"))
            for curve in curves:
                points |= {member(curve.key, name): array for name, array in curve.points.items()}
            new = {curve.key: rows.ordered(_rows_of(curve)) for curve in curves}
            runs, about = self._merged(curves, record), rows.record(self._path(task, "json"))
            before = about.get(label, {}).get("curves")
            if before is None:  # a folder of an earlier version
                before = _entries(rows.by_curve(row for row in stored if run_label(*row[1:3]) == label), points)
            now = before | _entries(new, points)
            both = {key: digests.either(before.get(key, ""), entry) for key, entry in now.items()}
            if both != now:  # whatever stops this, what is there stays valid
                self._write_record(task, runs, label, both)
            write_whole(self._path(task, "npz"), lambda part: _savez(part, dict(sorted(points.items()))))
            if both == now:
                self._write_record(task, runs, label, now)
            kept = [row for row in stored if rows.curve_of(row) not in new]
            whole = rows.text(rows.ordered([*kept, *(row for each in new.values() for row in each)])).encode()
            write_whole(self._path(task, "csv"), lambda part: part.write_bytes(whole))
            if both != now:
                self._write_record(task, runs, label, now)

    def table(self, tasks: Iterable[str] | None = None) -> pd.DataFrame:
        """All stored rows, with the columns task, protocol, features, score, policy, seed, budget, accuracy."""
        return rows.joined(rows.frame(self._path(t, "csv")) for t in (self.tasks() if tasks is None else tasks))

    def curves(
        self,
        *protocols: str,
        tasks: Iterable[str] | None = None,
        features: str = "all",
        n_seeds: int | None = None,
        change: Change | None = None,
        repeated: bool = False,
    ) -> pd.DataFrame:
        """The rows of `table` that are stored under one of some protocols: what every page and report reads.

        Parameters
        ----------
        *protocols : str
            As stored, or ``"reconstruction"``, which stands for another with each data set.
        tasks : iterable of str, optional
            All unless given; those without results have no rows.
        features : {"all", "frozen", "refit"}
        n_seeds : int, optional
            At most so many of the stored seeds, from 0.
        change : callable, optional
            Rows of what it makes of each protocol, in place of the protocol's own: see `label`.
        repeated : bool
            Means over the networks of `REPETITIONS`, under the first one's label, in place of its own rows. Those of
            ``"reconstruction"`` always are.
        """
        stored, found = self.tasks(), []
        for task in stored if tasks is None else [task for task in tasks if task in stored]:
            frame = rows.frame(self._path(task, "csv"))
            wide = (frame.features == features) | (features == "all")
            kept = frame[wide & (frame.seed < (n_seeds or np.inf))]
            wanted = [self.labels(task, name, change, repeated) for name in protocols]
            means = dict.fromkeys(labels for labels in wanted if len(labels) > 1)
            alone = {labels[0] for labels in wanted} - {labels[0] for labels in means}
            found.extend([kept[kept.protocol.isin(alone)], *(rows.averaged(kept, labels) for labels in means)])
        return rows.joined(found)

    def label(self, task: str, protocol: str, change: Change | None = None) -> str:
        """Under what a task's curves of a protocol are stored; of a changed one, empty where there are none.

        Parameters
        ----------
        task : str
        protocol : str
            As stored, or ``"reconstruction"``.
        change : callable, optional
            From the protocol to the changed one, such as ``lambda p: swap(p, ("C",))``.
        """
        label = stored_as(protocol, task)
        return variation(self.record(task), label, change) if change else label

    def labels(self, task: str, protocol: str, change: Change | None = None, repeated: bool = False) -> tuple[str, ...]:
        """Under what the curves are stored that `curves` takes means of; the first is `label`."""
        label = self.label(task, protocol, change)
        return repetitions(self.record(task), label) if repeated or protocol == "reconstruction" else (label,)

    def points(self, task: str, key: Key | None = None) -> dict[str, np.ndarray]:
        """Arrays kept beside the curves, by `member`; of one curve, where its key is given, by their own names."""
        start = "" if key is None else member(key, "")
        path, done = self._path(task, "npz"), self.done(task)  # first: what is saved meanwhile is not asked for
        try:
            found = _npz.read(path, wanted=lambda name: name.startswith(start))
        except FileNotFoundError:
            found = {}
        except ValueError as error:
            raise rows.damaged(path, error) from error
        arrays, runs = digests.by_curve(found), rows.record(self._path(task, "json"))
        for each in done if key is None else done & {key}:
            known, prefix = runs[run_label(*each[:2])].get("curves"), member(each, "")
            if known is not None and not digests.has_arrays(known[rows.key_of(*each[2:])], arrays.get(prefix, {})):
                raise rows.damaged(path, f"arrays of {prefix} are not as they were stored")
        return {name[len(start) :]: array for name, array in found.items()}

    def record(self, task: str) -> dict[str, Any]:
        """What a task's results were computed with."""
        return {label: rows.without_digests(run) for label, run in rows.record(self._path(task, "json")).items()}

    def _write_record(self, task: str, runs: dict[str, Any], label: str, curves: dict[str, str]) -> None:
        runs = runs | {label: digests.signed(runs[label] | {"curves": curves})}
        text = json.dumps(runs, indent=1, sort_keys=True) + "\n"
        write_whole(self._path(task, "json"), lambda part: part.write_bytes(text.encode()))

    def _path(self, task: str, suffix: str) -> Path:
        return self.folder / f"{task}.{suffix}"

    def _merged(self, curves: Sequence[Curve], record: dict[str, Any]) -> dict[str, Any]:
        stored = rows.record(self._path(curves[0].task, "json"))
        label = run_label(curves[0].protocol, curves[0].features)
        before = stored.get(label, {})
        seconds = before.get("seconds", 0.0) + sum(curve.seconds for curve in curves)
        changed: dict[str, Any] = {"seconds": round(seconds, 3)}
        for part in {"code", "machine"} & record.keys():  # curves of one label may be of several commits
            changed[part] = _joined(before.get(part, ""), record[part])
        for name, version in record.get("libraries", {}).items():
            libraries = changed.setdefault("libraries", {})
            libraries[name] = _joined(before.get("libraries", {}).get(name, ""), version)
        return stored | {label: record | changed}


def member(key: Key, name: str) -> str:
    """What an array of a curve is called in ``<task>.npz``.

    Raises
    ------
    ValueError
        For a part with a slash, which could not be told from two.

    Examples
    --------
    >>> member(("paper", "frozen", "", "baseline", 0), "order")
    'paper/frozen//baseline/0/order'
    """
    parts = (*map(str, key), name)
    for part in parts:
        if "/" in part:
            raise ValueError(f"a part of a stored array's name must not contain '/', got {part!r}")
    return "/".join(parts)


def _entries(curves: dict[Key, list[rows.Row]], points: dict[str, np.ndarray]) -> dict[str, str]:
    """Digests of curves, by what they are filed under."""
    arrays = digests.by_curve(points)
    return {
        rows.key_of(*key[2:]): digests.entry(found, arrays.get(member(key, ""), {})) for key, found in curves.items()
    }


def _joined(before: str, now: str) -> str:
    return "; ".join(dict.fromkeys([*filter(None, before.split("; ")), now]))


def aucs(table: pd.DataFrame) -> pd.DataFrame:
    """The AUC of every curve from none to all points: one row a (task, protocol, features, score, policy, seed).

    Its column is ``auc``. What is measured at other budgets than the baseline, such as full augmentation or a k-DPP,
    has none.
    """
    keys, last = list(COLUMNS[:6]), table.groupby("task").budget.max().to_dict()
    baselines = table[table.policy == "baseline"].groupby("task")
    usual = {str(task): tuple(sorted(set(rows.budget))) for task, rows in baselines}
    ordered = table.sort_values([*keys, "budget"])
    starts = np.flatnonzero(
        ~ordered.duplicated(keys)
    )  # slices, as a frame for each of thousands of curves takes seconds
    of_each = (np.split(ordered[column].to_numpy(), starts)[1:] for column in ("budget", "accuracy"))
    curves = zip(ordered[keys].iloc[starts].itertuples(index=False, name=None), *of_each, strict=True)
    from_none_to_all = ((key, b, a) for key, b, a in curves if b[0] == 0 and b[-1] == last[key[0]])
    whole = ((key, b, a) for key, b, a in from_none_to_all if tuple(b) == usual.get(str(key[0]), tuple(b)))
    found = [(*key, auc(budgets, accuracies)) for key, budgets, accuracies in whole]
    return pd.DataFrame(found, columns=[*keys, "auc"])


def _rows_of(curve: Curve) -> list[rows.Row]:
    head = (curve.task, curve.protocol, curve.features, curve.score, curve.policy, str(curve.seed))
    return [(*head, str(b), f"{a:.6f}") for b, a in zip(curve.budgets, curve.accuracies, strict=True)]


def _savez(path: Path, arrays: dict[str, np.ndarray]) -> None:
    with path.open("wb") as file:  # given a path, NumPy would add .npz to its name
        np.savez_compressed(file, **arrays)  # type: ignore[arg-type]
