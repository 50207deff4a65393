"""What decides each of the paper's claims: its comparisons, as effects over seeds."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pandas as pd

from effaug.policies import POLICIES
from effaug.report.claims import Claim
from effaug.report.judging import judged
from effaug.report.panels import BASELINE, FULL, NINE, Board, Effect, Panel
from effaug.report.point_scores import spearman
from effaug.report.rounding import shown
from effaug.report.statistics import ANY, best_of, paired
from effaug.study import timing
from effaug.study.protocols import TABLE_POLICIES, TABLE_SCORES

POINTS = 0.1  # percentage points that count as no difference, as the paper's "within .1 %" (Section 3)
AREA = 1.0  # the same of an AUC whose perfect value is 1000
# Smaller differences of AUC are none: the half width of the 95 % interval of a difference over the paper's five seeds,
# at the median standard deviation of Tables 3 to 20 (0.39), and a third of the least gain over random selection (1.42).
EQUAL_AREA = 0.5
INFLUENCE, LOSS = ("random_proportional", "influence"), ("random_proportional", "loss")


def effects(board: Board, claim: Claim) -> pd.DataFrame:
    """A claim's comparisons: effects, intervals and outcomes, as `judged`."""
    return judged(_MEASURES[claim.id](board))


def _tasks(*parts: str) -> list[str]:
    return [task for task in NINE if any(part in task for part in parts)]


def _areas(first: tuple[str, str], second: tuple[str, str], side: str, bound: float, tasks=NINE, word: str = ""):
    """A measure: AUC under one policy less AUC under another, in every task; against a bound of 0 they can be equal."""
    margin = 0 if bound else EQUAL_AREA

    def measure(board: Board) -> Iterator[Effect]:
        for panel in board.panels(first, second, tasks=tasks):
            yield panel.effect(paired(panel.area(first), panel.area(second)), side, bound, margin=margin, word=word)

    return measure


def _all(*measures: Callable[[Board], Iterator[Effect]]) -> Callable[[Board], Iterator[Effect]]:
    return lambda board: itertools.chain.from_iterable(measure(board) for measure in measures)


def _keeps_accuracy(board: Board) -> Iterator[Effect]:
    for panel in board.panels(tasks=_tasks("translate")):
        random = [key for key in panel.curves if key[0] in TABLE_POLICIES[1:] and POLICIES[key[0]].random]
        kept = {key: panel.accuracy(key, 0.10) for key in random if key[1] in TABLE_SCORES}
        if kept:
            full = panel.full()
            share = {key: 100 + 100 * paired(one, full) / full.mean() for key, one in kept.items()}
            yield panel.effect(best_of(pd.DataFrame(share).dropna()), "above", 99.86)


def _gains(panel: Panel) -> bool:
    """Whether full augmentation gains anything to speak of."""
    return bool(paired(panel.full(), panel.accuracy(BASELINE, 0)).mean() > POINTS)


def _random_quarter(board: Board) -> Iterator[Effect]:
    for panel in board.panels(tasks=_tasks("translate")):
        none, full = panel.accuracy(BASELINE, 0), panel.full()
        gained, gain = paired(panel.accuracy(BASELINE, 0.25), none), paired(full, none)
        yield panel.effect(paired(gained, gain / 2), "above", margin=POINTS, empty=not _gains(panel))


def _rotated(policies: tuple[tuple[str, str], ...], fraction: float, side: str) -> Callable[[Board], Iterator[Effect]]:
    def measure(board: Board) -> Iterator[Effect]:
        for policy in policies:
            for panel in board.panels(policy, tasks=_tasks("rotate")):
                gap, word = paired(panel.accuracy(policy, fraction), panel.full()), f", {policy[1]}" * bool(policy[1])
                yield panel.effect(gap, side, -POINTS, word=word, empty=not _gains(panel))

    return measure


def _beyond_full(panel: Panel) -> pd.Series:
    """Accuracy at the best budget by influence, none and all excepted, less that of full augmentation."""
    return paired(best_of(panel.curve(INFLUENCE).iloc[:, 1:-1]), panel.full())


def _subset_beats_full(board: Board) -> Iterator[Effect]:
    for panel in board.panels(INFLUENCE):
        yield panel.effect(_beyond_full(panel), "above", POINTS)


def _subset_most_norb(board: Board) -> Iterator[Effect]:
    found = {panel.task: panel for panel in board.panels(INFLUENCE)}
    for task in [t for t in _tasks("smallnorb") if t in found]:
        for other in [t for t in found if t.split("-")[1] == task.split("-")[1] and t != task]:
            ours, theirs = (_beyond_full(found[t]).reset_index(drop=True) for t in (task, other))
            empty = found[task].effect(ours, "above").empty
            stand_in = found[other].effect(theirs, "above").stand_in
            lead, where = paired(ours, theirs), f"{task} less {other}"
            yield Effect(where, lead, "above", empty=empty, stand_in=stand_in, margin=POINTS)


def _inverse_last(board: Board) -> Iterator[Effect]:
    for score in TABLE_SCORES:
        others = [(p, score if POLICIES[p].uses_scores else "") for p in TABLE_POLICIES if "inverse" not in p]
        for kind in ("random", "deterministic"):
            inverse = (f"{kind}_inverse_proportional", score)
            for panel in board.panels(inverse, *others):
                areas = {policy: panel.area(policy) for policy in others}
                seeds = areas[BASELINE].index
                table = pd.DataFrame({p: a.get(ANY, a.reindex(seeds)) for p, a in areas.items()}, index=seeds).dropna()
                lowest = -best_of(-table)
                lead, word = paired(panel.area(inverse), lowest), f", {kind}, {score}"
                yield panel.effect(lead, "below", margin=EQUAL_AREA, word=word)


def _support_vectors(panel: Panel) -> pd.DataFrame:
    """How many points they are and their accuracy, a row a seed: each seed's curve is a single point."""
    found = {seed: row.dropna() for seed, row in panel.curve(VSV).iterrows()}
    return pd.DataFrame({seed: {"size": one.index[0], "accuracy": one.iloc[0]} for seed, one in found.items()}).T


def _vsv_strong(board: Board) -> Iterator[Effect]:
    for panel in board.panels(VSV, INFLUENCE, tasks=["smallnorb-translate", "smallnorb-crop", "cifar10-rotate"]):
        own, curve = _support_vectors(panel), panel.curve(INFLUENCE)
        sizes = paired(own["size"], pd.Series(0.0, curve.index)).reindex(curve.index)
        at = curve.columns.to_numpy(float)
        as_many = [np.interp(size, at, row) for size, row in zip(sizes, curve.to_numpy(), strict=True)]
        lead = paired(own.accuracy, pd.Series(as_many, curve.index).dropna())
        yield panel.effect(lead, "above", -POINTS, word=f", {shown(sizes.mean(), 0)} points")


def _vsv_poor(board: Board) -> Iterator[Effect]:
    for panel in board.panels(VSV, INFLUENCE, tasks=[*_tasks("mnist"), "cifar10-translate"]):
        own = _support_vectors(panel)
        lead = paired(own.accuracy, best_of(panel.curve(INFLUENCE)))
        yield panel.effect(lead, "below", -POINTS, word=f", {shown(own['size'].mean(), 0)} points")


def _dpp(policy: tuple[str, str], bound: float, side: str) -> Callable[[Board], Iterator[Effect]]:
    def measure(board: Board) -> Iterator[Effect]:
        for panel in board.panels(policy, INFLUENCE, tasks=_tasks("cifar10")):
            both = np.intersect1d(panel.curves[policy].columns, panel.curves[INFLUENCE].columns)
            common = both[both <= 0.25 * panel.n]
            lead = paired(panel.area(policy, common), panel.area(INFLUENCE, common))
            margin = 0 if bound else EQUAL_AREA
            yield panel.effect(lead, side, bound, margin=margin, word=f", to {common[-1]}")

    return measure


def _scores_persist(board: Board) -> Iterator[Effect]:
    for panel in board.panels():
        full = (board.label(panel.task), panel.features, "", "full")
        each_seed = {seed: board.results.points(panel.task, (*full, seed)) for seed in panel.curves[FULL].index}
        stored = {seed: points for seed, points in each_seed.items() if points}
        for score in TABLE_SCORES:
            each = {seed: spearman(points, score) for seed, points in stored.items()}
            values = pd.Series(each, dtype=float)
            values = values if panel.features == "refit" or len(values) != 1 else values.set_axis([ANY])
            yield panel.effect(values, "above", 0.5, word=f", {score}")


def _regularisation(board: Board) -> Iterator[Effect]:
    swept = Board(board.results, board.protocol, lambda p: None if p.C == "cv" else replace(p, C="cv"))
    for panel in board.panels(INFLUENCE):
        other = swept.panel(panel.task, panel.features, INFLUENCE)
        if other is not None:
            gains = [paired(p.accuracy(INFLUENCE, 0.10), p.accuracy(BASELINE, 0.10)) for p in (other, panel)]
            yield panel.effect(paired(*gains), "within", POINTS)


def _linear_time(board: Board) -> Iterator[Effect]:
    for name, record in timing.load(board.results.folder / "timing").items():
        bent = timing.curvature(record["epoch_times"])
        yield Effect(f"{name}, {record['hardware']}", 100 * bent, "within", 10)


VSV = ("virtual_support_vectors", "")
_CLUSTERED, _CLUSTERED_INFLUENCE = ("clustered_baseline", ""), ("clustered_random_proportional", "influence")
_DOWN, _UPDATE = (("random_proportional_downweight", "influence"), ("random_proportional_update", "influence"))
_MEASURES: dict[str, Callable[[Board], Iterator[Effect]]] = {
    "keeps-accuracy": _keeps_accuracy,
    "random-quarter": _random_quarter,
    "beats-random": _all(*(_areas(p, BASELINE, "above", 0, word=f", {p[1]}") for p in (INFLUENCE, LOSS))),
    "rotation-early": _rotated((INFLUENCE, LOSS), 0.10, "above"),
    "rotation-random-late": _rotated((BASELINE,), 0.75, "below"),
    "influence-is-loss": _areas(INFLUENCE, LOSS, "within", AREA),
    "influence-better-norb": _areas(INFLUENCE, LOSS, "above", 0, _tasks("smallnorb")),
    "subset-beats-full": _subset_beats_full,
    "subset-most-norb": _subset_most_norb,
    "vsv-strong": _vsv_strong,
    "vsv-poor": _vsv_poor,
    "update-idle": _areas(_UPDATE, INFLUENCE, "below", AREA),
    "downweight-hurts": _areas(_DOWN, INFLUENCE, "below", 0, _tasks("cifar10", "smallnorb")),
    "downweight-mnist": _areas(_DOWN, INFLUENCE, "within", AREA, _tasks("mnist")),
    "scores-persist": _scores_persist,
    "regularisation-idle": _regularisation,
    "inverse-last": _inverse_last,
    "margin-worse": _all(
        *(
            _areas((policy, "margin"), INFLUENCE, "below", 0, word=f", {policy.replace('_', ' ')}")
            for policy in ("random_proportional", "random_inverse_proportional")
        )
    ),
    "clusters-beat-random": _areas(_CLUSTERED, BASELINE, "above", 0),
    "influence-beats-clusters": _areas(INFLUENCE, _CLUSTERED, "above", 0),
    "influence-beats-both": _areas(INFLUENCE, _CLUSTERED_INFLUENCE, "above", 0),
    "dpp-poor": _dpp(("dpp", ""), 0, "below"),
    "dpp-competitive": _dpp(("dpp_proportional", "influence"), -AREA, "above"),
    "linear-time": _linear_time,
}
