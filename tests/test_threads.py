"""effaug._threads: BLAS has one thread where effaug works, and as many as before afterwards."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from effaug import dpp, logistic
from effaug._threads import n_threads, one_blas_thread
from effaug.scores import score


def of_blas() -> set[int]:
    return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}


@pytest.fixture(autouse=True)
def two_threads():
    with threadpool_limits(2, "blas"):
        if of_blas() != {2}:
            pytest.skip("this BLAS has one thread")
        yield


def test_blas_has_one_thread_within_and_as_many_as_before_afterwards():
    with one_blas_thread():
        with one_blas_thread():
            assert of_blas() == {1}
        assert of_blas() == {1}
        assert n_threads() == 2
    assert of_blas() == {2}
    with pytest.raises(KeyError), one_blas_thread():
        raise KeyError
    assert of_blas() == {2}


@pytest.mark.parametrize("first_leaves_first", [True, False])
def test_calls_at_once_leave_blas_as_it_was(first_leaves_first):
    first_is_in, second_is_in, one_left = Event(), Event(), Event()

    def first() -> None:
        with one_blas_thread():
            first_is_in.set()
            second_is_in.wait()
            if not first_leaves_first:
                one_left.wait()
        one_left.set()

    def second() -> int:
        first_is_in.wait()
        with one_blas_thread():
            second_is_in.set()
            if first_leaves_first:
                one_left.wait()
            allowed = n_threads()
        one_left.set()
        return allowed

    with ThreadPoolExecutor(2) as pool:
        _, found = pool.submit(first), pool.submit(second)
        assert found.result() == 2
    assert of_blas() == {2}


def test_the_doors_of_the_method_take_one_thread(monkeypatch):
    seen = []
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(30, 3)), np.arange(30) % 2
    model = logistic.fit(X, y)

    def own(*arguments: object) -> np.ndarray:
        seen.append(of_blas())
        return np.ones(30)

    score(own, model, X, y)
    monkeypatch.setattr(logistic, "checked", lambda *arguments: own() and None)
    with pytest.raises(ValueError, match="ambiguous"):
        logistic.fit(X, y)
    monkeypatch.setattr(dpp.Kernel, "of", own)
    with pytest.raises(AttributeError):
        dpp.KDPP.of(X)
    assert seen == [{1}] * 3
    assert of_blas() == {2}
