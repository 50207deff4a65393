"""judging: outcomes by Holm's procedure and intervals that agree with them, errors as rare as told, verdicts."""

import itertools

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from effaug.report import judging
from effaug.report.claims import Claim
from effaug.report.judging import OUTCOMES, judged, most_seeds, verdict
from effaug.report.panels import Effect
from effaug.report.published import DATASETS
from effaug.report.statistics import ANY, interval


def seeds(values):
    return pd.Series(values, dtype=float)


def around(mean, spread, n=8):
    """Values of exactly that mean and standard deviation."""
    values = stats.norm.ppf((np.arange(n) + 0.5) / n)
    return seeds(mean + spread * values / values.std(ddof=1))


def alone(values, side="above", bound=0.0, **rest):
    return judged([Effect("here", values, side, bound, **rest)]).iloc[0]


@pytest.mark.parametrize(
    ("values", "side", "bound", "margin", "expected"),
    [
        ([1.0, 1.1, 0.9, 1.0], "above", 0, 0, "yes"),
        ([1.0, 1.1, 0.9, 1.0], "above", 2, 0, "no"),
        ([1.0, -1.1, 0.9, -1.0], "above", 0, 0, "open"),
        ([1.0, 1.1, 0.9, 1.0], "below", 0, 0, "no"),
        ([1.0, 1.1, 0.9, 1.0], "below", 2, 0, "yes"),
        ([0.1, -0.1, 0.1, 0.0], "within", 1, 0, "yes"),
        ([3.0, 3.1, 2.9, 3.0], "within", 1, 0, "no"),
        ([-3.0, -3.1, -2.9, -3.0], "within", 1, 0, "no"),
        ([3.0, -3.0, 3.0, -3.0], "within", 1, 0, "open"),
        ([0.1, -0.1, 0.1, 0.0], "above", 0, 0.5, "equal"),
        ([0.1, -0.1, 0.1, 0.0], "below", 0, 0.5, "equal"),
        ([0.1, -0.1, 0.1, 0.0], "above", 0, 0.1, "open"),
        ([0.1, -0.1, 0.1, 0.0], "above", 0, 0, "open"),
        ([0.10, 0.11, 0.09, 0.10], "above", 0, 0.5, "yes"),  # small, but above
        ([0.10, 0.11, 0.09, 0.10], "below", 0, 0.5, "no"),
        ([-0.10, -0.11, -0.09, -0.10], "above", 0, 0.5, "no"),
        ([0.5], "above", 0.2, 0, "open"),
        ([0.0], "above", 0, 0.5, "open"),
        ([], "above", 0.5, 0.5, "empty"),
    ],
)
def test_outcomes(values, side, bound, margin, expected):
    found = alone(seeds(values), side, bound, margin=margin)
    assert found.outcome == expected
    assert found.seeds == len(values)
    if values:
        assert found.effect == pytest.approx(np.mean(values))
        assert found.low <= found.effect <= found.high
    empty = alone(seeds(values), side, bound, margin=margin, empty=True)
    assert empty.outcome == "empty"
    assert np.isnan([empty.low, empty.high]).all()
    stand_in = alone(seeds(values), side, bound, margin=margin, stand_in=True)
    assert stand_in.outcome == (f"({expected})" if values else "empty")


@pytest.mark.parametrize(
    ("value", "side", "bound", "margin", "expected"),
    [
        (0.1, "above", 0, 0.5, "yes"),
        (-0.1, "above", 0, 0.5, "no"),
        (0.0, "above", 0, 0.5, "equal"),
        (0.0, "below", 0, 0.5, "equal"),
        (96.4 - 96.5, "above", -0.1, 0, "no"),  # on the bound, but for its rounding
        (96.5 - 96.4, "above", 0.1, 0, "no"),
        (0.3, "below", 1, 0, "yes"),
        (0.3, "within", 1, 0, "yes"),
        (-1.0, "within", 1, 0, "no"),
        (3.0, "within", 1, 0, "no"),
    ],
)
def test_what_is_not_random_has_an_outcome_and_no_interval(value, side, bound, margin, expected):
    found = alone(pd.Series([value], index=[ANY]), side, bound, margin=margin)
    assert found.outcome == expected
    assert np.isnan([found.low, found.high]).all()
    assert np.isnan(found["seeds to decide"])


def test_only_what_counts_and_is_random_is_corrected_for():
    barely = Effect("barely", around(1, 1.1), "above")
    low, high = interval(barely.values, 0.95)
    assert low > 0 > interval(barely.values, 0.975)[0]
    beside = {
        "a stand-in": Effect("it", around(0, 1), "above", stand_in=True),
        "an empty one": Effect("it", around(0, 1), "above", empty=True),
        "one without seeds": Effect("it", seeds([]), "above"),
        "an exact one": Effect("it", pd.Series([1.0], index=[ANY]), "above"),
    }
    for what, other in beside.items():
        found = judged([barely, other]).iloc[0]
        assert found.outcome == "yes", what
        assert [found.low, found.high] == [low, high], what
    assert judged([barely, Effect("it", around(0, 1), "above")]).outcome.tolist() == ["open", "open"]
    assert judged([barely, Effect("it", around(9, 1), "above")]).outcome.tolist() == ["yes", "yes"]


def test_each_interval_is_that_of_its_step():
    effects = [Effect(str(k), around(mean, 1), "above", margin=0.5) for k, mean in enumerate((9, 1.05, 0.6))]
    found = judged(effects)
    assert found.outcome.tolist() == ["yes", "yes", "open"]
    levels = (1 - 0.05 / 3, 1 - 0.05 / 2, 1 - 0.05 / 3)  # the last is open to both questions, the second at m = 3
    for row, effect, level in zip(found.itertuples(), effects, levels, strict=True):
        np.testing.assert_allclose([row.low, row.high], interval(effect.values, level))
    (row,) = judged([Effect(e.where, e.values, e.side) for e in effects]).iloc[2:].itertuples()
    np.testing.assert_allclose([row.low, row.high], interval(effects[2].values, 0.95))


def random_families(trials, m, n, margin, draw, seed=0):
    rng = np.random.default_rng(seed)
    for _ in range(trials):
        means, values = draw(rng, m), rng.normal(size=(m, n))
        yield means, [Effect(str(k), seeds(means[k] + values[k]), "above", margin=margin) for k in range(m)]


def bonferroni(effects):
    """Outcomes by the same intervals, all at one level."""
    for effect in effects:
        low, high = effect.interval(1 - 0.05 / len(effects))
        inside = -effect.margin < low and high < effect.margin
        yield "yes" if low > 0 else "no" if high < 0 else "equal" if inside else "open"


def test_outcomes_agree_with_their_intervals_and_holm_decides_whatever_bonferroni_does():
    more = 0
    for _, effects in random_families(60, 6, 6, 1.5, lambda rng, m: rng.choice([-2.0, 0, 0, 1, 2], m)):
        found = judged(effects)
        for row, single in zip(found.itertuples(), bonferroni(effects), strict=True):
            inside = row.low > -1.5 and row.high < 1.5
            assert row.outcome == ("yes" if row.low > 0 else "no" if row.high < 0 else "equal" if inside else "open")
            assert single == "open" or row.outcome == single or (single == "equal" and row.outcome in ("yes", "no"))
            more += single == "open" and row.outcome != "open"
    assert more > 10


N = 10
ERROR = 1 / np.sqrt(N)  # of a mean
NULLS = {
    "no difference": (0.0, lambda rng, m: np.zeros(m)),
    "some without a difference": (0.0, lambda rng, m: np.where(np.arange(m) < m // 2, 0, 5.0)),
    "none, a margin that many reach": (6 * ERROR, lambda rng, m: np.zeros(m)),
    "none, a margin that few reach": (5 * ERROR, lambda rng, m: np.zeros(m)),
    "differences of the margin itself": (6 * ERROR, lambda rng, m: rng.choice([-1, 1], m) * 6 * ERROR),
    "small differences": (0.0, lambda rng, m: np.full(m, 0.3 * ERROR)),
}


@pytest.mark.parametrize("case", NULLS)
def test_a_familys_wrong_outcomes_are_as_rare_as_they_should_be(case):
    """One wrong yes or no in at most 5 % of the families, and one wrong equal in at most 5 %."""
    margin, draw = NULLS[case]
    trials, wrong, wrongly_equal = 300, 0, 0
    for means, effects in random_families(trials, 8, N, margin, draw):
        outcomes = judged(effects).outcome.to_numpy()
        wrong += (((outcomes == "yes") & (means <= 0)) | ((outcomes == "no") & (means >= 0))).any()
        wrongly_equal += ((outcomes == "equal") & (abs(means) >= margin)).any()
    allowed = 0.05 * trials + 3 * np.sqrt(0.05 * 0.95 * trials)
    assert wrong <= allowed
    assert wrongly_equal <= allowed
    if case == "no difference":
        assert wrong >= 0.05 * trials - 3 * np.sqrt(0.05 * 0.95 * trials)  # not by deciding nothing


@pytest.mark.parametrize(
    ("mean", "spread", "side", "bound", "margin", "distance"),
    [
        (1.0, 3.0, "above", 0, 0, 1.0),
        (1.0, 3.0, "below", 0, 0, 1.0),
        (0.7, 2.0, "above", 1, 0, 0.3),
        (0.1, 1.0, "above", 0, 0.5, 0.4),  # sooner equal than above
        (0.4, 1.0, "above", 0, 0.5, 0.4),  # sooner above than equal
        (-0.8, 1.0, "within", 1, 0, 0.2),
        (1.2, 1.0, "within", 1, 0, 0.2),
    ],
)
def test_so_many_seeds_would_decide(mean, spread, side, bound, margin, distance):
    found = alone(around(mean, spread), side, bound, margin=margin)
    assert found.outcome == "open"
    needed = found["seeds to decide"]
    assert needed == pytest.approx((stats.norm.ppf(0.975) * spread / distance) ** 2 + 2, abs=2)
    reach = [stats.t.ppf(0.975, n - 1) * spread / np.sqrt(n) for n in (needed, needed - 1)]
    assert reach[0] < distance <= reach[1]
    if needed < 15:
        assert alone(around(mean, spread, needed), side, bound, margin=margin).outcome != "open"


def test_seeds_to_decide_beyond_a_thousand_and_of_a_single_seed():
    assert alone(around(0.01, 1.0))["seeds to decide"] == "more than 1000"
    assert alone(around(0.0, 1.0))["seeds to decide"] == "more than 1000"
    assert alone(seeds([1.0]))["seeds to decide"] == "unknown"
    assert np.isnan(alone(around(9.0, 1.0))["seeds to decide"])
    several = judged([Effect(str(k), around(mean, 1.0), "above") for k, mean in enumerate((0.3, 0.5, 9.0))])
    first, second, _ = several["seeds to decide"]
    assert first > second > 8
    assert most_seeds(several) == first
    assert most_seeds(judged([Effect("it", around(0.01, 1.0), "above"), Effect("it", seeds([1.0]), "above")])) == (
        f"more than {judging.MOST_SEEDS}"
    )
    assert np.isnan(most_seeds(several.iloc[2:]))
    assert np.isnan(most_seeds(judged([Effect("it", around(0.3, 1.0), "above", stand_in=True)])))


def told(outcomes, where=()):
    """A table of comparisons that have these outcomes, each on a data set."""
    tasks = [f"{dataset}-crop" for dataset in where] or [f"task {k}" for k in range(len(outcomes))]
    return pd.DataFrame({"comparison": tasks, "outcome": outcomes}, dtype=object)


def claimed(holds, *datasets):
    return Claim("id", "1", "It is so.", "a number: above 0", holds, datasets)


SO_FAR, IN_PART, NOT, UNDECIDED = "holds so far", "holds in part", "does not hold", "undecided"
TRUTH = [  # yes, against, open; verdict of a claim about every, most, many, some
    ((0, 0, 1), UNDECIDED, UNDECIDED, UNDECIDED, UNDECIDED),
    ((0, 1, 0), NOT, UNDECIDED, UNDECIDED, UNDECIDED),  # one comparison refutes only what is said of every
    ((1, 0, 0), SO_FAR, SO_FAR, SO_FAR, SO_FAR),  # and confirms nothing
    ((0, 0, 3), UNDECIDED, UNDECIDED, UNDECIDED, UNDECIDED),
    ((0, 1, 2), NOT, UNDECIDED, UNDECIDED, UNDECIDED),
    ((0, 2, 1), NOT, NOT, NOT, UNDECIDED),
    ((0, 3, 0), NOT, NOT, NOT, NOT),
    ((1, 0, 2), SO_FAR, SO_FAR, SO_FAR, "holds"),
    ((1, 1, 1), IN_PART, UNDECIDED, UNDECIDED, "holds"),
    ((1, 2, 0), IN_PART, NOT, NOT, "holds"),  # one of three is not many
    ((2, 0, 1), SO_FAR, "holds", "holds", "holds"),
    ((2, 1, 0), IN_PART, "holds", "holds", "holds"),
    ((3, 0, 0), "holds", "holds", "holds", "holds"),
    ((2, 0, 7), SO_FAR, SO_FAR, SO_FAR, "holds"),
    ((3, 0, 6), SO_FAR, SO_FAR, "holds", "holds"),
    ((3, 6, 0), IN_PART, NOT, "holds", "holds"),
    ((2, 3, 4), IN_PART, UNDECIDED, UNDECIDED, "holds"),
    ((2, 5, 2), IN_PART, NOT, UNDECIDED, "holds"),
    ((0, 7, 2), NOT, NOT, NOT, UNDECIDED),
]


@pytest.mark.parametrize(("counts", "every", "most", "many", "some"), TRUTH)
@pytest.mark.parametrize("against", ["no", "equal"])
def test_verdicts(counts, every, most, many, some, against):
    outcomes = [word for word, n in zip(("yes", against, "open"), counts, strict=True) for _ in range(n)]
    for holds, expected in {"every": every, "most": most, "many": many, "some": some}.items():
        uncounted = ["empty", "(yes)", "(no)", "(equal)", "(open)"]
        assert verdict(claimed(holds), told(outcomes)) == expected, holds
        assert verdict(claimed(holds), told(outcomes + uncounted)) == expected, holds


@pytest.mark.parametrize("holds", ["every", "most", "many", "some"])
def test_verdicts_mean_what_their_names_say_in_every_combination(holds):
    for outcomes in itertools.chain.from_iterable(
        itertools.combinations_with_replacement(("yes", "no", "equal", "open"), n) for n in range(1, 7)
    ):
        found, yes = verdict(claimed(holds), told(outcomes)), outcomes.count("yes")
        against, still_open = outcomes.count("no") + outcomes.count("equal"), outcomes.count("open")
        assert found in ("holds", SO_FAR, IN_PART, NOT, UNDECIDED)
        assert found != "holds" or (yes and len(outcomes) > 1)
        assert found != SO_FAR or (yes and not against)
        assert found != IN_PART or (yes and against)
        assert found != NOT or against
        assert found != UNDECIDED or still_open or len(outcomes) == 1
        if found == "holds":  # whatever is open, it stays
            settled = [word if word != "open" else "no" for word in outcomes]
            assert verdict(claimed(holds), told(settled)) == "holds"
        if found == NOT and holds != "every":
            settled = [word if word != "open" else "yes" for word in outcomes]
            assert verdict(claimed(holds), told(settled)) == NOT


@pytest.mark.parametrize(
    ("holds", "datasets", "outcomes", "where", "expected"),
    [
        ("every", ("cifar10", "smallnorb"), "yes yes", "cifar10 smallnorb", "holds"),
        ("every", ("cifar10", "smallnorb"), "yes yes", "norb norb", SO_FAR),
        ("every", ("cifar10", "smallnorb"), "yes yes (yes)", "smallnorb smallnorb cifar10", SO_FAR),
        ("every", ("cifar10", "smallnorb"), "yes yes empty", "smallnorb smallnorb cifar10", SO_FAR),
        ("every", ("cifar10", "smallnorb"), "yes no", "smallnorb smallnorb", IN_PART),
        ("every", ("cifar10", "smallnorb"), "no no", "smallnorb smallnorb", NOT),  # one exception refutes it
        ("every", ("smallnorb",), "yes yes", "smallnorb smallnorb", "holds"),
        ("every", ("smallnorb",), "yes", "smallnorb", SO_FAR),
        ("every", DATASETS, "yes yes yes", "mnist cifar10 smallnorb", "holds"),
        ("every", DATASETS, "yes yes", "mnist cifar10", SO_FAR),
        ("most", DATASETS, "yes yes no", "mnist cifar10 smallnorb", "holds"),
        ("most", DATASETS, "yes yes no", "mnist cifar10 cifar10", IN_PART),
        ("most", DATASETS, "yes yes open", "mnist cifar10 cifar10", SO_FAR),
        ("most", DATASETS, "no no open", "mnist cifar10 cifar10", UNDECIDED),  # NORB could still tip it
        ("most", DATASETS, "no equal open", "mnist cifar10 smallnorb", NOT),
        ("many", DATASETS, "yes yes no no", "smallnorb smallnorb cifar10 mnist", IN_PART),  # on one data set alone
        ("many", DATASETS, "yes yes open open", "smallnorb smallnorb cifar10 mnist", SO_FAR),
        ("many", DATASETS, "yes yes no no", "smallnorb cifar10 cifar10 mnist", "holds"),
        ("some", DATASETS, "yes no", "smallnorb smallnorb", "holds"),  # an example is an example
        ("some", DATASETS, "no no", "smallnorb smallnorb", UNDECIDED),
        ("some", DATASETS, "no no equal", "smallnorb cifar10 mnist", NOT),
    ],
)
def test_verdicts_rest_on_the_data_sets_that_a_claim_speaks_of(holds, datasets, outcomes, where, expected):
    assert verdict(claimed(holds, *datasets), told(outcomes.split(), where.split())) == expected


def test_a_comparison_of_two_data_sets_is_about_both():
    rows = told(["yes", "yes"])
    rows["comparison"] = ["smallnorb-crop less mnist-crop", "smallnorb-crop less cifar10-crop"]
    assert verdict(claimed("every", *DATASETS), rows) == "holds"
    assert verdict(claimed("every", *DATASETS), rows.iloc[[0, 0]]) == SO_FAR


def test_without_comparisons_nothing_is_measured():
    assert verdict(claimed("every"), judged([])) == "not measured"
    assert verdict(claimed("some", *DATASETS), told(["empty", "(yes)"])) == "not measured"
    assert set(judged([Effect("it", around(9, 1), "above")]).outcome) <= set(OUTCOMES)
