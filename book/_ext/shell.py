"""What is around the pages' text: formulas, descriptions and cards, and a theme that loads only what it uses.

A Sphinx extension of this book. What the theme has no option for is taken out of the pages when they are written
(`tidy`); a pattern that no longer matches stops the build, so that a new theme is not tidied by halves.
"""

from __future__ import annotations

import re
from html import escape
from pathlib import Path
from typing import Any

import icons
import mathml
from card import CARD
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.math import get_node_equation_number

FAVICON = "favicon-32.png"
THEBE = ("THEBE_JS_URL", "sphinx-thebe")  # runs code on a server: no page asks for it
# A page opened from the file system may not read others for the lines around what was found.
LOCAL_SEARCH = 'if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;'
LONGEST = 200  # characters of a description

# Pattern, what stands in its place, and where it must be found: on every "page" of text, or only on "some" page.
TIDY = [
    # 1.5 MB of every icon as a script; the theme's style sheet has the same icons as a font.
    (r"\s*<!-- So that users can add custom icons -->\s*<script[^>]*fontawesome\.js[^>]*></script>", "", "page"),
    # The whole index, for a search while one types, which is off: pages in folders, that is all but the search itself.
    (
        r'\s*<script src="(\.\./)+_static/searchtools\.js"></script>\s*<script src="(\.\./)+_static/language_data\.js">'
        r'</script>\s*<script src="(\.\./)+searchindex\.js"></script>',
        "",
        "page",
    ),
    # A name other than the text on a button: who speaks to the computer says what is to be seen.
    (r'(<button class="btn search-button-field[^>]*?) title="Search" aria-label="Search"', r"\1", "page"),
    (r'(<button class="btn btn-sm nav-link[^>]*?theme-switch-button[^>]*?)aria-label="Color mode"', r"\1", "page"),
    (r'<summary aria-label="Toggle hidden content">', "<summary>", "some"),
    # docutils calls the references a list whose entries are none.
    (r'<div role="list" class="citation-list">', '<div class="citation-list">', "some"),
]
UNUSED = [
    "scripts/fontawesome.js*",
    "scripts/*.map",
    "styles/*.map",
    "vendor/fontawesome/webfonts/*.ttf",
    "sphinx-thebe.*",
    "*webpack-macros.html",
    "locales",
]


def visit_math(self: Any, node: nodes.math) -> None:
    """A formula in a line."""
    self.body.append(mathml.mathml(node.astext()))
    raise nodes.SkipNode


def visit_math_block(self: Any, node: nodes.math_block) -> None:
    """A formula of its own, in a box that scrolls by keyboard too, with its number if it has one."""
    self.body.append(self.starttag(node, "div", CLASS="math notranslate nohighlight", tabindex="0"))
    if node["number"]:
        self.body.append(f'<span class="eqno">({get_node_equation_number(self, node)})')
        self.add_permalink_ref(node, "Link to this equation")
        self.body.append("</span>")
    self.body.append(mathml.mathml(node.astext(), block=True) + "</div>\n")
    raise nodes.SkipNode


def formulas_of_outputs(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    r"""Formulas between ``\(`` and ``\)`` in the HTML that cells show, such as Table 2's."""
    for raw in list(doctree.findall(nodes.raw)):
        if raw.get("format") == "html" and r"\(" in raw.astext():
            raw.replace_self(nodes.raw("", mathml.in_html(raw.astext()), format="html"))


def description(doctree: nodes.document | None) -> str:
    """The first paragraph of a page, as far as whole words of it fit into a search engine's line."""
    for paragraph in doctree.findall(nodes.paragraph) if doctree else ():
        text = " ".join(paragraph.astext().split())
        if text:
            return text if len(text) <= LONGEST else text[:LONGEST].rsplit(" ", 1)[0] + " ..."
    return ""


def head(app: Sphinx, pagename: str, _template: str, context: dict[str, Any], doctree: nodes.document | None) -> None:
    """Fill a page's head: description and card in, the scripts that nothing asks for out."""
    for kind in ("script_files", "css_files"):
        context[kind] = [file for file in context[kind] if not any(name in _said(file) for name in THEBE)]
    here, title = context["pathto"], re.sub("<[^>]+>", "", context.get("title", ""))
    said = description(doctree) or app.config.html_title
    card = here(f"_static/{CARD}", 1)
    card = f"{app.config.html_baseurl.rstrip('/')}/_static/{CARD}" if app.config.html_baseurl else card
    named = {"og:type": "article", "og:site_name": app.config.html_title, "og:title": title or app.config.html_title}
    named |= {"og:description": said, "og:image": card, "og:image:width": "1200", "og:image:height": "630"}
    tags = [f'<meta name="description" content="{escape(said)}"/>']
    tags += [f'<meta property="{name}" content="{escape(text)}"/>' for name, text in named.items()]
    tags.append('<meta name="twitter:card" content="summary_large_image"/>')
    tags.append(f'<link rel="alternate icon" type="image/png" sizes="32x32" href="{here(f"_static/{FAVICON}", 1)}"/>')
    context["metatags"] = context.get("metatags", "") + "\n".join(tags)


def _said(file: Any) -> str:
    """All that a script or a style sheet is named or holds."""
    attributes = getattr(file, "attributes", {})
    return f"{getattr(file, 'filename', file)} {attributes.get('body') or ''}"


def tidied(html: str, found: set[str]) -> str:
    """A page without what the theme adds in vain; what was found is added to `found`."""
    for pattern, instead, _ in TIDY:
        html, times = re.subn(pattern, instead, html)
        if times:
            found.add(pattern)
    return html


def tidy(app: Sphinx, failure: Exception | None) -> None:
    """Tidy every page that was written, and drop files that none of them loads.

    Raises
    ------
    ValueError
        Where a pattern is on no page: then the theme has changed, and this file has to follow.
    """
    if failure or app.builder.name != "html":
        return
    found: set[str] = set()
    for page in Path(app.outdir).rglob("*.html"):
        if "_static" not in page.relative_to(app.outdir).parts:
            page.write_text(tidied(page.read_text(encoding="utf-8"), found), encoding="utf-8")
    missed = [pattern for pattern, _, where in TIDY if where == "page" and pattern not in found]
    if missed:
        raise ValueError(f"the theme has changed: on no page is there {missed[0]}")
    icons.tidy(Path(app.outdir))
    drop_unused(Path(app.outdir) / "_static")


def drop_unused(static: Path) -> None:
    """Remove the static files that no page loads."""
    for pattern in UNUSED:
        for path in static.glob(pattern):
            for file in [*path.rglob("*"), path] if path.is_dir() else [path]:
                if file.is_file():
                    file.unlink()
    for folder in sorted((path for path in static.rglob("*") if path.is_dir()), reverse=True):
        if not any(folder.iterdir()):
            folder.rmdir()


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx."""
    app.add_js_file(None, body=LOCAL_SEARCH)
    app.add_html_math_renderer("mathml", (visit_math, None), (visit_math_block, None))
    app.connect("doctree-resolved", formulas_of_outputs)
    app.connect("html-page-context", head, priority=900)
    app.connect("build-finished", tidy, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
