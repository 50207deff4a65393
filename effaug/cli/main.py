"""The command line: what computes. What reads results is in `effaug.cli.report`."""

from __future__ import annotations

import errno
import os
import re
import signal
import sys
import threading
import warnings
from pathlib import Path
from typing import Annotated, Any

import typer

from effaug import scores
from effaug.cli import parsing
from effaug.cli.notebook import app as notebooks
from effaug.cli.report import app as reports
from effaug.cli.report import console
from effaug.cli.select import app as selecting
from effaug.cli.training import app as training
from effaug.cli.validate import app as checks
from effaug.study.names import RenamedWarning

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)
app.add_typer(reports)
app.add_typer(checks)
app.add_typer(selecting)
app.add_typer(training)
app.add_typer(notebooks, name="notebook")


@app.callback()
def _effaug() -> None:
    """Which training points are worth augmenting? (Kuchnik & Smith, ICLR 2019)"""


@app.command()
def run(
    task: Annotated[
        str,
        typer.Argument(
            help="DATASET-AUGMENTATION, such as mnist-rotate (see `effaug tasks`), or a file of your own images: an "
            ".npz of x_train, y_train, x_test and y_test."
        ),
    ],
    protocol: Annotated[str, typer.Option(help="paper, released-code or reconstruction.")] = "paper",
    features: Annotated[
        str, typer.Option(help="frozen: one network for all fits; refit: a small one for every fit.")
    ] = "frozen",
    score: Annotated[
        list[str] | None, typer.Option(help=f"One of {', '.join(scores.SCORES)}; repeat for several.")
    ] = None,
    policies: Annotated[str, typer.Option(help="all (the eleven of Tables 3-20), or names between commas.")] = "all",
    seeds: Annotated[int, typer.Option(help="How many, from 0.")] = 5,
    jobs: Annotated[int, typer.Option(help="Worker processes of one thread each.")] = 1,
    scheduler: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            help="A Dask scheduler's, such as tcp://host:8786, whose workers compute in place of --jobs. They need "
            "this effaug, one thread each, and the folders of data, weights and cache: those that their own "
            "EFFAUG_DATA, EFFAUG_WEIGHTS and EFFAUG_CACHE name, else yours.",
        ),
    ] = None,
    results: Annotated[Path, typer.Option(envvar="EFFAUG_RESULTS", help="Folder of the results.")] = Path("results"),
    classes: Annotated[str, typer.Option(help="Another pair of labels, such as 4,9.")] = "",
    n_train: Annotated[int | None, typer.Option(help="Another number of training points.")] = None,
    parameters: Annotated[
        str, typer.Option(help="Other augmentation parameters: angles or margins 5,10, shifts 1,0:0,1.")
    ] = "",
    augmentation: Annotated[str, typer.Option(help="Of an .npz: translate, rotate or crop, by --parameters.")] = "",
    network: Annotated[str, typer.Option(help="Of an .npz: pixels, unless lenet or cnn is to be trained.")] = "",
    C: Annotated[str, typer.Option("--C", help="Another inverse L2 strength, or cv.")] = "",
    ridge: Annotated[float | None, typer.Option(help="Another ridge of the Hessian.")] = None,
    epochs: Annotated[int | None, typer.Option(help="Another length of the training of MNIST's network.")] = None,
    weights: Annotated[
        str, typer.Option(help="Another frozen network, by its name in weights/ or as a Keras .h5 file of one's own.")
    ] = "",
    subtract_mean: Annotated[
        bool | None, typer.Option(help="Whether the networks' mean training image is subtracted.")
    ] = None,
    subtract_share: Annotated[
        float | None, typer.Option(help="Between 0 and 1: subtract that share of the mean training image.")
    ] = None,
    take: Annotated[
        list[str] | None, typer.Option("--swap", help="Take this choice from the other protocol; repeat for several.")
    ] = None,
) -> None:
    """Compute accuracy against budget, storing what is finished every few seconds. Started again, it goes on."""
    from effaug.cli import progress
    from effaug.study.experiment import Experiment
    from effaug.study.own import file_task
    from effaug.study.protocols import TABLE_POLICIES, load_protocol, swap
    from effaug.study.results import Results
    from effaug.study.tasks import load_task

    own = task.endswith(".npz")
    if (augmentation or network) and not own:
        raise ValueError(f"--augmentation and --network are for an .npz of your own; {task!r} names both")
    changes: dict[str, Any] = {}
    if C:
        changes["C"] = "cv" if C == "cv" else parsing.number("C, unless it is cv,", C)
    if subtract_mean is not None and subtract_share is not None:
        raise ValueError("--subtract-share is how much of the mean image is subtracted: leave out --[no-]subtract-mean")
    mean = subtract_mean if subtract_share is None else subtract_share
    given = (("ridge", ridge), ("epochs", epochs), ("weights", weights or None), ("subtract_mean", mean))
    changes |= {k: v for k, v in given if v is not None}
    chosen = swap(load_protocol(protocol, task=task, **changes), tuple(take or ()))
    points: dict[str, Any] = {"classes": parsing.classes(classes), "n_train": n_train}
    copies = parsing.parameters(augmentation if own else task.rpartition("-")[2], parameters)
    spec = Experiment(
        task=file_task(Path(task), augmentation, copies or (), network=network or "pixels", **points)
        if own
        else load_task(task, protocol=chosen, parameters=copies, **points),
        protocol=chosen,
        features=features,
        score_names=tuple(dict.fromkeys(score or ["influence"])),
        policies=TABLE_POLICIES if policies == "all" else tuple(dict.fromkeys(policies.split(","))),
        n_seeds=seeds,
    )
    computed = progress.run(spec, Results(results), jobs, scheduler)
    total = len(spec.jobs())
    print(
        f"{spec.task.name}: {computed} curves computed, {total - computed} were stored; {results / spec.task.name}.csv"
    )


@app.command()
def tasks() -> None:
    """List the tasks with their classes, sizes and augmentation parameters."""
    from effaug.study.tasks import TASKS, load_task

    for name in TASKS:
        task = load_task(name)
        parameters = ", ".join(f"{p:g}" if not isinstance(p, tuple) else f"({p[0]}, {p[1]})" for p in task.parameters)
        print(f"{name}: classes {task.classes[0]} and {task.classes[1]}, {task.n_train} points, {parameters}")


@app.command()
def cache(
    clear: Annotated[bool, typer.Option("--clear", help="Remove everything.")] = False,
) -> None:
    """List the trained networks and features that are kept, in EFFAUG_CACHE or the user's cache folder."""
    from datetime import datetime

    from effaug.images.cache import FeatureCache

    store = FeatureCache()
    if clear:
        print(f"{store.clear() / 1e6:.1f} MB removed from {store.folder}")
        return
    entries = store.entries()
    for entry in entries:
        print(f"{datetime.fromtimestamp(entry.written):%Y-%m-%d %H:%M}  {entry.size / 1e6:8.1f} MB  {entry.words}")
    print(f"{sum(entry.size for entry in entries) / 1e6:.1f} MB in {store.folder}")


def main() -> None:
    """The console script: an error of the user's is one sentence and exit status 2; a signal ends it as ctrl-C does."""
    terminated = threading.Event()

    def terminate(*_: Any) -> None:
        terminated.set()
        raise KeyboardInterrupt

    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, terminate)
    try:
        _call()
    except SystemExit as stop:
        if stop.code != 130:  # what Typer makes of a KeyboardInterrupt
            raise
        word = "terminated" if terminated.is_set() else "interrupted"
        told = f"\n{word}: what was finished is stored, and the same command goes on from there"
        console.print(told, soft_wrap=True)
        sys.exit(143 if terminated.is_set() else 130)
    except (ValueError, OSError, MemoryError) as error:
        if os.environ.get("EFFAUG_TRACEBACK"):
            raise
        console.print(f"effaug: {_sentence(error)}", style="red", markup=False, highlight=False, soft_wrap=True)
        sys.exit(2)


def _sentence(error: ValueError | OSError | MemoryError) -> str:
    """Without the numbers of the operating system, nor the names of files that are written before they get theirs."""
    if not isinstance(error, OSError) or not error.strerror:
        return str(error)
    if not error.filename:
        return error.strerror
    path = Path(os.fsdecode(error.filename))
    path = path.with_name(re.sub(r"^\.(.+)\.\w+-\d+\.part.*$", r"\1", path.name))
    return f"{path} cannot be {'written to' if error.errno == errno.EROFS else 'used'} ({error.strerror})"


def _call() -> None:
    """The command; what it was given by an old name, it says in one sentence."""
    told = set()
    with warnings.catch_warnings():
        shown = warnings.showwarning

        def show(message: Warning | str, category: type[Warning], *rest: Any, **more: Any) -> None:
            if not issubclass(category, RenamedWarning):
                shown(message, category, *rest, **more)
            elif str(message) not in told:
                told.add(str(message))
                console.print(f"effaug: {message}", markup=False, highlight=False, soft_wrap=True)

        warnings.showwarning = show
        warnings.simplefilter("always", RenamedWarning)
        app()
