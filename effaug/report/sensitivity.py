"""How the gain of selecting points changes with C, with the network and with one choice of the protocol."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from effaug.report.panels import CHANCE
from effaug.report.rounding import by_key
from effaug.report.statistics import half_width
from effaug.study.protocols import Protocol
from effaug.study.records import by_protocol, protocol_of, protocols_of
from effaug.study.results import Results
from effaug.study.tasks import TASKS

_SWEPT = {"C", "subtract_mean", "weights"}  # set, and nothing else: what is swapped is for `discrepancies.isolated`


def sensitivity(
    results: Results, tasks: tuple[str, ...], n_seeds: int | None = None, budget_fraction: float = 0.10
) -> pd.DataFrame:
    """What the paper's effect depends on: accuracies in percent at some fraction augmented, for every stored variation.

    Parameters
    ----------
    results : Results
    tasks : tuple of str
    n_seeds : int, optional
        At most so many of the stored seeds, from 0; all unless given.
    budget_fraction : float, default 0.10
        Share of the points that are augmented.

    Returns
    -------
    DataFrame
        Indexed by task, base protocol, network, mean image (subtracted or kept) and C: ``none``, ``full``,
        ``full - none``; ``baseline`` and ``influence`` (random proportional) at the budget; ``influence - baseline``,
        paired over seeds, with the half width of its 95 % t interval and the number of seeds.
    """
    rows = {}
    for task in tasks:
        table = results.table([task])
        table = table[(table.features == "frozen") & (table.seed < (n_seeds or np.inf))]
        for (label, features), run in by_protocol(results.record(task)).items():
            protocol, curves = protocol_of(run), table[table.protocol == label]
            if features != "frozen" or curves.empty or not _is_swept(protocol):
                continue
            kept = curves[curves.score.isin(["", "influence"])]
            at = kept[kept.budget == round(budget_fraction * curves.budget.max())]
            pairs = at.pivot(index="seed", columns="policy", values="accuracy")
            if not {"baseline", "random_proportional"} <= set(pairs.columns):
                continue
            gain = 100 * (pairs.random_proportional - pairs.baseline).dropna()
            none = 100 * curves[(curves.policy == "baseline") & (curves.budget == 0)].accuracy.mean()
            full = 100 * curves[curves.policy == "full"].accuracy.mean()
            rows[task, protocol.base, *_varied(run)] = {
                "none": none,
                "full": full,
                "full - none": full - none,
                "baseline": 100 * pairs.baseline.mean(),
                "influence": 100 * pairs.random_proportional.mean(),
                "influence - baseline": gain.mean(),
                "±": half_width(gain),
                "seeds": len(gain),
            }
    return by_key(dict(sorted(rows.items(), key=_by_task_and_C)), "task", "protocol", "network", "mean image", "C")


def is_swept(results: Results) -> Callable[[str, str], bool]:
    """Whether a stored protocol, by frozen features, is a variation that `sensitivity` shows, by its label."""
    known = {label: p for task in results.tasks() for label, p in protocols_of(results.record(task)).items()}
    shown = {label for label, p in known.items() if _is_swept(p)}
    return lambda protocol, features: features == "frozen" and protocol in shown


def _is_swept(protocol: Protocol) -> bool:
    # a share of the mean image probes a network: neither the text nor the code has one
    return not protocol.swapped and protocol.changes.keys() <= _SWEPT and isinstance(protocol.subtract_mean, bool)


def gains(found: pd.DataFrame) -> pd.DataFrame:
    """What full augmentation and influence gain, in settings whose classifier is better than guessing."""
    return found.loc[found.full >= CHANCE, ["full - none", "influence - baseline", "±"]]


def gain_correlation(found: pd.DataFrame) -> pd.DataFrame:
    """Whether influence is further ahead of random selection where augmenting everything gains more (`gains`).

    Returns
    -------
    DataFrame
        Indexed by data set, the last row of all: number of settings, Spearman's rank correlation of both over them.
        Data sets of three settings or fewer have no row.
    """
    kept = gains(found)
    dataset = kept.index.get_level_values("task").str.split("-").str[0]
    parts = [*kept.groupby(dataset, sort=False), ("all", kept)]
    rows = {
        name: {"settings": len(rows), "rank correlation": stats.spearmanr(rows.iloc[:, 0], rows.iloc[:, 1]).statistic}
        for name, rows in parts
        if len(rows) > 3
    }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("data set")


def _varied(record: dict[str, Any]) -> tuple[str, str, str]:
    """Network, mean image and C of a run."""
    network, protocol = record["network"], record["protocol"]
    mean = ("kept", "subtracted")[protocol["subtract_mean"]] if "subtract_mean" in network else ""
    return network.get("network", network["name"]), mean, str(protocol["C"])


def _by_task_and_C(row: tuple) -> tuple:
    task, protocol, network, mean, C = row[0]
    return TASKS.index(task), protocol, network, mean, float("inf") if C == "cv" else float(C)
