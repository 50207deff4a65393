"""How a case is measured: ours and the alternative in turn, with as many BLAS threads, and whether they agree.

A module of cases has a function `cases` that gives a tuple of `Case` and imports nothing slow. Work that is not
measured is done in `setup`; what it returns is handed to `ours` and `theirs`, and what these return to `agree`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from benchmarks.machine import Machine
from benchmarks.memory import peak_gib
from benchmarks.profile import sampled
from effaug.report.measured import Result, Target

_TURN = 0.02  # seconds that a side is given a turn, at least: quick calls are repeated within it


@dataclass(frozen=True)
class Case:
    """One row of the suite.

    Attributes
    ----------
    name, group, what : str
        `name` is typed (``influence-n1000-d84``); `group` is a table of the page, and can be typed too; `what` is read.
    ours : callable
        From what `setup` gave to a result.
    setup : callable, optional
        From a folder for large files to what `ours` and `theirs` take; a context manager is entered and left.
        It runs again in a process of its own where memory is measured: a file that is there already is used again.
    theirs : callable, optional
        What users would otherwise run, of the same argument; `alternative` names it.
    agree : callable, optional
        Takes both results and raises AssertionError where they differ, as `numpy.testing.assert_allclose` does. A case
        with `theirs` needs one.
    part : float, default 1
        Of the work that `theirs` does, where all of it would take too long: its seconds are divided by this.
    floor : callable, optional
        From the `Machine` to seconds: ``lambda machine: machine.product(2 * n * d * d, "float32", threads=2)``.
    target : Target
    threads : int, default 2
        Of BLAS, on both sides.
    n, series : int and str
        Size; cases of one series give a growth exponent.
    amount, unit : float and str
        What a call works through, for a rate: ``amount=1000, unit="images"``.
    memory : bool
        Whether the peak of memory beyond the page cache is measured in a process of its own.
    repeats : int, default 5
        Turns.
    limit : float, default 15
        Seconds after which no other turn begins.
    large : bool
        Whether it runs only with ``--large``, or by its name.
    """

    name: str
    group: str
    what: str
    ours: Callable[[Any], Any]
    setup: Callable[[Path], Any] = lambda folder: None
    theirs: Callable[[Any], Any] | None = None
    alternative: str = ""
    agree: Callable[[Any, Any], None] | None = None
    part: float = 1.0
    floor: Callable[[Machine], float] | None = None
    target: Target = field(default_factory=Target)
    threads: int = 2
    n: int = 0
    series: str = ""
    amount: float = 0.0
    unit: str = ""
    memory: bool = False
    repeats: int = 5
    limit: float = 15.0
    large: bool = False

    def __post_init__(self) -> None:
        if self.theirs is not None and (self.agree is None or not self.alternative):
            raise ValueError(f"{self.name}: a case with an alternative needs its name and agree()")
        if not 0 < self.part <= 1:
            raise ValueError(f"{self.name}: part must be above 0 and at most 1, got {self.part}")


class Disagreement(Exception):
    """Ours and the alternative do not come to the same: then there is nothing to compare."""


def measure(case: Case, machine: Machine, folder: Path) -> Result:
    """Run a case.

    Raises
    ------
    Disagreement
        If the two results differ.
    """
    with threadpool_limits(case.threads), entered(case.setup(folder)) as given:
        ours, theirs = _turns(case, given)
        found = Result(
            case.name,
            case.group,
            case.what,
            tuple(ours),
            case.threads,
            alternative=case.alternative,
            theirs=tuple(seconds / case.part for seconds in theirs),
            part=case.part,
            floor=case.floor(machine) if case.floor else None,
            n=case.n,
            series=case.series,
            amount=case.amount,
            unit=case.unit,
            target=case.target,
        )
        profile = sampled(lambda: case.ours(given)) if found.misses and found.misses != ("gib",) else ()
    memory = peak_gib(case.name, folder) if case.memory else None
    return Result(**vars(found) | {"gib": memory, "profile": profile})


def entered(given: Any) -> Any:
    """A context manager as it is, anything else as one that does nothing."""
    return given if hasattr(given, "__enter__") and hasattr(given, "__exit__") else nullcontext(given)


def _turns(case: Case, given: Any) -> tuple[list[float], list[float]]:
    """Seconds a turn of both sides. In the first turn the results are compared; it counts only if it is the last."""
    ours: list[float] = []
    theirs: list[float] = []
    start = time.perf_counter()
    own, own_seconds = _timed(case.ours, given, 0)
    if case.theirs is not None:
        other, other_seconds = _timed(case.theirs, given, 0)
        _compare(case, own, other)
        del other
    del own
    took = time.perf_counter() - start
    if took > case.limit / 2:
        return [own_seconds], [other_seconds] if case.theirs is not None else []
    while len(ours) < case.repeats and time.perf_counter() - start < case.limit:
        sides = [(case.ours, ours), (case.theirs, theirs)]
        for call, times in sides[:: -1 if len(ours) % 2 else 1]:  # none is always the one with warm caches
            if call is not None:
                times.append(_timed(call, given, _TURN)[1])
    return ours, theirs


def _compare(case: Case, own: Any, other: Any) -> None:
    assert case.agree is not None
    try:
        case.agree(own, other)
    except AssertionError as error:
        raise Disagreement(f"{case.name}: ours and {case.alternative} differ: {error}") from error


def _timed(call: Callable[[Any], Any], given: Any, least: float) -> tuple[Any, float]:
    """The result, and seconds a call, of as many calls as `least` seconds hold."""
    start, calls = time.perf_counter(), 0
    while True:
        found = call(given)
        calls += 1
        passed = time.perf_counter() - start
        if passed >= least:
            return found, passed / calls
