"""effaug.report.audit: what shows an item is there and is run, and an item that nothing shows is not met."""

import dataclasses
import re
import subprocess
import sys
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from effaug.report import audit, scorecard
from effaug.report.audit_items import ACM, ITEMS, RESCIENCE, RULES, Item
from effaug.report.parameters import STORED
from effaug.study.results import Results

ROOT = Path(__file__).parent.parent
NODES = sorted({each for item in ITEMS for each in item.evidence if "::" in each})
COMMANDS = sorted({each for item in ITEMS for each in item.evidence if "::" not in each})


@pytest.fixture(scope="module")
def found():
    return audit.findings(Results(STORED))


@pytest.fixture
def project(tmp_path):
    """A small one, with a test that runs, one that is always skipped, and a command."""
    (tmp_path / "tests").mkdir()
    skipped = "import pytest\n\ndef test_runs():\n    assert True\n\n@pytest.mark.skip\ndef test_skipped():\n    pass\n"
    (tmp_path / "tests" / "test_a.py").write_text(skipped)
    (tmp_path / "Makefile").write_text("book:\n\ttrue\nhidden:\n\ttrue\n")
    (tmp_path / "README.md").write_text("`make book`, `make gone` and `effaug report`\n")
    return tmp_path


def test_every_test_that_is_named_is_collected_without_real_images_and_not_skipped():
    files = sorted({node.split("::")[0] for node in NODES})
    collect = ["-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", "-m", "not realdata"]
    done = subprocess.run([sys.executable, *collect, *files], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    collected = {line.partition("[")[0] for line in done.stdout.splitlines() if "::" in line}
    assert len(NODES) > 30
    assert set(NODES) <= collected
    assert all(audit.exists(node) for node in NODES)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_that_is_named_is_documented_or_run(command):
    assert audit.exists(command)
    program, word = command.split()[:2]
    if program == "make":
        assert re.search(rf"^\.PHONY:.*\b{word}\b", (ROOT / "Makefile").read_text(), re.M)
    else:
        done = subprocess.run([Path(sys.executable).with_name("effaug"), word, "--help"], capture_output=True)
        assert done.returncode == 0


@pytest.mark.parametrize(
    ("evidence", "there"),
    [
        ("tests/test_a.py::test_runs", True),
        ("tests/test_a.py::test_skipped", False),
        ("tests/test_a.py::test_gone", False),
        ("tests/test_b.py::test_runs", False),
        ("make book", True),
        ("make gone", False),
        ("make hidden", False),
        ("effaug report", True),
        ("effaug compare", False),
    ],
)
def test_evidence_is_looked_for_in_the_project(project, evidence, there):
    assert audit.exists(evidence, project) is there


@pytest.mark.parametrize(
    ("evidence", "lacking", "status", "why"),
    [
        (("make book",), "", "met", ""),
        (("make book",), "The rest.", "in part", "The rest."),
        ((), "All of it.", "not met", "All of it."),
        (("make book", "make gone"), "", "not met", "Its evidence is gone: make gone."),
    ],
)
def test_the_status_follows_from_the_evidence(project, evidence, lacking, status, why):
    item = Item(ACM, "a", "b", evidence, lacking)
    result = audit.finding(item, Results(STORED), project)
    assert (result.status, result.why) == (status, why)


@pytest.mark.parametrize(("verdicts", "status"), [("hh", "met"), ("hn", "in part"), ("nn", "not met")])
def test_the_papers_results_are_what_the_scorecard_says(monkeypatch, verdicts, status):
    (item,) = (item for item in ITEMS if item.name == "Results Replicated")
    words = {"h": "holds", "n": "does not hold"}
    card = scorecard.scorecard(Results(STORED), item.claims_under).iloc[: len(verdicts)]
    card = card.assign(verdict=[words[verdict] for verdict in verdicts])
    monkeypatch.setattr(scorecard, "scorecard", lambda results, protocol: card)
    assert audit.finding(item, Results(STORED)).status == status


def test_items_without_evidence_say_what_is_lacking_and_are_not_met(found):
    bare = [each for each in found if not each.item.evidence]
    assert {each.status for each in bare} == {"not met"}
    assert all(each.why for each in bare)
    assert {each.item.name for each in bare} >= {"Artifacts Available", "Archived"}
    assert [each.item for each in found] == list(ITEMS)


def test_the_lists_are_whole():
    count = {source: [item.name for item in ITEMS if item.source == source] for source in (ACM, RESCIENCE, RULES)}
    assert [int(name.split(".")[0]) for name in count[RULES]] == list(range(1, 11))
    assert {"Artifacts Available", "Reusable", "Results Reproduced", "Results Replicated"} <= set(count[ACM])
    assert len({item.name for item in ITEMS}) == len(ITEMS)


def test_the_page_shows_each_item_with_its_status_and_the_counts_add_up(found):
    rows = []
    for source in (ACM, RESCIENCE, RULES):
        page = BeautifulSoup(audit.section(found, source).html, "html.parser")
        rows += [(row.b.get_text(), row.find(class_="verdict").get_text()[2:]) for row in page.select("tbody tr")]
    assert rows == [(each.item.name, each.status) for each in found]
    total, met, part, not_met = map(int, re.findall(r"\d+", audit.in_words(found)))
    assert total == met + part + not_met == len(ITEMS)
    fewer = [dataclasses.replace(found[0], status="met"), *found[1:]]
    assert audit.in_words(fewer) != audit.in_words(found)
