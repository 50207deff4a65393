"""What the benchmark suite measured: times, ratios, floors, and whether a target is met; as stored, and read again."""

from __future__ import annotations

import json
import statistics
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from effaug.images._files import write_whole
from effaug.study import digests

FILE = Path("bench") / "bench.json"  # in the folder of results


@dataclass(frozen=True)
class Target:
    """What a case should reach; all that is given, of the medians.

    Attributes
    ----------
    ratio : float, optional
        The alternative's time over ours, at least.
    seconds : float, optional
        Ours, at most.
    share : float, optional
        Of the floor's speed, at least: the floor's seconds over ours.
    gib : float, optional
        Peak memory beyond the page cache, at most.
    """

    ratio: float | None = None
    seconds: float | None = None
    share: float | None = None
    gib: float | None = None


@dataclass(frozen=True)
class Result:
    """One case, measured.

    Attributes
    ----------
    name, group, what : str
        Its own name; the table it is a row of; what is done.
    alternative : str
        What users would otherwise run; empty where there is none.
    threads : int
        Of BLAS, on both sides.
    ours, theirs : tuple of float
        Seconds, a value a turn; of the alternative, for all of the work.
    part : float
        Of the work that the alternative was made to do: its seconds are extrapolated where it is below 1.
    floor : float, optional
        Seconds that no program can beat on the run's machine: operations over the measured rate of the matrix product,
        or bytes over the measured bandwidth.
    gib : float, optional
        Peak of the memory that is no page cache, of a process of its own.
    n, series : int and str
        Size, and what has the same series grows with it.
    amount, unit : float and str
        Of work in a call, for a rate: images, say.
    target : Target
    profile : tuple of (str, float)
        Functions in which most of our time is spent, and their share; taken where a target is missed.
    run : int
        Which of the stored runs it is from.
    """

    name: str
    group: str
    what: str
    ours: tuple[float, ...]
    threads: int
    alternative: str = ""
    theirs: tuple[float, ...] = ()
    part: float = 1.0
    floor: float | None = None
    gib: float | None = None
    n: int = 0
    series: str = ""
    amount: float = 0.0
    unit: str = ""
    target: Target = field(default_factory=Target)
    profile: tuple[tuple[str, float], ...] = ()
    run: int = 0

    @property
    def seconds(self) -> float:
        """Ours: the median over turns."""
        return statistics.median(self.ours)

    @property
    def ratios(self) -> tuple[float, ...]:
        """The alternative's time over ours, turn by turn."""
        return tuple(other / own for own, other in zip(self.ours, self.theirs, strict=False))

    @property
    def ratio(self) -> float | None:
        """Their median; None where there is no alternative."""
        return statistics.median(self.ratios) if self.ratios else None

    @property
    def share(self) -> float | None:
        """The floor's seconds over ours."""
        return None if self.floor is None else self.floor / self.seconds

    @property
    def misses(self) -> tuple[str, ...]:
        """The parts of the target that are not reached: of ``ratio``, ``seconds``, ``share``, ``gib``."""
        goal, missed = self.target, []
        for name, found, least in (("ratio", self.ratio, goal.ratio), ("share", self.share, goal.share)):
            if least is not None and not (found is not None and found >= least):
                missed.append(name)
        for name, found, most in (("seconds", self.seconds, goal.seconds), ("gib", self.gib, goal.gib)):
            if most is not None and not (found is not None and found <= most):
                missed.append(name)
        return tuple(missed)

    @property
    def met(self) -> bool | None:
        """Whether the target is reached; None where there is none."""
        return None if self.target == Target() else not self.misses


@dataclass(frozen=True)
class Stored:
    """A file of the suite: its runs (machine, code, date) and, by name, the latest result of each case."""

    runs: tuple[dict[str, Any], ...] = ()
    results: tuple[Result, ...] = ()

    def with_run(self, run: dict[str, Any], results: tuple[Result, ...]) -> Stored:
        """With the results of another run instead of those of the same names; runs that have none left are dropped.

        Raises
        ------
        ValueError
            If the run was on another machine than those stored.
        """
        for name in ("model", "cores", "gpu"):
            for old in self.runs:
                if old["machine"].get(name) != run["machine"].get(name):
                    raise ValueError(
                        f"the stored benchmarks are of a machine with {name} {old['machine'].get(name)}, this one has "
                        f"{run['machine'].get(name)}: store them under another name"
                    )
        merged = {each.name: each for each in self.results}
        merged |= {each.name: replace(each, run=len(self.runs)) for each in results}
        runs, used = (*self.runs, run), sorted({each.run for each in merged.values()})
        return Stored(
            tuple(runs[k] for k in used), tuple(replace(each, run=used.index(each.run)) for each in merged.values())
        )


def save(path: Path, stored: Stored) -> None:
    """Write it whole, with its digest."""
    record = {"runs": list(stored.runs), "results": [asdict(each) for each in stored.results]}
    write_whole(path, lambda part: part.write_text(json.dumps(digests.signed(record), indent=1) + "\n"))


def load(path: Path) -> Stored:
    """What `save` wrote; nothing where there is no file.

    Raises
    ------
    ValueError
        If the file is not what `save` wrote.
    """
    if not path.exists():
        return Stored()
    record = digests.read(path, "runs", "results")
    return Stored(tuple(record["runs"]), tuple(_result(each) for each in record["results"]))


def growth(results: tuple[Result, ...]) -> dict[str, float]:
    """How time grows with n, by series: the slope of log seconds against log n, where there are two sizes or more."""
    found: dict[str, dict[int, float]] = {}
    for each in results:
        if each.series:
            found.setdefault(each.series, {})[each.n] = each.seconds
    return {
        series: float(np.polyfit(np.log(list(times)), np.log(list(times.values())), 1)[0])
        for series, times in found.items()
        if len(times) > 1
    }


def _result(record: dict[str, Any]) -> Result:
    tuples = {name: tuple(record[name]) for name in ("ours", "theirs")}
    profile = tuple((str(name), float(share)) for name, share in record["profile"])
    return Result(**record | tuples | {"profile": profile, "target": Target(**record["target"])})
