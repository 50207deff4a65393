import itertools

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from effaug import comparisons, points, tables
from effaug.notebook import View, open_view, view_of
from effaug.policies import POLICIES, TABLE_POLICIES
from effaug.results import Curve, Results, auc

BUDGETS = (0, 1, 10, 50, 100, 250, 500, 750, 1000)


@pytest.fixture
def view(tmp_path) -> View:
    """mnist-rotate with made-up curves: accuracy rises by policy and seed in a known way."""
    results = Results(tmp_path)
    for (k, policy), seed in itertools.product(enumerate(TABLE_POLICIES), range(3)):
        score = "" if policy == "baseline" else "influence"
        accuracies = 0.9 + 0.001 * k + 0.01 * np.sqrt(np.array(BUDGETS) / 1000) + 0.0001 * seed
        results.save(Curve("mnist-rotate", "paper", "refit", score, policy, seed, BUDGETS, accuracies), {})
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
    results.save(Curve("mnist-rotate", "paper", "refit", "", "full", 0, (1000,), np.array([0.95]), kept), {})
    chosen = view_of(dataset="mnist", augmentation="rotate").parameters
    return View(results.table(), results, ("mnist-rotate",), chosen)


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


def test_table_2_has_every_policy_of_the_code():
    table = tables.table_2()
    assert list(table.index) == list(POLICIES)
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
    difference = np.mean(expected) - 997.2
    assert abs(float(table.difference["random_proportional"]) - difference) < 0.011
    (title, same), *rest = tables.auc_tables(view)
    assert title == "mnist-rotate by influence, refit features (Table 15)"
    assert same.equals(table)
    assert rest == []


def test_main_claim_and_its_words_agree_with_the_curves(view):
    row = comparisons.main_claim(view).loc[("mnist-rotate", "refit")]
    at = view.table[(view.table.policy == "random_proportional") & (view.table.budget == 100)].accuracy.mean() * 100
    assert row["random proportional - full"] == pytest.approx(at - 95, abs=0.006)
    assert row["budget"] == 100
    words = comparisons.in_words(view)
    assert f"accuracy is {at:.2f} %, {95 - at:.2f} percentage points below augmenting all (95.00 %)" in words


def test_refinements_are_paired_over_seeds(view):
    row = comparisons.refinement_table(view).loc[("mnist-rotate", "refit", "influence")]
    gap = 1000 * 0.001 * (TABLE_POLICIES.index("random_proportional_update") - 1)
    assert float(row["update"]) == pytest.approx(gap, abs=0.01)
    assert float(row["update ±"]) == pytest.approx(0, abs=0.01)  # seeds shift all policies alike


def test_points_read_the_scores_of_the_full_run(view):
    stored = points.shown_points(view, "mnist-rotate", "refit")
    assert points.spearman(stored, "influence") == pytest.approx(1)
    assert points.spearman(stored, "loss") == pytest.approx(-1)
    row = points.score_table(view).loc[("mnist-rotate", "refit", "influence")]
    assert float(row["90 %"]) == pytest.approx(0.9, abs=0.001)
    extreme = points.extreme_table(view)
    assert extreme.loc[("mnist-rotate", "refit", "highest influence"), "label 1"] == 10
    assert extreme.loc[("mnist-rotate", "refit", "highest loss"), "label 1"] == 0


def test_stored_rank_correlations_are_scipys():
    view = view_of(dataset="mnist", augmentation="translate")
    stored = points.shown_points(view, "mnist-translate", "frozen")
    expected = stats.spearmanr(stored["loss_before"], stored["loss_after"]).statistic
    assert points.spearman(stored, "loss") == pytest.approx(expected)


def test_no_results_make_empty_tables_not_tracebacks():
    view = view_of(dataset="cifar10")
    assert tables.table_1(view).empty
    assert comparisons.main_claim(view).empty
    assert comparisons.in_words(view) == ""
    assert tables.auc_tables(view) == []
    assert tables.curve_table(view, tables.RANDOM_POLICIES).empty
    assert comparisons.refinement_table(view).empty
    assert tables.provenance(view).empty
    assert points.score_table(view).empty
    assert points.extreme_table(view).empty


def test_provenance_names_code_and_seeds():
    view = open_view(view_of(dataset="digits", augmentation="crop").parameters | {"n_seeds": 4})
    row = tables.provenance(view).loc[("digits-crop", "frozen")]
    assert row["seeds"] == 4
    assert row["code"].startswith("effaug ")
    assert row["file"] == "results/digits-crop.csv"


def test_task_table_has_the_papers_splits():
    table = tables.task_table(view_of())
    assert table.loc["mnist-rotate"].tolist() == ["3 / 8", "517 / 483", "1010 / 974", 14, "lenet"]
    assert len(table) == 12


def test_as_text_leaves_whole_numbers_and_shows_gaps():
    frame = pd.DataFrame({"a": [1.234, float("nan")], "n": [5, 6]})
    assert tables.as_text(frame, 2).to_numpy().tolist() == [["1.23", 5], ["-", 6]]


def test_paired_aucs_compare_the_seeds_that_both_have(view):
    shifted = view.table.assign(accuracy=view.table.accuracy + 0.002)
    other = View(shifted[shifted.seed < 2], view.results, view.tasks, view.parameters)
    table = comparisons.paired_aucs(view, other, ("here", "there"))
    row = table.loc[("mnist-rotate", "refit", "influence", "random_proportional")]
    assert row[["difference", "±", "seeds", "paper"]].tolist() == ["2.00", "0.00", 2, "997.20"]
    assert table.loc[("mnist-rotate", "refit", "", "baseline"), "paper"] == "995.12"


def test_paired_aucs_of_nothing_are_empty(view):
    assert comparisons.paired_aucs(view, view_of(dataset="norb"), ("here", "there")).empty
