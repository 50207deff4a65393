"""effaug.report.scaling: a billion points by measured rates, checked by hand."""

import json
import re
from pathlib import Path

import jupytext
import pytest

from effaug.report import scaling
from effaug.report.scaling import Rates
from effaug.study import digests

PAGE = Path(__file__).parent.parent / "book" / "cluster.md"
RATES = Rates(fit=100_000.0, scores=400_000.0, n=10**6, machine="a machine")
GIVEN = {"fit_passes": 8, "read": 256e6, "price": 0.05}


def stored(folder, *cases):
    """A file as the benchmark suite stores it; a case is its name, n and seconds."""
    results = [
        {"name": name, "n": n, "ours": [seconds, 9e9, seconds / 2], "threads": 2, "run": 1}
        for name, n, seconds in cases
    ]
    runs = [{"machine": {"model": model}} for model in ("an old one", "a chip")]
    (folder / "bench").mkdir()
    (folder / scaling.FILE).write_text(json.dumps(digests.signed({"runs": runs, "results": results})))
    return folder


def test_rates_are_those_of_the_largest_cases_of_two_classes(tmp_path):
    folder = stored(
        tmp_path,
        ("fit-n1000-k2", 1000, 1.0),
        ("fit-n50000-k2", 50_000, 0.5),
        ("fit-n90000-k10", 90_000, 1.0),
        ("scores-n50000-k2", 50_000, 0.1),
    )
    assert scaling.rates(folder) == Rates(50_000.0, 250_000.0, 50_000, "a chip")


def test_without_benchmarks_the_page_says_so(tmp_path):
    assert scaling.rates(tmp_path) is None
    assert "No benchmark" in repr(scaling.table(tmp_path, **GIVEN))
    assert scaling.rates(stored(tmp_path, ("fit-n1000-k2", 1000, 1.0))) is None


def test_a_fit_on_a_sample_and_one_pass_more_for_all(tmp_path):
    found = scaling.needs(RATES, points=10**9, sample=10**6, workers=(10,), **GIVEN)
    # a worker reads 250,000 points a second, and computes for as long as 100,000 a fit, 400,000 scored
    one = found.loc["sample", 10]
    assert one.passes == pytest.approx(2 + 8 / 1000)
    assert one.terabytes == pytest.approx(2.008 * 1.024)
    assert one.hours * 3600 == pytest.approx(max(8e6 / 250e3, 1e6 / 100e3) / 10 + max(2e9 / 250e3, 1e9 / 400e3) / 10)
    assert one.reading == pytest.approx(1)
    assert one.cost == pytest.approx(10 * one.hours * 0.05)
    every = found.loc["all", 10]
    assert every.terabytes == pytest.approx(10 * 1.024)
    assert every.megabytes == pytest.approx(10 * 10 * 8 * (256**2 + 256) / 1e6)
    assert every.hours * 3600 == pytest.approx((8e9 + 2e9) / 250e3 / 10)


def test_where_reading_is_quick_the_cores_decide_and_workers_share_it():
    found = scaling.needs(RATES, workers=(1, 4), **GIVEN | {"read": 1e12})
    assert found.loc["all", 1].hours * 3600 == pytest.approx(1e9 / 100e3 + 1e9 / 400e3)
    assert found.loc["all", 1].reading == 0
    assert found.loc["all", 4].hours * 4 == pytest.approx(found.loc["all", 1].hours)
    assert found.loc["all", 4].cost == pytest.approx(found.loc["all", 1].cost)


@pytest.mark.parametrize("name", ["points", "fit_passes", "read", "price"])
def test_what_is_not_above_0_is_refused(name):
    with pytest.raises(ValueError, match=f"{name} must be above 0, got 0"):
        scaling.needs(RATES, **GIVEN | {name: 0})


def test_the_page_shows_the_table_and_where_it_is_from(tmp_path):
    shown = scaling.table(stored(tmp_path, ("fit-n50-k2", 50, 0.5), ("scores-n60-k2", 60, 0.1)), **GIVEN)
    assert "Measured with 50 points on a chip: a core fits 50 points a second" in repr(shown)
    assert shown.html.count("<tr") == 7


def test_the_cell_of_the_page_runs(tmp_path, monkeypatch):
    folder = stored(tmp_path, ("fit-n50-k2", 50, 0.5), ("scores-n60-k2", 60, 0.1))
    monkeypatch.setattr("effaug.report.parameters.STORED", folder)
    (code,) = [cell.source for cell in jupytext.read(PAGE).cells if cell.cell_type == "code"]
    body, last = code.rsplit("\n\n", 1)
    names = {}
    exec(body, names)
    assert "all points" in repr(eval(last, names))


def test_the_page_starts_a_cluster_by_commands_that_there_are():
    from distributed.cli import dask_scheduler, dask_worker

    for name, command in (("scheduler", dask_scheduler.main), ("worker", dask_worker.main)):
        known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
        lines = re.findall(rf"^dask {name}.*$", PAGE.read_text(), re.MULTILINE)
        assert lines
        assert {option for line in lines for option in re.findall(r"--[a-z-]+", line)} <= known
