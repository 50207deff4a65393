"""Evidence for a claim: curves to compare, paired over seeds, and effects with their intervals."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from effaug.curves import auc
from effaug.policies import load_policy
from effaug.report.published import published_aucs, published_features
from effaug.report.statistics import ANY, interval
from effaug.study.records import Change
from effaug.study.results import Results

LEVEL = 0.95  # of a claim's comparisons together
ROUNDING = 1e-9  # of values that are compared as they are
CHANCE = 60.0  # percent: with full augmentation below it, there is no classifier to compare policies by
BASELINE, FULL = ("baseline", ""), ("full", "")
NINE = tuple(dict.fromkeys(published_aucs().task))


@dataclass(frozen=True, eq=False)
class Effect:
    """One comparison: its values over seeds, and the side of which bound the claim puts it on.

    Attributes
    ----------
    where : str
        The task, and what else tells it from the claim's other comparisons.
    values : Series
        One a seed, paired differences where two policies are compared; one for seed "any" where nothing is random.
    side : {"above", "below", "within"}
        Of `bound`; "within" is between its negative and itself.
    bound : float
    empty : bool
        There is nothing to compare, such as a share of a gain where there is none.
    stand_in : bool
        The features are not of the paper's kind: shown, but not counted.
    margin : float
        Differences between its negative and itself are as good as none; 0 where `bound` settles that.
    """

    where: str
    values: pd.Series
    side: str
    bound: float = 0.0
    empty: bool = False
    stand_in: bool = False
    margin: float = 0.0

    @property
    def exact(self) -> bool:
        """One value against one value: nothing random, so no interval. It holds for these images and that network."""
        return list(self.values.index) == [ANY]

    @property
    def nothing(self) -> bool:
        """There is nothing to compare, or no seed to compare it by."""
        return self.empty or self.values.empty

    def interval(self, level: float) -> tuple[float, float]:
        """`interval` of its values."""
        return interval(self.values, level)

    def side_at(self, level: float) -> str:
        """By the interval at that level: yes, no (the opposite is shown), or open."""
        low, high = self.interval(level)
        if self.side == "within":
            yes, no = -self.bound < low and high < self.bound, low > self.bound or high < -self.bound
        else:
            yes, no = low > self.bound, high < self.bound
            yes, no = (yes, no) if self.side == "above" else (no, yes)
        return "yes" if yes else "no" if no else "open"

    def equal_at(self, level: float) -> str:
        """By the interval at that level: equal, if it lies inside the margin, or open."""
        low, high = self.interval(level)
        return "equal" if -self.margin < low and high < self.margin else "open"

    def exactly(self) -> str:
        """The outcome where nothing is random: on the bound itself a claim of more or less fails, or both are equal."""
        value = float(self.values.iloc[0])
        if np.isclose(abs(value) if self.side == "within" else value, self.bound, rtol=0, atol=ROUNDING):
            return "equal" if self.margin else "no"
        found = self.side_at(LEVEL)
        return "no" if found == "open" else found


@dataclass(frozen=True, eq=False)
class Panel:
    """A task's curves with one kind of features, under one protocol."""

    task: str
    features: str
    curves: dict[tuple[str, str], pd.DataFrame]  # accuracy by seed (rows) and budget (columns), by policy and score

    def effect(
        self,
        values: pd.Series,
        side: str,
        bound: float = 0,
        *,
        margin: float = 0,
        word: str = "",
        empty: bool = False,
    ) -> Effect:
        """An `Effect` on this task; empty where even full augmentation is next to chance."""
        stand_in = self.features != published_features(self.task)
        where = self.task + (f" ({self.features})" if stand_in else "") + word
        return Effect(where, values, side, bound, empty or bool(self.full().mean() < CHANCE), stand_in, margin)

    @property
    def n(self) -> int:
        """Number of points."""
        return int(self.curves[BASELINE].columns.max())

    def curve(self, policy: tuple[str, str]) -> pd.DataFrame:
        """Accuracy in percent by seed and budget; of seed "any" where neither policy nor features are random."""
        found = 100 * self.curves[policy]
        random = self.features == "refit" or (policy != FULL and load_policy(policy[0]).random)
        return found if random else found.iloc[:1].set_axis([ANY])

    def accuracy(self, policy: tuple[str, str], fraction: float) -> pd.Series:
        """In percent, a value a seed, with that share of the points augmented."""
        return self.curve(policy).loc[:, round(fraction * self.n)]

    def full(self) -> pd.Series:
        """Accuracy of full augmentation in percent, a value a seed."""
        return self.curve(FULL).iloc[:, 0]

    def area(self, policy: tuple[str, str], budgets: Iterable[int] | None = None) -> pd.Series:
        """AUC, a value a seed, over all budgets or some."""
        curve = self.curve(policy) / 100
        curve = curve if budgets is None else curve[list(budgets)]
        return curve.apply(lambda row: auc(row.index, row), axis=1)


def panels_of(table: pd.DataFrame) -> dict[tuple[str, str], Panel]:
    """The curves of one protocol, as `Results.curves` reads them, by task and kind of features."""
    curves: dict = {}
    for (task, features, *policy), rows in table.groupby(["task", "features", "policy", "score"]):
        wide = rows.pivot(index="seed", columns="budget", values="accuracy")
        curves.setdefault((task, features), {})[tuple(policy)] = wide
    return {(task, features): Panel(task, features, found) for (task, features), found in curves.items()}


class Board:
    """All curves under one protocol.

    Parameters
    ----------
    results : Results
    protocol : str
        As stored, or ``"reconstruction"``.
    change : callable, optional
        Curves of what it makes of the protocol: see `Results.label`.
    """

    def __init__(self, results: Results, protocol: str, change: Change | None = None) -> None:
        self.results, self.protocol, self.change = results, protocol, change
        self._panels = panels_of(results.curves(protocol, tasks=NINE, change=change))

    def label(self, task: str) -> str:
        """What a task's curves are stored under."""
        return self.results.label(task, self.protocol, self.change)

    def panels(self, *needed: tuple[str, str], tasks: Iterable[str] = NINE) -> Iterator[Panel]:
        """For each task the panel that has the curves needed: with the paper's kind of features, else with another."""
        for task in tasks:
            for features in sorted(("frozen", "refit"), key=lambda each: each != published_features(task)):
                panel = self._panels.get((task, features))
                if panel is not None and {BASELINE, FULL, *needed} <= panel.curves.keys():
                    yield panel
                    break

    def panel(self, task: str, features: str, *needed: tuple[str, str]) -> Panel | None:
        """That panel, or None where it or a curve that is needed is not stored."""
        found = self._panels.get((task, features))
        return found if found is not None and {BASELINE, FULL, *needed} <= found.curves.keys() else None
