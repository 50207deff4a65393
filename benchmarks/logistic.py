"""What fitting in well-conditioned coordinates saves over a task's frozen features, in one run.

    python benchmarks/logistic.py [TASK]

TASK, cifar10-translate unless given, needs its data and weights. No, 100 and all points augmented, C = 10, one thread.
"""

import sys
import time
from collections.abc import Callable

import numpy as np
from threadpoolctl import threadpool_limits

from effaug import load_protocol, load_task, logistic
from effaug.refitter import Refitter
from effaug.study.learners import frozen_features, task_subset

REPEATS = 3


def seconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    for _ in range(REPEATS):
        call()
    return (time.perf_counter() - start) / REPEATS


if __name__ == "__main__":
    protocol = load_protocol("paper")
    task = load_task(sys.argv[1] if len(sys.argv) > 1 else "cifar10-translate", protocol=protocol)
    labels = task_subset(task).y_train
    features = np.array(frozen_features(task, protocol)[0])
    order = np.random.default_rng(0).permutation(len(labels))
    print(f"{task.name}: {features.shape[0]} points, {features.shape[1] - 1} copies, {features.shape[2]} features")
    with threadpool_limits(1):
        refitter = Refitter(features, labels, 10.0)
        start = time.perf_counter()
        refitter.fit(np.ones(features.shape[:2]))
        print(f"factorising once: {time.perf_counter() - start:.2f} s")
        for augmented in (0, 100, len(labels)):
            weights = np.zeros(features.shape[:2])
            weights[:, 0] = weights[order[:augmented]] = 1
            slow = seconds(lambda w=weights: logistic.fit(features, labels, w, C=10.0))  # type: ignore[misc]
            fast = seconds(lambda w=weights: refitter.fit(w))  # type: ignore[misc]
            times = slow / fast
            print(f"{augmented} augmented: {1000 * slow:.0f} ms from scratch, {1000 * fast:.1f} ms: {times:.0f} times")
