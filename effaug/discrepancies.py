"""What each discrepancy between the paper's text and its released code changes, by itself."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import gammaln

from effaug.evidence import BASELINE, NINE, Board, Panel, interval, paired
from effaug.paper import DISCREPANCIES
from effaug.points import by_key, spearman
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
    before = {panel.task: panel for panel in _frozen(Board(results, protocol))}
    for discrepancy in DISCREPANCIES:
        for panel in _frozen(Board(results, f"{protocol}~{discrepancy.choice}")) if discrepancy.choice else ():
            if panel.task not in before:
                continue
            old, new = before[panel.task], panel
            gains = [paired(p.accuracy(INFLUENCE, fraction), p.accuracy(BASELINE, fraction)) for p in (old, new)]
            n = min(map(len, gains))
            change = gains[1][:n] - gains[0][:n]
            low, high = interval(change, 0.95)
            rows[discrepancy.number, discrepancy.choice, panel.task] = {
                "none": (new.accuracy(BASELINE, 0).mean() - old.accuracy(BASELINE, 0).mean()),
                "full": new.full().mean() - old.full().mean(),
                "gain before": gains[0].mean(),
                "gain after": gains[1].mean(),
                "change": change.mean(),
                "low": low,
                "high": high,
                "seeds": n,
            }
    return as_text(by_key(rows, "number", "choice", "task"), 2)


def _frozen(board: Board) -> list[Panel]:
    return [panel for panel in board.panels(INFLUENCE, kind="frozen")]


def same_ranking(results: Results, protocols: tuple[str, ...]) -> pd.DataFrame:
    """Spearman's correlation of influence and loss over a task's points, a column a protocol (frozen features).

    With more features than points and next to no ridge the Hessian interpolates, and it is 1: discrepancy 8.
    """
    rows: dict = {}
    for task in NINE:
        stored = results.points(task)
        for protocol in protocols:
            start = f"{protocol}/frozen//full/0/"
            if f"{start}loss_before" in stored:
                pair = {"x_before": stored[f"{start}influence_before"], "x_after": stored[f"{start}loss_before"]}
                rows.setdefault(task, {})[protocol] = spearman(pair, "x")
    frame = pd.DataFrame.from_dict(rows, orient="index").rename_axis("task")
    return as_text(frame.reindex(columns=list(protocols)), 4)


def overflow_size(n: int = 1000, scale: float = 1e6) -> int:
    """The smallest k at which e_k of a kernel (n, n) with diagonal `scale` may exceed double precision (discrepancy 7).

    By Maclaurin's inequality e_k is at most C(n, k) times the k-th power of the mean eigenvalue, which is `scale`.
    """
    k = np.arange(1, n + 1)
    log_bound = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1) + k * np.log(scale)
    return int(k[np.argmax(log_bound > np.log(np.finfo(float).max))])


def seed_spread(results: Results, protocol: str) -> pd.DataFrame:
    """Standard deviation over seeds of the AUC of drawing at random and by influence: discrepancy 9."""
    table = results.table([task for task in results.tasks() if task in NINE])
    summary = auc_summary(table[(table.protocol == protocol) & table.score.isin(["", "influence"])])
    shown = summary[summary.policy.isin(["baseline", "random_proportional"]) & (summary.n_seeds > 1)]
    wide = shown.pivot(index=["task", "features"], columns="policy", values="auc_std")
    return as_text(wide.rename_axis(columns=None), 2)
