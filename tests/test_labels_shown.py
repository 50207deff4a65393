"""effaug.report.labels: every name that results may hold has one for readers."""

import dataclasses
import re

import pandas as pd
import pytest

from effaug.policies import POLICIES
from effaug.report import labels
from effaug.report.parameters import STORED
from effaug.study.protocols import Protocol
from effaug.study.records import by_protocol
from effaug.study.results import Results
from effaug.study.tasks import TASKS

RESULTS = Results(STORED)


@pytest.mark.parametrize("name", POLICIES)
def test_no_policy_is_shown_by_its_identifier(name):
    assert "_" not in labels.policy_label(name)


def test_no_two_policies_are_called_alike():
    assert len({labels.policy_label(name) for name in POLICIES}) == len(POLICIES)


@pytest.mark.parametrize("name", TASKS)
def test_every_task_has_a_name_for_readers(name):
    shown = labels.task_label(name)
    assert shown != name
    assert shown.endswith(("shifted", "rotated", "cropped"))


def test_every_stored_protocol_has_a_name_without_identifiers_of_choices():
    names = {label for task in RESULTS.tasks() for label, _ in by_protocol(RESULTS.record(task))}
    assert len({labels.protocol_label(name) for name in names}) == len(names)
    for name in names:
        told = re.sub(r"network = [\w-]+", "", labels.protocol_label(name))  # a file of weights keeps its name
        assert not set("_+~") & set(told), name


@pytest.mark.parametrize("name", [field.name for field in dataclasses.fields(Protocol)])
def test_no_choice_is_shown_by_its_identifier(name):
    assert "_" not in labels.choice_label(name)


def test_a_table_for_readers_has_no_identifiers_in_index_headings_or_cells():
    index = pd.MultiIndex.from_tuples([("smallnorb-crop", "refit", "", 5)], names=["task", "features", "score", "n"])
    frame = pd.DataFrame({"policy": ["dpp_map"], "influence - baseline": [1], "best 5%": [2], "full": [3]}, index)
    found = labels.human(frame)
    assert found.index.tolist() == [("small NORB, cropped", "features refit at every fit", "", 5)]
    assert found.index.names == frame.index.names
    assert list(found) == ["policy", "influence \u2212 random", "best 5 %", "all points"]
    assert found.policy.tolist() == ["greedy MAP"]
    assert frame.policy.tolist() == ["dpp_map"]
