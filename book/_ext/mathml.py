"""Formulas as MathML, which browsers draw themselves: on the book's pages and on a notebook's own page."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml

# What TeX knows and docutils does not: the same by its other names.
ALIASES = {
    r"\lVert": r"\left\|",
    r"\rVert": r"\right\|",
    r"\lvert": r"\left|",
    r"\rvert": r"\right|",
    r"\dots": r"\ldots",
    r"\big(": r"\bigl(",
    r"\big)": r"\bigr)",
    r"\big[": r"\bigl[",
    r"\big]": r"\bigr]",
}
_KNOWN_ELSEWHERE = re.compile(
    "|".join(re.escape(name) + (r"(?![a-zA-Z])" if name[-1].isalpha() else "") for name in ALIASES)
)
_INLINE = re.compile(r"\\\((.+?)\\\)", re.S)
_MARKDOWN = re.compile(r"(?P<code>```.*?```|`[^`\n]+`)|\$\$(?P<block>.+?)\$\$|(?<![\\$])\$(?P<inline>[^$\n]+)\$", re.S)


def mathml(tex: str, *, block: bool = False) -> str:
    """A formula of TeX as one line of MathML.

    Raises
    ------
    ValueError
        For what docutils cannot read, with the formula.
    """
    tex = tex.strip()
    try:
        found = tex2mathml(_KNOWN_ELSEWHERE.sub(lambda match: ALIASES[match[0]], tex), as_block=block)
    except MathError as error:
        raise ValueError(f"no MathML for the formula {tex!r}: {error}") from None
    return re.sub(r"\n\s*", "", found)


def in_html(html: str) -> str:
    r"""HTML with each ``\(...\)`` as MathML."""
    return _INLINE.sub(lambda match: mathml(unescape(match[1])), html)


def in_markdown(text: str) -> str:
    """Markdown with each formula between dollars as MathML; code is left as it is."""

    def formula(match: re.Match[str]) -> str:
        if match["code"]:
            return match["code"]
        return mathml(match["block"] or match["inline"], block=bool(match["block"]))

    return _MARKDOWN.sub(formula, text)


def in_notebook(notebook: Any, resources: Any) -> tuple[Any, Any]:
    """A preprocessor of nbconvert: formulas of a notebook's text and of its tables as MathML."""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = in_markdown(cell.source)
        for output in cell.get("outputs", ()):
            data = output.get("data", {})
            if "text/html" in data:
                data["text/html"] = in_html(data["text/html"])
    return notebook, resources
