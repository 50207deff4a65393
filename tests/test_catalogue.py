"""effaug.report.catalogue: all tables and figures of the paper, and files of them that other programs read."""

import csv
import io
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pandas as pd
import pytest

from effaug.report import catalogue, numbering, tables
from effaug.report.exhibits import Exhibits
from effaug.report.labels import score_label, task_label
from effaug.report.published import published_aucs
from effaug.report.view import view_of
from effaug.study.results import Results

ROOT = Path(__file__).parent.parent
ENTRIES = {entry.name: entry for entry in catalogue.catalogue()}


def test_all_tables_and_figures_are_there_once_on_pages_that_exist():
    names = [f"table-{k}" for k in range(1, 21)] + [f"figure-{k}" for k in range(1, 18)]
    assert [entry.name for entry in catalogue.catalogue()] == names
    for entry in ENTRIES.values():
        assert (ROOT / "notebooks" / f"{entry.page}.ipynb").exists(), entry
    for number, rows in published_aucs().groupby("table"):
        named = f"{task_label(rows.task.iloc[0])}, by {score_label(rows.score.iloc[0])}"
        assert ENTRIES[f"table-{number}"].title == f"AUC, {named}"


def drawn_axes(number):
    return [axes for exhibit in ENTRIES[f"figure-{number}"].make(view_of(n_seeds=1)) for axes in exhibit.shows.axes]


@pytest.mark.parametrize(
    ("number", "datasets", "shows"),
    [
        (1, {"CIFAR-10", "small NORB"}, ("influence", "points")),
        (2, {"CIFAR-10", "small NORB"}, ("influence before", "after")),
        (6, {"MNIST", "CIFAR-10", "small NORB"}, ("training loss", "points")),
        (7, {"MNIST", "CIFAR-10", "small NORB"}, ("influence", "points")),
        (8, {"MNIST", "CIFAR-10", "small NORB"}, ("influence before", "after")),
    ],
)
def test_figures_of_scores_show_the_papers_data_sets_under_translation(number, datasets, shows):
    drawn = drawn_axes(number)
    assert {re.match("(.+?), shifted", axes.get_title(loc="left"))[1] for axes in drawn} == datasets
    assert {(axes.get_xlabel(), axes.get_ylabel()) for axes in drawn} == {shows}


_REFINED = {"random", "influence", "updated", "down-weighted", "both"}


@pytest.mark.parametrize(
    ("number", "policies"),
    [
        (3, {"random", "influence", "training loss", "support vectors"}),
        (4, _REFINED),
        (9, _REFINED),
        (10, _REFINED - {"influence"} | {"highest influence", "lowest influence"}),
        (14, {"random", "influence", "large margin", "small margin"}),
        (15, {"random", "influence", "clusters", "clusters, infl."}),
        (16, {"random", "influence", "k-DPP", "k-DPP, infl.", "greedy MAP", "greedy, infl."}),
    ],
)
def test_figures_of_policies_show_those_of_the_paper(number, policies):
    drawn = drawn_axes(number)
    labels = {text.get_text() for axes in drawn for text in axes.texts}
    assert labels - {"none", "all points", "10 %"} == policies
    assert all("rotated" in axes.get_title(loc="left") for axes in drawn) == (number == 4)


@pytest.mark.parametrize(("number", "dataset"), [(5, "MNIST"), (11, "MNIST"), (12, "CIFAR-10"), (13, "small NORB")])
def test_extreme_points_are_of_the_papers_data_set(number, dataset):
    exhibits = ENTRIES[f"figure-{number}"].make(view_of(n_seeds=1))
    assert exhibits[0].anchors == (f"figure-{number}",)
    assert all(exhibit.caption.startswith(f"<b>Figure {number}, {dataset}, shifted") for exhibit in exhibits)


@pytest.mark.parametrize("number", numbering.OWN)
def test_our_own_figures_are_on_pages_that_exist(number):
    assert (ROOT / "notebooks" / f"{numbering.PAGES[number]}.ipynb").exists()


def test_links_name_every_entry():
    found = re.findall(r'href="there/(\w+)\.html#([\w-]+)"', catalogue.links("there"))
    assert {name: page for page, name in found} == {name: entry.page for name, entry in ENTRIES.items()}


def test_our_own_figures_are_linked_where_a_page_shows_them():
    found = dict(re.findall(r'href="there/(\w+)\.html#figure-(e\d+)"', catalogue.own_links("there")))
    assert len(found) >= 7
    for page, number in found.items():
        assert numbering.OWN[number.upper()][1] == page or number in ("e8", "e9")
        assert f'id=\\"figure-{number}\\"' in (ROOT / "notebooks" / f"{page}.ipynb").read_text(), page


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    folder, view = tmp_path_factory.mktemp("exported"), view_of(n_seeds=20)
    return folder, catalogue.export(view, folder), view


@pytest.mark.slow
def test_every_table_is_csv_and_latex_and_every_figure_svg_and_pdf(exported):
    folder, written, _ = exported
    names = {path.name for path in folder.iterdir()}
    assert {path.name for path in written} == names
    tables_written = {name for name in names if name.startswith("table")}
    assert tables_written == {f"table-{k}{suffix}" for k in range(1, 21) for suffix in (".csv", ".tex")}
    figures_written = {name.rpartition(".")[0] for name in names - tables_written}
    assert {re.match(r"figure-\d+", name)[0] for name in figures_written} == {f"figure-{k}" for k in range(1, 18)}
    assert all(f"{name}{suffix}" in names for name in figures_written for suffix in (".svg", ".pdf"))
    assert "figure-3-mnist-refit.csv" in names
    for path in folder.glob("*.svg"):
        assert ET.parse(path).getroot().tag.endswith("svg")
    for path in folder.glob("*.pdf"):
        assert path.read_bytes().startswith(b"%PDF")
        assert path.read_bytes().rstrip().endswith(b"%%EOF")


@pytest.mark.slow
def test_exported_tables_are_those_of_the_pages(exported):
    folder, _, view = exported
    task, score = "cifar10-crop", "loss"
    expected = tables.auc_table(view, task, "frozen", score)
    number = tables.table_number(task, score)
    rows = list(csv.reader(io.StringIO((folder / f"table-{number}.csv").read_text())))
    assert rows[0] == ["policy", *expected.columns]
    assert [row[:2] for row in rows[1:]] == [[name, value] for name, value in expected["AUC"].items()]
    tex = (folder / f"table-{number}.tex").read_text()
    assert all(f"\\{rule}" in tex for rule in ("toprule", "midrule", "bottomrule"))
    assert f"random proportional & {expected['AUC']['random_proportional']} &" in tex


def test_latex_escapes_text_and_leaves_formulas():
    frame = pd.DataFrame({"a_b": ["5 %", r"\(s_i^{-1}\)", "x & y", "\\"], "n": [1, 2, 3, 4]}).set_index("a_b")
    body = catalogue.latex(frame, "90 % of_it").splitlines()
    assert r"\caption{90 \% of\_it}" in body
    assert r"a\_b & n \\" in body
    assert [line for line in body if line[:1] in "5xs\\" and " & " in line and "a\\_b" not in line] == [
        r"5 \% & 1 \\",
        r"\(s_i^{-1}\) & 2 \\",
        r"x \& y & 3 \\",
        r"\textbackslash  & 4 \\",
    ]


def test_a_figure_without_results_says_what_is_missing(tmp_path):
    view = view_of(Results(tmp_path))
    for name in ("figure-5", "figure-12", "figure-3", "figure-16", "figure-17"):
        made = ENTRIES[name].make(view)
        assert isinstance(made, Exhibits)
        assert len(made) == 0
    assert "No results yet" in repr(ENTRIES["figure-13"].make(view))
    assert set(ENTRIES["table-7"].make(view)["AUC"]) == {"-"}
