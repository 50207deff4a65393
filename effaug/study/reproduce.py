"""Stored results, computed anew from what they say they were computed with, and compared."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from effaug.study.experiment import Experiment, Job
from effaug.study.protocols import PROTOCOLS
from effaug.study.records import by_protocol, protocol_of, task_of
from effaug.study.results import COLUMNS, Key, Results, aucs

# On one machine with one set of library versions the numbers repeat exactly. On another, features differ in their last
# bits, and where two scores are nearly equal another point is drawn. A network that is trained anew for every fit is
# then another network: its curves are new rounds of the same experiment, and only their means can be compared.
ACCURACY_TOLERANCE = 0.005  # of any accuracy of any curve over frozen features
AUC_TOLERANCE = 0.5  # of any policy's mean AUC, where 1000 is perfect
STANDARD_ERRORS = 3.0  # of a difference between mean AUCs of refitted networks, where that is more


def stored_experiments(results: Results, task: str, features: str = "frozen") -> list[Experiment]:
    """What would compute a task's stored curves again, one experiment a protocol.

    Raises
    ------
    ValueError
        If nothing is stored for the task with these features.
    """
    found = []
    for (protocol, kind), run in by_protocol(results.record(task)).items():
        stored = [key[2:] for key in sorted(results.done(task)) if key[:2] == (protocol, kind)]
        if kind == features and stored:
            found.append(
                Experiment(
                    task_of(run),
                    protocol_of(run),
                    features=kind,
                    curves=tuple(Job(*key) for key in stored),
                )
            )
    if not found:
        raise ValueError(f"no results with {features} features of {task!r} in {results.folder}")
    return found


def compare(stored: Results, computed: Results, task: str, asked: set[Key] | None = None) -> pd.DataFrame:
    """How far computed curves are from the stored ones of the same name.

    Parameters
    ----------
    stored, computed : Results
    task : str
    asked : set of Key, optional
        The curves that both must have, at the same budgets; what one lacks is infinitely far. Those of `computed`
        unless given.

    Returns
    -------
    DataFrame
        One row a protocol and kind of features: how many curves one of them has, the largest difference in accuracy,
        the largest difference in a policy's mean AUC, and whether both are within the tolerance: over frozen features
        one for each; of refitted networks the mean AUCs', by their spread over the stored rounds.
    """
    keys = [*COLUMNS[:6]]
    asked = computed.done(task) if asked is None else asked
    old, new = (_of(results.table([task]), asked) for results in (stored, computed))
    both = old.merge(new, on=[*keys, "budget"], how="outer", suffixes=("", "_new"))
    both["difference"] = (both.accuracy_new - both.accuracy).abs().fillna(np.inf)
    areas = aucs(old).merge(aucs(new), on=keys, suffixes=("", "_new"))
    by_policy = ["protocol", "features", "score", "policy"]
    means = areas.groupby(by_policy).agg(auc=("auc", "mean"), auc_new=("auc_new", "mean"), rounds=("auc", "size"))
    means["difference"] = (means.auc_new - means.auc).abs()
    spread = aucs(stored.table([task])).groupby(by_policy).auc.std().reindex(means.index).fillna(0)
    means["tolerance"] = np.maximum(AUC_TOLERANCE, STANDARD_ERRORS * spread * np.sqrt(2 / means.rounds))
    means = means.reset_index()
    rows = []
    for (protocol, features), group in both.groupby(["protocol", "features"]):
        same = means[(means.protocol == protocol) & (means.features == features)]
        accuracy, area = group.difference.max(), same.difference.max()
        if features == "frozen":
            within = accuracy <= ACCURACY_TOLERANCE and not area > AUC_TOLERANCE
        else:
            within = np.isfinite(accuracy) and not (same.difference > same.tolerance).any()
        rows.append(
            {
                "task": task,
                "protocol": protocol,
                "features": features,
                "curves": len(group.groupby(keys)),
                "accuracy differs by": accuracy,
                "mean AUC differs by": area,
                "within tolerance": bool(within),
            }
        )
    return pd.DataFrame(rows)


def _of(table: pd.DataFrame, asked: set[Key]) -> pd.DataFrame:
    keys = zip(*(table[column] for column in COLUMNS[1:6]), strict=True)
    return table[[key in asked for key in keys]]


def reproduce(
    task: str,
    stored: Results,
    folder: Path,
    run: Any,
    *,
    features: str = "frozen",
    n_seeds: int | None = None,
    variations: bool = False,
) -> pd.DataFrame:
    """Compute a task's stored results again, into another folder, and compare.

    Parameters
    ----------
    task : str
    stored : Results
    folder : Path
        For the new results; what is there already is not computed again.
    run : callable
        Takes an experiment and where to store it: `effaug.study.runner.run`, with its workers and progress.
    features : {"frozen", "refit"}
    n_seeds : int, optional
        Only so many of the stored seeds.
    variations : bool, default False
        Also what is stored with a choice of the two protocols changed.

    Returns
    -------
    DataFrame
        See `compare`.

    Raises
    ------
    ValueError
        If nothing is stored for the task with these features, or variations alone; or for less than one seed.
    """
    if n_seeds is not None and n_seeds < 1:
        raise ValueError(f"n_seeds must be at least 1, got {n_seeds}")
    found = stored_experiments(stored, task, features)
    chosen = [experiment for experiment in found if variations or experiment.protocol.name in PROTOCOLS]
    if not chosen:
        raise ValueError(f"only variations are stored of {task!r} in {stored.folder}: ask for them (--variations)")
    computed, asked = Results(folder), set[Key]()
    for experiment in chosen:
        curves = tuple(job for job in experiment.jobs() if n_seeds is None or job.seed < n_seeds)
        run(replace(experiment, curves=curves), computed)
        asked |= {experiment.key(job) for job in curves}
    return compare(stored, computed, task, asked)
