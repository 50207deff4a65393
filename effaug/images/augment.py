"""Deterministic, exhaustive augmentation: a point becomes a fixed set of transformed copies (paper, Section 5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from effaug.images import _imgaug

if TYPE_CHECKING:
    pass


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
        return _apply(images, lambda iaa, s: iaa.Affine(translate_px={"y": s[0], "x": s[1]}, mode="edge"), self.shifts)


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
        return _apply(images, lambda iaa, angle: iaa.Affine(rotate=angle, mode="edge"), self.angles)


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
        return _apply(images, lambda iaa, m: iaa.Crop(px=(m, m, m, m), keep_size=True), self.margins)


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


def _apply(images: np.ndarray, make, parameters: tuple) -> np.ndarray:
    _check(images)
    return np.stack([make(_imgaug.iaa, p).augment_images(images) for p in parameters], axis=1)


def _seed(rng: np.random.Generator) -> int:
    return int(rng.integers(2**31))


def _check(images: np.ndarray) -> None:
    if images.ndim != 4 or images.dtype != np.uint8:
        raise ValueError(f"images must be uint8 of shape (n, h, w, c), got {images.dtype} of shape {images.shape}")
