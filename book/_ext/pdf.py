"""The book as one PDF: ``python book/_ext/pdf.py _build/html _build/effaug.pdf`` prints the pages that are built.

Chromium prints them one after another by their print style sheet, in the order of the contents. Links from page to
page lead to the place in the PDF; the outline has the parts and the pages.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import yaml
from bs4 import BeautifulSoup
from pypdf import PageObject, PdfReader, PdfWriter
from pypdf.generic import ArrayObject, NameObject

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
QUIET = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]


def contents(toc: Path) -> list[tuple[str, list[str]]]:
    """The book's parts with their pages; the first part, without a name, is the front page."""
    found = yaml.safe_load(toc.read_text())
    return [("", [found["root"]]), *((p["caption"], [c["file"] for c in p["chapters"]]) for p in found["parts"])]


def chromium() -> str:
    """The browser: ``EFFAUG_CHROMIUM``, else the one on the path."""
    found = os.environ.get("EFFAUG_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if not found:
        raise FileNotFoundError("no Chromium to print with: `apt-get install chromium`, or name one in EFFAUG_CHROMIUM")
    return found


def printed(page: Path, scratch: Path) -> PdfReader:
    """One page as PDF."""
    out = scratch / "page.pdf"
    options = [*QUIET, f"--user-data-dir={scratch / 'profile'}", "--no-pdf-header-footer", f"--print-to-pdf={out}"]
    done = subprocess.run([chromium(), *options, page.as_uri()], capture_output=True, text=True)
    if done.returncode or not out.is_file():
        raise OSError(f"{page} was not printed: {done.stderr.strip()[-300:]}")
    return PdfReader(out)


def lead_inside(pages: Iterable[PageObject], starts: dict[Path, PageObject]) -> None:
    """Let links to the book's pages lead to where they are in the PDF, and drop links to other local files."""
    for page in pages:
        kept = ArrayObject()
        for each in page.get("/Annots", ()):
            link = each.get_object()
            uri = link.get("/A", {}).get("/URI", "")
            if uri.startswith("file:"):
                start = starts.get(Path(unquote(urlsplit(uri).path)))
                if start is None:
                    continue
                del link["/A"]
                link[NameObject("/Dest")] = ArrayObject([start.indirect_reference, NameObject("/Fit")])
            kept.append(each)
        page[NameObject("/Annots")] = kept


def title(page: Path) -> str:
    """A page's heading."""
    heading = BeautifulSoup(page.read_text(), "html.parser").select_one("article h1")
    return heading.get_text().removesuffix("#").strip() if heading else page.stem


def write(html: Path, parts: list[tuple[str, list[str]]], out: Path) -> int:
    """Print all pages into one file, which appears whole or not at all, and return how many sheets it has."""
    writer, starts = PdfWriter(), dict[Path, PageObject]()
    with tempfile.TemporaryDirectory() as scratch:
        for part, names in parts:
            above: Any = None
            for name in names:
                page, first = html / f"{name}.html", len(writer.pages)
                writer.append(printed(page, Path(scratch)), import_outline=False)
                starts[page.resolve()] = writer.pages[first]
                if part and above is None:
                    above = writer.add_outline_item(title=part, page_number=first)
                writer.add_outline_item(title=title(page), page_number=first, parent=above)
    lead_inside(writer.pages, starts)
    writer.add_metadata({"/Title": title(html / f"{parts[0][1][0]}.html"), "/Author": "The effaug developers"})
    writer.compress_identical_objects()
    part_file = out.with_suffix(".part")
    writer.write(part_file)
    part_file.replace(out)
    return len(writer.pages)


if __name__ == "__main__":
    built, target = (Path(argument).resolve() for argument in sys.argv[1:])
    sheets = write(built, contents(Path(__file__).parents[2] / "_toc.yml"), target)
    print(f"The book, {sheets} sheets: {target}")
