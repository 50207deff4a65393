"""What a figure lacks, said in its caption."""

from __future__ import annotations

import html
from collections.abc import Iterable
from typing import TYPE_CHECKING

from effaug.report.labels import score_label, task_label

if TYPE_CHECKING:
    from effaug.report.view import View


def lacking(view: View, panels: Iterable[tuple[str, str]], scores: Iterable[str]) -> str:
    """By which scores nothing is stored, and what computes it, as HTML; empty where nothing lacks.

    Parameters
    ----------
    view : View
    panels : iterable of (task, features)
    scores : iterable of str
        An empty one is of a policy that uses none.
    """
    stored = set(view.every[["task", "features", "score"]].drop_duplicates().itertuples(index=False, name=None))
    said = [
        f"Nothing by {html.escape(score_label(score))} yet for {html.escape(task_label(panel[0]))}: "
        f"<code>{html.escape(view.command(*panel, score))}</code> computes it."
        for panel in panels
        for score in dict.fromkeys(filter(None, scores))
        if (*panel, score) not in stored
    ]
    return " ".join(said)
