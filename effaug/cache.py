"""Trained networks and features on disk: computed once, resumed after an interruption, listed and cleared."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
import os
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs
from filelock import FileLock
from sklearn.base import BaseEstimator

from effaug._record import write_whole
from effaug.augment import Crop, Rotate, Translate, with_originals
from effaug.features import LeNet, transform_copies
from effaug.networks import versions

_BATCH = 1024  # images, copies included, that are held at once

Progress = Callable[[int, int, float], None]


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
        """`transformer.fit(images, labels)`; LeNet from the cache where the same was trained before."""
        if not isinstance(transformer, LeNet):
            return transformer.fit(images, labels)
        key = "net-" + digest(sorted(transformer.get_params().items()), versions(), images, labels)
        weights = self._arrays(key, lambda: transformer.fit(images, labels).weights_)
        transformer.weights_, transformer.classes_ = weights, np.unique(labels)
        transformer.image_shape_, transformer._n_features_out = images.shape[1:], 84
        return transformer

    def transform(
        self,
        transformer: BaseEstimator,
        images: np.ndarray,
        augment: Translate | Rotate | Crop,
        *,
        progress: Progress = lambda done, total, images_per_second: None,
    ) -> np.ndarray:
        """Features of images and their copies, computed a batch at a time and mapped from disk.

        Parameters
        ----------
        transformer : fitted transformer
        images : ndarray of uint8, shape (n, h, w, c)
            The originals; never more than a batch of them is augmented at once.
        augment : Translate, Rotate or Crop
        progress : callable, optional
            Told how many images are done, copies included, of how many, and images per second.

        Returns
        -------
        ndarray of float32, shape (n, 1 + t, d)
            Read only. From the cache where the same weights have seen the same images before; from the last stored
            batch where that was interrupted.
        """
        if not dataclasses.is_dataclass(augment):
            raise TypeError(
                f"augment must be Translate, Rotate or Crop, whose parameters make the key, got {augment!r}"
            )
        settings = {k: v for k, v in transformer.get_params().items() if not isinstance(v, str)}
        made_by = [f"{name} {version(name)}" for name in ("imgaug", "opencv-python")]
        weights = getattr(transformer, "weights_", [getattr(transformer, "weights_sha256_", "")])
        key = digest(
            type(transformer).__name__, sorted(settings.items()), versions(), *weights, augment, *made_by, images
        )
        path = self.folder / f"features-{key}.npy"
        self.folder.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_suffix(".lock")):
            if not path.exists():
                _stream(transformer, images, augment, path, progress)
        return np.load(path, mmap_mode="r")

    def entries(self) -> list[tuple[str, int, float]]:
        """(name, bytes, time of writing) of each file, the newest first; unfinished ones end in ``.part``."""
        if not self.folder.is_dir():
            return []
        stats = [(path.name, path.stat()) for pattern in ("net-*", "features-*") for path in self.folder.glob(pattern)]
        found = [(name, stat.st_size, stat.st_mtime) for name, stat in stats if not name.endswith((".lock", ".json"))]
        return sorted(found, key=lambda entry: -entry[2])

    def clear(self) -> int:
        """Remove everything; how many bytes that were."""
        freed = sum(size for _, size, _ in self.entries())
        for pattern in ("net-*", "features-*"):
            for path in self.folder.glob(pattern):
                path.unlink(missing_ok=True)
        return freed

    def _arrays(self, key: str, compute: Callable[[], list[np.ndarray]]) -> list[np.ndarray]:
        """What `compute` returned when this key was first asked for. Processes that ask at once compute it once."""
        path = self.folder / f"{key}.npz"
        self.folder.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_suffix(".lock")):
            if not path.exists():
                found = compute()
                write_whole(path, lambda part: np.savez(part, *found), suffix=".npz")
            with np.load(path) as stored:
                return [stored[f"arr_{k}"] for k in range(len(stored.files))]


def cache_folder() -> Path:
    """``EFFAUG_CACHE``, else the platform's cache directory."""
    named = os.environ.get("EFFAUG_CACHE")
    return Path(named) if named else Path(platformdirs.user_cache_dir("effaug")) / "features"


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


def _stream(transformer: Any, images: np.ndarray, augment: Any, path: Path, progress: Progress) -> None:
    """Augment, featurise, store a batch at a time; the JSON, written after it, says how many points are stored."""
    part, state = path.with_suffix(".part"), path.with_suffix(".json")
    first = transform_copies(transformer, with_originals(images[:1], augment))
    shape = (len(images), *first.shape[1:])
    done = json.loads(state.read_text())["points"] if state.exists() and part.exists() else 0
    stored = np.memmap(part, np.float32, "r+" if done else "w+", shape=shape)
    copies = shape[1]
    start, step, begun = time.perf_counter(), max(1, _BATCH // copies), done
    for at in range(done, len(images), step):
        batch = with_originals(images[at : at + step], augment)
        stored[at : at + step] = transform_copies(transformer, batch)
        stored.flush()
        done = at + len(batch)
        write_whole(state, functools.partial(_write_count, done))
        progress(done * copies, len(images) * copies, (done - begun) * copies / (time.perf_counter() - start))
    write_whole(path, lambda file: np.save(file, stored), suffix=".npy")
    part.unlink()
    state.unlink(missing_ok=True)


def _write_count(points: int, file: Path) -> None:
    file.write_text(json.dumps({"points": points}))
