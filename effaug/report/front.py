"""The front page's answer: for each of the paper's data sets, what a tenth chosen by influence comes to."""

from __future__ import annotations

import html
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from effaug.report.drawings import REFERENCE, svg
from effaug.report.judging import judged
from effaug.report.labels import augmentation_label, dataset_label
from effaug.report.markup import verdict_html
from effaug.report.measures import INFLUENCE, POINTS
from effaug.report.palette import BLUE, VERMILION
from effaug.report.panels import BASELINE, NINE, Board, Panel
from effaug.report.published import published_features
from effaug.report.rounding import shown
from effaug.report.statistics import paired
from effaug.report.style import closed
from effaug.study.protocols import NAMES
from effaug.study.results import Results

TENTH = 0.10
DATASETS = tuple(dict.fromkeys(task.split("-")[0] for task in NINE))
# The marks and colours of the scorecard, by which a claim holds or not.
_MARKS = {
    "ahead": "holds", "behind": "does not hold", "mixed": "holds in part", "open": "undecided", "": "not measured"
}  # fmt: skip


@dataclass(frozen=True)
class Answer:
    """What a tenth by influence comes to on one data set under one protocol, over its augmentations.

    Attributes
    ----------
    verdict : {"ahead", "behind", "mixed", "open", ""}
        Against as many points at random: ahead on all augmentations, behind on all, ahead on some and level or behind
        on others, not all decided. By intervals over seeds at 95 % together (`judging.judged`). Empty without results.
    leads, gaps, gains : tuple of float
        Percentage points, one an augmentation: accuracy less that of a tenth at random, less that of all points
        augmented, and what augmenting all gains over augmenting none.
    """

    verdict: str
    leads: tuple[float, ...] = ()
    gaps: tuple[float, ...] = ()
    gains: tuple[float, ...] = ()


def answer(board: Board, dataset: str) -> Answer:
    """A data set's answer under a protocol, by the features that the paper has for it."""
    tasks = [task for task in NINE if task.startswith(dataset)]
    panels = [panel for panel in board.panels(INFLUENCE, tasks=tasks) if not _stands_in(panel)]
    if not panels:
        return Answer("")
    leads = [paired(panel.accuracy(INFLUENCE, TENTH), panel.accuracy(BASELINE, TENTH)) for panel in panels]
    gaps = [paired(panel.accuracy(INFLUENCE, TENTH), panel.full()) for panel in panels]
    gains = [paired(panel.full(), panel.accuracy(BASELINE, 0)) for panel in panels]
    found = judged(panel.effect(lead, "above", margin=POINTS) for panel, lead in zip(panels, leads, strict=True))
    return Answer(_verdict(set(found.outcome), len(panels) == len(tasks)), *map(_means, (leads, gaps, gains)))


def _stands_in(panel: Panel) -> bool:
    return panel.effect(pd.Series(dtype=float), "above").stand_in


def _verdict(outcomes: set[str], whole: bool) -> str:
    if "open" in outcomes or not whole:
        return "open"
    return {frozenset({"yes"}): "ahead", frozenset({"no"}): "behind"}.get(frozenset(outcomes), "mixed")


def _means(values: Iterable[pd.Series]) -> tuple[float, ...]:
    return tuple(float(each.mean()) for each in values)


def told(found: dict[str, Answer]) -> dict[str, str]:
    """One data set's answers, by protocol, in words: a sentence for each verdict."""
    sentences = {}
    for verdict in dict.fromkeys(each.verdict for each in found.values()):
        under = [name for name, each in found.items() if each.verdict == verdict]
        where = "in all three" if len(under) == len(found) else _listed(_WHERE[name] for name in under)
        said = _said(verdict, [found[name] for name in under], where)
        sentences[verdict] = said[0].upper() + said[1:]
    return sentences


_WHERE = {"reconstruction": "as reconstructed", "released-code": "from the code", "paper": "from the text"}


def _said(verdict: str, found: list[Answer], where: str) -> str:
    if not verdict:
        return f"{where} nothing is computed yet."
    leads, gaps, gains = ([value for each in found for value in getattr(each, name)] for name in _RANGES)
    if verdict == "ahead":
        return f"{where} a tenth by influence beats a tenth at random by {_span(leads)} points, {_gap(gaps)}."
    if verdict == "behind":
        behind, most = _span([-lead for lead in leads]), shown(max(gains), 1)
        return f"{where} it loses to random by {behind}: there augmenting everything gains {most} at most."
    return f"{where} it is {verdict} against a tenth at random: by {_span(leads, '+')} points, {_gap(gaps)}."


_RANGES = ("leads", "gaps", "gains")


def _gap(gaps: list[float]) -> str:
    """How far from augmenting everything, as they are shown."""
    low, high = (float(shown(value, 1)) for value in (min(gaps), max(gaps)))
    if high < 0:
        return f"{_span([-gap for gap in gaps])} short of augmenting everything"
    short = f"at worst {shown(-low, 1)}" if low < 0 else "never"
    return f"{short} short of augmenting everything"


def _span(values: list[float], sign: str = "") -> str:
    low, high = (shown(value, 1, sign) for value in (min(values), max(values)))
    return low if low == high else f"{low} to {high}"


def _listed(words: Iterable[str]) -> str:
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last


def cards(results: Results) -> str:
    """The front page's answers as HTML: a data set each, with its curves, its sentence and a mark for each protocol."""
    boards = {protocol: Board(results, protocol) for protocol in NAMES}
    return f'<div class="answers">{"".join(_card(boards, dataset) for dataset in DATASETS)}</div>{_KEY}'


def _card(boards: dict[str, Board], dataset: str) -> str:
    found = {protocol: answer(board, dataset) for protocol, board in boards.items()}
    marks = "".join(
        f"<li>{verdict_html(_MARKS[verdict], words=False)}<span>{html.escape(sentence)}{_WHY * (verdict == 'behind')}"
        "</span></li>"
        for verdict, sentence in told(found).items()
    )
    name, features = html.escape(dataset_label(dataset)), published_features(f"{dataset}-translate")
    choice = f"dataset={dataset}&amp;augmentation=translate&amp;features={features}&amp;protocol=reconstruction"
    return (
        f'<section class="answer"><h2><a href="explorer.html#{choice}">{name}</a></h2>'
        f'<div class="sparkline">{_sparkline(boards, dataset)}</div>'
        f"<ul>{marks}</ul></section>"
    )


_WHY = ' <a href="../notebooks/sensitivity.html">Why?</a>'
_KEY = (
    '<p class="key"><span class="influence">━ by influence</span> <span class="random">━ at random</span> '
    "┄ all points augmented. Accuracy on shifted images by number of augmented points, as reconstructed; "
    "marks compare it at 10 %.</p>"
)


def _sparkline(boards: dict[str, Board], dataset: str) -> str:
    """The curves under translation, the paper's main table, without words: the page has them beside it."""
    figure, axes = plt.subplots(figsize=(2.6, 1.5), layout="constrained")
    panel = _panel(boards, dataset)
    if panel is not None:
        _draw(axes, panel)
    axes.set_axis_off()
    lead = f"{dataset_label(dataset)}, shifted: accuracy against augmented points, by influence and at random"
    return svg(closed(figure), lead)


def _panel(boards: dict[str, Board], dataset: str) -> Panel | None:
    found = list(boards["reconstruction"].panels(INFLUENCE, tasks=[f"{dataset}-translate"]))
    return found[0] if found and not _stands_in(found[0]) else None


def _draw(axes: Axes, panel: Panel) -> None:
    for policy, colour, marker in ((BASELINE, VERMILION, "o"), (INFLUENCE, BLUE, "s")):
        curve = panel.curve(policy).mean()
        axes.plot(curve.index, curve, color=colour, marker=marker, ms=3.5, lw=1.6)
    axes.axhline(panel.full().mean(), color=REFERENCE, ls=":", lw=1.2)
    axes.axvline(TENTH * panel.n, color=REFERENCE, lw=0.8, alpha=0.6)
    axes.set_xscale("symlog", linthresh=10, linscale=0.5)
    axes.set_xlim(0, panel.n)


def idea(results: Results) -> Figure:
    """The finding in a figure, for README: a panel each data set, by influence against at random."""
    board = Board(results, "reconstruction")
    figure, row = plt.subplots(1, len(DATASETS), figsize=(9, 2.7), layout="constrained")
    for axes, dataset in zip(row, DATASETS, strict=True):
        panel = _panel({"reconstruction": board}, dataset)
        axes.set_title(f"{dataset_label(dataset)}, {augmentation_label('translate')}", fontsize=10)
        if panel is None:
            continue
        _draw(axes, panel)
        ticks = [0, 10, 100, panel.n]
        axes.set_xticks(ticks, map(str, ticks), minor=False)
        axes.minorticks_off()
        axes.set_xlabel("augmented points")
    sns.despine(figure)
    row[0].set_ylabel("accuracy, percent")
    for words, colour, height in (("by influence", BLUE, 0.42), ("at random", VERMILION, 0.22)):
        row[0].text(0.95, height, words, color=colour, transform=row[0].transAxes, ha="right")
    return closed(figure)


def get_it() -> str:
    """Four lines from nothing to a notebook that was run anew, as Markdown; the address is the checkout's own."""
    address = _address()
    clone = f"git clone {address} effaug && cd effaug" if address else "cd effaug  # a checkout of what built this book"
    rerun = "effaug notebook run quickstart -p augmentation=crop --html"
    return "\n".join(["```sh", clone, "make book", "source .venv/bin/activate", rerun, "```"])


def _address() -> str:
    """Where others can clone it from; empty if the checkout's origin is a folder, or there is none."""
    asked = ["git", "config", "--get", "remote.origin.url"]
    done = subprocess.run(asked, cwd=Path(__file__).parent, capture_output=True, text=True)
    return found if (found := done.stdout.strip()).startswith(("https://", "ssh://", "git@")) else ""
