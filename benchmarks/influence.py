"""How much faster the closed-form influence is than the same from autograd's Hessian, in one run.

    python benchmarks/influence.py

Prints both times and their ratio for the paper's size, 1000 points of LeNet's 84 features, and checks that they agree.
"""

import time
from collections.abc import Callable

import autograd.numpy as anp
import numpy as np
from autograd import grad, hessian
from threadpoolctl import threadpool_limits

from effaug import logistic
from effaug.scores import influence

N, D, C, REPEATS = 1000, 84, 10.0, 5


def by_autograd(model: logistic.LogisticModel, features: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Eq. (1) as written: the objective's Hessian, and each point's gradient, by differentiation."""
    extended, sign = np.column_stack([features, np.ones(N)]), 1 - 2 * labels

    def loss(theta, rows, signs):
        return anp.sum(anp.logaddexp(0.0, signs * anp.dot(rows, theta)))

    theta = np.append(model.coef, model.intercept)
    penalty = np.diag(np.append(np.full(D, 1 / C), 0))
    H = hessian(loss)(theta, extended, sign) + penalty
    gradients = np.stack([grad(loss)(theta, extended[[i]], sign[[i]]) for i in range(N)])
    return np.einsum("ij,ij->i", gradients, np.linalg.solve(H, gradients.T).T)


def best(call: Callable[[], np.ndarray]) -> tuple[float, np.ndarray]:
    """The shortest of some repeats, in seconds."""
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        value = call()
        times.append(time.perf_counter() - start)
    return min(times), value


def main() -> None:
    """Measure and print."""
    rng = np.random.default_rng(0)
    features = rng.normal(size=(N, D))
    labels = (features[:, 0] + rng.normal(size=N) > 0).astype(int)
    with threadpool_limits(1):
        model = logistic.fit(features, labels, C=C)
        slow, expected = best(lambda: by_autograd(model, features, labels))
        fast, found = best(lambda: influence(model, features, labels))
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    print(
        f"autograd {slow * 1e3:.1f} ms, closed form {fast * 1e3:.2f} ms: {slow / fast:.0f} times faster (n={N}, d={D})"
    )


if __name__ == "__main__":
    main()
