"""The checks find what they are for: each on a small page that is broken in that way, beside one that is not."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from browser import checks

HEAD = '<!DOCTYPE html><html lang="en" data-theme="light"><head><meta charset="utf-8"><title>A page</title>'
SOUND = f'{HEAD}<link rel="icon" href="data:,"></head><body><main><h1 id="top">A page</h1>{{}}</main></body></html>'
BOX = '<article><div style="overflow-x: auto; width: 300px">{}</div></article>'
WIDE = '<table style="width: 900px"><tr><th>Claim</th><td style="width: 700px">text</td><td {}>holds</td></tr></table>'


@pytest.fixture
def opened(tmp_path, watched):
    """Opens a body of HTML from a file, and returns the page and what watches it."""

    def open_(body: str, wait: str = "networkidle", **how):
        path = tmp_path / "page.html"
        path.write_text(SOUND.format(body))
        page, watch = watched(**how)
        page.goto(path.as_uri(), wait_until=wait)
        return page, watch

    return open_


def test_a_sound_page_passes_every_check(opened, tmp_path):
    (tmp_path / "dot.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"/>')
    page, watch = opened('<a href="#top">Up</a> <img src="dot.svg" alt="a dot"><script>console.log("fine")</script>')
    assert [watch.problems, checks.overflowing(page), checks.clipped(page), checks.inaccessible(page)] == [[]] * 4
    assert checks.broken(tmp_path) == []


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ("<script>console.error('lost')</script>", "console error: lost"),
        ("<script>console.warn('odd')</script>", "console warning: odd"),
        ("<script>const A = 1</script><script>const A = 1</script>", "uncaught: Identifier 'A' has already"),
        ("<script>Promise.reject(Error('later'))</script>", "uncaught: later"),
        ('<img src="gone.png" alt="gone">', "failed request: file://.*gone.png"),
        ('<img src="https://example.org/a.png" alt="far">', "asked the network: https://example.org/a.png"),
        ('<img src="http://127.0.0.1:9/a.png" alt="near">', "asked the network: http://127.0.0.1:9/a.png"),
        ("<script>fetch('https://example.org').catch(() => 0)</script>", "asked the network: https://example.org/"),
    ],
)
def test_what_a_page_says_and_asks_for_is_noticed(body, problem, opened):
    _, watch = opened(body)
    assert any(re.match(problem, found) for found in watch.problems), watch.problems


def test_no_host_is_reached_by_its_name(served, opened):
    _, watch = opened(f'<img src="{served.replace("127.0.0.1", "localhost")}" alt="near">')
    assert any("net::ERR_NAME_NOT_RESOLVED" in found for found in watch.problems)


def test_a_file_that_a_server_does_not_have_is_noticed(served, watched):
    page, watch = watched(served=served)
    page.goto(served + "no-such-page.html")
    assert any("(404)" in found for found in watch.problems)


@pytest.mark.parametrize(("width", "found"), [(375, True), (1440, False)])
def test_what_is_wider_than_the_window_is_noticed(width, found, opened):
    page, _ = opened('<div style="width: 600px">wide</div>', width=width)
    assert bool(checks.overflowing(page)) is found


def test_the_themes_column_that_scrolls_instead_of_the_document_is_noticed(opened):
    page, _ = opened(
        '<div class="bd-article-container" style="overflow-x: auto"><p style="width: 200vw">wide</p></div>'
    )
    assert [problem.split(" is ")[0] for problem in checks.overflowing(page)] == [".bd-article-container"]


@pytest.mark.parametrize("mark", ['class="deciding"', "data-deciding"])
def test_a_deciding_cell_that_needs_scrolling_is_noticed(mark, opened):
    page, _ = opened(BOX.format(WIDE.format(mark)))
    assert checks.clipped(page) == ["deciding cell is clipped: holds"]


def test_a_deciding_cell_that_is_cut_off_is_noticed(opened):
    cut = '<div data-deciding style="width: 40px; overflow: hidden; white-space: nowrap">holds for every score</div>'
    page, _ = opened(cut)
    assert len(checks.clipped(page)) == 1


def test_a_wide_table_without_a_deciding_cell_is_noticed(opened):
    page, _ = opened(BOX.format(WIDE.format("")))
    (problem,) = checks.clipped(page)
    assert problem.startswith("wide table marks no deciding column")


def test_a_deciding_cell_in_sight_or_folded_away_is_well(opened):
    sight = BOX.format(
        '<table style="width: 900px"><tr><td class="deciding">holds</td><td style="width: 800px">long</td></tr></table>'
    )
    folded = f"<details><summary>More</summary>{BOX.format(WIDE.format('data-deciding'))}</details>"
    page, _ = opened(sight + folded)
    assert checks.clipped(page) == []
    page.click("summary")
    assert checks.clipped(page) == ["deciding cell is clipped: holds"]


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        ("<img src='data:,'>", "image-alt"),
        ("<p style='color: #999; background: #fff'>pale</p>", "color-contrast"),
        ("<button></button>", "button-name"),
    ],
)
def test_what_not_everyone_can_read_is_noticed(body, rule, opened):
    page, _ = opened(body)
    assert rule in " ".join(checks.inaccessible(page))


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ('<a href="gone.html">Gone</a>', "page.html: no file gone.html"),
        ('<a href="#gone">Gone</a>', "page.html: no anchor #gone"),
        ('<a href="page.html#gone">Gone</a>', "page.html: no anchor page.html#gone"),
        ('<select name="a"></select><a href="#a=1&b=2">Gone</a>', "page.html: no anchor #a=1&b=2"),
        ('<img src="gone.svg" alt="">', "page.html: no file gone.svg"),
        ('<a href="folder">Gone</a>', "page.html: no file folder"),
    ],
)
def test_a_link_to_nothing_is_noticed(body, problem, tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "page.html").write_text(SOUND.format(body))
    assert checks.broken(tmp_path) == [problem]


def test_a_page_that_only_leads_on_is_told_from_one_with_a_text(tmp_path):
    (tmp_path / "index.html").write_text('<meta http-equiv="Refresh" content="0; url=page.html" />')
    (tmp_path / "page.html").write_text(SOUND.format(""))
    assert [checks.redirected(path) for path in checks.pages(tmp_path)] == ["page.html", None]
    (tmp_path / "page.html").unlink()
    assert checks.broken(tmp_path) == ["index.html: no file page.html"]


def test_what_still_fades_is_waited_for(opened):
    style = "<style>@keyframes fade {from {opacity: 0.1}} p {animation: fade 0.5s}</style><p>A word that fades in</p>"
    page, _ = opened(style, wait="commit")
    checks.settle(page)
    assert page.evaluate("getComputedStyle(document.querySelector('p')).opacity") == "1"


def test_a_first_load_counts_each_file_once_and_whole(opened, tmp_path):
    (tmp_path / "a.css").write_text("/*" + "a" * 1000 + "*/")
    _, watch = opened('<link rel="stylesheet" href="a.css?v=1"><link rel="stylesheet" href="a.css">')
    assert watch.loaded() == 1004 + (tmp_path / "page.html").stat().st_size


def test_a_book_counts_all_its_files(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "a").write_bytes(bytes(7))
    (tmp_path / "b").write_bytes(bytes(5))
    assert checks.size(tmp_path) == 12


def pytest_in(here: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
    return subprocess.run(command, cwd=here, env=os.environ | environment, capture_output=True, text=True)


def test_without_a_browser_or_a_book_a_sentence_says_so(pytestconfig, tmp_path):
    sound = "tests/browser/test_checks.py::test_a_sound_page_passes_every_check"
    done = pytest_in(pytestconfig.rootpath, sound, EFFAUG_CHROMIUM=str(tmp_path / "none"))
    assert done.returncode == 1
    assert (
        f"no Chromium, {tmp_path / 'none'}: `apt-get install chromium`, or name one in EFFAUG_CHROMIUM" in done.stdout
    )
    done = pytest_in(pytestconfig.rootpath, "tests/browser/test_pages.py", EFFAUG_BOOK=str(tmp_path))
    assert done.returncode != 0
    assert f"no book in {tmp_path}: `make book` builds it" in done.stdout + done.stderr
