"""The paper's tables as pages show them: captions with what they come to, readers' names, origins."""

from __future__ import annotations

import html
import math
from typing import TYPE_CHECKING

import pandas as pd

from effaug.report import tables
from effaug.report.exhibits import Exhibit, Exhibits, Origin
from effaug.report.labels import (
    dataset_label,
    features_label,
    human,
    policy_label,
    protocol_label,
    score_label,
    task_label,
)
from effaug.report.numbers import caption, own
from effaug.report.published import published_features
from effaug.report.reconstruction import rank_correlation
from effaug.report.rounding import difference, shown
from effaug.report.sources import origin, rerun

if TYPE_CHECKING:
    from effaug.report.view import View

_GAP = "best 10 % \u2212 all"
_AUC_HEADINGS = {
    "difference": "ours \u2212 published",
    "AUC": "ours",
    "paper": "published",
    "paper sd": "its sd",
    "text": "under the text",
    "released-code": "under the code",
    "reconstruction": "reconstructed",
}


def table_1(view: View, page: str = "table_1", name: str = "table-1", part: str = "") -> Exhibit:
    """Table 1 under a view's protocol, with how far the best tenth is from augmenting all.

    Parameters
    ----------
    view : View
    page : str
        The notebook that shows it.
    name : str
        ``"table-1"``, or one of our own tables' names (`numbers.OWN`) for Table 1 under other settings.
    part : str
        Of that table of ours.
    """
    found = tables.table_1(view)
    found.insert(0, _GAP, [_less(best, full) for best, full in zip(found["best 10%"], found["full"], strict=True)])
    ours = pd.to_numeric(found[_GAP][found.index.get_level_values("source") != "paper"], errors="coerce").dropna()
    says = f"Accuracy in percent under {protocol_label(view.parameters['protocol'])}. {_behind(ours)}"
    frame = human(found).rename(columns={"full": "all"}).rename(index=_source, level="source")
    where = origin(view, page)
    if name == "table-1":
        return Exhibit(name, frame, caption("Table 1", says), origin=where, deciding=(_GAP,))
    return own(name, frame, says, part, origin=where, deciding=(_GAP,))


def _less(best: str, full: str) -> str:
    return (
        "-" if "nan" in (best, full) or "-" in (best, full) else shown(difference(float(best), float(full), 1), 1, "+")
    )


def _behind(gaps: pd.Series) -> str:
    """What the column comes to."""
    if gaps.empty:
        return ""
    level, worst = int((gaps >= 0).sum()), shown(max(0.0, -gaps.min()), 1)
    rest = f"; the others are at most {worst} points behind" if level < len(gaps) else ""
    return (
        f"With 10 % of the points augmented, the best policy reaches what augmenting all gives in {level} of our "
        f"{len(gaps)} rows{rest}."
    )


def _source(name: str) -> str:
    whose, _, features = name.partition(", ")
    return f"ours, {features} features" if whose == "effaug" else "published"


def table_2(variants: str = "all") -> Exhibit:
    """Table 2: the policies, and what decides which points they choose."""
    found = tables.table_2(variants)
    says = f"{len(found)} policies: how each chooses a point of score s<sub>i</sub>, and what else it does."
    where = Origin(pd.DataFrame(), rerun("table_2", {"variants": variants}))
    return Exhibit("table-2", human(found), caption("Table 2", says), origin=where, deciding=("selection",))


def auc_tables(view: View, page: str = "auc_tables") -> Exhibits:
    """Tables 3 to 20, and the same of what the paper has no table of: for every task, kind of features and score."""
    seen: set[int] = set()
    found = []
    for task, features, score in tables.auc_keys(view):
        number = tables.table_number(task, score)
        first = number is not None and number not in seen  # refit features come first
        seen |= {number} if first and number else set()
        found.append(_auc_exhibit(view, (task, features, score), number, first, page))
    return Exhibits(tuple(sorted(found, key=_paper_first)))


def _paper_first(exhibit: Exhibit) -> int:
    number = exhibit.name.removeprefix("table-")
    return int(number) if number.isdecimal() else 100


def _auc_exhibit(view: View, key: tuple[str, str, str], number: int | None, first: bool, page: str) -> Exhibit:
    task, features, score = key
    table = tables.auc_table(view, task, features, score)
    frame = human(table.rename(columns=_AUC_HEADINGS))
    says = (
        f"AUC, {html.escape(task_label(task))}, by {score_label(score)}, {features_label(features)}. {_comes_to(table)}"
    )
    deciding = tuple(c for c in ("ours \u2212 published", "ours") if c in frame)[:1]
    where = origin(view, page, [(task, features)])
    if first:
        same = "" if features == published_features(task) else " The published features are refit."
        told = caption(f"Table {number}", says + same)
        return Exhibit(f"table-{number}", frame, told, origin=where, deciding=deciding)
    if number:
        says += f" The published ones are Table {number}'s, whose features are refit."
    return own("aucs", frame, says, f"{task}-{features}-{score}", origin=where, deciding=deciding, fold="The table")


def _comes_to(table: pd.DataFrame) -> str:
    """How far ours are from the published, or where nothing is published, which policy is best."""
    if "difference" in table:
        away = pd.to_numeric(table["difference"], errors="coerce").abs().dropna()
        if len(away):
            median, largest = shown(away.median(), 1), shown(away.max(), 1)
            return f"Ours are {median} of 1000 from the published in the median, {largest} at most."
    areas = pd.to_numeric(table["AUC"], errors="coerce").dropna()
    if areas.empty:
        return "Nothing is computed yet."
    best, random = str(areas.idxmax()), areas.get("baseline", math.nan)
    return f"The highest is {policy_label(best)}, {shown(areas.max(), 1)}; random selection has {shown(random, 1)}."


def order(pairs: pd.DataFrame, view: View) -> Exhibit:
    """Whether ours and the published AUCs put the policies in the same order (`comparisons.order_of_policies`)."""
    from effaug.report.comparisons import order_of_policies

    found = order_of_policies(pairs)
    if found.empty:
        return own("order", found, "Nothing is stored.")
    by = pairs[pairs.seeds > 0].groupby(pairs.task.str.split("-").str[0], sort=False)
    each = ", ".join(f"{shown(rank_correlation(own), 2)} on {dataset_label(str(name))}" for name, own in by)
    says = f"How far our order of the policies is the published one (1 is the same, in the median {each})."
    by_task = found.reorder_levels(["task", "score", "table"]).rename(lambda number: f"Table {number}", level="table")
    tasks = dict.fromkeys(by_task.index.get_level_values("task"))
    by_task = by_task.loc[[key for task in tasks for key in by_task.index if key[0] == task]]
    frame = human(by_task).rename(columns={"difference": "ours \u2212 published"})
    return own("order", frame, says, origin=origin(view, "auc_tables"), deciding=("rank correlation",))
