"""effaug.report.offers: the tables of *Rerun it yourself* are what the notebooks have and what is accepted."""

import re

import pandas as pd
import pytest
from bs4 import BeautifulSoup

from effaug.report import notebooks, offers, own_data
from effaug.report.parameters import DEFAULTS, ParameterError, check_value, stored_results


def test_every_notebook_has_a_row_with_its_values_and_empty_cells_for_what_it_lacks():
    found = offers.offered()
    assert list(found.index) == list(notebooks.titles())
    for name, row in found.iterrows():
        values = notebooks.defaults(name)
        assert {key for key in DEFAULTS if row[key]} == set(values) & set(DEFAULTS)
        assert all(row[key] == str(values[key]) for key in set(values) & set(DEFAULTS))
        more = {f"{key}={value}" for key, value in values.items() if key not in DEFAULTS}
        assert set(filter(None, row[offers.OTHER].split(", "))) == more


def test_what_is_said_to_be_accepted_is():
    words, results = offers.accepted_words(), stored_results()
    named = {key for name in notebooks.titles() for key in notebooks.defaults(name)}
    assert set(words.index) == named
    for name in sorted(named - {"n_seeds", "source"}):
        values = words[name].split(";")[0].split(", or one of")[0].split(", ")
        assert len(values) >= 2
        for value in values:
            check_value(name, value, results)
    with pytest.raises(ParameterError):
        check_value("dataset", "file", results)
    assert all(page in words["dataset"] for page in own_data.PAGES)


def test_tables_link_every_notebook():
    rows = BeautifulSoup(offers.notebooks_table().html, "html.parser").select("tbody tr")
    assert [row.a["href"] for row in rows] == [f"../notebooks/{name}.html" for name in notebooks.titles()]
    assert {len(row.find_all(["th", "td"])) for row in rows} == {2 + len(DEFAULTS)}
    assert len(BeautifulSoup(offers.parameters_table().html, "html.parser").select("tbody tr")) == len(
        offers.accepted_words()
    )


def curves(*panels):
    """Of panels (task, n, then accuracy of rule and baseline at ten and at a tenth)."""
    chosen, rows = (("deterministic_proportional", "influence"), ("baseline", "")), []
    for task, n, *accuracies in panels:
        for (budget, policy, score), accuracy in zip(
            ((at, *each) for at in (10, n // 10) for each in chosen),
            accuracies,
            strict=True,
        ):
            rows.append((task, "frozen", policy, score, budget, accuracy))
        rows.append((task, "frozen", "full", "", n, 0.99))
    return pd.DataFrame(rows, columns=["task", "features", "policy", "score", "budget", "accuracy"])


def test_few_points_are_counted_task_by_task():
    said = offers.few_points(curves(("a", 1000, 0.8, 0.9, 0.95, 0.9), ("b", 200, 0.7, 0.8, 0.7, 0.8)))
    assert re.findall(r"in (\d+) of (\d+)", said) == [("2", "2"), ("1", "2")]
