"""The package's own plan: its wings and rooms, and which room imports which, read from the code."""

from __future__ import annotations

import ast
import functools
import html
import re
from graphlib import TopologicalSorter
from pathlib import Path

HOUSE = Path(__file__).resolve().parents[1]
WINGS = ("", "images", "study", "report", "cli")  # each imports from itself and those before it

_WIDTH, _ROW, _BOX = 340, 24, 70  # of a drawing, a room's line and a wing's, in the pixels of a narrow screen
# Arrows of one room have one of these, each of which stands out (3 : 1 and more) from white and from a dark page.
_COLOURS = ("#0072b2", "#d55e00", "#008a66", "#b8568a", "#7a6ad8", "#8a6d00")


def rooms(wing: str) -> list[Path]:
    """The files of a wing's modules."""
    return sorted(path for path in (HOUSE / wing).glob("*.py") if path.stem != "__init__")


def dotted(path: Path) -> str:
    """A file's module, such as ``effaug.study.tasks``."""
    return ".".join(path.relative_to(HOUSE.parent).with_suffix("").parts)


def wing_of(module: str) -> str:
    """The wing of a module, such as ``study``; empty for the method's."""
    return module.removeprefix("effaug").strip(".").rpartition(".")[0]


ROOMS = {dotted(path): path for wing in WINGS for path in rooms(wing)}


def imports(path: Path) -> set[str]:
    """Modules that a file imports, in functions too, but not for types alone.

    Raises
    ------
    ValueError
        For a relative import, which names no module.
    """
    return set(_imports(path, path.read_text()))


@functools.lru_cache(maxsize=512)  # the page asks for each file's a dozen times
def _imports(path: Path, text: str) -> frozenset[str]:
    tree, found = ast.parse(text), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING":
            node.body = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            if node.module is None or node.level:
                raise ValueError(f"{path}, line {node.lineno}: imports must be absolute, got a relative one")
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name in ROOMS else node.module for name in names}
    return frozenset(found)


def arrows() -> dict[str, list[str]]:
    """For each of our modules those of ours that it imports."""
    return {name: sorted(imports(path) & ROOMS.keys()) for name, path in ROOMS.items()}


def purpose(path: Path) -> str:
    """The first paragraph of a file's docstring, in one line."""
    return " ".join((ast.get_docstring(ast.parse(path.read_text())) or "").split("\n\n")[0].split())


def wings() -> str:
    """The wings as an SVG, the command line above, with an arrow from each to those that it imports from.

    Numbers say how many imports an arrow stands for.
    """
    order, found = WINGS[::-1], dict[tuple[str, str], int]()
    for room, imported in arrows().items():
        for pair in ((wing_of(room), wing_of(other)) for other in imported):
            if pair[0] != pair[1]:
                found[pair] = found.get(pair, 0) + 1
    parts = []
    for k, wing in enumerate(order):
        y = k * _BOX + 8
        parts += [
            f'<rect x="2" y="{y}" width="185" height="40" rx="6" fill="none" stroke="currentColor"/>',
            f'<text x="12" y="{y + 25}">{_title(wing)}, {len(rooms(wing))} rooms</text>',
        ]
    for (wing, other), count in sorted(found.items()):
        start, end = order.index(wing), order.index(other)
        bend = 8 + 43 * (end - start)
        y, below = start * _BOX + 32, end * _BOX + 22
        parts.append(_arrow(187, y, below, bend, start, wing=wing, to=other, imports=str(count)))
        parts.append(f'<text x="{190 + 0.75 * bend:g}" y="{(y + below) / 2 + 4:g}" font-size="12">{count}</text>')
    said = "; ".join(f"{_title(wing)} imports from {_title(other)}, {n} times" for (wing, other), n in found.items())
    return _svg(parts, len(order) * _BOX - 10, f"The wings of the package and the imports between them: {said}.")


def wing_drawing(wing: str) -> str:
    """A wing's rooms as an SVG, one below the other, with an arrow to each room of the wing that a room imports."""
    inside = {name: imported for name, imported in arrows().items() if wing_of(name) == wing}
    within = {name: [other for other in imported if other in inside] for name, imported in inside.items()}
    order = list(TopologicalSorter(within).static_order())[::-1]
    parts = [f'<text x="2" y="{k * _ROW + 17}">{_name(room)}</text>' for k, room in enumerate(order)]
    for room, imported in within.items():
        for other in imported:
            start, end = order.index(room), order.index(other)
            bend = 20 + 220 * (end - start) / max(len(order), 8)
            parts.append(_arrow(140, start * _ROW + 15, end * _ROW + 10, bend, start, room=room, to=other))
    n = sum(map(len, within.values()))
    said = f"The {len(order)} rooms of {_title(wing)} and the {n} imports between them, which the table below names."
    return _svg(parts, len(order) * _ROW + 6, said)


def wing_table(wing: str) -> str:
    """What each of a wing's rooms is for, in its own words, and what it imports, as an HTML table."""
    found, rows = arrows(), []
    for room in (dotted(path) for path in rooms(wing)):
        by_wing = {other: [name for name in found[room] if wing_of(name) == other] for other in WINGS[::-1]}
        listed = [
            ("" if other == wing else f"{_title(other)}: ") + ", ".join(map(_name, names))
            for other, names in by_wing.items()
            if names
        ]
        imported = f"<br><small>imports {'; '.join(listed)}</small>" if listed else ""
        rows.append(f"<tr><td><code>{_name(room)}</code></td><td>{_text(purpose(ROOMS[room]))}{imported}</td></tr>")
    return f'<table class="rooms"><tr><th>room</th><th>what it is for</th></tr>{"".join(rows)}</table>'


def wing_section(wing: str) -> str:
    """A wing's purpose, drawing and table."""
    return f"<p>{_text(purpose(HOUSE / wing / '__init__.py'))}</p>{wing_drawing(wing)}{wing_table(wing)}"


def _title(wing: str) -> str:
    return f"effaug.{wing}" if wing else "effaug"


def _name(room: str) -> str:
    return room.rpartition(".")[2]


def _text(words: str) -> str:
    return re.sub("`+([^`]+)`+", r"<code>\1</code>", html.escape(words))


def _arrow(x: float, start: float, end: float, bend: float, colour: int, **data: str) -> str:
    """A curve to the right and back, from one height to another; what it stands for is in its data and its title."""
    told = " ".join(f'data-{name}="{value}"' for name, value in data.items())
    ink, said = _COLOURS[colour % len(_COLOURS)], " imports ".join(list(data.values())[:2])
    curve = f"M{x} {start}C{x + bend:g} {start} {x + bend:g} {end} {x + 6} {end}"
    head = f"M{x + 8} {end - 4}L{x + 1} {end}L{x + 8} {end + 4}Z"
    return (
        f'<path {told} d="{curve}" fill="none" stroke="{ink}" stroke-width="1.2"><title>{said}</title></path>'
        f'<path d="{head}" fill="{ink}"/>'
    )


def _svg(parts: list[str], height: int, said: str) -> str:
    words = html.escape(said)
    return (
        f'<svg class="plan" role="img" aria-label="{words}" viewBox="0 0 {_WIDTH} {height}" '
        f'font-size="14" fill="currentColor" xmlns="http://www.w3.org/2000/svg"><title>{words}</title>'
        f"{''.join(parts)}</svg>"
    )
