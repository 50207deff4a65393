"""What results were computed with: code, libraries, machine, network and data."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import time
from dataclasses import fields
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from effaug.images.cache import digest, is_ours
from effaug.images.frozen import ResNet
from effaug.images.networks import versions
from effaug.images.weights import load_manifest, own_file, weights_sha256
from effaug.study.experiment import Experiment
from effaug.study.learners import featurizer
from effaug.study.protocols import Protocol, weights_label
from effaug.study.records import run_label, written
from effaug.study.results import Results


def describe(experiment: Experiment) -> dict[str, Any]:
    """What a run is computed with: settings, code and library versions, machine, day; not yet the data's hashes."""
    libraries = ("numpy", "scipy", "scikit-learn", "imgaug", "opencv-python")
    task = experiment.task
    return {
        "task": {f.name: getattr(task, f.name) for f in fields(task) if f.name != "own"},
        "budgets": experiment.task.budgets,
        "protocol": written(experiment.protocol),
        "features": experiment.features,
        "network": _network(experiment),
        "code": commit(),
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "libraries": {name: version(name) for name in libraries},
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
    }


def _network(experiment: Experiment) -> dict[str, Any]:
    network = featurizer(experiment.task, experiment.protocol)
    if not is_ours(network):
        return {"name": experiment.task.network}
    trained = {"versions": versions()} if network.get_params() else {}
    if isinstance(network, ResNet):
        check_file(network.network, experiment.protocol)
        manifest = load_manifest(network.network)
        told = {"training": manifest["training"]} if "training" in manifest else {"depth": manifest["network"]["depth"]}
        trained |= {"weights_sha256": weights_sha256(network.network), **told}
    settings = {k: digest(v) if isinstance(v, np.ndarray) else v for k, v in network.get_params().items()}
    return {"name": type(network).__name__, **settings} | trained


def check_file(weights: str, protocol: Protocol) -> None:
    """A file of one's own must be the one that the protocol was made with: a path may lead to another by now."""
    if protocol.weights_sha256 and protocol.weights_sha256 != weights_sha256(weights):
        raise ValueError(f"{own_file(weights)} is {weights_label(weights)} now, not the file of {protocol.name}")


def _without_folder(value: Any) -> Any:
    """A file of one's own may lie elsewhere by now: its hash tells whether it is the same."""
    return Path(value).name if isinstance(value, str) and value.endswith(".h5") else value


def check_same(results: Results, experiment: Experiment, record: dict[str, Any]) -> None:
    """Curves of one run must be comparable: those to come with those that are stored."""
    label = run_label(experiment.protocol.name, experiment.features)
    stored, new = results.record(experiment.task.name).get(label, {}), json.loads(json.dumps(record))
    for part in ("task", "budgets", "protocol", "network", "data_sha256"):
        if part not in stored or part not in new:
            continue
        old, now = (r[part] if isinstance(r[part], dict) else {"": r[part]} for r in (stored, new))
        for key in sorted((old.keys() & now.keys()) - {"changes"}):  # which are among the settings
            if _without_folder(old[key]) != _without_folder(now[key]):
                raise ValueError(
                    f"{results.folder / experiment.task.name}.csv holds curves of {label} computed with {part} {key} "
                    f"{old[key]}, which is now {now[key]}: name another folder for the results"
                )


def commit() -> str:
    """The version of effaug, and of its code the commit; marked if it was changed since."""
    try:
        done = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--exclude=*"],
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            check=True,
        )
        found = done.stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        found = "unknown"
    return f"effaug {version('effaug')}, commit {found}"
