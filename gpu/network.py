"""The CNN of the released code in JAX: a whole fit is one compiled program. For `refit.py`."""

from __future__ import annotations

import functools

import numpy as np

KERNELS = ((3, 3, 1, 32), (3, 3, 32, 32), (3, 3, 32, 64), (3, 3, 64, 64), (1600, 512))
BATCH = 2048  # images at once where nothing is trained
SMALLEST = 1024  # images are padded to this, or twice, four times, ... as many: each size is compiled once


def bottleneck(weights: list, x, key=None, precision: str = "bfloat16"):
    """Activations of the dense layer for images (n, 28, 28, 1) in [0, 1]; with a key, drops out."""
    import jax
    import jax.numpy as jnp

    def drop(x, rate: float, k: int):
        if key is None:
            return x
        kept = jax.random.bernoulli(jax.random.fold_in(key, k), 1 - rate, x.shape)
        return jnp.where(kept, x / (1 - rate), 0).astype(x.dtype)

    x = x.astype(precision)
    for k, padding in enumerate(("SAME", "VALID", "SAME", "VALID")):
        kernel, bias = (w.astype(precision) for w in weights[2 * k : 2 * k + 2])
        x = jax.lax.conv_general_dilated(x, kernel, (1, 1), padding, dimension_numbers=("NHWC", "HWIO", "NHWC"))
        x = jax.nn.relu(x + bias)
        if k % 2:
            n, h, w, c = x.shape
            x = x[:, : h // 2 * 2, : w // 2 * 2].reshape(n, h // 2, 2, w // 2, 2, c).max((2, 4))
            x = drop(x, 0.25, k)
    kernel, bias = (w.astype(precision) for w in weights[8:10])
    return jax.nn.relu(x.reshape(len(x), -1) @ kernel + bias)


def loss(weights: list, x, y, counts, key, precision: str = "bfloat16"):
    """Mean cross-entropy over the images that count."""
    import jax
    import jax.numpy as jnp

    hidden = bottleneck(weights, x, key, precision)
    if key is not None:
        kept = jax.random.bernoulli(jax.random.fold_in(key, 9), 0.5, hidden.shape)
        hidden = jnp.where(kept, hidden / 0.5, 0)
    log_p = jax.nn.log_softmax(hidden.astype(jnp.float32) @ weights[10] + weights[11])
    return -(jnp.take_along_axis(log_p, y[:, None], 1)[:, 0] * counts).sum() / counts.sum()


def adam(state: tuple, gradient: list, step, rate: float) -> tuple:
    """One step of Keras's Adam from (weights, first moments, second moments)."""
    import jax.numpy as jnp

    weights, first, second = state
    step = step + 1.0
    rate = rate * jnp.sqrt(1 - 0.999**step) / (1 - 0.9**step)
    first = [m + (g - m) * 0.1 for m, g in zip(first, gradient, strict=True)]
    second = [v + (g * g - v) * 0.001 for v, g in zip(second, gradient, strict=True)]
    moved = [w - rate * m / (jnp.sqrt(v) + 1e-7) for w, m, v in zip(weights, first, second, strict=True)]
    return moved, first, second


@functools.cache
def _programs():
    import jax
    import jax.numpy as jnp

    @functools.partial(jax.jit, static_argnames="precision")
    def fit(weights, x, y, order, sizes, n_steps, rate, seed, precision):
        root = jax.random.key(seed)

        def step(k, state):
            batch, counts = order[k], jnp.arange(order.shape[1]) < sizes[k]
            images, key = x[batch].astype(jnp.float32) / 255, jax.random.fold_in(root, k)
            gradient = jax.grad(loss)(state[0], images, y[batch], counts.astype(jnp.float32), key, precision)
            return adam(state, gradient, k.astype(jnp.float32), rate)

        zeros = [jnp.zeros_like(w) for w in weights]
        return jax.lax.fori_loop(0, n_steps, step, (weights, zeros, zeros))[0]

    @functools.partial(jax.jit, static_argnames="precision")
    def features(weights, x, precision):
        return bottleneck(weights, x.astype(jnp.float32) / 255, None, precision).astype(jnp.float32)

    return fit, features


def fit(self, X: np.ndarray, y: np.ndarray):
    """In place of `effaug.images.features.CNN.fit`: the same start, order of batches and steps, another dropout."""
    from effaug.images.features import _initial_weights

    classes, labels = np.unique(y, return_inverse=True)
    shapes = [s for kernel in (*KERNELS, (512, len(classes))) for s in (kernel, kernel[-1:])]
    weights = _initial_weights(shapes, self.random_state if self.initial_state is None else self.initial_state)
    rng, size = np.random.default_rng(self.random_state), self.batch_size
    order, sizes = [], []
    for _ in range(self.epochs):
        shuffled = rng.permutation(len(X))
        for start in range(0, len(X), size):
            batch = shuffled[start : start + size]
            order.append(np.pad(batch, (0, size - len(batch))))
            sizes.append(len(batch))
    room = SMALLEST
    while room < len(X):
        room *= 2
    steps = self.epochs * -(-room // size)
    images = np.pad(X, ((0, room - len(X)), *[(0, 0)] * 3))
    order, filled = np.pad(np.array(order, np.int32), ((0, steps - len(order)), (0, 0))), len(sizes)
    sizes = np.pad(np.array(sizes, np.int32), (0, steps - filled))
    padded = np.pad(labels.astype(np.int32), (0, room - len(X)))
    settings = (self.learning_rate, self.random_state, self.precision.removeprefix("mixed_"))
    found = _programs()[0](weights, images, padded, order, sizes, filled, *settings)
    return self.trained([np.asarray(w) for w in found], classes, X.shape[1:])


def transform(self, X: np.ndarray) -> np.ndarray:
    """In place of `effaug.images.features.CNN.transform`."""
    import jax

    weights, precision = jax.device_put(self.weights_), self.precision.removeprefix("mixed_")
    rows = -(-len(X) // BATCH) * BATCH
    images = np.pad(X, ((0, rows - len(X)), *[(0, 0)] * 3))
    found = [_programs()[1](weights, images[k : k + BATCH], precision) for k in range(0, rows, BATCH)]
    return np.concatenate([np.asarray(f) for f in found])[: len(X)]


def check() -> None:
    """Features, and weights after three steps without dropout, ours and Keras's: largest differences, in float32."""
    import jax
    import jax.numpy as jnp

    from effaug.images.features import CNN, _initial_weights
    from effaug.images.networks import import_keras

    keras = import_keras()
    net = CNN(precision="float32")._net((28, 28, 1), 2)
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 256, (512, 28, 28, 1)).astype(np.uint8), rng.integers(0, 2, 512)
    net.reset("released-code", 0)
    start = net.model.get_weights()
    ours = [np.asarray(w) for w in _initial_weights([w.shape for w in start], "released-code")]
    scaled = x.astype(np.float32) / 255
    theirs = np.asarray(net.bottleneck.predict_on_batch(scaled))
    features = np.asarray(bottleneck(ours, jnp.asarray(scaled), None, "float32"))
    print("features differ by", np.abs(features - theirs).max(), "of", np.abs(theirs).max())
    plain = keras.models.clone_model(net.model)
    for layer in plain.layers:
        if isinstance(layer, keras.layers.Dropout):
            layer.rate = 0
    plain.set_weights(start)
    plain.compile(keras.optimizers.Adam(1e-3), "sparse_categorical_crossentropy")
    state = (ours, [np.zeros_like(w) for w in ours], [np.zeros_like(w) for w in ours])
    for k in range(3):
        plain.train_on_batch(scaled, y)
        gradient = jax.grad(loss)(state[0], jnp.asarray(scaled), jnp.asarray(y), jnp.ones(512), None, "float32")
        state = adam(state, gradient, jnp.float32(k), 1e-3)
    for a, b, c in zip(plain.get_weights(), state[0], start, strict=True):
        print(a.shape, "moved by", np.abs(a - c).mean(), "and differ by", np.abs(a - np.asarray(b)).mean())
