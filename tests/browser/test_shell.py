"""The book's shell as a reader meets it: theme, search, icons, heads, and the PDF."""

import re
import sys
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from playwright.sync_api import expect

from browser import checks

sys.path.insert(0, str(Path(__file__).parents[2] / "book" / "_ext"))
import pdf

METHOD = "book/method.html"


def head(page: Path) -> dict[str, str]:
    """What the head of a page says about it, by name."""
    tags = BeautifulSoup(page.read_text(), "html.parser").select("head meta[content]")
    return {str(tag.get("name") or tag.get("property")): str(tag["content"]) for tag in tags}


def articles(book: Path) -> list[Path]:
    """Pages of text: without the search, the indices and the redirection."""
    return [path for path in checks.pages(book) if path.parent != book]


def test_the_button_changes_the_theme_and_the_next_page_keeps_it(page, book):
    page.goto((book / METHOD).as_uri())
    seen = set()
    while len(seen) < 3 or page.evaluate("document.documentElement.dataset.mode") != "dark":
        page.locator(".bd-header-article button.theme-switch-button").click()
        seen.add(page.evaluate("document.documentElement.dataset.mode"))
    assert seen == {"light", "dark", "auto"}
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.goto((book / "book/rerun.html").as_uri())
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == background
    assert max(int(part) for part in background.removeprefix("rgb(").removesuffix(")").split(",")) < 60


@pytest.mark.parametrize("on_server", [False, True])
def test_the_search_finds_a_word_and_leads_to_its_page(on_server, book, served, watched):
    page, watch = watched(served=served)
    page.goto((served if on_server else book.as_uri() + "/") + METHOD)
    page.keyboard.press("Control+k")
    page.locator("#pst-search-dialog input[type=search]").fill("cholesky")
    page.keyboard.press("Enter")
    found = page.locator("#search-results ul.search a")
    expect(found.first).to_be_visible(timeout=10_000)
    assert any("method.html" in (link.get_attribute("href") or "") for link in found.all())
    found.filter(has_text="The method").first.click()
    expect(page.locator("article h1")).to_contain_text("The method")
    assert not watch.problems, "\n".join(watch.problems)


def test_every_icon_is_drawn_with_the_font_that_was_cut_for_it(page, book):
    page.goto((book / METHOD).as_uri())
    page.evaluate("document.fonts.ready")
    found = page.evaluate("""() => [...document.querySelectorAll("[class*='fa-']")].map(icon => {
      const drawn = getComputedStyle(icon, "::before");
      return [icon.className, drawn.content.replaceAll('"', ""), drawn.fontFamily]})""")
    assert len(found) > 5
    for name, content, family in found:
        assert len(content) == 1, f"no icon for {name}"
        assert "Font Awesome" in family
    assert page.evaluate("[...document.fonts].some(face => face.family.includes('Awesome') && face.status == 'loaded')")


def test_formulas_are_drawn_with_their_font_on_pages_that_have_some_and_only_there(page, book):
    loaded = "[...document.fonts].some(face => face.family.includes('STIX') && face.status == 'loaded')"
    page.goto((book / METHOD).as_uri())
    page.evaluate("document.fonts.ready")
    assert page.locator("math").count() > 20
    assert page.evaluate(loaded)
    page.goto((book / "book/cite.html").as_uri())
    page.evaluate("document.fonts.ready")
    assert not page.evaluate(loaded)


def test_no_formula_is_left_as_tex(book):
    for path in articles(book):
        text = BeautifulSoup(path.read_text(), "html.parser").select_one("article").get_text()
        assert not re.search(r"\\\(.+?\\\)", text), path


def test_every_page_says_what_it_is_about_and_has_a_card_and_an_icon(book):
    said = {path: head(path) for path in articles(book)}
    for path, names in said.items():
        assert len(names["description"].split()) >= 3, path
        assert names["og:description"] == names["description"]
        assert names["og:title"]
        assert (path.parent / names["og:image"]).resolve().is_file(), path
        icons = BeautifulSoup(path.read_text(), "html.parser").select("link[rel~=icon][href]")
        assert {Path(str(icon["href"]).split("?")[0]).suffix for icon in icons} == {".svg", ".png"}
    assert len({names["description"] for names in said.values()}) > 0.8 * len(said)


def test_the_pdf_has_headings_and_formulas_but_neither_buttons_nor_paths(book, tmp_path):
    out = tmp_path / "book.pdf"
    sheets = pdf.write(book, [("", [METHOD.removesuffix(".html")]), ("More", ["book/cite"])], out)
    read = pdf.PdfReader(out)
    assert len(read.pages) == sheets > 2
    text = "\n".join(sheet.extract_text() for sheet in read.pages)
    assert "The method" in text
    assert "How to cite" in text
    assert "Back to top" not in text
    assert "file:///" not in str([sheet.get("/Annots") for sheet in read.pages])
    links = [link.get_object() for sheet in read.pages for link in sheet.get("/Annots", ())]
    assert not [link for link in links if str(link.get("/A", {}).get("/URI", "")).startswith("file:")]
    assert [item.title for item in read.outline if not isinstance(item, list)] == ["The method", "More"]
