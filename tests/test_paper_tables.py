"""effaug.report.paper_tables: the paper's tables as pages show them."""

import html
import re

import pandas as pd
import pytest
from bs4 import BeautifulSoup

from effaug.report import paper_tables, reconstruction, tables
from effaug.report.view import view_of


@pytest.fixture(scope="module")
def digits():
    return view_of(dataset="digits", n_seeds=2)


@pytest.fixture(scope="module")
def cifar10():
    return view_of(dataset="cifar10", protocol="reconstruction", n_seeds=20)


def test_table_1_says_what_the_best_tenth_loses(digits):
    exhibit, plain = paper_tables.table_1(digits), tables.table_1(digits)
    gaps = [round(float(best) - float(full), 1) for best, full in zip(plain["best 10%"], plain.full, strict=True)]
    assert [float(gap) for gap in exhibit.shows["best 10 % \u2212 all"]] == gaps
    reached = sum(gap >= 0 for gap in gaps)
    assert f"gives in {reached} of our {len(gaps)} rows" in exhibit.caption
    assert f"at most {-min(gaps):.1f} points behind" in exhibit.caption
    page = BeautifulSoup(exhibit._repr_html_(), "html.parser")
    assert page.thead.find_all("th")[1].get_text() == "best 10\u00a0% \u2212 all"
    assert page.thead.find_all("th")[1]["class"] == ["deciding", "number"]


def test_a_published_row_is_not_counted_as_ours():
    exhibit = paper_tables.table_1(view_of(dataset="cifar10", augmentation="translate", n_seeds=20))
    assert len(exhibit.shows) == 2
    assert "of our 1 rows" in exhibit.caption
    assert set(exhibit.shows.index.get_level_values("source")) == {"ours, frozen features", "published"}


def test_auc_tables_say_how_far_the_published_ones_are(cifar10):
    exhibits = paper_tables.auc_tables(cifar10)
    assert [each.name for each in exhibits] == [f"table-{k}" for k in (4, 7, 10, 13, 16, 19)]
    for exhibit in exhibits:
        away = exhibit.shows["ours \u2212 published"].astype(float).abs()
        median, largest = re.search(r"Ours are ([\d.]+) of 1000 .* ([\d.]+) at most", exhibit.caption).groups()
        assert float(median) == pytest.approx(away.median(), abs=0.051)
        assert float(largest) == pytest.approx(away.max(), abs=0.051)
        assert exhibit.origin.files.index.get_level_values("task").nunique() == 1


def test_what_the_paper_has_no_table_of_is_folded_and_says_which_policy_is_best(digits):
    exhibits = paper_tables.auc_tables(digits)
    assert len(exhibits) == 6
    for exhibit in exhibits:
        assert exhibit.fold
        areas = exhibit.shows.ours.astype(float)
        assert f"The highest is {areas.idxmax()}, {areas.max():.1f}; random" in exhibit.caption
        page = BeautifulSoup(exhibit._repr_html_(), "html.parser")
        assert "published" not in page.thead.get_text()
        assert page.details.table is not None


def test_no_identifier_is_shown(digits, cifar10):
    shown = [paper_tables.table_1(digits), paper_tables.table_2(), *paper_tables.auc_tables(cifar10)]
    for exhibit in shown:
        page = BeautifulSoup(exhibit._repr_html_(), "html.parser")
        for table in page.find_all("table")[:1]:
            cells = [cell.get_text() for cell in table.find_all(["th", "td"]) if "\\(" not in cell.get_text()]
            assert not [cell for cell in cells if "_" in cell or "cifar10" in cell], exhibit.name


def test_an_auc_that_is_missing_is_said_in_the_caption():
    assert paper_tables._comes_to(pd.DataFrame({"AUC": ["-"]})) == "Nothing is computed yet."


def test_table_2_leaves_formulas_to_the_page():
    exhibit = paper_tables.table_2("paper")
    assert html.unescape(exhibit.caption).startswith("<b>Table 2.</b> 11 policies")
    assert exhibit.shows.loc["random", "selection"] == r"\(P(z_i) = 1 / n\)"
    assert "effaug notebook run table_2 -p variants=paper --html" in exhibit.origin.commands


def test_the_order_of_policies_is_told_by_data_set(cifar10):
    pairs = reconstruction.published_pairs(cifar10.results, "reconstruction")
    exhibit = paper_tables.order(pairs, cifar10)
    ranks = exhibit.shows["rank correlation"].astype(float)
    median = ranks[ranks.index.get_level_values("task").str.startswith("CIFAR-10")].median()
    assert float(re.search(r"([\d.]+) on CIFAR-10", exhibit.caption)[1]) == pytest.approx(median, abs=0.006)
    assert len(exhibit.shows) == 18
    assert paper_tables.order(pairs.head(0), cifar10).shows.empty
