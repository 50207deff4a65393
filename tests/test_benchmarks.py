"""The benchmark suite on toy cases: ratios, targets, floors, memory, what is stored, and the page that shows it."""

import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import jupytext
import numpy as np
import pytest
import yaml
from bs4 import BeautifulSoup

from benchmarks import __main__ as suite
from benchmarks import curves, harness, influence, machine, memory, paper_way
from benchmarks.harness import Case, Disagreement
from benchmarks.profile import sampled
from effaug import logistic, scores
from effaug.curves import budget_curve, frozen_learner
from effaug.report import benchmarks, measured
from effaug.report.measured import Result, Stored, Target
from effaug.report.parameters import STORED
from effaug.study import validation
from effaug.study.results import Results

ROOT = Path(__file__).parent.parent
MACHINE = machine.Machine("toy", 2, 8.0, "blas", "3", "2", "", {"float32/2": 1e9, "float64/1": 1e9}, {"1": 1e9})
RUN = {"machine": vars(MACHINE), "code": "commit 1", "date": "2026-01-01", "seconds": 60}
FAST = Result("fast", "toys", "Sleeping", (1.0, 1.1, 1.2), 1, "a longer sleep", (5.0, 4.4, 3.6), target=Target(ratio=4))
SLOW = replace(FAST, name="slow", what="Sleeping longer", target=Target(ratio=4.5), profile=(("time.sleep", 0.9),))


def sleeps(seconds, **more):
    return Case("sleep", "toys", "Sleeping", lambda given: time.sleep(seconds), **more)


def measure(case, folder):
    return harness.measure(case, MACHINE, folder)


def test_a_ratio_is_that_of_both_sides_times(tmp_path):
    case = sleeps(0.03, theirs=lambda given: time.sleep(0.09), alternative="more", agree=np.testing.assert_equal)
    found = measure(replace(case, repeats=3), tmp_path)
    assert len(found.ours) == len(found.theirs) == len(found.ratios) == 3
    assert 2 < found.ratio < 4
    assert min(found.ratios) <= found.ratio <= max(found.ratios)
    part = measure(replace(case, repeats=2, part=0.5), tmp_path)
    assert 4 < part.ratio < 8


def test_sides_that_disagree_have_no_ratio(tmp_path):
    case = sleeps(0, theirs=lambda given: 1, alternative="one", agree=np.testing.assert_equal)
    with pytest.raises(Disagreement, match="sleep: ours and one differ"):
        measure(case, tmp_path)


def test_a_case_with_an_alternative_compares_it():
    with pytest.raises(ValueError, match=r"needs its name and agree"):
        sleeps(0, theirs=lambda given: None, alternative="nothing")


def test_a_slow_first_turn_is_the_only_one_and_no_other_begins_after_the_limit(tmp_path):
    calls = []
    case = replace(sleeps(0), ours=lambda given: (calls.append(1), time.sleep(0.06)), limit=0.1)
    assert (len(measure(case, tmp_path).ours), len(calls)) == (1, 1)
    found = measure(replace(case, limit=0.2, repeats=50), tmp_path)
    assert 1 <= len(found.ours) <= 3


def test_quick_calls_are_repeated_and_both_sides_have_as_many_blas_threads(tmp_path):
    from threadpoolctl import threadpool_info

    seen = set()

    def count(given):
        seen.update(info["num_threads"] for info in threadpool_info() if info["user_api"] == "blas")

    case = replace(sleeps(0), ours=count, theirs=count, alternative="the same", agree=np.testing.assert_equal)
    found = measure(replace(case, threads=1, repeats=2), tmp_path)
    assert seen == {1}
    assert max(found.ours) < harness._TURN


def test_setup_is_not_timed_and_is_left_again(tmp_path):
    events = []

    class Given:
        def __enter__(self):
            time.sleep(0.1)
            return "given"

        def __exit__(self, *error):
            events.append("left")

    case = Case("with", "toys", "", lambda given: events.append(given), setup=lambda folder: Given(), repeats=1)
    assert measure(case, tmp_path).seconds < 0.05
    assert events[0] == "given"
    assert events[-1] == "left"


@pytest.mark.parametrize(
    ("target", "misses"),
    [
        (Target(), ()),
        (Target(ratio=4), ()),
        (Target(ratio=4.1), ("ratio",)),
        (Target(seconds=1.1, share=0.5), ()),
        (Target(seconds=1.0, share=0.51), ("share", "seconds")),
        (Target(gib=2), ()),
        (Target(gib=1, ratio=9), ("ratio", "gib")),
    ],
)
def test_targets_are_judged_by_medians(target, misses):
    found = replace(FAST, target=target, floor=0.55, gib=1.5)
    assert found.misses == misses
    assert found.met is (None if target == Target() else not misses)


def test_what_was_not_measured_is_no_target_met():
    nothing = replace(FAST, theirs=(), target=Target(ratio=1, share=0.1, gib=1))
    assert nothing.misses == ("ratio", "share", "gib")


def test_a_missed_target_has_a_profile_and_a_met_one_has_none(tmp_path):
    missed = measure(sleeps(0.01, target=Target(seconds=0.001), repeats=1), tmp_path)
    assert missed.profile[0][0] == "test_benchmarks.sleeps.<lambda>"
    assert 0.8 < missed.profile[0][1] <= 1
    assert measure(sleeps(0, target=Target(seconds=1), repeats=1), tmp_path).profile == ()


def test_a_profile_sees_the_threads_that_work_and_not_those_that_wait():
    def works(part):
        end = time.perf_counter() + 0.05
        while time.perf_counter() < end:
            sum(range(1000))

    def shared():
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(works, range(4)))

    (name, share), *_ = sampled(shared)
    assert name.endswith("works")
    assert share > 0.8


def test_a_floor_is_operations_or_bytes_over_measured_rates(tmp_path):
    assert MACHINE.product(2e9, "float32", 2) == 2
    assert MACHINE.traffic(5e8) == 0.5
    found = measure(sleeps(0.02, floor=lambda m: m.product(1e7, "float64", 1), repeats=1), tmp_path)
    assert found.floor == 0.01
    assert 0.2 < found.share <= 0.5


def test_the_machine_is_measured():
    found = machine.measure(size=64, n_bytes=2**16)
    assert {f"{t}/{k}" for t in ("float32", "float64") for k in (1, 2)} <= set(found.flops)
    assert min(*found.flops.values(), *found.bandwidth.values()) > 0
    assert found.blas


def test_growth_is_the_slope_on_logarithmic_axes():
    sizes = [replace(FAST, name=str(n), n=n, series="squares", ours=(n**2 / 1e6,)) for n in (10, 100, 1000)]
    alone = replace(FAST, n=5, series="alone")
    found = measured.growth((*sizes, alone))
    assert set(found) == {"squares"}
    assert found["squares"] == pytest.approx(2)


def test_what_is_stored_is_read_again_and_damage_is_noticed(tmp_path):
    path, stored = tmp_path / measured.FILE, Stored().with_run(RUN, (FAST, SLOW))
    measured.save(path, stored)
    assert measured.load(path) == stored
    path.write_text(path.read_text().replace("3.6", "3.5"))
    with pytest.raises(ValueError, match=r"bench.json is damaged"):
        measured.load(path)
    assert [check.name for check in validation.stored(Results(tmp_path)) if not check.passed] == ["bench/bench"]
    assert measured.load(tmp_path / "none.json") == Stored()


def test_a_later_run_replaces_its_cases_and_keeps_the_others():
    later = RUN | {"code": "commit 2"}
    both = Stored().with_run(RUN, (FAST, SLOW)).with_run(later, (replace(FAST, ours=(2.0,)),))
    assert [(r.name, r.ours, both.runs[r.run]["code"]) for r in both.results] == [
        ("fast", (2.0,), "commit 2"),
        ("slow", SLOW.ours, "commit 1"),
    ]
    assert both.with_run(later, (SLOW, FAST)).runs == (later,)
    with pytest.raises(ValueError, match="machine with model toy, this one has other"):
        both.with_run(RUN | {"machine": vars(MACHINE) | {"model": "other"}}, (FAST,))


@pytest.mark.skipif(not memory.anonymous_bytes(os.getpid()), reason="the system tells no memory without page cache")
def test_a_process_of_its_own_tells_memory_without_the_page_cache(tmp_path):
    """The file mapped is larger than what is copied from it."""
    code = (
        "import sys, numpy as np; from benchmarks import memory\n"
        "X = np.load(sys.argv[1], mmap_mode='r')\n"
        "memory.say('ready'); total = X.sum(); copy = np.array(X[: len(X) // 4]); memory.say_peak()\n"
    )
    np.save(tmp_path / "rows.npy", np.ones(2**25))  # 256 MiB
    found = memory.peak_of([sys.executable, "-c", code, str(tmp_path / "rows.npy")])
    assert 64 / 1024 < found < 0.2


def test_unknown_cases_are_refused_with_the_nearest():
    command = [sys.executable, "-m", "benchmarks", "influense"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert "did you mean 'influence'?" in done.stderr


def test_cases_have_names_of_their_own_and_large_ones_run_when_asked_for():
    found = suite.all_cases()
    assert len({case.name for case in found.values()} | {case.group for case in found.values()}) > len(found)
    large = {name for name, case in found.items() if case.large}
    assert large
    assert not large & {case.name for case in suite.chosen([], large=False)}
    assert {case.name for case in suite.chosen([], large=True)} == set(found)
    (one,) = suite.chosen([min(large)], large=False)
    assert one.name == min(large)
    assert {case.group for case in suite.chosen(["influence"], large=False)} == {"influence"}


def test_a_run_stores_what_it_measured_and_fails_where_a_case_does(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(machine, "measure", lambda: MACHINE)
    wrong = sleeps(0, theirs=lambda given: 1, alternative="one", agree=np.testing.assert_equal)
    good = replace(sleeps(0, repeats=2), name="good")
    assert suite.run([good], tmp_path / "bench.json") == 0
    assert suite.run([wrong, good], tmp_path / "bench.json") == 1
    assert [result.name for result in measured.load(tmp_path / "bench.json").results] == ["good"]
    out = capsys.readouterr().out
    assert "sleep" in out
    assert out.startswith(
        "toy, 2 cores, 8 GiB, blas, Python 3, NumPy 2\nby threads: matrix product in GFLOP/s float32/2 1,"
    )


def test_another_machines_file_is_refused_before_anything_is_measured(tmp_path, monkeypatch):
    monkeypatch.setattr(machine, "measure", lambda: replace(MACHINE, model="other"))
    kept = replace(FAST, name=next(iter(suite.all_cases())))
    measured.save(tmp_path / "bench.json", Stored().with_run(RUN, (kept,)))
    with pytest.raises(ValueError, match="this one has other"):
        suite.run([sleeps(9)], tmp_path / "bench.json")


def test_influence_agrees_with_the_papers_way_whole_and_in_part():
    for part in (1.0, 0.1):
        given = influence._setup(60, 5, part, ROOT)
        influence._agree(part, scores.influence(given.model, given.X, given.y), influence._theirs(given))


def test_a_plain_loop_comes_to_effaugs_curves_where_its_fits_are_as_close():
    data = curves._setup(8, ROOT)
    X, y, budgets = (data.train[:100], data.test), (data.y[:100], data.y_test), (0, 20, 100)
    learn = frozen_learner(X, y, 10.0)
    for policy in ("deterministic_proportional", "random_proportional_update_downweight"):
        found = budget_curve(learn, y[0], curves.COPIES, policy, budgets, random_state=0).accuracies
        plain = paper_way.curve(X, y, policy, budgets, 10.0, 0, tol=1e-9)
        np.testing.assert_allclose(found, plain, atol=3 / data.test[..., 0].size)  # of 3985 images


def test_a_panel_scores_as_often_as_its_policies_say(monkeypatch):
    counted = []
    monkeypatch.setattr(
        paper_way, "influence", lambda m, r, l, w, p, y: counted.append(1) or np.arange(1.0, len(y) + 1)
    )
    data = curves._setup(4, ROOT)
    for policy in curves._FEW:
        paper_way.curve((data.train[:150], data.test), (data.y[:150], data.y_test), policy, (0, 9, 99), 1.0, 0)
    assert len(counted) == curves.scorings(curves._FEW, curves.SHORT)


def test_large_files_begin_alike_and_are_made_once(tmp_path):
    from benchmarks import blocks

    X, y = blocks.rows(1000, 8, 3, tmp_path / "rows.npy")
    before = (tmp_path / "rows.npy").stat()
    few, _ = blocks.rows(100, 8, 3, tmp_path / "rows.npy")
    assert (tmp_path / "rows.npy").stat().st_mtime_ns == before.st_mtime_ns
    np.testing.assert_array_equal(few, X[:100])
    assert set(y) == {0, 1, 2}
    assert isinstance(X, np.memmap)
    model = logistic.fit(X, np.minimum(y, 1))
    assert np.mean((model.decision_function(X) > 0) == np.minimum(y, 1)) > 0.6


@pytest.fixture
def folder(tmp_path):
    """Results with two cases of one group, one of which misses its target, and three sizes of another."""
    sizes = [replace(FAST, name=f"n{n}", group="sizes", n=n, series="toys", ours=(n / 1e3,)) for n in (10, 100, 1000)]
    measured.save(tmp_path / measured.FILE, Stored().with_run(RUN, (FAST, SLOW, *sizes)))
    return tmp_path


def page(folder: Path) -> BeautifulSoup:
    """What the book's page shows of a folder of results."""
    shown, names = [], {}
    for cell in jupytext.read(ROOT / "book" / "benchmarks.md").cells:
        if cell.cell_type == "code":
            *lines, last = cell.source.splitlines()
            exec("\n".join(lines), names)
            shown.append(eval(last, names | {"STORED": folder})._repr_html_())
    return BeautifulSoup("".join(shown), "html.parser")


def test_the_page_shows_every_case_and_explains_what_is_missed(folder):
    shown = page(folder)
    assert [row.th.contents[0] if not row.th.span else row.th.span.string for row in shown.select("tbody tr")][:2] == [
        "Sleeping",
        "Sleeping longer",
    ]
    assert [cell.get_text() for cell in shown.find("table").select("tbody tr")[0].find_all("td")][:4] == [
        "1.10 s",
        "4.00 (3.00 to 5.00)",
        "at least 4 times as fast",
        "met",
    ]
    (missed,) = [item.get_text() for item in shown.find_all("li") if "should be" in item.get_text()]
    assert missed.startswith("Sleeping longer: 4.00 times as fast, and should be at least 4.5 times as fast.")
    assert "time.sleep 90" in missed
    assert "1 of 2 targets" not in shown.get_text()
    assert "4 of 5 targets are met" in shown.get_text()


def test_the_page_says_cpu_only_until_a_gpu_is_stored(folder):
    assert "CPU only so far" in page(folder).get_text()
    of_gpu = RUN | {"machine": vars(MACHINE) | {"gpu": "H100"}}
    measured.save((folder / measured.FILE).with_name("gpu.json"), Stored().with_run(of_gpu, (FAST,)))
    shown = page(folder)
    assert "CPU only so far" not in shown.get_text()
    assert "H100" in shown.get_text()
    ids = [figure["id"] for figure in shown.find_all("figure")]
    assert len(set(ids)) == len(ids)


def test_growth_is_drawn_for_each_group_of_several_sizes(folder):
    (figure,) = [f for f in page(folder).find_all("figure") if f["id"] == "growth-bench"]
    assert figure.svg["aria-label"] == "Seconds against n on logarithmic axes: toys as n to the power of 1.00"
    assert "Of 1 series 1 grow in proportion" in figure.figcaption.get_text()


def test_without_benchmarks_the_page_says_so(tmp_path):
    assert "make bench" in page(tmp_path).get_text()


def test_the_page_is_in_the_book():
    chapters = [
        c["file"] for part in yaml.safe_load((ROOT / "_toc.yml").read_text())["parts"] for c in part["chapters"]
    ]
    assert chapters.index("book/benchmarks") == chapters.index("notebooks/withstood") + 1


def test_every_case_of_the_suite_is_stored_and_every_miss_explained():
    stored = measured.load(STORED / measured.FILE)
    names = {result.name for result in stored.results}
    assert {case.name for case in suite.chosen([], large=False)} <= names
    assert names <= set(suite.all_cases())
    for result in stored.results:
        case = suite.all_cases()[result.name]
        assert (result.target, result.threads, result.part) == (case.target, case.threads, case.part)
        assert result.met is not False or benchmarks.note(result.name), result.name
        assert result.group in benchmarks.GROUPS
    assert json.loads((STORED / measured.FILE).read_text())["runs"][-1]["machine"]["cores"]
