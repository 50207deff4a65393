"""Networks' weights: Keras files of a user's own, those beside their JSON, and checkpoints. No network is built."""

import json
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import h5py
import numpy as np

from corpus.kinds import Broken, Hole, Reader
from effaug.images import keras_file, weights
from effaug.study._checkpoint import Checkpoint, is_stored
from effaug.study.training import Training

KINDS = [*["conv2d", "batch_normalization"] * 10, *["conv2d"] * 3, "dense"]  # of depth 11, in some order
SHAPES = {
    "conv2d": {"kernel": (3, 3, 3, 2), "bias": (2,)},
    "batch_normalization": dict.fromkeys(("gamma", "beta", "moving_mean", "moving_variance"), (2,)),
    "dense": {"kernel": (256, 4), "bias": (4,)},
}
LAYERS = {f"{kind}_{k}": SHAPES[kind] for k, kind in enumerate(KINDS, start=1)}


@dataclass
class Network:
    """What stands for a Keras model: it is given arrays, and gives them back."""

    found: dict[str, Any] = field(default_factory=dict)

    @property
    def layers(self) -> list[Any]:
        return [
            SimpleNamespace(
                name=name,
                weights=[SimpleNamespace(name=key, shape=shape) for key, shape in shapes.items()],
                set_weights=lambda values, name=name: self.found.__setitem__(name, values),
            )
            for name, shapes in LAYERS.items()
        ]

    def load_weights(self, path: Path) -> None:
        """As Keras does, with an assertion where a shape is another."""
        with h5py.File(path) as file:
            for name, shapes in LAYERS.items():
                self.found[name] = [np.asarray(file[f"layers/{name}/vars/{k}"], np.float32) for k in range(len(shapes))]
                assert [array.shape for array in self.found[name]] == list(shapes.values()), f"shapes of {name}"

    def get_weights(self) -> list[np.ndarray]:
        return [array for layer in self.found.values() for array in layer]


def made(build: Callable[[Any], None]) -> bytes:
    """The bytes of an HDF5 file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.h5"
        with h5py.File(path, "w", libver="earliest") as file:
            build(file)
        return path.read_bytes()


def _values(shape: tuple[int, ...]) -> np.ndarray:
    return np.random.default_rng(len(shape)).normal(size=shape).astype(np.float32)


def _as_keras_saves(file: Any) -> None:
    group = file.create_group("model_weights")
    group.attrs["layer_names"] = list(LAYERS)
    for name, shapes in LAYERS.items():
        layer = group.create_group(name)
        layer.attrs["weight_names"] = [f"{name}/{key}" for key in shapes]
        for key, shape in shapes.items():
            layer[f"{name}/{key}"] = _values(shape)


def _as_weights(file: Any) -> None:
    for name, shapes in LAYERS.items():
        for k, shape in enumerate(shapes.values()):
            file[f"layers/{name}/vars/{k}"] = _values(shape)


KERNEL = {_as_keras_saves: "model_weights/dense_24/dense_24/kernel", _as_weights: "layers/dense_24/vars/0"}


def _replaced(build: Callable[[Any], None], put: Callable[[Any, str], None]) -> bytes:
    def spoilt(file: Any) -> None:
        build(file)
        del file[KERNEL[build]]
        put(file, KERNEL[build])

    return made(spoilt)


def _virtual(file: Any, name: str) -> None:
    layout = h5py.VirtualLayout((256, 4), "f4")
    layout[:] = h5py.VirtualSource("/etc/passwd", "x", (256, 4))
    file.create_virtual_dataset(name, layout)


def _put(value: Any) -> Callable[[Any, str], None]:
    return lambda file, name: file.__setitem__(name, value)


def _claims(*shape: int, chunks: tuple | None = None) -> Callable[[Any, str], None]:
    return lambda file, name: file.create_dataset(name, shape, "f4", chunks=chunks, maxshape=chunks and (None, None))


WORDS = np.array(["four", "nine"], h5py.string_dtype())


def _faults(build: Callable[[Any], None], path: str, other: str) -> dict[str, Broken]:
    """What may be wrong with an array, or with the file; `other` is said of an array of another kind."""
    whole = made(build)
    arrays = {
        "a link to another file": (_put(h5py.ExternalLink("/etc/passwd", "/x")), "is a link to another place"),
        "a link to another place": (_put(h5py.SoftLink("/layers")), "is a link to another place"),
        "values in another file": (
            lambda file, name: file.create_dataset(name, (256, 4), "f4", external=[("/etc/passwd", 0, 4096)]),
            "lies in another file",
        ),
        "values of other files": (_virtual, "lies in another file"),
        "a terabyte": (_claims(256, 2**30), "its arrays claim 109951\\d+ bytes or more; at most 67108864 are read"),
        "exabytes": (_claims(2**30, 2**30), "its arrays claim 46\\d{17} bytes or more"),
        "a chunk of 2 GB": (_claims(256, 4, chunks=(2**14, 2**15)), "its arrays claim 214\\d+ bytes or more"),
        "another shape": (_put(_values((256, 5, 1))), other),
        "no array": (lambda file, name: file.create_group(name), other),
        "nothing": (lambda file, name: None, "is not whole|holds other weights"),
        "NaN": (_put(np.full((256, 4), np.nan, np.float32)), "(is|are) not finite"),
        "words": (_put(WORDS), f"{other}|holds object"),
    }
    found = {name: Broken(fault, {path: _replaced(build, put)}) for name, (put, fault) in arrays.items()}
    cuts = (0, 4, 8, 9, 13, 16, 20, 24, 40, 56, 96, 200, len(whole) // 2, len(whole) - 1)
    found |= {f"cut to {n} bytes": Broken("is no whole HDF5 file", {path: whole[:n]}) for n in cuts}
    found["wrong magic"] = Broken("is no whole HDF5 file", {path: b"PK" + whole[2:]})
    found["a terabyte of zeros"] = Broken("is no whole HDF5 file", {path: Hole(2**40)})
    return found


def _names(*names: Any) -> bytes:
    def build(file: Any) -> None:
        _as_keras_saves(file)
        file["model_weights"].attrs["layer_names"] = list(names)

    return made(build)


def _keras_file(folder: Path) -> dict[str, Any]:
    network = Network()
    keras_file.fill(network, folder / "mine.h5")
    return network.found


KERAS = Reader(
    "Keras file",
    _keras_file,
    {"mine.h5": made(_as_keras_saves)},
    {
        **_faults(_as_keras_saves, "mine.h5", "but a ResNet v2 is made of"),
        "whole numbers": Broken(
            "int64, where weights are", {"mine.h5": _replaced(_as_keras_saves, _put(np.ones(3, int)))}
        ),
        "complex numbers": Broken("complex128", {"mine.h5": _replaced(_as_keras_saves, _put(np.ones(3, complex)))}),
        "layers of another file": Broken("is not whole", {"mine.h5": _names("../../etc", *LAYERS)}),
        "names of bytes": Broken("is no whole HDF5 file", {"mine.h5": _names(b"\xff\xfe")}),
        "numbers for names": Broken("is not whole", {"mine.h5": _names(1, 2)}),
        "no names": Broken("names no layers", {"mine.h5": made(lambda file: file.create_group("model_weights"))}),
    },
    names="{folder}/mine.h5",
    good=lambda found, whole: found.keys() == whole.keys(),  # HDF5 has no checksums: values may be other ones
    isolated=True,
)

MANIFEST = {"network": {"depth": 11}, "image_shape": [32, 32, 3], "n_classes": 4, "pixel_scale": 1 / 255}


def _stored(folder: Path) -> dict[str, Any]:
    network = Network()
    with (
        mock.patch.object(weights, "resnet", return_value=network),
        mock.patch.object(weights, "weights_folder", return_value=folder),
    ):
        weights.load_resnet("toy")
    return network.found


def _manifest(**changes: Any) -> dict[str, bytes]:
    about = {name: value for name, value in (MANIFEST | changes).items() if value is not None}
    return {"toy.json": json.dumps(about).encode()}


WEIGHTS = Reader(
    "weights",
    _stored,
    {"toy.weights.h5": made(_as_weights), **_manifest()},
    {
        **_faults(_as_weights, "toy.weights.h5", "holds other weights than this network has"),
        "JSON cut": Broken("toy.json is damaged", {"toy.json": _manifest()["toy.json"][:-9]}),
        "JSON of nothing": Broken("toy.json is damaged", {"toy.json": b""}),
        "JSON of a list": Broken("a JSON object is expected, not list", {"toy.json": b"[]"}),
        "JSON nested too deep": Broken("nested too deep", {"toy.json": b"[" * 200_000}),
        "JSON of other bytes": Broken("can't decode byte", {"toy.json": b"\xff\xfe{}"}),
        "JSON of a terabyte": Broken("at most 268435456 are read", {"toy.json": Hole(2**40)}),
        "no depth": Broken("network must tell the depth", _manifest(network=None)),
        "a depth of words": Broken("depth must be 9n", _manifest(network={"depth": "11"})),
        "a depth of a million": Broken("depth must be at most 1001", _manifest(network={"depth": 9 * 10**6 + 2})),
        "no shape": Broken("image_shape must be", _manifest(image_shape=None)),
        "two sizes": Broken("image_shape must be", _manifest(image_shape=[32, 32])),
        "a negative size": Broken("image_shape must be", _manifest(image_shape=[32, -32, 3])),
        "images of a terabyte": Broken("is too small for images", _manifest(image_shape=[2**20, 2**18, 1])),
        "classes of a terabyte": Broken("is too small for images", _manifest(n_classes=2**30)),
        "no classes": Broken("n_classes must be", _manifest(n_classes=0)),
        "NaN for a scale": Broken("pixel_scale must be", _manifest(pixel_scale=float("nan"))),
        "no scale": Broken("pixel_scale must be", _manifest(pixel_scale=None)),
    },
    names="{folder}/toy",
    good=lambda found, whole: found.keys() == whole.keys(),
    isolated=True,
)

STATE = {"training": {"depth": 11}, "history": [{"epoch": 1, "seconds": 2.5}]}


def _resumed(folder: Path) -> tuple[list, dict]:
    network = Network()
    return Checkpoint(folder, {"training": {"depth": 11}}).resume(network), network.found


def _state(**changes: Any) -> dict[str, bytes]:
    return {"state.json": json.dumps(STATE | changes).encode()}


CHECKPOINT = Reader(
    "checkpoint",
    _resumed,
    {"epoch-1.weights.h5": made(_as_weights), **_state()},
    {
        **_faults(_as_weights, "epoch-1.weights.h5", "holds other weights than this network has"),
        "JSON cut": Broken("state.json is damaged", {"state.json": _state()["state.json"][:-5]}),
        "JSON nested too deep": Broken("nested too deep", {"state.json": b"[" * 200_000}),
        "no history": Broken("it has no history", _state(history=None)),
        "another training": Broken("with other training", _state(training={"depth": 20})),
        "no training": Broken("with other training", _state(training=None)),
        "weights lost": Broken("epoch-1.weights.h5", {"epoch-1.weights.h5": None}),
    },
    good=lambda found, whole: found[1].keys() == whole[1].keys(),
    fuzzed=("state.json",),
)

TRAINED = {"training": asdict(Training("cifar10")), "data_sha256": {"x_train": "ab"}}


def _trained(content: dict[str, Any]) -> dict[str, bytes]:
    return {"cifar10.json": json.dumps(content).encode()}


RECORD = Reader(
    "training's record",
    lambda folder: is_stored(
        folder / "cifar10.weights.h5", folder / ".cifar10.checkpoint", Training("cifar10"), lambda: {"x_train": "ab"}
    ),
    {"cifar10.weights.h5": b"", **_trained(TRAINED)},
    {
        "JSON cut": Broken("does not tell how", {"cifar10.json": b'{"training": {'}),
        "JSON nested too deep": Broken("does not tell how", {"cifar10.json": b"[" * 200_000}),
        "JSON of a list": Broken("does not tell how", {"cifar10.json": b"[]"}),
        "no data set": Broken("does not tell how", _trained(TRAINED | {"training": {"depth": 56}})),
        "settings of a list": Broken("does not tell how", _trained(TRAINED | {"training": [1]})),
        "hashes of a number": Broken("does not tell how", _trained(TRAINED | {"data_sha256": 1})),
        "wrong hash": Broken("trained with other data: another x_train", _trained(TRAINED | {"data_sha256": {}})),
        "lost": Broken("is there without cifar10.json", {"cifar10.json": None}),
    },
    fuzzed=("cifar10.json",),
)
