"""Folders that the environment names. One that is read from has to be there; one that is written to is made."""

from __future__ import annotations

import os
from pathlib import Path

FOLDERS = ("EFFAUG_DATA", "EFFAUG_WEIGHTS", "EFFAUG_RESULTS", "EFFAUG_CACHE")


def named_folder(variable: str) -> Path | None:
    """The folder to read from that an environment variable names; None where it is unset or empty.

    Raises
    ------
    FileNotFoundError
        If it names no folder: a path that is misspelt must not pass for an empty place.
    """
    named = os.environ.get(variable)
    if not named:
        return None
    folder = Path(named).expanduser()
    if not folder.is_dir():
        raise FileNotFoundError(f"{variable} names no existing folder: {folder}; name one that is there, or unset it")
    return folder
