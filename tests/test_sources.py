"""effaug.report.sources: origins that name files which exist, and commands that can be typed."""

import dataclasses
import re
import shlex

import pytest
import typer

from effaug.cli.main import app
from effaug.report import notebooks, sources
from effaug.report.parameters import STORED
from effaug.report.view import view_of
from effaug.study.results import Results

RESULTS = Results(STORED)


def typed(command: str) -> None:
    """Parse a command as a shell and typer would, without running it."""
    program, *words = shlex.split(command)
    assert program == "effaug"
    group, context = typer.main.get_command(app), None
    while hasattr(group, "commands"):
        name, *words = words
        group = group.commands[name]
    group.make_context(name, words, parent=context)


@pytest.fixture(scope="module")
def view():
    return view_of(dataset="mnist", protocol="released-code", n_seeds=20)


def test_an_origin_has_a_row_for_each_panel_with_all_that_item_names(view):
    found = sources.origin(view, "table_1")
    assert list(found.files.index) == view.panels
    for file in found.files.file:
        assert (STORED.parent / file).exists()
    assert set(found.files) == {
        *("file", "protocol", "network", "weights", "seeds", "C", "code", "stored", "machine", "minutes")
    }
    assert set(found.files.protocol) == {"the released code"}
    assert found.files.stored.str.fullmatch(r"\d{4}-\d\d-\d\d").all()


def test_weights_are_told_by_their_hash():
    files = sources.provenance(view_of(dataset="cifar10", n_seeds=1))
    record = RESULTS.record("cifar10-crop")["paper/frozen"]["network"]
    assert files.loc[("cifar10-crop", "frozen"), "weights"] == record["weights_sha256"][:12]


def test_one_task_is_rerun_with_its_data_set(view):
    found = sources.origin(view, "auc_tables", [("mnist-crop", "refit")])
    assert list(found.files.index) == [("mnist-crop", "refit")]
    assert found.commands == (
        "effaug reproduce mnist-crop --features refit",
        "effaug notebook run auc_tables -p dataset=mnist -p protocol=released-code --html",
    )


@pytest.mark.parametrize("page", sorted(notebooks.titles()))
def test_every_page_can_be_rerun_by_what_its_origins_say(page):
    (command,) = sources.rerun(page, {"dataset": "digits", "network": "cifar10"})
    typed(command)
    offered = notebooks.defaults(page)
    assert set(re.findall(r"-p (\w+)=", command)) == {"dataset", "network"} & {
        name for name in offered if offered[name] not in ("digits", "cifar10")
    }


def test_what_computes_results_again_can_be_typed(view):
    changed = view_of(dataset="cifar10", protocol="paper+C=1.0", n_seeds=1)
    commands = {*sources.origin(view, "table_1").commands, *sources.origin(changed, "table_1").commands}
    assert any("--variations" in command for command in commands)
    assert any("--features refit" in command for command in commands)
    for command in commands:
        typed(command)


def test_a_study_names_only_what_is_wanted_and_nothing_where_nothing_is():
    found = sources.study(RESULTS, "sensitivity", ["mnist-crop"], lambda protocol, features: protocol == "paper~C")
    assert list(found.files.protocol) == ["the text, the code's C"]
    assert found.files.seeds.tolist() == [20]
    none = sources.study(RESULTS, "sensitivity", ["mnist-crop"], lambda protocol, features: False)
    assert none.files.empty
    assert none.commands == ("effaug notebook run sensitivity --html",)


def test_what_was_just_computed_is_computed_again_by_effaug_run(view):
    """Its folder is gone with the notebook: no file is named."""
    fresh = dataclasses.replace(view, parameters=view.parameters | {"source": "recompute"})
    found = sources.origin(fresh, "table_1", [("mnist-crop", "frozen")])
    assert found.commands[0] == "effaug run mnist-crop --score influence --protocol released-code --results mine"
    assert found.files.empty
