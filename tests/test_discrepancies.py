"""effaug.report.discrepancies: one choice at a time, by hand; and the bound on what overflows."""

import numpy as np
import pandas as pd
import pytest

from effaug.dpp import log_elementary_symmetric
from effaug.report import discrepancies
from effaug.report.discrepancies import DISCREPANCIES
from effaug.report.published import published_table_1
from effaug.report.statistics import interval
from effaug.study.protocols import CHOICES, PROTOCOLS, load_protocol, swap
from effaug.study.records import written
from effaug.study.results import Curve, Results

BUDGETS = (0, 100, 1000)


def swapped(*choices):
    return swap(PROTOCOLS["paper"], choices)


def save(store, task, protocol, baseline, chosen, full):
    """Curves of three seeds; the baseline's differ by 0.001 a seed, the other's by 0.0005, or under a swap by 0.002."""
    made = load_protocol(protocol) if isinstance(protocol, str) else protocol
    protocol, record = made.name, {"protocol": written(made)}
    for policy, score, values in (("baseline", "", baseline), ("random_proportional", "influence", chosen)):
        step = 0.001 if policy == "baseline" else 0.002 if made.swapped else 0.0005
        each = [np.array(values) + step * seed for seed in range(3)]
        store.save([Curve(task, protocol, "frozen", score, policy, s, BUDGETS, v) for s, v in enumerate(each)], record)
    points = {"influence_before": np.arange(1.0, 5), "loss_before": np.array([1.0, 3, 2, 4])}
    store.save([Curve(task, protocol, "frozen", "", "full", 0, (1000,), np.array([full]), points)], record)


@pytest.fixture
def store(tmp_path):
    found = Results(tmp_path)
    save(found, "cifar10-crop", "paper", [0.80, 0.85, 0.90], [0.80, 0.87, 0.90], 0.90)
    save(found, "cifar10-crop", swapped("C"), [0.81, 0.86, 0.93], [0.81, 0.90, 0.93], 0.93)
    save(found, "mnist-crop", swapped("ridge"), [0.8, 0.8, 0.8], [0.8, 0.8, 0.8], 0.8)
    return found


def test_the_discrepancies_name_each_choice_of_a_protocol_once():
    assert sorted(d.choice for d in DISCREPANCIES if d.choice) == sorted(CHOICES)
    assert [d.number for d in DISCREPANCIES] == list(range(1, 21))
    assert all(d.code for d in DISCREPANCIES)
    listed = discrepancies.listed()
    assert listed.choice.loc[11] == "mnist_network"
    assert listed.choice.loc[[3, 7, 9, 12, 15, 19, 20]].eq("").all()


def test_a_swap_is_held_against_the_protocol_that_it_was_made_from(store):
    found = discrepancies.isolated(store, "paper")
    assert found.index.tolist() == [(2, "C", "cifar10-crop")]
    row = found.iloc[0]
    assert row[["none", "full", "gain before", "gain after", "change", "seeds"]].tolist() == [
        "1.00", "3.00", "1.95", "4.10", "2.15", 3,
    ]  # fmt: skip
    assert [row.low, row.high] == [f"{end:.2f}" for end in interval(pd.Series([2.0, 2.15, 2.3]), 0.95)]


def test_choices_that_act_elsewhere_have_no_rows_though_their_results_are_stored(store):
    """A row of zeros would read as if they changed nothing; and none of them may stop the table."""
    save(store, "cifar10-crop", swapped("dpp_diagonal"), [0.80, 0.85, 0.90], [0.80, 0.87, 0.90], 0.90)
    protocols = [swapped(choice) for choice in ("shared_start", "mnist_network", "weighted_hessian")]
    for protocol, kind in zip(protocols, ("refit", "refit", "frozen"), strict=True):
        policy = "random_proportional_update_downweight"
        values = np.array([0.8, 0.8, 0.8])
        curve = Curve("mnist-crop", protocol.name, kind, "influence", policy, 0, BUDGETS, values)
        store.save([curve], {"protocol": written(protocol)})
    assert discrepancies.isolated(store, "paper").index.tolist() == [(2, "C", "cifar10-crop")]


def test_influence_is_held_against_the_interpolating_one(store):
    found = discrepancies.interpolation(store, ("paper", "paper~ridge"))
    loss = np.array([0.0, 2, 1, 3])
    assert found.loc["cifar10-crop"].tolist() == [f"{np.median(np.arange(1, 5) / np.expm1(loss + 1)):.4f}", "-"]
    assert found.loc["mnist-crop"].tolist()[0] == "-"


def test_spread_is_that_of_the_seeds_aucs(store):
    found = discrepancies.seed_spread(store, "paper")
    baseline = [100 * (0.80 + 0.85) / 2 + 900 * (0.85 + 0.90) / 2 + s for s in range(3)]
    assert found.loc[("cifar10-crop", "frozen"), "baseline"] == f"{np.std(baseline, ddof=1):.2f}"


TABLE_1_BUDGETS = (0, 50, 100, 250, 1000)
ROUNDS = {  # accuracies at 5, 10 and 25 %, a row a round
    ("random_proportional", "loss"): [[0.90, 0.91, 0.92], [0.94, 0.93, 0.92], [0.99, 0.99, 0.99]],
    ("deterministic_proportional", "influence"): [[0.925, 0.915, 0.93], [0.925, 0.925, 0.91], [0.5, 0.5, 0.5]],
    ("baseline", ""): [[0.999, 0.999, 0.999]] * 3,
    ("clustered_baseline", ""): [[0.999, 0.999, 0.999]] * 3,
    ("random_proportional", "margin"): [[0.999, 0.999, 0.999]] * 3,
}


def save_rounds(store, task, protocol, features):
    for (policy, score), rounds in ROUNDS.items():
        values = [np.array([0.8, *each, 0.95]) for each in rounds]
        store.save(
            [Curve(task, protocol, features, score, policy, s, TABLE_1_BUDGETS, v) for s, v in enumerate(values)], {}
        )


def test_the_best_single_round_and_the_best_mean_are_of_the_papers_policies_and_kind_of_features(tmp_path):
    store = Results(tmp_path)
    save_rounds(store, "mnist-translate", "paper", "refit")
    save_rounds(store, "cifar10-translate", "paper", "refit")  # its features are frozen in the paper
    save_rounds(store, "smallnorb-translate", "released-code", "frozen")
    save_rounds(store, "mnist-rotate", "paper", "refit")  # not of Table 1
    found = discrepancies.best_by_both(store, "paper", rounds=2)
    assert set(found.index.get_level_values("task")) == {"mnist-translate"}
    mnist = found.loc["mnist-translate"]
    assert mnist.loc["mean over rounds"].tolist() == ["92.50", "92.00", "92.00"]  # means 92/92/92 and 92.5/92/92
    assert mnist.loc["single round"].tolist() == ["94.00", "93.00", "93.00"]
    published = published_table_1().loc["mnist"]
    assert mnist.loc["published"].tolist() == [f"{published[f'best_{share}']:.1f}" for share in (5, 10, 25)]
    assert discrepancies.best_by_both(store, "paper").loc[("mnist-translate", "single round"), "5%"] == "99.00"
    other = discrepancies.best_by_both(store, "released-code", rounds=2)
    assert set(other.index.get_level_values("task")) == {"smallnorb-translate"}
    assert discrepancies.best_by_both(store, "paper+C=1.0").empty


def norb(name, **training):
    return {"network": {"name": "ResNet", "network": name, "training": {"depth": 20} | training}}


def test_small_norb_is_told_by_how_often_its_networks_saw_their_pixels_divided(tmp_path):
    store = Results(tmp_path)
    alone = discrepancies.divided_twice(store)
    assert alone.index.tolist() == [("smallnorb-translate", "published")]
    assert alone.iloc[0][["none", "full"]].tolist() == ["87.30", "89.70"]
    twice = "smallnorb-divided-twice"
    for protocol, record in (
        ("paper", norb("smallnorb")),
        ("released-code", norb(twice, divided_twice=True)),
        (swapped("smallnorb_divided_twice"), norb(twice, divided_twice=True)),
        (swapped("subtract_mean"), norb("smallnorb", divided_twice=False)),
        (swap(PROTOCOLS["released-code"], ("smallnorb_divided_twice",)), norb("smallnorb")),
        (load_protocol("released-code", subtract_mean=0.5), norb(twice, divided_twice=True)),
    ):
        save(store, "smallnorb-translate", protocol, [0.80, 0.85, 0.90], [0.80, 0.87, 0.90], 0.90)
        made = PROTOCOLS[protocol] if isinstance(protocol, str) else protocol
        name, record = made.name, record | {"protocol": written(made)}
        store.save([Curve("smallnorb-translate", name, "frozen", "", "full", 0, (1000,), np.array([0.9]))], record)
    found = discrepancies.divided_twice(store).loc["smallnorb-translate"]
    assert found.divided.to_dict() == {
        "published": "-",
        "paper": "once",
        "paper~smallnorb_divided_twice": "twice",
        "released-code": "twice",
        "released-code~smallnorb_divided_twice": "once",
    }
    assert found.network["released-code"] == twice
    row = found.loc["released-code", ["none", "full", "gain", "seeds"]]
    assert row.tolist() == ["80.10", "90.00", "1.95", "3"]


def test_below_the_bound_nothing_overflows_and_a_flat_kernel_does_at_it():
    n, scale = 1000, 1e6
    k = discrepancies.overflow_size(n, scale)
    logs = log_elementary_symmetric(np.full(n, np.log(scale)), k)[-1]  # equal eigenvalues: the bound itself
    largest = np.log(np.finfo(float).max)
    assert logs[k] > largest >= logs[k - 1]
    uneven = log_elementary_symmetric(np.log(scale * np.random.default_rng(0).dirichlet(np.ones(n)) * n), k)[-1]
    assert (uneven < logs + 1e-9).all()
    assert discrepancies.overflow_size(10, 1e300) == 2
