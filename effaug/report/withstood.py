"""What effaug was put through: the counts of the torture suite (`make torture`), for the page *What it withstands*."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from effaug.images._files import write_whole
from effaug.images.networks import hardware
from effaug.study import digests
from effaug.study.provenance import commit

FILE = Path("torture") / "counts.json"  # in the folder of results


def save(path: Path, counts: Mapping[tuple[str, str], int], seconds: float) -> None:
    """Write how often each fault befell each of its targets, and what withstood it."""
    rows = [[fault, target, times] for (fault, target), times in sorted(counts.items())]
    record = {"hardware": hardware(), "code": commit(), "seconds": round(seconds), "counts": rows}
    write_whole(path, lambda part: part.write_text(json.dumps(digests.signed(record), indent=1) + "\n"))


def counts(folder: Path, fault: str = "all") -> pd.DataFrame:
    """How often a fault befell each of its targets. All were withstood, else nothing is stored.

    Parameters
    ----------
    folder : Path
        Of results.
    fault : str, default "all"
        One of `faults`.

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
    found = pd.DataFrame(_record(folder)["counts"], columns=["fault", "target", "times"])
    return found[found.fault.isin(faults(folder) if fault == "all" else [fault])].set_index(["fault", "target"])


def totals(folder: Path, fault: str = "all") -> pd.DataFrame:
    """How often each fault befell anything, and how many targets it has: ``times`` and ``targets``, by ``fault``."""
    each = counts(folder, fault).groupby("fault", sort=False).times
    return pd.DataFrame({"times": each.sum(), "targets": each.size()})


def faults(folder: Path) -> tuple[str, ...]:
    """The faults that are counted."""
    return tuple(dict.fromkeys(fault for fault, _, _ in _record(folder)["counts"]))


def about(folder: Path) -> dict[str, str]:
    """What the counts are from: commit, machine, and minutes."""
    record = _record(folder)
    return {
        "code": record["code"],
        "machine": record["hardware"],
        "minutes": f"{record['seconds'] / 60:.0f}",
    }


def in_words(folder: Path) -> str:
    """How many faults in all, and where the counts are from: duration, machine, code.

    That no byte was lost is what the tests compare: nothing is stored where one of them fails.
    """
    record = _record(folder)
    total = sum(times for _, _, times in record["counts"])
    where = f"`make torture` on {record['hardware']} ({record['code']})"
    return f"{total:,} faults, and no byte lost of what was stored: {record['seconds'] / 60:.0f} minutes of {where}"


def _record(folder: Path) -> dict[str, Any]:
    try:
        return digests.read(folder / FILE, "counts", "seconds", "hardware", "code")
    except FileNotFoundError:
        raise FileNotFoundError(f"no counts of the torture suite in {folder}: `make torture` stores them") from None
