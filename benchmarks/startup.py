"""What one waits for before anything is computed: an import, the command line, a notebook's first cell, the book."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks.harness import Case, Target

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOK = "random_policies"


def cases() -> tuple[Case, ...]:
    """One each, as processes of their own; the book once."""
    python, folder = sys.executable, Path(sys.executable).parent
    waits: tuple[tuple[str, str, Callable[[object], None], float], ...] = (
        ("import", "`import effaug`", ran(python, "-c", "import effaug"), 0.2),
        ("help", "`effaug --help`", ran(str(folder / "effaug"), "--help"), 1.0),
        ("notebook", "a notebook's kernel and its first cell", first_cell, 5.0),
        ("book", "`make book` from stored results", ran("make", "-o", ".venv/.ready", "book"), 60.0),
    )
    return tuple(
        Case(f"startup-{name}", "startup", what, ours, target=Target(seconds=seconds))
        for name, what, ours, seconds in waits
    )


def ran(*command: str) -> Callable[[object], None]:
    """A command in the project's folder, whose failure is an error."""

    def ours(_: object) -> None:
        subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)

    return ours


def first_cell(_: object) -> None:
    """Start the kernel of a notebook, in its folder, and run its parameters and its imports."""
    import nbformat
    from jupyter_client.manager import start_new_kernel

    path = ROOT / "notebooks" / f"{NOTEBOOK}.ipynb"
    sources = [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    imports = [line for line in sources[1].splitlines() if line.startswith(("from ", "import "))]
    manager, client = start_new_kernel(kernel_name="python3", cwd=str(path.parent))
    try:
        for source in (sources[0], "\n".join(imports)):
            reply = client.execute_interactive(source, timeout=60)
            if reply["content"]["status"] != "ok":
                raise RuntimeError(f"{NOTEBOOK}: {reply['content'].get('evalue')}")
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
