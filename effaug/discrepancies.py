"""What each discrepancy between the paper's text and its released code changes, by itself."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import gammaln

from effaug.evidence import BASELINE, NINE, Board, interval, paired
from effaug.paper import DISCREPANCIES
from effaug.points import by_key
from effaug.protocols import stored_as
from effaug.results import Results
from effaug.scorecard import INFLUENCE
from effaug.tables import as_text, auc_summary


def listed() -> pd.DataFrame:
    """The discrepancies, and which of them a protocol can swap."""
    rows = {d.number: {"text": d.text, "code": d.code, "choice": d.choice} for d in DISCREPANCIES}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("number")


def isolated(results: Results, protocol: str, fraction: float = 0.10) -> pd.DataFrame:
    """What swapping one choice of a protocol changes, in percentage points.

    Returns
    -------
    DataFrame
        Indexed by discrepancy, choice and task: changes in the accuracy of none and of full augmentation, and of what
        10 % by influence gains over 10 % at random, the last before and after, with the 95 % interval of its change
        (paired over seeds) and their number.
    """
    rows = {}
    before, chosen = Board(results, protocol), (d for d in DISCREPANCIES if d.choice)
    for discrepancy in chosen:
        after = Board(results, protocol, f"~{discrepancy.choice}")
        for task in NINE:
            both = [board.panel(task, "frozen", INFLUENCE) for board in (before, after)]
            if both[0] is None or both[1] is None:
                continue
            none, full = ([p.accuracy(BASELINE, 0).mean() for p in both if p], [p.full().mean() for p in both if p])
            gains = [paired(p.accuracy(INFLUENCE, fraction), p.accuracy(BASELINE, fraction)) for p in both if p]
            change = paired(gains[1], gains[0])
            low, high = interval(change, 0.95)
            rows[discrepancy.number, discrepancy.choice, task] = {
                "none": none[1] - none[0],
                "full": full[1] - full[0],
                "gain before": gains[0][change.index].mean(),
                "gain after": gains[1][change.index].mean(),
                "change": change.mean(),
                "low": low,
                "high": high,
                "seeds": len(change),
            }
    return as_text(by_key(rows, "number", "choice", "task"), 2)


def interpolation(results: Results, protocols: tuple[str, ...]) -> pd.DataFrame:
    """Median over a task's points of influence by e^loss - 1, a column a protocol (frozen features, un-augmented).

    With more features than points and next to no ridge the model's Hessian interpolates, and it is 1: discrepancy 8.
    """
    rows: dict = {}
    for task in NINE:
        stored = results.points(task)
        for protocol in protocols:
            start = f"{protocol}/frozen//full/0/"
            if f"{start}loss_before" in stored:
                influence, loss = (stored[f"{start}{name}_before"].astype(float) for name in ("influence", "loss"))
                rows.setdefault(task, {})[protocol] = float(np.median(influence / np.expm1(loss)))
    frame = pd.DataFrame.from_dict(rows, orient="index").rename_axis("task")
    return as_text(frame.reindex(columns=list(protocols)), 4)


def overflow_size(n: int = 1000, scale: float = 1e6) -> int:
    """The smallest k at which e_k of a kernel (n, n) with diagonal `scale` can exceed double precision (discrepancy 7).

    By Maclaurin's inequality e_k is at most C(n, k) times the k-th power of the mean eigenvalue, which is `scale`.
    """
    k = np.arange(1, n + 1)
    log_bound = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1) + k * np.log(scale)
    return int(k[np.argmax(log_bound > np.log(np.finfo(float).max))])


def seed_spread(results: Results, protocol: str) -> pd.DataFrame:
    """Standard deviation over seeds of the AUC of drawing at random and by influence: discrepancy 9."""
    table = results.table([task for task in results.tasks() if task in NINE])
    summary = auc_summary(
        table[
            (table.protocol == table.task.map(lambda task: stored_as(protocol, task)))
            & table.score.isin(["", "influence"])
        ]
    )
    shown = summary[summary.policy.isin(["baseline", "random_proportional"]) & (summary.n_seeds > 1)]
    wide = shown.pivot(index=["task", "features"], columns="policy", values="auc_std")
    return as_text(wide.rename_axis(columns=None), 2)
