"""One exact draw from a k-DPP, preparation included, against DPPy's from the same factor of the kernel.

DPPy is handed the finished factor B = diag(q) Phi, effaug the features and the quality. The factor is scaled for DPPy,
which changes no k-DPP: otherwise its elementary symmetric polynomials overflow at n = 20,000 and k = 250.
"""

from __future__ import annotations

import contextlib
import io
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.harness import Case, Target
from benchmarks.machine import Machine
from effaug.dpp import KDPP, kdpp_sample

SIZES, BUDGETS, D = (1000, 5000, 20_000), (10, 50, 250), 256
_DECADES = {"": 0.0, "quality": 1.0, "influence": 14.0}  # over which the quality ranges
_WORDS = {"": "", "quality": ", quality over 1 order of magnitude", "influence": ", quality over 14 orders"}


@dataclass(frozen=True, eq=False)
class _Given:
    """Features (n, d), quality (n,), the factor (d, n), and log probabilities of draws that are not measured."""

    X: np.ndarray
    quality: np.ndarray | None
    factor: np.ndarray
    kdpp: KDPP
    usual: np.ndarray


def cases() -> tuple[Case, ...]:
    """Without a quality; with one that hardly varies; with one as wide as influence, which DPPy bears at large n."""
    plain = [_case(n, k, "") for n in SIZES for k in BUDGETS]
    return (*plain, *(_case(n, 250, kind) for kind in ("quality", "influence") for n in SIZES))


def _case(n: int, k: int, kind: str) -> Case:
    ratio = 2.0 if (n, k) == (5000, 250) else 1.0
    alone = kind == "influence" and n == 1000  # DPPy: "probabilities do not sum to 1"
    return Case(
        name=f"kdpp-n{n}-k{k}{kind and '-' + kind}",
        group="k-dpp",
        what=f"{k} of {n:,} points of {D} features by an exact k-DPP{_WORDS[kind]}",
        setup=partial(_setup, n, k, _DECADES[kind]),
        ours=partial(_ours, k),
        theirs=None if alone else partial(_theirs, k),
        alternative="" if alone else "DPPy",
        agree=None if alone else _agree,
        floor=partial(_floor, n, k),
        target=Target() if alone else Target(ratio=ratio, seconds=0.3 if n == 20_000 else None),
        threads=1,  # the eigenproblem of 256 gains nothing from a second, and loses much where it is busy
        n=n,
        series=f"k-DPP, k = {k}{_WORDS[kind]}",
        limit=10,
    )


def _floor(n: int, k: int, machine: Machine) -> float:
    """Half a product for the Gram matrix, its reduction to three diagonals, and a product for k eigenvectors."""
    return machine.product(n * D**2 + 4 * D**3 / 3 + 2 * n * D * k, "float64", 1)


def _setup(n: int, k: int, decades: float, folder: Path) -> _Given:
    """Of the shape and sign of bottleneck features."""
    rng = np.random.default_rng(0)
    X = np.maximum(rng.normal(size=(n, D)) + 0.5, 0)
    quality = 10 ** rng.uniform(-decades, 0, n) if decades else None
    factor = X / np.linalg.norm(X, axis=1, keepdims=True)
    factor = factor if quality is None else quality[:, None] * factor
    factor *= np.sqrt(D / np.sum(factor**2))
    kdpp = KDPP.of(X, quality)
    usual = np.array([kdpp.log_probability(kdpp.sample(k, seed)) for seed in range(1, 21)])
    return _Given(X, quality, factor.T, kdpp, usual)


def _ours(k: int, given: _Given) -> tuple[_Given, np.ndarray]:
    return given, kdpp_sample(given.X, k, given.quality, random_state=0)


def _theirs(k: int, given: _Given) -> np.ndarray:
    from dppy.finite_dpps import FiniteDPP

    with contextlib.redirect_stdout(io.StringIO()):  # it prints how it represents the kernel
        theirs = FiniteDPP("likelihood", L_gram_factor=given.factor)
        return np.array(theirs.sample_exact_k_dpp(size=k, random_state=np.random.RandomState(0)))


def _agree(own: tuple[_Given, np.ndarray], other: np.ndarray) -> None:
    """Both are sets of k points as probable as other draws are, to six of their standard deviations."""
    given, drawn = own
    for points in (drawn, other):
        assert len(set(points.tolist())) == len(drawn)
        assert abs(given.kdpp.log_probability(points) - given.usual.mean()) < 6 * given.usual.std()
