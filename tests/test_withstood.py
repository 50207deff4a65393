"""effaug.report.withstood, and the torture suite's counting: what failed is not counted, what is stored is signed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from effaug.report import withstood
from effaug.report.parameters import STORED
from effaug.study import validation
from effaug.study.results import Results

ROOT = Path(__file__).parent.parent
SUITE = """
import pytest
pytestmark = pytest.mark.torture

@pytest.mark.parametrize("k", range(3))
def test_holds(withstood, torture, k):
    withstood("killed", "run", torture(1, 10))

def test_falls(withstood):
    withstood("killed", "run", 1000)
    assert {holds}
"""


def tortured(tmp_path, holds: bool, *options: str) -> tuple[int, Path]:
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = torture\n")
    (tmp_path / "test_it.py").write_text(SUITE.replace("{holds}", str(holds)))
    file = tmp_path / withstood.FILE
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "conftest", *options, "."]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT / "tests"), *filter(None, sys.path)])}
    done = subprocess.run([*command, "--torture", str(file)], cwd=tmp_path, env=environment, capture_output=True)
    return done.returncode, tmp_path


@pytest.mark.parametrize("options", [(), ("-n", "2")], ids=["one process", "two workers"])
def test_counts_of_the_long_form_are_added_up_and_stored(tmp_path, options):
    status, folder = tortured(tmp_path, True, *options)
    assert status == 0
    assert withstood.counts(folder).times.to_dict() == {("killed", "run"): 1030}
    assert withstood.totals(folder).to_dict("index") == {"killed": {"times": 1030, "targets": 1}}
    told = "1,030 faults, and no byte lost of what was stored: 0 minutes of `make torture` on "
    assert withstood.in_words(folder).startswith(told)
    assert not [check for check in validation.stored(Results(folder)) if not check.passed]
    path = folder / withstood.FILE
    path.write_text(path.read_text().replace("1030", "1031"))
    with pytest.raises(ValueError, match="is damaged"):
        withstood.counts(folder)


def test_nothing_is_stored_where_something_fell(tmp_path):
    status, folder = tortured(tmp_path, False)
    assert status == 1
    assert not (folder / withstood.FILE).exists()


def test_what_is_stored_is_of_the_whole_suite():
    """The kinds of harm that the page describes, and the numbers that were asked for."""
    times = withstood.totals(STORED).times
    page = (ROOT / "notebooks" / "withstood.py").read_text()
    assert {fault for fault in times.index if f"**{fault}**" not in page} == set()
    assert times["killed"] >= 200
    assert times["edited by one digit"] == 300
    record = json.loads((STORED / withstood.FILE).read_text())
    assert record["seconds"] < 40 * 60
