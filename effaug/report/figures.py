"""The paper's figures of policies, from stored results: one exhibit for each data set and kind of features."""

from __future__ import annotations

import functools
import html
import itertools
from collections.abc import Callable, Iterable, Mapping

import pandas as pd
from matplotlib.figure import SubFigure

from effaug.report import findings
from effaug.report.exhibits import Exhibit, Exhibits
from effaug.report.labels import dataset_label, features_label, score_label, task_label
from effaug.report.lacking import lacking
from effaug.report.numbering import PAGES, anchor, heading
from effaug.report.palette import Line, line
from effaug.report.panels import Panel, panels_of
from effaug.report.sources import origin
from effaug.report.statistics import half_width
from effaug.report.style import axes_in, budget_axis, draw_curve, label_ends, looks, reference, sheet, text_width
from effaug.report.view import View
from effaug.study.protocols import TABLE_SCORES
from effaug.study.tasks import SOURCES

RANDOM, INFLUENCE = line("baseline"), line("random_proportional", "influence", "influence")
NONE, ALL = "none", "all points"
Finding = Callable[[list[Panel]], str]


def figure_3(view: View, number: str = "3") -> Exhibits:
    """Random policies by influence, by loss and by the score asked for, against random selection (Figure 3)."""
    scores = dict.fromkeys((*TABLE_SCORES, *view.scores))
    by_score = [line("random_proportional", score, score_label(score)) for score in scores]
    lines = [RANDOM, *by_score, line("virtual_support_vectors", label="support vectors")]
    finding = functools.partial(_share_and_leads, [RANDOM, *by_score[:1]], by_score[1:])
    return policy_panels(view, number, lines, finding)


def figure_9(view: View, number: str = "9") -> Exhibits:
    """Random policies with score updates, down-weighting and both (Figures 4 and 9)."""
    return _refined(view, number, "random_proportional")


def figure_10(view: View, number: str = "10") -> Exhibits:
    """Deterministic policies, with the inverse one (Figure 10)."""
    score = view.parameters["score"]
    inverse = line("deterministic_inverse_proportional", score, f"lowest {score_label(score)}")
    return _refined(view, number, "deterministic_proportional", inverse)


def figure_14(view: View, number: str = "14") -> Exhibits:
    """Random policies by the margin of an SVM, either way round (Figure 14)."""
    lines = [
        line("random_proportional", "margin", "large margin"),
        line("random_inverse_proportional", "margin", "small margin"),
    ]
    return policy_panels(view, number, [RANDOM, INFLUENCE, *lines], functools.partial(_against_both, lines))


def figure_15(view: View, number: str = "15") -> Exhibits:
    """Points drawn from clusters (Figure 15)."""
    lines = [
        line("clustered_baseline", label="clusters"),
        line("clustered_random_proportional", "influence", "clusters, infl."),
    ]
    return policy_panels(view, number, [RANDOM, INFLUENCE, *lines], functools.partial(_against_both, lines))


def figure_16(view: View, number: str = "16") -> Exhibits:
    """Points drawn from a k-DPP, as far as its kernel has rank (Figure 16)."""
    lines = [
        line("dpp", label="k-DPP"),
        line("dpp_proportional", "influence", "k-DPP, infl."),
        line("dpp_map", label="greedy MAP"),
        line("dpp_map_proportional", "influence", "greedy, infl."),
    ]
    return policy_panels(view, number, [RANDOM, INFLUENCE, *lines], functools.partial(_against_both, lines[:2]))


def policy_panels(view: View, number: str, lines: list[Line], finding: Finding) -> Exhibits:
    """Accuracy on the augmented test set against the number of augmented points: an exhibit a data set, a panel a task.

    Lines are means over seeds, bands 95 % t intervals; dotted lines are no and full augmentation.

    Parameters
    ----------
    view : View
    number : str
        Of the figure: see `numbering`.
    lines : list of Line
    finding : callable
        From an exhibit's panels to what they show, in words.
    """
    made: list[Exhibit] = []
    all_panels = _panels(view)
    for (dataset, features), tasks in grouped(view).items():
        where = [(task, features) for task in tasks]
        panels = [all_panels[each] for each in where]
        with looks():
            figure, parts = sheet(len(tasks))
            for part, each in zip(parts, where, strict=True):
                _draw(part, _curves(view, *each), lines, each[0])
        name = f"{anchor(number)}-{dataset}" + f"-{features}" * (len(_kinds(view, dataset)) > 1)
        scores = [each.score for each in lines]
        made.append(
            Exhibit(
                name,
                figure,
                _caption(view, number, dataset, features, panels, finding, lacking(view, where, scores)),
                tuple(f"{task_label(panel.task)}: {findings.at_tenth(panel, _named(lines))}" for panel in panels),
                curve_numbers(pd.concat([_curves(view, *each) for each in where]), lines),
                origin(view, PAGES[number], where),
                anchors=() if made else (anchor(number),),
            )
        )
    return Exhibits(tuple(made), view.missing() or "Nothing to show.")


@functools.lru_cache(maxsize=1)  # a page has several figures
def _panels(view: View) -> dict[tuple[str, str], Panel]:
    return panels_of(view.every)


def grouped(view: View) -> dict[tuple[str, str], list[str]]:
    """A view's tasks with results, by data set and kind of features."""
    found: dict[tuple[str, str], list[str]] = {
        (task.rpartition("-")[0], features): [] for task, features in view.panels
    }
    for task, features in view.panels:
        found[task.rpartition("-")[0], features].append(task)
    names = dict.fromkeys((*SOURCES, *(name for name, _ in found)))  # those of one's own are called after their file
    order = itertools.product(names, ("refit", "frozen"))
    return {key: found[key] for key in order if key in found}


def curve_numbers(table: pd.DataFrame, lines: Iterable[Line]) -> pd.DataFrame:
    """The numbers behind some lines: mean accuracy in percent and half of its 95 % interval at each budget."""
    keys = ["task", "policy", "score", "budget"]
    wanted = {(each.policy, each.score) for each in lines} | {("full", "")}
    shown = table[[pair in wanted for pair in zip(table.policy, table.score, strict=True)]]
    groups = (shown.set_index(keys).accuracy * 100).groupby(level=keys, sort=False)
    numbers = {
        "accuracy": groups.mean().round(4),
        "half_width": groups.agg(half_width).round(4),
        "seeds": groups.size(),
    }
    return pd.DataFrame(numbers)


def _draw(part: SubFigure, table: pd.DataFrame, lines: list[Line], task: str) -> None:
    n = int(table.budget.max())
    room = max(text_width(label) for label in (NONE, ALL, *(each.label for each in lines)))
    axes = axes_in(part, right=room + 28)
    own = table[table.policy == "baseline"]
    budget_axis(axes, own.budget.unique(), n)
    ends = [
        draw_curve(axes, table[(table.policy == each.policy) & (table.score == each.score)], each, n / 10)
        for each in lines
    ]
    for label, rows in ((NONE, own[own.budget == 0]), (ALL, table[table.policy == "full"])):
        if len(rows):
            ends.append(reference(axes, 100 * rows.accuracy.mean(), label))
    axes.set_title(task_label(task), pad=14)
    axes.set_ylabel("accuracy, %")
    label_ends(axes, [end for end in ends if end])


def _curves(view: View, task: str, features: str) -> pd.DataFrame:
    return view.every[(view.every.task == task) & (view.every.features == features)]


def _kinds(view: View, dataset: str) -> set[str]:
    return {features for task, features in view.panels if task.rpartition("-")[0] == dataset}


def _named(lines: Iterable[Line]) -> Mapping[str, findings.Policy]:
    return {each.label: (each.policy, each.score) for each in lines}


def _caption(view, number, dataset, features, panels, finding, lacks) -> str:
    kind = f", {features_label(features)}" * (len(_kinds(view, dataset)) > 1)
    seeds = findings.seeds_in_words(panels)
    how = f"Means over {seeds}, with 95 % intervals." if seeds else ""
    words = html.escape(" ".join(filter(None, (finding(panels), how))))
    return f"<b>{heading(number)}, {html.escape(dataset_label(dataset) + kind)}.</b> {words} {lacks}".strip()


def _refined(view: View, number: str, policy: str, *others: Line) -> Exhibits:
    score = view.parameters["score"]
    plain = line(policy, score, {"d": "highest "}.get(policy[0], "") + score_label(score))
    refinements = {"_update": "updated", "_downweight": "down-weighted", "_update_downweight": "both"}
    refined = [line(policy + suffix, score, label) for suffix, label in refinements.items()]
    finding = functools.partial(_refinements, plain, refined, others)
    return policy_panels(view, number, [RANDOM, plain, *refined, *others], finding)


def _share_and_leads(shares: list[Line], rest: list[Line], panels: list[Panel]) -> str:
    named = {f"at {each.label}" if each is RANDOM else f"by {each.label}": _key(each) for each in reversed(shares)}
    said = [findings.share_of_gain(panels, named)]
    for each in (*shares[1:], *rest):
        found = findings.leads(panels, _key(each), _key(RANDOM))
        said.append(findings.capital(findings.compared(f"{each.label} at 10 %", found, "random selection")))
    return " ".join(filter(None, said))


def _refinements(plain: Line, refined: list[Line], others: Iterable[Line], panels: list[Panel]) -> str:
    said = []
    pairs = [(plain, RANDOM, "random selection"), *((each, RANDOM, "random selection") for each in others)]
    named = {"updated": "updating the scores", "down-weighted": "down-weighting", "both": "doing both"}
    pairs += [(each, plain, "the plain policy") for each in refined]
    for one, other, called in pairs:
        found = findings.leads(panels, _key(one), _key(other))
        said.append(
            findings.capital(findings.compared(named.get(one.label, f"choosing {_how(one.label)}"), found, called))
        )
    return " ".join(filter(None, ["All at 10 % of the points." * any(said), *said]))


def _how(label: str) -> str:
    return f"the {label}" if label.startswith(("highest", "lowest")) else f"by {label}"


def _against_both(lines: list[Line], panels: list[Panel]) -> str:
    said = []
    for each in lines:
        for other, called in ((INFLUENCE, "influence"), (RANDOM, "random selection")):
            found = findings.leads(panels, _key(each), _key(other))
            said.append(findings.capital(findings.compared(each.label.replace("infl.", "influence"), found, called)))
    return " ".join(filter(None, ["All at 10 % of the points, or the most that can be drawn." * any(said), *said]))


def _key(each: Line) -> findings.Policy:
    return each.policy, each.score
