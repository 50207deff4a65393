"""What a page of the book must be, as functions that list what is wrong; `test_checks.py` shows each one fail."""

import re
from functools import cache
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from bs4 import BeautifulSoup
from playwright.sync_api import Page

AXE = next(Path(__file__).parent.glob("axe-core-*/axe.min.js"))
WORST = ("serious", "critical")

# The document, and the theme's boxes around a page's text, which would scroll in its place.
_OVERFLOW = """() => ["html", "body", ".bd-main", ".bd-article-container", "article"]
  .flatMap(selector => [...document.querySelectorAll(selector)].map(box => [selector, box]))
  .filter(([_, box]) => box.clientWidth && box.scrollWidth > box.clientWidth + 1)
  .map(([selector, box]) => `${selector} is ${box.scrollWidth} px wide in ${box.clientWidth} px`)"""

# A deciding cell lies inside the window and each box that scrolls around it; a table that scrolls sideways has one.
_CLIPPED = """() => {
  const scrolls = box => box && ["auto", "scroll", "hidden", "clip"].includes(getComputedStyle(box).overflowX);
  const around = cell => cell ? [...(scrolls(cell) ? [cell] : []), ...around(cell.parentElement)] : [];
  const seen = cell => cell.checkVisibility({visibilityProperty: true}) && cell.getBoundingClientRect().width > 0;
  const marked = "[data-deciding], td.deciding, th.deciding";
  const name = cell => cell.textContent.trim().replace(/\\s+/g, " ").slice(0, 60);
  const clipped = [...document.querySelectorAll(marked)].filter(seen).filter(cell => {
    const at = cell.getBoundingClientRect();
    const boxes = around(cell.parentElement).map(box => box.getBoundingClientRect());
    boxes.push({left: 0, right: document.documentElement.clientWidth});
    const outside = boxes.some(box => at.left < box.left - 1 || at.right > box.right + 1);
    return outside || cell.scrollWidth > cell.clientWidth + 1;
  }).map(cell => `deciding cell is clipped: ${name(cell)}`);
  const unmarked = [...document.querySelectorAll("article table")].filter(seen)
    .filter(table => around(table.parentElement).some(box => box.scrollWidth > box.clientWidth + 1))
    .filter(table => !table.querySelector(marked)).map(table => `wide table marks no deciding column: ${name(table)}`);
  return [...new Set([...clipped, ...unmarked])];
}"""

_AXE = """() => axe.run(document, {resultTypes: ["violations"]}).then(found => found.violations.flatMap(
  rule => rule.nodes.map(node => [rule.impact, `${rule.id} (${rule.impact}): ${node.html.slice(0, 160)}`])))"""


def settle(page: Page) -> None:
    """Wait until nothing on a page fades or moves any more, and its fonts are there."""
    page.evaluate("() => Promise.all([document.fonts.ready, ...document.getAnimations().map(a => a.finished)])")


def overflowing(page: Page) -> list[str]:
    """Boxes around the text that are wider inside than out, so that the page would scroll sideways."""
    return page.evaluate(_OVERFLOW)


def clipped(page: Page) -> list[str]:
    """Deciding cells that one would have to scroll to, and tables that scroll sideways without having any."""
    return page.evaluate(_CLIPPED)


def inaccessible(page: Page) -> list[str]:
    """What axe-core calls serious or critical."""
    page.evaluate(AXE.read_text() + ";undefined")
    return [text for impact, text in page.evaluate(_AXE) if impact in WORST]


def pages(book: Path) -> list[Path]:
    """The built book's pages; the theme's templates among its static files are none."""
    return sorted(path for path in book.rglob("*.html") if "_static" not in path.relative_to(book).parts)


def redirected(page: Path) -> str | None:
    """Where a page sends its reader on to without a word of its own, if it does."""
    (refresh,) = BeautifulSoup(page.read_text(), "html.parser").select("meta[http-equiv=Refresh]") or [None]
    return None if refresh is None else re.split("url=", str(refresh["content"]), flags=re.I)[1]


def broken(book: Path) -> list[str]:
    """Links, images and files a page of the book names that are not there, and anchors that no element has."""
    found = []
    for page in pages(book):
        for target in _named(page):
            parts = urlsplit(target)
            if parts.scheme or parts.netloc:
                continue
            file = (page.parent / unquote(parts.path)).resolve() if parts.path else page
            file = file / "index.html" if file.is_dir() else file
            if not file.is_file():
                found.append(f"{page.relative_to(book)}: no file {target}")
            elif parts.fragment and file.suffix == ".html" and not _leads(file, unquote(parts.fragment)):
                found.append(f"{page.relative_to(book)}: no anchor {target}")
    _anchors.cache_clear()
    return found


def _named(page: Path) -> list[str]:
    soup = BeautifulSoup(page.read_text(), "html.parser")
    hrefs = [tag["href"] for tag in soup.select("a[href], link[href], image[href], use[href]")]
    sources = [tag["src"] for tag in soup.select("[src]")]
    return [str(target) for target in [*hrefs, *sources, redirected(page) or ""] if str(target) not in ("", "#")]


def _leads(page: Path, fragment: str) -> bool:
    """To an element; or, ``name=value&...``, to a choice of a page that has controls of these names."""
    if "=" not in fragment:
        return fragment in _anchors(page)
    controls = BeautifulSoup(page.read_text(), "html.parser").select("select[name]")
    return {name for name, _ in parse_qsl(fragment)} <= {str(control["name"]) for control in controls}


@cache
def _anchors(page: Path) -> set[str]:
    soup = BeautifulSoup(page.read_text(), "html.parser")
    return {str(tag["id"]) for tag in soup.select("[id]")} | {str(tag["name"]) for tag in soup.select("a[name]")}


def size(book: Path) -> int:
    """Bytes of all files of the built book."""
    return sum(path.stat().st_size for path in book.rglob("*") if path.is_file())
