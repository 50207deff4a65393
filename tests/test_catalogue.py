"""effaug.report.catalogue: all tables and figures of the paper, and files of them that other programs read."""

import csv
import io
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pandas as pd
import pytest
from matplotlib.figure import Figure

from effaug.report import catalogue, tables
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


@pytest.mark.parametrize(
    ("number", "datasets", "shows"),
    [
        (1, {"cifar10", "smallnorb"}, ("influence", "points")),
        (2, {"cifar10", "smallnorb"}, ("influence before", "influence after")),
        (6, {"mnist", "cifar10", "smallnorb"}, ("loss", "points")),
        (7, {"mnist", "cifar10", "smallnorb"}, ("influence", "points")),
        (8, {"mnist", "cifar10", "smallnorb"}, ("influence before", "influence after")),
    ],
)
def test_figures_of_scores_show_the_papers_data_sets_under_translation(number, datasets, shows):
    figure = ENTRIES[f"figure-{number}"].make(view_of(n_seeds=1))
    drawn = [axes for axes in figure.axes if axes.get_title()]
    assert {re.match(r"(\w+)-translate ", axes.get_title())[1] for axes in drawn} == datasets
    assert {(axes.get_xlabel(), axes.get_ylabel()) for axes in drawn} == {shows}


_AGAINST = ["baseline", "random proportional, influence"]


@pytest.mark.parametrize(
    ("number", "policies"),
    [
        (3, [*_AGAINST, "random proportional, loss", "virtual support vectors"]),
        (
            4,
            [
                "baseline",
                *(f"random proportional{x}" for x in ("", ", downweight", ", update", ", update and downweight")),
            ],
        ),
        (
            9,
            [
                "baseline",
                *(f"random proportional{x}" for x in ("", ", downweight", ", update", ", update and downweight")),
            ],
        ),
        (
            10,
            [
                "baseline",
                *(
                    f"deterministic proportional{x}"
                    for x in ("", ", downweight", ", update", ", update and downweight")
                ),
                "deterministic inverse proportional",
            ],
        ),
        (14, [*_AGAINST, "random proportional, margin", "random inverse proportional, margin"]),
        (15, [*_AGAINST, "baseline, clustered", "random proportional, influence, clustered"]),
        (16, [*_AGAINST, "k-DPP", "k-DPP, influence", "greedy MAP", "greedy MAP, influence"]),
    ],
)
def test_figures_of_policies_show_those_of_the_paper(number, policies):
    figure = ENTRIES[f"figure-{number}"].make(view_of(n_seeds=1))
    shown = {text.get_text() for legend in figure.legends for text in legend.get_texts()}
    assert shown - {"no augmentation", "full augmentation"} == set(policies)
    titles = [axes.get_title() for axes in figure.axes if axes.get_title()]
    assert all("rotate" in title for title in titles) == (number == 4)


@pytest.mark.parametrize(("number", "dataset"), [(5, "mnist"), (11, "mnist"), (12, "cifar10"), (13, "smallnorb")])
def test_extreme_points_are_of_the_papers_data_set(number, dataset):
    figure = ENTRIES[f"figure-{number}"].make(view_of(n_seeds=1))
    assert figure.get_suptitle().startswith(f"{dataset}-")


def test_links_name_every_entry():
    found = re.findall(r'href="there/(\w+)\.html#([\w-]+)"', catalogue.links("there"))
    assert {name: page for page, name in found} == {name: entry.page for name, entry in ENTRIES.items()}


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    folder, view = tmp_path_factory.mktemp("exported"), view_of(n_seeds=20)
    return folder, catalogue.export(view, folder), view


@pytest.mark.slow
def test_every_table_is_csv_and_latex_and_every_figure_svg_and_pdf(exported):
    folder, written, _ = exported
    suffixes = {"table": (".csv", ".tex"), "figure": (".svg", ".pdf")}
    expected = {f"{name}{suffix}" for name, entry in ENTRIES.items() for suffix in suffixes[entry.kind]}
    assert {path.name for path in written} == {path.name for path in folder.iterdir()} == expected
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
        assert isinstance(ENTRIES[name].make(view), Figure)
    assert "No results yet" in ENTRIES["figure-13"].make(view).texts[0].get_text()
    assert set(ENTRIES["table-7"].make(view)["AUC"]) == {"-"}
