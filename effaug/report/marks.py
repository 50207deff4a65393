"""How the explorer draws policies: colour and symbol for how points are chosen, dash and filling for refinements."""

from __future__ import annotations

COLOURS = {  # a contrast of 3 : 1 and more, on white and on the dark theme's #14181e
    "baseline": "#d55e00",
    "random_proportional": "#0072b2",
    "deterministic_proportional": "#009e73",
    "random_inverse_proportional": "#cc79a7",
    "deterministic_inverse_proportional": "#937200",
    "dpp": "#8f5fd0",
}
Mark = tuple[str, str, str, bool]  # colour, symbol (d3's name), dash (SVG's), whether the symbol is filled
_REFINED = {
    "": ("", True),
    "_update": ("7 3", False),
    "_downweight": ("2 3", True),
    "_update_downweight": ("9 3 2 3", False),
}
_SYMBOLS = {"random_proportional": "square", "deterministic_proportional": "triangle"}
MARKS: dict[str, Mark] = {  # told apart without the colours, too
    "baseline": (COLOURS["baseline"], "circle", "", True),
    **{
        kind + suffix: (COLOURS[kind], symbol, *drawn)
        for kind, symbol in _SYMBOLS.items()
        for suffix, drawn in _REFINED.items()
    },
    "random_inverse_proportional": (COLOURS["random_inverse_proportional"], "times", "2 3", False),
    "deterministic_inverse_proportional": (COLOURS["deterministic_inverse_proportional"], "plus", "2 3", False),
    "virtual_support_vectors": (COLOURS["dpp"], "star", "", True),
    "clustered_baseline": (COLOURS["baseline"], "cross", "", True),
    "clustered_random_proportional": (COLOURS["random_proportional"], "cross", "7 3", False),
    "dpp": (COLOURS["dpp"], "diamond", "", True),
    "dpp_proportional": (COLOURS["dpp"], "diamond", "7 3", False),
    "dpp_map": (COLOURS["deterministic_inverse_proportional"], "wye", "", True),
    "dpp_map_proportional": (COLOURS["deterministic_inverse_proportional"], "wye", "7 3", False),
}
