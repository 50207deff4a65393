"""effaug.report.exhibits: figures and tables with their captions, numbers and origins."""

import base64
import io
import re

import matplotlib.pyplot as plt
import pandas as pd
import pytest
from bs4 import BeautifulSoup

from effaug.report.exhibits import INK, Exhibit, Exhibits, Origin, svg

TABLE = pd.DataFrame({"AUC": ["970.59", "968.10"]}, index=pd.Index(["random", "k-DPP <5>"], name="policy"))
FILES = pd.DataFrame({"file": ["results/mnist-rotate.csv"], "seeds": [20]}, index=pd.Index(["mnist"], name="task"))


@pytest.fixture
def figure():
    drawn, axes = plt.subplots()
    axes.plot([0, 1], [0, 1], color=INK)
    axes.set_title("a < b & c")
    plt.close(drawn)
    return drawn


def test_a_figure_is_svg_with_text_as_text_and_in_the_pages_ink(figure):
    text = svg(figure, 'a "line"')
    drawn = BeautifulSoup(text, "html.parser").svg
    assert drawn["aria-label"] == 'a "line"'
    assert "a < b & c" in drawn.get_text()
    assert "currentColor" in text
    assert INK not in text
    assert not drawn.has_attr("width")


def test_a_figure_is_drawn_alike_twice(figure):
    assert svg(figure, "") == svg(figure, "")


def test_no_two_figures_on_a_page_share_an_id(figure):
    other, axes = plt.subplots()
    axes.plot([0, 2], [3, 1], color="red")
    plt.close(other)
    ids = [re.findall(r'\bid="([^"]+)"', svg(each, "")) for each in (figure, other)]
    assert all(ids)
    assert not set(ids[0]) & set(ids[1])


def test_a_table_can_be_downloaded_as_it_is_shown():
    page = BeautifulSoup(Exhibit("table-3", TABLE, "Table 3")._repr_html_(), "html.parser")
    assert page.figure["id"] == "table-3"
    link = page.find("a", download="table-3.csv")["href"]
    read = pd.read_csv(io.BytesIO(base64.b64decode(link.split(",")[1])), index_col=0, dtype=str)
    pd.testing.assert_frame_equal(read, TABLE)


def test_an_origin_links_the_file_and_says_what_computes_it():
    page = BeautifulSoup(Origin(FILES, ("effaug run mnist-rotate --C 1 <x>",)).as_html(), "html.parser")
    assert page.a["href"] == "../results/mnist-rotate.csv"
    assert page.pre.get_text() == "effaug run mnist-rotate --C 1 <x>"


def test_text_for_comparison_has_caption_and_numbers():
    shown = repr(Exhibit("t", TABLE, "<b>Table 3.</b> Fine &amp; small"))
    assert shown.startswith("Table 3. Fine & small")
    assert "970.59" in shown


def test_several_are_shown_in_turn_and_none_says_so(figure):
    both = Exhibits((Exhibit("a", TABLE, "A"), Exhibit("b", figure, "B", alt="a line")))
    page = BeautifulSoup(both._repr_html_(), "html.parser")
    assert [found["id"] for found in page.find_all("figure")] == ["a", "b"]
    assert repr(Exhibits(())) == "Nothing to show."
