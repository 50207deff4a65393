"""effaug.report.page_tables: the tables beside the figures, and what their captions say they come to."""

import re

import pandas as pd
import pytest

from effaug.report import comparisons, page_tables
from effaug.report.labels import policy_label
from effaug.report.numbers import OWN
from effaug.report.parameters import STORED
from effaug.report.view import view_of
from effaug.study import timing
from effaug.study.results import Results

OF_VIEWS = (
    page_tables.tasks,
    page_tables.scores,
    page_tables.correlations,
    page_tables.main_claim,
    page_tables.refinements,
    page_tables.deterministic,
    page_tables.others,
    page_tables.against_influence,
)


@pytest.fixture(scope="module")
def view():
    return view_of(dataset="digits", n_seeds=20)


@pytest.mark.parametrize("make", OF_VIEWS)
def test_tables_have_numbers_of_their_own_origins_and_no_identifiers(view, make):
    made = make(view)
    assert re.match(rf"<b>Table E([1-9]|1\d|2\d|{len(OWN)})( \([\w ]+\))?\.</b>", made.caption)
    assert "results/digits-crop.csv" in made.origin.as_html()
    assert set(made.deciding) <= set(made.shows.columns)
    said = made.shows.reset_index().to_string()
    assert not [name for name in ("random_proportional", "digits-crop", "baseline") if name in said]


@pytest.mark.parametrize("make", OF_VIEWS)
def test_no_results_are_no_traceback(tmp_path, make):
    assert make(view_of(Results(tmp_path), dataset="smallnorb"))._repr_html_()


def test_the_main_claims_caption_counts_its_rows(view):
    gaps = comparisons.main_claim(view)["random proportional - full"]
    near = int((gaps >= -0.5).sum())
    assert 0 < near < len(gaps)
    assert f"is at most 0.5 below it in {near} of {len(gaps)} rows." in page_tables.main_claim(view).caption


def test_a_column_of_the_main_claim_decides(view):
    made = page_tables.main_claim(view)
    assert len(made.deciding) == 1
    assert policy_label("random_proportional") in made.deciding[0]


def test_refinements_say_what_updating_changes(view):
    found = pd.to_numeric(comparisons.refinement_table(view)["update"])
    caption = page_tables.refinements(view).caption
    assert f"changes it by {found.min():.1f} to {found.max():.1f}." in caption


def test_parts_of_a_table_are_told_apart(view):
    assert page_tables.main_claim(view).name != page_tables.main_claim(view, "other").name
    assert page_tables.others(view).name != page_tables.against_influence(view).name


def test_times_are_from_their_devices_file():
    times = timing.load(STORED / "timing")
    for made in (page_tables.epochs(times), page_tables.selection(times)):
        assert "results/timing/cpu.json" in made.origin.as_html()
        assert len(made.shows)
    assert f"saves {page_tables.selection(times).shows['saved'].iloc[0]}" in page_tables.selection(times).caption
