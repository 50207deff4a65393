"""effaug.features: what is cached is computed once, again when anything changes, and never read half-written."""

import os
import threading
import time

import numpy as np
import pytest

from effaug import features
from effaug.features import FeatureCache, LeNet, Pixels, digest, transform_copies


def toy():
    rng = np.random.default_rng(0)
    return rng.integers(0, 250, (48, 16, 16, 1), dtype=np.uint8), np.arange(48) % 2


class Counted(LeNet):
    """LeNet as the cache sees it, without Keras."""

    fits = transforms = 0

    def fit(self, X, y):
        Counted.fits += 1
        self.weights_, self.classes_ = [np.array([X.sum() + y @ np.arange(len(y)), self.random_state])], np.unique(y)
        return self

    def transform(self, X):
        Counted.transforms += 1
        return X.reshape(len(X), -1) * self.weights_[0][0] + self.random_state


@pytest.fixture
def counted(monkeypatch):
    monkeypatch.setattr(Counted, "fits", 0)
    monkeypatch.setattr(Counted, "transforms", 0)
    return Counted


def test_cache_trains_and_featurises_once(cache, counted):
    images, labels = toy()
    copies = np.stack([images, images[::-1]], axis=1)
    results = []
    for _ in range(3):
        store = FeatureCache()
        assert store.folder == cache
        net = store.fit(counted(), images, labels)
        results.append((net, store.transform(net, copies)))
    assert (counted.fits, counted.transforms) == (1, 1)
    for net, found in results:
        np.testing.assert_array_equal(found, transform_copies(net, copies))
        np.testing.assert_array_equal(net.classes_, [0, 1])
        np.testing.assert_array_equal(net.weights_, results[0][0].weights_)


@pytest.mark.parametrize("change", ["images", "labels", "random_state", "learning_rate", "versions"])
def test_cache_trains_again_when_something_it_depends_on_changes(cache, counted, monkeypatch, change):
    images, labels = toy()
    FeatureCache().fit(counted(), images, labels)
    settings = {"random_state": {"random_state": 1}, "learning_rate": {"learning_rate": 0.1}}.get(change, {})
    if change == "images":
        images[3, 5, 5, 0] += 1
    if change == "labels":
        labels = 1 - labels
    if change == "versions":
        monkeypatch.setattr(features, "versions", lambda: "keras 4")
    FeatureCache().fit(counted(**settings), images, labels)
    assert counted.fits == 2


@pytest.mark.parametrize("change", ["images", "shape", "weights", "versions", "class"])
def test_cache_featurises_again_when_something_it_depends_on_changes(cache, counted, monkeypatch, change):
    images, labels = toy()
    copies, net = images[:, None], counted().fit(images, labels)
    before = FeatureCache().transform(net, copies)
    if change == "images":
        copies = copies[::-1]
    if change == "shape":
        copies = copies.reshape(24, 2, 16, 16, 1)
    if change == "weights":
        net.weights_ = [net.weights_[0] + 1]
    if change == "versions":
        monkeypatch.setattr(features, "versions", lambda: "keras 4")
    if change == "class":
        net = Pixels().fit(images)
    after = FeatureCache().transform(net, copies)
    assert counted.transforms == (1 if change == "class" else 2)
    assert change == "versions" or not np.array_equal(before, after)


@pytest.mark.parametrize("where", ["compute", "write"])
def test_cache_holds_nothing_after_a_crash(cache, monkeypatch, where):
    def crash(*_):
        raise RuntimeError("power cut")

    def half(file, *arrays):
        file.write(b"PK half an archive")
        crash()

    with monkeypatch.context() as broken:
        if where == "write":
            broken.setattr(features.np, "savez", half)
        with pytest.raises(RuntimeError, match="power cut"):
            FeatureCache().arrays("key", crash if where == "compute" else lambda: [np.ones(3)])
    assert {path.suffix for path in cache.iterdir()} <= {".lock"}
    np.testing.assert_array_equal(FeatureCache().arrays("key", lambda: [np.ones(3)]), [np.ones(3)])


def test_cache_never_reads_what_a_killed_process_left(cache):
    cache.mkdir()
    for name in ("key.part", f"key.{os.getpid()}.part", "key.1.part"):
        (cache / name).write_bytes(b"PK half an archive")
    np.testing.assert_array_equal(FeatureCache().arrays("key", lambda: [np.ones(3)]), [np.ones(3)])


def test_cache_gives_back_arrays_in_their_order_and_kind(cache):
    arrays = [np.arange(k, dtype=kind).reshape(1, -1) for k, kind in enumerate(["f4", "f8", "u1"] * 5)]
    for _ in range(2):
        found = FeatureCache().arrays("key", lambda: arrays)
        assert [(a.dtype, a.shape) for a in found] == [(a.dtype, a.shape) for a in arrays]
        assert all((a == b).all() for a, b in zip(found, arrays, strict=True))


def test_cache_computes_once_for_all_who_ask_at_once(cache):
    calls, found = [], []

    def compute():
        calls.append(1)
        time.sleep(0.2)
        return [np.ones(3)]

    threads = [threading.Thread(target=lambda: found.extend(FeatureCache().arrays("key", compute))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(calls), len(found)) == (1, 4)


def test_digest_tells_parts_shapes_and_kinds_apart():
    zeros = np.zeros(4, np.uint8)
    parts = [
        (zeros,),
        (zeros.reshape(2, 2),),
        (zeros.astype(np.int8),),
        (zeros, zeros),
        ("a", "b"),
        ("ab",),
        ("b", "a"),
    ]
    keys = [digest(*p) for p in parts]
    assert len(set(keys)) == len(parts)
    assert all(len(key) == 32 for key in keys)
    assert digest(np.arange(6).reshape(2, 3).T) == digest(np.arange(6).reshape(2, 3).T.copy())
