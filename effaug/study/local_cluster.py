"""Worker processes of this machine: a Dask cluster on the loopback, quiet, which ends when it is told to."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from multiprocessing import active_children, resource_tracker
from multiprocessing.process import BaseProcess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from distributed import Client, LocalCluster

_STOP_SECONDS = 0.2  # a worker that computes does not end by itself before its curve does
# Local workers neither spill nor are profiled, and no page is served; of a curve at which two of them die, the next to
# die is the last.
_SETTINGS = {
    "distributed.scheduler.allowed-failures": 2,
    "distributed.scheduler.http.routes": [],
    "distributed.scheduler.worker-ttl": None,
    "distributed.worker.daemon": True,
    "distributed.worker.http.routes": [],
    "distributed.worker.profile.enabled": False,
}


@contextmanager
def local_workers(n_jobs: int) -> Iterator[Client]:
    """A client of so many processes, of one thread each, on this machine's loopback; they end with the block."""
    import dask
    from distributed import Client, LocalCluster

    others = active_children()
    names = (*dask.config.get("distributed.nanny.pre-spawn-environ"), "PYTHONHASHSEED", "__DASK_PARENT_PID")
    before = {name: os.environ.get(name) for name in names}  # Dask sets there what its workers are to have
    with ExitStack() as stack:
        stack.callback(_restore, before)
        stack.enter_context(dask.config.set(_SETTINGS))
        resource_tracker.ensure_running()  # which lets ctrl-C through, to the thread that starts it
        with _uninterrupted():  # threads and processes inherit this: ctrl-C is ours to handle
            cluster = LocalCluster(
                n_workers=0,
                threads_per_worker=1,
                host="127.0.0.1",
                dashboard_address="127.0.0.1:0",
                scheduler_kwargs={"dashboard": False},
                memory_limit=0,
                silence_logs=logging.CRITICAL,
            )
            stack.callback(_stop, cluster, others)
            cluster.scale(n_jobs)
        while len(cluster.workers) < n_jobs:  # all at once; not the client's wait, which cannot be interrupted well
            time.sleep(0.01)
        if any(nanny.status.name != "running" for nanny in cluster.workers.values()):
            raise OSError(
                "the worker processes did not start: a script of your own must call this below "
                "`if __name__ == '__main__':`"
            )
        yield stack.enter_context(Client(cluster, set_as_default=False))


def _stop(cluster: LocalCluster, others: list[BaseProcess]) -> None:
    """At once: a worker must not be waited for that is at an hour's curve, or only starts."""

    async def end() -> None:
        await asyncio.gather(*(nanny.close(timeout=_STOP_SECONDS) for nanny in cluster.workers.values()))

    with suppress(Exception):
        cluster.sync(end)
    for child in active_children():
        if child not in others and child.name.startswith("Dask Worker"):
            child.kill()
    with suppress(Exception):
        cluster.close(timeout=10)


def _restore(environment: dict[str, str | None]) -> None:
    for name, value in environment.items():
        os.environ.pop(name, None)
        if value is not None:
            os.environ[name] = value


@contextmanager
def _uninterrupted() -> Iterator[None]:
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
