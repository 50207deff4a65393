"""Where the published numbers come from: how far each combination of settings is from them."""

from __future__ import annotations

import functools

import numpy as np
import pandas as pd
from scipy import stats

from effaug.images.weights import mean_image_response
from effaug.report.published import published_aucs, published_features, published_table_1
from effaug.report.rounding import by_key, rounded
from effaug.report.tables import auc_summary
from effaug.study.protocols import PROTOCOLS, TABLE_SCORES
from effaug.study.records import by_protocol, protocol_of, task_of
from effaug.study.results import Results
from effaug.study.tasks import AUGMENTATIONS, choices_read

_LEADING = {("baseline", ""), ("random_proportional", "influence"), ("deterministic_proportional", "influence")}
_N_REDRAWN = 2000


def distances(results: Results, dataset: str) -> pd.DataFrame:
    """How far each stored combination of the text's and the code's choices is from the published numbers.

    Counted are combinations whose every choice is the text's or the code's, with the paper's kind of features and any
    network that was trained on all images, that have at least the baseline and both proportional policies by influence
    under translation. They are compared on the AUCs that all of them have.

    Parameters
    ----------
    results : Results
    dataset : {"mnist", "cifar10", "smallnorb"}

    Returns
    -------
    DataFrame
        Indexed by protocol, the closest first, by ``level``: how far its AUCs (1000 is perfect) are from the published
        ones, the mean of the absolute differences over ``AUCs`` of them. ``pattern``: the same once the mean of each of
        Tables 3-20 is taken off both. ``rank correlation``: of the policies, the median over the tables that have more
        than two. ``none`` and ``full``: accuracy in percent under translation, and ``Table 1``, the mean of their
        absolute differences from that table's, in points.
    """
    tasks = [f"{dataset}-{augmentation}" for augmentation in AUGMENTATIONS]
    stored, paper = set(results.tasks()), published_table_1().loc[dataset]
    table = results.table([task for task in tasks if task in stored])
    table = table[table.features == published_features(tasks[0])]
    pairs, accuracies = {}, {}
    for name, own in table.groupby("protocol"):
        protocol, first = str(name), own[own.task == tasks[0]]
        if not _is_candidate(results, tasks[0], protocol, first):
            continue
        none = 100 * first[(first.policy == "baseline") & (first.budget == 0)].accuracy.mean()
        full = 100 * first[first.policy == "full"].accuracy.mean()
        accuracies[protocol] = (none, full, (abs(none - paper.no_aug) + abs(full - paper.full_aug)) / 2)
        found = published_pairs(results, protocol)
        pairs[protocol] = found[(found.seeds > 0) & found.task.isin(tasks)].set_index(["table", "policy"])
    columns = ["level", "pattern", "rank correlation", "AUCs", "none", "full", "Table 1"]
    if not pairs:
        return pd.DataFrame(columns=columns).rename_axis("protocol")
    common = functools.reduce(pd.Index.intersection, (found.index for found in pairs.values()))
    rows = {}
    for protocol, found in pairs.items():
        found = found.loc[common]
        centred = found.difference - found.groupby("table").difference.transform("mean")
        away = (found.difference.abs().mean(), centred.abs().mean(), _rank_correlation(found))
        row = (*away, len(common), *accuracies[protocol])
        rows[protocol] = dict(zip(columns, row, strict=True))
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("protocol").sort_values("level", kind="stable")


def published_pairs(results: Results, protocol: str) -> pd.DataFrame:
    """All 198 AUCs of Tables 3-20 beside ours, under the features that the paper uses for the task.

    Returns
    -------
    DataFrame
        ``table``, ``task``, ``score``, ``policy``, ``auc``, ``sd``, ``seeds`` (ours; NaN and 0 where nothing is
        stored), ``paper``, ``paper_sd``, ``difference``.
    """
    published = published_aucs().rename(columns={"auc_mean": "paper", "auc_std": "paper_sd"})
    tasks = published.task.unique()
    table = results.curves(protocol, tasks=tasks)
    table = table[table.features == table.task.map({task: published_features(task) for task in tasks})]
    ours = auc_summary(table).rename(columns={"auc_mean": "auc", "auc_std": "sd", "n_seeds": "seeds"})
    ours = pd.concat([ours[ours.score != ""], *(ours[ours.score == ""].assign(score=score) for score in TABLE_SCORES)])
    keys = ["task", "score", "policy"]
    found = published.merge(ours[[*keys, "auc", "sd", "seeds"]], on=keys, how="left")
    found["seeds"] = found.seeds.fillna(0).astype(int)
    found["difference"] = found.auc - found.paper
    return found[["table", *keys, "auc", "sd", "seeds", "paper", "paper_sd", "difference"]]


def agreement(results: Results, protocols: tuple[str, ...], decimals: int = 2) -> pd.DataFrame:
    """How close each protocol's AUCs are to the 198 published ones, with so many decimals.

    Returns
    -------
    DataFrame
        Indexed by protocol and data set, ``all`` last: how many AUCs are stored of how many, the median of the absolute
        differences, and the median over the tables of the rank correlation of the policies with the published order,
        beside `ceiling`, the highest to be expected.
    """
    rows, highest = {}, ceiling()
    for protocol in protocols:
        pairs = published_pairs(results, protocol)
        dataset = pairs.task.str.split("-").str[0]
        for name, part in [*pairs.groupby(dataset, sort=False), ("all", pairs)]:
            stored = part[part.seeds > 0]
            rows[protocol, name] = {
                "AUCs": f"{len(stored)} of {len(part)}",
                "median |difference|": stored.difference.abs().median(),
                "rank correlation": _rank_correlation(stored),
                "ceiling": highest[highest.index.isin(part.table)].median(),
            }
    return rounded(by_key(rows, "protocol", "data set"), decimals)


def mean_kept(results: Results, decimals: int = 2) -> pd.DataFrame:
    """Level and order of small NORB's AUCs by influence where a share of the mean image is kept at featurisation.

    The released code keeps all of it, the text none. A share probes how strongly the network responds to it.

    Returns
    -------
    DataFrame
        Indexed by network, task and share kept, of networks that were probed: the first layer's response to what is
        kept (`mean_image_response`); accuracy in percent of none and of full augmentation; the median over the policies
        of our AUC less the published one; the rank correlation with the published order; the least number of seeds of
        a random policy.
    """
    rows, response = {}, functools.cache(mean_image_response)
    for task in [f"smallnorb-{augmentation}" for augmentation in AUGMENTATIONS]:
        for (weights, kept), name in sorted(probes(results, task).items(), reverse=True):
            own, pairs = results.curves(name, tasks=[task]), published_pairs(results, name)
            pairs = pairs[(pairs.task == task) & (pairs.score == "influence") & (pairs.seeds > 0)]
            rows[weights, task, f"{100 * kept:.0f} %"] = {
                "response": kept * response(weights),
                "none": 100 * own[(own.policy == "baseline") & (own.budget == 0)].accuracy.mean(),
                "full": 100 * own[own.policy == "full"].accuracy.mean(),
                "difference": pairs.difference.median(),
                "rank correlation": stats.spearmanr(pairs.auc, pairs.paper).statistic,
                "seeds": pairs.seeds[pairs.sd.notna()].min(),
            }
    return rounded(by_key(rows, "network", "task", "kept"), decimals)


def probes(results: Results, task: str) -> dict[tuple[str, float], str]:
    """What `mean_kept` shows of a task: labels of protocols, by network and share kept."""
    found: dict[tuple[str, float], str] = {}
    for (label, _), run in by_protocol(results.record(task)).items():
        protocol = protocol_of(run)
        if protocol.base == "released-code" and protocol.changes.keys() <= {"subtract_mean", "weights"}:
            found[run["network"]["network"], 1 - float(protocol.subtract_mean)] = label
    probed = {weights for weights, kept in found if 0 < kept < 1}
    return {key: label for key, label in found.items() if key[0] in probed}


def ceiling() -> pd.Series:
    """The rank correlation with the published order that a repetition of the experiment would reach, by table.

    Each policy's published mean is redrawn with the noise of the difference between two means of five rounds, of its
    published standard deviation. Deterministic policies had one round: over frozen features it repeats; where the
    network is refit its standard deviation is taken to be the median of the random policies'. The mean of 2000 draws.
    """
    rng, found = np.random.default_rng(0), {}
    for number, table in published_aucs().groupby("table"):
        one_round = table.auc_std.median() if published_features(table.task.iloc[0]) == "refit" else 0.0
        noise = np.where(table.auc_std.isna(), np.sqrt(2) * one_round, np.sqrt(2 / 5) * table.auc_std)
        redrawn = table.auc_mean.to_numpy() + noise * rng.standard_normal((_N_REDRAWN, len(table)))
        published = stats.zscore(stats.rankdata(table.auc_mean))
        found[number] = (stats.zscore(stats.rankdata(redrawn, axis=1), axis=1) * published).mean(axis=1).mean()
    return pd.Series(found).rename_axis("table")


def _rank_correlation(pairs: pd.DataFrame) -> float:
    """Of our AUCs with the published ones: the median over the tables of more than two policies, NaN without one."""
    tables = [table for _, table in pairs.groupby("table") if len(table) > 2]
    ranks = [stats.spearmanr(table.auc, table.paper).statistic for table in tables]
    return float(np.median(ranks)) if ranks else np.nan


def _is_candidate(results: Results, task: str, protocol: str, curves: pd.DataFrame) -> bool:
    """Whether what is stored suffices, and every choice that the task depends on is the text's or the code's."""
    if not set(zip(curves.policy, curves.score, strict=True)) >= _LEADING:
        return False
    run = by_protocol(results.record(task))[protocol, published_features(task)]
    chosen, choices = protocol_of(run), set(choices_read(task_of(run))) - {"weights", "cnn_precision"}
    known = (getattr(chosen, c) in [getattr(p, c) for p in PROTOCOLS.values()] for c in choices)
    return not run["network"].get("training", {}).get("leave_out") and all(known)
