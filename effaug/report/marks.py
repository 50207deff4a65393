"""How the explorer draws a policy: a colour for how points are chosen, a symbol and a dash for its refinements."""

from __future__ import annotations

COLOURS = {  # told apart with each kind of colour blindness; contrast of 3 : 1 and more on white and on #14181e
    "baseline": "#d55e00",
    "random_proportional": "#0072b2",
    "deterministic_proportional": "#009e73",
    "random_inverse_proportional": "#cc79a7",
    "deterministic_inverse_proportional": "#937200",
    "virtual_support_vectors": "#8f5fd0",
    "dpp": "#8f5fd0",
}
_REFINED = {
    "": ("circle", ""),
    "_update": ("diamond", "7 3"),
    "_downweight": ("triangle", "2 3"),
    "_update_downweight": ("square", "8 3 2 3"),
}
_OTHERS = {  # whose colour, and what tells them from it
    "random_inverse_proportional": ("random_inverse_proportional", "times", "2 3"),
    "deterministic_inverse_proportional": ("deterministic_inverse_proportional", "times", "2 3"),
    "virtual_support_vectors": ("virtual_support_vectors", "star", ""),
    "clustered_baseline": ("baseline", "star", "7 3"),
    "clustered_random_proportional": ("random_proportional", "star", "7 3"),
    "dpp": ("dpp", "circle", ""),
    "dpp_proportional": ("dpp", "diamond", "7 3"),
    "dpp_map": ("dpp", "square", "8 3 2 3"),
    "dpp_map_proportional": ("dpp", "triangle", "2 3"),
}
MARKS: dict[str, tuple[str, str, str]] = {  # colour, symbol, dash
    "baseline": (COLOURS["baseline"], "circle", ""),
    **{
        kind + suffix: (COLOURS[kind], *mark)
        for kind in ("random_proportional", "deterministic_proportional")
        for suffix, mark in _REFINED.items()
    },
    **{name: (COLOURS[family], symbol, dash) for name, (family, symbol, dash) in _OTHERS.items()},
}
