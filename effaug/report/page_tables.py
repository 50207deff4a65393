"""The tables beside the figures, as pages show them: captions with what they come to, readers' names, origins."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

import pandas as pd

from effaug.report import comparisons, point_scores, tables
from effaug.report.exhibits import Exhibit
from effaug.report.findings import Policy, in_range
from effaug.report.labels import dataset_label, human, protocol_label, score_label
from effaug.report.numbers import own
from effaug.report.sources import origin
from effaug.report.timing_figure import timed

if TYPE_CHECKING:
    from effaug.report.view import View

_RANDOM: Policy = ("baseline", "")
_GAP = "random proportional - full"


def tasks(view: View) -> Exhibit:
    """How large each task is."""
    found = tables.task_table(view)
    copies = in_range(found["copies"], 0) if len(found) else "no"
    says = f"Each point has {copies} copies. Points of the two classes, for training and for testing."
    return own("tasks", human(found), says, origin=origin(view, "data_and_augmentations"), deciding=("copies",))


def scores(view: View) -> Exhibit:
    """How scores are distributed, and whether augmentation keeps their order."""
    found = point_scores.score_table(view)
    says = "Quantiles before augmentation, what the highest tenth holds, and the rank correlation with after."
    share = "share of the top 10 %"
    return own("scores", human(found), says, origin=origin(view, "score_distributions"), deciding=(share,))


def correlations(view: View) -> Exhibit:
    """Rank correlation of scores before and after augmentation, for every task."""
    found = point_scores.score_table(view).reindex(columns=["Spearman's rho"])
    rhos = pd.to_numeric(found["Spearman's rho"])
    says = f"Spearman's rank correlation of a score before and after: {in_range(rhos, 2)}." if len(rhos) else ""
    wide = found["Spearman's rho"].unstack("score") if len(found) else found
    wide = wide.rename(columns=score_label).rename_axis(columns=None)
    return own("score-correlations", human(wide), says, origin=origin(view, "score_distributions"))


def main_claim(view: View, part: str = "") -> Exhibit:
    """How far a tenth by each proportional policy, and at random, is from augmenting everything."""
    found = comparisons.main_claim(view)
    gaps = found.get(_GAP, pd.Series(dtype=float)).dropna()
    score, under = score_label(view.parameters["score"]), protocol_label(view.parameters["protocol"])
    says = (
        f"Under {html.escape(under)}, accuracy in percent and gaps in percentage points; negative is below all points."
    )
    if len(gaps):
        near = int((gaps >= -_CLOSE).sum())
        says += f" A tenth by {score} is at most {_CLOSE} below it in {near} of {len(gaps)} rows."
    frame = human(found.map(lambda value: value if isinstance(value, int) else f"{value:g}"))
    deciding = tuple(column for column in frame if str(column).startswith("random proportional"))
    return own("main-claim", frame, says, part, origin=origin(view, "random_policies"), deciding=deciding)


_CLOSE = 0.5  # percentage points


def refinements(view: View, part: str = "") -> Exhibit:
    """What each refinement adds to random proportional sampling, in AUC."""
    found = comparisons.refinement_table(view)
    under = html.escape(protocol_label(view.parameters["protocol"]))
    says = f"AUC of the refined policy less that of the plain one, under {under}, with half of its 95 % interval."
    if len(found) and "update" in found:
        says += (
            f" Updating the scores changes it by {in_range(pd.to_numeric(found['update'], errors='coerce').dropna())}."
        )
    return own("refinements", human(found), says, part, origin=origin(view, "refinements"))


def deterministic(view: View) -> Exhibit:
    """Taking points in the order of a score, against drawing by it and against random selection."""
    score = view.parameters["score"]
    name = score_label(score)
    policies = {
        f"highest {name}": ("deterministic_proportional", score),
        f"highest {name}, updated": ("deterministic_proportional_update", score),
        f"highest {name}, down-weighted": ("deterministic_proportional_downweight", score),
        f"lowest {name}": ("deterministic_inverse_proportional", score),
    }
    against = {"random selection": _RANDOM, f"drawing by {name}": ("random_proportional", score)}
    found = comparisons.tally(view, policies, against)
    return own("deterministic", found, _TALLIED, origin=origin(view, "deterministic_policies"), deciding=(*found,))


def others(view: View) -> Exhibit:
    """The appendices' ways to choose, against influence and against random selection."""
    policies = {
        "large margin": ("random_proportional", "margin"),
        "small margin": ("random_inverse_proportional", "margin"),
        "clusters": ("clustered_baseline", ""),
        "clusters, by influence": ("clustered_random_proportional", "influence"),
        "k-DPP": ("dpp", ""),
        "k-DPP, by influence": ("dpp_proportional", "influence"),
        "greedy MAP": ("dpp_map", ""),
        "greedy MAP, by influence": ("dpp_map_proportional", "influence"),
    }
    against = {"random selection": _RANDOM, "influence": ("random_proportional", "influence")}
    found = comparisons.tally(view, policies, against)
    return own("against-influence", found, _TALLIED, "tally", origin=origin(view, "diversity"), deciding=(*found,))


_TALLIED = (
    "In how many tasks a choice of 10 % of the points, or of the most that can be chosen, is ahead / level / behind, "
    "by 95 % intervals; in brackets the range of differences in percentage points."
)


def against_influence(view: View) -> Exhibit:
    """How far the appendices' policies are from drawing in proportion to influence."""
    found = comparisons.against_influence(view)
    says = "Accuracy less that of as many points drawn in proportion to influence, with half of its 95 % interval."
    names = ", ".join(dict.fromkeys(dataset_label(task.rpartition("-")[0]) for task in found.index.unique("task")))
    frame = human(found.rename(columns=lambda n: f"{n} points"))
    return own("against-influence", frame, says, origin=origin(view, "diversity"), fold=f"The table: {names}")


def epochs(times: dict[str, dict]) -> Exhibit:
    """The numbers behind Figure 17."""
    says = "Seconds an epoch: mean and range over repeats, and what the line says."
    return own("epoch-times", tables.epoch_table(times), says, origin=timed(times), deciding=("mean",))


def selection(times: dict[str, dict]) -> Exhibit:
    """What selection saves, with the cost of scoring and without."""
    found = tables.selection_table(times)
    saved = ", ".join(dict.fromkeys(found["saved"])) if len(found) else "nothing"
    says = f"A tenth of the points saves {saved} of the seconds that training on all copies takes, scoring counted."
    deciding = ("saved", "saved, scores at hand")
    return own("selection-times", human(found), says, origin=timed(times), deciding=deciding)
