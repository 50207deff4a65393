"""Watching a page of the browser: what it says on the console, what it asks for in vain, and how much it loads."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from playwright.sync_api import Page, Request

LOCAL = ("file:", "data:", "blob:", "about:")
LOUD = ("error", "warning")


class Watch:
    """Collects a page's problems from now on; `served` is the address of a server that may be asked."""

    def __init__(self, page: Page, served: str = "") -> None:
        self.problems: list[str] = []
        self._files: set[str] = set()
        self._allowed = (*LOCAL, served) if served else LOCAL
        page.on("console", lambda m: self._note(m.type in LOUD, f"console {m.type}: {m.text}"))
        page.on("pageerror", lambda error: self._note(True, f"uncaught: {error.message}"))
        page.on("request", self._asked)
        page.on("requestfailed", lambda r: self._note(True, f"failed request: {r.url} ({r.failure})"))
        page.on("response", lambda r: self._note(r.status >= 400, f"failed request: {r.url} ({r.status})"))

    def _note(self, is_problem: bool, text: str) -> None:
        if is_problem:
            self.problems.append(text)

    def _asked(self, request: Request) -> None:
        self._note(not request.url.startswith(self._allowed), f"asked the network: {request.url}")
        if request.url.startswith("file:"):
            self._files.add(unquote(urlsplit(request.url).path))

    def loaded(self) -> int:
        """Bytes of all files that were asked for since the last call, uncompressed, each once."""
        sizes = [path.stat().st_size for path in map(Path, self._files) if path.is_file()]
        self._files.clear()
        return sum(sizes)
