"""Runs and trainings with a progress bar: what the command line shows while they last."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from effaug.study import runner, timing, training
from effaug.study.experiment import Experiment, Job
from effaug.study.results import Results
from effaug.study.tasks import Task

console = Console(stderr=True)


def run(experiment: Experiment, results: Results, n_jobs: int, scheduler: str | None = None) -> int:
    """`runner.run` with a bar over curves; before it, the images that are featurised."""
    name = experiment.task.name
    with _bar(MofNCompleteColumn(), TextColumn("curves")) as bar:
        row = bar.add_task(name, total=None)

        def show(done: int, total: int, running: list[Job]) -> None:
            names = ", ".join(f"{j.policy}{' by ' if j.score else ''}{j.score} #{j.seed}" for j in running)
            bar.update(row, total=total, completed=done, description=f"{name}: {names or 'done'}")

        def featurising(done: int, total: int, images_per_second: float) -> None:
            words = f"{name}: features of {done} of {total} images, {images_per_second:.0f} images/s"
            bar.update(row, description=words)

        return runner.run(
            experiment, results, n_jobs=n_jobs, scheduler=scheduler, progress=show, featurising=featurising
        )


def train(settings: training.Training, folder: Path, name: str, keep_epochs: bool = False) -> Path:
    """`training.train` with a bar over epochs; a line an epoch where the output is no terminal."""
    with _bar(TaskProgressColumn()) as bar:
        row = bar.add_task(settings.dataset, total=settings.n_epochs)

        def show(now: dict[str, Any]) -> None:
            words = (
                f"epoch {now['epoch'] + 1} of {settings.n_epochs}: {now['images_per_second']:.0f} images/s, "
                f"loss {now['loss']:.3f}, accuracy {100 * now['accuracy']:.1f} %"
            )
            bar.update(row, completed=now["epoch"] + now["batch"] / now["n_batches"], description=words)
            if now["batch"] == now["n_batches"] and not console.is_terminal:
                console.print(words)

        return training.train(settings, folder, name=name, keep_epochs=keep_epochs, progress=show)


def bench(
    path: Path,
    settings: training.Training,
    sizes: tuple[int, ...],
    tasks: list[Task],
    epochs: int,
    n_repeats: int,
) -> None:
    """`timing.epoch_times` and, for each task, `timing.selection_times`, stored in a file."""
    for task in tasks:  # before the epochs are timed
        timing.check_trained(task)
    with _bar(MofNCompleteColumn()) as bar:

        def row(name: str) -> Callable[[int, int], None]:
            line = bar.add_task(name, total=None)
            return lambda done, total: bar.update(line, completed=done, total=total)

        found = timing.epoch_times(settings, sizes, n_repeats=n_repeats, progress=row("epochs"))
        each = [timing.selection_times(task, epochs, n_repeats=n_repeats, progress=row(task.name)) for task in tasks]
    timing.save(path, settings, found, pd.concat(each) if each else pd.DataFrame())


def _bar(*columns: ProgressColumn) -> Progress:
    times = (TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn())
    around = (TextColumn("{task.description}"), BarColumn(bar_width=20), *columns, *times)
    return Progress(*around, console=console, speed_estimate_period=3600)
