"""The released code's initial weights to the bit: TensorFlow's seeded normal, which Keras 2 drew them from.

Counter-based (Salmon, Moraes, Dror, Shaw: Parallel random numbers, SC 2011), so that NumPy gives the same without
TensorFlow; a test compares them.
"""

from __future__ import annotations

import numpy as np

_GRAPH_SEED = 87654321  # TensorFlow's own where an operation has a seed and its graph has none
_MULTIPLIERS, _WEYL = (0xD2511F53, 0xCD9E8D57), (0x9E3779B9, 0xBB67AE85)


def standard_normal(shape: tuple[int, ...], seed: int, draw: int = 0) -> np.ndarray:
    """What a TensorFlow operation of this seed returns when it is run for the `draw`-th time in a session, from 0."""
    n = int(np.prod(shape))
    first = draw * 256 * n  # a run sets aside 256 counters a number, and uses one for four
    counter = np.arange(first, first + -(-n // 4), dtype=np.uint64)
    c = [counter & 0xFFFFFFFF, counter >> 32, np.full_like(counter, seed), np.zeros_like(counter)]
    key = [_GRAPH_SEED, 0]
    for _ in range(10):
        products = [c[2 * k] * np.uint64(_MULTIPLIERS[k]) for k in (0, 1)]
        low, high = [p & 0xFFFFFFFF for p in products], [p >> 32 for p in products]
        c = [high[1] ^ c[1] ^ key[0], low[1], high[0] ^ c[3] ^ key[1], low[0]]
        key = [(k + w) & 0xFFFFFFFF for k, w in zip(key, _WEYL, strict=True)]
    mantissa = (np.stack(c, axis=1).astype(np.uint32) & 0x7FFFFF) | 0x3F800000
    uniform = mantissa.view(np.float32) - np.float32(1)
    radius = np.sqrt(-2 * np.log(np.maximum(uniform[:, ::2], np.float32(1e-7))))  # Box and Muller, in pairs
    angle = np.float32(2 * np.pi) * uniform[:, 1::2]
    pairs = np.stack([np.sin(angle) * radius, np.cos(angle) * radius], axis=2)
    return pairs.reshape(-1)[:n].reshape(shape)
