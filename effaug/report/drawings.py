"""Figures as files: each panel as SVG that takes a page's colours, and what the book offers for download."""

from __future__ import annotations

import hashlib
import html
import io
import os
import re
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

# What is drawn in black takes the text's colour of the page, light or dark; what is drawn in this grey, a paler one.
INK, REFERENCE = "#000000", "#7f7f7f"
_THEMED = {INK: "currentColor", REFERENCE: "var(--exhibit-reference, #7f7f7f)"}
_DRAWN: Any = {"svg.hashsalt": "effaug", "image.composite_image": False}  # the same twice; images by their own pixels


def panels(figure: Figure, alt: str | tuple[str, ...], name: str = "") -> list[str]:
    """Each panel of a figure (its subfigures; itself where it has none) as SVG, so that a page can wrap them.

    Parameters
    ----------
    figure : Figure
    alt : str or tuple of str
        What it shows; or one for each panel.
    name : str
        That tells it from a figure on the same page that is drawn alike.
    """
    each = [part for part in figure.subfigs if part.get_visible()]
    alts = (alt,) * max(1, len(each)) if isinstance(alt, str) else alt
    if not each:
        return [svg(figure, alts[0], name=name)]
    found = []
    for part, words in zip(each, alts, strict=True):
        for other in each:
            other.set_visible(other is part)
        found.append(svg(figure, words, part.bbox.transformed(figure.dpi_scale_trans.inverted()), name))
    for part in each:
        part.set_visible(True)
    return found


def svg(figure: Figure, alt: str, part: Bbox | None = None, name: str = "") -> str:
    """A figure as SVG for a page: scales with it, in its font and the colours of its theme, its text as text.

    Parameters
    ----------
    figure : Figure
    alt : str
        What it shows, for those who do not see it.
    part : Bbox, optional
        In inches, of what is shown; everything unless given.
    name : str
        That tells it from a figure on the same page that is drawn alike.
    """
    buffer = io.StringIO()
    with plt.rc_context(_DRAWN | {"svg.fonttype": "none"}):
        metadata = {"Date": None, "Creator": None}
        figure.savefig(buffer, format="svg", metadata=metadata, transparent=True, bbox_inches=part)
    text = buffer.getvalue()
    for what, instead in _REWRITTEN:
        text = what.sub(instead, text)
    for drawn, themed in _THEMED.items():
        text = text.replace(drawn, themed)
    words, text = html.escape(alt, quote=True), _own_ids(text, name)
    return text.replace("<svg ", f'<svg role="img" aria-label="{words}" fill="currentColor" ', 1)


_NUMBER = re.compile(r"-?\d+\.\d\d+")


def _tenths(found: re.Match) -> str:
    """Places to a tenth of a unit, which is about a pixel."""
    return _NUMBER.sub(lambda number: f"{float(number[0]):.1f}".removesuffix(".0"), found[0])


_REWRITTEN: tuple[tuple[re.Pattern, Any], ...] = (
    (re.compile(r"^.*?(?=<svg)|<metadata>.*?</metadata>|<!--.*?-->", re.S), ""),
    (re.compile(r"\s*\n\s*"), " "),
    (re.compile(r"(?<=<svg )[^>]*"), lambda found: re.sub(r'\b(width|height)="[^"]*" ?', "", found[0])),
    (re.compile(r"font: (?:(bold) )?([\d.]+px) [^;\"]*"), lambda found: _font(found[2], found[1])),
    (re.compile(r"font-family: [^;\"]*;? ?"), ""),  # the page's
    (re.compile(r' transform="rotate\(-0 [^"]*\)"'), ""),
    (re.compile(r'<g> <path d="[^"]*" style="fill: none"/> </g>'), ""),  # the transparent ground
    (re.compile(r'(?<= (?:d|x|y)=")[^"]*'), _tenths),
)


def _font(size: str, weight: str | None) -> str:
    return f"font-size: {size}" + f"; font-weight: {weight}" * bool(weight)


def _own_ids(text: str, name: str) -> str:
    """Ids that nothing refers to are dropped, the others made the figure's own: a page has several."""
    own = hashlib.sha256(f"{name}{text}".encode()).hexdigest()[:8]
    used = set(re.findall(r'(?:href="#|url\(#)([^")]+)', text))
    text = re.sub(r' id="([^"]+)"', lambda m: f' id="{own}-{m[1]}"' if m[1] in used else "", text)
    return re.sub(r'(href="#|url\(#)', rf"\g<1>{own}-", text)


def kept() -> bool:
    """Whether figures and their numbers are written into a folder, ``EFFAUG_DOWNLOADS``: then a page holds no copy."""
    return bool(os.environ.get("EFFAUG_DOWNLOADS"))


def keep(name: str, figure: Figure, numbers: pd.DataFrame | None) -> None:
    """Write a figure and its numbers into the folder that ``EFFAUG_DOWNLOADS`` names, where it does.

    The book's build does, and links ``NAME.svg``, ``NAME.pdf`` and ``NAME.csv``.
    """
    if not kept():
        return
    folder = Path(os.environ["EFFAUG_DOWNLOADS"])
    folder.mkdir(parents=True, exist_ok=True)
    with plt.rc_context(_DRAWN):
        figure.savefig(folder / f"{name}.svg", metadata={"Date": None})
        figure.savefig(folder / f"{name}.pdf", metadata={"CreationDate": None})
    if numbers is not None:
        numbers.to_csv(folder / f"{name}.csv")
