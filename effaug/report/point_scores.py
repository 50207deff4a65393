"""What is stored of each point: its scores before and after full augmentation, and the images of the extreme ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import stats

from effaug.report.rounding import by_key

if TYPE_CHECKING:
    from effaug.report.view import View


def shown_points(view: View, task: str, features: str) -> dict[str, np.ndarray]:
    """Scores before and after, labels and extreme images of a task, from seed 0's ``full`` run."""
    return view.results.points(task, (view.label(task), features, "", "full", 0))


def spearman(points: dict[str, np.ndarray], score: str) -> float:
    """Spearman's rank correlation of a score before and after augmenting everything (Section 4.1)."""
    return float(stats.spearmanr(points[f"{score}_before"], points[f"{score}_after"]).statistic)


def score_table(view: View) -> pd.DataFrame:
    """What the histograms and scatters show, in numbers: quantiles of the scores, and rho before against after."""
    rows = {}
    for task, features in view.panels:
        points = shown_points(view, task, features)
        for name in (name for name in view.scores if f"{name}_before" in points):
            before = points[f"{name}_before"]
            top = np.sort(before)[::-1]
            rows[task, features, name] = {
                "median": np.median(before),
                "90 %": np.quantile(before, 0.9),
                "largest": before.max(),
                "share of the top 10 %": top[: len(top) // 10].sum() / top.sum(),
                "Spearman's rho": spearman(points, name),
            }
    return by_key(rows, "task", "features", "score").map(lambda v: f"{v:.3g}")


CLASS_NAMES = {
    "cifar10": ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"),
    "smallnorb": ("animal", "human", "airplane", "truck", "car"),
}


def labels_of(view: View, task: str, features: str) -> tuple[np.ndarray, np.ndarray]:
    """Each point's class, and the class that the un-augmented model gives it: names, (n,) and (n,).

    Of two classes the wrong one is predicted where the loss is above log 2.
    """
    spec = view.results.record(task)[f"{view.label(task)}/{features}"]["task"]
    known = CLASS_NAMES.get(spec["dataset"])
    names = np.array([known[c] if known else str(c) for c in spec["classes"]])
    points = shown_points(view, task, features)
    labels = points["labels"].astype(int)
    return names[labels], names[np.where(points["loss_before"] > np.log(2), 1 - labels, labels)]
