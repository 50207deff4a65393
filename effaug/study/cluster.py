"""Workers of a `dask.distributed` cluster: processes of this machine, or those that a scheduler elsewhere has."""

from __future__ import annotations

import functools
import hashlib
import logging
import queue
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import ExitStack, contextmanager, suppress
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from effaug.study.local_cluster import local_workers

if TYPE_CHECKING:  # half a second to import, and a run of one process needs none of it
    from distributed import Client, Future

T = TypeVar("T")
R = TypeVar("R")

CONNECT_SECONDS = 5.0  # until a scheduler that does not answer is given up
WORKER_SECONDS = 60.0  # until a cluster that has no worker, or has none any more, is given up
_LOOK_SECONDS = 1.0  # between looks at who is there
_AGAIN = "what was finished is stored, and the same command goes on from there"


class Unprepared(Exception):
    """What a function raises on a worker that waited in vain to be prepared: its address."""


@contextmanager
def workers(n_jobs: int = 1, scheduler: str | None = None) -> Iterator[Client]:
    """A client of workers whose effaug is this one; no worker of ours outlives the block, nor this process.

    Parameters
    ----------
    n_jobs : int, default 1
        Processes of this machine, of one thread each.
    scheduler : str, optional
        Address of a scheduler whose workers are taken instead, such as ``tcp://host:8786``.

    Yields
    ------
    distributed.Client
        Not the default one: Dask's collections take it within ``client.as_current()``.

    Raises
    ------
    OSError
        If no scheduler answers, it has no workers, or those of this machine do not start.
    ValueError
        If a worker has another version of effaug, or of what it computes with.
    """
    from distributed.utils import silence_logging_cmgr

    with ExitStack() as stack:
        stack.enter_context(silence_logging_cmgr(logging.CRITICAL))
        stack.enter_context(silence_logging_cmgr(logging.CRITICAL, root="tornado"))
        client = stack.enter_context(_remote(scheduler) if scheduler else local_workers(n_jobs))
        _check_alike(client)
        yield client


@contextmanager
def computing(scheduler: str) -> Iterator[None]:
    """A block in which Dask's collections are computed by the workers of a scheduler; losing them is a sentence.

    Raises
    ------
    OSError, ValueError
        As `workers`; and if the scheduler is lost, or too many workers died of one task.
    """
    from distributed import KilledWorker
    from distributed.client import FutureCancelledError
    from distributed.comm.core import CommClosedError

    with workers(scheduler=scheduler) as client, client.as_current():
        try:
            yield
        except KilledWorker:
            raise OSError(
                "a worker was killed, and those that took over its block were, too, perhaps for want of memory: give "
                "workers more of it"
            ) from None
        except (CancelledError, FutureCancelledError, CommClosedError, TimeoutError):
            raise OSError(f"the scheduler at {scheduler} was lost: start it, and run the same command again") from None


def spread(
    client: Client,
    function: Callable[[T], R],
    items: Sequence[T],
    *,
    prepare: Callable[[list[str]], None] = lambda addresses: None,
) -> Generator[tuple[R, list[T]]]:
    """`function` of every item, as the results come. What a lost worker was at, another one does again.

    Two items a thread are under way at a time, so that none waits for this process, and few sit in the scheduler.

    Parameters
    ----------
    client : distributed.Client
    function : callable
        What workers can import, or a partial of it; small, because it goes with every item. It may raise `Unprepared`.
    items : sequence
    prepare : callable, optional
        Is given the addresses of all workers before they have an item; then, within seconds, of those that come later,
        or come back. These may have an item by then: `function` waits, and raises `Unprepared` if it is in vain.

    Yields
    ------
    result, running
        And the items that are being computed, as far as this process knows; or the next one to be.

    Raises
    ------
    OSError
        If the scheduler or all its workers are lost, or too many workers died of one item.
    """
    there = _Present(client, prepare)
    done: queue.SimpleQueue[Future] = queue.SimpleQueue()
    waiting = deque(items)
    running: dict[Any, tuple[Future, T]] = {}
    try:
        while waiting or running:
            while waiting and len(running) < 2 * there.threads:
                if client.status != "running":
                    raise there.lost()
                item = waiting.popleft()
                future = client.submit(function, item, pure=False)
                running[future.key] = future, item
                future.add_done_callback(done.put)
            future = _next(done, there)
            _, item = running.pop(future.key)
            try:
                result = _result(future, there)
            except Unprepared as error:
                there.prepared.discard(str(error))
                waiting.appendleft(item)
                continue
            known = [item for _, item in running.values()]
            yield result, [*known, *list(waiting)[:1]][: there.threads]
    finally:
        with suppress(Exception):  # a scheduler that is lost has nothing to cancel
            client.cancel([future for future, _ in running.values()])


def address() -> str:
    """Of the worker that computes this."""
    from distributed import get_worker

    return get_worker().address


@functools.cache
def about() -> dict[str, str]:
    """What this process computes with, as far as all results depend on it: effaug, by its code, and the libraries."""
    home, sha = Path(__file__).parents[1], hashlib.sha256()
    for path in sorted(home.rglob("*.py")):
        sha.update(f"{path.relative_to(home).as_posix()}\n".encode() + path.read_bytes())
    code = f"{version('effaug')}, code {sha.hexdigest()[:12]}"
    return {"effaug": code} | {name: version(name) for name in ("numpy", "scipy", "scikit-learn")}


def unlike(there: dict[str, str], here: dict[str, str]) -> str:
    """Why the results of a worker must not be mixed with those of this process, by what both say `about` themselves."""
    for name, found in here.items():
        if there.get(name) != found:
            return (
                f"it has {name} {there.get(name)}, not {found}; start workers with the effaug and the libraries of "
                "the process that sends to them"
            )
    return ""


def _check_alike(client: Client) -> None:
    """Refuse workers whose numbers may be others, before they compute any."""
    here = about()
    for place, there in sorted(client.run(about, on_error="return").items()):
        if isinstance(there, OSError):  # it is being lost
            continue
        if isinstance(there, Exception):
            raise ValueError(f"worker {place} is refused: it cannot import effaug as it is here ({there})")
        if said := unlike(there, here):
            raise ValueError(f"worker {place} is refused: {said}")


class _Present:
    """Who is there, looked at every second; who is new is prepared."""

    def __init__(self, client: Client, prepare: Callable[[list[str]], None]) -> None:
        self.client, self.prepare, self.prepared = client, prepare, set[str]()
        self.threads, self.seen, self.looked = 1, time.monotonic(), 0.0
        self.place = client.scheduler.addr if client.scheduler else ""  # a client that is closed has none
        self.look()

    def lost(self) -> OSError:
        """What to raise where the scheduler does not answer any more."""
        return OSError(f"the scheduler at {self.place} was lost: {_AGAIN}")

    def look(self) -> None:
        """Raise where nobody is there any more."""
        self.looked = time.monotonic()
        if self.client.status != "running":
            raise self.lost()
        try:
            found = self.client.nthreads()
            if new := sorted(found.keys() - self.prepared):
                self.prepare(new)
        except (OSError, CancelledError):
            raise self.lost() from None
        self.prepared |= found.keys()
        if found:
            self.threads, self.seen = sum(found.values()), time.monotonic()
        elif time.monotonic() - self.seen > WORKER_SECONDS:
            raise OSError(
                f"the scheduler at {self.place} has lost all its workers, and none came for "
                f"{WORKER_SECONDS:.0f} seconds: start some; {_AGAIN}"
            )


def _next(done: queue.SimpleQueue[Future], there: _Present) -> Future:
    while True:
        if time.monotonic() - there.looked > _LOOK_SECONDS:
            there.look()
        with suppress(queue.Empty):
            return done.get(timeout=_LOOK_SECONDS)


def _result(future: Future, there: _Present) -> Any:
    from distributed import KilledWorker
    from distributed.comm.core import CommClosedError

    try:
        return future.result()
    except KilledWorker:
        raise OSError(
            "a worker process was killed, and those that took over its curve were, too, perhaps for want of memory: "
            "finished curves are stored; run it again, with fewer jobs"
        ) from None
    except (CancelledError, CommClosedError):
        raise there.lost() from None


@contextmanager
def _remote(scheduler: str) -> Iterator[Client]:
    from distributed import Client
    from distributed.comm.addressing import parse_address, parse_host_port
    from distributed.comm.registry import get_backend

    try:
        protocol, place = parse_address(scheduler)
        get_backend(protocol), parse_host_port(place)
        client = Client(scheduler, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        raise OSError(
            f"no scheduler answers at {scheduler} ({str(error).splitlines()[0] if str(error) else type(error).__name__}"
            "): start one with `dask scheduler`, or correct the address"
        ) from None
    with client:
        try:
            client.wait_for_workers(1, timeout=WORKER_SECONDS)
        except TimeoutError:
            raise OSError(
                f"the scheduler at {scheduler} has no workers: start some with `dask worker {scheduler}`"
            ) from None
        yield client
