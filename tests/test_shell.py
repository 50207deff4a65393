"""What is around the pages' text, without building the book: icons, heads, the reference, the PDF's contents."""

import datetime
import re
from pathlib import Path

import card
import icons
import matplotlib.pyplot as plt
import pdf
import pydata_sphinx_theme
import pytest
import reference
import shell
import typer
import yaml
from docutils import nodes
from fontTools.ttLib import TTFont
from pypdf import PdfWriter
from pypdf.annotations import Link

import effaug
from effaug.cli.main import app
from effaug.study.results import Results

ROOT = Path(__file__).parent.parent
THEME = Path(pydata_sphinx_theme.__file__).parent / "theme" / "pydata_sphinx_theme" / "static"
SHEET = (THEME / "styles" / "pydata-sphinx-theme.css").read_text()
CITATION = yaml.safe_load((ROOT / "CITATION.cff").read_text())


def test_icons_that_pages_and_scripts_name_are_found():
    assert icons.named(['<i class="fa-solid fa-bars">', "x.className='fa-solid fa-xmark'"]) == {
        "solid",
        "bars",
        "xmark",
    }


def test_a_style_sheet_is_cut_to_the_icons_in_use_and_asks_for_the_font_that_is_left():
    css, codes = icons.cut(SHEET, {"bars", "solid"})
    assert 0xF0C9 in codes  # bars
    assert ".fa-bars:before" in css
    assert ".fa-moon:before" not in css
    assert ".fa-solid" in css
    assert len(css) < len(SHEET) - 50_000
    assert 'fa-solid-900.woff) format("woff")' in css
    assert "fa-solid-900.woff2" not in css


def test_a_font_is_cut_to_the_code_points_in_use(tmp_path):
    font = tmp_path / "fa-solid-900.ttf"
    font.write_bytes((THEME / "vendor" / "fontawesome" / "webfonts" / font.name).read_bytes())
    icons.cut_font(font, {0xF0C9, 0xF186})
    assert set(TTFont(font.with_suffix(".woff")).getBestCmap()) == {0xF0C9, 0xF186}
    assert font.with_suffix(".woff").stat().st_size < 5_000


def test_a_page_is_described_by_its_first_paragraph_in_whole_words():
    page = nodes.document(None, None)
    assert shell.description(page) == ""
    page += nodes.paragraph("", "")
    page += nodes.paragraph("", "word\n" * 100)
    said = shell.description(page)
    assert re.fullmatch(r"(word )+\.\.\.", said)
    assert len(said) <= shell.LONGEST + 4


def test_what_the_theme_adds_in_vain_is_taken_out():
    page = "".join((THEME / "webpack-macros.html").read_text().split("{%")[3:4])
    found: set[str] = set()
    assert "fontawesome.js" in page
    assert "fontawesome.js" not in shell.tidied(page, found)
    assert len(found) == 1


@pytest.mark.parametrize(("up", "left"), [("../", 0), ("../../", 0), ("", 3)])
def test_the_search_index_is_loaded_by_the_search_alone(up, left):
    scripts = ("_static/searchtools.js", "_static/language_data.js", "searchindex.js")
    page = "\n  ".join(f'<script src="{up}{script}"></script>' for script in scripts)
    assert shell.tidied(page, set()).count("<script") == left


def test_files_that_no_page_loads_are_dropped(tmp_path):
    for name in ("scripts/fontawesome.js", "scripts/a.js", "locales/de/x.js", "styles/a.css.map", "styles/a.css"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    shell.drop_unused(tmp_path)
    left = {path.name for path in tmp_path.rglob("*")}
    assert left == {"scripts", "a.js", "styles", "a.css"}


def test_the_card_is_of_the_size_that_sites_take(tmp_path):
    card.draw(Results(ROOT / "results"), "A title", tmp_path / "_static" / "card.png")
    assert plt.imread(tmp_path / "_static" / "card.png").shape[:2] == (630, 1200)


def test_the_python_reference_has_every_public_name_and_module_of_the_method():
    text = reference.python()
    asked = set(re.findall(r"(?:autofunction|autoclass|py:data):: effaug\.(\w+)", text))
    assert asked == {name for name in effaug.__all__ if not name.startswith("_")}
    modules = set(re.findall(r"automodule:: effaug\.(\w+)", text))
    assert {"curves", "plans", "policies", "scores", "dpp", "logistic"} <= modules
    assert modules == {path.stem for path in (ROOT / "effaug").glob("[!_]*.py")}


def test_the_command_line_reference_has_every_command_and_option_but_the_hidden_ones():
    text = reference.command_line(typer.main.get_command(app), "effaug")
    command = typer.main.get_command(app)

    def check(command, name):
        assert f"## `{name}`" in text
        section = text.split(f"## `{name}`\n", 1)[1].split("\n## ")[0]
        for parameter in command.params:
            assert any(f"{option}" in section for option in parameter.opts), (name, parameter.opts)
        for each in getattr(command, "commands", {}).values():
            if not each.hidden:
                check(each, f"{name} {each.name}")

    check(command, "effaug")
    hidden = [each.name for each in command.commands.values() if each.hidden]
    assert hidden
    assert not [name for name in hidden if f"## `effaug {name}`" in text]


def test_both_works_are_cited_from_the_citation_file():
    paper = CITATION["references"][0]
    assert reference.as_text(paper).startswith(
        "Michael Kuchnik and Virginia Smith. Efficient Augmentation via Data Subs"
    )
    assert "  author = {Michael Kuchnik and Virginia Smith},\n" in reference.as_bibtex(paper, "key")
    assert "  author = {{The effaug developers}},\n" in reference.as_bibtex(CITATION, "effaug")
    assert yaml.safe_load(reference.as_cff(paper)) == {"references": [paper]}


def test_what_a_citation_file_says_is_what_is_cited():
    work = {"title": "T", "authors": [{"name": "The A"}], "version": "9", "date-released": datetime.date(1999, 1, 1)}
    assert reference.as_text(work) == "The A. T (1999). Version 9."
    assert reference.as_bibtex(work, "k").splitlines()[0] == "@software{k,"


def test_the_pdf_has_the_books_parts_and_pages_in_order():
    parts = pdf.contents(ROOT / "_toc.yml")
    assert parts[0] == ("", ["book/intro"])
    assert [name for name, _ in parts].index("The idea") == 1
    for page in (page for _, pages in parts for page in pages):
        assert any((ROOT / f"{page}{kind}").exists() for kind in (".md", ".ipynb")), page


def test_links_of_the_pdf_lead_inside_or_elsewhere_but_not_to_this_machine(tmp_path):
    writer = PdfWriter()
    pages = [writer.add_blank_page(100, 100) for _ in range(2)]
    for target in ("file:///book/b.html#x", "file:///book/data.csv", "https://example.org/"):
        writer.add_annotation(0, Link(rect=(0, 0, 9, 9), url=target))
    pdf.lead_inside(writer.pages, {Path("/book/b.html"): writer.pages[1]})
    inside, elsewhere = (each.get_object() for each in writer.pages[0]["/Annots"])
    assert inside["/Dest"][0] == pages[1].indirect_reference
    assert elsewhere["/A"]["/URI"] == "https://example.org/"


def test_without_a_browser_printing_says_which_one_it_needs(monkeypatch, tmp_path):
    monkeypatch.delenv("EFFAUG_CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(FileNotFoundError, match="apt-get install chromium"):
        pdf.chromium()
