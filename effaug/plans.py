"""Plans: which points are augmented, as sample weights (n, 1 + t) of originals and copies."""

from __future__ import annotations

import numpy as np


def plan_weights(selected: np.ndarray, copies: int, *, downweight: bool = False) -> np.ndarray:
    """Sample weights of originals and copies.

    Parameters
    ----------
    selected : ndarray of bool, shape (n,)
    copies : int
        t, copies a point.
    downweight : bool, default False
        Share a selected point's weight of 1 among it and its copies.

    Returns
    -------
    ndarray, shape (n, 1 + t)
        Unselected points: ``[1, 0, ..., 0]``; selected ones: all 1, or all ``1 / (1 + t)``.

    Raises
    ------
    ValueError
        For a selection that is not boolean, such as the indices of points.
    """
    selected = np.asarray(selected)
    if selected.dtype != bool or selected.ndim != 1:
        kind = f"{selected.dtype} of shape {selected.shape}"
        raise ValueError(f"selected must be boolean, one value for each of the n points, got {kind}")
    weights = np.zeros((len(selected), 1 + copies))
    weights[:, 0] = 1
    weights[selected] = 1 / (1 + copies) if downweight else 1
    return weights
