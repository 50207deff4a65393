"""effaug.report.labels: every name that results may hold has one for readers."""

import pytest

from effaug.policies import POLICIES
from effaug.report import labels
from effaug.study.tasks import TASKS


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
