import hashlib
from importlib.resources import files

import pytest

from effaug.report.published import POLICY_NAMES, published_aucs, published_table_1
from effaug.study.protocols import TABLE_POLICIES, TABLE_SCORES
from effaug.study.tasks import TASKS


def test_published_aucs_hold_every_policy_of_every_table():
    aucs = published_aucs()
    assert len(aucs) == 198
    assert sorted(aucs.table.unique()) == list(range(3, 21))
    paper_tasks = [task for task in TASKS if not task.startswith("digits")]
    for table, rows in aucs.groupby("table"):
        assert set(rows.policy) == set(TABLE_POLICIES), table
        assert rows.task.nunique() == 1
        assert rows.score.nunique() == 1
    assert set(zip(aucs.task, aucs.score, strict=True)) == {(t, s) for t in paper_tasks for s in TABLE_SCORES}


def test_published_aucs_are_the_papers_numbers():
    aucs = published_aucs().set_index(["task", "score", "policy"])
    assert aucs.auc_mean["mnist-rotate", "influence", "random_proportional"] == 997.200
    assert aucs.auc_std["mnist-rotate", "influence", "random_proportional"] == 0.081
    assert aucs.auc_mean["smallnorb-crop", "loss", "deterministic_inverse_proportional"] == 934.525
    deterministic = aucs[aucs.index.get_level_values("policy").str.startswith("deterministic")]
    assert deterministic.auc_std.isna().all()
    assert not aucs.drop(deterministic.index).auc_std.isna().any()


def test_every_abbreviation_names_a_policy_of_the_tables():
    assert sorted(POLICY_NAMES.values()) == sorted(TABLE_POLICIES)


def test_published_table_1():
    table = published_table_1()
    assert table.loc["mnist"].tolist() == [93.2, 99.0, 99.3, 99.5, 99.7, 99.8, 99.7, 99.6]
    assert list(table.index) == ["mnist", "cifar10", "smallnorb"]


@pytest.mark.parametrize(
    ("name", "sha256"),
    [
        ("auc_tables.csv", "4e2db3df3ccf4962874de4b4845500f0bb5ddfc5e47817c7f8d0b885ab0ab8a3"),
        ("table1.csv", "88ae16d273e913858fd76b2c66009943a74d4c7cc91ef8a6e3f292889984f623"),
    ],
)
def test_the_published_numbers_are_as_they_were_copied(name, sha256):
    copied = (files("effaug.report") / "paper" / name).read_bytes().replace(b"smallnorb", b"norb")  # as it was called
    assert hashlib.sha256(copied).hexdigest() == sha256
