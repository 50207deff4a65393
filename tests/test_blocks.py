"""effaug.blocks: one way for arrays in memory, on disk, on a device and on a cluster, whatever the blocks."""

import subprocess
import sys

import autograd
import autograd.numpy as anp
import dask.array as da
import jax
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from effaug import blocks, logistic
from effaug.blocks import Rows
from effaug.scores import influence, score


def problem(n=300, t=2, d=6, classes=2, seed=0):
    """Overlapping classes, copies near their originals, weights of all kinds with zeros among them; means apart."""
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(n, 1, d)) + np.arange(d)
    X = points + 0.3 * rng.normal(size=(n, 1 + t, d)) * (np.arange(1 + t) > 0)[:, None]
    margins = (points[:, 0] - np.arange(d)) @ rng.normal(size=(d, classes)) + rng.gumbel(size=(n, classes))
    return X, margins.argmax(axis=1), rng.choice([0, 0.25, 1, 1, 3], size=(n, 1 + t))


def results(X, y, w):
    """All that is taken from rows in blocks."""
    model = logistic.fit(X, y, w)
    names = ("influence", "loss")
    return np.concatenate([model.about(np.zeros(X.shape[-1])).ravel(), *(score(s, model, X, y, w) for s in names)])


def memory_map(X, folder):
    np.save(folder / "X.npy", X)
    return np.load(folder / "X.npy", mmap_mode="r")


@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize("size", [1, 7, 300])
@pytest.mark.parametrize("kind", ["NumPy", "memory map", "Dask"])
def test_nothing_depends_on_the_blocks_or_where_they_lie(kind, size, classes, tmp_path, monkeypatch):
    X, y, w = problem(classes=classes)
    whole = results(X, y, w)
    monkeypatch.setattr(blocks, "BYTES", 8 * 18 * size)
    kept = {
        "NumPy": lambda: X,
        "memory map": lambda: memory_map(X, tmp_path),
        "Dask": lambda: da.from_array(X, (70, 2, 4)),
    }
    np.testing.assert_allclose(results(kept[kind](), y, w), whole, rtol=1e-8, atol=1e-11)


@pytest.mark.parametrize("classes", [2, 4])
def test_the_number_of_threads_changes_no_bit(classes, monkeypatch):
    X, y, w = problem(classes=classes)
    monkeypatch.setattr(blocks, "BYTES", 8 * 18 * 20)
    found = []
    for threads in (1, 2):
        with threadpool_limits(threads, "blas"):
            assert blocks.n_threads() == threads
            found.append(results(X, y, w))
    np.testing.assert_array_equal(*found)


@pytest.mark.parametrize(("classes", "x64", "tolerance"), [(4, True, 1e-8), (2, False, 2e-4)])
def test_jax_agrees_within_what_its_floating_type_allows(classes, x64, tolerance, monkeypatch):
    X, y, w = problem(classes=classes)
    whole = results(X, y, w)
    monkeypatch.setattr(blocks, "BYTES", 8 * 18 * 150)
    with jax.enable_x64(x64):
        moved = jax.numpy.asarray(X)
        assert moved.dtype == (np.float64 if x64 else np.float32)
        found = results(moved, y, w)
    np.testing.assert_allclose(found, whole, rtol=tolerance, atol=tolerance * np.abs(whole).max())


def test_jax_rows_in_two_dimensions_and_whole_weights():
    X, y, _ = problem()
    model = logistic.fit(X[:, 0], y)
    found = influence(logistic.fit(jax.numpy.asarray(X[:, 0]), y), jax.numpy.asarray(X[:, 0]), y)
    np.testing.assert_allclose(found, influence(model, X[:, 0], y), rtol=1e-3, atol=1e-7)


@pytest.mark.parametrize("size", [2, 1000])
def test_sums_and_values_come_in_one_pass_and_in_order(size, monkeypatch):
    X, y, w = problem()
    monkeypatch.setattr(blocks, "BYTES", 8 * 18 * size)
    values, (total,) = Rows(X, y, w).run(lambda block: (block.X[:, 0, 1], (block.X.sum(axis=0),)))
    np.testing.assert_array_equal(values, X[:, 0, 1])
    np.testing.assert_allclose(total, X.sum(axis=0))


def test_a_sample_has_the_weight_of_the_whole():
    X, y, w = problem()
    part = Rows(X, y, w).sample(50)
    assert part.X.shape == (50, 3, 6)
    assert part.sample_weight.sum() == pytest.approx(w.sum())
    found = [np.flatnonzero((x == X).all(axis=(1, 2)))[0] for x in part.X]
    assert len(set(found)) == 50
    np.testing.assert_array_equal(part.y, y[found])


def test_a_fit_that_starts_from_a_sample_ends_at_the_same_minimum(monkeypatch):
    X, y, w = problem(n=3000)
    cold = logistic.fit(X, y, w)
    monkeypatch.setattr(logistic, "SAMPLE", 60)
    sizes, fitted = [], logistic._fitted
    monkeypatch.setattr(logistic, "_fitted", lambda rows, C: (sizes.append(len(rows.y)), fitted(rows, C))[1])
    warm = logistic.fit(X, y, w)
    assert sizes == [3000, 420]
    np.testing.assert_allclose(warm.about(np.zeros(6)), cold.about(np.zeros(6)), rtol=1e-8)


def test_a_file_larger_than_a_tenth_of_the_memory_used(tmp_path):
    """A child fits and scores 240 MB from disk; its own memory grows by less than a fifth of that."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(10**6, 60)).astype(np.float32)
    np.save(tmp_path / "X.npy", X)
    np.save(tmp_path / "y.npy", X[:, 0] + rng.normal(size=10**6) > 0)
    code = f"""
import numpy as np, re
from effaug import logistic, scores
def own():
    return int(re.search(r"RssAnon:\\s+(\\d+)", open("/proc/self/status").read())[1]) / 1024
X, y = np.load(r"{tmp_path}/X.npy", mmap_mode="r"), np.load(r"{tmp_path}/y.npy").astype(int)
logistic.fit(X[:500], y[:500])
before, most = own(), []
of = logistic.Link.of
def watched(margin, labels):
    most.append(own()); return of(margin, labels)
logistic.Link.of = watched
assert scores.influence(logistic.fit(X, y), X, y).shape == (10**6,)
print(max(most) - before)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert 0 < float(done.stdout) < 240 / 2


# More than two classes


def softmax_loss(theta, X, y, w, classes):
    B = anp.reshape(theta, (classes, X.shape[-1] + 1))
    margin = anp.dot(X, B[:, :-1].T) + B[:, -1]
    log_p = margin - anp.log(anp.sum(anp.exp(margin), axis=-1, keepdims=True))
    return -anp.sum(w * anp.sum(log_p * np.eye(classes)[y], axis=-1))


@pytest.mark.parametrize("C", [0.01, 1.0, 100.0])
def test_softmax_fits_are_scikit_learns(C):
    X, y, w = problem(classes=4)
    rows, labels = X.reshape(-1, 6), np.repeat(y, 3)
    oracle = LogisticRegression(C=C, tol=1e-10, max_iter=10_000).fit(rows, labels, w.ravel())
    model = logistic.fit(X, y, w, C=C)
    np.testing.assert_allclose(model.predict_proba(rows), oracle.predict_proba(rows), atol=1e-5)
    assert model.coef.shape == (4, 6)
    assert model.decrement < logistic.DECREMENT
    assert model.accuracy(X, y) == pytest.approx(oracle.score(rows, labels))
    p = oracle.predict_proba(rows)[np.arange(900), labels]
    np.testing.assert_allclose(model.log_loss(X, y).ravel(), -np.log(p), rtol=1e-3)


@pytest.mark.parametrize("ridge", [None, 0.3])
def test_softmax_hessian_and_influence_are_the_definition(ridge):
    X, y, w = problem(n=60, d=3, classes=3)
    w[:, 0] = np.maximum(w[:, 0], 0.25)
    model = logistic.fit(X, y, w, C=2.0)
    theta, term = model.about(np.zeros(3)).ravel(), 0.5 if ridge is None else ridge
    penalty = np.tile([term] * 3 + [0], 3)

    def objective(theta):
        return softmax_loss(theta, X, np.repeat(y, 3).reshape(-1, 3), w, 3) + anp.sum(penalty * theta**2) / 2

    H = autograd.hessian(objective)(theta)
    g = np.stack([autograd.grad(softmax_loss)(theta, X[i, 0], y[i], 1.0, 3) for i in range(60)])
    wanted = np.einsum("np,pn->n", g, np.linalg.pinv(H, rcond=1e-12) @ g.T)
    np.testing.assert_allclose(influence(model, X, y, w, ridge=ridge), wanted, rtol=1e-7)
    direction = np.kron(np.ones(3), [0, 0, 0, 1])  # of all intercepts, in which the loss does not change
    found = logistic.hessian(model, X.reshape(-1, 3), w.ravel(), ridge)
    between = np.eye(12) - np.outer(direction, direction) / 3
    np.testing.assert_allclose(between @ found @ between, H, atol=1e-9)
    assert np.linalg.eigvalsh(found).min() > 1e-3


def test_softmax_fits_cross_validate():
    X, y, w = problem(classes=3)
    assert logistic.fit(X, y, w, C="cv").C in logistic.C_GRID
