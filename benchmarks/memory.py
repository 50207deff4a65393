"""Peak memory of a case, in a process of its own: what no page of a file backs, so that memory maps do not count."""

from __future__ import annotations

import re
import resource
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_EVERY = 0.005  # seconds between two looks


def peak_gib(name: str, folder: Path) -> float:
    """The most that a child process holds while it runs a case once, in GiB, its libraries included."""
    return peak_of([sys.executable, "-m", "benchmarks", "--child", name, str(folder)])


def peak_of(command: list[str]) -> float:
    """The same of a command that calls `say` when it is set up and `say_peak` at its end.

    RssAnon on Linux; elsewhere the largest resident set, page cache included.
    """
    child = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert child.stdin is not None
    with child:
        _expect(child, "ready")
        child.stdin.write("go\n")
        child.stdin.flush()
        most = _watch(child.pid)
        largest = _expect(child, "peak")
    if child.returncode:
        raise RuntimeError(f"{command} ended with {child.returncode}")
    return (most or float(largest)) / 2**30


def say(word: str) -> None:
    """From the child: set up, and waiting until the parent looks."""
    print(word, flush=True)
    sys.stdin.readline()


def say_peak() -> None:
    """From the child: done; the parent stops looking."""
    unit = 1 if sys.platform == "darwin" else 1024
    print("peak", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit, flush=True)


def anonymous_bytes(pid: int) -> int:
    """What a process holds that no file backs; 0 where the system does not tell, or the process is no more."""
    try:
        text = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    found = re.search(r"^RssAnon:\s+(\d+) kB", text, re.M)
    return int(found[1]) * 1024 if found else 0


def _watch(pid: int) -> int:
    most = 0
    while now := anonymous_bytes(pid):  # nothing, once it has ended
        most = max(most, now)
        time.sleep(_EVERY)
    return most


def _expect(child: subprocess.Popen[str], word: str) -> str:
    assert child.stdout
    first, *rest = child.stdout.readline().split() or [""]
    if first != word:
        raise RuntimeError(f"the process that measures memory said {first!r} instead of {word!r}")
    return rest[0] if rest else ""
