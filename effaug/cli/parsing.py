"""Values of options: from text to numbers, or a ValueError that names the option."""

from __future__ import annotations

import math


def classes(text: str) -> tuple[int, int] | None:
    """Two labels such as ``4,9``; None for an empty text."""
    if not text:
        return None
    values = [whole("classes", part) for part in text.split(",")]
    if len(values) != 2:
        raise ValueError(f"classes must be two labels such as 4,9, got {text!r}")
    return values[0], values[1]


def parameters(augmentation: str, text: str) -> tuple | None:
    """Margins or angles such as ``5,10``, shifts such as ``1,0:0,1``; None for an empty text."""
    if not text:
        return None
    if augmentation == "translate":
        return tuple(tuple(whole("parameters", v) for v in pair.split(",")) for pair in text.split(":"))
    values = [number("parameters", part) for part in text.split(",")]
    return tuple(int(v) if v == int(v) else v for v in values)


def number(name: str, text: str) -> float:
    """A finite number."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ValueError(f"{name} must be made of numbers, got {text!r}")
    return value


def whole(name: str, text: str) -> int:
    """A whole number."""
    value = number(name, text)
    if value != int(value):
        raise ValueError(f"{name} must be made of whole numbers, got {text!r}")
    return int(value)
