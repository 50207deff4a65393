"""The command line's reference, made by typer from the commands themselves, and how to cite, from ``CITATION.cff``."""

from __future__ import annotations

import inspect
import re
from importlib import import_module
from pathlib import Path
from typing import Any

import typer
import yaml
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from typer.cli import get_docs_for_click

COMMAND_LINE = "book/reference/command_line"
PYTHON = "book/reference/python"


def command_line(command: Any, name: str) -> str:
    """What typer says about a command and those below it, hidden ones left out, as Markdown."""
    _prepare(command)
    text = get_docs_for_click(obj=command, ctx=typer.Context(command), name=name)
    return re.sub(r"^# .*\n", f"## `{name}`\n", text, count=1)


def _prepare(command: Any) -> None:
    """Leave out hidden commands, and let a summary be the whole first line of a command's help."""
    command.short_help = (command.help or "").strip().split("\n")[0]
    if hasattr(command, "commands"):
        command.commands = {name: each for name, each in command.commands.items() if not each.hidden}
        for each in command.commands.values():
            _prepare(each)


def python() -> str:
    """What autodoc is asked for: every name of `effaug`, then the method's modules, as MyST Markdown."""
    import effaug

    at_top = {name: getattr(effaug, name) for name in effaug.__all__ if not name.startswith("_")}
    parts = ["## `effaug`", *(_asked(f"effaug.{name}", each) for name, each in at_top.items())]
    for path in sorted(Path(effaug.__file__).parent.glob("[!_]*.py")):
        module = import_module(f"effaug.{path.stem}")
        own = {name for name, each in vars(module).items() if getattr(each, "__module__", "") == module.__name__}
        shown = {name for name in own if not name.startswith("_")}
        if shown - at_top.keys():
            left_out = f"   :exclude-members: {', '.join(shown & at_top.keys())}\n" if shown & at_top.keys() else ""
            parts.append(f"## `{module.__name__}`\n\n" + _rst(f".. automodule:: {module.__name__}\n{left_out}"))
    return "\n\n".join(parts)


def _asked(name: str, each: Any) -> str:
    """The directive for one name; of a value, whose docstring is its type's, what it holds."""
    if inspect.isclass(each) or inspect.isfunction(each):
        return _rst(f".. auto{'class' if inspect.isclass(each) else 'function'}:: {name}\n")
    if isinstance(each, dict):
        return _rst(f".. py:data:: {name}\n\n   By name: {', '.join(f'``{key}``' for key in each)}.\n")
    return _rst(f".. py:data:: {name}\n\n   The module ``{each.__name__}``.\n")


def _rst(text: str) -> str:
    return f"```{{eval-rst}}\n{text}```"


def append(app: Sphinx, docname: str, source: list[str]) -> None:
    """Add what is made to the two pages of the reference."""
    if docname == PYTHON:
        source[0] += "\n" + python()
    if docname == COMMAND_LINE:
        from effaug.cli.main import app as effaug

        source[0] += "\n" + command_line(typer.main.get_command(effaug), "effaug")


def people(work: dict[str, Any]) -> list[str]:
    """A work's authors."""
    return [author.get("name") or f"{author['given-names']} {author['family-names']}" for author in work["authors"]]


def as_text(work: dict[str, Any]) -> str:
    """A work as a sentence of a list of references."""
    year, home = work.get("year") or work["date-released"].year, work.get("collection-title")
    version = f"Version {work['version']}" if "version" in work else None
    said = [" and ".join(people(work)), f"{work['title']} ({year})", home, version, _number(work)]
    return ". ".join(part for part in said if part) + "."


def as_bibtex(work: dict[str, Any], key: str) -> str:
    """A work as BibTeX."""
    year = work.get("year") or work["date-released"].year
    groups = {author.get("name") for author in work["authors"]}  # which BibTeX would take for given names and a family
    kind = "inproceedings" if "collection-title" in work else "software"
    fields = {
        "author": " and ".join(f"{{{name}}}" if name in groups else name for name in people(work)),
        "title": f"{{{work['title']}}}",
    }
    fields |= {"booktitle": work.get("collection-title"), "year": year, "version": work.get("version")}
    fields |= {"license": work.get("license"), "note": _number(work), "url": work.get("url")}
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
    return "\n".join([f"@{kind}{{{key},", *lines, "}"])


def as_cff(work: dict[str, Any]) -> str:
    """A work as an entry of somebody else's ``CITATION.cff``."""
    return yaml.safe_dump({"references": [work]}, sort_keys=False, allow_unicode=True).strip()


def _number(work: dict[str, Any]) -> str | None:
    return next((each["value"] for each in work.get("identifiers", ())), None)


class Cite(SphinxDirective):
    """``{cite-as} software`` or ``{cite-as} paper``: text, BibTeX and CFF."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        file = Path(self.env.srcdir) / "CITATION.cff"
        self.env.note_dependency(str(file))
        software = yaml.safe_load(file.read_text())
        paper = self.arguments[0] == "paper"
        work = software["references"][0] if paper else software
        key = "kuchnik2019" if paper else "effaug"
        cff = as_cff(work) if paper else file.read_text().strip()
        found: list[nodes.Node] = [nodes.paragraph("", as_text(work))]
        for language, text in (("bibtex", as_bibtex(work, key)), ("yaml", cff)):
            found.append(nodes.literal_block(text, text, language=language))
        return found


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx."""
    app.connect("source-read", append)
    app.add_directive("cite-as", Cite)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
