"""The paper's tables, from stored results: data frames, rounded as they are shown."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pandas as pd

from effaug.images.weights import load_manifest, weights_sha256
from effaug.policies import POLICIES
from effaug.report.published import published_aucs, published_table_1
from effaug.report.rounding import as_text, by_key, shown
from effaug.study.protocols import NAMES, PROTOCOLS, TABLE_POLICIES, stored_as
from effaug.study.results import aucs
from effaug.study.tasks import load_task
from effaug.study.timing import linear_fit

if TYPE_CHECKING:
    from effaug.report.view import View

_REFINED = ("", "_downweight", "_update", "_update_downweight")
RANDOM_POLICIES = ("baseline", *(f"random_proportional{s}" for s in _REFINED))
DETERMINISTIC_POLICIES = (
    "baseline",
    *(f"deterministic_proportional{s}" for s in _REFINED),
    "deterministic_inverse_proportional",
)
FRACTIONS = (0.05, 0.10, 0.25)


def table_1(view: View) -> pd.DataFrame:
    """Accuracy in percent at 0, 5, 10, 25 and 100 % augmented, beside the published values (Table 1).

    Returns
    -------
    DataFrame
        One row a (task, features), and one for the paper's where it has the task.
    """
    rows, published = {}, published_table_1()
    for task in dict.fromkeys(task for task, _ in view.panels):
        for features in (f for t, f in view.panels if t == task):
            table = view.table[(view.table.task == task) & (view.table.features == features)]
            rows[task, f"effaug, {features}"] = _accuracies(table)
        dataset, augmentation = task.split("-")
        if augmentation == "translate" and dataset in published.index:
            rows[task, "paper"] = dict(zip(_COLUMNS_1, published.loc[[dataset]].to_numpy()[0], strict=True))
    return as_text(by_key(rows, "task", "source").reindex(columns=list(_COLUMNS_1)), 1)


_COLUMNS_1 = (
    "none",
    *(f"baseline {f:.0%}" for f in FRACTIONS),
    *(f"best {f:.0%}" for f in FRACTIONS),
    "full",
)  # fmt: skip


def _accuracies(table: pd.DataFrame) -> dict[str, float]:
    mean = table.groupby(["policy", "score", "budget"]).accuracy.mean() * 100
    n = int(table.budget.max())
    found = {"none": mean.get(("baseline", "", 0), math.nan), "full": mean.get(("full", "", n), math.nan)}
    for fraction in FRACTIONS:
        at = mean[mean.index.get_level_values("budget") == round(fraction * n)]
        if len(at):
            found[f"baseline {fraction:.0%}"] = at[at.index.get_level_values("policy") == "baseline"].max()
            found[f"best {fraction:.0%}"] = at.drop("baseline", errors="ignore").max()
    return found


def table_2(variants: str = "all") -> pd.DataFrame:
    """The policies as the code has them (Table 2, with the inverse and softmax variants).

    Parameters
    ----------
    variants : {"all", "paper"}
        All that put the points into an order, or the eleven of Tables 3-20.

    Returns
    -------
    DataFrame
        Indexed by name; the selection function in LaTeX, whether scores are updated, whether points are downweighted.
    """
    rows = {
        name: {
            "selection": rf"\({policy.selection}\)",
            "update scores": "yes" if policy.update else "",
            "downweight": "yes" if policy.downweight else "",
        }
        for name, policy in POLICIES.items()
        if policy.selection and (variants == "all" or name in TABLE_POLICIES)
    }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("policy")


def auc_summary(table: pd.DataFrame) -> pd.DataFrame:
    """Mean and standard deviation over seeds of every policy's AUC; 1000 is perfect.

    Returns
    -------
    DataFrame
        task, protocol, features, score, policy, ``auc_mean``, ``auc_std`` (NaN for one seed), ``n_seeds``.
    """
    groups = aucs(table).groupby(_CURVE).auc
    frame = groups.agg(auc_mean="mean", auc_std="std", n_seeds="size").reset_index()
    return frame.round({"auc_mean": 9, "auc_std": 9})  # the error of floating point: equal curves have equal AUCs


def accuracy_summary(table: pd.DataFrame) -> pd.DataFrame:
    """Mean accuracy over seeds, in percent, with ``none``, a ``tenth`` and ``all`` of the points augmented.

    Returns
    -------
    DataFrame
        Indexed as the rows of `auc_summary` are named; NaN where a policy has no such budget.
    """
    n = table.groupby("task").budget.transform("max")
    at = {"none": 0 * n, "tenth": (n / 10).round(), "all": n}
    found = {name: 100 * table[table.budget == budget].groupby(_CURVE).accuracy.mean() for name, budget in at.items()}
    return pd.DataFrame(found)


_CURVE = ["task", "protocol", "features", "score", "policy"]


def auc_table(view: View, task: str, features: str, score: str) -> pd.DataFrame:
    """One of Tables 3-20: our AUCs beside the published ones, sorted by ours.

    Returns
    -------
    DataFrame
        Indexed by policy: ``AUC``, ``sd``, ``seeds`` under the view's protocol; where the paper has the task ``paper``,
        ``paper sd``, ``difference``; and a column for the AUCs under each other protocol that is stored.
    """
    table = _under_all(view, task, features)
    table = table[table.score.isin(["", score]) & table.policy.isin(TABLE_POLICIES)]
    frame = pd.DataFrame(index=pd.Index(TABLE_POLICIES, name="policy"))
    summary = auc_summary(table).set_index("policy")
    own = summary[summary.protocol == view.label(task)]
    frame["AUC"], frame["sd"] = own.auc_mean, own.auc_std
    frame["seeds"] = own.n_seeds.reindex(frame.index).fillna(0).astype(int)
    published = published_aucs()
    published = published[(published.task == task) & (published.score == score)].set_index("policy")
    if not published.empty:
        frame["paper"] = published.auc_mean
        frame["paper sd"] = published.auc_std
        frame["difference"] = math.nan
    for other in _named(view):
        found = summary[summary.protocol == stored_as(other, task)].auc_mean
        if stored_as(other, task) != view.label(task) and len(found):
            frame[{"paper": "text"}.get(other, other)] = found
    by_auc = frame.sort_values("AUC", ascending=False, kind="stable")
    return as_text(by_auc, 2, {"difference": ("AUC", "paper")})


def auc_keys(view: View) -> list[tuple[str, str, str]]:
    """Every task, kind of features and score that has AUCs under the view's or a named protocol, refit before frozen.

    A table that lacks the view's protocol still shows the others.
    """
    wanted = view.parameters["features"]
    kinds = [kind for kind in ("refit", "frozen") if wanted in ("all", kind)]
    return [(t, kind, score) for t in view.tasks for kind in kinds for score in _stored_scores(view, t, kind)]


def _stored_scores(view: View, task: str, features: str) -> list[str]:
    found = set(_under_all(view, task, features).score)
    return [score for score in view.scores if score in found]


def _named(view: View) -> tuple[str, ...]:
    return tuple(PROTOCOLS) if view.own else NAMES  # a reconstruction is of published numbers


def _under_all(view: View, task: str, features: str) -> pd.DataFrame:
    """A task's curves under the view's protocol and the named ones that are stored under other labels."""
    others = (name for name in _named(view) if stored_as(name, task) != view.label(task))
    protocols = (view.parameters["protocol"], *others)
    return view.results.curves(*protocols, tasks=[task], features=features, n_seeds=view.parameters["n_seeds"])


def task_table(view: View) -> pd.DataFrame:
    """Sizes of the tasks: classes, train and test points of either class, copies a point, and the network."""
    rows = {}
    for name in view.tasks:
        task = load_task(name, protocol=view.protocol(name))
        splits = task.splits or ("",) * 4
        rows[name] = {
            "classes": f"{task.classes[0]} / {task.classes[1]}",
            "train": f"{splits[0]} / {splits[1]}",
            "test": f"{splits[2]} / {splits[3]}",
            "copies": len(task.parameters),
            "network": task.network,
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("task")


def networks_table(names: tuple[str, ...]) -> pd.DataFrame:
    """How each network was trained, and its accuracy in percent on training and test images of all classes."""
    rows = {}
    for name in names:
        manifest = load_manifest(name)
        training, last = manifest["training"], manifest["history"][-1]
        rows[name] = {
            "depth": training["depth"],
            "weights": manifest["network"]["n_weights"],
            "images": manifest["n_images"],
            "augmented": "yes" if training["augment"] else "",
            "epochs": training.get("stop_after") or training["epochs"],
            "batch": training["batch_size"],
            "precision": training["precision"],
            "train accuracy": shown(100 * last["accuracy"], 2),
            "test accuracy": shown(100 * manifest["test"]["test_accuracy"], 2),
            "minutes": int(shown(manifest["seconds"] / 60, 0)),
            "hardware": manifest["hardware"],
            "code": manifest["code"].split()[-1],
            "sha256": weights_sha256(name)[:12],
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("network").T


def epoch_table(times: dict[str, dict[str, Any]]) -> pd.DataFrame:
    """The numbers behind Figure 17: seconds an epoch, mean and range over repeats, and the line's (`timing.load`)."""
    rows = {}
    for name, record in times.items():
        line = linear_fit(record["epoch_times"])
        for size, group in record["epoch_times"].groupby("size"):
            rows[name, size] = {
                "mean": group.seconds.mean(),
                "smallest": group.seconds.min(),
                "largest": group.seconds.max(),
                "line": line.intercept + line.slope * float(size),
                "R^2 of the line": shown(line.r_squared, 5),
            }
    return as_text(by_key(rows, "device", "images"), 3)


def selection_table(times: dict[str, dict[str, Any]]) -> pd.DataFrame:
    """Seconds to train with a tenth of the points augmented and with all, the scoring apart: means over repeats."""
    rows = {}
    for name, record in times.items():
        for task, frame in record["selection_times"].groupby("task", sort=False):
            seconds = frame.groupby("part").seconds.mean()
            everything, selected = seconds["everything"], seconds["selected"]
            scoring = seconds["un-augmented"] + seconds["scores"]
            rows[name, task] = {
                **seconds[["un-augmented", "scores", "selected", "everything"]],
                "saved": f"{shown(100 * (1 - (scoring + selected) / everything), 0)} %",
                "saved, scores at hand": f"{shown(100 * (1 - selected / everything), 0)} %",
                "repeats": frame["repeat"].nunique(),
            }
    return as_text(by_key(rows, "device", "task"), 2)


def table_number(task: str, score: str) -> int | None:
    """The number of the paper's AUC table for a task and score, or None."""
    published = published_aucs()
    found = published[(published.task == task) & (published.score == score)].table.unique()
    return int(found[0]) if len(found) else None
