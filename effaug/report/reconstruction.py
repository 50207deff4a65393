"""Where the published numbers come from: how far each combination of settings is from them."""

from __future__ import annotations

import dataclasses
import functools
import itertools

import numpy as np
import pandas as pd
from scipy import stats

from effaug.images.weights import mean_image_response
from effaug.report.published import DATASETS, published_aucs, published_features, published_table_1
from effaug.report.rounding import by_key, rounded
from effaug.report.tables import auc_summary
from effaug.study.protocols import PROTOCOLS, TABLE_SCORES, Protocol, merged, stored_as
from effaug.study.records import by_protocol, protocol_of, repetitions, task_of
from effaug.study.results import Results
from effaug.study.tasks import AUGMENTATIONS, choices_read

_LEADING = {("baseline", ""), ("random_proportional", "influence"), ("deterministic_proportional", "influence")}
_N_REDRAWN = 2000
MEAN, CLOSE = "mean", 3  # over networks that are repetitions; of 1000


def distances(results: Results, dataset: str) -> pd.DataFrame:
    """How far each stored combination of the text's and the code's choices is from the published numbers.

    They are `combinations`, compared on the AUCs that all of them have. Over networks that are repetitions
    (`protocols.REPETITIONS`) accuracies are means, as they are over seeds.

    Parameters
    ----------
    results : Results
    dataset : {"mnist", "cifar10", "smallnorb"}

    Returns
    -------
    DataFrame
        Indexed by protocol, the closest first, by ``distance``, in percentage points: the mean of ``level`` (10 of
        which are a point) and ``Table 1``. ``level``: how far its AUCs (1000 is perfect) are from the published ones,
        the mean of the absolute differences over ``AUCs`` of them. ``Table 1``: how far the accuracies without and with
        full augmentation under translation (``none`` and ``full``, in percent) are from that table's, in points, the
        mean of both. ``pattern``: the level once the mean of each of Tables 3-20 is taken off both. ``rank
        correlation``: of the policies, the median over the tables that have more than two.
    """
    paper = published_table_1().loc[dataset]
    pairs_of = functools.cache(functools.partial(published_pairs, results, repeated=True))
    pairs, accuracies = {}, {}
    for protocol, labels in combinations(results, dataset).items():
        task, label = next(iter(labels.items()))  # of Table 1
        own = results.curves(label, tasks=[task], features=published_features(task), repeated=True)
        none = 100 * own[(own.policy == "baseline") & (own.budget == 0)].accuracy.mean()
        full = 100 * own[own.policy == "full"].accuracy.mean()
        accuracies[protocol] = ((abs(none - paper.no_aug) + abs(full - paper.full_aug)) / 2, none, full)
        found = pd.concat(pairs_of(label).query("task == @task") for task, label in labels.items())
        pairs[protocol] = found[found.seeds > 0].set_index(["table", "policy"])
    columns = ["distance", "level", "Table 1", "none", "full", "pattern", "rank correlation", "AUCs"]
    if not pairs:
        return pd.DataFrame(columns=columns).rename_axis("protocol")
    common = functools.reduce(pd.Index.intersection, (found.index for found in pairs.values()))
    rows = {}
    for protocol, found in pairs.items():
        found = found.loc[common]
        centred = found.difference - found.groupby("table").difference.transform("mean")
        level, first = found.difference.abs().mean(), accuracies[protocol]
        order = (centred.abs().mean(), rank_correlation(found))
        row = ((level / 10 + first[0]) / 2, level, *first, *order, len(common))
        rows[protocol] = dict(zip(columns, row, strict=True))
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("protocol").sort_values("distance", kind="stable")


def combinations(results: Results, dataset: str) -> dict[str, dict[str, str]]:
    """The stored combinations of the text's and the code's choices: what each of a data set's tasks has them under.

    Counted are those whose every choice is the text's or the code's, with the paper's kind of features and any network
    that was trained on all images, that have at least the baseline and both proportional policies by influence. A
    choice that one task alone depends on, such as the directions of shifts, is stored under that task alone: one
    combination may have another label with each task, as long as they agree on all that both tasks depend on.
    Over networks that are repetitions they are one, called after the first.

    Returns
    -------
    dict of str to dict
        By the combination's name, labels of stored protocols by task, that of Table 1 first.
    """
    tasks, found = [f"{dataset}-{augmentation}" for augmentation in AUGMENTATIONS], {}
    stored = {task: _without_repetitions(results, task, _candidates(results, task)) for task in tasks}
    for labels in itertools.product(*stored.values()):
        made = [of_task[label] for of_task, label in zip(stored.values(), labels, strict=True)]
        if all(itertools.starmap(_agree, itertools.combinations(made, 2))):
            name = labels[0] if len(set(labels)) == 1 else merged([protocol for protocol, _ in made]).name
            found[name] = dict(zip(stored, labels, strict=True))
    return found


def published_pairs(results: Results, protocol: str, repeated: bool = False) -> pd.DataFrame:
    """All 198 AUCs of Tables 3-20 beside ours, under the features that the paper uses for the task.

    Parameters
    ----------
    results : Results
    protocol : str
        As stored, or ``"reconstruction"``.
    repeated : bool
        See `Results.curves`.

    Returns
    -------
    DataFrame
        ``table``, ``task``, ``score``, ``policy``, ``auc``, ``sd``, ``seeds`` (ours; NaN and 0 where nothing is
        stored), ``paper``, ``paper_sd``, ``difference``.
    """
    published = published_aucs().rename(columns={"auc_mean": "paper", "auc_std": "paper_sd"})
    tasks = published.task.unique()
    table = results.curves(protocol, tasks=tasks, repeated=repeated)
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
                "rank correlation": rank_correlation(stored),
                "ceiling": highest[highest.index.isin(part.table)].median(),
            }
    return rounded(by_key(rows, "protocol", "data set"), decimals)


def rank_correlation(pairs: pd.DataFrame) -> float:
    """Of our AUCs with the published ones: the median over the tables of more than two policies, NaN without one."""
    tables = [table for _, table in pairs.groupby("table") if len(table) > 2]
    ranks = [stats.spearmanr(table.auc, table.paper).statistic for table in tables]
    return float(np.median(ranks)) if ranks else np.nan


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


def by_network(results: Results, decimals: int = 1) -> pd.DataFrame:
    """How far the AUCs are from the published ones over each network, all else being as reconstructed.

    Returns
    -------
    DataFrame
        Indexed by data set and network, of data sets with several networks, the mean of the repetitions first: by
        augmentation the median over policies and scores of our AUC less the published one (1000 is perfect); ``all``:
        the median of the absolute differences; ``close``: how many of how many AUCs are within 3.
    """
    rows = {}
    for (dataset, network), label in of_networks(results).items():
        pairs = published_pairs(results, label, repeated=network.startswith(MEAN))
        pairs = pairs[pairs.task.str.startswith(dataset) & (pairs.seeds > 0)]
        away = pairs.groupby("task").difference.median()
        rows[dataset, network] = {
            **{augmentation: away[f"{dataset}-{augmentation}"] for augmentation in AUGMENTATIONS},
            "all": pairs.difference.abs().median(),
            "close": f"{(pairs.difference.abs() <= CLOSE).sum()} of {len(pairs)}",
        }
    return rounded(by_key(rows, "data set", "network"), decimals)


def of_networks(results: Results) -> dict[tuple[str, str], str]:
    """What `by_network` shows: labels of protocols by data set and network, the reconstruction's first."""
    found: dict[tuple[str, str], str] = {}
    for dataset in DATASETS:
        task = f"{dataset}-translate"
        made, runs = _candidates(results, task), by_protocol(results.record(task))
        chosen = stored_as("reconstruction", task)
        whole = {labels[task] for labels in combinations(results, dataset).values() if len(set(labels.values())) == 1}
        if chosen not in whole:
            continue
        repeated = results.labels(task, "reconstruction")
        alike = {each for each in whole if _any_network(made[each]) == _any_network(made[chosen])}
        every = [*repeated, *sorted(alike - {*repeated})]
        if len(every) > 1:
            names = [runs[label, published_features(task)]["network"]["network"] for label in every]
            found |= {(dataset, f"{MEAN} of {len(repeated)}"): chosen} if len(repeated) > 1 else {}
            found |= {(dataset, name): label for name, label in zip(names, every, strict=True)}
    return found


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


_Made = tuple[Protocol, frozenset[str]]  # and the choices that the task depends on


def _candidates(results: Results, task: str) -> dict[str, _Made]:
    """Labels under which enough is stored, where every choice is the text's or the code's."""
    found, curves = {}, results.table([task])
    for (label, features), run in by_protocol(results.record(task)).items():
        own = curves[(curves.protocol == label) & (curves.features == features)]
        enough = set(zip(own.policy, own.score, strict=True)) >= _LEADING
        if features != published_features(task) or not enough or run["network"].get("training", {}).get("leave_out"):
            continue
        protocol, read = protocol_of(run), frozenset(choices_read(task_of(run))) - {"cnn_precision"}
        if all(getattr(protocol, c) in [getattr(p, c) for p in PROTOCOLS.values()] for c in read - {"weights"}):
            found[label] = (protocol, read)
    return found


def _without_repetitions(results: Results, task: str, found: dict[str, _Made]) -> dict[str, _Made]:
    record = results.record(task)
    counted = {other for label in found for other in repetitions(record, label)[1:]}
    return {label: made for label, made in found.items() if label not in counted}


def _any_network(made: _Made) -> Protocol:
    return dataclasses.replace(made[0], name="", weights="", weights_sha256="")


def _agree(one: _Made, other: _Made) -> bool:
    (first, read), (second, read_too) = one, other
    return first.base == second.base and all(getattr(first, c) == getattr(second, c) for c in read & read_too)
