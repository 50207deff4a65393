"""One BLAS thread at a time: threads that wait for each other at every step are ten times slower on a busy machine.

What can be done in parallel is done by `effaug.blocks`, whose threads need not wait; the rest is small.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import Lock
from typing import Any

from threadpoolctl import ThreadpoolController

_lock = Lock()
_before: int | None = None  # how many threads BLAS might use, while there is a call that took them away


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Within it, or in a function that it decorates, BLAS has one thread; afterwards as many as before.

    BLAS has one setting for the process, and `threadpoolctl` lets one thread change it: of calls at the same time the
    first does, and sets it back at its own end.

    Examples
    --------
    >>> with one_blas_thread():
    ...     n_threads() >= 1, {pool["num_threads"] for pool in _blas()} <= {1}
    (True, True)
    """
    global _before
    with _lock:
        first = _before is None
        if first:
            _before = _most()
    if not first:
        yield
        return
    try:
        with _controller().limit(limits=1, user_api="blas"):
            yield
    finally:
        with _lock:
            _before = None


def n_threads() -> int:
    """How many threads BLAS may use here but for `one_blas_thread`: what `threadpoolctl` limits, this does too."""
    with _lock:
        return _most() if _before is None else _before


def _most() -> int:
    return max((pool["num_threads"] for pool in _blas()), default=os.cpu_count() or 1)


def _blas() -> list[dict[str, Any]]:
    return [pool for pool in _controller().info() if pool["user_api"] == "blas"]


@cache
def _controller() -> ThreadpoolController:
    import scipy.linalg  # noqa: F401  so that its BLAS is among those found

    return ThreadpoolController()
