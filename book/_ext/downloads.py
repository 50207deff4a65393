"""What the book offers for download: each figure as SVG and PDF with its numbers, and the results they are from.

Notebooks write a figure's files while they are executed (`effaug.report.exhibits.keep`); here they are told where to,
their exhibits are given the links, and the results are copied beside them.
"""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

from sphinx.application import Sphinx

_PLACE = re.compile(r"<!-- files of ([\w.+~=-]+) -->")
_KINDS = {".svg": "SVG", ".pdf": "PDF", ".csv": "all numbers as CSV"}
_RESULTS = ("*.csv", "*.json", "*/*.json")


def _name_folder(app: Sphinx, config: object) -> None:
    os.environ["EFFAUG_DOWNLOADS"] = str(Path(app.outdir, "downloads").absolute())


def links(body: str, folder: Path, there: str) -> str:
    """A page with links to the files of its exhibits, as far as there are any.

    Parameters
    ----------
    body : str
        The page's HTML.
    folder : Path
        Where the files are.
    there : str
        How the page reaches that folder.
    """

    def linked(place: re.Match) -> str:
        found = [kind for kind in _KINDS if (folder / f"{place[1]}{kind}").is_file()]
        each = (f'<a download href="{there}/{place[1]}{kind}">{_KINDS[kind]}</a>' for kind in found)
        return f'<p class="downloads">{" ".join(each)}</p>' if found else ""

    return _PLACE.sub(linked, body)


def _link(app: Sphinx, pagename: str, templatename: str, context: dict, doctree: object) -> None:
    if "body" in context:
        there = "../" * pagename.count("/") + "downloads"
        context["body"] = links(context["body"], Path(app.outdir, "downloads"), there)


def _copy_results(app: Sphinx, exception: Exception | None) -> None:
    if exception or app.builder.format != "html":
        return
    results = Path(app.srcdir, "results")
    for path in (path for pattern in _RESULTS for path in results.glob(pattern)):
        target = Path(app.outdir, "results", path.relative_to(results))
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)


def setup(app: Sphinx) -> dict[str, object]:
    """Called by Sphinx."""
    app.connect("config-inited", _name_folder)
    app.connect("html-page-context", _link)
    app.connect("build-finished", _copy_results)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
