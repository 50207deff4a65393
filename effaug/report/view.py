"""What every notebook begins with: its parameters checked, and its results loaded or computed."""

from __future__ import annotations

import functools
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from effaug._validation import unknown
from effaug.images.weights import load_manifest
from effaug.report import own_data
from effaug.report.labels import protocol_label
from effaug.report.markup import Shown, listed, notes
from effaug.report.parameters import DEFAULTS, PARAMETERS, ParameterError, check_parameters, check_value, stored_results
from effaug.scores import SCORES
from effaug.study.caveats import caveats, caveats_of_means
from effaug.study.experiment import Experiment
from effaug.study.names import current
from effaug.study.protocols import NAMES, PROTOCOLS, TABLE_POLICIES, TABLE_SCORES, Protocol, load_protocol, stored_as
from effaug.study.records import protocols_of
from effaug.study.results import Results
from effaug.study.runner import run
from effaug.study.tasks import TASKS, Task, load_task


@dataclass(frozen=True, eq=False)
class View:
    """What a notebook shows.

    Attributes
    ----------
    table : DataFrame
        The curves asked for, as `Results.table` has them: the policies of Tables 3-20 by `scores`.
    every : DataFrame
        The same with all other policies and scores, which the appendices F to H are about.
    results : Results
        Where they are from.
    tasks : tuple of str
        Tasks asked for, with results or without.
    parameters : dict
        As checked.
    own : Task, optional
        That of a file of one's own.
    """

    table: pd.DataFrame
    every: pd.DataFrame
    results: Results
    tasks: tuple[str, ...]
    parameters: dict[str, Any]
    own: Task | None = None

    def task(self, name: str) -> Task:
        """One of `tasks`, under the protocol that it is shown under."""
        return self.own or load_task(name, protocol=self.protocol(name))

    def other(self, **changes: Any) -> View:
        """The view with other parameters."""
        if "dataset" in changes:
            changes["dataset"] = current(changes["dataset"])
        for name, value in changes.items():
            if name not in PARAMETERS:
                raise ParameterError(unknown("parameter", name, PARAMETERS))
            check_value(name, value, self.results)
        return _view(self.parameters | changes, self.results)

    def only(self, *datasets: str) -> View:
        """The view with the tasks of these data sets alone."""
        tasks = tuple(task for task in self.tasks if task.split("-")[0] in datasets)
        table, every = (frame[frame.task.isin(tasks)].reset_index(drop=True) for frame in (self.table, self.every))
        return replace(self, tasks=tasks, table=table, every=every)

    @property
    def panels(self) -> list[tuple[str, str]]:
        """(task, features) with results, refit before frozen."""
        found = self.seeds
        return [
            (task, features) for task in self.tasks for features in ("refit", "frozen") if (task, features) in found
        ]

    @functools.cached_property
    def seeds(self) -> dict[tuple[str, str], int]:
        """How many are stored by (task, features)."""
        return dict(self.table.groupby(["task", "features"]).seed.nunique())

    @property
    def scores(self) -> tuple[str, ...]:
        """Those of Tables 3-20, and the one asked for."""
        return _scores(self.parameters)

    def command(self, task: str, features: str, score: str) -> str:
        """What computes a task's curves by a score, and each point's value of it."""
        chosen, changed = self.parameters["protocol"], self.parameters["protocol"] not in NAMES
        named = re.split("[+~]", chosen)[0] if changed else chosen
        options = f" --features {features}" * (features != "frozen") + f" --protocol {named}" * (named != "paper")
        settings = f" (with the options of {chosen})" if changed else ""
        apart = " --results mine" if self.parameters["source"] == "recompute" else ""  # results/ may have it
        what = own_data.as_arguments(self.parameters) if self.own else task
        return f"effaug run {what} --score {score}{options}{apart}{settings}"

    def label(self, task: str) -> str:
        """The protocol that a task's curves are stored under."""
        return stored_as(self.parameters["protocol"], task)

    def protocol(self, task: str) -> Protocol:
        """The protocol that it shows a task under; one that is stored of other tasks alone is theirs."""
        label, found = self.label(task), dict(PROTOCOLS)
        for each in (task, *self.results.tasks()):
            found = protocols_of(self.results.record(each)) | found
        return found[label]

    def missing(self) -> str:
        """What was asked for and is not there, in words; empty where nothing is."""
        features = [self.parameters["features"]] if self.parameters["features"] != "all" else ["frozen", "refit"]
        wanted = [
            (task, kind)
            for task in self.tasks
            for kind in features
            if kind == "frozen" or (self.own or load_task(task)).network == "lenet"
        ]
        if not wanted:
            return f"{', '.join(self.tasks)}: there is no network to refit, only 'frozen' features."
        lacking = [f"{task} ({kind})" for task, kind in wanted if (task, kind) not in self.panels]
        if lacking:
            return f"No results yet under the {self.parameters['protocol']} protocol: {', '.join(lacking)}."
        return ""

    def about_score(self) -> list[str]:
        """What to know about the score asked for: that the paper has none, its direction, what is not computed."""
        score, said = self.parameters["score"], []
        if score is None:
            return []
        if score not in TABLE_SCORES:
            said.append(f"The paper publishes no numbers by {score}: its tables are by {' and '.join(TABLE_SCORES)}.")
        if SCORES[score].augment == "low":
            said.append(f"Points of low {score} have the most to gain: the inverse policies prefer them.")
        by_it = self.every[self.every.score == score]
        stored = set(zip(by_it.task, by_it.features, strict=True))
        if lacking := [panel for panel in self.panels if panel not in stored]:
            where = ", ".join(f"{task} ({features})" for task, features in lacking)
            commands = "; ".join(f"`{self.command(*panel, score)}`" for panel in lacking)
            said.append(f"No results by {score} yet for {where}. To compute them: {commands}.")
        return said

    def notes(self) -> Shown:
        """What is missing and what to know of a score; folded, how data and networks differ from the paper's."""
        chosen, results = self.parameters["protocol"], self.results
        differing = dict.fromkeys(
            sentence
            for task, kind in self.panels
            for sentence in caveats_of_means(results.record(task), results.labels(task, chosen), kind)
        )
        settings = f"With the settings of {protocol_label(chosen)} (`protocol={chosen}`)."
        return notes([settings, self.missing(), *self.about_score()], differing)


def open_view(namespace: Mapping[str, Any], results: Results | None = None, **fixed: Any) -> View:
    """Check the parameters, then load the stored results, or compute them anew into a temporary folder.

    Parameters
    ----------
    namespace : mapping
        The notebook's ``globals()``.
    results : Results, optional
        The stored ones; those of the book unless given.
    **fixed
        Parameters that the notebook does not offer, with their values on its page; None where it reads none.

    Raises
    ------
    ParameterError
        See `check_parameters`; also where "all" is asked for with ``source = "recompute"``.
    """
    offered = tuple(name for name in PARAMETERS if name not in fixed)
    return _view(check_parameters(namespace, offered, results) | fixed, results)


def _view(chosen: dict[str, Any], results: Results | None) -> View:
    own = own_data.task_of(chosen)
    tasks = (own.name,) if own else _registered(chosen["dataset"], chosen["augmentation"])
    if chosen["source"] == "recompute":
        results = _recompute(tasks, chosen, own)
    results = results or stored_results()
    kept = {"features": chosen["features"], "n_seeds": chosen["n_seeds"]}
    every = results.curves(chosen["protocol"], tasks=tasks, **kept)
    main = every.policy.isin((*TABLE_POLICIES, "full")) & every.score.isin(("", *_scores(chosen)))
    return View(every[main].reset_index(drop=True), every, results, tasks, chosen, own)


def _registered(dataset: str, augmentation: str) -> tuple[str, ...]:
    both = ((name, *name.split("-")) for name in TASKS)
    return tuple(name for name, data, kind in both if dataset in ("all", data) and augmentation in ("all", kind))


def _scores(chosen: dict[str, Any]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, (*TABLE_SCORES, chosen["score"]))))


def view_of(results: Results | None = None, **changes: Any) -> View:
    """A view of stored results: everything under the paper's protocol, with the parameters given instead."""
    return open_view(DEFAULTS | changes, results)


def network_notes(names: tuple[str, ...]) -> Shown:
    """Beside numbers about networks: how data and training differ from the paper's, a sentence each."""
    manifests = {name: load_manifest(name) for name in names}
    records = [m | {"network": {"network": name, "training": m["training"]}} for name, m in manifests.items()]
    return listed(dict.fromkeys(sentence for record in records for sentence in caveats(record)))


def _recompute(tasks: tuple[str, ...], chosen: dict[str, Any], own: Task | None) -> Results:
    if len(tasks) != 1:
        raise ParameterError(
            f"source 'recompute' computes one task: dataset and augmentation must not be 'all', got "
            f"{chosen['dataset']!r} and {chosen['augmentation']!r}"
        )
    if chosen["protocol"] not in NAMES:
        raise ParameterError(
            f"source 'recompute' takes one of the protocols {', '.join(NAMES)}, got {chosen['protocol']!r}"
        )
    results = Results(tempfile.mkdtemp(prefix="effaug-"))
    protocol = load_protocol(chosen["protocol"], task=tasks[0])
    try:
        experiment = Experiment(
            own or load_task(tasks[0], protocol=protocol),
            protocol,
            features="frozen" if chosen["features"] == "all" else chosen["features"],
            score_names=_scores(chosen),
            policies=TABLE_POLICIES,
            n_seeds=chosen["n_seeds"],
        )
        run(experiment, results)
    except (ValueError, FileNotFoundError) as error:
        raise ParameterError(str(error)) from error
    return results
