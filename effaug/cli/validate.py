"""The command that checks what is stored: for CI."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer()


@app.command()
def validate(
    tasks: Annotated[list[str] | None, typer.Argument(help="Tasks; all that have results unless given.")] = None,
    notebooks: Annotated[
        bool, typer.Option("--notebooks", help="Also run the notebooks in notebooks/ and compare their outputs.")
    ] = False,
    recompute: Annotated[int, typer.Option(help="Also compute so many stored curves again, drawn at random.")] = 0,
    seed: Annotated[int, typer.Option(help="Of that draw.")] = 0,
    jobs: Annotated[int, typer.Option(help="Worker processes of one thread each.")] = 1,
    junit: Annotated[Path | None, typer.Option(help="JUnit XML to write.")] = None,
    markdown: Annotated[Path | None, typer.Option(help="Summary in Markdown to write.")] = None,
    results: Annotated[Path, typer.Option(envvar="EFFAUG_RESULTS", help="Folder of the results.")] = Path("results"),
) -> None:
    """Check every stored number against its digest; exit status 1 where a check fails."""
    from effaug.cli import progress
    from effaug.cli.report import results_in
    from effaug.images._files import write_whole
    from effaug.study import validation
    from effaug.study.names import current
    from effaug.study.results import Results

    store, names = Results(results), [current(task) for task in tasks] if tasks else None
    checks = validation.stored(store, names) or validation.stored(results_in(results))
    if recompute and all(check.passed for check in checks):
        checks += validation.recomputed(
            store,
            recompute,
            lambda experiment, computed: progress.run(experiment, computed, jobs),
            tasks=names,
            random_state=seed,
        )
    if notebooks:
        checks += validation.notebooks(sorted(Path("notebooks").glob("*.ipynb")), Path.cwd())
    failed = [check for check in checks if not check.passed]
    for check in checks:
        print(f"{check.name}: {check.got}" + ("" if check.passed else f" (expected: {check.expected})"))
    print(f"{len(checks) - len(failed)} of {len(checks)} checks passed")
    for path, text in ((junit, validation.junit(checks)), (markdown, validation.markdown(checks))):
        if path:
            write_whole(path, lambda part, text=text: part.write_text(text))  # type: ignore[misc]
    if failed:
        raise typer.Exit(1)
