"""What resetting a compiled network saves against compiling one for every fit, in one run.

    python benchmarks/lenet.py

Prints images per second of training, both ways, for a fit of 1000 random images over 10 epochs, on one thread; and how
many there would be if a training step of 2.5 MFLOP an image ran at the speed of this machine's matrix product.
"""

import time

import numpy as np
from threadpoolctl import threadpool_limits

from effaug.images import features

N, EPOCHS, FITS = 1000, 10, 4


def images_per_second(forget: bool) -> float:
    """Over some fits in a row; `forget` drops the compiled network between them."""
    rng = np.random.default_rng(0)
    images, labels = rng.integers(0, 256, (N, 28, 28, 1), dtype=np.uint8), rng.integers(0, 2, N)
    features.LeNet(epochs=1).fit(images, labels)
    start = time.perf_counter()
    for seed in range(FITS):
        if forget:
            features._trainable.cache_clear()
        features.LeNet(epochs=EPOCHS, random_state=seed).fit(images, labels)
    return FITS * EPOCHS * N / (time.perf_counter() - start)


def matrix_product_flops() -> float:
    """Of float32, 1024 x 1024, on one thread."""
    a = np.random.default_rng(0).normal(size=(1024, 1024)).astype(np.float32)
    with threadpool_limits(1):
        a @ a
        start = time.perf_counter()
        for _ in range(20):
            a @ a
        return 20 * 2 * 1024**3 / (time.perf_counter() - start)


if __name__ == "__main__":
    reset, compiled = images_per_second(forget=False), images_per_second(forget=True)
    floor = matrix_product_flops() / 2.5e6
    print(f"at the speed of a matrix product: {floor:.0f} images/s, of which reset reaches {100 * reset / floor:.0f} %")
    print(f"reset {reset:.0f} images/s, compiled anew {compiled:.0f} images/s: {reset / compiled:.1f} times faster")
