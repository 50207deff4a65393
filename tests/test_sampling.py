"""effaug._sampling: the beginning of an order is that of the whole order."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from effaug._sampling import first, log, race

KEY = st.sampled_from([-np.inf, -1.0, 0.0, 0.5, 2.0, np.inf])


@given(st.lists(st.tuples(KEY, KEY), min_size=1, max_size=30), st.integers(-1, 32))
def test_the_first_are_those_of_the_whole_sort(pairs, k):
    keys = tuple(np.array(key) for key in zip(*pairs, strict=True))
    assert first(k, keys).tolist() == np.lexsort(keys)[: max(k, 0)].tolist()
    assert first(k, keys[1:]).tolist() == np.argsort(keys[1], kind="stable")[: max(k, 0)].tolist()


def test_points_of_weight_zero_arrive_last_and_of_infinite_weight_first():
    order = first(4, race(log(np.array([0.0, 1.0, np.inf, 0.0])), np.random.default_rng(0))).tolist()
    assert order[:2] == [2, 1]
    assert sorted(order[2:]) == [0, 3]
