"""The figures' numbers: the paper's where it has one, ours with an E; and on which page of the book each is."""

from __future__ import annotations

PAPER = {
    "1": "score_distributions",
    "2": "score_distributions",
    "3": "random_policies",
    "4": "refinements",
    "5": "extreme_points",
    "6": "score_distributions",
    "7": "score_distributions",
    "8": "score_distributions",
    "9": "random_policies",
    "10": "deterministic_policies",
    "11": "extreme_points",
    "12": "extreme_points",
    "13": "extreme_points",
    "14": "diversity",
    "15": "diversity",
    "16": "diversity",
    "17": "training_time",
}
OWN = {
    "E1": ("A newcomer's first figure", "quickstart"),
    "E2": ("Images and their copies", "data_and_augmentations"),
    "E3": ("How the networks learnt", "networks"),
    "E4": ("Extreme points of other data", "extreme_points"),
    "E5": ("The gain against C", "sensitivity"),
    "E6": ("The gain of selecting against that of augmenting", "text_against_code"),
    "E7": ("Our AUCs against the published ones", "auc_tables"),
    "E8": ("One experiment: random policies", "experiment"),
    "E9": ("One experiment: deterministic policies", "experiment"),
    "E10": ("How other scores are distributed", "score_distributions"),
}
UNSHOWN = ("E10",)  # on a page as it stands: of scores that one asks for
PAGES = PAPER | {number: page for number, (_, page) in OWN.items()}


def anchor(number: str) -> str:
    """A figure's place on its page.

    Examples
    --------
    >>> anchor("3"), anchor("E1")
    ('figure-3', 'figure-e1')
    """
    return f"figure-{number.lower()}"


def heading(*numbers: str) -> str:
    """What a figure is called, with all the numbers that it has.

    Examples
    --------
    >>> heading("3"), heading("2", "8")
    ('Figure 3', 'Figures 2 and 8')
    """
    return f"Figure{'s' * (len(numbers) > 1)} {' and '.join(numbers)}"
