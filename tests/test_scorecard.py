"""effaug.report.scorecard: every claim has a measure, and made-up results give the verdicts that they were made for."""

import sys

import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup

from effaug.curves import auc
from effaug.report import markup, measures, scorecard
from effaug.report.claims import CLAIMS
from effaug.report.judging import verdict
from effaug.report.measures import effects
from effaug.report.panels import LEVEL, NINE, Board
from effaug.report.published import DATASETS, published_aucs
from effaug.study import timing
from effaug.study.protocols import TABLE_POLICIES, TABLE_SCORES, load_protocol
from effaug.study.records import written
from effaug.study.results import Curve, Results
from effaug.study.tasks import load_task

BUDGETS = load_task("mnist-crop").budgets
DPP_BUDGETS = (1, 10, 30, 50, 70, 100, 150, 200, 250)
FULL = 0.96


def rising(half_way, end=FULL, start=0.90):
    """Accuracy against budget that has half of the gain at so many points."""
    x = np.asarray(BUDGETS, float)
    return start + (end - start) * (x / (x + half_way)) * (1000 + half_way) / 1000


def made_up(tmp_path, curves, seeds=10, noise=2e-5, vsv=0.955, before=None):
    """Nine tasks whose curves are those given, by (policy, score), with a little noise of each seed's own."""
    store, rng = Results(tmp_path), np.random.default_rng(0)
    after = np.arange(50.0)
    before = after if before is None else before
    points = {f"{s}_{when}": v for s in TABLE_SCORES for when, v in (("before", before), ("after", after))}
    for task in NINE:
        features = "refit" if "mnist" in task else "frozen"
        found = []
        for seed in range(seeds if features == "refit" else 1):
            found.append(Curve(task, "paper", features, "", "full", seed, (1000,), np.array([FULL]), points))
            found.append(Curve(task, "paper", features, "", "virtual_support_vectors", seed, (200,), np.array([vsv])))
        for (policy, score), accuracy in curves.items():
            budgets = DPP_BUDGETS if policy.startswith("dpp") else BUDGETS
            values = np.interp(budgets, BUDGETS, accuracy)
            for seed in range(seeds):
                jitter = noise * rng.normal(size=len(values)) * (np.asarray(budgets) > 0)
                found.append(Curve(task, "paper", features, score, policy, seed, budgets, values + jitter))
        store.save(found, {"protocol": {}})
    return Board(store, "paper")


def as_the_paper_says():
    """Curves for which every claim holds that a curve can decide, but for those that contradict each other."""
    curves = {}
    for score in TABLE_SCORES:
        for name in TABLE_POLICIES:
            if name == "baseline":
                continue
            curves[name, score] = rising(400) if "inverse" in name else rising(1)
    curves["baseline", ""] = rising(200)
    curves["clustered_baseline", ""] = rising(150)
    curves["clustered_random_proportional", "influence"] = rising(40)
    curves["random_proportional", "margin"] = curves["random_inverse_proportional", "margin"] = rising(90)
    curves["dpp", ""] = rising(300)
    curves["dpp_proportional", "influence"] = rising(1)
    return curves


def outcome(board, name):
    claim = next(claim for claim in CLAIMS if claim.id == name)
    found = effects(board, claim)
    return verdict(claim, found), found


HOLDING = (
    "random-quarter",
    "beats-random",
    "rotation-early",
    "rotation-random-late",
    "influence-is-loss",
    "update-idle",
    "downweight-mnist",
    "scores-persist",
    "inverse-last",
    "margin-worse",
    "clusters-beat-random",
    "influence-beats-clusters",
    "influence-beats-both",
    "dpp-poor",
    "dpp-competitive",
)


def test_every_claim_has_a_measure_and_an_id_of_its_own():
    assert [claim.id for claim in CLAIMS] == list(measures._MEASURES)
    assert len({claim.id for claim in CLAIMS}) == len(CLAIMS)
    assert {claim.holds for claim in CLAIMS} <= {"every", "most", "many", "some"}


def test_results_as_the_paper_has_them_make_its_claims_hold(tmp_path):
    board = made_up(tmp_path, as_the_paper_says())
    for name in HOLDING:
        found = outcome(board, name)
        assert found[0] == "holds", found
    assert len(outcome(board, "beats-random")[1]) == 18
    assert len(outcome(board, "inverse-last")[1]) == 36
    assert len(outcome(board, "random-quarter")[1]) == len(outcome(board, "dpp-poor")[1]) == 3
    assert len(outcome(board, "rotation-early")[1]) == 6


def test_the_same_curve_for_every_policy_makes_no_policy_better(tmp_path):
    board = made_up(tmp_path, dict.fromkeys(as_the_paper_says(), rising(200)))
    for name in ("beats-random", "margin-worse", "clusters-beat-random", "influence-beats-clusters"):
        found = outcome(board, name)[1].outcome
        assert (found == "equal").sum() >= len(found) - 1, name
        assert outcome(board, name)[0] == "does not hold", name
    for name in ("beats-random", "clusters-beat-random"):
        row = scorecard.scorecard(board.results, "paper").loc[name]
        assert row.equal >= len(outcome(board, name)[1]) - 1
    for name in ("rotation-early", "dpp-poor"):
        assert outcome(board, name)[0] != "holds", name
    assert outcome(board, "influence-is-loss")[0] == "holds"


def test_the_contrary_does_not_hold(tmp_path):
    curves = as_the_paper_says()
    curves["baseline", ""], curves["random_proportional", "influence"] = rising(2), rising(300)
    curves["random_inverse_proportional", "influence"] = rising(1)
    board = made_up(tmp_path, curves, before=-np.arange(50.0))
    verdicts = {name: outcome(board, name)[0] for name in HOLDING}
    assert verdicts["scores-persist"] == verdicts["rotation-random-late"] == "does not hold"
    assert verdicts["influence-beats-clusters"] == verdicts["influence-is-loss"] == "does not hold"
    found = outcome(board, "beats-random")[1].set_index("comparison")
    assert (found.outcome[["cifar10-crop, influence", "smallnorb-rotate, influence"]] == "no").all()
    assert verdicts["inverse-last"] == "holds in part"


@pytest.mark.parametrize(
    ("vsv", "strong", "poor"),
    [(0.97, "holds", "does not hold"), (0.955, "holds", "holds"), (0.93, "does not hold", "holds")],
)
def test_support_vectors_are_held_against_as_many_points_and_against_the_best_number(tmp_path, vsv, strong, poor):
    curve = np.where(np.asarray(BUDGETS) == 500, 0.96, np.minimum(rising(1), 0.954))
    board = made_up(tmp_path, as_the_paper_says() | {("random_proportional", "influence"): curve}, vsv=vsv)
    for name, expected, other in (("strong", strong, np.interp(200, BUDGETS, curve)), ("poor", poor, 0.96)):
        verdict, found = outcome(board, f"vsv-{name}")
        assert verdict == expected, name
        np.testing.assert_allclose(found.effect, 100 * (vsv - other), atol=0.01)
    assert found.comparison.tolist()[0] == "mnist-translate, 200 points"


# Points at which half of the gain is reached: all different, so that no policy, score or bound can stand for another.
_HALF_WAY = {
    ("baseline", ""): 200,
    ("clustered_baseline", ""): 150,
    ("clustered_random_proportional", "influence"): 40,
    ("random_proportional", "margin"): 90,
    ("random_inverse_proportional", "margin"): 80,
    ("dpp", ""): 300,
    ("dpp_proportional", "influence"): 7,
}
for _shift, _score in enumerate(TABLE_SCORES):
    for _k, _name in enumerate(TABLE_POLICIES[1:]):
        _inverse = 400 if _name.startswith("random") else 300
        _HALF_WAY[_name, _score] = _inverse if "inverse" in _name else 5 + 2 * _k + _shift


def test_each_claim_measures_what_it_says(tmp_path, monkeypatch):
    """How many comparisons, on which side of what, by how much: by hand."""
    monkeypatch.setattr(sys.modules[__name__], "DPP_BUDGETS", (*DPP_BUDGETS, 500))
    board = made_up(tmp_path, {key: rising(half) for key, half in _HALF_WAY.items()}, noise=0)
    common = [k for k, budget in enumerate(BUDGETS) if 0 < budget <= 250]

    def at(key, budget):
        return 100 * rising(_HALF_WAY[key])[BUDGETS.index(budget)]

    def area(key, part=slice(None)):
        return auc(np.array(BUDGETS)[part], rising(_HALF_WAY[key])[part])

    base, clusters, both = ("baseline", ""), ("clustered_baseline", ""), ("clustered_random_proportional", "influence")
    influence, loss = ("random_proportional", "influence"), ("random_proportional", "loss")
    down, update = ("random_proportional_downweight", "influence"), ("random_proportional_update", "influence")
    random = [key for key in _HALF_WAY if key[0] in TABLE_POLICIES[1:] and key[0].startswith("random")]
    best, full = min(random, key=_HALF_WAY.get), 100 * FULL
    margins = [(f"random_{kind}proportional", "margin") for kind in ("", "inverse_")]
    inverse = [(f"{kind}_inverse_proportional", "influence") for kind in ("random", "deterministic")]
    expected = {
        "keeps-accuracy": (3, ">99.86", {100 * at(best, 100) / full}),
        "random-quarter": (3, ">0", {at(base, 250) - (90 + full) / 2}),
        "beats-random": (18, ">0", {area(influence) - area(base), area(loss) - area(base)}),
        "rotation-early": (6, ">-0.1", {at(influence, 100) - full, at(loss, 100) - full}),
        "rotation-random-late": (3, "<-0.1", {at(base, 750) - full}),
        "influence-is-loss": (9, "±1", {area(influence) - area(loss)}),
        "influence-better-norb": (3, ">0", {area(influence) - area(loss)}),
        "subset-beats-full": (9, ">0.1", {at(influence, 750) - full}),
        "update-idle": (9, "<1", {area(update) - area(influence)}),
        "downweight-hurts": (6, "<0", {area(down) - area(influence)}),
        "downweight-mnist": (3, "±1", {area(down) - area(influence)}),
        "scores-persist": (18, ">0.5", {1.0}),
        "inverse-last": (36, "<0", {area(key) - area(base) for key in inverse}),
        "margin-worse": (18, "<0", {area(key) - area(influence) for key in margins}),
        "clusters-beat-random": (9, ">0", {area(clusters) - area(base)}),
        "influence-beats-clusters": (9, ">0", {area(influence) - area(clusters)}),
        "influence-beats-both": (9, ">0", {area(influence) - area(both)}),
        "dpp-poor": (3, "<0", {area(("dpp", ""), common) - area(influence, common)}),
        "dpp-competitive": (3, ">-1", {area(("dpp_proportional", "influence"), common) - area(influence, common)}),
    }
    for name, (n, claimed, values) in expected.items():
        found = outcome(board, name)[1]
        assert (len(found), {word.split(" (")[0].replace(" ", "") for word in found.claimed}) == (n, {claimed}), name
        assert sorted(set(found.effect.round(3))) == pytest.approx(sorted(values), abs=2e-3), name
    for task in NINE:
        if task.startswith("smallnorb"):
            board.panel(task, "frozen").curves[influence] += 0.01
    most = outcome(board, "subset-most-norb")[1]
    assert most.effect.round(3).tolist() == [1] * 6
    assert outcome(board, "influence-better-norb")[1].comparison.str.startswith("smallnorb").all()
    assert set(outcome(board, "downweight-mnist")[1].comparison.str[:5]) == {"mnist"}


def test_what_a_claim_asks_for_is_as_the_paper_words_it():
    assert {claim.id: claim.holds for claim in CLAIMS if claim.holds != "every"} == {
        "random-quarter": "some",
        "subset-beats-full": "some",
        "influence-is-loss": "most",
        "clusters-beat-random": "many",
        "influence-beats-both": "most",
        "influence-better-norb": "most",
    }
    assert {claim.id: claim.datasets for claim in CLAIMS if claim.datasets != DATASETS} == {
        "influence-better-norb": ("smallnorb",),
        "vsv-strong": ("cifar10", "smallnorb"),
        "vsv-poor": ("mnist", "cifar10"),
        "downweight-hurts": ("cifar10", "smallnorb"),
        "downweight-mnist": ("mnist",),
        "dpp-poor": ("cifar10",),
        "dpp-competitive": ("cifar10",),
        "linear-time": (),
    }
    assert LEVEL == 0.95


def test_the_margin_is_what_the_papers_five_seeds_can_tell_apart_and_small_beside_its_gains():
    aucs = published_aucs()
    error = aucs.auc_std.median() * np.sqrt(2 / 5)
    np.testing.assert_allclose(measures.EQUAL_AREA, 1.96 * error, rtol=0.05)
    wide = aucs.pivot(index=["task", "score"], columns="policy", values="auc_mean")
    np.testing.assert_allclose((wide.random_proportional - wide.baseline).min(), 3 * measures.EQUAL_AREA, rtol=0.1)
    assert measures.EQUAL_AREA < measures.AREA


def test_a_bound_of_zero_has_a_margin_and_no_other(tmp_path):
    board = made_up(tmp_path, as_the_paper_says())
    for claim in CLAIMS:
        margins = {"0.5"} if claim.decided_by.startswith("AUC") else {"0.1"}
        for claimed in effects(board, claim).claimed:
            bound, _, margin = claimed.partition(" (equal: ±")
            assert {margin.removesuffix(")")} == (margins if bound in ("> 0", "< 0") else {""}), claim.id


def test_a_subset_that_beats_full_augmentation_is_found_and_norb_told_from_the_rest(tmp_path):
    curves = as_the_paper_says()
    curves["random_proportional", "influence"] = rising(1) + 0.004 * (np.asarray(BUDGETS) == 250)
    board = made_up(tmp_path, curves)
    name, found = outcome(board, "subset-beats-full")
    assert name == "holds"
    np.testing.assert_allclose(found.effect, 0.4 + 100 * (rising(1)[5] - FULL), atol=0.01)
    assert outcome(board, "subset-most-norb")[0] in ("undecided", "does not hold")
    flat = made_up(tmp_path / "none", as_the_paper_says())
    assert outcome(flat, "subset-beats-full")[0] in ("undecided", "does not hold")


def test_where_augmentation_gains_nothing_a_share_of_it_is_empty(tmp_path):
    board = made_up(tmp_path, dict.fromkeys(as_the_paper_says(), rising(5, end=0.89)))
    board._panels = {key: panel for key, panel in board._panels.items()}
    for panel in board._panels.values():
        panel.curves["full", ""].iloc[:, 0] = 0.9005
    assert outcome(board, "random-quarter")[0] == "not measured"
    assert set(outcome(board, "random-quarter")[1].outcome) == {"empty"}


def test_what_is_not_stored_is_not_measured(tmp_path):
    found = scorecard.scorecard(Results(tmp_path), "paper")
    assert set(found.verdict) == {"not measured"}
    assert (found[list(scorecard.OUTCOMES)].to_numpy() == 0).all()


def test_of_no_results_the_answer_says_that_nothing_is_stored(tmp_path):
    lines = scorecard.answer(Results(tmp_path)).splitlines()
    assert lines[:3] == [
        f"- **{words}:** none of the published AUCs is stored." for words in scorecard.QUESTIONS.values()
    ]


def test_regularisation_compares_the_gain_under_cross_validation_with_the_protocols(tmp_path):
    store = Results(tmp_path)
    for task in ("cifar10-crop", "smallnorb-crop"):
        for protocol, gain in (("paper", 0.0), ("paper+C=cv", 0.005)):
            record = {"protocol": written(load_protocol("paper", **({"C": "cv"} if gain else {})))}
            if (task, protocol) == ("smallnorb-crop", "paper+C=cv"):
                continue
            for policy, score, lead in (("baseline", "", 0), ("random_proportional", "influence", gain)):
                accuracy = rising(200) + lead * (np.asarray(BUDGETS) == 100)
                n_seeds = 4 if protocol == "paper" else 3
                rows = [Curve(task, protocol, "frozen", score, policy, s, BUDGETS, accuracy) for s in range(n_seeds)]
                store.save(rows, record)
            store.save([Curve(task, protocol, "frozen", "", "full", 0, (1000,), np.array([FULL]))], record)
    name, found = outcome(Board(store, "paper"), "regularisation-idle")
    assert name == "does not hold"
    assert found.comparison.tolist() == ["cifar10-crop"]
    assert found.seeds.tolist() == [3]
    np.testing.assert_allclose(found.effect, [0.5], atol=1e-9)


def test_support_vectors_of_refit_features_are_as_many_as_each_seed_has(tmp_path):
    store, sizes = Results(tmp_path), (100, 250, 500)
    for seed, size in enumerate(sizes):
        own = Curve("mnist-crop", "paper", "refit", "", "virtual_support_vectors", seed, (size,), np.array([0.95]))
        chosen = Curve(
            "mnist-crop", "paper", "refit", "influence", "random_proportional", seed, BUDGETS, rising(1 + seed)
        )
        rest = [Curve("mnist-crop", "paper", "refit", "", "baseline", seed, BUDGETS, rising(9))]
        rest += [Curve("mnist-crop", "paper", "refit", "", "full", seed, (1000,), np.array([FULL]))]
        store.save([own, chosen, *rest], {})
    _, found = outcome(Board(store, "paper"), "vsv-poor")
    expected = [95 - 100 * FULL] * 3  # every curve is highest where everything is augmented
    assert found.comparison.tolist() == ["mnist-crop, 283 points"]
    assert found.seeds.tolist() == [3]
    np.testing.assert_allclose(found.effect, [np.mean(expected)], atol=1e-4)


def test_a_task_without_proportional_policies_or_points_stops_no_report(tmp_path):
    store = Results(tmp_path)
    curves = [Curve("cifar10-translate", "paper", "frozen", "", "baseline", s, BUDGETS, rising(9)) for s in range(3)]
    store.save([*curves, Curve("cifar10-translate", "paper", "frozen", "", "full", 0, (1000,), np.array([FULL]))], {})
    found = scorecard.scorecard(store, "paper")
    assert found.verdict["keeps-accuracy"] == found.verdict["scores-persist"] == "not measured"


def test_linear_time_reads_the_stored_measurements(tmp_path, monkeypatch):
    monkeypatch.setattr(timing, "hardware", lambda: "a machine")
    monkeypatch.setattr(timing, "versions", dict)
    sizes = np.array([100, 200, 300, 400])
    for name, power in (("straight", 1.0), ("bent", 2.0)):
        seconds = [0.1 + noise + 1e-3 * sizes**power for noise in (0.0, 0.01, -0.01)]
        times = [pd.DataFrame({"size": sizes, "repeat": k, "seconds": s}) for k, s in enumerate(seconds)]
        path = tmp_path / "timing" / f"{name}.json"
        timing.save(path, timing.Training("cifar10", depth=11), pd.concat(times), pd.DataFrame())
    _, found = outcome(Board(Results(tmp_path), "paper"), "linear-time")
    assert dict(zip(found.comparison, found.outcome, strict=True)) == {
        "bent, a machine": "no",
        "straight, a machine": "yes",
    }


def test_the_strip_has_a_mark_for_each_claim_under_each_protocol_that_leads_to_it(tmp_path):
    board = made_up(tmp_path, as_the_paper_says())
    shown = scorecard.strip(board.results, "notebooks/scorecard.html")
    rows = BeautifulSoup(shown.html, "html.parser").select(".strip")
    assert len(rows) == len(scorecard.QUESTIONS) == 3
    card = scorecard.scorecard(board.results, "paper")
    marks = rows[list(scorecard.QUESTIONS).index("paper")].select("li a")
    assert [mark["href"] for mark in marks] == [f"notebooks/scorecard.html#claim-{claim.id}" for claim in CLAIMS]
    assert [mark["title"] for mark in marks] == [f"{row.verdict}: {row.claim}" for row in card.itertuples()]
    assert [mark.get_text() for mark in marks] == [markup.mark(verdict) for verdict in card.verdict]
    assert f"{(card.verdict == 'holds').sum()} hold," in rows[0].p.get_text()
    nothing = f"From the released code: numbers not computed. Of {len(CLAIMS)} claims: {len(CLAIMS)} not measured"
    assert repr(shown).splitlines()[1].startswith(nothing)


def test_the_words_count_every_claim(tmp_path):
    told = scorecard.in_words(Results(tmp_path), "released-code")
    assert told == f"Of {len(CLAIMS)} claims under the released code: {len(CLAIMS)} not measured."


def test_every_verdict_has_a_mark_of_its_own_and_words():
    marks = [markup.mark(words) for words in scorecard._VERDICTS]
    assert len(set(marks)) == len(marks)
    for words in scorecard._VERDICTS:
        shown = BeautifulSoup(markup.verdict_html(words), "html.parser")
        assert shown.get_text() == f"{markup.mark(words)} {words}"
        assert shown.find(attrs={"aria-hidden": "true"}).get_text() == markup.mark(words)


def test_each_claim_tells_its_comparisons_and_how_many_seeds_would_decide_them(tmp_path):
    board = made_up(tmp_path, as_the_paper_says(), noise=2e-3)
    card = scorecard.scorecard(board.results, "paper")
    several = 0
    for claim in CLAIMS:
        found, row = effects(board, claim), card.loc[claim.id]
        for word in scorecard.OUTCOMES:
            assert row[word] == (found.outcome == word).sum(), claim.id
        needed = found["seeds to decide"]
        assert (needed.notna() == found.outcome.isin(["open", "(open)"])).all(), claim.id
        numbers = [each for each in needed if isinstance(each, int)]
        several += len(numbers) > 1
        assert all(each > seeds for each, seeds in zip(needed, found.seeds, strict=True) if isinstance(each, int))
        if row.open == len(numbers):
            assert row["seeds to decide"] == max(numbers) if numbers else np.isnan(row["seeds to decide"])
            assert not numbers or isinstance(row["seeds to decide"], int)
        else:
            assert row["seeds to decide"] in ("more than 1000", "unknown")
    assert several > 2
    assert card.open.sum() > 10


@pytest.fixture(scope="module")
def claimed(tmp_path_factory):
    return made_up(tmp_path_factory.mktemp("claimed"), as_the_paper_says()).results


def test_protocols_stand_side_by_side_with_the_verdicts_of_each(claimed):
    exhibit = scorecard.claims_table(claimed)
    assert exhibit.shows["from the text"].map(str).tolist() == scorecard.scorecard(claimed, "paper").verdict.tolist()
    assert set(exhibit.shows["from the code"].map(str)) == {"not measured"}
    assert exhibit.shows["in our words"].tolist() == [f"{claim.says} (Section {claim.section})" for claim in CLAIMS]
    assert ",not measured," in exhibit.shows.to_csv()


def test_each_verdict_is_seen_beside_its_claim_and_leads_to_its_comparisons(claimed):
    page = BeautifulSoup(scorecard.claims_table(claimed)._repr_html_(), "html.parser")
    headings = [cell.get_text() for cell in page.thead.find_all("th")]
    assert headings[:5] == ["claim", "from the text", "from the code", "reconstructed", "in our words"]
    below = BeautifulSoup(scorecard.every_comparison(claimed, "paper").html, "html.parser")
    for claim, row, block in zip(CLAIMS, page.tbody.find_all("tr"), below.find_all("details"), strict=True):
        (link,) = row.find_all("a", id=f"claim-{claim.id}")
        assert block.find(id=link["href"].removeprefix("#")) is not None
        assert claim.says in block.summary.get_text()
        assert len(row.select("td.deciding .verdict")) == 3


def test_every_comparison_is_told_with_its_outcome(claimed):
    board, below = Board(claimed, "paper"), scorecard.every_comparison(claimed, "paper")
    blocks = BeautifulSoup(below.html, "html.parser").find_all("details")
    for claim, block in zip(CLAIMS, blocks, strict=True):
        found = effects(board, claim)
        shown = [row.td.get_text() for row in block.select("tbody tr")]
        assert shown == found.outcome.tolist(), claim.id
        assert block.summary.get_text().startswith(f"{markup.mark(verdict(claim, found))} {verdict(claim, found)}: ")
        assert f"{claim.id}: {verdict(claim, found)}" in below.text


def test_the_claims_are_weighed_once_until_a_stored_file_is_another(tmp_path, monkeypatch):
    weighed = []

    def counted(board, claim):
        weighed.append(claim.id)
        return pd.DataFrame({"effect": [1.0]})

    monkeypatch.setattr(scorecard, "effects", counted)
    store = Results(tmp_path)
    first = scorecard.comparisons(store, "paper")
    first[CLAIMS[0].id].loc[0, "effect"] = 2.0
    again = scorecard.comparisons(store, "paper")
    assert again[CLAIMS[0].id].effect.tolist() == [1.0]
    assert len(weighed) == len(CLAIMS)
    scorecard.comparisons(store, "released-code")
    assert len(weighed) == 2 * len(CLAIMS)
    (tmp_path / "timing").mkdir()
    for seconds in ("1", "2"):
        new = tmp_path / "timing" / "new.json"
        new.write_text(f'{{"seconds": {seconds}}}')
        new.replace(tmp_path / "timing" / "cpu.json")
        weighed.clear()
        scorecard.comparisons(store, "paper")
        assert len(weighed) == len(CLAIMS), seconds
