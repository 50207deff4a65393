"""Colours and markers: a policy or a score has one of each, in every figure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from effaug.report.labels import policy_label, score_label

# Each has a contrast of 3 to 1 or more with white and with the dark theme's page; in a figure no two are alike for
# readers who do not see red or green.
VERMILION, BLUE, LILAC, MAGENTA = "#d55e00", "#0072b2", "#a987b9", "#b4227a"
BROWN, FOREST, ROSE, GREEN = "#8a5621", "#32714b", "#d87483", "#00aa4f"
PAGES = ("#ffffff", "#121212")  # what figures are seen on

_BY_SCORE = {"influence": (BLUE, "s"), "loss": (LILAC, "^"), "margin": (MAGENTA, "D")}
_BY_POLICY = {
    "baseline": (VERMILION, "o"),
    "virtual_support_vectors": (BROWN, "*"),
    "clustered_baseline": (ROSE, "v"),
    "clustered_random_proportional": (BROWN, "P"),
    "dpp": (ROSE, "<"),
    "dpp_proportional": (BROWN, ">"),
    "dpp_map": (FOREST, "d"),
    "dpp_map_proportional": (GREEN, "P"),
}
_BY_REFINEMENT = {"_update_downweight": (BROWN, "P"), "_update": (FOREST, "<"), "_downweight": (ROSE, "v")}
_INVERSE, _UNKNOWN = (GREEN, "X"), (FOREST, "d")
_DATASETS = {"mnist": (ROSE, "o"), "cifar10": (BROWN, "s"), "smallnorb": (FOREST, "^"), "digits": (GREEN, "D")}


@dataclass(frozen=True)
class Line:
    """One line of a figure: a policy and the score it uses, what it is called there, and how it is drawn."""

    policy: str
    score: str
    label: str
    colour: str
    marker: str


def line(policy: str, score: str = "", label: str = "") -> Line:
    """A policy's line; it has a label of its own only where the figure's title says the rest."""
    by = f", {score_label(score)}" if score else ""
    return Line(policy, score, label or policy_label(policy) + by, *look(policy, score))


def look(policy: str, score: str = "") -> tuple[str, str]:
    """Colour and marker of a policy: by its refinement, else by its score.

    Examples
    --------
    >>> look("random_proportional", "influence") == look("deterministic_proportional", "influence")
    True
    """
    if policy in _BY_POLICY:
        return _BY_POLICY[policy]
    refined = re.search("(_update)?(_downweight)?$", policy)
    if refined and refined[0]:
        return _BY_REFINEMENT[refined[0]]
    return _INVERSE if "inverse" in policy else _BY_SCORE.get(score, _UNKNOWN)


def score_colour(name: str) -> str:
    """A score's colour."""
    return _BY_SCORE.get(name, _UNKNOWN)[0]


def dataset_look(name: str) -> tuple[str, str]:
    """Colour and marker of a data set, where figures tell data sets apart."""
    return _DATASETS.get(name, _UNKNOWN)
