"""The frozen networks' weights: where they lie, what is recorded of them, and how they are loaded."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from effaug._folders import named_folder
from effaug.images import keras_file
from effaug.images.networks import resnet


def weights_folder() -> Path:
    """Where networks are read from: ``EFFAUG_WEIGHTS``, which must exist, else ``weights`` in the checkout."""
    return named_folder("EFFAUG_WEIGHTS") or Path(__file__).resolve().parents[2] / "weights"


def networks() -> tuple[str, ...]:
    """Names of the networks that there are weights of."""
    return tuple(sorted(p.stem for p in weights_folder().glob("*.json") if p.with_suffix(".weights.h5").exists()))


def own_file(network: str) -> Path | None:
    """`keras_file.find` with `weights_folder`."""
    return keras_file.find(network, weights_folder())


def load_manifest(name: str) -> dict[str, Any]:
    """What a network is and how it was trained, from the JSON beside its weights; of one's own, what its file tells.

    Raises
    ------
    FileNotFoundError
        If there is none of this name.
    ValueError
        If a file of one's own holds another network.
    """
    if own := own_file(name):
        return keras_file.manifest(own)
    if name not in networks():
        raise FileNotFoundError(
            f"no network {name!r} in {weights_folder()}; there: {', '.join(networks()) or 'none'}. `effaug train-cnn` "
            "trains one"
        )
    return json.loads((weights_folder() / f"{name}.json").read_text())


def weights_sha256(name: str) -> str:
    """Hash of a network's file of weights."""
    return hashlib.sha256((own_file(name) or weights_folder() / f"{name}.weights.h5").read_bytes()).hexdigest()


def load_resnet(name: str) -> Any:
    """The network of this name, with its weights."""
    manifest = load_manifest(name)
    model = resnet(tuple(manifest["image_shape"]), manifest["n_classes"], manifest["network"]["depth"])
    if own := own_file(name):
        keras_file.fill(model, own)
    else:
        model.load_weights(weights_folder() / f"{name}.weights.h5")
    return model
