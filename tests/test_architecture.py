"""effaug.report.architecture: the plan of the package is the package."""

import ast
import re
from pathlib import Path

import jupytext
import numpy as np
import pytest
from bs4 import BeautifulSoup

from effaug.report import architecture
from effaug.report.architecture import ROOMS, WINGS, arrows, imports, wing_of

PAGE = Path(__file__).parent.parent / "book" / "architecture.md"


@pytest.fixture(scope="module")
def page():
    """What the page's cells show, each a part of one document."""
    shown, names = [], {}
    for cell in jupytext.read(PAGE).cells:
        if cell.cell_type == "code":
            *body, last = ast.parse(cell.source).body
            exec(compile(ast.Module(body, []), PAGE.name, "exec"), names)
            shown.append(eval(compile(ast.Expression(last.value), PAGE.name, "eval"), names).data)
    return BeautifulSoup("".join(shown), "html.parser")


def test_every_module_is_drawn_and_described_in_its_own_words(page):
    names = sorted(room.rpartition(".")[2] for room in ROOMS)
    drawn = [text.get_text() for plan in page.find_all("svg")[1:] for text in plan.find_all("text")]
    assert sorted(drawn) == sorted(cell.get_text() for cell in page.select("tr td:first-child")) == names
    for row in page.select("tr:has(td)"):
        name, about = (cell.get_text() for cell in row.find_all("td"))
        said = {re.sub("`", "", architecture.purpose(path)) for path in ROOMS.values() if path.stem == name}
        assert any(words and about.startswith(words) for words in said), name


def test_the_arrows_are_the_imports(page):
    drawn = {(arrow["data-room"], arrow["data-to"]) for arrow in page.select("path[data-room]")}
    real = {(room, other) for room, imported in arrows().items() for other in imported}
    assert drawn == {(room, other) for room, other in real if wing_of(room) == wing_of(other)}
    across = [(wing_of(room), wing_of(other)) for room, other in real if wing_of(room) != wing_of(other)]
    between = {(a["data-wing"], a["data-to"]): int(a["data-imports"]) for a in page.select("path[data-wing]")}
    assert between == {pair: across.count(pair) for pair in across}
    listed = page.find_all("small")
    assert len(listed) == sum(map(bool, arrows().values()))
    assert sum(len(re.split("[,;] ", small.get_text())) for small in listed) == len(real)


def test_arrows_point_down_and_nothing_leaves_its_drawing(page):
    for plan in page.find_all("svg"):
        _, _, width, height = map(float, plan["viewbox"].split())
        for arrow in plan.select("path[data-to]"):
            x, start, bend, _, _, end, *_ = map(float, re.findall(r"[\d.]+", arrow["d"])[:6])
            assert start < end < height
            assert 0.25 * x + 0.75 * bend < width
        for text in plan.find_all("text"):
            assert float(text["y"]) < height
            assert float(text["x"]) + 7.5 * len(text.get_text()) < width


def contrast(one, other):
    """Of two colours, by WCAG 2.1."""

    def luminance(colour):
        parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
        return np.dot(
            [0.2126, 0.7152, 0.0722], [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        )

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_drawings_say_in_words_what_they_show_and_take_the_pages_colours(page):
    plans = page.find_all("svg")
    assert len(plans) == 1 + len(WINGS)
    for plan in plans:
        assert plan["aria-label"] == plan.find("title").get_text()
        assert len(plan["aria-label"].split()) > 10
        assert {text.get("fill", plan["fill"]) for text in plan.find_all("text")} == {"currentColor"}
    for ink in architecture._COLOURS:
        for background in ("#ffffff", "#14181e"):  # the book's theme, light and dark
            assert contrast(ink, background) >= 3
    assert "effaug.cli imports from effaug.report" in plans[0]["aria-label"]


def test_imports_are_read_from_the_code(tmp_path):
    code = (
        "import numpy as np\nfrom typing import TYPE_CHECKING\nfrom effaug import scores, select\n"
        "from effaug.study.tasks import Task\nif TYPE_CHECKING:\n    from effaug.study.own import Own\n"
        "def f():\n    from effaug.study import datasets\n"
    )
    (tmp_path / "room.py").write_text(code)
    expected = {"numpy", "typing", "effaug.scores", "effaug", "effaug.study.tasks", "effaug.study.datasets"}
    assert imports(tmp_path / "room.py") == expected
    (tmp_path / "room.py").write_text("from . import scores\n")
    with pytest.raises(ValueError, match=r"room.py, line 1: imports must be absolute"):
        imports(tmp_path / "room.py")
