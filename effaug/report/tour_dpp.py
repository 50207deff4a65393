"""The ten-minute tour's k-DPPs: the pairs of six digits counted, and a map of the digits covered."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd

from effaug.dpp import KDPP
from effaug.report.rounding import shown
from effaug.report.tour import Lesson

DRAWS = 4000  # of pairs
SIX = (0, 1, 2)  # the first three digits of either class


def six_digits(lesson: Lesson) -> np.ndarray:
    """Six points, three of either class."""
    return np.concatenate([np.flatnonzero(lesson.y == label)[list(SIX)] for label in (0, 1)])


def pair_table(lesson: Lesson, draws: int = DRAWS, random_state: int = 0) -> pd.DataFrame:
    """Every pair of the six digits: how alike the two are, how probable a 2-DPP makes the pair, how often it is drawn.

    Returns
    -------
    DataFrame
        Indexed by ``pair``, least alike first: ``probability``, ``frequency`` in so many exact draws, ``cosine``,
        and ``1 - cosine^2``, which over its sum over the pairs is the probability.
    """
    X = lesson.originals[six_digits(lesson)]
    unit = X / np.linalg.norm(X, axis=1, keepdims=True)
    pairs = list(itertools.combinations(range(len(X)), 2))
    cosine = np.array([unit[i] @ unit[j] for i, j in pairs])
    kdpp, rng = KDPP.of(X), np.random.default_rng(random_state)
    drawn = [tuple(sorted(kdpp.sample(2, rng).tolist())) for _ in range(draws)]
    square = 1 - cosine**2
    frame = pd.DataFrame(
        {
            "probability": square / square.sum(),
            "frequency": [drawn.count(pair) / draws for pair in pairs],
            "cosine": cosine,
            "1 - cosine^2": square,
        },
        index=pd.Index([f"{chr(97 + i)}, {chr(97 + j)}" for i, j in pairs], name="pair"),
    )
    return frame.sort_values("cosine", kind="stable")


def pair_words(pairs: pd.DataFrame, draws: int = DRAWS) -> str:
    """How far the frequencies of `pair_table` are from the probabilities, in words."""
    error = np.sqrt(pairs.probability * (1 - pairs.probability) / draws)
    away = ((pairs.frequency - pairs.probability) / error).abs().max()
    return (
        f"In {draws} draws no frequency is more than {shown(away, 1)} standard errors from its probability. The pair "
        f"least alike, {pairs.index[0]}, is {shown(pairs.probability.iloc[0] / pairs.probability.iloc[-1], 1)} times "
        f"as probable as the pair most alike, {pairs.index[-1]}."
    )


def atlas(lesson: Lesson) -> tuple[np.ndarray, np.ndarray]:
    """A map of the digits (n, 2), by their first two principal components, and features by which near ones are alike.

    The features' products are a Gaussian of the distance on the map, as wide as half the map's standard deviation.
    """
    u, s, _ = np.linalg.svd(lesson.originals - lesson.originals.mean(axis=0), full_matrices=False)
    plane = u[:, :2] * s[:2]
    gaps = np.square(plane[:, None] - plane[None]).sum(axis=-1)
    values, vectors = np.linalg.eigh(np.exp(-2 * gaps / plane.var()))
    return plane, vectors * np.sqrt(np.clip(values, 0, None))


def spread_words(lesson: Lesson, k: int = 20, draws: int = 200, random_state: int = 0) -> str:
    """How a k-DPP's points lie on the map, compared with as many at random, in words."""
    plane, features = atlas(lesson)
    kdpp, rng = KDPP.of(features), np.random.default_rng(random_state)
    gaps = np.linalg.norm(plane[:, None] - plane[None], axis=-1)

    def measured(points: np.ndarray) -> tuple[float, float]:
        among = gaps[np.ix_(points, points)] + np.diag(np.full(k, np.inf))
        return among.min(axis=1).mean(), gaps[:, points].min(axis=1).max()

    by_dpp = np.mean([measured(kdpp.sample(k, rng)) for _ in range(draws)], axis=0)
    at_random = np.mean([measured(rng.choice(len(plane), k, replace=False)) for _ in range(draws)], axis=0)
    apart, hole = (float(ratio) for ratio in by_dpp / at_random)
    return (
        f"In {draws} draws of {k} the k-DPP's points are {shown(apart, 1)} times as far from their nearest neighbour "
        f"among them as points at random, and the largest gap, from any digit to the nearest chosen one, is "
        f"{shown(100 * (1 - hole), 0)} % smaller (means)."
    )
