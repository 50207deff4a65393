"""Choosing from scores alone, without a model: the cost must grow no faster than their number."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.harness import Case
from effaug.selection import select

SIZES = (1_000_000, 3_000_000, 10_000_000)
_POLICIES = {"deterministic_proportional": "the highest", "random_proportional": "drawn in proportion"}


@dataclass(frozen=True, eq=False)
class _Given:
    X: np.ndarray
    y: np.ndarray
    scores: np.ndarray


def cases() -> tuple[Case, ...]:
    """A thousand by the highest score, and at random in proportion; against NumPy's own ways."""
    return tuple(_case(n, policy) for policy in _POLICIES for n in SIZES)


def _case(n: int, policy: str) -> Case:
    sorts: dict[str, Any] = {}
    if policy == "deterministic_proportional":
        sorts = {"theirs": _sorted, "alternative": "numpy.argsort", "agree": np.testing.assert_array_equal}
    else:
        sorts = {"theirs": _drawn, "alternative": "Generator.choice(replace=False, p=...)", "agree": _same_size}
    return Case(
        name=f"select-{policy.partition('_')[0]}-n{n}",
        group="select",
        what=f"A thousand of {n:,} scores, {_POLICIES[policy]}",
        setup=partial(_setup, n),
        ours=partial(_ours, policy),
        floor=lambda machine: machine.traffic(8 * n),
        threads=1,
        n=n,
        series=f"select, {_POLICIES[policy]}",
        limit=8,
        **sorts,
    )


def _setup(n: int, folder: Path) -> _Given:
    """Features are needed by no such policy: one column."""
    values = np.random.default_rng(0).gamma(0.3, size=n)
    return _Given(np.zeros((n, 1)), np.arange(n) % 2, values)


def _ours(policy: str, given: _Given) -> np.ndarray:
    return select(given.X, given.y, 1000, score=given.scores, policy=policy)


def _sorted(given: _Given) -> np.ndarray:
    return np.argsort(-given.scores)[:1000]


def _drawn(given: _Given) -> np.ndarray:
    p = given.scores / given.scores.sum()
    return np.random.default_rng(0).choice(len(p), 1000, replace=False, p=p)


def _same_size(own: np.ndarray, other: np.ndarray) -> None:
    assert len(set(own.tolist())) == len(set(other.tolist())) == 1000
