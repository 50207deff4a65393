"""effaug.discrepancies: one choice at a time, by hand; and the bound on what overflows."""

import numpy as np
import pandas as pd
import pytest

from effaug import discrepancies
from effaug.diversity import log_elementary_symmetric
from effaug.evidence import interval
from effaug.paper import DISCREPANCIES
from effaug.protocols import CHOICES
from effaug.results import Curve, Results

BUDGETS = (0, 100, 1000)


def save(store, task, protocol, baseline, chosen, full):
    """Curves of three seeds; the baseline's differ by 0.001 a seed, the other's by 0.0005, or under a swap by 0.002."""
    for policy, score, values in (("baseline", "", baseline), ("random_proportional", "influence", chosen)):
        step = 0.001 if policy == "baseline" else 0.002 if "~" in protocol else 0.0005
        each = [np.array(values) + step * seed for seed in range(3)]
        store.save([Curve(task, protocol, "frozen", score, policy, s, BUDGETS, v) for s, v in enumerate(each)], {})
    points = {"influence_before": np.arange(1.0, 5), "loss_before": np.array([1.0, 3, 2, 4])}
    store.save([Curve(task, protocol, "frozen", "", "full", 0, (1000,), np.array([full]), points)], {})


@pytest.fixture
def store(tmp_path):
    found = Results(tmp_path)
    save(found, "cifar10-crop", "paper", [0.80, 0.85, 0.90], [0.80, 0.87, 0.90], 0.90)
    save(found, "cifar10-crop", "paper~C", [0.81, 0.86, 0.93], [0.81, 0.90, 0.93], 0.93)
    save(found, "mnist-crop", "paper~ridge", [0.8, 0.8, 0.8], [0.8, 0.8, 0.8], 0.8)
    return found


def test_the_discrepancies_name_each_choice_of_a_protocol_once():
    assert sorted(d.choice for d in DISCREPANCIES if d.choice) == sorted(CHOICES)
    assert [d.number for d in DISCREPANCIES] == list(range(1, 11))


def test_a_swap_is_held_against_the_protocol_that_it_was_made_from(store):
    found = discrepancies.isolated(store, "paper")
    assert found.index.tolist() == [(2, "C", "cifar10-crop")]
    row = found.iloc[0]
    assert row[["none", "full", "gain before", "gain after", "change", "seeds"]].tolist() == [
        "1.00", "3.00", "1.95", "4.10", "2.15", 3,
    ]  # fmt: skip
    assert [row.low, row.high] == [f"{end:.2f}" for end in interval(pd.Series([2.0, 2.15, 2.3]), 0.95)]


def test_influence_is_held_against_the_interpolating_one(store):
    found = discrepancies.interpolation(store, ("paper", "paper~ridge"))
    loss = np.array([0.0, 2, 1, 3])
    assert found.loc["cifar10-crop"].tolist() == [f"{np.median(np.arange(1, 5) / np.expm1(loss + 1)):.4f}", "-"]
    assert found.loc["mnist-crop"].tolist()[0] == "-"


def test_spread_is_that_of_the_seeds_aucs(store):
    found = discrepancies.seed_spread(store, "paper")
    baseline = [100 * (0.80 + 0.85) / 2 + 900 * (0.85 + 0.90) / 2 + s for s in range(3)]
    assert found.loc[("cifar10-crop", "frozen"), "baseline"] == f"{np.std(baseline, ddof=1):.2f}"


def test_below_the_bound_nothing_overflows_and_a_flat_kernel_does_at_it():
    n, scale = 1000, 1e6
    k = discrepancies.overflow_size(n, scale)
    logs = log_elementary_symmetric(np.full(n, np.log(scale)), k)[-1]  # equal eigenvalues: the bound itself
    largest = np.log(np.finfo(float).max)
    assert logs[k] > largest >= logs[k - 1]
    uneven = log_elementary_symmetric(np.log(scale * np.random.default_rng(0).dirichlet(np.ones(n)) * n), k)[-1]
    assert (uneven < logs + 1e-9).all()
    assert discrepancies.overflow_size(10, 1e300) == 2
