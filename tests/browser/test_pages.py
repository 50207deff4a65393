"""Every page of the built book in both themes and at three widths, with the network off."""

import pytest

from browser import checks

WIDTHS = (375, 768, 1440)
THEMES = ("light", "dark")
MB = 1_000_000
FIRST_LOAD = {"explorer": 3 * MB}
WHOLE_BOOK = 60 * MB


@pytest.mark.parametrize("theme", THEMES)
def test_a_page_is_quiet_and_fits_and_can_be_read_by_all(path, theme, watched):
    found = []
    for width in WIDTHS:
        page, watch = watched(width, theme)
        page.goto(path.as_uri())
        page.wait_for_function(f"document.documentElement.dataset.theme == '{theme}'")
        checks.settle(page)
        problems = [*watch.problems, *checks.overflowing(page), *checks.inaccessible(page)]
        if width == max(WIDTHS):
            problems += checks.clipped(page)
        if (loaded := watch.loaded()) > FIRST_LOAD.get(path.stem, 1.5 * MB):
            problems.append(f"a first load of {loaded / MB:.2f} MB")
        found += [f"{width} px: {problem}" for problem in problems]
    assert not found, "\n".join(found)


def test_a_page_is_as_quiet_on_a_server(path, book, served, watched):
    page, watch = watched(served=served)
    page.goto(served + path.relative_to(book).as_posix())
    assert not watch.problems, "\n".join(watch.problems)


def test_the_books_address_leads_to_its_first_page(book, page):
    page.goto((book / "index.html").as_uri())
    page.wait_for_url((book / str(checks.redirected(book / "index.html"))).as_uri())
    assert page.locator("article h1").count() == 1


def test_links_files_and_anchors_resolve(book):
    found = checks.broken(book)
    assert not found, "\n".join(found)


def test_the_whole_book_is_small(book):
    assert checks.size(book) < WHOLE_BOOK
