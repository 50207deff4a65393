"""Evidence for a claim: curves to compare, paired over seeds, and effects with their intervals."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from effaug.paper import published_aucs, published_features
from effaug.results import Results, auc

N_RESAMPLES = 99_999  # corrected for many comparisons, the percentiles lie far out
BASELINE, FULL = ("baseline", ""), ("full", "")
NINE = tuple(dict.fromkeys(published_aucs().task))


@dataclass(frozen=True, eq=False)
class Effect:
    """One comparison: its values over seeds, and the side of which bound the claim puts it on.

    Attributes
    ----------
    where : str
        The task, and what else tells it from the claim's other comparisons.
    values : ndarray
        One a seed, paired differences where two policies are compared; a single one where nothing is random.
    side : {"above", "below", "within"}
        Of `bound`; "within" is between its negative and itself.
    bound : float
    empty : bool
        There is nothing to compare, such as a share of a gain where there is none.
    """

    where: str
    values: np.ndarray
    side: str
    bound: float = 0.0
    empty: bool = False

    def judged(self, level: float) -> dict[str, object]:
        """Mean, interval and outcome: yes, no, open (the bound lies inside the interval) or empty."""
        low, high = interval(self.values, level)
        if self.empty:
            outcome = "empty"
        elif self.side == "within":
            outcome = "yes" if -self.bound < low and high < self.bound else _no(low > self.bound or high < -self.bound)
        else:
            above, below = low > self.bound, high < self.bound
            outcome = "yes" if (above if self.side == "above" else below) else _no(above or below)
        mean = float(self.values.mean())
        sign = {"above": "> ", "below": "< ", "within": "±"}[self.side]
        return {
            "comparison": self.where,
            "effect": mean,
            "low": low,
            "high": high,
            "seeds": len(self.values),
            "claimed": f"{sign}{self.bound:g}",
            "outcome": outcome,
        }


def _no(beyond: bool) -> str:
    return "no" if beyond else "open"


def interval(values: np.ndarray, level: float) -> tuple[float, float]:
    """Bootstrap interval of the mean: percentiles, expanded for small samples; a single value is its own.

    Notes
    -----
    Percentile intervals are too narrow for few values, by the factor sqrt((n - 1) / n) and for want of Student's t. The
    percentiles taken here make up for both (Hesterberg, 2015, "What teachers should know about the bootstrap"). With
    five values and many comparisons they are the smallest and the largest resampled mean.
    """
    n = len(values)
    if n == 1 or np.ptp(values) == 0:
        return float(values.mean()), float(values.mean())
    tail = stats.norm.cdf(-np.sqrt(n / (n - 1)) * stats.t.ppf((1 + level) / 2, n - 1))
    low, high = np.quantile(values[_draws(n)].mean(axis=1), [tail, 1 - tail])
    return float(low), float(high)


@functools.lru_cache(maxsize=4)
def _draws(n: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, n, (N_RESAMPLES, n), dtype=np.int8)


@dataclass(frozen=True, eq=False)
class Panel:
    """A task's curves with one kind of features, under one protocol."""

    task: str
    features: str
    curves: dict[tuple[str, str], pd.DataFrame]  # accuracy by seed (rows) and budget (columns), by policy and score

    @property
    def where(self) -> str:
        """The task, with its features where they are not those that the paper has."""
        return self.task + ("" if self.features == published_features(self.task) else f" ({self.features})")

    def accuracy(self, policy: tuple[str, str], fraction: float) -> pd.Series:
        """In percent, a value a seed, with that share of the points augmented."""
        return 100 * self.curves[policy].loc[:, round(fraction * self.n)]

    @property
    def n(self) -> int:
        """Number of points."""
        return int(self.curves[BASELINE].columns.max())

    def full(self) -> pd.Series:
        """Accuracy of full augmentation in percent, a value a seed."""
        return 100 * self.curves[FULL].iloc[:, 0]

    def area(self, policy: tuple[str, str], budgets: Iterable[int] | None = None) -> pd.Series:
        """AUC, a value a seed, over all budgets or some."""
        curve = self.curves[policy] if budgets is None else self.curves[policy][list(budgets)]
        return curve.apply(lambda row: auc(row.index, row), axis=1)

    def at(self, policy: tuple[str, str], budgets: np.ndarray) -> np.ndarray:
        """Accuracy in percent at any number of points, between the budgets by a straight line: mean over seeds."""
        mean = self.curves[policy].mean()
        return 100 * np.interp(budgets, mean.index.to_numpy(float), mean)


class Board:
    """All curves under one protocol.

    Parameters
    ----------
    results : Results
    protocol : str
    """

    def __init__(self, results: Results, protocol: str) -> None:
        self.results, self.protocol = results, protocol
        table = results.table([task for task in results.tasks() if task in NINE])
        curves: dict = {}
        keys = ["task", "features", "policy", "score"]
        for (task, features, *policy), rows in table[table.protocol == protocol].groupby(keys):
            wide = rows.pivot(index="seed", columns="budget", values="accuracy")
            curves.setdefault((task, features), {})[tuple(policy)] = wide
        self._panels = {(t, kind): Panel(t, kind, found) for (t, kind), found in curves.items()}

    def panels(self, *needed: tuple[str, str], tasks: Iterable[str] = NINE, kind: str = "") -> Iterator[Panel]:
        """For each task the panel that has the curves needed: of that kind of features or the paper's, else others."""
        for task in tasks:
            for features in sorted(("frozen", "refit"), key=lambda each: each != (kind or published_features(task))):
                panel = self._panels.get((task, features))
                if panel is not None and {BASELINE, FULL, *needed} <= panel.curves.keys():
                    yield panel
                    break


def paired(first: pd.Series, second: pd.Series) -> np.ndarray:
    """Differences over the seeds that both have; what is not random goes with every seed of the other."""
    if len(first) == 1 or len(second) == 1:
        return np.atleast_1d(np.squeeze(first.to_numpy() - second.to_numpy()))
    return (first - second).dropna().to_numpy()


def best_of(candidates: pd.DataFrame) -> np.ndarray:
    """For each seed (row) the value of the candidate (column) that is best on the other half of the seeds.

    Chosen and judged on different seeds, the best of many candidates is no better than it is.
    """
    even = np.arange(len(candidates)) % 2 == 0
    found = np.empty(len(candidates))
    for half in (even, ~even):
        if half.any():
            others = candidates[~half] if (~half).any() else candidates
            found[half] = candidates.loc[half, others.mean().idxmax()]
    return found
