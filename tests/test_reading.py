"""The pages to read: the method's examples run, and the glossary knows every name that the book uses."""

import doctest
import re
from pathlib import Path

import pytest

from effaug.report.scorecard import _VERDICTS as VERDICTS
from effaug.scores import SCORES
from effaug.study.protocols import NAMES, PROTOCOLS

BOOK = Path(__file__).parent.parent / "book"
METHOD, GLOSSARY = ((BOOK / name).read_text() for name in ("method.md", "glossary.md"))
TERMS = re.findall(r"^([a-zA-Z].*)$(?=\n  \S)", GLOSSARY, re.M)
USING = [BOOK / "method.md", BOOK / "glossary.md", BOOK.parent / "notebooks" / "tour.py"]


def test_the_methods_examples_give_what_they_show():
    examples = "\n".join(re.findall(r"```pycon\n(.*?)```", METHOD, re.S))
    test = doctest.DocTestParser().get_doctest(examples, {}, "method.md", None, None)
    told: list[str] = []
    found = doctest.DocTestRunner(verbose=False).run(test, out=told.append)
    assert len(test.examples) >= 15
    assert found.failed == 0, "".join(told)


def test_every_idea_of_the_method_comes_before_its_equation():
    sections = [section for section in re.split(r"^##+ ", METHOD, flags=re.M)[1:] if "$$" in section]
    assert len(sections) == 3
    for section in sections:
        heading, before = section.partition("$$")[0].split("\n", 1)
        assert len(before.split()) >= 40, heading


@pytest.mark.parametrize("path", USING, ids=lambda path: path.name)
def test_terms_that_are_linked_are_in_the_glossary(path):
    linked = re.findall(r"\{term\}`(?:[^`<]*<)?([^`>]+)>?`", path.read_text())
    assert len(linked) >= 6
    assert set(linked) <= set(TERMS)


def test_the_glossary_has_every_protocol_score_and_verdict():
    assert {*NAMES, *SCORES} <= set(TERMS)
    (said,) = re.findall(r"^verdict\n((?:  .*\n)+)", GLOSSARY, re.M)
    assert set(re.findall(r"\*([^*]+)\*", said)) - {"yes"} == set(VERDICTS)
    assert len(TERMS) == len(set(TERMS)) >= 25


def test_the_method_names_the_settings_of_the_protocols():
    for name, C in re.findall(r"^\| inverse L2 strength \$C\$ \| (\d+) \| (\d+) \|$", METHOD, re.M):
        assert (float(name), float(C)) == (PROTOCOLS["paper"].C, PROTOCOLS["released-code"].C)
        break
    else:
        pytest.fail("no row of C")
