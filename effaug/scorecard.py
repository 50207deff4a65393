"""The paper's claims weighed against our results: what each comes to, with intervals, and a verdict."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd

from effaug import timing
from effaug.evidence import BASELINE, NINE, Board, Effect, Panel, best_of, paired
from effaug.paper import CLAIMS, Claim
from effaug.points import spearman
from effaug.policies import TABLE_POLICIES
from effaug.results import Results
from effaug.scores import TABLE_SCORES

LEVEL = 0.95  # of a claim's intervals together
POINTS = 0.1  # percentage points that count as no difference, as the paper's "within .1 %" (Section 3)
AREA = 1.0  # the same of an AUC whose perfect value is 1000
INFLUENCE, LOSS = ("random_proportional", "influence"), ("random_proportional", "loss")
OUTCOMES = ("yes", "no", "open", "empty")


def scorecard(results: Results, protocol: str) -> pd.DataFrame:
    """Every claim with its verdict.

    Returns
    -------
    DataFrame
        Indexed by the claim's id: ``section``, ``claim``, ``verdict`` (holds, holds in part, does not hold, undecided,
        not measured), how many comparisons are ``yes``, ``no``, ``open`` and ``empty``, the range of the ``effects``,
        and what they are ``decided by``.
    """
    rows, board = {}, Board(results, protocol)
    for claim in CLAIMS:
        found = effects(board, claim)
        count = found.outcome.value_counts()
        rows[claim.id] = {
            "section": claim.section,
            "claim": claim.says,
            "verdict": verdict(claim.holds, found.outcome.tolist()),
            **{outcome: int(count.get(outcome, 0)) for outcome in OUTCOMES},
            "effects": f"{found.effect.min():.2f} to {found.effect.max():.2f}" if len(found) else "",
            "decided by": claim.decided_by,
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("id")


def side_by_side(results: Results, protocols: tuple[str, ...]) -> pd.DataFrame:
    """The verdicts under several protocols, a column each."""
    found = {protocol: scorecard(results, protocol) for protocol in protocols}
    columns = {protocol: card.verdict for protocol, card in found.items()}
    return pd.DataFrame({"claim": next(iter(found.values())).claim, **columns})


def effects(board: Board, claim: Claim) -> pd.DataFrame:
    """A claim's comparisons: effect, interval (95 % for all of them together, by Bonferroni), outcome."""
    found = list(_MEASURES[claim.id](board))
    level = 1 - (1 - LEVEL) / max(1, len(found))
    columns = ["comparison", "effect", "low", "high", "seeds", "claimed", "outcome"]
    return pd.DataFrame([effect.judged(level) for effect in found], columns=columns)


def verdict(holds: str, outcomes: list[str]) -> str:
    """From the outcomes of a claim's comparisons, and in how many of them it must be on its side: see `scorecard`."""
    counted = [outcome for outcome in outcomes if outcome != "empty"]
    yes, no = counted.count("yes"), counted.count("no")
    if not counted:
        return "not measured"
    if yes >= {"every": len(counted), "most": len(counted) // 2 + 1, "some": 1}[holds]:
        return "holds"
    if yes:
        return "holds in part"
    return "does not hold" if no >= (len(counted) if holds == "some" else 1) else "undecided"


def _tasks(*parts: str) -> list[str]:
    return [task for task in NINE if any(part in task for part in parts)]


def _areas(first: tuple[str, str], second: tuple[str, str], side: str, bound: float, tasks=NINE, word: str = ""):
    """A measure: AUC under one policy less AUC under another, in every task."""

    def measure(board: Board) -> Iterator[Effect]:
        for panel in board.panels(first, second, tasks=tasks):
            yield Effect(panel.where + word, paired(panel.area(first), panel.area(second)), side, bound)

    return measure


def _all(*measures: Callable[[Board], Iterator[Effect]]) -> Callable[[Board], Iterator[Effect]]:
    def measure(board: Board) -> Iterator[Effect]:
        for each in measures:
            yield from each(board)

    return measure


def _keeps_accuracy(board: Board) -> Iterator[Effect]:
    for panel in board.panels(tasks=_tasks("translate")):
        policies = [key for key in panel.curves if key[0] in TABLE_POLICIES[1:] and key[1] in TABLE_SCORES]
        ratio = {key: panel.accuracy(key, 0.10) / panel.full().mean() * 100 for key in policies}
        seeds = max(ratio.values(), key=len).index
        table = pd.DataFrame({key: r.reindex(seeds).fillna(r.iloc[0]) for key, r in ratio.items()})
        yield Effect(panel.where, best_of(table), "above", 99.86)


def _random_quarter(board: Board) -> Iterator[Effect]:
    for panel in board.panels():
        none, full = panel.accuracy(BASELINE, 0), panel.full()
        gain = paired(full, none)
        share = paired(panel.accuracy(BASELINE, 0.25), none) - gain.mean() / 2
        yield Effect(panel.where, share, "above", empty=bool(gain.mean() <= 0))


def _rotated(policies: tuple[tuple[str, str], ...], fraction: float, side: str) -> Callable[[Board], Iterator[Effect]]:
    def measure(board: Board) -> Iterator[Effect]:
        for policy in policies:
            for panel in board.panels(policy, tasks=_tasks("rotate")):
                word = f", {policy[1]}" if policy[1] else ""
                gap = paired(panel.accuracy(policy, fraction), panel.full())
                yield Effect(panel.where + word, gap, side, -POINTS)

    return measure


def _beyond_full(panel: Panel) -> np.ndarray:
    """Accuracy at the best budget by influence, none and all excepted, less that of full augmentation."""
    between = 100 * panel.curves[INFLUENCE].iloc[:, 1:-1]
    return paired(pd.Series(best_of(between), index=between.index), panel.full())


def _subset_beats_full(board: Board) -> Iterator[Effect]:
    for panel in board.panels(INFLUENCE):
        yield Effect(panel.where, _beyond_full(panel), "above")


def _subset_most_norb(board: Board) -> Iterator[Effect]:
    found = {panel.task: _beyond_full(panel) for panel in board.panels(INFLUENCE)}
    for kind in ("translate", "rotate", "crop"):
        ours, others = found.get(f"norb-{kind}"), [v for t, v in found.items() if kind in t and "norb" not in t]
        if ours is not None and others:
            n = min(map(len, (ours, *others)))
            yield Effect(f"norb-{kind}", ours[:n] - np.mean([v[:n] for v in others], axis=0), "above")


def _vsv(side: str, tasks: list[str]) -> Callable[[Board], Iterator[Effect]]:
    def measure(board: Board) -> Iterator[Effect]:
        for panel in board.panels(VSV, INFLUENCE, tasks=tasks):
            curve = panel.curves[VSV].stack()
            sizes = curve.index.get_level_values("budget").to_numpy(float)
            lead = 100 * curve.to_numpy() - panel.at(INFLUENCE, sizes)
            yield Effect(f"{panel.where}, {sizes.mean():.0f} points", lead, side, -POINTS)

    return measure


def _dpp(policy: tuple[str, str], bound: float, side: str) -> Callable[[Board], Iterator[Effect]]:
    def measure(board: Board) -> Iterator[Effect]:
        for panel in board.panels(policy, INFLUENCE):
            both = np.intersect1d(panel.curves[policy].columns, panel.curves[INFLUENCE].columns)
            common = both[both <= 0.25 * panel.n]
            lead = paired(panel.area(policy, common), panel.area(INFLUENCE, common))
            yield Effect(f"{panel.where}, to {common[-1]}", lead, side, bound)

    return measure


def _scores_persist(board: Board) -> Iterator[Effect]:
    for panel in board.panels():
        stored = board.results.points(panel.task)
        for score in TABLE_SCORES:
            start = f"{board.protocol}/{panel.features}//full/"
            seeds = sorted({name.removeprefix(start).split("/")[0] for name in stored if name.startswith(start)})
            names = [f"{score}_before", f"{score}_after"]
            each = [spearman({name: stored[f"{start}{seed}/{name}"] for name in names}, score) for seed in seeds]
            yield Effect(f"{panel.where}, {score}", np.array(each), "above", 0.5)


def _regularisation(board: Board) -> Iterator[Effect]:
    small, large = (Board(board.results, f"{board.protocol}+C={C}") for C in ("0.01", "100.0"))
    for one, other in zip(small.panels(INFLUENCE), large.panels(INFLUENCE), strict=False):
        gains = [paired(p.accuracy(INFLUENCE, 0.10), p.accuracy(BASELINE, 0.10)) for p in (one, other)]
        yield Effect(one.where, gains[0] - gains[1], "within", POINTS)


def _linear_time(board: Board) -> Iterator[Effect]:
    for name, record in timing.load(board.results.folder / "timing").items():
        yield Effect(name, np.array([timing.linear_fit(record["epoch_times"]).r_squared]), "above", 0.99)


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
    "influence-better-norb": _areas(INFLUENCE, LOSS, "above", 0, _tasks("norb")),
    "subset-beats-full": _subset_beats_full,
    "subset-most-norb": _subset_most_norb,
    "vsv-strong": _vsv("above", ["norb-translate", "norb-crop", "cifar10-rotate"]),
    "vsv-poor": _vsv("below", [*_tasks("mnist"), "cifar10-translate"]),
    "update-idle": _areas(_UPDATE, INFLUENCE, "within", AREA),
    "downweight-hurts": _areas(_DOWN, INFLUENCE, "below", 0, _tasks("cifar10", "norb")),
    "downweight-mnist": _areas(_DOWN, INFLUENCE, "within", AREA, _tasks("mnist")),
    "scores-persist": _scores_persist,
    "regularisation-idle": _regularisation,
    "inverse-worst": _all(
        *(
            _areas((f"{kind}_inverse_proportional", score), BASELINE, "below", 0, word=f", {kind}, {score}")
            for kind in ("random", "deterministic")
            for score in TABLE_SCORES
        )
    ),
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
