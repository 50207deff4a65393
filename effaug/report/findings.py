"""What a figure shows, in words: differences between policies at 10 % of the points, computed for its caption."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from effaug.report.labels import augmentation_label
from effaug.report.panels import BASELINE, FULL, Panel
from effaug.report.rounding import shown
from effaug.report.statistics import ANY, interval, paired

TENTH = 0.10
LEVEL = 0.95
SMALL_GAIN = 1.0  # percentage points; of less than that no share is worth a number
_NUMBERS = {2: "both", 3: "all three"}

Policy = tuple[str, str]


def at(panel: Panel, policy: Policy, fraction: float = TENTH, other: Policy = BASELINE) -> pd.Series:
    """Accuracy in percent, a value a seed, at the largest budget up to that fraction, or one point, that both have."""
    curve = panel.curve(policy)
    shared = set(curve.columns) & set(panel.curve(other).columns)
    return curve[max(int(budget) for budget in shared if int(budget) <= max(fraction * panel.n, 1))]


def _has(panel: Panel, policy: Policy) -> bool:
    """A curve that begins with no point: the size of virtual support vectors is their own."""
    return policy in panel.curves and 0 in panel.curves[policy]


def leads(panels: Iterable[Panel], one: Policy, other: Policy, fraction: float = TENTH) -> dict[str, pd.Series]:
    """How far one policy is ahead of another, in percentage points over seeds, by task; where both are stored."""
    return {
        panel.task: paired(at(panel, one, fraction, other), at(panel, other, fraction, one))
        for panel in panels
        if _has(panel, one) and _has(panel, other)
    }


def side(values: pd.Series) -> str:
    """Whether differences are above 0, below it, or neither, by their 95 % interval.

    Examples
    --------
    >>> side(pd.Series([1.0, 1.1])), side(pd.Series([-1.0, 1.0]))
    ('ahead of', 'level with')
    """
    low, high = interval(values, LEVEL)
    return "ahead of" if low > 0 else "behind" if high < 0 else "level with"


def compared(name: str, found: Mapping[str, pd.Series], other: str) -> str:
    """Where one is ahead of the other, level with it, and behind it: by the 95 % interval; empty without tasks.

    Examples
    --------
    >>> ahead, level = pd.Series([1.0, 1.1]), pd.Series([-0.1, 0.1])
    >>> compared("influence", {"mnist-crop": ahead * 10, "mnist-rotate": level}, "random selection")
    'influence is ahead of random selection on cropped images, by 10.5 points, and level on rotated images'
    >>> compared("influence", {"mnist-crop": level, "digits-rotate": level}, "random selection")
    'influence is level with random selection on both tasks'
    """
    groups: dict[str, dict[str, float]] = {"ahead of": {}, "level with": {}, "behind": {}}
    for task, values in found.items():
        groups[side(values)][task] = float(values.mean())
    parts: list[str] = []
    for each, tasks in groups.items():
        if tasks:
            against = f"{each} {other}" if not parts else each.split()[0]
            amount = "" if each == "level with" else f", by {in_range(map(abs, tasks.values()))} points"
            parts.append(f"{against}{_where(list(tasks), len(found))}{amount}")
    return f"{name} is {in_words(parts)}" if parts else ""


def share_of_gain(panels: Iterable[Panel], policies: Mapping[str, Policy]) -> str:
    """What part of the gain of augmenting all points the first 10 % bring, by policy, where it is not small."""
    shares: dict[str, list[float]] = {name: [] for name in policies}
    gains = []
    for panel in (panel for panel in panels if {BASELINE, FULL} <= panel.curves.keys()):
        none = panel.curve(BASELINE)[0].mean()
        gains.append(float(panel.full().mean() - none))
        for name, policy in policies.items():
            if _has(panel, policy) and gains[-1] >= SMALL_GAIN:
                shares[name].append(100 * (at(panel, policy).mean() - none) / gains[-1])
    if not gains:
        return ""
    told = f"Augmenting all points gains {in_range(gains)} points of accuracy"
    if any(not 0 <= share <= 100 for values in shares.values() for share in values):
        return f"{told}."  # what loses, or gains more than everything, brings no part of it
    parts = [f"{in_range(values, 0)} % of that {name}" for name, values in shares.items() if values]
    return f"{told}; a tenth of the points brings {in_words(parts)}." if parts else f"{told}."


def at_tenth(panel: Panel, lines: Mapping[str, Policy]) -> str:
    """The accuracies of one panel's lines at 10 %, for those who do not see it."""
    values = [f"{name} {shown(at(panel, policy).mean(), 1)} %" for name, policy in lines.items() if _has(panel, policy)]
    none = [f"none augmented {shown(panel.curve(BASELINE)[0].mean(), 1)} %"] if BASELINE in panel.curves else []
    full = [f"all augmented {shown(panel.full().mean(), 1)} %"] if FULL in panel.curves else []
    return f"accuracy with 10 % of the points augmented: {', '.join([*values, *none, *full])}"


def seeds_in_words(panels: Iterable[Panel]) -> str:
    """Number of seeds, as of a line that is random."""
    counts = sorted({len(panel.curve(BASELINE)) for panel in panels if list(panel.curve(BASELINE).index) != [ANY]})
    return "" if not counts else f"{in_range(counts, 0)} seed{'s' * (counts[-1] != 1)}"


def capital(sentence: str) -> str:
    """With a capital letter and a full stop; empty where it is empty."""
    return f"{sentence[0].upper()}{sentence[1:]}." if sentence else ""


def in_range(values: Iterable[float], decimals: int = 1) -> str:
    """The smallest and the largest, once where they are shown alike.

    Examples
    --------
    >>> in_range([1.24, 0.5]), in_range([3.0, 3.01])
    ('0.5 to 1.2', '3.0')
    """
    found = np.asarray(list(values), float)
    if decimals == 1 and abs(found).min() < 0.05:
        decimals = 2
    low, high = shown(found.min(), decimals), shown(found.max(), decimals)
    return low if low == high else f"{low} to {high}"


def _where(tasks: list[str], of: int) -> str:
    if len(tasks) == of:
        return f" on {_NUMBERS.get(of, f'all {of}')} tasks" if of > 1 else ""
    return f" on {in_words([augmentation_label(task.rpartition('-')[2]) for task in tasks])} images"


def in_words(parts: list[str]) -> str:
    """Several as a sentence has them.

    Examples
    --------
    >>> in_words(["a", "b", "c"])
    'a, b, and c'
    """
    return (
        parts[0]
        if len(parts) == 1
        else f"{', '.join(parts[:-1])}{',' * (len(parts) > 2 or ',' in parts[0])} and {parts[-1]}"
    )
