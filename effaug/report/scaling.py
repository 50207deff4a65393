"""What 10^9 points would take on a cluster, worked out from the rates that the benchmark suite measured."""

from __future__ import annotations

import html
import statistics
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from effaug.report.markup import Shown, scrolls
from effaug.study import digests

FILE = Path("bench") / "bench.json"  # in the folder of results
FEATURES = 256  # of the benchmark's points, float32
_POINT = 4 * FEATURES  # bytes
_SUMS = 8 * (FEATURES**2 + FEATURES)  # bytes that a worker sends after a pass: a Gram matrix and a gradient
_SCORE_PASSES = 2  # influence: one pass for the Hessian, one for the scores


@dataclass(frozen=True)
class Rates:
    """What one core does, with points of 256 features of two classes.

    Attributes
    ----------
    fit, scores : float
        Points a second that a whole fit, or influence, gets through.
    n : int
        The points of the case that was measured.
    machine : str
    """

    fit: float
    scores: float
    n: int
    machine: str


def rates(folder: Path) -> Rates | None:
    """Of the largest stored cases ``fit-n...-k2`` and ``scores-n...-k2``; None where none are stored.

    Raises
    ------
    ValueError
        If the file of the benchmarks is damaged.
    """
    if not (folder / FILE).exists():
        return None
    record = digests.read(folder / FILE, "runs", "results")
    found = {kind: _largest(record["results"], kind) for kind in ("fit", "scores")}
    if not all(found.values()):
        return None
    fit, scored = (_rate(case) for case in found.values())
    machine = record["runs"][found["fit"].get("run", 0)]["machine"]
    named = machine["model"] if isinstance(machine, dict) else machine
    return Rates(fit, scored, min(case["n"] for case in found.values()), str(named))


def needs(
    rate: Rates,
    *,
    points: int = 10**9,
    sample: int = 10**6,
    fit_passes: int,
    read: float,
    price: float,
    workers: tuple[int, ...] = (16, 64, 256),
) -> pd.DataFrame:
    """What a fit and the influence of all points take, the fit on a sample or in passes over all points.

    A pass takes as long as the slower of reading and computing, which both are shared among the workers.

    Parameters
    ----------
    rate : Rates
    points : int
    sample : int
        The points of the sample.
    fit_passes : int
        Over the points, of a fit.
    read : float
        Bytes a second that a worker of one core reads.
    price : float
        Of an hour of a core.
    workers : tuple of int

    Returns
    -------
    DataFrame
        Indexed by ``fit`` (``sample`` or ``all``) and ``workers``: ``passes`` over all points; ``terabytes`` read;
        ``megabytes`` of sums sent to the scheduler; ``hours``; the share of them in which reading decides,
        ``reading``; ``core_hours``; ``cost``.

    Raises
    ------
    ValueError
        For a number that is not above 0.
    """
    given = {"points": points, "sample": sample, "fit_passes": fit_passes, "read": read, "price": price}
    for name, value in given.items():
        if not value > 0:
            raise ValueError(f"{name} must be above 0, got {value}")
    rows = {}
    for kind, fitted in (("sample", min(sample, points)), ("all", points)):
        for n in workers:
            steps = [(fitted, fit_passes, rate.fit), (points, _SCORE_PASSES, rate.scores)]
            times = [(size * passes * _POINT / read / n, size / speed / n) for size, passes, speed in steps]
            hours = sum(max(step) for step in times) / 3600
            passes = sum(size * passes for size, passes, _ in steps) / points
            rows[kind, n] = {
                "passes": passes,
                "terabytes": passes * points * _POINT / 1e12,
                "megabytes": (fit_passes + _SCORE_PASSES) * n * _SUMS / 1e6,
                "hours": hours,
                "reading": sum(a for a, b in times if a > b) / 3600 / hours,
                "core_hours": n * hours,
                "cost": n * hours * price,
            }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis(["fit", "workers"])


def table(folder: Path, **settings: Any) -> Shown:
    """`needs` by the stored rates, for a page; a sentence where none are stored."""
    rate = rates(folder)
    if rate is None:
        words = "No benchmark of fits and scores is stored: `make bench` measures the rates."
        return Shown(f"<p>{html.escape(words)}</p>", words)
    found = needs(rate, **settings)
    shown = pd.DataFrame(
        {
            "fit on": ["a sample" if kind == "sample" else "all points" for kind, _ in found.index],
            "workers": [n for _, n in found.index],
            "passes": found.passes.map("{:.3g}".format).to_list(),
            "read": [f"{value:.3g} TB" for value in found.terabytes],
            "sums sent": [f"{value:,.0f} MB" for value in found.megabytes],
            "hours": found.hours.map("{:.2g}".format).to_list(),
            "of them waiting for data": [f"{value:.0%}" for value in found.reading],
            "core hours": found.core_hours.map("{:.3g}".format).to_list(),
            "cost": found.cost.map("{:.2f}".format).to_list(),
        }
    )
    said = (
        f"Measured with {rate.n:,} points on {rate.machine}: a core fits {rate.fit:,.0f} points a second, all passes "
        f"included, and scores {rate.scores:,.0f}."
    )
    grid = shown.to_html(index=False, border=0, classes="offers")
    return Shown(f"{scrolls(grid)}<p>{html.escape(said)}</p>", f"{shown.to_string()}\n{said}")


def _largest(results: list[dict[str, Any]], kind: str) -> dict[str, Any]:
    cases = [case for case in results if case["name"] == f"{kind}-n{case['n']}-k2"]
    return max(cases, key=lambda case: case["n"], default={})


def _rate(case: dict[str, Any]) -> float:
    return float(case["n"] / statistics.median(case["ours"]) / case["threads"])
