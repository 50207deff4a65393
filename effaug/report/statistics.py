"""Means over seeds with their intervals, and the differences between policies that were run on the same seeds."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd
from scipy import stats

ANY = "any"  # the seed of what is not random


def interval(values: pd.Series, level: float) -> tuple[float, float]:
    """Student's interval of the mean over seeds (`half_width`); unbounded for a single seed.

    What is not random is its own interval.
    """
    if list(values.index) == [ANY]:
        return float(values.iloc[0]), float(values.iloc[0])
    if len(values) < 2:
        return -np.inf, np.inf
    mean, half = float(values.mean()), half_width(values, level)
    return mean - half, mean + half


def paired(first: pd.Series, second: pd.Series) -> pd.Series:
    """Differences over the seeds that both have; what is not random goes with every seed of the other."""
    if list(first.index) == [ANY]:
        return first.iloc[0] - second
    return first - second.iloc[0] if list(second.index) == [ANY] else (first - second).dropna()


def best_of(candidates: pd.DataFrame) -> pd.Series:
    """For each seed (row) the value of the candidate (column) that is best on the other half of the seeds.

    Chosen and judged on different seeds, the best of many random candidates is no better than it is. A single seed is
    no half: nothing is left of it.
    """
    even = np.arange(len(candidates)) % 2 == 0
    found = pd.Series(np.nan, index=candidates.index)
    for half in (even, ~even):
        if half.any() and (~half).any():
            found[half] = candidates.loc[half, candidates[~half].mean().idxmax()]
    return found.dropna()


def half_width(values: Iterable[float], level: float = 0.95) -> float:
    """Half the width of Student's t confidence interval for the mean; NaN for fewer than two values.

    The one rule for every interval shown or decided by: it holds its level with as few as two values that are normally
    distributed, where a bootstrap, whose means lie between the smallest and the largest, is too narrow.
    """
    sample = np.asarray(list(values), float)
    if len(sample) < 2:
        return float("nan")
    return float(stats.t.ppf((1 + level) / 2, len(sample) - 1) * sample.std(ddof=1) / np.sqrt(len(sample)))
