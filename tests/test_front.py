"""effaug.report.front: the front page's answers come from results, and say when the paper's finding reverses."""

import subprocess

import numpy as np
import pytest
from bs4 import BeautifulSoup

from effaug.report import front, style
from effaug.report.front import Answer, told
from effaug.report.panels import NINE, Board
from effaug.report.parameters import STORED
from effaug.study.protocols import NAMES, load_protocol
from effaug.study.records import written
from effaug.study.results import Curve, Results

BUDGETS = (0, 100, 1000)
SEEDS = 6


def store(results: Results, task: str, lead: float, gap: float = -0.001, features: str | None = None) -> None:
    """Curves of a task in which a tenth by influence is ahead of a tenth at random, and of all points, by so much."""
    features = features or ("refit" if task.startswith("mnist") else "frozen")
    protocol = load_protocol("paper")
    noise, curves = np.random.default_rng(0).normal(0, 1e-4, SEEDS), []
    for seed in range(SEEDS):
        chosen = 0.95 + gap + noise[seed]
        for policy, score, budgets, accuracies in (
            ("baseline", "", BUDGETS, [0.90, chosen - lead + noise[seed], 0.95]),
            ("random_proportional", "influence", BUDGETS, [0.90, chosen, 0.95]),
            ("full", "", (1000,), [0.95]),
        ):
            curves.append(Curve(task, protocol.name, features, score, policy, seed, budgets, np.array(accuracies)))
    results.save(curves, {"protocol": written(protocol)})


def answer(results: Results, dataset: str) -> Answer:
    return front.answer(Board(results, "paper"), dataset)


@pytest.mark.parametrize(
    ("leads", "verdict"),
    [
        ((0.01, 0.01, 0.01), "ahead"),
        ((-0.01, -0.01, -0.01), "behind"),
        ((0.01, -0.01, 0.01), "mixed"),
        ((0.01, 0.0, 0.01), "mixed"),
        ((0.01, 0.01), "open"),
        ((), ""),
    ],
)
def test_a_verdict_needs_every_augmentation(tmp_path, leads, verdict):
    results = Results(tmp_path)
    for task, lead in zip([task for task in NINE if task.startswith("cifar10")], leads, strict=False):
        store(results, task, lead)
    assert answer(results, "cifar10").verdict == verdict


def test_leads_gaps_and_gains_are_in_percentage_points(tmp_path):
    for task in NINE:
        store(Results(tmp_path), task, 0.01)
    found = answer(Results(tmp_path), "smallnorb")
    np.testing.assert_allclose(found.leads, [1, 1, 1], atol=0.02)
    np.testing.assert_allclose(found.gaps, [-0.1, -0.1, -0.1], atol=0.02)
    np.testing.assert_allclose(found.gains, [5, 5, 5])


def test_frozen_features_do_not_answer_for_mnist(tmp_path):
    for task in NINE:
        store(Results(tmp_path), task, 0.01, features="frozen")
    assert answer(Results(tmp_path), "mnist").verdict == ""
    assert answer(Results(tmp_path), "cifar10").verdict == "ahead"


def test_it_says_where_it_reverses_and_why():
    ahead, behind = Answer("ahead", (0.2, 0.5), (-0.4, -0.1), (1.2, 1.7)), Answer("behind", (-0.3,), (-0.9,), (0.38,))
    assert told({"reconstruction": ahead, "released-code": ahead, "paper": behind}) == {
        "ahead": "As reconstructed and from the code a tenth by influence beats a tenth at random by 0.2 to 0.5 "
        "points, 0.1 to 0.4 short of augmenting everything.",
        "behind": "From the text it loses to random by 0.3: there augmenting everything gains 0.4 at most.",
    }


@pytest.mark.parametrize(
    ("gaps", "words"),
    [((-0.3, 0.1), "at worst 0.3 short of"), ((0.02, 0.3), "never short of"), ((-0.3, -0.3), "0.3 short of")],
)
def test_the_distance_from_everything_is_told_as_it_is(gaps, words):
    (said,) = told(dict.fromkeys(NAMES, Answer("ahead", (1.0, 1.0), gaps, (2.0, 2.0)))).values()
    assert said.startswith("In all three a tenth by influence beats")
    assert said.endswith(f", {words} augmenting everything.")


def test_cards_have_a_mark_for_every_protocol(tmp_path):
    for task in NINE:
        store(Results(tmp_path), task, 0.01)
    page = BeautifulSoup(front.cards(Results(tmp_path)), "html.parser")
    found = page.find_all("section")
    assert [each.h2.get_text() for each in found] == ["MNIST", "CIFAR-10", "small NORB"]
    for each in found:
        assert each.svg["aria-label"]
        dataset = {"MNIST": "mnist", "CIFAR-10": "cifar10", "small NORB": "smallnorb"}[each.h2.get_text()]
        assert each.h2.a["href"].startswith(f"explorer.html#dataset={dataset}&augmentation=translate&features=")
        marks = {mark.get_text()[0] for mark in each.find_all("li")}
        assert marks == {"●", "-"}
        assert "As reconstructed and from the code nothing is computed yet." in each.get_text()
        assert "From the text a tenth" in each.get_text()


def test_the_address_is_the_checkouts_own(monkeypatch):
    def origin(url: str):
        return lambda *_, **__: subprocess.CompletedProcess([], 0, stdout=f"{url}\n")

    monkeypatch.setattr(front.subprocess, "run", origin("https://example.org/effaug.git"))
    assert "git clone https://example.org/effaug.git effaug && cd effaug\nmake book\n" in front.get_it()
    monkeypatch.setattr(front.subprocess, "run", origin("/home/me/effaug"))
    assert "/home/me" not in front.get_it()


def test_readme_figure_is_the_one_that_results_give(tmp_path):
    style.save(front.idea(Results(STORED)), tmp_path / "idea.svg")
    assert (tmp_path / "idea.svg").read_bytes() == (STORED.parent / "book" / "idea.svg").read_bytes()


def test_readmes_answers_are_those_of_the_results():
    """Its paragraph below the figure: where a tenth by influence beats a tenth at random."""
    reconstructed, text = (Board(Results(STORED), protocol) for protocol in ("reconstruction", "paper"))
    found = {dataset: front.answer(reconstructed, dataset).verdict for dataset in ("mnist", "cifar10", "smallnorb")}
    assert found == {"mnist": "ahead", "cifar10": "ahead", "smallnorb": "open"}
    from_text = {dataset: front.answer(text, dataset).verdict for dataset in found}
    assert from_text == {"mnist": "ahead", "cifar10": "behind", "smallnorb": "ahead"}
