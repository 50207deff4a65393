"""What a run's record says (``<task>.json``), written and read back: its protocol, its task, what it is a variation of.

A record is filed under the label of its protocol and the kind of features. A label is a name and nothing more: what a
protocol is made from and what is changed in it stands in the record, under ``protocol``.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from typing import Any

from effaug.study.names import RENAMED
from effaug.study.protocols import PROTOCOLS, REPETITIONS, Protocol
from effaug.study.tasks import Task

Change = Callable[[Protocol], Protocol | None]


def written(protocol: Protocol) -> dict[str, Any]:
    """A protocol for the record: its name, its ``base``, the ``changes`` of that, and every setting.

    Examples
    --------
    >>> from effaug.study.protocols import load_protocol
    >>> found = written(load_protocol("paper", C=1.0))
    >>> found["name"], found["base"], found["changes"], found["C"], found["ridge"]
    ('paper+C=1.0', 'paper', {'C': 1.0}, 1.0, None)
    """
    return asdict(protocol) | {"changes": protocol.changes}


def protocol_of(run: Mapping[str, Any]) -> Protocol:
    """The protocol of a record, which may have choices by names that were given up.

    A setting that is younger than the record has its default: by that the code went when there was no choice.
    """
    stored = with_tuples(run["protocol"])
    return Protocol(**{RENAMED.get(key, key): value for key, value in stored.items() if key != "changes"})


def task_of(run: Mapping[str, Any]) -> Task:
    """The task of a record; of one's own, it takes more to make it than a record holds."""
    return Task(**with_tuples(run["task"]))


def run_label(protocol: str, features: str) -> str:
    """What a record is filed under."""
    return f"{protocol}/{features}"


def by_protocol(record: Mapping[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    """A task's records by the label of the protocol and the kind of features: `run_label` undone."""
    runs = {}
    for label, run in record.items():
        protocol, _, features = label.rpartition("/")
        runs[protocol, features] = run
    return runs


def protocols_of(record: Mapping[str, Any]) -> dict[str, Protocol]:
    """The protocols of a task's records by their labels."""
    return {label: protocol_of(run) for (label, _), run in by_protocol(record).items() if run.get("protocol")}


def variation(record: Mapping[str, Any], label: str, change: Change) -> str:
    """The label of what a protocol becomes by a change; empty where that is not stored.

    Parameters
    ----------
    record : mapping
        A task's.
    label : str
        Of a named protocol, or a stored one.
    change : callable
        From that protocol to the changed one, or to None where it cannot be changed so.
    """
    stored = protocols_of(record)
    start = stored.get(label) or PROTOCOLS.get(label)
    wanted = start and change(start)
    if wanted is None:
        return ""
    return next((name for name, each in stored.items() if _made(each) == _made(wanted)), "")


def repetitions(record: Mapping[str, Any], label: str) -> tuple[str, ...]:
    """A label, and those of the same over each other network of `REPETITIONS`, as far as they are stored."""
    protocol = protocols_of(record).get(label)
    others = REPETITIONS.get(protocol.weights, ()) if protocol else ()
    changes = (functools.partial(_over, weights) for weights in others)
    return (label, *filter(None, (variation(record, label, change) for change in changes)))


def _over(weights: str, protocol: Protocol) -> Protocol:
    return replace(protocol, weights=weights)


def _made(protocol: Protocol) -> tuple:
    return protocol.base, protocol.changes, set(protocol.swapped)


def with_tuples(record: Mapping[str, Any]) -> dict[str, Any]:
    """JSON's lists as the tuples they were."""

    def tupled(value: Any) -> Any:
        return tuple(tupled(v) for v in value) if isinstance(value, list) else value

    return {key: tupled(value) for key, value in record.items()}
