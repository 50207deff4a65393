"""A process that has imported effaug and forks a child for each call, in 20 ms where a start takes seconds.

A child may be killed at a moment of its own choice, may find its files limited in size, and tells how it touched its
folder. What it calls is in `torture_targets`.
"""

import importlib
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
_HEARD = ("os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.truncate")


class Nursery:
    """Starts children. To be closed."""

    def __init__(self, *modules: str) -> None:
        self.scratch = tempfile.TemporaryDirectory(prefix="effaug-nursery-")
        self.count, self.modules, self.process = 0, modules, None

    def close(self) -> None:
        if self.process:
            self.process.communicate()  # it ends with its input
        self.scratch.cleanup()

    def start(self, target: str, *arguments: str, folder: Path, **fault: int) -> "Child":
        """Call a function of `torture_targets` in a folder.

        Parameters
        ----------
        target : str
        *arguments : str
        folder : Path
            The child's working directory; its moments are those at which it touches something in there.
        **fault : int
            ``kill_at_event``, SIGKILL right before the moment of that number, from 1; ``kill_at_byte``, the end as soon
            as a file would get larger; ``largest_file``, the write that would make it so fails.
        """
        self.count += 1
        told = Path(self.scratch.name) / str(self.count)
        call = {"target": target, "arguments": arguments, "folder": str(folder), "told": str(told), "fault": fault}
        return Child(self, int(self.ask(call)), told)

    def call(self, target: str, *arguments: str, folder: Path, **fault: int) -> "Child":
        """The same, and wait for its end."""
        child = self.start(target, *arguments, folder=folder, **fault)
        child.wait()
        return child

    def ask(self, question: dict) -> str:
        """A line to the process, which begins with the first, and its answer."""
        if not self.process:
            path = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
            path["GIT_DIR"] = os.devnull  # an edit meanwhile must not be in one record and not in the other
            pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
            environment = os.environ | dict.fromkeys(THREADS, "1") | path
            self.process = subprocess.Popen([sys.executable, __file__, *self.modules], env=environment, **pipes)
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline()


class Child:
    """A process of a nursery; `status`, as `subprocess` has it, once it was waited for."""

    def __init__(self, nursery: Nursery, pid: int, told: Path) -> None:
        self.nursery, self.pid, self.status, self._told = nursery, pid, None, told
        self.seconds = time.monotonic()

    def wait(self) -> int:
        if self.status is None:
            self.status = int(self.nursery.ask({"wait": self.pid}))
            self.seconds = time.monotonic() - self.seconds
        return self.status

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)  # it is not yet waited for: the number is still its own

    @property
    def output(self) -> str:
        return self._told.read_text()

    @property
    def moments(self) -> list[list[str]]:
        """Each time that it touched its folder: how, and what."""
        return json.loads(self._told.with_suffix(".json").read_text())


class _Watch:
    """Hears of each moment at which a file may begin, change its name, or be said to be stored."""

    def __init__(self, folder: str, kill_at: int) -> None:
        self.folder, self.kill_at, self.moments, self.hears = os.path.realpath(folder), kill_at, [], True
        sync = os.fsync
        os.fsync = lambda file: (self.note("fsync", os.readlink(f"/proc/self/fd/{file}")), sync(file))[1]
        sys.addaudithook(self.hear)

    def hear(self, event: str, arguments: tuple) -> None:
        if event == "open" and not isinstance(arguments[0], int) and arguments[2] & _WRITING:
            self.note("open", arguments[0])
        elif event in _HEARD:
            in_open_folder = event in ("os.remove", "os.rmdir") and arguments[-1] != -1  # as rmtree does
            if in_open_folder or os.path.exists(arguments[0]) == (event != "os.mkdir"):  # else it changes nothing
                self.note(event, *arguments[: 2 if event == "os.rename" else 1], anywhere=in_open_folder)

    def note(self, event: str, *names: object, anywhere: bool = False) -> None:
        paths = [os.path.join(os.getcwd(), os.fsdecode(name)) for name in names]
        if self.hears and (anywhere or any(path.startswith(self.folder) for path in paths)):
            self.moments.append([event, *paths])
            if len(self.moments) == self.kill_at:
                os.kill(os.getpid(), signal.SIGKILL)


def _limit(fault: dict) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    size = fault.get("kill_at_byte", fault.get("largest_file"))
    if "kill_at_byte" in fault:  # as abrupt as SIGKILL, and in the middle of a file: Python has no say in it
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    if size is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def _run(call: dict) -> None:
    """In the child, which ends here."""
    os.chdir(call["folder"])
    for descriptor, name in ((0, os.devnull), (1, call["told"]), (2, call["told"])):
        file = os.open(name, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(file, descriptor)
        os.close(file)
    watch, status = _Watch(call["folder"], call["fault"].get("kill_at_event", 0)), 1
    _limit(call["fault"])
    try:
        getattr(importlib.import_module("torture_targets"), call["target"])(*call["arguments"])
        status = 0
    except SystemExit as stop:
        status = stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        watch.hears = False
        sys.stdout.flush()
        sys.stderr.flush()
        if not {"kill_at_byte", "largest_file"} & call["fault"].keys():
            Path(call["told"]).with_suffix(".json").write_text(json.dumps(watch.moments))
        os._exit(status)


def _serve() -> None:
    while line := sys.stdin.readline():
        call = json.loads(line)
        if "wait" in call:
            print(os.waitstatus_to_exitcode(os.waitpid(call["wait"], 0)[1]), flush=True)
        elif pid := os.fork():
            print(pid, flush=True)
        else:
            _run(call)


if __name__ == "__main__":
    for module in ("torture_targets", *sys.argv[1:]):
        importlib.import_module(module)
    _serve()
