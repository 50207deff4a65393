"""What the book offers for download: book/_ext/downloads.py and `effaug.report.drawings.keep`."""

import importlib.util
import xml.etree.ElementTree as ET
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from effaug.report.exhibits import Exhibit

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def extension():
    spec = importlib.util.spec_from_file_location("downloads", ROOT / "book" / "_ext" / "downloads.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def exhibit():
    figure, axes = plt.subplots()
    axes.plot([0, 1], [0, 1])
    plt.close(figure)
    numbers = pd.DataFrame({"y": [0.25, 1]}, index=pd.Index([0, 1], name="x"))
    return Exhibit("figure-3-mnist", figure, "A figure", "a line", numbers)


def test_a_figure_that_is_shown_leaves_its_files_where_the_book_wants_them(exhibit, tmp_path, monkeypatch):
    assert "base64," in exhibit._repr_html_()
    monkeypatch.setenv("EFFAUG_DOWNLOADS", str(tmp_path / "downloads"))
    assert "base64," not in exhibit._repr_html_()
    found = {path.suffix: path for path in (tmp_path / "downloads").iterdir()}
    assert {path.stem for path in found.values()} == {"figure-3-mnist"}
    assert ET.parse(found[".svg"]).getroot().tag.endswith("svg")
    assert found[".pdf"].read_bytes().startswith(b"%PDF")
    pd.testing.assert_frame_equal(pd.read_csv(found[".csv"], index_col=0), exhibit.numbers)


def test_files_are_the_same_twice(exhibit, tmp_path, monkeypatch):
    kept = []
    for name in ("first", "second"):
        monkeypatch.setenv("EFFAUG_DOWNLOADS", str(tmp_path / name))
        exhibit._repr_html_()
        kept.append({path.name: path.read_bytes() for path in (tmp_path / name).iterdir()})
    assert kept[0] == kept[1]


def test_a_page_links_what_there_is(extension, exhibit, tmp_path):
    page = exhibit._repr_html_()
    assert extension.links(page, tmp_path, "../downloads").count("downloads/") == 0
    (tmp_path / "figure-3-mnist.svg").write_text("<svg/>")
    linked = extension.links(page, tmp_path, "../downloads")
    assert linked.count("downloads/") == 1
    assert '<a download href="../downloads/figure-3-mnist.svg">SVG</a>' in linked


def test_large_tables_are_linked_and_not_embedded():
    figure, _ = plt.subplots()
    plt.close(figure)
    small, large = (
        Exhibit("f", figure, "", "", pd.DataFrame({"x": range(rows)}))._repr_html_() for rows in (10, 20_000)
    )
    assert "data:text/csv" in small
    assert "data:text/csv" not in large
