"""The book audited by three published lists: each item in our words, with the tests or commands that show it."""

from __future__ import annotations

import ast
import html
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from effaug.report import scorecard
from effaug.report.audit_items import ITEMS, Item
from effaug.report.markup import Shown, folded
from effaug.study.results import Results

ROOT = Path(__file__).resolve().parents[2]
STATUSES = {"met": ("●", "holds"), "in part": ("◐", "holds-in-part"), "not met": ("✕", "does-not-hold")}
_DOCUMENTS = ("README.md", "CONTRIBUTING.md", "book/rerun.md")
_RUNS = (".ci/run", ".github/workflows/*.yml", "tests/*.py")


@dataclass(frozen=True)
class Finding:
    """What an item comes to.

    Attributes
    ----------
    item : Item
    status : {"met", "in part", "not met"}
    why : str
        What is lacking, or what the claims' verdicts are; empty where nothing is to be said.
    """

    item: Item
    status: str
    why: str


def finding(item: Item, results: Results, root: Path = ROOT) -> Finding:
    """The status of an item, from what is in the project now.

    It is "not met" without evidence, and where any of its evidence is gone; "in part" where something is lacking. One
    about the paper's results is met if all claims hold under its protocol, and in part if some do.
    """
    gone = [each for each in item.evidence if not exists(each, root)]
    if gone:
        return Finding(item, "not met", f"Its evidence is gone: {', '.join(gone)}.")
    if item.claims_under:
        return _of_claims(item, results)
    if not item.evidence:
        return Finding(item, "not met", item.lacking)
    return Finding(item, "in part" if item.lacking else "met", item.lacking)


def exists(evidence: str, root: Path = ROOT) -> bool:
    """Whether a test is there and not skipped, or a command is documented or run by tests or CI."""
    if "::" in evidence:
        path, name = evidence.split("::")
        return name in _tests(root / path)
    if evidence.startswith("make "):
        target = re.search(rf"^{evidence.removeprefix('make ')}:", _text(root, ["Makefile"]), re.M)
        return bool(target) and evidence in _text(root, _DOCUMENTS)
    return evidence in _text(root, (*_DOCUMENTS, *_RUNS))


def findings(results: Results) -> list[Finding]:
    """Of all items, in their order."""
    return [finding(item, results) for item in ITEMS]


def in_words(found: Iterable[Finding]) -> str:
    """How many items have which status, as a sentence."""
    count = pd.Series([each.status for each in found]).value_counts()
    parts = [f"{count.get(status, 0)} {status}" for status in STATUSES]
    return f"Of {count.sum()} items {parts[0]}, {parts[1]} and {parts[2]}."


def section(found: Iterable[Finding], source: str) -> Shown:
    """The items of one list, each with its status, what is lacking, and folded below what shows it."""
    own = [each for each in found if each.item.source == source]
    rows = "".join(f"<tr><td>{_status(each.status)}</td><td>{_told(each)}</td></tr>" for each in own)
    head = "<thead><tr><th>status</th><th>item</th></tr></thead>"
    text = "\n".join(f"{each.item.name}: {each.status}. {each.why}".strip() for each in own)
    return Shown(f'<table class="audit">{head}<tbody>{rows}</tbody></table>', text)


def _of_claims(item: Item, results: Results) -> Finding:
    verdicts = scorecard.scorecard(results, item.claims_under).verdict
    hold = int((verdicts == "holds").sum())
    status = "met" if hold == len(verdicts) else "in part" if hold else "not met"
    told = scorecard.in_words(results, item.claims_under)
    return Finding(item, status, f"{told} {item.lacking}".strip())


def _tests(path: Path) -> set[str]:
    """Test functions of a file, but those that are always skipped."""
    if not path.is_file():
        return set()
    nodes = [node for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef)]
    skipped = re.compile(r"pytest\.mark\.(skip|xfail)\b")
    return {node.name for node in nodes if not any(skipped.search(ast.unparse(d)) for d in node.decorator_list)}


def _text(root: Path, patterns: Iterable[str]) -> str:
    """The files of some patterns in one, but the tests of this page, which name every command."""
    paths = (path for pattern in patterns for path in sorted(root.glob(pattern)) if path.name != "test_audit.py")
    return "\n".join(path.read_text() for path in paths)


def _status(status: str) -> str:
    sign, kind = STATUSES[status]
    return f'<span class="verdict {kind}"><span aria-hidden="true">{sign}</span> {status}</span>'


def _told(each: Finding) -> str:
    why = f"<br>{html.escape(each.why)}" if each.why else ""
    shown = "".join(f"<li><code>{html.escape(evidence)}</code></li>" for evidence in each.item.evidence)
    evidence = folded("What shows it", f"<ul>{shown}</ul>") if shown else ""
    return f"<b>{html.escape(each.item.name)}</b>: {html.escape(each.item.says)}{why}{evidence}"
