"""The frozen networks' weights: where they lie, what is recorded of them, and how they are loaded."""

from __future__ import annotations

import hashlib
import math
from pathlib import Path
from typing import Any

import numpy as np

from effaug.images import _h5, _text, keras_file
from effaug.images._folders import named_folder
from effaug.images.networks import check_depth, resnet, resnet_width


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
        If a file of one's own holds another network, or the JSON does not describe one.
    """
    if own := own_file(name):
        return keras_file.manifest(own)
    if name not in networks():
        raise FileNotFoundError(
            f"no network {name!r} in {weights_folder()}; there: {', '.join(networks()) or 'none'}. `effaug train-cnn` "
            "trains one"
        )
    path = weights_folder() / f"{name}.json"
    try:
        found = _text.read_record(path)
        _check_manifest(found)
    except ValueError as error:
        raise ValueError(f"{path} is damaged ({error}): restore it") from error
    return found


def weights_sha256(name: str) -> str:
    """Hash of a network's file of weights."""
    with (own_file(name) or weights_folder() / f"{name}.weights.h5").open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def load_resnet(name: str) -> Any:
    """The network of this name, with its weights.

    Raises
    ------
    FileNotFoundError, ValueError
        As `load_manifest`; if the weights are damaged, or those of another network.
    """
    manifest = load_manifest(name)
    shape, n_classes, depth = tuple(manifest["image_shape"]), manifest["n_classes"], manifest["network"]["depth"]
    if own := own_file(name):
        model = resnet(shape, n_classes, depth)
        keras_file.fill(model, own)
        return model
    path = weights_folder() / f"{name}.weights.h5"
    with _h5.opened(path):
        pass  # before a network is built
    if 4 * (math.prod(shape) + resnet_width(shape) * n_classes) > path.stat().st_size:
        raise ValueError(f"{path} is too small for images {shape} and {n_classes} classes, which {name}.json tells of")
    model = resnet(shape, n_classes, depth)
    load_weights(model, path)
    return model


def mean_image_response(name: str) -> float:
    """How strongly the first layer of a network responds to its mean image, which training subtracts.

    In standard deviations of its responses to the training images, as its normalisation keeps them: what keeping the
    mean image adds to all features' inputs. Read from the weights alone, without the network.

    Returns
    -------
    float
        The median over the layer's channels of the root mean square over the image.

    Raises
    ------
    FileNotFoundError, ValueError
        As `load_manifest`; if the weights are damaged.
    """
    load_manifest(name)
    with _h5.opened(weights_folder() / f"{name}.weights.h5") as file:
        mean, kernel, variance = (
            file["layers"][layer]["vars"][part][()]
            for layer, part in (("mean_image", "0"), ("conv2d", "0"), ("batch_normalization", "3"))
        )
    height, width = kernel.shape[:2]
    around = [(height // 2, (height - 1) // 2), (width // 2, (width - 1) // 2), (0, 0)]
    patches = np.lib.stride_tricks.sliding_window_view(np.pad(mean, around), (height, width), axis=(0, 1))
    response = np.einsum("xycij,ijcf->xyf", patches, kernel, optimize=True)
    return float(np.median(np.sqrt((response**2).mean(axis=(0, 1)) / variance)))


def load_weights(model: Any, path: Path) -> None:
    """Give a network the weights that one like it has written.

    Raises
    ------
    ValueError
        Naming the file, if it is damaged, of another network, or holds a weight that is not finite.
    FileNotFoundError
    """
    with _h5.opened(path):
        pass
    try:
        model.load_weights(path)
    except Exception as error:  # Keras and its backends raise a dozen kinds
        raise ValueError(f"{path} holds other weights than this network has: {_h5.in_one_line(error)}") from error
    if not all(np.isfinite(weight).all() for weight in model.get_weights()):
        raise ValueError(f"{path} holds weights that are not finite")


def _check_manifest(found: dict[str, Any]) -> None:
    network, shape, scale = (found.get(name) for name in ("network", "image_shape", "pixel_scale"))
    if not isinstance(network, dict):
        raise ValueError(f"network must tell the depth, got {network!r}")
    check_depth(network.get("depth"))
    if network["depth"] > keras_file.MAX_DEPTH:
        raise ValueError(f"depth must be at most {keras_file.MAX_DEPTH}, got {network['depth']}")
    if not isinstance(shape, list) or len(shape) != 3 or not all(map(_is_size, shape)) or min(shape[:2]) < 8:
        raise ValueError(f"image_shape must be [height, width, channels], at least [8, 8, 1], got {shape!r}")
    if not _is_size(found.get("n_classes")):
        raise ValueError(f"n_classes must be a whole number from 1, got {found.get('n_classes')!r}")
    if not isinstance(scale, float | int) or isinstance(scale, bool) or not 0 < scale < math.inf:
        raise ValueError(f"pixel_scale must be a positive number, got {scale!r}")


def _is_size(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0
