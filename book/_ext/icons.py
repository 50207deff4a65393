"""The theme's icons, cut down to those in use: 2000 of them as a script, a style sheet and fonts are 1.9 MB a page."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

logging.getLogger("fontTools.subset").setLevel(logging.WARNING)
FONT = "fa-solid-900"
_NAMED = re.compile(r"(?<=[\s\"'.])fa-([a-z0-9-]+)")
_RULE = re.compile(r"((?:\.fa-[a-z0-9-]+:before,?)+)\{content:\"(?:\\([0-9a-f]+)|([^\"\\]))\"\}")
_BY_CODE = re.compile(r"(?:--pst-icon-[a-z-]+|content):\s*\"(?:\\([0-9a-f]{4})|([\ue000-\uf8ff]))\"")
_FACE = re.compile(rf"src:url\((\S*?){FONT}\.woff2\)[^;}}]*")


def named(texts: Iterable[str]) -> set[str]:
    """Names of the icons that pages and scripts ask for, such as ``bars``."""
    return {name for text in texts for name in _NAMED.findall(text)}


def cut(css: str, names: set[str]) -> tuple[str, set[int]]:
    """A style sheet without the rules of other icons, and the code points of the icons that it keeps."""
    kept: set[int] = set()

    def rule(match: re.Match[str]) -> str:
        if not names & set(re.findall(r"fa-([a-z0-9-]+):", match[1])):
            return ""
        kept.add(_code(match[2], match[3]))
        return match[0]

    css = _RULE.sub(rule, css)
    kept |= {_code(*found) for found in _BY_CODE.findall(css)}
    return _FACE.sub(rf'src:url(\g<1>{FONT}.woff) format("woff")', css), kept


def _code(digits: str | None, letter: str | None) -> int:
    return int(digits, 16) if digits else ord(letter or "")


def cut_font(font: Path, codes: set[int]) -> None:
    """Write beside a TrueType font, as ``.woff``, what it draws of some code points."""
    options = subset.Options(flavor="woff", notdef_outline=True)
    found = TTFont(font, recalcTimestamp=False)  # the same twice
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=sorted(codes))
    cutter.subset(found)
    subset.save_font(found, str(font.with_suffix(".woff")), options)


def tidy(book: Path) -> None:
    """Cut the icons of a built book down to those in use.

    Raises
    ------
    ValueError
        Where a page asks for an icon that the theme has not.
    """
    static = book / "_static"
    pages = [path for path in book.rglob("*.html") if static not in path.parents]
    scripts = [path for path in static.rglob("*.js") if path.name != "fontawesome.js"]
    names = named(path.read_text(encoding="utf-8") for path in [*pages, *scripts])
    sheets = {path: path.read_text(encoding="utf-8") for path in sorted((static / "styles").glob("*.css"))}
    codes: set[int] = set()
    for path, text in sheets.items():
        text, kept = cut(text, names)
        codes |= kept
        path.write_text(text, encoding="utf-8")
    fonts = static / "vendor" / "fontawesome" / "webfonts"
    cut_font(fonts / f"{FONT}.ttf", codes)
    for path in fonts.glob(f"{FONT}.woff2"):
        path.unlink()
