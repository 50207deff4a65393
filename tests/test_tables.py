import dataclasses
import hashlib
import itertools
import json
import re

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from effaug.curves import auc
from effaug.policies import APPENDIX_POLICIES, POLICIES
from effaug.report import comparisons, point_scores, reconstruction, sensitivity, sources, supplementary, tables
from effaug.report.published import published_features
from effaug.report.statistics import half_width
from effaug.report.view import View, open_view, view_of
from effaug.study.protocols import TABLE_POLICIES, load_protocol
from effaug.study.records import written
from effaug.study.results import Curve, Results
from effaug.study.tasks import AUGMENTATIONS, SOURCES

BUDGETS = (0, 1, 10, 50, 100, 250, 500, 750, 1000)


@pytest.fixture
def view(tmp_path) -> View:
    """mnist-rotate with made-up curves: accuracy rises by policy and seed in a known way."""
    results = Results(tmp_path)
    for (k, policy), seed in itertools.product(enumerate(TABLE_POLICIES), range(3)):
        score = "" if policy == "baseline" else "influence"
        accuracies = 0.9 + 0.001 * k + 0.01 * np.sqrt(np.array(BUDGETS) / 1000) + 0.0001 * seed
        results.save([Curve("mnist-rotate", "paper", "refit", score, policy, seed, BUDGETS, accuracies)], {})
    scores = np.linspace(0, 1, 1000)
    shown = np.unique([*range(10), *range(990, 1000)])
    kept = {
        "influence_before": scores.astype(np.float32),
        "influence_after": (scores**2).astype(np.float32),
        "loss_before": scores[::-1].astype(np.float32),
        "loss_after": scores.astype(np.float32),
        "shown": shown,
        "images": np.zeros((20, 28, 28, 1), np.uint8),
        "labels": np.repeat([0, 1], 500).astype(np.uint8),
    }
    results.save([Curve("mnist-rotate", "paper", "refit", "", "full", 0, (1000,), np.array([0.95]), kept)], {})
    chosen = view_of(dataset="mnist", augmentation="rotate").parameters
    return View(results.table(), results.table(), results, ("mnist-rotate",), chosen)


def test_table_1_reads_the_budgets_of_5_10_and_25_percent(view):
    row = tables.table_1(view).loc[("mnist-rotate", "effaug, refit")]
    mean = {(r.policy, r.budget): 0.0 for r in view.table.itertuples()}
    for key in mean:
        rows = view.table[(view.table.policy == key[0]) & (view.table.budget == key[1])]
        mean[key] = 100 * rows.accuracy.mean()
    assert row["none"] == f"{mean['baseline', 0]:.1f}"
    assert row["full"] == "95.0"
    for percent, budget in (("5%", 50), ("10%", 100), ("25%", 250)):
        assert row[f"baseline {percent}"] == f"{mean['baseline', budget]:.1f}"
        best = max(mean[policy, budget] for policy in TABLE_POLICIES if policy != "baseline")
        assert row[f"best {percent}"] == f"{best:.1f}"


def test_table_1_shows_the_published_row_for_translations_only(view):
    assert "paper" not in tables.table_1(view).index.get_level_values("source")
    published = tables.table_1(view_of(dataset="mnist", augmentation="translate")).loc[("mnist-translate", "paper")]
    assert published.tolist() == ["93.2", "99.0", "99.3", "99.5", "99.7", "99.8", "99.7", "99.6"]


def test_table_2_has_every_policy_that_orders_points():
    table = tables.table_2()
    assert list(table.index) == [name for name in POLICIES if name not in APPENDIX_POLICIES]
    assert list(tables.table_2("paper").index) == [name for name in POLICIES if name in TABLE_POLICIES]
    assert table.loc["random_proportional_update_downweight"].tolist()[1:] == ["yes", "yes"]
    assert table.loc["baseline"].tolist() == [r"\(P(z_i) = 1 / n\)", "", ""]


def test_auc_table_is_sorted_and_stands_beside_the_paper(view):
    table = tables.auc_table(view, "mnist-rotate", "refit", "influence")
    assert set(table.index) == set(TABLE_POLICIES)
    assert table.AUC.astype(float).is_monotonic_decreasing
    rows = view.table[(view.table.policy == "random_proportional")]
    expected = [auc(c.budget, c.accuracy) for _, c in rows.groupby("seed")]
    assert table.AUC["random_proportional"] == f"{np.mean(expected):.2f}"
    assert table.sd["random_proportional"] == f"{np.std(expected, ddof=1):.2f}"
    assert table.paper["random_proportional"] == "997.20"
    assert table["paper sd"]["deterministic_proportional"] == "-"
    assert table.difference["random_proportional"] == f"{float(table.AUC['random_proportional']) - 997.2:.2f}"
    for row in table.itertuples():
        assert float(row.difference) == pytest.approx(float(row.AUC) - float(row.paper), abs=1e-9)
    assert tables.auc_keys(view) == [("mnist-rotate", "refit", "influence")]


def test_the_main_claim_agrees_with_the_curves(view):
    row = comparisons.main_claim(view).loc[("mnist-rotate", "refit")]
    at = view.table[(view.table.policy == "random_proportional") & (view.table.budget == 100)].accuracy.mean() * 100
    assert row["random proportional - full"] == pytest.approx(at - 95, abs=0.006)
    assert row["budget"] == 100
    for label, policy in (("baseline", "baseline"), ("deterministic proportional", "deterministic_proportional")):
        of = view.table[(view.table.policy == policy) & (view.table.budget == 100)].accuracy.mean() * 100
        assert row[f"{label} - full"] == pytest.approx(of - 95, abs=0.006)


def test_differences_are_those_of_what_is_shown(view):
    accuracies = {0: 0.96025, 100: 0.990773, 1000: 0.992546}  # 0.17 apart as shown, 0.1773 before
    rows = [("mnist-rotate", "paper", "refit", "", "full", 0, 1000, accuracies[1000])]
    for policy, score in (("baseline", ""), ("random_proportional", "influence")):
        rows += [("mnist-rotate", "paper", "refit", score, policy, 0, b, a) for b, a in accuracies.items()]
    table = pd.DataFrame(rows, columns=list(view.table.columns))
    changed = dataclasses.replace(view, table=table, every=table)
    row = comparisons.main_claim(changed).iloc[0]
    assert row[["none", "full", "random proportional - full"]].tolist() == [96.03, 99.25, -0.17]


def test_the_main_claim_reads_the_score_asked_for(view):
    other = view.table[view.table.score == "influence"].assign(score="loss", accuracy=0.5)
    both = dataclasses.replace(view, table=pd.concat([view.table, other], ignore_index=True))
    pd.testing.assert_frame_equal(comparisons.main_claim(both), comparisons.main_claim(view))


def test_refinements_are_paired_over_seeds(view):
    row = comparisons.refinement_table(view).loc[("mnist-rotate", "refit", "influence")]
    gap = 1000 * 0.001 * (TABLE_POLICIES.index("random_proportional_update") - 1)
    assert float(row["update"]) == pytest.approx(gap, abs=0.01)
    assert float(row["update ±"]) == pytest.approx(0, abs=0.01)  # seeds shift all policies alike


def test_refinements_leave_out_seeds_that_one_of_both_lacks(view):
    alone = (view.table.policy == "random_proportional_update") & (view.table.seed == 2)
    found = comparisons.refinement_table(dataclasses.replace(view, table=view.table[~alone]))
    pd.testing.assert_series_equal(found["update"], comparisons.refinement_table(view)["update"])


def test_points_read_the_scores_of_the_full_run(view):
    stored = point_scores.shown_points(view, "mnist-rotate", "refit")
    assert point_scores.spearman(stored, "influence") == pytest.approx(1)
    assert point_scores.spearman(stored, "loss") == pytest.approx(-1)
    row = point_scores.score_table(view).loc[("mnist-rotate", "refit", "influence")]
    assert float(row["90 %"]) == pytest.approx(0.9, abs=0.001)
    assert float(row["median"]) == pytest.approx(0.5, abs=0.001)
    assert float(row["share of the top 10 %"]) == pytest.approx(0.19, abs=0.001)


def test_no_results_make_empty_tables_not_tracebacks():
    view = view_of(dataset="smallnorb", augmentation="crop", protocol="paper", features="refit")
    assert tables.table_1(view).empty
    assert comparisons.main_claim(view).empty
    assert tables.auc_keys(view) == []
    assert comparisons.refinement_table(view).empty
    assert sources.provenance(view).empty
    assert point_scores.score_table(view).empty


def test_provenance_names_code_and_seeds():
    view = open_view(view_of(dataset="digits", augmentation="crop").parameters | {"n_seeds": 4})
    row = sources.provenance(view).loc[("digits-crop", "frozen")]
    assert row["seeds"] == 4
    assert re.fullmatch(r"[0-9a-f]{7}(, [0-9a-f]{7})*", row["code"])
    assert row["file"] == "results/digits-crop.csv"
    assert row["protocol"] == "the text"
    assert row["stored"] == view_of().results.record("digits-crop")["paper/frozen"]["date"]


def test_task_table_has_the_papers_splits():
    table = tables.task_table(view_of())
    assert table.loc["mnist-rotate"].tolist() == ["3 / 8", "517 / 483", "1010 / 974", 14, "lenet"]
    assert len(table) == 12


def test_paired_aucs_compare_the_seeds_that_both_have(view):
    shifted = view.table.assign(accuracy=view.table.accuracy + 0.002)
    other = View(shifted[shifted.seed < 2], shifted, view.results, view.tasks, view.parameters)
    table = comparisons.paired_aucs(view, other, ("here", "there"))
    row = table.loc[("mnist-rotate", "refit", "influence", "random_proportional")]
    assert row[["difference", "±", "seeds", "paper"]].tolist() == ["2.00", "0.00", 2, "997.20"]
    assert table.loc[("mnist-rotate", "refit", "", "baseline"), "paper"] == "995.12"


def test_paired_aucs_of_nothing_are_empty(view):
    assert comparisons.paired_aucs(view, view_of(dataset="smallnorb"), ("here", "there")).empty


@pytest.fixture
def both(tmp_path) -> Results:
    """Made-up curves of two translate tasks under both protocols and a changed one, known in advance."""
    results = Results(tmp_path)
    none = {load_protocol("paper"): 0.95, load_protocol("released-code"): 0.90, load_protocol("paper", C=1.0): 0.94}
    none[load_protocol("paper", subtract_mean=0.5)] = 0.93  # a probe, which is no setting of text or code
    for task, features in (("cifar10-translate", "frozen"), ("mnist-translate", "refit")):
        for (protocol, start), seed in itertools.product(none.items(), range(3)):
            base = start + 0.02 * np.array(BUDGETS) / 1000
            gain = 0.01 * (np.array(BUDGETS) == 100) * (1 + seed)
            record = {
                "protocol": written(protocol),
                "network": {"name": "ResNet", "network": "cifar10", "subtract_mean": True},
            }
            for policy, score, accuracies in (
                ("baseline", "", base),
                ("random_proportional", "influence", base + gain),
                ("full", "", np.array([start + 0.02])),
            ):
                budgets = BUDGETS if policy != "full" else (1000,)
                results.save([Curve(task, protocol.name, features, score, policy, seed, budgets, accuracies)], record)
    return results


def test_sensitivity_pairs_seeds_and_names_what_is_varied(both):
    found = sensitivity.sensitivity(both, ("cifar10-translate", "mnist-translate"))  # MNIST's are refit
    assert list(found.index) == [
        ("cifar10-translate", "paper", "cifar10", "subtracted", "1.0"),
        ("cifar10-translate", "paper", "cifar10", "subtracted", "10.0"),
        ("cifar10-translate", "released-code", "cifar10", "kept", "1.0"),
    ]
    row = tables.as_text(found, 2).iloc[0]
    assert row[["none", "full", "full - none"]].tolist() == ["94.00", "96.00", "2.00"]
    assert row[["baseline", "influence", "influence - baseline"]].tolist() == ["94.20", "96.20", "2.00"]
    assert row["±"] == f"{stats.t.ppf(0.975, 2) / np.sqrt(3):.2f}"
    assert row["seeds"] == 3
    (axes,) = supplementary.sensitivity(found)[0].shows.axes
    (line,) = axes.containers
    assert list(line[0].get_xdata()) == ["1.0", "10.0"]
    np.testing.assert_allclose(np.array(line[0].get_ydata(), float), [2, 2])


def test_sensitivity_takes_no_more_seeds_than_asked_for(both):
    found = sensitivity.sensitivity(both, ("cifar10-translate",), n_seeds=2)
    assert set(found.seeds) == {2}
    np.testing.assert_allclose(found["influence - baseline"], 1.5)


def test_all_198_pairs_are_listed_with_the_features_that_the_paper_uses(both):
    pairs = reconstruction.published_pairs(both, "paper")
    assert len(pairs) == 198
    stored = pairs[pairs.seeds > 0].set_index(["task", "score", "policy"])
    assert set(stored.index) == {
        (f"{dataset}-translate", score, policy)
        for dataset in ("mnist", "cifar10")
        for score, policy in (("influence", "baseline"), ("loss", "baseline"), ("influence", "random_proportional"))
    }
    row = stored.loc[("cifar10-translate", "loss", "baseline")]
    assert (row.table, row.auc, row.seeds, row.paper, row.paper_sd) == (4, pytest.approx(960.0), 3, 970.589, 0.671)
    assert row.difference == pytest.approx(960 - 970.589)
    assert pairs[pairs.seeds == 0].auc.isna().all()


@pytest.mark.parametrize("task", [f"{source}-{kind}" for source in SOURCES for kind in AUGMENTATIONS])
def test_the_paper_refits_on_mnist_alone(task):
    assert published_features(task) == ("refit" if task.startswith("mnist") else "frozen")


@pytest.fixture
def network(tmp_path, monkeypatch) -> str:
    history = [
        {"epoch": k, "rate": 10.0**-k, "accuracy": 0.5 + 0.1 * k, "test_accuracy": 0.4 + 0.1 * k} for k in (1, 2, 3)
    ]
    training = {"depth": 20, "augment": True, "epochs": 3, "batch_size": 128, "precision": "float32"}
    network = {"n_weights": 577162, "depth": 20}
    about = {"training": training, "network": network, "n_images": 24300, "history": history}
    about |= {"image_shape": [96, 96, 1], "n_classes": 5, "pixel_scale": 1 / 255}
    about |= {"test": {"test_accuracy": 0.7123}, "seconds": 600, "hardware": "2 cores", "code": "effaug 0, commit abc"}
    (tmp_path / "toy.json").write_text(json.dumps(about))
    (tmp_path / "toy.weights.h5").write_bytes(b"weights")
    monkeypatch.setenv("EFFAUG_WEIGHTS", str(tmp_path))
    return "toy"


def test_networks_table_reads_the_manifests(network):
    found = tables.networks_table((network,))[network]
    assert found[["train accuracy", "test accuracy", "minutes", "code"]].tolist() == ["80.00", "71.23", 10, "abc"]
    assert found["sha256"] == hashlib.sha256(b"weights").hexdigest()[:12]
    assert found["augmented"] == "yes"


def test_learning_curves_show_every_epoch_and_where_the_rate_drops(network):
    (axes,) = supplementary.learning_curves((network,))[0].shows.axes
    training, test = (line for line in axes.lines if line.get_label() in ("training", "test"))
    drops = [line for line in axes.lines if line.get_linestyle() == ":"]
    np.testing.assert_allclose(training.get_ydata(), [60, 70, 80])
    np.testing.assert_allclose(test.get_ydata(), [50, 60, 70])
    assert [line.get_xdata()[0] for line in drops] == [1.5, 2.5]
    assert axes.get_title(loc="left") == network


def test_the_order_of_policies_is_that_of_ranks(monkeypatch):
    rows = [(3, "mnist-crop", "loss", p, a, 5, b) for p, a, b in (("a", 1.0, 9.0), ("b", 2.0, 11.0), ("c", 3.0, 10.0))]
    rows += [(4, "smallnorb-crop", "loss", "a", float("nan"), 0, 9.0)]
    pairs = pd.DataFrame(rows, columns=["table", "task", "score", "policy", "auc", "seeds", "paper"])
    found = comparisons.order_of_policies(pairs.assign(difference=pairs.auc - pairs.paper))
    assert found.index.tolist() == [(3, "mnist-crop", "loss")]
    assert found.iloc[0].tolist() == [3, "0.50", "-8.00", "-9.00", "-7.00"]


@pytest.fixture
def times():
    epochs = pd.DataFrame({"size": [10, 10, 20, 20], "repeat": [0, 1, 0, 1], "seconds": [0.9, 1.1, 2.0, 2.0]})
    parts = ["un-augmented", "scores", "selected", "everything"]
    selection = pd.DataFrame({"task": "mnist-crop", "part": parts * 2, "repeat": [0] * 4 + [1] * 4})
    selection["seconds"] = [1.0, 0.5, 2.0, 10.0, 1.0, 0.5, 3.0, 10.0]
    return {"here": {"epoch_times": epochs, "selection_times": selection}}


def test_epoch_table_has_the_repeats_and_the_line(times):
    found = tables.epoch_table(times)
    assert found.index.tolist() == [("here", 10), ("here", 20)]
    assert found.iloc[0].tolist() == ["1.000", "0.900", "1.100", "1.000", f"{1 - 0.02 / 1.02:.5f}"]


def test_selection_table_counts_the_scoring_and_does_not(times):
    (row,) = tables.selection_table(times).to_dict("records")
    assert (row["un-augmented"], row["scores"], row["selected"], row["everything"]) == ("1.00", "0.50", "2.50", "10.00")
    assert (row["saved"], row["saved, scores at hand"], row["repeats"]) == ("60 %", "75 %", 2)


def test_other_policies_are_held_against_influence_seed_by_seed(view):
    rows = []
    for policy, score, leads in (
        ("random_proportional", "influence", (0, 0)),
        ("dpp", "", (0.01, 0.03)),
        ("dpp_map", "", (0.05,)),
    ):
        for seed, lead in enumerate(leads):
            at = 0.9 + lead + (0 if policy == "dpp_map" else 0.1 * seed)
            rows += [("mnist-rotate", "paper", "frozen", score, policy, seed, b, at) for b in (10, 30)]
            if policy != "dpp_map":
                at += policy == "dpp" and 0.01
                rows += [("mnist-rotate", "paper", "refit", score, policy, seed, b, at) for b in (10, 30)]
    every = pd.DataFrame(rows, columns=list(view.table.columns))
    found = comparisons.against_influence(dataclasses.replace(view, table=every, every=every), (10, 100))
    assert found[10].to_dict() == {
        ("mnist-rotate", "refit", "dpp", ""): f"+3.00 ± {half_width([2, 4]):.2f}",
        ("mnist-rotate", "frozen", "dpp", ""): f"+2.00 ± {half_width([1, 3]):.2f}",
        ("mnist-rotate", "frozen", "dpp_map", ""): f"+0.00 ± {half_width([5, -5]):.2f}",
    }
    assert set(found[100]) == {"-"}
