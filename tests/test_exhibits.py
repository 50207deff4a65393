"""effaug.report.exhibits: figures and tables with their captions, numbers and origins."""

import base64
import io
import re

import matplotlib.pyplot as plt
import pandas as pd
import pytest
from bs4 import BeautifulSoup

from effaug.report.drawings import INK, svg
from effaug.report.exhibits import Exhibit, Exhibits, Origin
from effaug.report.markup import notes, table_html

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


def test_figures_that_are_drawn_alike_do_not_share_ids(figure):
    ids = [re.findall(r'\bid="([^"]+)"', Exhibit(name, figure, "F")._repr_html_()) for name in ("first", "second")]
    assert len(ids[0]) > 1
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


def test_the_deciding_columns_come_first_and_can_be_found():
    table = pd.DataFrame({"AUC": ["1"], "verdict": ["no"], "seeds": ["-"]}, index=pd.Index(["a<b"], name="claim"))
    page = BeautifulSoup(Exhibit("t", table, "T", deciding=("verdict",))._repr_html_(), "html.parser")
    assert [cell.get_text() for cell in page.thead.find_all("th")] == ["claim", "verdict", "AUC"]
    assert [cell.get_text() for cell in page.tbody.find_all(["th", "td"])] == ["a<b", "no", "1"]
    assert [cell.get_text() for cell in page.select(".deciding")] == ["verdict", "no"]
    assert page.tbody.find_all("td")[1]["class"] == ["number"]


def test_rows_have_one_head_that_says_all_of_their_key():
    index = pd.MultiIndex.from_tuples([("MNIST", "frozen"), ("MNIST", "refit")], names=["task", "features"])
    page = BeautifulSoup(table_html(pd.DataFrame({"AUC": ["1", "2"]}, index=index)), "html.parser")
    assert page.thead.th.get_text() == "task · features"
    first, second = page.tbody.find_all("th")
    assert (first.get_text(" "), second.get_text(" ")) == ("MNIST frozen", "MNIST refit")
    assert second.span["class"] == ["again"]
    assert first.span is None


def test_a_table_shown_in_part_is_downloaded_whole_and_can_be_folded():
    part = Exhibit("t", TABLE.head(1), "T", numbers=TABLE, fold="1 of 2 rows")
    page = BeautifulSoup(part._repr_html_(), "html.parser")
    assert page.details.summary.get_text() == "1 of 2 rows"
    assert len(page.details.tbody.find_all("tr")) == 1
    link = page.find("a", download="t.csv")["href"]
    assert len(base64.b64decode(link.split(",")[1]).splitlines()) == 3


def test_notes_show_what_is_missing_and_fold_the_rest():
    shown = notes(["Run `effaug run a<b`.", ""], ["The network is small."])
    page = BeautifulSoup(shown.html, "html.parser")
    assert page.p.code.get_text() == "effaug run a<b"
    assert page.details.li.get_text() == "The network is small."
    assert shown.text == "Run `effaug run a<b`.\n\nThe network is small."
    assert notes([], []).html == ""


def test_an_origin_without_files_is_its_commands():
    page = BeautifulSoup(Origin(pd.DataFrame(), ("effaug notebook run table_2",)).as_html(), "html.parser")
    assert page.table is None
    assert page.pre.get_text() == "effaug notebook run table_2"


def test_sentences_and_numbers_are_told_apart_for_their_layout():
    table = pd.DataFrame({"a": ["+1.50 ± 0.20"], "b": ["Loss is better than drawing at random."], "c": ["no"]})
    page = BeautifulSoup(table_html(table), "html.parser")
    assert [cell.get("class") for cell in page.tbody.find_all("td")] == [["number"], ["sentence"], None]


@pytest.fixture
def sheet():
    drawn = plt.figure(figsize=(6, 2))
    for part, name in zip(drawn.subfigures(1, 3), "abc", strict=True):
        part.add_axes((0.2, 0.2, 0.7, 0.7)).set_title(f"panel {name}")
    plt.close(drawn)
    return drawn


def test_panels_are_images_of_their_own_that_a_page_can_wrap(sheet):
    page = BeautifulSoup(Exhibit("f", sheet, "F", ("one", "two", "three"))._repr_html_(), "html.parser")
    each = page.figure.find_all("svg", recursive=False)
    assert [part["aria-label"] for part in each] == ["one", "two", "three"]
    assert [re.findall("panel .", part.get_text()) for part in each] == [["panel a"], ["panel b"], ["panel c"]]
    assert len({part["viewbox"].split()[2] for part in each}) == 1
    assert all(part.get_visible() for part in sheet.subfigs)  # as they were, for whoever saves the whole


def test_text_has_a_size_and_the_pages_font_and_colour(sheet):
    (first, *_) = BeautifulSoup(Exhibit("f", sheet, "F")._repr_html_(), "html.parser").find_all("svg")
    assert first["fill"] == "currentColor"
    assert all("font-size" in text["style"] and "font-family" not in text["style"] for text in first.find_all("text"))


def test_a_link_finds_an_exhibit_by_any_of_its_names(figure):
    page = BeautifulSoup(Exhibit("f-mnist", figure, "F", anchors=("f-5", "f-11"))._repr_html_(), "html.parser")
    assert page.figure["id"] == "f-mnist"
    assert [span["id"] for span in page.figure.find_all("span")[:2]] == ["f-5", "f-11"]
