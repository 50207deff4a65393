"""Reading text and JSON that may be damaged, or no text at all: every fault is a ValueError."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

BOUND = 2**28  # bytes of a file: a hundred times our largest


def read(path: Path) -> str:
    """The text of a file, UTF-8.

    Raises
    ------
    ValueError
        With the fault: other bytes, or more of them than `BOUND`. Whoever knows what the file is for names it.
    FileNotFoundError, PermissionError
        As `open` raises them.
    """
    if (size := path.stat().st_size) > BOUND:
        raise ValueError(f"it has {size} bytes; at most {BOUND} are read")
    return path.read_text(encoding="utf-8")


def read_record(path: Path) -> dict[str, Any]:
    """What a file of JSON holds, an object.

    Raises
    ------
    ValueError
        With the fault: as `read`, or no JSON, or of another kind than an object.
    FileNotFoundError, PermissionError
        As `open` raises them.
    """
    try:
        found = json.loads(read(path))
    except RecursionError:
        raise ValueError("its lists or objects are nested too deep") from None
    if not isinstance(found, dict):
        raise ValueError(f"a JSON object is expected, not {type(found).__name__}")
    return found
