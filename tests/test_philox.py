"""effaug.images._philox: TensorFlow's seeded normal, number by number."""

import numpy as np
import pytest

from effaug.images._philox import standard_normal


@pytest.mark.parametrize("shape", [(3, 3, 1, 32), (5, 5, 6, 16), (7,), (1600, 512)])
@pytest.mark.parametrize("seed", [42, 7])
def test_numbers_are_tensorflows_at_every_run_of_a_session(shape, seed):
    tf = pytest.importorskip("tensorflow")
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        drawn = tf.compat.v1.random_normal(shape, seed=seed)
        for draw in range(3):
            np.testing.assert_allclose(standard_normal(shape, seed, draw), session.run(drawn), rtol=2e-5, atol=2e-6)


def test_numbers_are_standard_normal():
    found = standard_normal((100_000,), 42)
    assert found.dtype == np.float32
    assert (found.mean(), found.std()) == (pytest.approx(0, abs=0.01), pytest.approx(1, abs=0.01))
