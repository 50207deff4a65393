"""The transformers of images keep scikit-learn's rules, tested as its `check_estimator` tests those of 2-D arrays."""

import pickle

import numpy as np
import pytest
import scipy.sparse
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.utils import estimator_checks as checks

from effaug.images.features import CNN, LeNet, Pixels
from effaug.images.frozen import ResNet

TRANSFORMERS = [Pixels(), LeNet(epochs=1, batch_size=8), CNN(epochs=1, batch_size=8), ResNet("toy")]
IMAGES = np.random.default_rng(0).integers(0, 256, (12, 16, 16, 3), dtype=np.uint8)
LABELS = np.arange(12) % 2
ALL = pytest.mark.parametrize("transformer", TRANSFORMERS, ids=lambda t: type(t).__name__)


@pytest.mark.parametrize(
    "check",
    [
        checks.check_do_not_raise_errors_in_init_or_set_params,
        checks.check_estimator_cloneable,
        checks.check_estimator_repr,
        checks.check_estimator_tags_renamed,
        checks.check_get_params_invariance,
        checks.check_mixin_order,
        checks.check_no_attributes_set_in_init,
        checks.check_parameters_default_constructible,
        checks.check_set_params,
        checks.check_valid_tag_types,
    ],
    ids=lambda check: check.__name__,
)
@ALL
def test_scikit_learns_own_checks_of_what_is_no_array(transformer, check):
    """`check_estimator` itself gives a transformer of images, which says that it takes no 2-D arrays, but one check."""
    check(type(transformer).__name__, clone(transformer))


@ALL
def test_a_fit_returns_the_estimator_and_leaves_parameters_and_images_alone(transformer, weights):
    images, own = IMAGES.copy(), clone(transformer)
    own.set_params(**own.get_params())
    before = own.get_params()
    assert own.fit(images, LABELS) is own
    own.transform(images)
    assert own.get_params() == before
    np.testing.assert_array_equal(images, IMAGES)
    learnt = {name for name in vars(own) if not name.startswith("_") and name not in before}
    assert learnt
    assert all(name.endswith("_") for name in learnt)


@ALL
def test_fitting_again_and_pickling_change_no_feature(transformer, weights):
    own = clone(transformer).fit(IMAGES, LABELS)
    features = own.transform(IMAGES)
    assert features.dtype == np.float32
    assert features.shape == (12, len(own.get_feature_names_out()))
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(own)).transform(IMAGES), features)
    np.testing.assert_array_equal(own.fit(IMAGES, LABELS).transform(IMAGES), features)
    np.testing.assert_array_equal(clone(own).fit_transform(IMAGES, LABELS), features)


@ALL
def test_features_of_an_image_depend_on_no_other(transformer, weights):
    own, order = clone(transformer).fit(IMAGES, LABELS), np.random.default_rng(1).permutation(12)
    features = own.transform(IMAGES)
    np.testing.assert_allclose(own.transform(IMAGES[order]), features[order], rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(own.transform(IMAGES[:1]), features[:1], rtol=1e-4, atol=1e-6)
    assert own.transform(IMAGES[:0]).shape == (0, features.shape[1])
    readonly = IMAGES.copy()
    readonly.setflags(write=False)
    np.testing.assert_array_equal(own.transform(readonly), features)
    np.testing.assert_array_equal(own.transform(np.asfortranarray(IMAGES)), features)


@pytest.mark.parametrize(
    ("images", "words"),
    [
        (scipy.sparse.csr_matrix(IMAGES[0, :, :, 0]), "Sparse data was passed"),
        (IMAGES * 1j, "Complex data not supported"),
        (np.where(IMAGES > 250, np.nan, IMAGES), "contains NaN"),
        (np.ma.masked_greater(IMAGES, 250), "no masked values"),
        (IMAGES.tolist(), r"images must be uint8 of shape \(n, h, w, c\), .* got int64 of shape"),
        (IMAGES.astype(object), "images must be uint8"),
        (IMAGES[0, 0, 0], r"got uint8 of shape \(3,\)"),
        (None, "images must be uint8|got an array|Expected"),
    ],
    ids=["sparse", "complex", "NaN", "masked", "lists", "objects", "one pixel", "None"],
)
@ALL
def test_what_is_no_image_is_refused(transformer, images, words, weights):
    with pytest.raises((ValueError, TypeError), match=words):
        clone(transformer).fit(images, LABELS)
    with pytest.raises((ValueError, TypeError), match=words):
        clone(transformer).fit(IMAGES, LABELS).transform(images)


@ALL
def test_transformers_stand_in_pipelines(transformer, weights):
    found = make_pipeline(clone(transformer), "passthrough").fit(IMAGES, LABELS).transform(IMAGES)
    np.testing.assert_array_equal(found, clone(transformer).fit(IMAGES, LABELS).transform(IMAGES))
