"""effaug.study.tasks: the paper's settings and the released code's, and what is refused."""

import dataclasses
import re
import warnings

import numpy as np
import pytest

from effaug.study.experiment import Experiment
from effaug.study.names import RenamedWarning
from effaug.study.protocols import CARDINAL, CHOICES, PROTOCOLS, Protocol, load_protocol, swap
from effaug.study.records import protocol_of, written
from effaug.study.tasks import AUGMENTATIONS, SOURCES, TASKS, load_task

WIDE = tuple(a for a in np.linspace(-30, 30, 15) if abs(a) > 1e-9)
DATASETS = {  # dataset, classes, train size, splits, network
    "mnist": ("mnist", (3, 8), 1000, (517, 483, 1010, 974), "lenet"),
    "cifar10": ("cifar10", (0, 1), 1000, (523, 477, 1000, 1000), "resnet"),
    "smallnorb": ("smallnorb", (0, 1), 1000, (500, 500, 4860, 4860), "resnet"),
    "digits": ("digits", (3, 8), 200, (103, 97, 79, 76), "pixels"),
}
SHIFTS = {"mnist": 2, "cifar10": 3, "smallnorb": 6, "digits": 1}


def test_there_is_a_task_for_each_dataset_and_augmentation():
    assert set(TASKS) == {f"{d}-{a}" for d in DATASETS for a in ("translate", "rotate", "crop")}
    assert len(TASKS) == 12


@pytest.mark.parametrize("name", TASKS)
def test_task_has_its_datasets_settings(name):
    task = load_task(name)
    key, augmentation = name.split("-")
    found = (task.dataset, task.classes, task.n_train, task.splits, task.network)
    assert found == DATASETS[key]
    assert (task.name, task.augmentation) == (name, augmentation)


WEIGHTS = {  # of the paper's text, and where the released code has others
    "cifar10-translate": "cifar10",
    "cifar10-rotate": "cifar10",
    "cifar10-crop": "cifar10",
    "smallnorb-translate": ("smallnorb", "smallnorb-divided-twice"),
    "smallnorb-rotate": ("smallnorb-augmented", "smallnorb-divided-twice"),
    "smallnorb-crop": ("smallnorb-augmented", "smallnorb-divided-twice"),
}


@pytest.mark.parametrize("name", TASKS)
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_task_has_its_networks_weights(name, protocol):
    expected = WEIGHTS.get(name, "")
    if isinstance(expected, tuple):
        expected = expected[protocol == "released-code"]
    task = load_task(name, protocol=protocol)
    assert task.weights == expected
    assert bool(task.weights) == (task.network == "resnet")


@pytest.mark.parametrize("name", TASKS)
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_another_frozen_network_may_be_named_and_the_protocol_says_so(name, protocol):
    mine = load_protocol(protocol, weights="mine")
    assert mine.name == f"{protocol}+weights=mine"
    task = load_task(name, protocol=mine)
    assert task.weights == ("mine" if task.network == "resnet" else "")
    assert task.name == name
    assert load_protocol(protocol, weights="").name == protocol


@pytest.mark.parametrize("augmentation", AUGMENTATIONS)
def test_pixels_divided_twice_need_a_network_trained_so_for_small_norb_alone(augmentation):
    code = {key: load_task(f"{key}-{augmentation}", protocol="released-code").weights for key in DATASETS}
    assert code == {"mnist": "", "cifar10": "cifar10", "smallnorb": "smallnorb-divided-twice", "digits": ""}
    twice = load_task(
        f"smallnorb-{augmentation}", protocol=load_protocol("paper", smallnorb_divided_twice=True)
    ).weights
    assert twice == "smallnorb-divided-twice" + ("" if augmentation == "translate" else "-augmented")


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_mnists_network_is_lenet_in_the_text_and_a_plain_cnn_in_the_code(protocol):
    network = {"paper": "lenet", "released-code": "cnn"}[protocol]
    assert {load_task(f"mnist-{a}", protocol=protocol).network for a in AUGMENTATIONS} == {network}
    assert load_task("mnist-crop", protocol=load_protocol("paper", mnist_network="cnn")).network == "cnn"
    assert load_task("digits-crop", protocol=protocol).network == "pixels"


@pytest.mark.parametrize("key", DATASETS)
def test_paper_shifts_along_the_axes(key):
    s = SHIFTS[key]
    shifts = load_task(f"{key}-translate").parameters
    assert sorted(shifts) == [(-s, 0), (0, -s), (0, s), (s, 0)]


@pytest.mark.parametrize("key", DATASETS)
def test_released_code_shifts_along_the_diagonals(key):
    s = SHIFTS[key]
    shifts = load_task(f"{key}-translate", protocol="released-code").parameters
    assert sorted(shifts) == [(-s, -s), (-s, s), (s, -s), (s, s)]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_mnist_rotates_by_fourteen_angles_up_to_thirty_degrees(protocol):
    angles = load_task("mnist-rotate", protocol=protocol).parameters
    assert len(angles) == 14
    np.testing.assert_allclose(angles, WIDE, rtol=1e-14)


@pytest.mark.parametrize("key", ["cifar10", "smallnorb"])
@pytest.mark.parametrize(
    ("protocol", "angles"), [("paper", [-5, -2.5, 2.5, 5]), ("released-code", np.linspace(-5, 5, 4))]
)
def test_cifar10_and_norb_rotate_by_four_small_angles(key, protocol, angles):
    np.testing.assert_allclose(load_task(f"{key}-rotate", protocol=protocol).parameters, angles, rtol=1e-14)


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(
    ("key", "margins"), [("mnist", (1, 2, 3, 4, 5, 6)), ("cifar10", (2,)), ("smallnorb", (2,)), ("digits", (1,))]
)
def test_crop_margins(key, margins, protocol):
    assert load_task(f"{key}-crop", protocol=protocol).parameters == margins


def test_protocols_differ_where_text_and_code_do():
    paper, code = load_protocol(), load_protocol("released-code")
    assert set(PROTOCOLS) == {"paper", "released-code"}
    assert (paper.name, paper.C, paper.ridge, paper.subtract_mean) == ("paper", 10, None, True)
    assert (code.name, code.C, code.ridge, code.subtract_mean) == ("released-code", 1, 1e-10, False)
    assert (paper.smallnorb_divided_twice, code.smallnorb_divided_twice) == (False, True)
    assert (paper.mnist_network, code.mnist_network) == ("lenet", "cnn")
    assert (paper.shared_start, code.shared_start) == (False, True)
    assert (paper.weighted_hessian, code.weighted_hessian) == (True, False)
    assert (paper.dpp_diagonal, code.dpp_diagonal) == (0, pytest.approx(1e-3 / 1000**2))
    assert (paper.kmeans_starts, code.kmeans_starts) == (1, 10)
    assert (paper.shuffled_folds, code.shuffled_folds) == (True, False)
    assert (paper.one_smallnorb_network, code.one_smallnorb_network) == (False, True)
    assert (paper.weights, code.weights) == ("", "")


@pytest.mark.parametrize(
    ("n_train", "budgets"),
    [
        (None, (0, 1, 10, 50, 100, 250, 500, 750, 1000)),
        (500, (0, 5, 25, 50, 125, 250, 375, 500)),
        (200, (0, 2, 10, 20, 50, 100, 150, 200)),
        (2000, (0, 2, 20, 100, 200, 500, 1000, 1500, 2000)),
        (2, (0, 1, 2)),
    ],
)
def test_budgets_are_the_papers_in_proportion_to_the_train_set(n_train, budgets):
    assert load_task("mnist-crop", n_train=n_train).budgets == budgets


@pytest.mark.parametrize(
    ("changes", "name", "has_splits"),
    [
        ({}, "mnist-rotate", True),
        ({"classes": (3, 8), "n_train": 1000}, "mnist-rotate", True),
        ({"classes": (4, 9)}, "mnist-rotate-4v9", False),
        ({"classes": (8, 3)}, "mnist-rotate-8v3", False),
        ({"n_train": 500}, "mnist-rotate-n500", False),
        ({"classes": (4, 9), "n_train": 500}, "mnist-rotate-4v9-n500", False),
        ({"parameters": (-10.0, 10)}, "mnist-rotate-by-10.0_10", True),
    ],
)
def test_name_tells_what_departs_from_the_paper(changes, name, has_splits):
    task = load_task("mnist-rotate", **changes)
    assert task.name == name
    assert (task.splits is not None) == has_splits
    for field, value in changes.items():
        assert getattr(task, field) == value


def test_parameters_may_be_ones_own():
    assert load_task("mnist-translate", parameters=((0, 4), (-3, 0))).parameters == ((0, 4), (-3, 0))
    assert load_task("mnist-translate", parameters=((0, 4), (-3, 0))).name == "mnist-translate-by0,4_-3,0"
    assert load_task("mnist-crop", parameters=(3,)).parameters == (3,)


def test_protocol_may_be_ones_own():
    mine = Protocol("mine", directions=((0, 1),), small_angles=(-1.0, 1.0))
    assert load_task("cifar10-translate", protocol=mine).parameters == ((0, 3),)
    assert load_task("cifar10-rotate", protocol=mine).parameters == (-1.0, 1.0)
    assert mine.changes == {"directions": ((0, 1),), "small_angles": (-1.0, 1.0)}
    assert dataclasses.replace(mine, base="released-code").changes.keys() == set(CHOICES)


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({}, "paper"),
        ({"C": 10.0}, "paper"),
        ({"C": 1.0}, "paper+C=1.0"),
        ({"C": "cv"}, "paper+C=cv"),
        ({"ridge": 1e-10, "subtract_mean": False}, "paper+ridge=1e-10+subtract_mean=False"),
        ({"subtract_mean": 0.25}, "paper+subtract_mean=0.25"),
        ({"subtract_mean": 0.0}, "paper+subtract_mean=False"),
        ({"subtract_mean": 1.0}, "paper"),
    ],
)
def test_changed_protocol_says_so_in_its_name(changes, name):
    changed = load_protocol("paper", **changes)
    assert changed == dataclasses.replace(PROTOCOLS["paper"], name=name, **changes)


def test_changed_protocols_name_is_fit_for_a_file():
    name = load_protocol("released-code", directions=((0, 1), (1, 0)), small_angles=(-1.0, 1.0)).name
    assert not re.search(r"[\s/\\]", name)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: load_task("mnist-rotat"), ["task 'mnist-rotat'", "did you mean 'mnist-rotate'?", *TASKS]),
        (lambda: load_task("imagenet"), ["task 'imagenet'", *TASKS]),
        (lambda: load_task("mnist-crop", protocol="pape"), ["protocol 'pape'", "mean 'paper'?", *PROTOCOLS]),
        (lambda: load_protocol("code"), ["protocol 'code'", *PROTOCOLS]),
        (lambda: load_protocol("paper", c=1), ["protocol field 'c'", "C, directions, small_angles, ridge"]),
        (lambda: load_protocol("paper", C=0), ["C must be a positive number or 'cv'", "got 0"]),
        (lambda: load_protocol("paper", C=-1.0), ["C must be a positive number or 'cv'", "got -1.0"]),
        (lambda: load_protocol("paper", C=float("inf")), ["C must be", "got inf"]),
        (lambda: load_protocol("paper", C=float("nan")), ["C must be", "got nan"]),
        (lambda: load_protocol("paper", C="CV"), ["C must be", "got 'CV'"]),
        (lambda: load_protocol("paper", subtract_mean=1.5), ["subtract_mean must be", "between 0 and 1, got 1.5"]),
        (lambda: load_protocol("paper", subtract_mean=float("nan")), ["between 0 and 1, got nan"]),
        (lambda: load_protocol("paper", ridge=0), ["ridge must be positive, or None", "got 0"]),
        (lambda: load_protocol("paper", ridge=-1e-10), ["ridge must be positive, or None", "got -1e-10"]),
        (lambda: Protocol("a/b"), ["name must not contain '/'", "got 'a/b'"]),
        (lambda: Protocol("mine", base="text"), ["base 'text'", "accepted: paper, released-code"]),
        (lambda: load_task("mnist-crop", classes=(3, 3)), ["classes must be two different", "got (3, 3)"]),
        (lambda: load_task("mnist-crop", classes=(3, 8, 9)), ["classes must be two", "got (3, 8, 9)"]),
        (lambda: load_task("mnist-crop", n_train=1), ["n_train must be a whole number of at least 2", "got 1"]),
        (lambda: load_task("mnist-crop", n_train=0), ["n_train must be a whole number of at least 2", "got 0"]),
        (lambda: load_task("mnist-crop", parameters=()), ["parameters of crop", "at least 1", "got ()"]),
        (lambda: load_task("mnist-crop", parameters=(0,)), ["parameters of crop", "at least 1", "got (0,)"]),
        (lambda: load_task("mnist-crop", parameters=(1.5,)), ["whole pixels", "got (1.5,)"]),
        (lambda: load_task("mnist-rotate", parameters=(5, 0)), ["parameters of rotate", "degrees", "got (5, 0)"]),
        (lambda: load_task("mnist-rotate", parameters=("a",)), ["degrees", "got ('a',)"]),
        (lambda: load_task("mnist-translate", parameters=(3,)), ["shifts (dy, dx)", "got (3,)"]),
        (lambda: load_task("mnist-translate", parameters=((1, 2, 3),)), ["(dy, dx)", "got ((1, 2, 3),)"]),
        (lambda: load_task("mnist-translate", parameters=((0.5, 1),)), ["whole pixels", "got ((0.5, 1),)"]),
    ],
)
def test_bad_argument_is_refused_with_its_value_and_what_is_accepted(call, words):
    with pytest.raises(ValueError) as error:  # noqa: PT011
        call()
    for word in words:
        assert word in str(error.value)


def test_old_names_are_understood_told_and_replaced():
    with pytest.warns(RenamedWarning, match=r"^norb-crop is called smallnorb-crop now: please use that name$") as told:
        assert load_task("norb-crop") == load_task("smallnorb-crop")
    assert told[0].filename == __file__
    with pytest.warns(RenamedWarning, match="norb-rotate is called smallnorb-rotate now"):
        experiment = Experiment("norb-rotate", "reconstruction", policies=("baseline",))
    assert (experiment.task.name, experiment.protocol.name) == ("smallnorb-rotate", "paper~subtract_mean")
    with pytest.warns(RenamedWarning, match="one_norb_network is called one_smallnorb_network now"):
        changed = load_protocol("paper", one_norb_network=True)
    assert changed == load_protocol("paper", one_smallnorb_network=True)
    with pytest.warns(RenamedWarning, match="norb_divided_twice is called smallnorb_divided_twice now"):
        assert swap(PROTOCOLS["paper"], ("norb_divided_twice",)).name == "paper~smallnorb_divided_twice"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        load_task("smallnorb-crop", protocol=load_protocol("reconstruction", task="smallnorb-crop"))


def test_a_record_with_old_names_gives_the_protocol_by_the_new_ones():
    stored = written(PROTOCOLS["released-code"])
    for old in ("norb_divided_twice", "one_norb_network"):
        stored[old] = stored.pop(old.replace("norb", "smallnorb"))
    assert protocol_of({"protocol": stored}) == PROTOCOLS["released-code"]


@pytest.mark.parametrize("thing", [load_task("mnist-crop"), load_protocol(), SOURCES["mnist"]], ids=type)
def test_settings_cannot_be_changed_in_place(thing):
    field = dataclasses.fields(thing)[0].name
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(thing, field, "other")
    assert {thing: 1}[dataclasses.replace(thing)] == 1


@pytest.mark.parametrize("choice", CHOICES)
@pytest.mark.parametrize("name", PROTOCOLS)
def test_a_swap_takes_one_choice_from_the_other_protocol(name, choice):
    protocol = PROTOCOLS[name]
    (other,) = (p for p in PROTOCOLS.values() if p is not protocol)
    found = swap(protocol, (choice,))
    taken = {choice: getattr(other, choice)}
    assert found == dataclasses.replace(protocol, name=f"{name}~{choice}", swapped=(choice,), **taken)
    assert (found.base, found.changes) == (name, taken)
    assert getattr(found, choice) != getattr(protocol, choice)


def test_swapping_everything_makes_the_other_protocol_and_a_changed_one_keeps_its_change():
    everything, code = swap(PROTOCOLS["paper"], CHOICES), PROTOCOLS["released-code"]
    assert dataclasses.replace(everything, name=code.name, base=code.base, swapped=()) == code
    assert (everything.base, set(everything.changes)) == ("paper", set(CHOICES))
    found = swap(load_protocol("released-code", ridge=0.5), ("C", "directions"))
    assert (found.name, found.C, found.ridge) == ("released-code+ridge=0.5~C~directions", 10.0, 0.5)
    assert found.changes == {"C": 10.0, "directions": CARDINAL, "ridge": 0.5}
    assert swap(PROTOCOLS["paper"], ()) == PROTOCOLS["paper"]
    with pytest.raises(ValueError, match="unknown choice 'epochs'; accepted: C, directions, small_angles, ridge"):
        swap(PROTOCOLS["paper"], ("epochs",))
