"""reconstruction: distances to the published numbers by hand, the closest, and what may be expected at most."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from effaug.report import reconstruction
from effaug.report.parameters import STORED
from effaug.report.published import published_aucs
from effaug.study.protocols import PROTOCOLS, RECONSTRUCTION, TABLE_POLICIES, load_protocol, stored_as, swap
from effaug.study.results import Curve, Results
from effaug.study.tasks import TASKS, load_task

LEADING = (("baseline", ""), ("random_proportional", "influence"), ("deterministic_proportional", "influence"))
BUDGETS = (0, 1, 10, 50, 100, 250, 500, 750, 1000)


def save(
    results,
    protocol,
    lead,
    *,
    policies=LEADING,
    tasks=("cifar10-translate", "cifar10-rotate", "cifar10-crop"),
    full=0.972,
):
    """Curves that are flat at the published AUC plus `lead` (of 1000; a number, or one a policy), and full."""
    published = published_aucs().set_index(["task", "score", "policy"]).auc_mean
    seen = {"leave_out": [0, 1] if protocol.weights == "cifar10-unseen" else []}
    record = {"protocol": dataclasses.asdict(protocol), "network": {"network": protocol.weights, "training": seen}}
    for task in tasks:
        record |= {"task": dataclasses.asdict(load_task(task, protocol=protocol))}
        for policy, score in policies:
            more = lead[policy] if isinstance(lead, dict) else lead
            accuracies = np.full(len(BUDGETS), (published[task, score or "influence", policy] + more) / 1000)
            results.save([Curve(task, protocol.name, "frozen", score, policy, 0, BUDGETS, accuracies)], record)
        results.save([Curve(task, protocol.name, "frozen", "", "full", 0, (1000,), np.array([full]))], record)


def test_distances_tell_the_pattern_from_the_level(tmp_path):
    results, published = Results(tmp_path), published_aucs().set_index(["task", "score", "policy"]).auc_mean
    save(results, load_protocol("released-code"), -30)  # far below, in the published order
    leads = {"baseline": 3, "random_proportional": 0, "deterministic_proportional": -3}
    save(results, load_protocol("paper", C=1.0), leads)
    found = reconstruction.distances(results, "cifar10")
    assert list(found.index) == ["paper+C=1.0", "released-code"]
    # the baseline stands in the tables by loss, too: alone there, it has no pattern
    assert found["AUCs"].tolist() == [12, 12]
    assert found.pattern.tolist() == pytest.approx([6 / 4, 0], abs=2e-3)
    # three policies in each table by influence, and one, which has no order, in each by loss
    ours = [
        stats.spearmanr(
            [published[task, "influence", policy] + more for policy, more in leads.items()],
            [published[task, "influence", policy] for policy in leads],
        ).statistic
        for task in ("cifar10-translate", "cifar10-rotate", "cifar10-crop")
    ]
    assert found["rank correlation"].tolist() == pytest.approx([np.median(ours), 1])
    assert found.level.tolist()[1] == pytest.approx(30, abs=0.5)  # the tables by loss have another published baseline
    none = (published["cifar10-translate", "influence", "baseline"] + 3) / 10
    row = found.loc["paper+C=1.0"]
    assert (row.none, row.full) == pytest.approx((none, 97.2), abs=1e-3)
    assert row["Table 1"] == pytest.approx((abs(none - 96.3) + abs(97.2 - 97.3)) / 2, abs=1e-3)


def test_the_distance_is_half_that_of_the_aucs_and_half_that_of_table_1(tmp_path):
    """In points, of which ten of 1000 are one: the nearer AUCs do not make up for the accuracy of full augmentation."""
    results = Results(tmp_path)
    save(results, load_protocol("paper"), 0, full=0.953)  # 2 points below the published 97.3
    save(results, load_protocol("released-code"), 4, full=0.973)
    found = reconstruction.distances(results, "cifar10")
    assert list(found.index) == ["released-code", "paper"]
    assert found.level.idxmin() == "paper"
    assert found.distance.tolist() == pytest.approx((found.level / 10 + found["Table 1"]).div(2).tolist())
    assert found["Table 1"]["paper"] == pytest.approx((abs(found.none["paper"] - 96.3) + 2) / 2, abs=1e-6)


def test_combinations_are_compared_on_the_aucs_that_all_of_them_have(tmp_path):
    results = Results(tmp_path)
    save(results, load_protocol("paper"), 0, policies=(*LEADING, ("random_inverse_proportional", "influence")))
    save(results, load_protocol("released-code"), 0)
    found = reconstruction.distances(results, "cifar10")
    assert found["AUCs"].tolist() == [12, 12]  # the baseline in two tables of each task


def test_a_choice_that_one_task_reads_is_combined_with_what_agrees_elsewhere(tmp_path):
    """Worked out by hand: what may stand beside diagonal shifts, and what may not."""
    results, text = Results(tmp_path), load_protocol("paper")
    save(results, text, 6)
    save(results, swap(text, ("directions",)), 0, tasks=("cifar10-translate",))
    save(results, swap(text, ("small_angles",)), 3, tasks=("cifar10-rotate",))
    save(results, swap(text, ("C",)), 0, tasks=("cifar10-crop",))  # all tasks read C: there is no such combination
    save(results, load_protocol("released-code"), 0, tasks=("cifar10-crop",))  # nor one of two bases
    both = "paper~directions~small_angles"
    found = reconstruction.combinations(results, "cifar10")
    assert found == {
        "paper": dict.fromkeys(found["paper"], "paper"),
        "paper~directions": found["paper"] | {"cifar10-translate": "paper~directions"},
        "paper~small_angles": found["paper"] | {"cifar10-rotate": "paper~small_angles"},
        both: found[both] | {"cifar10-crop": "paper"},
    }
    assert list(found[both].values()) == ["paper~directions", "paper~small_angles", "paper"]
    away = reconstruction.distances(results, "cifar10")
    assert list(away.index) == [both, "paper~directions", "paper~small_angles", "paper"]
    assert away.level.tolist() == pytest.approx([3, 4, 5, 6], abs=0.7)  # the tables by loss have another baseline
    assert away["Table 1"].iloc[0] == away["Table 1"].iloc[1]  # of shifts alone


def test_a_combination_needs_all_of_a_data_sets_tasks(tmp_path):
    results = Results(tmp_path)
    save(results, load_protocol("released-code"), 0, tasks=("cifar10-translate", "cifar10-crop"))
    assert reconstruction.combinations(results, "cifar10") == {}


@pytest.mark.parametrize(
    ("protocol", "policies"),
    [
        (load_protocol("paper", C=3.0), LEADING),  # neither text nor code
        (load_protocol("paper", C="cv"), LEADING),
        (load_protocol("paper", weights="cifar10-unseen"), LEADING),
        (load_protocol("paper", subtract_mean=0.5), LEADING),
        (load_protocol("paper"), LEADING[:2]),
    ],
)
def test_what_is_neither_text_nor_code_or_incomplete_is_not_counted(tmp_path, protocol, policies):
    results = Results(tmp_path)
    save(results, protocol, 0, policies=policies)
    found = reconstruction.distances(results, "cifar10")
    assert found.empty
    assert list(found.columns[:3]) == ["distance", "level", "Table 1"]


def test_networks_trained_on_all_images_are_candidates_and_the_closest_is_first(tmp_path):
    results = Results(tmp_path)
    save(results, load_protocol("released-code"), -30)
    save(results, load_protocol("released-code", weights="cifar10-depth56"), -4)
    save(results, load_protocol("released-code", weights="cifar10-unseen"), 0)
    found = reconstruction.distances(results, "cifar10")
    assert list(found.index) == ["released-code+weights=cifar10-depth56", "released-code"]


def test_networks_are_compared_where_all_else_is_as_reconstructed(tmp_path, monkeypatch):
    """By hand: three of four AUCs of a task are off by what was put in, the baseline's by loss by that and more."""
    monkeypatch.setitem(RECONSTRUCTION, "cifar10", ("released-code", {"weights": "cifar10-depth56"}, ()))
    results, tasks = Results(tmp_path), [f"cifar10-{name}" for name in ("translate", "rotate", "crop")]
    leads = {"cifar10": -30, "cifar10-depth56": -4, "cifar10-deeper": 2}
    for weights, lead in leads.items():
        save(results, load_protocol("released-code", weights=weights), lead)
    deeper = load_protocol("released-code", weights="cifar10-deeper")
    save(results, load_protocol("released-code", weights="cifar10-deep"), 0, tasks=tasks[2:])  # not the other tasks
    save(results, load_protocol("released-code", weights="cifar10-deeper", C=0.5), 0)
    save(results, swap(deeper, ("subtract_mean",)), 0)
    save(results, load_protocol("paper", weights="cifar10-deeper"), 0)
    found = reconstruction.by_network(results, decimals=9)
    assert found.index.tolist()[0] == ("cifar10", "cifar10-depth56")
    assert set(found.index.get_level_values("network")) == set(leads)
    published = published_aucs().set_index(["task", "score", "policy"]).auc_mean
    more = [published[task, "influence", "baseline"] - published[task, "loss", "baseline"] for task in tasks]
    for network, lead in leads.items():
        row, off = found.loc[("cifar10", network)], lead + np.array([[0, 0, 0, other] for other in more]).ravel()
        assert row[["translate", "rotate", "crop"]].tolist() == pytest.approx([lead] * 3, abs=1e-6)
        assert row["all"] == pytest.approx(np.median(np.abs(off)), abs=1e-6)
        assert row.close == f"{(np.abs(off) <= 3).sum()} of 12"


def test_a_data_set_with_one_network_is_not_compared(tmp_path):
    results = Results(tmp_path)
    save(results, load_protocol("reconstruction", task="cifar10-crop"), 0)
    assert reconstruction.by_network(results).empty


def test_shares_of_the_mean_image_are_shown_of_networks_that_were_probed(tmp_path, monkeypatch):
    monkeypatch.setattr(reconstruction, "mean_image_response", {"probed": 4.0, "whole": 1.0}.__getitem__)
    results, crop = Results(tmp_path), "smallnorb-crop"
    order = {"baseline": 0, "random_proportional": 0, "deterministic_proportional": 0}
    reverse = {"baseline": 1, "random_proportional": -10, "deterministic_proportional": -20}
    for weights, subtract, lead in (
        ("probed", True, reverse),
        ("probed", 0.25, order | {"baseline": -1}),
        ("probed", False, -50),
        ("whole", False, 0),
    ):
        save(results, load_protocol("released-code", weights=weights, subtract_mean=subtract), lead, tasks=(crop,))
    save(results, load_protocol("released-code", weights="probed", subtract_mean=0.5, C=3.0), 0, tasks=(crop,))
    found = reconstruction.mean_kept(results).loc["probed"].loc[crop]
    assert found.index.tolist() == ["100 %", "75 %", "0 %"]
    assert found.response.tolist() == [4, 3, 0]
    assert found.difference.tolist() == pytest.approx([-50, 0, -10], abs=0.01)
    assert found["rank correlation"].tolist() == [1, 1, -1]
    assert found.full.tolist() == [97.2] * 3
    assert reconstruction.mean_kept(results).index.unique("network").tolist() == ["probed"]
    assert reconstruction.mean_kept(Results(tmp_path / "none")).empty


def test_agreement_is_the_median_difference_and_the_median_rank_correlation(tmp_path):
    results, rng = Results(tmp_path), np.random.default_rng(0)
    tables = published_aucs().query("task == 'smallnorb-crop'")
    ours = {}
    for score, table in tables.groupby("score"):
        for row in table.itertuples():
            level = row.auc_mean + rng.normal(0, 5)
            key = ("" if row.policy == "baseline" else score, row.policy)
            ours[(score, row.policy)] = (
                ours.get(("influence", "baseline"), level) if row.policy == "baseline" else level
            )
            accuracies = np.full(9, ours[(score, row.policy)] / 1000)
            results.save([Curve("smallnorb-crop", "paper", "frozen", *key, 0, BUDGETS, accuracies)], {})
    published = tables.set_index(["score", "policy"]).auc_mean
    mine = pd.Series(ours).rename_axis(["score", "policy"])
    found = reconstruction.agreement(results, ("paper",))
    row = found.loc[("paper", "smallnorb")]
    assert row["AUCs"] == "22 of 66"
    assert row["median |difference|"] == pytest.approx((mine - published).abs().median(), abs=0.006)
    ranks = [stats.spearmanr(mine[s], published[s].reindex(mine[s].index)).statistic for s in ("influence", "loss")]
    assert row["rank correlation"] == pytest.approx(np.median(ranks), abs=0.006)
    assert found.loc[("paper", "all"), "AUCs"] == "22 of 198"
    assert np.isnan(found.loc[("paper", "mnist"), "median |difference|"])


def test_the_ceiling_is_lower_where_the_published_noise_is_larger(monkeypatch):
    def published(sd):
        frame = pd.DataFrame({"policy": TABLE_POLICIES, "auc_mean": np.arange(11.0), "auc_std": sd})
        return frame.assign(table=5, task="smallnorb-crop", score="loss")

    found = []
    for sd in (0.0, 0.5, 50.0):
        monkeypatch.setattr(reconstruction, "published_aucs", lambda sd=sd: published(sd))
        found.append(reconstruction.ceiling().loc[5])
    assert found[0] == pytest.approx(1)
    assert found[0] > found[1] > 0.9 > 0.2 > abs(found[2])


def test_a_ceiling_of_two_policies_is_the_share_of_draws_that_keep_their_order(monkeypatch):
    frame = pd.DataFrame({"auc_mean": [0.0, 1.0], "auc_std": [1.0, 1.0], "table": 4, "task": "smallnorb-crop"})
    monkeypatch.setattr(reconstruction, "published_aucs", lambda: frame)
    keeps = stats.norm.cdf(1 / np.sqrt(2 * 2 / 5))  # the difference of both redrawn means is N(1, 2 * 2 / 5)
    assert reconstruction.ceiling().loc[4] == pytest.approx(2 * keeps - 1, abs=0.05)


@pytest.mark.parametrize("dataset", ["mnist", "cifar10", "smallnorb"])
def test_the_reconstruction_is_the_closest_stored_combination(dataset):
    """The rule that the page states: who changes the results must look whether another combination is closer."""
    closest = reconstruction.distances(Results(STORED), dataset).index[0]
    assert stored_as("reconstruction", f"{dataset}-crop") == closest


def test_reconstruction_is_called_after_the_settings_it_stands_for():
    for task in TASKS:
        base, changes, swapped = RECONSTRUCTION[task.split("-")[0]]
        protocol = load_protocol("reconstruction", task=task)
        assert protocol == swap(load_protocol(base, **changes), swapped)
        assert stored_as("reconstruction", task) == protocol.name
        assert load_task(task, protocol="reconstruction") == load_task(task, protocol=protocol)
        assert all(stored_as(name, task) == name for name in PROTOCOLS)
    with pytest.raises(
        ValueError, match="protocol 'reconstruction' is a data set's, and needs the name of a task, got ''"
    ):
        load_protocol("reconstruction")
    assert load_protocol("reconstruction", task="mnist-crop", C=3.0).C == 3
    assert load_protocol("reconstruction", task="smallnorb-crop").name == "paper~subtract_mean"
    assert load_protocol("reconstruction", task="smallnorb-crop", C=3.0).name == "paper+C=3.0~subtract_mean"
    asked = load_protocol("reconstruction", task="smallnorb-crop", subtract_mean=True)  # what is asked for counts
    assert asked == load_protocol("paper")
