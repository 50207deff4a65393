"""Pages that are executed side by side, by kernels that begin with everything imported.

A Sphinx extension of this book: `jupyter-book build` reads page after page, with a new kernel for each. It still does
so where the system is not Linux: elsewhere a process that has loaded BLAS and fonts cannot be relied on to fork.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any
from uuid import uuid4

import forks
import jupyter_client
from traitlets import default

AT_ONCE = 4  # pages for each core: they are of very different lengths, and the longest must not come last
_SILENT = {"sphinx_multitoc_numbering", "sphinx_jupyterbook_latex"}  # one numbers pages afterwards, one is for LaTeX


class Kernels:
    """Kernels forked off one process, which is started at once. To be closed.

    Parameters
    ----------
    name : str, default "python3"
        What Jupyter finds them as; ``python3`` stands in for the usual one.
    **environment : str
        Of their process, such as numbers of threads; what is imported reads it then.

    Attributes
    ----------
    path : str
        A folder in which Jupyter finds them, where ``JUPYTER_PATH`` names it.
    """

    def __init__(self, name: str = "python3", **environment: str) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="effaug-")
        self.path = self._folder.name
        address = str(Path(self.path, "socket"))
        spec = {"display_name": "Python 3 (ipykernel)", "language": "python"}
        spec["argv"] = [sys.executable, "-ISB", forks.__file__, address, "-f", "{connection_file}"]
        file = Path(self.path, "kernels", name, "kernel.json")
        file.parent.mkdir(parents=True)
        file.write_text(json.dumps(spec))
        command, pipes = [sys.executable, forks.__file__, address], dict.fromkeys(("stdin", "stdout"), subprocess.PIPE)
        self._process = subprocess.Popen(command, env=os.environ | environment, text=True, **pipes)

    def wait(self) -> None:
        """Until they can be asked for.

        Raises
        ------
        RuntimeError
            If their process has ended, which has told why.
        """
        if self._process.stdout.readline() != "ready\n":
            raise RuntimeError("the process that kernels are forked off has ended")

    def close(self) -> None:
        """End their process."""
        self._process.communicate()
        self._folder.cleanup()


def joined(*folders: str) -> str:
    """A list of folders for the environment, without those that are empty."""
    return os.pathsep.join(filter(None, folders))


def manager(folder: str) -> type[jupyter_client.AsyncKernelManager]:
    """One that talks to its kernel by files of a folder: two that begin together can be given the same free port."""

    class Manager(jupyter_client.AsyncKernelManager):
        @default("transport")
        def _files(self) -> str:
            return "ipc"

        @default("ip")
        def _file(self) -> str:
            return str(Path(folder, uuid4().hex[:12]))  # a socket's name has room for 107 letters

    return Manager


def start(app: Any) -> None:
    """Have pages read side by side, and start what their kernels are forked off while Sphinx begins."""
    app.parallel = max(app.parallel, AT_ONCE * (os.cpu_count() or 1))
    kernels, before = Kernels(), (os.environ.get("JUPYTER_PATH", ""), jupyter_client.AsyncKernelManager)
    os.environ["JUPYTER_PATH"] = joined(kernels.path, before[0])
    jupyter_client.AsyncKernelManager = manager(kernels.path)

    def stop(app: Any, failure: Exception | None) -> None:
        os.environ["JUPYTER_PATH"], jupyter_client.AsyncKernelManager = before
        kernels.close()

    app.connect("env-before-read-docs", lambda *_: kernels.wait())
    app.connect("build-finished", stop, priority=100)


def declare(app: Any) -> None:
    """Say of the extensions that do not tell that pages may be read side by side: they change none while it is read."""
    for name in _SILENT & app.extensions.keys():
        app.extensions[name].parallel_read_safe = True


def tell(app: Any, env: Any, names: list[str]) -> None:
    """What is being done, where Sphinx was asked to be quiet."""
    print(f"reading {len(names)} pages and running their cells: about a minute", flush=True)


def setup(app: Any) -> dict[str, Any]:
    """Called by Sphinx."""
    if sys.platform == "linux":
        start(app)
    app.connect("builder-inited", declare)
    app.connect("env-before-read-docs", tell)
    app.connect("env-updated", lambda *_: print("writing them", flush=True))
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
