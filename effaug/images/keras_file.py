"""Networks of one's own: HDF5 files that Keras 2 or 3 wrote by ``model.save("x.h5")``, read as arrays alone.

Neither code nor configuration in the file is looked at: the network is known to be the ResNet v2 of Keras's CIFAR-10
example, and its layers are told by their order, kind and shapes.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from effaug.images import _h5

MAX_DEPTH = 1001  # the deepest published

_CONV, _NORM = {"kernel", "bias"}, {"gamma", "beta", "moving_mean", "moving_variance"}
Shapes = dict[str, tuple[int, ...]]


@dataclass(frozen=True)
class KerasFile:
    """What a file holds.

    Attributes
    ----------
    depth : int
        9n + 2.
    image_shape : (int, int, int)
        Height, width, channels.
    n_classes : int
    layers : dict of str to dict
        The layers that have weights, in Keras's order: the shape of each weight by its name.
    """

    depth: int
    image_shape: tuple[int, int, int]
    n_classes: int
    layers: dict[str, Shapes]


def find(network: str, folder: Path) -> Path | None:
    """The file that is meant by a path ending in ``.h5``, there or of the same name in a folder; None for a name.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    """
    if not network.endswith(".h5"):
        return None
    for path in (Path(network), folder / Path(network).name):
        if path.is_file():
            return path.resolve()
    raise FileNotFoundError(f"no file {network}, nor {Path(network).name} in {folder}: name a network or a Keras file")


def manifest(path: Path) -> dict[str, Any]:
    """What `networks.load_manifest` tells of our networks, as far as the file does."""
    found = outline(path)
    about = {"network": {"name": "ResNet v2", "depth": found.depth}, "n_classes": found.n_classes}
    return about | {"image_shape": list(found.image_shape), "pixel_scale": 1 / 255}


def outline(path: Path) -> KerasFile:
    """Depth, sizes and layers of the network in a file, from the shapes of its arrays.

    Parameters
    ----------
    path : Path

    Raises
    ------
    ValueError
        If it is no HDF5 file, or holds no ResNet v2 as Keras's CIFAR-10 example builds it.
    """
    with _h5.opened(path) as file:
        layers = {name: _shapes(path, name, layer) for name, layer in _layers(path, file).items()}
    shapes = [shape for shape in layers.values() if shape]
    kernels = [shape["kernel"] for shape in shapes if "kernel" in shape]
    n_convs = sum(len(kernel) == 4 for kernel in kernels)
    n = (n_convs - 4) // 9
    if (
        (n_convs, len(kernels), len(shapes)) != (9 * n + 4, 9 * n + 5, 18 * n + 6)
        or n < 1
        or len(shapes[-1].get("kernel", ())) != 2
    ):
        raise ValueError(
            f"{path} must hold 9n + 4 convolutions, 9n + 1 batch normalisations and at last one dense layer, as a "
            f"ResNet v2 does; it has {n_convs}, {len(shapes) - len(kernels)} and {len(kernels) - n_convs}"
        )
    if 9 * n + 2 > MAX_DEPTH:
        raise ValueError(f"{path} holds a network of depth {9 * n + 2}; the deepest accepted is {MAX_DEPTH}")
    channels, (rows, n_classes) = kernels[0][-2], kernels[-1]
    side = 32 * math.isqrt(rows // 256)
    if rows != 256 * (side // 32) ** 2 or not side:
        raise ValueError(
            f"{path}: the dense layer must have 256 rows for images of 32 x 32 pixels, 2304 of 96 x 96 "
            f"and so on, got {rows}"
        )
    return KerasFile(9 * n + 2, (side, side, channels), n_classes, {k: shape for k, shape in layers.items() if shape})


def fill(model: Any, path: Path) -> None:
    """Give `networks.resnet` the weights of a file; its mean image stays as it is.

    Parameters
    ----------
    model : keras.Model
        As deep and for such images and classes as `outline` says.
    path : Path

    Raises
    ------
    ValueError
        If a layer is of another kind or shape, or a weight is not finite.
    """
    stored = outline(path).layers
    ours = [layer for layer in model.layers if layer.weights and layer.name != "mean_image"]
    for (name, shapes), layer in zip(stored.items(), ours, strict=True):
        expected = {w.name: tuple(w.shape) for w in layer.weights}
        if shapes != expected:
            raise ValueError(f"{path}: layer {name} has {_words(shapes)}, where a ResNet v2 has {_words(expected)}")
    _check_numbers(path, list(stored), [layer.name for layer in ours])
    with _h5.opened(path) as file:
        found = _layers(path, file)
        for name, layer in zip(stored, ours, strict=True):
            values = {key: np.asarray(array, np.float32) for key, array in _arrays(path, name, found[name]).items()}
            for key, value in values.items():
                if not np.isfinite(value).all():
                    raise ValueError(f"{path}: {key} of layer {name} is not finite")
            layer.set_weights([values[w.name] for w in layer.weights])


def _layers(path: Path, file: Any) -> dict[str, Any]:
    group = file.get("model_weights", file)
    names = _names(group, "layer_names")
    if not names:
        raise ValueError(f"{path} names no layers: it must be a file that Keras wrote by model.save('x.h5')")
    try:
        return {name: group[name] for name in names}
    except KeyError as error:
        raise ValueError(f"{path} is not whole: {error.args[0]}") from error


def _names(group: Any, key: str) -> list[str]:
    """An attribute of names, which Keras splits into several of numbered keys where it is long."""
    parts = [group.attrs[key]] if key in group.attrs else []
    while f"{key}{len(parts)}" in group.attrs:
        parts.append(group.attrs[f"{key}{len(parts)}"])
    return [name.decode() if isinstance(name, bytes) else str(name) for part in parts for name in np.atleast_1d(part)]


def _arrays(path: Path, name: str, layer: Any) -> dict[str, Any]:
    """The datasets of a layer by the last part of their names: ``conv2d_1/kernel:0`` is the kernel."""
    try:
        return {weight.split("/")[-1].split(":")[0]: layer[weight] for weight in _names(layer, "weight_names")}
    except KeyError as error:
        raise ValueError(f"{path} is not whole: layer {name}, {error.args[0]}") from error


def _shapes(path: Path, name: str, layer: Any) -> Shapes:
    arrays = _arrays(path, name, layer)
    shapes = {key: tuple(getattr(array, "shape", ())) for key, array in arrays.items()}
    kinds = {str(array.dtype) for array in arrays.values() if getattr(array, "dtype", np.dtype("f4")).kind != "f"}
    if kinds:
        raise ValueError(f"{path}: layer {name} holds {', '.join(sorted(kinds))}, where weights are floating-point")
    good = not shapes or set(shapes) == _NORM or (set(shapes) == _CONV and len(shapes["kernel"]) in (2, 4))
    if not good:
        raise ValueError(
            f"{path}: layer {name} has {_words(shapes)}, but a ResNet v2 is made of convolutions, batch normalisations "
            "and one dense layer"
        )
    return shapes


def _words(shapes: Shapes) -> str:
    return ", ".join(f"{key} {shape}" for key, shape in sorted(shapes.items()))


def _check_numbers(path: Path, stored: list[str], ours: list[str]) -> None:
    """A shortcut's convolution has the shape of another: the order in which Keras numbered them must be ours, too."""
    numbers = [[re.fullmatch(r"conv2d(?:_(\d+))?", name) for name in names] for names in (stored, ours)]
    is_conv = [bool(found) for found in numbers[1]]
    if [bool(found) for found in numbers[0]] != is_conv:
        return  # layers with names of one's own
    orders = [np.argsort([int(found[1] or 0) for found in row if found]).tolist() for row in numbers]
    if orders[0] != orders[1]:
        raise ValueError(
            f"{path}: its convolutions are numbered in another order than those of Keras's CIFAR-10 example, so that "
            "shortcuts cannot be told from the others"
        )
