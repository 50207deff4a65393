"""Every reader refuses every broken input of the corpus by name, before memory grows, and executes nothing."""

import re

import pytest
from corpus import CASES, READERS
from corpus.kinds import GROWTH, MARKER, equal, in_child

NAMES = sorted(READERS)


def contents(folder):
    """The files in a folder, by path, and what tells whether they were written to."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".lock"]
    return {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in files}


@pytest.mark.parametrize("name", NAMES)
def test_what_is_whole_is_read(name, tmp_path):
    reader = READERS[name]
    reader.put(tmp_path)
    found = reader.read(tmp_path)
    assert reader.good(found, found)
    assert equal(found, found) or name in ("download",)


@pytest.mark.torture
@pytest.mark.parametrize("case", CASES)
def test_what_is_broken_is_refused_by_name(case, tmp_path, withstood):
    reader, broken = CASES[case]
    folder = tmp_path / "in"
    reader.put(folder, broken.files)
    (tmp_path / "beside.txt").write_text("as it was")
    before = contents(tmp_path)
    outcome = in_child(lambda: reader.read(folder))
    assert outcome.error in ("ValueError", "OSError"), outcome
    assert re.search(reader.names.format(folder=re.escape(str(folder))), outcome.sentence), outcome
    assert re.search(broken.says, outcome.sentence), outcome
    assert "\n" not in outcome.sentence
    assert outcome.grown < GROWTH, outcome
    assert not MARKER.exists()
    assert contents(tmp_path) == before
    withstood("broken input refused", reader.name, 1)
