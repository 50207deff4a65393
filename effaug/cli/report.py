"""The commands that read stored results; those that compute are in `effaug.cli.main`."""

from __future__ import annotations

import functools
import itertools
import json
import math
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

app = typer.Typer()
report = typer.Typer(help="The paper's claims weighed against our results.", subcommand_metavar="")
app.add_typer(report, name="report")
console = Console(stderr=True)


@app.command()
def summary(
    tasks: Annotated[list[str] | None, typer.Argument(help="Tasks; all that have results unless given.")] = None,
    results: Annotated[Path, typer.Option(envvar="EFFAUG_RESULTS", help="Folder of the results.")] = Path("results"),
) -> None:
    """Print the AUC of every stored policy (1000 is perfect), mean and standard deviation over seeds.

    Beside it the accuracy in percent with none, a tenth and all of the points augmented: what choosing a tenth gains.
    """
    from effaug.report.rounding import rounded
    from effaug.report.tables import accuracy_summary, auc_summary
    from effaug.study.names import current

    store = results_in(results)
    names = [current(task) for task in tasks or ()] or store.tasks()
    for missing in sorted(set(names) - set(store.tasks())):
        raise ValueError(f"no results for {missing!r} in {results}; stored: {', '.join(store.tasks())}")
    table = store.table(names)
    found = auc_summary(table)
    found = found.join(accuracy_summary(table), on=found.columns[:5].tolist())
    print(rounded(found, 3).to_string(index=False))


@app.command()
def thumbnails(
    datasets: Annotated[list[str] | None, typer.Argument(help="Data sets; all that have results unless given.")] = None,
    results: Annotated[Path, typer.Option(envvar="EFFAUG_RESULTS", help="Folder of the results.")] = Path("results"),
) -> None:
    """Store the images of the points that each policy chooses first, which the book's explorer shows."""
    from effaug.report import thumbnails as pictures
    from effaug.study.names import current
    from effaug.study.tasks import SOURCES

    store = results_in(results)
    stored = {task.split("-")[0] for task in store.tasks()}
    for name in [current(name) for name in datasets or ()] or [name for name in SOURCES if name in stored]:
        with console.status(f"collecting the images of {name}"):
            path = pictures.make(store, name)
        print(path)


@app.command()
def reproduce(
    tasks: Annotated[list[str], typer.Argument(help="Tasks that have results.")],
    features: Annotated[str, typer.Option(help="frozen, or refit, which takes hours.")] = "frozen",
    seeds: Annotated[int | None, typer.Option(help="Only so many of the stored seeds.")] = None,
    variations: Annotated[
        bool, typer.Option("--variations", help="Also what is stored with a choice of the two protocols changed.")
    ] = False,
    jobs: Annotated[int, typer.Option(help="Worker processes of one thread each.")] = 1,
    scheduler: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="A Dask scheduler's, as for `effaug run`, in place of --jobs.")
    ] = None,
    into: Annotated[
        Path | None, typer.Option(help="Folder of what is computed, where it goes on; a new one unless named.")
    ] = None,
    results: Annotated[Path, typer.Option(envvar="EFFAUG_RESULTS", help="Folder of the results.")] = Path("results"),
) -> None:
    """Compute stored results again and compare; exit status 1 where they differ by more than the tolerance."""
    from effaug.cli import progress
    from effaug.study import reproduce as again
    from effaug.study.names import current

    store = results_in(results)
    into = into or Path(tempfile.mkdtemp(prefix="effaug-"))
    if into.resolve() == results.resolve():
        raise ValueError(f"{into} holds the stored results: name another folder for those that are computed")
    tasks, good = [current(task) for task in tasks], True
    for task in tasks:
        again.stored_experiments(store, task, features)  # before the first of them takes hours
    for task in tasks:
        found = again.reproduce(
            task,
            store,
            into,
            lambda experiment, computed: progress.run(experiment, computed, jobs, scheduler),
            features=features,
            n_seeds=seeds,
            variations=variations,
        )
        print(found.to_string(index=False))
        good &= bool(found["within tolerance"].all())
    tolerance = {
        "frozen": f"{again.ACCURACY_TOLERANCE} of an accuracy, {again.AUC_TOLERANCE} of a policy's mean AUC",
        "refit": f"{again.AUC_TOLERANCE} of a policy's mean AUC, or {again.STANDARD_ERRORS:g} standard errors",
    }[features]
    print(
        f"tolerance: {tolerance}: "
        f"{'found again' if good else 'NOT found again'}"
        + ("" if variations else " (variations of the protocols: --variations)")
    )
    if not good:
        sys.exit(1)


@report.callback(invoke_without_command=True)
def scorecard(
    context: typer.Context,
    protocol: Annotated[str, typer.Option(help="paper, released-code or reconstruction.")] = "paper",
    as_json: Annotated[bool, typer.Option("--json", help="With every comparison, as JSON.")] = False,
    results: Annotated[Path, typer.Option(envvar="EFFAUG_RESULTS", help="Folder of the results.")] = Path("results"),
) -> None:
    """Print the verdict on each of the paper's claims, and how many comparisons are for it, against it, equal and open.

    Verdicts: holds, holds so far (none against), holds in part, does not hold, undecided, not measured.
    """
    from effaug.report import scorecard as card

    if context.invoked_subcommand:
        return
    store = results_in(results)
    each = card.comparisons(store, _known(protocol))
    found = card.scorecard(store, protocol, each)
    if as_json:
        rows = found.T.to_dict().items()
        claims = [{"id": name, **row, "comparisons": each[str(name)].to_dict("records")} for name, row in rows]
        print(json.dumps(_finite({"protocol": protocol, "claims": claims}), indent=1, allow_nan=False))
        return
    others = ", ".join(f"--protocol {name}" for name in card.QUESTIONS if name != protocol)
    print(f"Under the {protocol} protocol (others: {others}):")
    for name, row in found.iterrows():
        counts = ", ".join(f"{row[outcome]} {outcome}" for outcome in card.OUTCOMES if row[outcome])
        seeds = f"; seeds to decide: {row['seeds to decide']}" if row.open else ""
        print(f"{row.verdict:14}  {name}: {row.claim} [Section {row.section}; {counts or 'no results'}{seeds}]")
    print(_LEGEND)


_LEGEND = """
holds            as many comparisons are yes as the claim needs: all, most, many or, for `some` and `can`, one
holds so far     none is against, and too few are decided for another verdict
holds in part    true in some comparisons, false in others
does not hold    too many are against, whatever the open ones turn out to be
undecided        what is open or not measured could still tip it

yes, no          comparisons that are for and against the claim, corrected for their number
equal            no difference worth the name
open             neither yet, with the seeds stored
empty            nothing to compare
seeds to decide  what is open, were the differences what they seem"""


def _known(protocol: str) -> str:
    from effaug._validation import unknown
    from effaug.study.protocols import NAMES

    if protocol not in NAMES:
        raise ValueError(unknown("protocol", protocol, NAMES))
    return protocol


def _finite(value: Any) -> Any:
    """JSON knows no infinity, the end of a single seed's interval: null."""
    if isinstance(value, dict):
        return {key: _finite(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def results_in(results: Path) -> Any:
    """The results in a folder that has some; ValueError, saying what to do, where it has none."""
    from effaug.study.results import Results

    store = Results(results)
    if not store.tasks():
        raise ValueError(
            f"no results in {results.absolute()}: name a folder that has them (--results, EFFAUG_RESULTS), or make "
            "some (`effaug run digits-rotate`)"
        )
    return store


@app.command()
def compare(
    protocol: Annotated[str, typer.Option(help="reconstruction, paper or released-code.")] = "reconstruction",
    results: Annotated[Path, typer.Option(envvar="EFFAUG_RESULTS", help="Folder of the results.")] = Path("results"),
) -> None:
    """Print our AUCs beside the 198 of the paper's Tables 3 to 20, as far as they are stored."""
    from effaug.report.published import published_features
    from effaug.report.reconstruction import agreement, published_pairs
    from effaug.report.rounding import as_text, shown
    from effaug.study.caveats import caveats_of_means
    from effaug.study.protocols import NAMES

    store = results_in(results)
    pairs = published_pairs(store, _known(protocol))
    stored, close = pairs[pairs.seeds > 0], agreement(store, NAMES)
    if close["median |difference|"].isna().all():
        raise ValueError(f"none of the paper's 198 AUCs is stored in {results}; `effaug summary` prints those that are")
    printed = as_text(stored, 2, {"difference": ("auc", "paper")})
    if len(stored):
        print(printed.replace("-", "NaN").to_string(index=False))
    words = f"{len(stored)} of {len(pairs)} under the {protocol} protocol"
    if len(stored):
        lead = printed.difference[stored.index].astype(float)
        median, smallest, largest = (shown(value, 2, "+") for value in (lead.median(), lead.min(), lead.max()))
        words += f"; ours less the paper's: median {median}, from {smallest} to {largest}"
    print(f"{words}\n\n{close.to_string(na_rep='-')}")
    told = (
        caveats_of_means(store.record(task), store.labels(task, protocol), published_features(task))
        for task in stored.task.unique()
    )
    for sentence in dict.fromkeys(itertools.chain.from_iterable(told)):
        console.print(sentence, soft_wrap=True)


@app.command()
def export(
    folder: Annotated[Path, typer.Argument(help="Where the files go.")],
    protocol: Annotated[str, typer.Option(help="paper or released-code.")] = "paper",
    seeds: Annotated[int, typer.Option(help="At most so many of the stored seeds.")] = 20,
    results: Annotated[Path, typer.Option(envvar="EFFAUG_RESULTS", help="Folder of the results.")] = Path("results"),
) -> None:
    """Write every table of the paper as CSV and LaTeX, every figure as SVG and PDF, from stored results."""
    from effaug.report import catalogue
    from effaug.report.view import view_of

    view = view_of(results_in(results), protocol=protocol, n_seeds=seeds)
    console.print("20 tables and 17 figures: about a minute")
    written = catalogue.export(view, folder)
    print(f"{len(written)} files in {folder}")
    console.print(view.notes().text, soft_wrap=True)


@app.command()
def figure(
    file: Annotated[Path, typer.Argument(help="SVG, PDF or PNG to write.")],
    results: Annotated[Path, typer.Option(envvar="EFFAUG_RESULTS", help="Folder of the results.")] = Path("results"),
) -> None:
    """Draw the finding in one figure, as in README."""
    from effaug.report import front, style

    style.save(front.idea(results_in(results)), file)


def _old_name(group: typer.Typer, words: str, command: Callable[..., None]) -> None:
    @functools.wraps(command)
    def renamed(**arguments: Any) -> None:
        console.print(f"effaug {words} is deprecated: it is now effaug {command.__name__}", soft_wrap=True)
        command(**arguments)

    group.command(words.split()[-1], hidden=True)(renamed)


_old_name(app, "aucs", summary)
_old_name(report, "report aucs", compare)
