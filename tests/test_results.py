"""effaug.study.results: files that appear whole or not at all, and the numbers read off them."""

import csv
import json
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from effaug.curves import auc
from effaug.report.statistics import half_width
from effaug.study import results as module
from effaug.study.protocols import PROTOCOLS, REPETITIONS, Protocol, load_protocol, stored_as
from effaug.study.records import written
from effaug.study.results import COLUMNS, Curve, Results, aucs, member

RECORD = {"protocol": {"C": 10.0}, "data_sha256": {"x_train": "ab"}}
FILES = ("toy.csv", "toy.json", "toy.npz")


def curve(policy="baseline", seed=0, score="", protocol="paper", seconds=1.0, task="toy"):
    rng = np.random.default_rng([len(policy), seed, len(score)])
    points = {"order": rng.permutation(10).astype(np.int32), "scores": rng.random(10, np.float32)}
    return Curve(task, protocol, "frozen", score, policy, seed, (0, 1, 10), rng.random(3), points, seconds)


CURVES = [curve("random_proportional", seed, score) for seed in (10, 9, 1) for score in ("loss", "influence")]
CURVES += [curve("baseline", seed, protocol=protocol) for protocol in ("released-code", "paper") for seed in (2, 0)]


def saved(folder, curves=CURVES):
    store = Results(folder)
    for each in curves:
        store.save([each], RECORD)
    return store


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix != ".lock"}


def test_a_k_dpp_measured_at_other_budgets_has_no_auc():
    budgets = {"baseline": (0, 50, 1000), "dpp": (0, 50, 250), "dpp_proportional": (0, 30, 50, 1000)}
    rows = [("t", "p", "frozen", "", policy, 0, b, 0.9) for policy, each in budgets.items() for b in each]
    assert aucs(pd.DataFrame(rows, columns=list(COLUMNS))).policy.tolist() == ["baseline"]


@pytest.mark.parametrize("damage", ["1,0.9", "1,half,0.9", "1,10,good", "1,10,0.9,x"])
def test_a_damaged_row_is_named(tmp_path, damage):
    store = Results(tmp_path)
    store.save([Curve("t", "p", "frozen", "", "baseline", 0, (0, 10), np.array([0.8, 0.9]))], {})
    path = tmp_path / "t.csv"
    path.write_text(f"{path.read_text()}t,p,frozen,,baseline,{damage}\n")
    with pytest.raises(ValueError, match=rf"t\.csv is damaged \(line 4: t,p,frozen,,baseline,{damage}\)"):
        store.table()


def test_a_record_keeps_what_earlier_curves_were_computed_with(tmp_path):
    store = Results(tmp_path)
    for seed, (code, machine, imgaug) in enumerate([("a", "one", "0.1"), ("b", "two", "0.4"), ("b", "two", "0.4")]):
        record = {"code": code, "machine": machine, "libraries": {"imgaug": imgaug, "numpy": "2"}}
        store.save([Curve("t", "p", "frozen", "", "baseline", seed, (0,), np.array([0.8]))], record)
    found = store.record("t")["p/frozen"]
    assert (found["code"], found["machine"]) == ("a; b", "one; two")
    assert found["libraries"] == {"imgaug": "0.1; 0.4", "numpy": "2"}


def test_what_is_saved_is_loaded(tmp_path):
    store = saved(tmp_path / "not" / "yet", [*CURVES, curve(task="other")])
    assert store.tasks() == ["other", "toy"]
    assert store.done("toy") == {each.key for each in CURVES}
    table = store.table(["toy"])
    assert list(table.columns) == list(COLUMNS)
    points = store.points("toy")
    assert len(points) == 2 * len(CURVES)
    assert store.points("toy", ("paper", "frozen", "", "full", 0)) == {}
    for each in CURVES:
        at = dict(zip(COLUMNS[1:6], each.key, strict=True))
        rows = table[(table[list(at)] == list(at.values())).all(axis=1)]
        assert (rows.task == "toy").all()
        assert rows.budget.tolist() == [0, 1, 10]
        np.testing.assert_allclose(rows.accuracy, each.accuracies, atol=5.1e-7)
        for name, array in each.points.items():
            stored = points[member(each.key, name)]
            np.testing.assert_array_equal(store.points("toy", each.key)[name], array)
            np.testing.assert_array_equal(stored, array)
            assert stored.dtype == array.dtype
    assert len(store.table()) == len(table) + 3
    assert store.record("toy") == {
        "paper/frozen": RECORD | {"seconds": 8.0},
        "released-code/frozen": RECORD | {"seconds": 2.0},
    }


def test_a_seed_is_not_taken_for_another_that_begins_with_it(tmp_path):
    store = saved(tmp_path)
    assert set(store.points("toy", ("paper", "frozen", "loss", "random_proportional", 1))) == {"order", "scores"}


@pytest.mark.parametrize("change", [{"score": "a/b"}, {"policy": "a/b"}, {"protocol": "a/b"}])
def test_a_name_with_a_slash_is_refused_and_nothing_is_stored(tmp_path, change):
    with pytest.raises(ValueError, match="must not contain '/', got 'a/b'"):
        saved(tmp_path, [curve(**change)])
    assert contents(tmp_path) == {}


def test_nothing_is_stored_in_an_empty_folder(tmp_path):
    store = Results(tmp_path / "absent")
    assert (store.tasks(), store.done("toy"), store.points("toy"), store.record("toy")) == ([], set(), {}, {})
    assert store.table().empty
    assert not store.folder.exists()


def test_rows_are_sorted_by_number_and_files_do_not_depend_on_the_order_of_saving(tmp_path):
    saved(tmp_path / "a")
    saved(tmp_path / "b", CURVES[::-1])
    assert contents(tmp_path / "a") == contents(tmp_path / "b")
    with (tmp_path / "a" / "toy.csv").open() as file:
        rows = [(*row[:5], int(row[5]), int(row[6])) for row in list(csv.reader(file))[1:]]
    assert rows == sorted(rows)
    assert len(rows) == 3 * len(CURVES)


def test_saving_a_curve_again_changes_but_the_seconds(tmp_path, monkeypatch):
    store = saved(tmp_path)
    before = contents(tmp_path)
    later = time.time() + 1e6
    monkeypatch.setattr(time, "time", lambda: later)  # archives can hold times
    store.save([CURVES[0]], RECORD)
    after = contents(tmp_path)
    for name in ("toy.csv", "toy.npz"):
        assert after[name] == before[name]
    old, new = json.loads(before["toy.json"]), json.loads(after["toy.json"])
    assert new["paper/frozen"].pop("seconds") == old["paper/frozen"].pop("seconds") + 1
    assert new["paper/frozen"].pop("sha256") != old["paper/frozen"].pop("sha256")
    assert new == old


def test_seconds_of_many_short_curves_add_up(tmp_path):
    store = saved(tmp_path, [curve(seed=seed, seconds=0.04) for seed in range(20)])
    assert store.record("toy")["paper/frozen"]["seconds"] == pytest.approx(0.8)


def test_a_curve_of_the_same_key_is_replaced(tmp_path):
    store = saved(tmp_path)
    other = Curve("toy", "paper", "frozen", "", "baseline", 0, (0, 10), np.array([0.25, 0.5]))
    store.save([other], RECORD)
    table = store.table()
    rows = table[(table.protocol == "paper") & (table.policy == "baseline") & (table.seed == 0)]
    assert rows[["budget", "accuracy"]].values.tolist() == [[0, 0.25], [10, 0.5]]
    assert store.done("toy") == {each.key for each in CURVES}


def test_two_processes_that_save_at_once_lose_nothing(tmp_path):
    code = """if True:
        import sys, numpy as np
        from effaug.study.results import Curve, Results
        policy, store = sys.argv[1], Results(sys.argv[2])
        print(flush=True); sys.stdin.readline()
        for seed in range(25):
            points = {"order": np.arange(1000)}
            store.save([Curve("toy", "paper", "frozen", "", policy, seed, (0, 1), np.zeros(2), points, 1.0)], {})
    """
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    writers = [subprocess.Popen([sys.executable, "-c", code, name, tmp_path], **pipes) for name in "ab"]
    for writer in writers:
        writer.stdout.readline()
    for writer in writers:  # both have imported what they need
        writer.stdin.write("\n")
        writer.stdin.flush()
    for writer in writers:
        writer.communicate(timeout=120)
        assert writer.returncode == 0
    expected = {("paper", "frozen", "", policy, seed) for policy in "ab" for seed in range(25)}
    assert Results(tmp_path).done("toy") == expected
    assert set(Results(tmp_path).points("toy")) == {member(key, "order") for key in expected}
    assert Results(tmp_path).record("toy") == {"paper/frozen": {"seconds": 50.0}}
    assert sorted(contents(tmp_path)) == sorted(FILES)


def test_a_crash_halfway_through_a_file_leaves_the_old_ones_whole(tmp_path, monkeypatch):
    store = saved(tmp_path)
    before = contents(tmp_path)

    def savez(file, **arrays):
        file.write(b"PK")
        assert len(list(tmp_path.glob(".*.part"))) == 1  # beside
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez_compressed", savez)
    with pytest.raises(OSError, match="No space left"):
        store.save([curve("new")], RECORD)
    assert contents(tmp_path) == before


@pytest.mark.parametrize("broken", FILES)
def test_a_crash_between_files_is_made_good_by_saving_again(broken, tmp_path, monkeypatch):
    write = module.write_whole

    def crash(path, *rest):
        if path.name == broken:
            raise KeyboardInterrupt
        write(path, *rest)

    store = saved(tmp_path / "crashed")
    monkeypatch.setattr(module, "write_whole", crash)
    with pytest.raises(KeyboardInterrupt):
        store.save([curve("new")], RECORD)
    assert store.done("toy") == {each.key for each in CURVES}  # the curve does not count as stored
    monkeypatch.undo()
    store.save([curve("new")], RECORD)
    saved(tmp_path / "whole", [*CURVES, curve("new")])
    crashed, whole = contents(tmp_path / "crashed"), contents(tmp_path / "whole")
    assert crashed.keys() == whole.keys() == set(FILES)
    assert [crashed[name] for name in ("toy.csv", "toy.npz")] == [whole[name] for name in ("toy.csv", "toy.npz")]


@pytest.mark.parametrize("text", ["", "\n", "task,policy,accuracy\nmnist,baseline,0.9\n"])
def test_a_file_of_other_columns_is_named(text, tmp_path):
    (tmp_path / "toy.csv").write_text(text)
    for ask in (Results(tmp_path).table, lambda: Results(tmp_path).done("toy")):
        with pytest.raises(ValueError, match=r"columns .*expected task,protocol,features,score,policy,seed") as caught:
            ask()
        assert str(tmp_path / "toy.csv") in str(caught.value)


PAPER_BUDGETS = (0, 1, 10, 50, 100, 250, 500, 750, 1000)


def test_auc_by_hand():
    assert auc(PAPER_BUDGETS, [1.0] * 9) == pytest.approx(1000, abs=1e-9)
    assert auc((0, 1, 10, 200), [1.0] * 4) == pytest.approx(1000, abs=1e-9)
    # 1 * (0.5 + 0.7) / 2 + 3 * (0.7 + 0.9) / 2 = 3 of 4
    assert auc([0, 1, 4], [0.5, 0.7, 0.9]) == pytest.approx(750, abs=1e-9)


@given(st.lists(st.floats(0, 1), min_size=9, max_size=9))
def test_auc_of_1000_points_is_the_papers(accuracies):
    steps = zip(PAPER_BUDGETS, PAPER_BUDGETS[1:], accuracies, accuracies[1:], strict=False)
    assert auc(PAPER_BUDGETS, accuracies) == pytest.approx(sum((b - a) * (f + g) / 2 for a, b, f, g in steps))


def test_aucs_are_one_row_a_curve_and_none_for_full(tmp_path):
    store = saved(tmp_path)
    store.save([Curve("toy", "paper", "frozen", "", "full", 0, (10,), np.ones(1))], RECORD)
    found = aucs(store.table().sample(frac=1, random_state=0))  # whatever the order of the rows
    assert list(found.columns) == [*COLUMNS[:6], "auc"]
    assert {tuple(row[1:6]): row[6] for row in found.itertuples(index=False)} == {
        each.key: pytest.approx(auc(each.budgets, each.accuracies), abs=1e-3) for each in CURVES
    }


@given(st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=20), st.floats(0.5, 0.99))
def test_half_width_is_that_of_scipys_t_interval(values, level):
    low, high = stats.t.interval(level, len(values) - 1, loc=np.mean(values), scale=1)
    expected = (high - low) / 2 * stats.sem(values)
    assert half_width(values, level) == pytest.approx(expected, rel=1e-6, abs=1e-9)


def test_curves_are_those_of_a_protocol_with_what_it_stands_for(tmp_path):
    store, both = Results(tmp_path), (np.array([0.5, 0.6]),)

    def save(task, protocol, features="frozen", seeds=2):
        record = {"protocol": written(protocol)}
        rows = [Curve(task, protocol.name, features, "", "baseline", s, (0, 10), *both) for s in range(seeds)]
        store.save(rows, record)

    for protocol in (*PROTOCOLS.values(), Protocol("validated", C="cv")):
        save("mnist-crop", protocol)
        save("smallnorb-crop", protocol, seeds=3)
    save("smallnorb-crop", load_protocol("reconstruction", task="smallnorb-crop"), seeds=3)
    save("mnist-crop", PROTOCOLS["paper"], "refit")

    def found(*protocols, **rest):
        table = store.curves(*protocols, **rest)
        assert table.index.tolist() == list(range(len(table)))
        return set(table[["task", "protocol", "features"]].itertuples(index=False, name=None)), set(table.seed)

    frozen = {("mnist-crop", "paper", "frozen"), ("smallnorb-crop", "paper", "frozen")}
    assert found("paper", features="frozen") == (frozen, {0, 1, 2})
    assert found("paper", n_seeds=1) == (frozen | {("mnist-crop", "paper", "refit")}, {0})
    assert found("paper", tasks=["mnist-crop", "mnist-rotate"], features="refit")[0] == {
        ("mnist-crop", "paper", "refit")
    }
    cross_validated = found("paper", change=lambda protocol: replace(protocol, C="cv"))[0]
    assert cross_validated == {(task, "validated", "frozen") for task in ("mnist-crop", "smallnorb-crop")}
    assert found("paper", change=lambda protocol: replace(protocol, C=3.0))[0] == set()
    assert found("paper", change=lambda protocol: None)[0] == set()
    named = {(task, stored_as("reconstruction", task), "frozen") for task in ("mnist-crop", "smallnorb-crop")}
    assert found("reconstruction", features="frozen")[0] == named
    assert found("reconstruction", "paper", features="frozen")[0] == named | frozen
    assert found("paper", tasks=[]) == found("text") == (set(), set())
    assert list(store.curves("text").columns) == list(COLUMNS)


def over_networks(folder, *networks):
    """Curves over networks, of which means are taken; their protocols' labels."""
    store, made = Results(folder), [load_protocol("released-code", weights=name) for name in networks]
    for k, protocol in enumerate(made):
        start, flat = ("cifar10-crop", protocol.name, "frozen"), np.array([0.5, 0.5])
        rising = [np.array([0.5, 0.6 + seed / 10]) + k / 10 for seed in (0, 1)]
        random = [Curve(*start, "", "baseline", seed, (0, 10), rise) for seed, rise in enumerate(rising)]
        vectors = Curve(*start, "", "virtual_support_vectors", 0, (3 + k,), flat[:1])
        lacking = Curve(*start, "loss", "dpp", k, (0, 10), flat)  # of one seed over each, another over every network
        store.save([*random, vectors, lacking], RECORD | {"protocol": written(protocol)})
    return store, [protocol.name for protocol in made]


def test_curves_over_repetitions_are_means_under_the_first_ones_label(tmp_path):
    """By hand: 0, 0.1 and 0.2 are added over three networks; what one of them lacks is left out."""
    first, others = next(iter(REPETITIONS.items()))
    store, labels = over_networks(tmp_path, first, *others)
    assert stored_as("reconstruction", "cifar10-crop") == labels[0]
    found = store.curves("reconstruction")
    assert set(found.protocol) == {labels[0]}
    assert list(found.columns) == list(COLUMNS)
    assert set(zip(found.policy, found.score, strict=True)) == {("baseline", ""), ("virtual_support_vectors", "")}
    random = found[found.policy == "baseline"].pivot(index="seed", columns="budget", values="accuracy")
    np.testing.assert_allclose(random, [[0.6, 0.7], [0.6, 0.8]])
    vectors = found[found.policy == "virtual_support_vectors"]
    assert (vectors.budget.tolist(), vectors.accuracy.tolist()) == ([4], [0.5])  # of 3, 4 and 5 support vectors
    pd.testing.assert_frame_equal(store.curves(labels[0], repeated=True), found)
    pd.testing.assert_frame_equal(store.curves(labels[0], "reconstruction"), found)
    assert store.curves("reconstruction", n_seeds=1).seed.max() == 0
    assert store.labels("cifar10-crop", "reconstruction") == tuple(labels)


def test_a_network_asked_for_by_its_label_has_its_own_curves(tmp_path):
    first, others = next(iter(REPETITIONS.items()))
    store, labels = over_networks(tmp_path, first, *others)
    own = store.curves(labels[0])
    stored = store.table()
    assert len(own) == (stored.protocol == labels[0]).sum()
    assert store.labels("cifar10-crop", labels[0]) == (labels[0],)
    assert store.labels("cifar10-crop", labels[1], repeated=True) == (labels[1],)  # called after the first alone


def test_means_are_of_the_networks_that_are_stored(tmp_path):
    first, (other, *_) = next(iter(REPETITIONS.items()))
    store, _ = over_networks(tmp_path / "two", first, other)
    random = store.curves("reconstruction").query("policy == 'baseline' and seed == 0")
    np.testing.assert_allclose(random.accuracy, [0.55, 0.65])
    alone, (label,) = over_networks(tmp_path / "one", first)
    assert len(alone.curves("reconstruction")) == len(alone.table())
    assert alone.labels("cifar10-crop", "reconstruction") == (label,)


def test_of_a_changed_protocol_means_are_taken_too(tmp_path):
    first, others = next(iter(REPETITIONS.items()))
    store = Results(tmp_path)
    for shift, name in enumerate((first, *others)):
        for C in (1.0, "cv"):
            protocol = load_protocol("released-code", weights=name, C=C)
            own = Curve("cifar10-crop", protocol.name, "frozen", "", "baseline", 0, (10,), np.array([0.5 + shift / 10]))
            store.save([own], RECORD | {"protocol": written(protocol)})
    found = store.curves("reconstruction", change=lambda p: replace(p, C="cv"))
    assert found.accuracy.tolist() == pytest.approx([0.6])
    assert set(found.protocol) == {load_protocol("released-code", weights=first, C="cv").name}


def test_half_width_of_known_values():
    assert half_width([1.0, 2.0, 3.0]) == pytest.approx(4.302653 / np.sqrt(3), rel=1e-6)  # t of 2 degrees of freedom
    assert np.isnan(half_width([1.0]))
    assert np.isnan(half_width([]))


@pytest.mark.parametrize("keep", [0, 20, -30], ids=["empty", "cut early", "cut late"])
@pytest.mark.parametrize(("suffix", "read"), [("npz", "points"), ("json", "record")])
def test_a_damaged_file_is_named_with_what_to_do(tmp_path, suffix, read, keep):
    store = Results(tmp_path)
    store.save([curve()], {"code": "a commit"})
    path = tmp_path / f"{store.tasks()[0]}.{suffix}"
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(ValueError, match=f"{path.name} is damaged .*: restore it, or move the files of"):
        getattr(store, read)(path.stem)


def test_the_record_names_every_commit_that_added_curves(tmp_path):
    store = Results(tmp_path)
    for seed, code in enumerate(("commit a", "commit b", "commit a")):
        store.save([curve(seed=seed)], {"code": code})
    assert store.record("toy")["paper/frozen"]["code"] == "commit a; commit b"
