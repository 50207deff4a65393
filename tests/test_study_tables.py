"""effaug.report.study_tables: our own tables as pages show them, and effaug.report.numbers, which numbers them."""

import re

import pytest

from effaug.report import discrepancies, numbers, reconstruction, sensitivity, study_tables, withstood
from effaug.report.panels import NINE
from effaug.report.parameters import STORED
from effaug.report.view import view_of
from effaug.study.results import Results

RESULTS = Results(STORED)


@pytest.fixture(scope="module")
def found():
    return sensitivity.sensitivity(RESULTS, tuple(task for task in NINE if task.endswith("crop")))


def test_no_two_tables_have_one_number():
    assert len({numbers.own_number(name) for name in numbers.OWN}) == len(numbers.OWN)
    assert numbers.own_anchor(numbers.OWN[1], "x") == "table-e2-x"


def test_agreement_is_told_for_each_protocol():
    exhibit = study_tables.agreement(RESULTS)
    plain = reconstruction.agreement(RESULTS, ("paper",))["median |difference|"]["paper", "all"]
    assert re.search(r"the text: ([\d.]+)", exhibit.caption)[1] == f"{plain:.1f}"
    assert set(exhibit.origin.files.protocol) >= {"the text", "the released code"}
    assert exhibit.shows["rank correlation"].str.fullmatch(r"-?\d\.\d\d").all()


def test_the_reconstruction_is_named_where_combinations_are_compared():
    (exhibit,) = study_tables.distances(view_of(dataset="cifar10"))
    assert "the released code, network = cifar10-depth56" in exhibit.caption
    assert exhibit.shows.index[0] in exhibit.caption
    assert "The other networks are cifar10-depth56-epoch20 and cifar10-depth56." in exhibit.caption
    repeated = exhibit.shows.index.str.contains("depth56")
    assert exhibit.shows.index.str.endswith(", in the mean of 3 networks").tolist() == repeated.tolist()
    assert len(exhibit.origin.files) == 3 * (len(exhibit.shows) + 2 * repeated.sum())


def test_captions_count_where_influence_is_ahead(found):
    view = view_of(augmentation="crop", features="frozen")
    exhibit = study_tables.varied(view, found)
    ahead = (found["influence - baseline"] > 0).sum()
    assert f"in {ahead} of {len(found)} settings" in exhibit.caption
    assert "C = 10.0" in exhibit.shows.index.get_level_values("regularisation")
    assert len(exhibit.origin.files) == len(found)
    some = study_tables.gains(RESULTS, found)
    assert f" of {len(some.shows)} settings" in some.caption
    assert len(some.shows) < len(found)
    rank = sensitivity.gain_correlation(found)["rank correlation"]["all"]
    assert f"rank correlation {rank:.2f}" in study_tables.correlation(RESULTS, found).caption


def test_choices_count_the_intervals_without_0():
    plain = discrepancies.isolated(RESULTS, "paper").astype(float)
    exhibit = study_tables.choices(RESULTS, "paper")
    clear = ((plain.low > 0) | (plain.high < 0)).sum()
    assert f"excludes 0 in {clear} of {len(plain)} rows" in exhibit.caption
    first = plain.iloc[0]
    assert exhibit.shows["95 % interval"].iloc[0] == f"{first.low:.2f} to {first.high:.2f}"


def test_shares_of_the_mean_image_are_told_with_the_files_of_each():
    plain = reconstruction.mean_kept(RESULTS)
    exhibit = study_tables.mean_kept(RESULTS)
    assert len(exhibit.shows) == len(plain) == len(exhibit.origin.files)
    assert exhibit.shows["rank correlation"].astype(float).tolist() == plain["rank correlation"].tolist()
    whole = plain.xs("100 %", level="kept")
    assert f"100 % kept: {whole.difference.min():.0f} to {whole.difference.max():.0f} and " in exhibit.caption
    assert "60 % kept" not in exhibit.caption  # of one task alone


def test_every_fault_is_counted_with_the_machine_and_the_code():
    exhibit = study_tables.faults(STORED)
    assert f"{withstood.counts(STORED).times.sum():,} faults" in exhibit.caption
    assert exhibit.origin.files.code.str.startswith("effaug ").all()
    one = study_tables.targets(STORED, "killed")
    assert set(one.shows.index.get_level_values("fault")) == {"killed"}
    assert "effaug notebook run withstood -p fault=killed --html" in one.origin.commands


def test_nothing_stored_makes_tables_without_rows_not_tracebacks(tmp_path):
    store = Results(tmp_path)
    view, none = view_of(store), sensitivity.sensitivity(store, NINE)
    shown = [study_tables.choices(store, "paper"), study_tables.ridge(store), study_tables.seeds(store, "paper")]
    shown += [study_tables.varied(view, none), study_tables.gains(store, none), study_tables.correlation(store, none)]
    shown.append(study_tables.mean_kept(store))
    for exhibit in [*shown, study_tables.longer_training(view), *study_tables.side_by_side(view)]:
        assert exhibit.shows.empty, exhibit.name
        assert exhibit._repr_html_()
