"""The explorer's data: curves with their intervals, AUCs beside the published ones, the points chosen first."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from effaug.policies import POLICIES, load_policy
from effaug.report import labels, notebooks, thumbnails
from effaug.report.marks import MARKS
from effaug.report.point_scores import CLASS_NAMES
from effaug.report.published import published_aucs, published_features
from effaug.report.rounding import difference, shown
from effaug.report.statistics import half_width
from effaug.report.tables import DETERMINISTIC_POLICIES, RANDOM_POLICIES, auc_summary
from effaug.scores import SCORES
from effaug.study.caveats import caveats_of_means
from effaug.study.experiment import FEATURES
from effaug.study.protocols import NAMES, TABLE_POLICIES, stored_as
from effaug.study.records import run_label
from effaug.study.results import Results
from effaug.study.tasks import AUGMENTATIONS, SOURCES, TASKS, load_task

DEFAULT = {
    "dataset": "mnist",
    "augmentation": "rotate",
    "score": "influence",
    "features": "refit",
    "protocol": "reconstruction",
    "budget": 100,
    "policies": ["baseline", "random_proportional", "deterministic_proportional"],
}
SCRIPTS = ("d3-7.9.2.min.js", "plot-0.6.17.umd.min.js", "explorer.js")  # in book/vendor
NOTEBOOKS = ("random_policies", "deterministic_policies", "diversity", "auc_tables")
RUN = "effaug run {dataset}-{augmentation} --score {score} --features {features} --protocol {protocol}"
DECIMALS = 2  # of accuracies in percent and of AUCs, as in the tables


def page(results: Results) -> str:
    """What the explorer's page needs beside its own text: the data, and the scripts that draw them.

    Parameters
    ----------
    results : Results

    Returns
    -------
    str
        HTML that loads nothing but files of the book.
    """
    text = json.dumps(data(results), separators=(",", ":"), ensure_ascii=False).replace("</", "<\\/")
    scripts = "".join(f'<script src="../_static/{name}"></script>' for name in SCRIPTS)
    return f'<script type="application/json" id="explorer-data">{text}</script>{scripts}'


def data(results: Results) -> dict[str, Any]:
    """All that the explorer shows, for JSON.

    Parameters
    ----------
    results : Results

    Returns
    -------
    dict
        ``tasks``, see `task_data`; ``thumbnails``, the stored pictures of points by data set; ``labels`` for readers;
        ``marks``, how each policy is drawn (`marks.MARKS`); ``commands`` with places for a choice: what shows it
        in a notebook, and as ``run`` what computes it.
    """
    stored = results.tasks()
    tasks = {task: task_data(results, task) for task in TASKS if task in stored}
    curves = [curve for task in tasks.values() for run in task["runs"].values() for curve in run["curves"]]
    scores = [name for name in SCORES if name in {curve["score"] for curve in curves}]
    policies = [name for name in (*POLICIES, "full") if name in {curve["policy"] for curve in curves}]
    pictures = thumbnails.load(results)
    return {
        "tasks": tasks,
        "thumbnails": {name: {key: each[key] for key in ("points", "size", "png")} for name, each in pictures.items()},
        "labels": {
            "dataset": {name: labels.dataset_label(name) for name in SOURCES},
            "augmentation": {name: labels.augmentation_label(name) for name in AUGMENTATIONS},
            "score": {name: labels.score_label(name) for name in scores},
            "features": {name: labels.features_label(name) for name in FEATURES},
            "protocol": {name: labels.protocol_label(name) for name in NAMES},
            "policy": {name: labels.policy_label(name) for name in policies},
        },
        "marks": {name: MARKS[name] for name in policies if name in MARKS},
        "commands": {"run": RUN} | {name: notebook_command(name) for name in NOTEBOOKS},
        "table_policies": TABLE_POLICIES,
        "uses_scores": [name for name in policies if name != "full" and load_policy(name).uses_scores],
        "n_first": thumbnails.N_FIRST,
        "default": DEFAULT,
    }


def task_data(results: Results, task: str) -> dict[str, Any]:
    """What is stored of a task under the named protocols.

    Parameters
    ----------
    results : Results
    task : str

    Returns
    -------
    dict
        ``features``, the kinds that are possible, and ``published_features``, the paper's; ``protocols``, as what the
        named ones are stored; ``tables``, the number of the paper's by score; ``runs`` by protocol as stored and
        features.
    """
    protocols = {name: stored_as(name, task) for name in NAMES}
    table = results.curves(*NAMES, tasks=[task])
    labels_of = {stored_as(name, task): results.labels(task, name) for name in reversed(NAMES)}
    points, records = results.points(task), results.record(task)
    keyed = auc_summary(table).set_index(["protocol", "features", "score", "policy"])
    areas = {key: row for key, row in keyed.iterrows()}
    first, published = thumbnails.first_chosen(task, points), published_aucs()
    published = published[published.task == task]
    runs = {}
    for pair, rows in table.groupby(["protocol", "features"]):
        protocol, features = map(str, pair)
        label = run_label(protocol, features)
        curves = []
        for pair, own in rows.groupby(["score", "policy"]):
            score, policy = map(str, pair)
            key = (protocol, features, score, policy)
            curves.append(
                {"score": score, "policy": policy, "seeds": int(own.seed.nunique()), "first": first.get(key, [])}
                | {"notebook": notebook_of(policy, score)}
                | _means(own)
                | (_areas(areas[key], published[published.policy == policy], score) if key in areas else {})
            )
        full = {name.rpartition("/")[2]: points[name] for name in points if name.startswith(f"{label}//full/0/")}
        over = [each for each in labels_of[protocol] if run_label(each, features) in records]
        known = {
            "curves": curves,
            "stored_as": over,
            "caveats": caveats_of_means(records, labels_of[protocol], features),
        }
        runs[label] = (
            _about(rows, [records[run_label(each, features)] for each in over]) | known | _points(curves, full)
        )
    return {
        "features": [name for name in FEATURES if name == "frozen" or load_task(task).network == "lenet"],
        "published_features": published_features(task),
        "protocols": protocols,
        "tables": {str(score): int(rows.table.iloc[0]) for score, rows in published.groupby("score")},
        "runs": runs,
    }


def notebook_command(name: str) -> str:
    """The command that shows a choice in a notebook, with a place for each of its parameters.

    Examples
    --------
    >>> notebook_command("diversity")
    'effaug notebook run diversity -p dataset={dataset} -p augmentation={augmentation} -p features={features}
    -p protocol={protocol} -p n_seeds={n_seeds}'
    """
    given = (f"-p {key}={{{key}}}" for key in notebooks.defaults(name) if key != "source")
    return " ".join((f"effaug notebook run {name}", *given))


def notebook_of(policy: str, score: str) -> str:
    """The notebook that shows a policy by a score; empty for what all of them show.

    Examples
    --------
    >>> notebook_of("random_proportional_update", "loss"), notebook_of("dpp", "")
    ('random_policies', 'diversity')
    """
    if policy in ("baseline", "full"):
        return ""
    if policy in (*RANDOM_POLICIES, "virtual_support_vectors"):
        return "random_policies"
    if policy in DETERMINISTIC_POLICIES:
        return "deterministic_policies"
    return "auc_tables" if policy in TABLE_POLICIES and score != "margin" else "diversity"


def _means(rows: pd.DataFrame) -> dict[str, Any]:
    """A line: accuracies in percent by budget, means over seeds and half the widths of their 95 % intervals."""
    by_budget = (100 * rows.accuracy).groupby(rows.budget)
    halves = [half_width(values) for _, values in by_budget]
    return {
        "budgets": [int(budget) for budget, _ in by_budget],
        "mean": [float(shown(values.mean(), DECIMALS)) for _, values in by_budget],
        "half": [None if math.isnan(half) else float(shown(half, DECIMALS)) for half in halves],
    }


def _areas(own: pd.Series, published: pd.DataFrame, score: str) -> dict[str, Any]:
    """Our AUC and sd as they are shown; by the score of the paper's table its AUC and sd, and how far ours is ahead."""
    found = {}
    for _, row in published[published.score.isin([score] if score else list(SCORES))].iterrows():
        ahead = difference(own.auc_mean, row.auc_mean, DECIMALS)
        found[row.score] = [_text(row.auc_mean), _text(row.auc_std), shown(ahead, DECIMALS, "+")]
    return {"auc": _text(own.auc_mean), "sd": _text(own.auc_std), "paper": found}


def _about(rows: pd.DataFrame, records: list[dict[str, Any]]) -> dict[str, Any]:
    """What a run was computed with, as far as the page tells it; of means, those that they are taken over."""
    baseline = rows[rows.policy == "baseline"]
    spec = records[0]["task"]
    names = CLASS_NAMES.get(spec["dataset"])
    return {
        "n": int(rows.budget.max()),
        "copies": len(spec["parameters"]),
        "classes": [names[c] if names else str(c) for c in spec["classes"]],
        "budgets": sorted(int(budget) for budget in baseline.budget.unique()),
        "seeds": int(rows.seed.nunique()),
        "minutes": shown(sum(record["seconds"] for record in records) / 60, 1),
        "networks": [record["network"]["network"] for record in records] if len(records) > 1 else [],
        **{key: _each(record.get(key, "") for record in records) for key in ("machine", "code", "date")},
    }


def _each(values: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(filter(None, values)))


def _points(curves: list[dict[str, Any]], full: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """Class and scores, before augmentation, of every point that a curve chooses first, where they are stored."""
    if "labels" not in full:
        return {"points": {}, "point_scores": []}
    scores = [name for name in SCORES if f"{name}_before" in full]
    chosen = sorted({point for curve in curves for point in curve["first"]})
    rows = {str(p): [int(full["labels"][p]), *(f"{full[f'{name}_before'][p]:.2g}" for name in scores)] for p in chosen}
    return {"points": rows, "point_scores": scores}


def _text(value: float) -> str:
    return "" if math.isnan(value) else shown(value, DECIMALS)
