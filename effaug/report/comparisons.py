"""Policies and protocols compared: differences in accuracy and in AUC, with their intervals."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

import pandas as pd
from scipy import stats

from effaug.report import findings
from effaug.report.findings import Policy
from effaug.report.labels import task_label
from effaug.report.panels import BASELINE, Panel, panels_of
from effaug.report.published import published_aucs
from effaug.report.rounding import as_text, by_key, difference, rounded, shown
from effaug.report.statistics import half_width, paired
from effaug.study.results import aucs

if TYPE_CHECKING:
    from effaug.report.view import View

REFINEMENTS = ("_downweight", "_update", "_update_downweight")


def main_claim(view: View, budget_fraction: float = 0.10) -> pd.DataFrame:
    """How far 10 % augmented by each proportional policy, and at random, is from augmenting everything.

    Returns
    -------
    DataFrame
        Indexed by task and features: accuracy in percent without and with full augmentation, then the gap to full
        augmentation in percentage points (negative: below it) of the baseline and the two proportional policies. All
        with two decimals, the gap between accuracies as those are shown.
    """
    score = view.parameters["score"]
    rows = {}
    for task, features in view.panels:
        table = view.table[(view.table.task == task) & (view.table.features == features)]
        n = int(table.budget.max())
        budget = max(b for b in table.budget.unique() if b <= max(budget_fraction * n, 1))
        full = 100 * table[table.policy == "full"].accuracy.mean()
        row = {
            "none": 100 * table[(table.policy == "baseline") & (table.budget == 0)].accuracy.mean(),
            "full": full,
            "budget": budget,
        }
        for label, policy in (
            ("baseline", "baseline"),
            ("random proportional", "random_proportional"),
            ("deterministic proportional", "deterministic_proportional"),
        ):
            at = table[(table.policy == policy) & (table.budget == budget) & table.score.isin(["", score])]
            row[f"{label} - full"] = difference(100 * at.accuracy.mean(), full, 2)
        rows[task, features] = row
    return rounded(by_key(rows, "task", "features"), 2)


def tally(
    view: View, policies: Mapping[str, Policy], against: Mapping[str, Policy], fraction: float = findings.TENTH
) -> pd.DataFrame:
    """In how many tasks policies are ahead of others, level with them and behind them, and by how much.

    Parameters
    ----------
    view : View
    policies, against : mapping
        By what they are called: policy and score.
    fraction : float, default 0.1
        Of the points, that are augmented; or the largest share below it that both curves have.

    Returns
    -------
    DataFrame
        Indexed by policy, a column for each other one: in how many tasks it is ahead, level and behind, and the
        smallest and largest mean difference.
    """
    known = panels_of(view.every)
    panels = [known[each] for each in view.panels]
    rows = {
        name: {f"against {other}": _counted([*_each(panels, one, key, fraction)]) for other, key in against.items()}
        for name, one in policies.items()
    }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("chosen")


def _each(panels: Iterable[Panel], one: Policy, other: Policy, fraction: float) -> Iterator[pd.Series]:
    for panel in panels:
        yield from findings.leads([panel], one, other, fraction).values()


def _counted(leads: list[pd.Series]) -> str:
    """Outcomes over tasks and the range of differences; a dash where there is no task."""
    if not leads:
        return "-"
    sides = [findings.side(values).split()[0] for values in leads]
    told = " / ".join(str(sides.count(each)) for each in ("ahead", "level", "behind"))
    low, high = (shown(pick(values.mean() for values in leads), 1, "+") for pick in (min, max))
    low, high = (re.sub(r"[-+](?=0\.0$)", "", each) for each in (low, high))
    return f"{told} ({low if low == high else f'{low} to {high}'})"


def by_budget(view: View, one: Policy, called: str) -> str:
    """At which numbers of points a policy is ahead of random selection, level with it and behind it, as Markdown."""
    panels, lines = panels_of(view.every), []
    for task, features in view.panels:
        panel = panels[task, features]
        groups: dict[str, list[str]] = {"behind": [], "level with": [], "ahead of": []}
        for budget in sorted({*panel.curve(BASELINE)} & {*panel.curves.get(one, {})} - {0, panel.n}):
            lead = paired(panel.curve(one)[budget], panel.curve(BASELINE)[budget])
            groups[findings.side(lead)].append(f"{budget} ({shown(lead.mean(), 1, '+')})")
        told = [f"{side} random selection with {findings.in_words(at)} points" for side, at in groups.items() if at]
        if told:
            lines.append(f"{task_label(task)}: {called} is {findings.in_words(told)}.")
    return "\n\n".join(lines) or view.missing() or "Nothing to compare."


def refinement_table(view: View) -> pd.DataFrame:
    """What each refinement adds to random proportional sampling, in AUC: paired over seeds.

    Returns
    -------
    DataFrame
        Indexed by task, features and score: for each refinement the mean difference and the half width of its 95 % t
        interval.
    """
    keys = ["task", "features", "score"]
    curves = aucs(view.table[view.table.score != ""])
    rows: dict = {}
    for key, group in curves.groupby(keys):
        auc = group.pivot(index="seed", columns="policy", values="auc")
        rows[key] = {}
        for suffix in REFINEMENTS:
            if {"random_proportional", f"random_proportional{suffix}"} <= set(auc.columns):
                lead = (auc[f"random_proportional{suffix}"] - auc["random_proportional"]).dropna()
                label = suffix[1:].replace("_", " and ")
                rows[key] |= {label: lead.mean(), f"{label} ±": half_width(lead)}
    return as_text(by_key(rows, *keys), 2)


def paired_aucs(view: View, other: View, names: tuple[str, str]) -> pd.DataFrame:
    """AUCs of the curves that two views share, as two protocols have them: paired over the seeds that both have.

    Parameters
    ----------
    view, other : View
    names : (str, str)
        What the two are called.

    Returns
    -------
    DataFrame
        Indexed by task, features, score and policy: either AUC, their mean difference and the half width of its 95 % t
        interval, the number of seeds, and the published AUC.
    """
    keys = ["task", "features", "score", "policy"]
    both = aucs(view.table).merge(aucs(other.table), on=[*keys, "seed"], suffixes=("", "_other"))
    published = published_aucs()
    rows = {}
    for key, group in both.groupby(keys):
        score = key[2] or view.parameters["score"]
        paper = published[(published.task == key[0]) & (published.score == score) & (published.policy == key[3])]
        rows[key] = {
            names[0]: group.auc.mean(),
            names[1]: group.auc_other.mean(),
            "difference": (group.auc_other - group.auc).mean(),
            "±": half_width(group.auc_other - group.auc),
            "seeds": len(group),
            "paper": paper.auc_mean.mean(),
        }
    return as_text(by_key(rows, *keys), 2, {"difference": (names[1], names[0])})


OTHERS = (  # of the appendices, with the score that the paper gives them
    ("random_proportional", "margin"),
    ("random_inverse_proportional", "margin"),
    ("clustered_baseline", ""),
    ("clustered_random_proportional", "influence"),
    ("dpp", ""),
    ("dpp_proportional", "influence"),
    ("dpp_map", ""),
    ("dpp_map_proportional", "influence"),
)


def against_influence(view: View, budgets: tuple[int, ...] = (10, 50, 100, 250, 500)) -> pd.DataFrame:
    """How far the appendices' policies are from drawing in proportion to influence, in percentage points.

    Returns
    -------
    DataFrame
        Indexed by task, features, policy and score: for each budget that the policy has the mean over seeds of the
        paired difference, with half of its 95 % t interval.
    """
    rows, influence, panels = {}, ("random_proportional", "influence"), panels_of(view.every)
    for task, features in view.panels:
        panel = panels[task, features]
        for other in OTHERS:
            if {other, influence} <= panel.curves.keys():
                one, base = panel.curve(other), panel.curve(influence)
                leads = {b: paired(one[b], base[b]) for b in budgets if b in one and b in base}
                rows[task, features, *other] = {b: _with_half_width(lead) for b, lead in leads.items()}
    return by_key(rows, "task", "features", "policy", "score").reindex(columns=list(budgets)).astype(object).fillna("-")


def _with_half_width(values: pd.Series) -> str:
    return f"{shown(values.mean(), 2, '+')} ± {shown(half_width(values), 2)}"


def order_of_policies(pairs: pd.DataFrame) -> pd.DataFrame:
    """How far our AUCs (`reconstruction.published_pairs`) and the published ones put the policies in the same order.

    Returns
    -------
    DataFrame
        Indexed by the paper's table, task and score: number of policies, Spearman's rank correlation of both orders,
        our lead over the published AUC (median, smallest, largest). Tables without results are left out.
    """
    rows = {}
    for key, table in pairs[pairs.seeds > 0].groupby(["table", "task", "score"]):
        lead = table.difference
        rows[key] = {
            "policies": len(table),
            "rank correlation": stats.spearmanr(table.auc, table.paper).statistic,
            "difference": lead.median(),
            "smallest": lead.min(),
            "largest": lead.max(),
        }
    return as_text(by_key(rows, "table", "task", "score"), 2)
