"""From effects to a verdict: comparisons decided by Holm's step-down procedure, seeds to decide the rest, the claim."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import pandas as pd
from scipy import stats

from effaug.report.claims import Claim
from effaug.report.panels import LEVEL, Effect

MOST_SEEDS = 1000  # beyond which no number of seeds is told
OUTCOMES = ("yes", "no", "equal", "open", "empty")


def judged(effects: Iterable[Effect]) -> pd.DataFrame:
    """A claim's comparisons with their outcomes, corrected for their number by Holm's step-down procedure.

    Of m comparisons that count, first those are decided whose interval at the level 1 - 0.05 / m clears the bound: yes
    on the claim's side, no on the other. With k decided the rest face the level 1 - 0.05 / (m - k), until none is
    decided any more. An interval that clears 0 is a yes or a no however small the difference: the claim is about its
    sign, and the effect beside it tells its size. Of the rest, those are equal whose interval lies inside the margin,
    in steps of the same kind; the others stay open.

    The interval shown is the one at which the outcome was read: that of its step, and for what is open the last level
    that it failed. Outcomes and intervals thus always agree.

    Returns
    -------
    DataFrame
        ``comparison``, ``effect``, ``low``, ``high``, ``seeds``, ``claimed``, ``outcome`` (yes, no, equal, open or
        empty; in brackets for stand-ins) and, of what is open, the ``seeds to decide`` it. What is exact or empty has
        NaN in place of an interval, and neither is corrected for. Stand-ins are corrected for among themselves.

    Notes
    -----
    At most 5 % of such families have a wrong yes or no, and at most 5 % a wrong equal. An equal comparison makes no
    further step easier for yes and no: its difference may be 0, so a wrong yes could still happen there.
    """
    every = list(effects)
    told: dict[Effect, tuple] = {}
    for stand_in in (False, True):
        told |= _step_down([e for e in every if e.stand_in == stand_in and not (e.exact or e.nothing)])
    columns = ["comparison", "effect", "low", "high", "seeds", "claimed", "outcome", "seeds to decide"]
    return pd.DataFrame(
        [_row(effect, *told.get(effect, ())) for effect in every], columns=columns, dtype=object
    ).astype(dict.fromkeys(["effect", "low", "high"], float) | {"seeds": int})


def _row(effect: Effect, outcome: str = "", level: float = LEVEL, needed: int | str | float = np.nan) -> list:
    low, high = effect.interval(level) if outcome else (np.nan, np.nan)
    outcome = "empty" if effect.nothing else outcome or effect.exactly()
    sign = {"above": "> ", "below": "< ", "within": "±"}[effect.side]
    claimed = f"{sign}{effect.bound:g}" + (f" (equal: ±{effect.margin:g})" if effect.margin else "")
    shown = f"({outcome})" if effect.stand_in and outcome != "empty" else outcome
    return [effect.where, effect.values.mean(), low, high, len(effect.values), claimed, shown, needed]


def _step_down(family: list[Effect]) -> dict[Effect, tuple]:
    """Outcome and level of each, and the seeds that what is open needs."""
    different, level = _holm(family, Effect.side_at)
    # Not below the level of the first question, so that an interval shown as equal has 0 inside.
    equal, equal_level = _holm(family, Effect.equal_at, level)
    still_open = {
        effect: ("open", equal_level if effect.margin else level, _seeds_to_decide(effect, level, equal_level))
        for effect in family
    }
    return still_open | equal | different


def _holm(
    family: list[Effect], decide: Callable[[Effect, float], str], floor: float = 0.0
) -> tuple[dict[Effect, tuple], float]:
    """What is decided, with the level of its step (not below `floor`), and the level at which the rest stays open."""
    closed: dict[Effect, tuple] = {}
    while True:
        level = max(floor, 1 - (1 - LEVEL) / max(1, len(family) - len(closed)))
        found = {effect: decide(effect, level) for effect in family if effect not in closed}
        new = {effect: (outcome, level) for effect, outcome in found.items() if outcome != "open"}
        if not new:
            return closed, level
        closed |= new


def _seeds_to_decide(effect: Effect, level: float, equal_level: float) -> int | str:
    """How many seeds close a comparison, one way or the other, if its mean and spread stay and no other is closed."""
    if len(effect.values) < 2:
        return "unknown"
    mean, spread = effect.values.mean(), effect.values.std(ddof=1)
    n = np.arange(len(effect.values) + 1, MOST_SEEDS + 1)
    away = abs((abs(mean) if effect.side == "within" else mean) - effect.bound)
    enough = np.zeros(len(n), bool)
    for distance, at in ((away, level), (effect.margin - abs(mean), equal_level)):
        enough |= stats.t.ppf((1 + at) / 2, n - 1) * spread / np.sqrt(n) < distance
    return int(n[enough.argmax()]) if enough.any() else f"more than {MOST_SEEDS}"


def verdict(claim: Claim, found: pd.DataFrame) -> str:
    """What a claim's comparisons, as `judged`, come to.

    Yes is for the claim; no and equal are against it. Empty ones and stand-ins do not count.

    Returns
    -------
    str
        - "holds": as many are yes as the claim needs (every: all; most: more than half; many: a third, and two at
          least; some: one), of two comparisons or more. Each data set that the claim speaks of is counted and, where it
          speaks of several, two have a yes; a claim about some needs no more than its example.
        - "holds so far": some are yes and none is against, but not enough is decided or measured for "holds".
        - "holds in part": some are yes and some are against, in a claim about every; or enough are yes, on too few data
          sets, and some are against.
        - "does not hold": too many are against, whatever the open ones turn out. For a claim about every, one is too
          many; any other fails only where two or more are counted, and each data set that it speaks of.
        - "undecided": none of these, for what is open or not measured could still tip it.
        - "not measured": none counts.
    """
    counted = found[found.outcome.isin(["yes", "no", "equal", "open"])]
    n, yes, still_open = len(counted), int((counted.outcome == "yes").sum()), int((counted.outcome == "open").sum())
    against = n - yes - still_open
    if not n:
        return "not measured"
    needed = {"every": n, "most": n // 2 + 1, "many": min(n, max(2, -(-n // 3))), "some": 1}[claim.holds]
    everywhere = _datasets(claim, counted) == set(claim.datasets)
    if yes >= needed:
        broad = everywhere and len(_datasets(claim, counted[counted.outcome == "yes"])) >= min(2, len(claim.datasets))
        if n > 1 and (broad or claim.holds == "some"):
            return "holds"
        return "holds in part" if against else "holds so far"
    if claim.holds == "every" and against:
        return "holds in part" if yes else "does not hold"
    if yes + still_open < needed and n > 1 and everywhere:
        return "does not hold"
    return "holds so far" if yes and not against else "undecided"


def _datasets(claim: Claim, found: pd.DataFrame) -> set[str]:
    """Which of the claim's data sets these comparisons are about: tasks begin with them."""
    return {dataset for dataset in claim.datasets if found.comparison.str.contains(f"{dataset}-").any()}


def most_seeds(found: pd.DataFrame) -> int | str | float:
    """The largest number of seeds to decide an open comparison that counts; NaN where none is open."""
    needed = found["seeds to decide"][found.outcome == "open"].tolist()
    words = [each for each in needed if isinstance(each, str)]
    return min(words) if words else max(needed, default=np.nan)  # "more than" before "unknown"
