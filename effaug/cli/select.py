"""The command that chooses points among features on disk."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

app = typer.Typer()


@app.command()
def select(
    features: Annotated[
        Path,
        typer.Argument(help="A .npy file of shape (n, d), or a folder of them, in the order of their names."),
    ],
    labels: Annotated[Path, typer.Argument(help="A .npy file of n labels, of two classes or more.")],
    budget: Annotated[int, typer.Option(help="How many points to choose; the paper's finding is that n / 10 do.")],
    score: Annotated[str, typer.Option(help="influence, loss or margin.")] = "influence",
    policy: Annotated[str, typer.Option(help="How points are chosen by their scores.")] = "deterministic_proportional",
    C: Annotated[float, typer.Option("--C", help="Inverse L2 strength of the logistic regression.")] = 10.0,
    random_state: Annotated[int, typer.Option(help="Seed of what is drawn.")] = 0,
    sample: Annotated[int | None, typer.Option(help="Fit on a sample of so many points, and score all.")] = None,
    pool: Annotated[
        int, typer.Option(help="Policies that look at features choose among so many points, drawn by score.")
    ] = 20_000,
    fourier: Annotated[
        int | None, typer.Option(help="Give those policies so many random Fourier features: more than d points.")
    ] = None,
    into: Annotated[Path, typer.Option(help="File of the points' numbers; replaced if there.")] = Path("chosen.npy"),
    scheduler: Annotated[
        str, typer.Option(help="Address of a Dask cluster that does the work, whose workers read the same paths.")
    ] = "",
) -> None:
    """Which points should be augmented? Of features on disk, of any size, on this machine or a Dask cluster."""
    from effaug._validation import RowError
    from effaug.images._files import write_whole
    from effaug.selection import choose
    from effaug.study.features_file import mapped, open_features, place_of

    if into.suffix != ".npy" or into.is_dir():
        raise ValueError(f"into must be a file that ends with .npy, got {into}")
    settings: dict[str, Any] = {"score": score, "policy": policy, "C": C, "random_state": random_state}
    settings |= {"sample": sample, "pool": pool, "fourier": fourier}
    X, y = open_features(features, in_chunks=bool(scheduler)), np.array(mapped(labels, ndim=1))
    with ExitStack() as stack:
        if scheduler:
            from effaug.study.cluster import computing

            stack.enter_context(computing(scheduler))
        try:
            found = choose(X, y, budget, **settings)
        except RowError as error:
            raise ValueError(f"{error}: {place_of(features, error.row)}" if features.is_dir() else str(error)) from None
    write_whole(into, lambda part: np.save(part, found.points), suffix=".npy")
    typer.echo(f"{found}: {into}")
