"""Kernels forked off one process that has imported what pages import: 0.1 s each, where a new one takes 2 s.

The process (`serve`) reads the stored results, too, once for all pages. What Jupyter starts (`begin`) asks it for a
fork, hands over its folder, environment and streams, and lives as long as the kernel does. `kernels` has both at work.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import socket
import sys
import threading
import traceback
from contextlib import suppress
from importlib import import_module
from pathlib import Path

_WARM = (
    "ipykernel.kernelapp",
    "IPython.core.interactiveshell",
    "sklearn.datasets",
    "sklearn.linear_model",
    "effaug.study.runner",
)
_WARM += ("matplotlib.backends.backend_agg", "matplotlib.backends.backend_pdf", "matplotlib.backends.backend_svg")
_INLINE = "module://matplotlib_inline.backend_inline"  # what a kernel names before it imports Matplotlib


def serve(address: str) -> None:
    """Fork a kernel for each that asks, until standard input ends; tell on standard output when all is imported."""
    threading.Thread(target=_end_with_input, daemon=True).start()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen(64)  # who asks now waits
        del sys.path[0]  # this file's folder
        _warm()
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        print("ready", flush=True)
        while True:
            asking, _ = listener.accept()
            with asking:
                if not os.fork():
                    listener.close()
                    _be_kernel(asking)


def _end_with_input() -> None:
    sys.stdin.read()
    os._exit(0)


def _warm() -> None:
    """Import what pages import, and read what most of them read."""
    os.environ.setdefault("MPLBACKEND", _INLINE)
    for name in _WARM:
        import_module(name)
    for path in sorted(Path(import_module("effaug.report").__path__[0]).glob("[!_]*.py")):
        import_module(f"effaug.report.{path.stem}")
    with suppress(ValueError, OSError):  # which the pages tell
        stored = import_module("effaug.report.parameters").stored_results()
        stored.table()
        import_module("effaug.report.scorecard").cards(stored)
    gc.freeze()  # a fork that collects these would copy the memory that it shares


def _be_kernel(asking: socket.socket) -> None:
    """Become the kernel that was asked for; never returns."""
    status = 1
    try:
        text, streams, *_ = socket.recv_fds(asking, 1 << 16, 2)
        while not text.endswith(b"\n"):
            text += asking.recv(1 << 16)
        wanted = json.loads(text)
        for number, stream in enumerate((os.open(os.devnull, os.O_RDONLY), *streams)):
            os.dup2(stream, number)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.environ.clear()
        os.environ.update(wanted["environment"])
        os.chdir(wanted["folder"])
        sys.argv = ["ipykernel_launcher", *wanted["arguments"]]
        asking.sendall(f"{os.getpid()}\n".encode())
        threading.Thread(target=_end_with, args=[asking], daemon=True).start()
        kernels = import_module("ipykernel.kernelapp").IPKernelApp
        kernels.launch_instance(argv=sys.argv[1:], parent_handle=os.getppid())
        status = 0
    except BaseException:  # nobody else would tell
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _end_with(asking: socket.socket) -> None:
    asking.recv(1)
    os._exit(1)


def begin(address: str, *arguments: str) -> None:
    """Ask for a kernel with these arguments and stand for it, until either ends."""
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])  # a kernel may be interrupted before it is known here
    with socket.socket(socket.AF_UNIX) as asked:
        asked.connect(address)
        wanted = {"arguments": arguments, "folder": os.getcwd(), "environment": dict(os.environ)}
        socket.send_fds(asked, [f"{json.dumps(wanted)}\n".encode()], [1, 2])
        kernel = int(asked.makefile().readline())

        def interrupt(*_: object) -> None:
            with suppress(ProcessLookupError):  # it may have ended meanwhile
                os.kill(kernel, signal.SIGINT)

        signal.signal(signal.SIGINT, interrupt)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
        asked.recv(1)


if __name__ == "__main__":
    begin(*sys.argv[1:]) if len(sys.argv) > 2 else serve(*sys.argv[1:])
