"""benchmarks/networks.py: both sides do the same work."""

import numpy as np
import pytest

networks = pytest.importorskip("benchmarks.networks")


def test_features_of_both_sides_agree(tmp_path):
    given = networks._ready("mnist-crop", 6, tmp_path)
    ours, theirs = networks._stored(given), networks._predicted(32, given)
    assert ours.shape == (42, 84)
    networks._agree_on_features(ours, theirs)
    with pytest.raises(AssertionError):
        networks._agree_on_features(ours, theirs[::-1])


def test_models_that_several_curves_ask_for_are_fitted_once(tmp_path, monkeypatch):
    asked = networks._asked_of_three_curves()
    assert (len(asked), len(set(asked))) == (9, 4)
    case = next(case for case in networks.cases() if case.name == "refit-lenet")
    assert case.part == 4 / 9
    fitted = []
    monkeypatch.setattr(networks, "_accuracy", lambda model: 1.0)
    monkeypatch.setattr(
        "effaug.images.features.LeNet.fit", lambda net, X, y: fitted.append(len(X)) or _as_fitted(net, X)
    )
    networks._fitted("lenet", "float32", 1, ([networks._points(n // 20, seed) for n, seed in asked], []))
    assert fitted == [50, 100, 250, 100]


def _as_fitted(net, X):
    trainable = net._net(X.shape[1:], 2)
    return net.trained(trainable.model.get_weights(), np.arange(2), X.shape[1:])


def test_networks_that_learned_nothing_are_not_compared():
    networks._agree_on_accuracy([0.98, 1.0], [0.99])
    for ours, theirs in (([0.5, 1.0], [1.0]), ([1.0], [0.92])):
        with pytest.raises(AssertionError):
            networks._agree_on_accuracy(ours, theirs)
