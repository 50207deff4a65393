"""The commands that list and run the book's notebooks."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from effaug.cli.report import console

app = typer.Typer(help="List the book's notebooks, or run one with other parameters.", no_args_is_help=True)


@app.command("list")
def list_notebooks() -> None:
    """List the notebooks with their parameters and the values on the page."""
    from effaug.report import notebooks

    for name, title in notebooks.titles().items():
        print(f"{name}: {title}")
        print("".join(f"    {key}={value}\n" for key, value in notebooks.defaults(name).items()), end="")


@app.command()
def run(
    name: Annotated[str, typer.Argument(help="Of a notebook, as `effaug notebook list` has it.")],
    parameter: Annotated[
        list[str] | None, typer.Option("--parameter", "-p", help="name=value; repeat for several.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="File to write; out/NAME.ipynb unless given.")] = None,
    html: Annotated[bool, typer.Option("--html", help="Also write the page beside it.")] = False,
) -> None:
    """Run a notebook with other parameters, which are checked first; print the path of what is written."""
    from effaug.report import notebooks

    values = notebooks.parameters(name, parameter or ())
    with console.status(f"running {name}"):
        written = notebooks.run(name, values, out or Path("out") / f"{name}.ipynb", html=html)
    for path in written:
        print(path)
