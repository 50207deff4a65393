"""What TensorFlow's fused batch normalisation and bfloat16 give a ResNet's training step, in one run.

    python benchmarks/resnet.py [32|96]

Prints images per second of training a ResNet v2 of depth 20 on random images, on all threads.
"""

import os
import sys
import time

import numpy as np

from effaug.images import networks

SECONDS, BATCH = 10, 64


def images_per_second(size: int, dtype: str, fused: bool) -> float:
    keras = networks.import_keras(os.cpu_count())
    own = networks._layers
    if not fused:
        networks._layers = lambda: (own()[0], keras.layers.BatchNormalization)
    try:
        model = networks.resnet((size, size, 3), 10, 20, dtype=dtype)
    finally:
        networks._layers = own
    model.compile(keras.optimizers.Adam(1e-3), "sparse_categorical_crossentropy")
    rng = np.random.default_rng(0)
    images, labels = rng.random((BATCH, size, size, 3), np.float32), rng.integers(0, 10, BATCH)
    for _ in range(3):
        model.train_on_batch(images, labels)
    start, steps = time.perf_counter(), 0
    while time.perf_counter() - start < SECONDS:
        model.train_on_batch(images, labels)
        steps += 1
    return steps * BATCH / (time.perf_counter() - start)


if __name__ == "__main__":
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 32
    plain = images_per_second(size, "float32", fused=False)
    print(f"{size}x{size}, Keras's own layer, float32: {plain:.0f} images/s")
    for dtype, fused in (("float32", True), ("mixed_bfloat16", False), ("mixed_bfloat16", True)):
        speed = images_per_second(size, dtype, fused)
        print(f"{'fused' if fused else 'own'}, {dtype}: {speed:.0f} images/s, {speed / plain:.1f} times as many")
