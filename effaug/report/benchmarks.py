"""How fast effaug is, beside what its users would otherwise run: tables and growth from the stored benchmarks."""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from effaug.report.benchmark_notes import GROUPS, note
from effaug.report.drawings import REFERENCE
from effaug.report.exhibits import Exhibit, Exhibits, Origin
from effaug.report.markup import Shown, listed
from effaug.report.measured import FILE, Result, Stored, Target, growth, load
from effaug.report.numbers import own
from effaug.report.palette import BLUE, BROWN, FOREST, GREEN, MAGENTA, VERMILION
from effaug.report.rounding import shown
from effaug.report.style import axes_in, looks, sheet

_UNITS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"))
_LOOKS = ((BLUE, "o"), (VERMILION, "s"), (FOREST, "^"), (MAGENTA, "D"), (BROWN, "v"), (GREEN, "P"))
_LINEAR = 1.1  # of an exponent: up to it a cost is called linear
_NOTHING = "No benchmarks are stored: make bench."


def stored(folder: Path) -> list[tuple[str, Stored]]:
    """What the suite stored in a folder of results, by file: the CPU's first."""
    paths = sorted((folder / FILE.parent).glob("*.json"), key=lambda path: (path.name != FILE.name, path.name))
    return [(f"{folder.name}/{FILE.parent}/{path.name}", load(path)) for path in paths]


def about(folder: Path) -> Shown:
    """On what the benchmarks ran, how many targets are met, and whether there is a GPU among the machines."""
    found = stored(folder)
    if not found:
        return listed([_NOTHING])
    sentences = [_in_words(each) for _, each in found]
    if not any(run["machine"].get("gpu") for _, each in found for run in each.runs):
        sentences.append("CPU only so far: no benchmark of a GPU is stored.")
    return listed(sentences)


def tables(folder: Path) -> Exhibits:
    """A table for each group of cases, and each file."""
    made = []
    for file, each in stored(folder):
        where, several = _origin(file, each), file.rpartition("/")[2] != FILE.name
        for group in dict.fromkeys(result.group for result in each.results):
            results = [result for result in each.results if result.group == group]
            part = f"{group}-{Path(file).stem}" if several else group
            made.append(_table(part, GROUPS.get(group, group), results, where))
    return Exhibits(tuple(made), _NOTHING)


def missed(folder: Path) -> Shown:
    """Each target that is missed, by how much, where the time goes, and why."""
    results = [result for _, each in stored(folder) for result in each.results]
    sentences = [_explained(result) for result in results if result.met is False]
    if not sentences:
        sentences = ["None."] if results else [_NOTHING]
    return listed(sentences)


def growths(folder: Path) -> Exhibits:
    """Time against size on logarithmic axes, a panel for each group that has several sizes; the exponents with it."""
    made = [_growth(file, each) for file, each in stored(folder) if growth(each.results)]
    return Exhibits(tuple(made), "No case is stored of several sizes.")


def duration(seconds: float) -> str:
    """Three digits and a unit.

    Examples
    --------
    >>> duration(0.01234), duration(75.04), duration(2e-7)
    ('12.3 ms', '75.0 s', '0.200 µs')
    """
    least, unit = next(((least, unit) for least, unit in _UNITS if seconds >= least), _UNITS[-1])
    return f"{_digits(seconds / least)} {unit}"


def in_words(target: Target) -> str:
    """What a target asks for.

    Examples
    --------
    >>> in_words(Target(ratio=2)), in_words(Target(share=0.5, gib=2))
    ('at least 2 times as fast', 'at least 50 % of the floor, at most 2 GiB')
    """
    parts = [f"at least {target.ratio:g} times as fast"] if target.ratio is not None else []
    parts += [f"at most {duration(target.seconds)}"] if target.seconds is not None else []
    parts += [f"at least {shown(100 * target.share, 0)} % of the floor"] if target.share is not None else []
    parts += [f"at most {target.gib:g} GiB"] if target.gib is not None else []
    return ", ".join(parts)


def _in_words(each: Stored) -> str:
    judged = [result.met for result in each.results if result.met is not None]
    run = each.runs[Counter(result.run for result in each.results).most_common(1)[0][0]]  # which measured most
    machine, minutes = run["machine"], shown(sum(r["seconds"] for r in each.runs) / 60, 0)
    rate = machine["flops"].get(f"float32/{min(2, machine['cores'])}", 0) / 1e9
    where = f"{machine['gpu']}, " * bool(machine.get("gpu")) + f"{machine['model']}, {machine['cores']} cores"
    libraries = f"{machine['blas']}, NumPy {machine['numpy']}"
    return (
        f"{sum(judged)} of {len(judged)} targets are met. {len(each.results)} cases ran for {minutes} minutes on "
        f"{where}, {machine['gib']:g} GiB, {libraries} (`make bench` of {run['date']}, {run['code']}). "
        f"The matrix product of float32 reaches {shown(rate, 0)} GFLOP a second there."
    )


def _table(part: str, says: str, results: list[Result], where: Origin) -> Exhibit:
    rows = pd.DataFrame([_row(result) for result in results])
    names = [(_coded(result.what), _coded(_against(result))) for result in results]
    rows.index = pd.MultiIndex.from_tuples(names, names=["what", "against"])
    return own("benchmarks", rows, says, part, origin=where, deciding=("ours", "times as fast"))


def _against(result: Result) -> str:
    threads = f"{result.threads} thread{'s' * (result.threads > 1)}"
    return f"against {result.alternative}, {threads}" if result.alternative else threads


def _row(result: Result) -> dict[str, str]:
    between = f" ({_digits(min(result.ratios))} to {_digits(max(result.ratios))})" if len(result.ratios) > 1 else ""
    extrapolated = f" (from {shown(100 * result.part, 0)} % of it)" if result.part < 1 else ""
    met = {None: "", True: "met", False: "missed"}[result.met]
    other = result.ratio and result.ratio * result.seconds
    return {
        "ours": duration(result.seconds),
        "times as fast": f"{_digits(result.ratio)}{between}" if result.ratio is not None else "",
        "target": in_words(result.target),
        "reached": met,
        "alternative": f"{duration(other)}{extrapolated}" if other is not None else "",
        "of the floor's speed": f"{shown(100 * result.share, 0)} %" if result.share is not None else "",
        "memory": f"{shown(result.gib, 2)} GiB" if result.gib is not None else "",
        "a second": f"{_digits(result.amount / result.seconds)} {result.unit}" if result.amount else "",
    }


def _explained(result: Result) -> str:
    reached = {
        "ratio": f"{_digits(result.ratio or 0)} times as fast",
        "seconds": duration(result.seconds),
        "share": f"{shown(100 * (result.share or 0), 0)} % of the floor",
        "gib": f"{shown(result.gib or 0, 2)} GiB",
    }
    found = " and ".join(reached[name] for name in result.misses)
    spent = ", ".join(f"`{name}` {shown(100 * share, 0)} %" for name, share in result.profile)
    told = [f"{result.what}: {found}, and should be {in_words(result.target)}."]
    told += [f"Its time goes into {spent}."] if spent else []
    return " ".join([*told, *filter(None, [note(result.name)])])


def _growth(file: str, each: Stored) -> Exhibit:
    exponents = growth(each.results)
    groups = list(dict.fromkeys(result.group for result in each.results if result.series in exponents))
    with looks():
        figure, panels = sheet(len(groups))
        for group, panel in zip(groups, panels, strict=True):
            _panel(axes_in(panel, left=58), group, [r for r in each.results if r.group == group], exponents)
    alts = tuple(_growth_in_words(group, each.results, exponents) for group in groups)
    linear = sum(exponent <= _LINEAR for exponent in exponents.values())
    caption = (
        f"<b>How time grows.</b> Of {len(exponents)} series {linear} grow in proportion to their size or more slowly "
        f"(an exponent of at most {_LINEAR:g}). Grey lines are in proportion."
    )
    numbers = pd.DataFrame([(r.series, r.n, r.seconds) for r in each.results if r.series in exponents])
    numbers.columns = ["series", "n", "seconds"]
    name = f"growth-{Path(file).stem}"
    return Exhibit(name, figure, caption, alts, numbers.set_index(["series", "n"]), _origin(file, each))


def _panel(axes: Any, group: str, results: Iterable[Result], exponents: dict[str, float]) -> None:
    series: dict[str, list[Result]] = {}
    for result in results:
        if result.series in exponents:
            series.setdefault(result.series, []).append(result)
    axes.set(xscale="log", yscale="log", xlabel="n")
    axes.set_title(GROUPS.get(group, group).partition(".")[0])
    for (name, each), (colour, marker) in zip(series.items(), _LOOKS * (1 + len(series) // len(_LOOKS)), strict=False):
        sizes, seconds = [r.n for r in each], [r.seconds for r in each]
        axes.plot(sizes, [seconds[0] * n / sizes[0] for n in sizes], ls=":", lw=1, color=REFERENCE)
        axes.plot(sizes, seconds, color=colour, marker=marker, lw=1.5, label=f"{name}: {shown(exponents[name], 2)}")
    _ticks(axes.xaxis, axes.get_xlim(), lambda n: f"{n:,.0f}")
    low, high = axes.get_ylim()
    axes.set_ylim(low, high * (high / low) ** (0.1 * (2 + len(series))))  # room for the legend above the lines
    _ticks(axes.yaxis, (low, high), lambda seconds: duration(seconds).replace(".00", "").replace(".0 ", " "))
    axes.legend(title="exponent", loc="upper left", frameon=False, fontsize="small", title_fontsize="small")


def _ticks(axis: Any, limits: tuple[float, float], named: Callable[[float], str]) -> None:
    """A few, in plain numbers."""
    decades = np.log10(limits[1] / limits[0])
    axis.set_major_locator(LogLocator(subs=(1, 2, 5) if decades < 1.5 else (1, 3) if decades < 2.5 else (1,)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: named(value)))
    axis.set_minor_formatter(NullFormatter())


def _growth_in_words(group: str, results: Iterable[Result], exponents: dict[str, float]) -> str:
    names = dict.fromkeys(r.series for r in results if r.group == group and r.series in exponents)
    each = "; ".join(f"{name} as n to the power of {shown(exponents[name], 2)}" for name in names)
    return f"Seconds against n on logarithmic axes: {each}"


def _origin(file: str, each: Stored) -> Origin:
    rows = [(run["date"], file, run["code"], f"{run['seconds'] / 60:.0f}") for run in each.runs]
    files = pd.DataFrame(rows, columns=["stored", "file", "code", "minutes"]).set_index("stored")
    return Origin(files, ("make bench",))


def _coded(words: str) -> Shown:
    """With `code` as a page has it."""
    return Shown(re.sub("`([^`]+)`", r"<code>\1</code>", html.escape(words)), words)


def _digits(value: float) -> str:
    """Three digits that count."""
    return html.escape(shown(value, 0 if value >= 99.95 else 1 if value >= 9.995 else 2 if value >= 0.9995 else 3))
