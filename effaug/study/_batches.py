"""Images a batch at a time, and what Keras tells of each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np


class Mean:
    """Loss and accuracy over the images so far; Keras's `train_on_batch` gives those of its batch."""

    def __init__(self) -> None:
        self.sums: dict[str, float] = {}
        self.n = 0

    def add(self, batch: dict[str, Any], size: int) -> None:
        self.n += size
        for key, value in batch.items():
            self.sums[key] = self.sums.get(key, 0.0) + size * float(value)

    def found(self) -> dict[str, float]:
        return {key: round(value / self.n, 4) for key, value in self.sums.items()}


def batches(order: np.ndarray, size: int) -> Iterator[np.ndarray]:
    """So many at a time; the last may be of fewer."""
    for start in range(0, len(order), size):
        yield order[start : start + size]
