"""Deterministic, exhaustive augmentation: a point becomes a fixed set of transformed copies (paper, Section 5)."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from effaug.images import _imgaug


class Augmentation(Protocol):
    """Anything that turns uint8 images ``(n, h, w, c)`` into their copies ``(n, t, h, w, c)``."""

    def __call__(self, images: np.ndarray) -> np.ndarray: ...


@dataclass(frozen=True)
class Translate:
    """Shifts by whole pixels; the border repeats the edge.

    Parameters
    ----------
    shifts : tuple of (int, int)
        ``(dy, dx)`` in pixels, down and right positive: one copy each.
    """

    shifts: tuple[tuple[int, int], ...]

    def __call__(self, images: np.ndarray) -> np.ndarray:
        _check(images)
        if not all(isinstance(pixels, int | np.integer) for shift in self.shifts for pixels in shift):
            raise ValueError(f"shifts must be whole pixels, got {self.shifts}")
        return _copies(images, [_warp(images, dy=dy, dx=dx) for dy, dx in self.shifts])


@dataclass(frozen=True)
class Rotate:
    """Rotations about the centre; the border repeats the edge.

    Parameters
    ----------
    angles : tuple of float
        Degrees, clockwise as the image is shown: one copy each.
    """

    angles: tuple[float, ...]

    def __call__(self, images: np.ndarray) -> np.ndarray:
        _check(images)
        return _copies(images, [_warp(images, rotate=angle) for angle in self.angles])


@dataclass(frozen=True)
class Crop:
    """Cuts a margin off every side and zooms back to the original size.

    Parameters
    ----------
    margins : tuple of int
        Pixels: one copy each.
    """

    margins: tuple[int, ...]

    def __call__(self, images: np.ndarray) -> np.ndarray:
        _check(images)
        if 2 * max(self.margins) >= min(images.shape[1:3]):
            raise ValueError(
                f"a margin of {max(self.margins)} px leaves nothing of {images.shape[1:3]} images; "
                f"margins must be under {min(images.shape[1:3]) / 2:g}"
            )
        return _copies(images, [_zoom(images, margin) for margin in self.margins])


class Augmenters:
    """The user's own imgaug augmenters, made deterministic.

    Parameters
    ----------
    augmenters : sequence of imgaug.augmenters.Augmenter
        One copy each.
    random_state : int, default 0
        Fixes what a random augmenter draws. Each draws once, and does the same to every image, so that a copy does
        not depend on the other images around it.
    """

    def __init__(self, augmenters: Sequence, *, random_state: int = 0) -> None:
        if not augmenters:
            raise ValueError("augmenters must hold at least one imgaug augmenter, got none")
        for augmenter in augmenters:
            if not hasattr(augmenter, "augment_image"):
                raise ValueError(f"augmenters must be imgaug augmenters, got {augmenter!r}")
        self.augmenters = list(augmenters)
        self.random_state = random_state

    def __repr__(self) -> str:
        return f"Augmenters({self.augmenters!r}, random_state={self.random_state!r})"

    def __call__(self, images: np.ndarray) -> np.ndarray:
        _check(images)
        fixed = [a.deepcopy() for a in self.augmenters]
        for k, augmenter in enumerate(fixed):
            augmenter.seed_(self.random_state + k)
        fixed = [augmenter.to_deterministic() for augmenter in fixed]
        copies = np.empty((len(images), len(fixed), *images.shape[1:]), np.uint8)
        for point, copy in np.ndindex(copies.shape[:2]):  # one a call: imgaug draws afresh for every image of a batch
            copies[point, copy] = fixed[copy].augment_image(images[point])
        return copies


@dataclass(frozen=True)
class RandomAffine:
    """Rotation, shift and flip at random for each image, to train networks; the border repeats the edge.

    Parameters
    ----------
    degrees : float
        Rotates by up to so much either way.
    pixels : int
        Shifts by up to so much in each direction.
    flip : bool
        Mirrors every second image or so, left to right.
    """

    degrees: float
    pixels: int
    flip: bool

    def __call__(self, images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """uint8 images (n, h, w, c) to as many."""
        _check(images)
        iaa = _imgaug.iaa
        shift = (-self.pixels, self.pixels)
        affine = iaa.Affine(
            rotate=(-self.degrees, self.degrees), translate_px={"x": shift, "y": shift}, mode="edge", seed=_seed(rng)
        )
        flip = iaa.Fliplr(0.5 if self.flip else 0, seed=_seed(rng))
        return flip.augment_images(affine.augment_images(images))


def with_originals(images: np.ndarray, augment: Augmentation) -> np.ndarray:
    """Images and their copies.

    Parameters
    ----------
    images : ndarray of uint8, shape (n, h, w, c)
    augment : Augmentation

    Returns
    -------
    ndarray of uint8, shape (n, 1 + t, h, w, c)
        The original first.
    """
    return np.concatenate([images[:, None], augment(images)], axis=1)


Change = Callable[[np.ndarray], np.ndarray]  # of one image (h, w, c)


def _copies(images: np.ndarray, changes: list[Change]) -> np.ndarray:
    """One copy (h, w, c) of each image for each change, (n, t, h, w, c)."""
    copies = np.empty((len(images), len(changes), *images.shape[1:]), np.uint8)
    for k, change in enumerate(changes):
        for image, copy in zip(np.ascontiguousarray(images), copies[:, k], strict=True):
            copy[...] = change(image).reshape(copy.shape)  # OpenCV drops a single channel
    return copies


def _warp(images: np.ndarray, *, rotate: float = 0, dy: int = 0, dx: int = 0) -> Change:
    """What imgaug's ``Affine(rotate=rotate, translate_px={"y": dy, "x": dx}, mode="edge")`` does to an image."""
    h, w, channels = images.shape[1:]
    matrix = _matrix((h, w), rotate, dy, dx) if images.size else None
    if matrix is None:
        return np.copy
    import cv2

    def warp(image: np.ndarray) -> np.ndarray:
        return cv2.warpAffine(image, matrix, (w, h), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)

    return warp if channels <= 3 else lambda image: _by_channel(image, warp)


@functools.lru_cache(maxsize=1024, typed=True)
def _matrix(size: tuple[int, int], rotate: float, dy: int, dx: int) -> np.ndarray | None:
    """Of an affine map about the centre of h x w pixels, (2, 3); None where it moves nothing.

    imgaug's to the last bit, since where a position lies near a tie that decides a pixel: with float32 where imgaug has
    it, and the two quarter turns around a shear of nothing. imgaug composes the matrix anew for every image, twenty
    times as long as OpenCV then takes for 28 x 28 pixels.
    """
    down, right = (side / 2.0 - 0.5 for side in size)
    turn = float(np.deg2rad(rotate if isinstance(rotate, int | np.integer) else np.float32(rotate)))
    shift = dx / size[1] * size[1], dy / size[0] * size[0]
    steps = (
        _affine(shift=(-right, -down)),
        _affine(turn=-3.141592 / 2),
        _affine(turn=3.141592 / 2),
        _affine(turn=turn, shift=shift, kind=np.float32),
        _affine(shift=(right, down)),
    )
    matrix = functools.reduce(lambda before, after: after @ before, steps)
    return None if np.average(np.abs(matrix - np.eye(3))) <= 1e-4 else matrix[:2]


def _affine(*, turn: float = 0.0, shift: tuple[float, float] = (0.0, 0.0), kind: type = float) -> np.ndarray:
    sin, cos = kind(math.sin(turn)), kind(math.cos(turn))
    return np.array([[cos, -sin, shift[0]], [sin, cos, shift[1]], [0, 0, 1]])


def _zoom(images: np.ndarray, margin: int) -> Change:
    """What imgaug's ``Crop(px=margin)`` does to an image."""
    h, w, channels = images.shape[1:]
    if not channels:
        return np.copy
    import cv2

    def zoom(image: np.ndarray) -> np.ndarray:
        inner = image[margin : h - margin, margin : w - margin]
        return cv2.resize(inner, (w, h), interpolation=cv2.INTER_AREA)

    return zoom if channels <= 512 else lambda image: _by_channel(image, zoom)


def _by_channel(image: np.ndarray, change: Change) -> np.ndarray:
    return np.stack([change(channel) for channel in np.ascontiguousarray(np.moveaxis(image, 2, 0))], axis=-1)


def _seed(rng: np.random.Generator) -> int:
    return int(rng.integers(2**31))


def _check(images: np.ndarray) -> None:
    if images.ndim != 4 or images.dtype != np.uint8:
        raise ValueError(f"images must be uint8 of shape (n, h, w, c), got {images.dtype} of shape {images.shape}")
