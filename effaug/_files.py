"""Files that appear whole or not at all, and the commit that made them."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any


def write_whole(path: Path, write: Callable[[Path], Any], suffix: str = "") -> None:
    """Let `write` fill a file beside `path`, then rename it.

    Parameters
    ----------
    path : Path
    write : callable
        Takes the path to fill.
    suffix : str, optional
        Which that path must end with, for libraries that look at it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part{suffix}")
    try:
        write(part)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
