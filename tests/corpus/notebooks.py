"""Notebooks, which `effaug validate --notebooks` runs: what they are told to do they do, what is none is named."""

import json
from pathlib import Path

import nbformat

from corpus.kinds import Broken, Hole, Reader
from effaug.study import validation


def _checked(folder: Path) -> str:
    (check,) = validation.notebooks([folder / "sums.ipynb"], folder)
    if not check.passed:
        raise ValueError(f"{check.name}: {check.got}")
    return check.got


OUTPUT = nbformat.v4.new_output("execute_result", {"text/plain": "4"}, execution_count=1)
CELL = nbformat.v4.new_code_cell("2 + 2", outputs=[OUTPUT], execution_count=1, id="sum")
BOOK = nbformat.v4.new_notebook(cells=[CELL])


def _book(**changes) -> bytes:
    return json.dumps(BOOK | changes).encode()


CONTENTS = {
    "nothing": (b"", "no whole notebook"),
    "cut": (_book()[:-9], "no whole notebook"),
    "a list": (b"[]", "a JSON object is expected"),
    "nested too deep": (b"[" * 200_000, "nested too deep"),
    "other bytes": (b"\xff\xfe\x00", "can't decode"),
    "a terabyte": (Hole(2**40), "at most 268435456 are read"),
    "no cells": (_book(cells=[]), "it has no cells"),
    "cells of a number": (_book(cells=5), "what nbval cannot run"),
    "another version": (_book(nbformat=99), "what nbval cannot run"),
    "another kernel": (_book(metadata={"kernelspec": {"name": "none", "display_name": "x"}}), "what nbval cannot run"),
    "another output": (_book().replace(b'"4"', b'"5"'), "other outputs in Cell 0"),
}
NOTEBOOK = Reader(
    "notebook",
    _checked,
    {"sums.ipynb": _book()},
    {name: Broken(says, {"sums.ipynb": content}) for name, (content, says) in CONTENTS.items()},
    names="{folder}/sums.ipynb",
)
