"""Data frames from rows under keys."""

from __future__ import annotations

import pandas as pd


def by_key(rows: dict, *names: str) -> pd.DataFrame:
    """Rows under keys of several parts; an empty frame, rather than an error, where there are none."""
    return pd.DataFrame(list(rows.values()), index=pd.MultiIndex.from_tuples(list(rows), names=names))
