"""What effaug was put through: the counts of the torture suite (`make torture`), for the page *What it withstands*."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from effaug._files import write_whole
from effaug.images.networks import hardware
from effaug.study import digests
from effaug.study.provenance import commit

FILE = Path("torture") / "counts.json"  # in the folder of results


def save(path: Path, counts: Mapping[tuple[str, str], int], seconds: float) -> None:
    """Write how often each fault befell each of its targets, and what withstood it."""
    rows = [[fault, target, times] for (fault, target), times in sorted(counts.items())]
    record = {"hardware": hardware(), "code": commit(), "seconds": round(seconds), "counts": rows}
    write_whole(path, lambda part: part.write_text(json.dumps(digests.signed(record), indent=1) + "\n"))


def counts(folder: Path) -> pd.DataFrame:
    """How often each fault befell each of its targets: all were withstood, else nothing is stored.

    Parameters
    ----------
    folder : Path
        Of results.

    Returns
    -------
    DataFrame
        ``times``, indexed by ``fault`` and ``target``.

    Raises
    ------
    FileNotFoundError
        If the suite's counts are not among the results.
    ValueError
        If they are not as they were stored.
    """
    frame = pd.DataFrame(digests.read(folder / FILE)["counts"], columns=["fault", "target", "times"])
    return frame.set_index(["fault", "target"])


def in_words(folder: Path) -> str:
    """Where the counts are from: duration, machine, code."""
    record = digests.read(folder / FILE)
    return f"{record['seconds'] / 60:.0f} minutes of `make torture` on {record['hardware']} ({record['code']})"
