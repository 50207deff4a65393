"""The paper's numbers and claims, as data: Kuchnik & Smith, Efficient Augmentation via Data Subsampling, ICLR 2019."""

from __future__ import annotations

import functools
from importlib.resources import files

import pandas as pd

from effaug.study.tasks import load_task

_KINDS = {
    "Baseline": "baseline",
    "Rand Prop": "random_proportional",
    "Det Prop": "deterministic_proportional",
    "Rand Inverse Prop": "random_inverse_proportional",
    "Det Inverse Prop": "deterministic_inverse_proportional",
}
_SUFFIXES = {" Update Down": "_update_downweight", " Update": "_update", " Down": "_downweight", "": ""}

POLICY_NAMES = {  # the abbreviations of Tables 3-20, and the names of effaug
    **{kind + suffix: _KINDS[kind] + ours for kind in ("Rand Prop", "Det Prop") for suffix, ours in _SUFFIXES.items()},
    **{kind: _KINDS[kind] for kind in ("Baseline", "Rand Inverse Prop", "Det Inverse Prop")},
}


@functools.cache
def published_aucs() -> pd.DataFrame:
    """Tables 3-20.

    Returns
    -------
    DataFrame
        198 rows: ``table``, ``task``, ``score``, ``policy`` (effaug's names), ``auc_mean``, ``auc_std`` (NaN for
        deterministic policies).
    """
    frame = pd.read_csv(str(files("effaug.report") / "paper" / "auc_tables.csv"))
    frame["task"] = frame.dataset + "-" + frame.augmentation
    frame["policy"] = frame.policy.map(POLICY_NAMES)
    return frame[["table", "task", "score", "policy", "auc_mean", "auc_std"]]


def published_features(task: str) -> str:
    """How the paper has a task's features: "refit", a small network trained again for every fit, or "frozen"."""
    return "refit" if load_task(task).network == "lenet" else "frozen"


@functools.cache
def published_table_1() -> pd.DataFrame:
    """Table 1: accuracy in percent under translation, one row a dataset.

    Returns
    -------
    DataFrame
        Indexed by dataset; ``no_aug``, ``baseline_5``, ``baseline_10``, ``baseline_25``, ``best_5``, ``best_10``,
        ``best_25``, ``full_aug``.
    """
    return pd.read_csv(str(files("effaug.report") / "paper" / "table1.csv"), index_col="dataset")


DATASETS = ("mnist", "cifar10", "smallnorb")
