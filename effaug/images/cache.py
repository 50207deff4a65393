"""Trained networks and features on disk: computed once, resumed after an interruption, listed and cleared."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import hashlib
import os
import time
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import version
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs
from filelock import FileLock, Timeout
from sklearn.base import BaseEstimator

from effaug.images import _npz, _streamed
from effaug.images._files import make_folder, write_whole
from effaug.images.augment import Augmentation, with_originals
from effaug.images.features import TrainedNetwork, transform_copies
from effaug.images.networks import versions

_BATCH = 1024  # images, copies included, that are held at once
_SOURCES = (
    "_h5",
    "_imgaug",
    "_philox",
    "_streamed",
    "augment",
    "cache",
    "features",
    "frozen",
    "keras_file",
    "networks",
    "weights",
)

Progress = Callable[[int, int, float], None]


@dataclasses.dataclass(frozen=True)
class Entry:
    """Something in the cache: in words, bytes, and when it was written (seconds since the epoch)."""

    words: str
    size: int
    written: float


class FeatureCache:
    """Trained networks and features on disk, each under a key made of everything it was computed from.

    Parameters
    ----------
    folder : Path, optional
        ``EFFAUG_CACHE``, else the platform's cache directory.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = cache_folder() if folder is None else Path(folder)

    def fit(self, transformer: BaseEstimator, images: np.ndarray, labels: np.ndarray) -> BaseEstimator:
        """`transformer.fit(images, labels)`; from the cache where the same network was trained before."""
        if not isinstance(transformer, TrainedNetwork) or not is_ours(transformer):
            return transformer.fit(images, labels)
        settings = sorted(transformer.get_params().items())
        key = "net-" + digest(type(transformer).__name__, settings, *_made_by(), images, labels)
        weights = self._arrays(key, lambda: transformer.fit(images, labels).weights_)
        return transformer.trained(weights, np.unique(labels), images.shape[1:])

    def transform(
        self,
        transformer: BaseEstimator,
        images: np.ndarray,
        augment: Augmentation,
        *,
        progress: Progress = lambda done, total, images_per_second: None,
    ) -> np.ndarray:
        """Features of images and their copies, computed a batch at a time and mapped from disk.

        Parameters
        ----------
        transformer : fitted transformer
        images : ndarray of uint8, shape (n, h, w, c)
            The originals; never more than a batch of them is augmented at once.
        augment : Augmentation
        progress : callable, optional
            Told how many images are done, copies included, of how many, and images per second.

        Returns
        -------
        ndarray of float32, shape (n, 1 + t, d)
            Read only. From the cache where the same weights have seen the same images before; from the last stored
            batch where that was interrupted. In memory, and not kept, unless `is_cached`.
        """
        if not is_cached(transformer, augment):
            return _computed(transformer, images, augment, progress)
        settings = {k: v for k, v in transformer.get_params().items() if k != "network"}  # a name; the weights count
        of_file = [getattr(transformer, name, "") for name in ("weights_sha256_", "pixel_scale_")]
        weights = getattr(transformer, "weights_", of_file)
        of_copies = (type(augment).__name__, *(np.asarray(value) for value in vars(augment).values()))
        key = digest(type(transformer).__name__, sorted(settings.items()), *weights, *of_copies, *_made_by(), images)
        path = self.folder / f"features-{key}.npy"
        make_folder(self.folder)
        with FileLock(path.with_suffix(".lock")):
            if not path.exists():
                shape = _shape(transformer, images, augment)
                about = {"of": shape[0], "copies": shape[1], "network": str(transformer), "augmentation": str(augment)}
                rows = functools.partial(_batches, shape, transformer, images, augment, progress)
                _streamed.write(path, shape, rows, about)
            return _streamed.read(path)  # before `clear` may remove it

    def entries(self) -> list[Entry]:
        """What is there, the newest first: every set of features, and the trained networks as one entry."""
        if not self.folder.is_dir():
            return []
        found = [entry for state in self.folder.glob("features-*.json") if (entry := _features_entry(state))]
        nets = [stat for path in self.folder.glob("net-*.npz") if (stat := _stat(path))]
        if nets:
            size, written = sum(stat.st_size for stat in nets), max(stat.st_mtime for stat in nets)
            found.append(Entry(f"{len(nets)} trained small networks", size, written))
        return sorted(found, key=lambda entry: -entry.written)

    def clear(self) -> int:
        """Remove everything but what another process is about to read or write; how many bytes that were."""
        found = {path for kind in ("net-*", "features-*", ".features-*", ".net-*") for path in self.folder.glob(kind)}
        freed = 0
        for key, files in groupby(sorted(found, key=_key_of), _key_of):
            with contextlib.suppress(Timeout), FileLock(self.folder / f"{key}.lock", timeout=0):
                for path in {*files, self.folder / f"{key}.lock"}:  # the lock too: who waits for it, makes another
                    freed += path.stat().st_size if path.exists() else 0
                    path.unlink(missing_ok=True)
        return freed

    def _arrays(self, key: str, compute: Callable[[], list[np.ndarray]]) -> list[np.ndarray]:
        """What `compute` returned when this key was first asked for. Processes that ask at once compute it once."""
        path = self.folder / f"{key}.npz"
        make_folder(self.folder)
        with FileLock(path.with_suffix(".lock")):
            if not path.exists():
                found = compute()
                write_whole(path, lambda part: np.savez(part, *found), suffix=".npz")
            try:
                stored = _npz.read(path)
                if stored.keys() != {f"arr_{k}" for k in range(len(stored))}:
                    raise ValueError(f"{path} holds other arrays than were stored")
            except ValueError as error:
                raise ValueError(f"{error}; remove it, and it is computed again") from error
            return [stored[f"arr_{k}"] for k in range(len(stored))]


def _key_of(path: Path) -> str:
    """Of what a file in the cache belongs to, a part of another too."""
    return path.name.lstrip(".").split(".")[0]


def cache_folder() -> Path:
    """``EFFAUG_CACHE``, else the platform's cache directory."""
    named = os.environ.get("EFFAUG_CACHE")
    return Path(named).expanduser() if named else Path(platformdirs.user_cache_dir("effaug")) / "features"


def digest(*parts: object) -> str:
    """A key of 32 hexadecimal digits from strings and arrays."""
    sha = hashlib.sha256()
    for part in parts:
        if isinstance(part, np.ndarray):
            sha.update(f"{part.dtype}{part.shape}".encode())
            sha.update(np.ascontiguousarray(part).data)
        else:
            sha.update(str(part).encode() + b"\0")
    return sha.hexdigest()[:32]


def is_ours(thing: object) -> bool:
    """Whether its class is one whose code is in the key: a subclass of one's own may compute anything."""
    return type(thing).__module__ in {f"{__package__}.{name}" for name in _SOURCES}


def is_cached(transformer: object, augment: object) -> bool:
    """Whether everything that decides the features is known; dataclasses are what their fields say."""
    return is_ours(transformer) and is_ours(augment) and dataclasses.is_dataclass(augment)


def source_digest(files: Iterable[Path]) -> str:
    """Of the text of modules."""
    return digest(*(file.read_text(encoding="utf-8") for file in files))


# Read when it is imported, as the modules are: an edit while a long run goes on must not give old code a new key.
_SOURCE = source_digest(Path(__file__).with_name(f"{name}.py") for name in _SOURCES)


def _made_by() -> list[str]:
    """The code that features depend on, here and in the libraries."""
    return [_SOURCE, versions(), *(f"{name} {version(name)}" for name in ("numpy", "imgaug", "opencv-python"))]


def _computed(transformer: Any, images: np.ndarray, augment: Any, progress: Progress) -> np.ndarray:
    found, done = np.empty(_shape(transformer, images, augment), np.float32), 0
    for batch in _batches(found.shape, transformer, images, augment, progress, 0):
        found[done : done + len(batch)] = batch
        done += len(batch)
    found.flags.writeable = False
    return found


def _shape(transformer: Any, images: np.ndarray, augment: Any) -> tuple[int, ...]:
    return (len(images), *transform_copies(transformer, with_originals(images[:1], augment)).shape[1:])


def _batches(
    shape: tuple[int, ...], transformer: Any, images: np.ndarray, augment: Any, progress: Progress, done: int
) -> Iterator[np.ndarray]:
    """Augment and featurise a batch at a time, from point `done` on, float32 (m, 1 + t, d)."""
    (n, copies), start, begun = shape[:2], time.perf_counter(), done
    while done < n:
        batch = with_originals(images[done : done + max(1, _BATCH // copies)], augment)
        yield transform_copies(transformer, batch).astype(np.float32, copy=False)
        done += len(batch)
        progress(done * copies, n * copies, (done - begun) * copies / (time.perf_counter() - start))


def _features_entry(state: Path) -> Entry | None:
    whole, part = (_stat(state.with_suffix(suffix)) for suffix in (".npy", ".part"))
    stat, about = whole or part, _streamed.about(state)
    if not stat or not all(isinstance(about.get(name), int) for name in ("points", "of", "copies")):
        return None
    images = about["points"] * about["copies"]
    words = f"features of {images} images by {about.get('network')}, {about.get('augmentation')}"
    if not whole:
        words += f"; unfinished, of {about['of'] * about['copies']}"
    return Entry(words, stat.st_size, stat.st_mtime)


def _stat(path: Path) -> os.stat_result | None:
    """None where it is not there, any more perhaps."""
    try:
        return path.stat()
    except FileNotFoundError:
        return None
