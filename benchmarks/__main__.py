"""Run the benchmark suite, print it, and store it: `python -m benchmarks [CASE ...]`.

python -m benchmarks                      every case but the large ones, stored in results/bench/bench.json
python -m benchmarks influence            a group, or cases by name; the others' stored results stay
python -m benchmarks --large              the large ones, too: 40 minutes more, and 10 GB in the temporary folder
python -m benchmarks --list               what there is
python -m benchmarks --once               one turn of each, nothing stored
python -m benchmarks --no-store influence
python -m benchmarks --store gpu          in results/bench/gpu.json
"""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

from threadpoolctl import threadpool_limits

import benchmarks
from benchmarks import harness, machine, memory
from benchmarks.harness import Case
from effaug._validation import unknown
from effaug.report.measured import Result, Stored, Target, growth, load, save

FOLDER = memory.ROOT / "results" / "bench"


def all_cases() -> dict[str, Case]:
    """Of every module of this folder that has `cases`, by name."""
    found: dict[str, Case] = {}
    for module in pkgutil.iter_modules(benchmarks.__path__):
        if module.name != "__main__":
            each = getattr(importlib.import_module(f"benchmarks.{module.name}"), "cases", tuple)()
            found |= {case.name: case for case in each}
    return found


def chosen(names: Sequence[str], large: bool) -> list[Case]:
    """Those named, or of groups named, else all; large ones only by name or by `large`.

    Raises
    ------
    ValueError
        For what is neither a case nor a group.
    """
    found = all_cases()
    groups = {case.group for case in found.values()}
    for name in names:
        if name not in found and name not in groups:
            raise ValueError(unknown("benchmark", name, [*sorted(groups), *found]))
    kept = [case for case in found.values() if not names or case.name in names or case.group in names]
    return [case for case in kept if large or not case.large or case.name in names]


def line(result: Result, seconds: float) -> str:
    """One result for a terminal."""
    parts = [f"{result.name:34} {result.seconds:10.4g} s, {result.threads} threads"]
    if result.ratio is not None:
        parts.append(f"{result.ratio:.3g} x ({min(result.ratios):.3g} to {max(result.ratios):.3g})")
    if result.amount:
        parts.append(f"{result.amount / result.seconds:.4g} {result.unit}/s")
    if result.share is not None:
        parts.append(f"{result.share:.0%} of the floor's speed")
    if result.gib is not None:
        parts.append(f"{result.gib:.2f} GiB")
    if result.met is not None:
        parts.append("met" if result.met else f"MISSED: {', '.join(result.misses)}")
    return f"{', '.join(parts)} [{seconds:.0f} s]"


def run(cases: Sequence[Case], path: Path | None) -> int:
    """Measure, print and store; the exit status is 1 where a case disagrees or fails, whose stored result stays."""
    from effaug.study.provenance import commit

    start, results, failed = time.perf_counter(), [], 0
    this, before = machine.measure(), load(path) if path else Stored()
    before = replace(before, results=tuple(each for each in before.results if each.name in all_cases()))
    about = {"machine": asdict(this), "code": commit(), "date": time.strftime("%Y-%m-%d", time.gmtime())}
    before.with_run(about, ())  # refuses another machine's file now, not in a quarter of an hour
    print(this, flush=True)
    with tempfile.TemporaryDirectory(prefix="effaug-bench-") as folder:
        for case in cases:
            began = time.perf_counter()
            try:
                results.append(harness.measure(case, this, Path(folder)))
            except Exception as error:  # the others are measured all the same
                failed += 1
                print(f"{case.name:34} FAILED: {type(error).__name__}: {error}", flush=True)
                continue
            print(line(results[-1], time.perf_counter() - began), flush=True)
            if path is not None:
                about["seconds"] = round(time.perf_counter() - start)
                save(path, before.with_run(about, tuple(results)))
    for series, exponent in growth(tuple(results)).items():
        print(f"{series:34} grows as n^{exponent:.2f}")
    seconds = time.perf_counter() - start
    print(f"{len(results)} cases in {seconds / 60:.1f} minutes, {failed} failed")
    if path is not None and results:
        print(f"stored in {path}")
    return int(bool(failed))


def child(name: str, folder: Path) -> None:
    """Run a case once, so that `memory` can look from outside."""
    case = all_cases()[name]
    with threadpool_limits(case.threads), harness.entered(case.setup(folder)) as given:
        memory.say("ready")
        case.ours(given)
    memory.say_peak()


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure effaug against alternatives.")
    parser.add_argument("cases", nargs="*", metavar="CASE")
    parser.add_argument("--large", action="store_true", help="run the large cases, too")
    parser.add_argument("--once", action="store_true", help="one turn each, not stored: does everything still run?")
    parser.add_argument("--list", action="store_true", help="print the names of cases and what they do")
    parser.add_argument("--store", default="bench", metavar="NAME", help="store in results/bench/NAME.json")
    parser.add_argument("--no-store", action="store_true")
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        child(options.child[0], Path(options.child[1]))
        return 0
    try:
        cases = chosen(options.cases, options.large or options.list)
    except ValueError as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return 2
    if options.list:
        print(*(f"{case.name:34} {case.what}" for case in cases), sep="\n")
        return 0
    if options.once:
        cases = [replace(case, limit=0.0, memory=False, target=Target()) for case in cases]
    return run(cases, None if options.no_store or options.once else FOLDER / f"{options.store}.json")


if __name__ == "__main__":
    sys.exit(main())
