"""Formulas as MathML: every formula of the book, and those of a notebook that is a page of its own."""

import re
import subprocess
import sys
from pathlib import Path

import mathml
import nbformat
import pytest

from effaug.policies import POLICIES

ROOT = Path(__file__).parent.parent
TEXTS = [*ROOT.glob("book/**/*.md"), *ROOT.glob("notebooks/*.py")]


@pytest.mark.parametrize(
    ("tex", "found"),
    [
        ("x_i", "<msub><mi>x</mi><mi>i</mi></msub>"),
        (r"1, \dots, n", "<mi>…</mi>"),
        (r"\lVert b \rVert^2", "<msup><mrow><mo>‖</mo><mi>b</mi><mo>‖</mo></mrow><mn>2</mn></msup>"),
        (r"\begin{cases} 1 & a \\ 0 & b \end{cases}", "<mtable"),
        ("a < b", "&lt;"),
    ],
)
def test_tex_becomes_mathml(tex, found):
    assert found in mathml.mathml(tex)
    assert "\n" not in mathml.mathml(tex)


def test_a_block_is_displayed_and_a_formula_in_a_line_is_not():
    assert 'display="block"' in mathml.mathml("x", block=True)
    assert "display" not in mathml.mathml("x")


def test_an_unknown_command_is_named_with_its_formula():
    with pytest.raises(ValueError, match=r"no MathML for the formula .*nonsense.*: "):
        mathml.mathml(r"x + \nonsense")


def test_every_formula_of_the_book_and_of_table_2_is_read():
    formulas = 0
    for path in TEXTS:
        formulas += mathml.in_markdown(path.read_text()).count("<math ")
    for policy in POLICIES.values():
        formulas += mathml.in_html(rf"<td>\({policy.selection}\)</td>").count("<math ") if policy.selection else 0
    assert formulas > 60


def test_code_and_prices_are_no_formulas():
    text = "`$HOME` and \\$5\n\n```sh\necho $A $B\n```\n"
    assert mathml.in_markdown(text) == text


def test_escaped_signs_in_html_are_signs_of_a_formula():
    assert "<mo>&lt;</mo>" in mathml.in_html(r"<td>\(a &lt; b\)</td>")
    assert mathml.in_html("<td>(a)</td>") == "<td>(a)</td>"


def test_a_page_of_a_notebook_has_its_formulas_and_no_script(tmp_path):
    from effaug.report.notebooks import PAGE

    shown = {"text/html": r"<table><tr><td>\(P(z_i) = 1 / n\)</td></tr></table>"}
    cells = [nbformat.v4.new_markdown_cell("Points $z_i$ and\n\n$$\\sum_j s_j$$"), nbformat.v4.new_code_cell("1")]
    cells[1].outputs = [nbformat.v4.new_output("display_data", shown)]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "a.ipynb")
    command = [sys.executable, "-m", "nbconvert", "--to", "html", str(tmp_path / "a.ipynb"), "--config", str(PAGE)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "a.html").read_text()
    assert page.count("<math ") == 3
    assert "<script" not in page
    assert not re.search(r"\$|\\\(", re.sub(r"<style.*?</style>", "", page, flags=re.S))
