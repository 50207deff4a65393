"""What a reader must know beside the numbers: data that are not the originals, networks less deep or less trained."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from effaug.study.records import run_label

RELEASED_DEPTH = 56  # of the released code's ResNet
# Its learning rate last falls after epoch 180; a training of fewer epochs than these falls earlier, in proportion.
WHOLE_SCHEDULE = 200

_COPIES = {  # sha256 of x_train
    "bd9c2115b83424900d52f5f7a7f34a5222257fdfe0af67faf078ebe72bb8ce72": (
        "Small NORB's images here are decoded from a JPEG export (quality 75), not the original pixels."
    ),
    "cbeaffed0a0181846ee247c41d840e76b6ce57ffa9ff0747d936e8111c530d46": (
        "CIFAR-10's networks were trained on 49,920 of its 50,000 images: 80 ships and horses were unavailable; both "
        "classes of the tasks are whole."
    ),
}


def caveats(record: Mapping[str, Any]) -> list[str]:
    """The sentences that belong beside a run's numbers, from what it was computed with (the JSON beside results)."""
    found = [data_caveat(record["data_sha256"])]
    network = record["network"]
    found.append(precision_caveat(network))
    if "training" in network:
        found.append(training_caveat(network["network"], network["training"]))
    elif "weights_sha256" in network:
        found.append(
            f"The network is a ResNet of depth {network['depth']} from the file {Path(network['network']).name}, which "
            "does not tell how it was trained."
        )
    return [sentence for sentence in found if sentence]


def caveats_of_means(record: Mapping[str, Any], labels: tuple[str, ...], features: str) -> list[str]:
    """Those of curves that are means over several networks, from a task's record: see `Results.labels`."""
    runs = [record[label] for label in (run_label(each, features) for each in labels) if label in record]
    names = [run["network"]["network"] for run in runs] if len(runs) > 1 else []
    means = (
        f"Curves over networks of depth {RELEASED_DEPTH} are means over {', '.join(names)}; what is shown of single "
        "points, their scores and the order in which they are chosen, is of the first."
    )
    return list(dict.fromkeys([*[means] * bool(names), *(sentence for run in runs for sentence in caveats(run))]))


def data_caveat(sha256: Mapping[str, str]) -> str:
    """A sentence on data known not to be the originals, by the hash of their training images; empty for others."""
    return _COPIES.get(sha256["x_train"], "")


def training_caveat(name: str, training: Mapping[str, Any]) -> str:
    """A sentence on a network less deep than the released code's, or whose schedule was compressed; empty for others.

    Which epoch's weights the released code used is not recorded, so no number of epochs is known to be enough: a
    network of its depth that went through the whole of its learning rate's schedule has no sentence.
    """
    epochs = training.get("stop_after") or training["epochs"]
    if training["depth"] >= RELEASED_DEPTH and epochs >= WHOLE_SCHEDULE:
        return ""
    return (
        f"The {name} network is a ResNet of depth {training['depth']} trained for {epochs} epochs; the "
        f"released code's is of depth {RELEASED_DEPTH}, trained in batches of 32 for up to 1000 epochs. Which epoch's "
        "weights it used is not recorded."
    )


def precision_caveat(network: Mapping[str, Any]) -> str:
    """A sentence on a small network that was not computed in float32, as the record of a run has it; else empty."""
    precision = network.get("precision", "float32").removeprefix("mixed_")
    if precision == "float32":
        return ""
    return f"The {network['name']} that is trained on a task's own points is computed in {precision}."
