"""Choosing from scores alone: O(n) of ten million."""

from __future__ import annotations

from benchmarks.harness import Case


def cases() -> tuple[Case, ...]:
    """Nothing yet."""
    return ()
