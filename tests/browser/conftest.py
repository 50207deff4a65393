"""One browser for the suite, its pages without a network, and the built book: ``EFFAUG_BOOK``, else `make book`'s.

The browser is Chromium: ``EFFAUG_CHROMIUM``, else the one on the path. Nothing is downloaded.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from browser import checks
from browser.watch import Watch

BOOK = Path(os.environ.get("EFFAUG_BOOK") or Path(__file__).parents[2] / "_build" / "html").resolve()
NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
OFFLINE = ["--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1", "--disable-background-networking"]
HEIGHT = 900


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that takes `path` runs for each page of the book that has a text."""
    if "path" in metafunc.fixturenames:
        found = [path for path in checks.pages(BOOK) if not checks.redirected(path)]
        if not found:
            raise pytest.UsageError(f"no book in {BOOK}: `make book` builds it")
        metafunc.parametrize("path", found, ids=[str(path.relative_to(BOOK)) for path in found])


@pytest.fixture(scope="session")
def book() -> Path:
    """The built book's folder."""
    if not (BOOK / "index.html").is_file():
        pytest.fail(f"no book in {BOOK}: `make book` builds it")
    return BOOK


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The browser: one for each worker, and every host but this machine unknown to it."""
    named = os.environ.get("EFFAUG_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if named is None or not Path(named).is_file():
        tried = named or f"none of {', '.join(NAMES)}"
        pytest.fail(f"no Chromium, {tried}: `apt-get install chromium`, or name one in EFFAUG_CHROMIUM")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=named, args=OFFLINE)
        yield browser
        browser.close()


@contextmanager
def _watched(chromium: Browser, width: int, theme: str, served: str) -> Iterator[tuple[Page, Watch]]:
    context = chromium.new_context(viewport={"width": width, "height": HEIGHT}, color_scheme=theme)
    page = context.new_page()
    yield page, Watch(page, served)
    context.close()


@pytest.fixture
def watched(chromium) -> Iterator[Callable[..., tuple[Page, Watch]]]:
    """``watched(width=1440, theme="light", served="")``: a fresh page, and what watches it; a test looks at both."""
    with ExitStack() as stack:
        yield lambda width=1440, theme="light", served="": stack.enter_context(_watched(chromium, width, theme, served))


@pytest.fixture
def page(watched) -> Iterator[Page]:
    """A page, 1440 px wide, that fails the test if the console or a request says so, or the network is asked."""
    page, watch = watched()
    yield page
    assert not watch.problems, "\n".join(watch.problems)


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="session")
def served(book) -> Iterator[str]:
    """The address of a server on this machine that has the built book."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(book))) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
