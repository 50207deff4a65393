"""Images and labels: from the cache, from their canonical source, or scikit-learn's own digits.

A dataset lives in one plain archive, ``<folder>/<name>.npz``. It is used if it is there; if not, it is
downloaded, checked, parsed and written, whole or not at all. Nothing is ever unpickled.
"""

import contextlib
import gzip
import hashlib
import shutil
import sys
import tempfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs
from filelock import FileLock

from effaug._validation import unknown
from effaug.images import _npz
from effaug.images._files import part_folder, write_whole
from effaug.images._folders import named_folder
from effaug.study import formats

NAMES = ("mnist", "cifar10", "smallnorb", "digits")
ARRAYS = ("x_train", "y_train", "x_test", "y_test")
RETRIES = 2  # for each mirror, after pauses of 1 and 2 s
BOUND = 2**29  # bytes of an unpacked file: the largest, small NORB's images, have 427 MiB
TIMEOUT = (5, 30)  # seconds: to connect, and between two bytes


class DataUnavailable(FileNotFoundError):
    """A dataset is neither in its folder nor to be had from any of its sources."""


@dataclass(frozen=True, eq=False)
class Dataset:
    """Images, uint8 ``(n, h, w, c)``, and labels, int64 ``(n,)``, in the canonical order."""

    name: str
    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray

    def sha256(self) -> dict[str, str]:
        """Hash of each array's bytes in C order, as it is stored: labels, too, as uint8."""
        stored = {key: np.ascontiguousarray(getattr(self, key), np.uint8) for key in ARRAYS}
        return {key: hashlib.sha256(array.data).hexdigest() for key, array in stored.items()}


@dataclass(frozen=True)
class Source:
    """Where a dataset comes from, and what its arrays look like.

    `files`, all gzipped, maps names to checksums; a mirror and a name make an address. `parse` turns an
    unpacked file into some of the four arrays; over all files they come as in `ARRAYS`.
    """

    title: str
    shape: tuple[int, int, int]
    classes: int
    mirrors: tuple[str, ...]
    files: Mapping[str, str]
    parse: Callable[[bytes], Sequence[np.ndarray]]


def load(name: str, *, folder: str | Path | None = None) -> Dataset:
    """Load a dataset, downloading it on first use.

    Parameters
    ----------
    name : {"mnist", "cifar10", "smallnorb", "digits"}
        `smallnorb` is the left camera alone; `digits`, 8x8, is scikit-learn's own, split 1000 / 797.
    folder : path, optional
        Where ``<name>.npz`` is, or will be. Default: `data_folder()`.

    Raises
    ------
    ValueError
        For an unknown name, or a file that does not hold this dataset; the file is left as it is.
    DataUnavailable
        A `FileNotFoundError`, if there is no such file and no source delivers.
    FileNotFoundError
        If ``EFFAUG_DATA`` names no folder; nothing is then downloaded or made.
    """
    if name not in NAMES:
        raise ValueError(unknown("dataset", name, NAMES))
    if name == "digits":
        return _digits()
    path = (data_folder() if folder is None else Path(folder)) / f"{name}.npz"
    if not path.exists():
        with _lock(path):
            try:
                if not path.exists():
                    return _download(name, path)
            except FileNotFoundError:
                # A process on another machine may have written the archive meanwhile, and removed the raw files.
                if not path.exists():
                    raise
    return _checked(name, _npz.read(path, ARRAYS), str(path))


def data_folder() -> Path:
    """Where the archives are: ``$EFFAUG_DATA``, which must exist, else ``data`` in the user's cache of effaug."""
    return named_folder("EFFAUG_DATA") or Path(platformdirs.user_cache_dir("effaug")) / "data"


# Checksums: MNIST's are the original files', CIFAR-10's is on its own page, small NORB's are those that
# TensorFlow Datasets lists (no original was at hand to compare with).
_MNIST_MIRRORS = (
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
)
_MNIST_FILES = {
    "train-images-idx3-ubyte.gz": "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    "train-labels-idx1-ubyte.gz": "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
    "t10k-images-idx3-ubyte.gz": "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    "t10k-labels-idx1-ubyte.gz": "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
}
_CIFAR10_FILES = {"cifar-10-binary.tar.gz": "md5:c32a1d4ab5d03f1284b67883e8d87530"}
_TRAIN, _TEST = "smallnorb-5x46789x9x18x6x2x96x96-training", "smallnorb-5x01235x9x18x6x2x96x96-testing"
_NORB_FILES = {
    f"{_TRAIN}-dat.mat.gz": "5ffd6272a07d32695ee1082a26a41a93a37aab8c28da047f8c34ed348d214873",
    f"{_TRAIN}-cat.mat.gz": "2784e542c1922060691090952b6cd6278879a216c90f81476f0f00256d42cdaa",
    f"{_TEST}-dat.mat.gz": "cf7104eed3e51174d2f65b66d1e5878b9da233b886f161b0d88f4510ba2c7474",
    f"{_TEST}-cat.mat.gz": "ecaf6d5bb8c3bc5eab9cf0258f6d2198dd474e016e374836fc097f2e5ff509ff",
}
_TORONTO, _NYU = "https://www.cs.toronto.edu/~kriz/", "https://cs.nyu.edu/~ylclab/data/norb-v1.0-small/"
SOURCES = {
    "mnist": Source("MNIST", (28, 28, 1), 10, _MNIST_MIRRORS, _MNIST_FILES, lambda raw: [formats.parse_idx(raw)]),
    "cifar10": Source("CIFAR-10", (32, 32, 3), 10, (_TORONTO,), _CIFAR10_FILES, formats.parse_cifar10_tar),
    "smallnorb": Source("small NORB", (96, 96, 1), 5, (_NYU,), _NORB_FILES, formats.parse_smallnorb),
}


def _digits() -> Dataset:
    from sklearn.datasets import load_digits  # here, so that importing this module stays light

    pixels, y = load_digits(return_X_y=True)  # pixels are 0, 1, ..., 16
    x, y = np.round(pixels * 255 / 16).astype(np.uint8).reshape(-1, 8, 8, 1), y.astype(np.int64)
    return Dataset("digits", x[:1000], y[:1000], x[1000:], y[1000:])


def _lock(path: Path) -> FileLock:
    """Of a download: a second one waits for the first, and finds its archive."""
    key = hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:32]
    return FileLock(Path(tempfile.gettempdir()) / f"effaug-{key}.lock")


def _download(name: str, path: Path) -> Dataset:
    # Files that have arrived whole stay in raw/ until the archive is written: the attempt after a broken one
    # goes on from there. Then they are removed, as they say nothing that the archive does not: before it has its name,
    # for where it is nothing looks for them any more.
    source, raw = SOURCES[name], path.parent / "raw"

    def write(part: Path) -> None:
        np.savez(part, **stored)
        for file in files:
            file.unlink(missing_ok=True)
        _remove_empty(raw)

    try:
        files = _fetch(source, raw, path.name)
        arrays = [array for file in files for array in _parsed(source, file)]
        dataset = _checked(name, dict(zip(ARRAYS, arrays, strict=True)), f"the download of {source.title}")
        stored = {key: getattr(dataset, key).astype(np.uint8, copy=False) for key in ARRAYS}
        write_whole(path, write, suffix=".npz")
    finally:
        _remove_empty(raw)
    return dataset


def _remove_empty(folder: Path) -> None:
    with contextlib.suppress(OSError):  # it is not empty, or not there
        folder.rmdir()


def _parsed(source: Source, file: Path) -> Sequence[np.ndarray]:
    try:
        with gzip.open(file) as packed:
            raw = packed.read(BOUND + 1)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise ValueError(f"{file} is no whole gzip file: {error}") from error
    if len(raw) > BOUND:
        raise ValueError(f"{file} unpacks to more than {BOUND} bytes")
    try:
        return source.parse(raw)
    except ValueError as error:
        raise ValueError(f"{file}: {error}") from error


def _fetch(source: Source, raw: Path, archive: str) -> list[Path]:
    import pooch
    from requests.exceptions import RequestException

    get = pooch.HTTPDownloader(progressbar=sys.stderr.isatty(), chunk_size=2**16, timeout=TIMEOUT)
    reasons = []
    with part_folder(raw) as part:  # pooch gives what it is downloading a name that tells nothing
        for mirror in source.mirrors:
            shelf = pooch.create(part, mirror, registry=source.files, retry_if_failed=RETRIES)
            try:
                return [_kept(raw / file, checksum, shelf, get) for file, checksum in source.files.items()]
            except (RequestException, ValueError) as error:  # pooch raises ValueError for a wrong checksum
                reasons.append(f"{mirror.split('/')[2]}: {_reason(error)}")
    raise DataUnavailable(
        f"{source.title} could not be downloaded ({', '.join(reasons)}); put {archive} with "
        f"{', '.join(ARRAYS)} into {raw.parent} or set EFFAUG_DATA to a folder that holds it."
    )


def _kept(file: Path, checksum: str, shelf: Any, get: Any) -> Path:
    """A file, downloaded unless it is there with its checksum."""
    import pooch

    algorithm, _, expected = checksum.rpartition(":")
    if not file.exists() or pooch.file_hash(file, algorithm or "sha256") != expected:
        arrived = Path(shelf.fetch(file.name, downloader=get))
        file.parent.mkdir(exist_ok=True)
        shutil.move(arrived, file)
    return file


def _reason(error: Exception) -> str:
    from requests import exceptions

    for kind, words in (
        (exceptions.ChunkedEncodingError, "the transfer broke off"),
        (exceptions.Timeout, "no answer in time"),
        (exceptions.SSLError, "no trusted connection"),
        (exceptions.ConnectionError, "no connection"),
    ):
        if isinstance(error, kind):
            return words
    return str(error).split(" for url")[0].split(". ")[0]  # without the address, and pooch's advice


def _checked(name: str, arrays: Mapping[str, np.ndarray], origin: str) -> Dataset:
    source, (x_train, y_train, x_test, y_test) = SOURCES[name], (arrays[key] for key in ARRAYS)
    if fault := _fault(source, "train", x_train, y_train) or _fault(source, "test", x_test, y_test):
        raise ValueError(f"{origin} does not hold {source.title}: {fault}")
    x_train, x_test = (x.reshape(-1, *source.shape) for x in (x_train, x_test))
    return Dataset(name, x_train, y_train.astype(np.int64), x_test, y_test.astype(np.int64))


def _fault(source: Source, split: str, x: np.ndarray, y: np.ndarray) -> str:
    shapes = [source.shape, source.shape[:2]][: 2 if source.shape[2] == 1 else 1]
    if x.dtype != np.uint8 or x.shape[1:] not in shapes or not len(x):
        wanted = " or ".join(f"(n, {', '.join(map(str, shape))})" for shape in shapes)
        return f"x_{split} is {x.dtype} of shape {x.shape}, expected uint8 of shape {wanted}"
    if y.dtype.kind not in "iu" or y.shape != (len(x),):
        return f"y_{split} is {y.dtype} of shape {y.shape}, expected {len(x)} integers, one for each image"
    if not 0 <= y.min() <= y.max() < source.classes:
        return f"y_{split} holds labels from {y.min()} to {y.max()}, expected 0 to {source.classes - 1}"
    return ""
