"""effaug.study.own: images, augmentations and transformers of one's own, from an experiment to what is stored."""

import dataclasses
import json
import pickle

import numpy as np
import pytest
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

import effaug
from effaug.images._imgaug import iaa
from effaug.images.augment import Augmenters, Rotate, Translate, with_originals
from effaug.images.features import CNN, LeNet, Pixels, transform_copies
from effaug.study import learners, reproduce
from effaug.study.experiment import Experiment, Job, compute
from effaug.study.learners import featurizer, frozen_features
from effaug.study.own import own_task
from effaug.study.protocols import load_protocol
from effaug.study.provenance import describe
from effaug.study.results import Results
from effaug.study.runner import run
from effaug.study.task_data import Subset, load_subset
from effaug.study.tasks import SOURCES, TASKS, Task, augmentation, choices_read, load_task

FEW = {"policies": ("baseline", "random_proportional"), "n_seeds": 2}


def digits(n=60, labels=(3, 8)):
    """scikit-learn's threes and eights as images and labels of one's own."""
    pixels, digit = load_digits(return_X_y=True)
    chosen = np.isin(digit, (3, 8))
    images = (16 * pixels[chosen]).clip(0, 255).astype(np.uint8).reshape(-1, 8, 8, 1)
    y = np.array(labels)[(digit[chosen] == 8).astype(int)]
    return Subset(images[:n], y[:n], images[n:], y[n:])


class Scaled(TransformerMixin, BaseEstimator):
    """A transformer of one's own."""

    def __init__(self, factor=1.0):
        self.factor = factor

    def fit(self, X, y):
        self.mean_ = X[y == 1].mean(axis=0)
        return self

    def transform(self, X):
        return (self.factor * (X - self.mean_) / 255).reshape(len(X), -1)


MINE = {
    "images": lambda: own_task("mine", digits(), augmentation=Translate(((0, 1), (1, 0)))),
    "augmenters": lambda: own_task("mine", "digits-rotate", augmentation=[iaa.Fliplr(1.0), iaa.Affine(rotate=20)]),
    "transformer": lambda: own_task("mine", "digits-crop", network=Scaled(2.0)),
    "pipeline": lambda: own_task("mine", load_task("digits-crop", n_train=80), network=make_pipeline(Pixels(), PCA(9))),
    "all three": lambda: own_task("mine", digits(), augmentation=lambda x: x[:, None, :, ::-1], network=Scaled()),
    "again": lambda: own_task("other", MINE["all three"](), augmentation=Rotate((10.0, 20.0))),
}


@pytest.mark.parametrize("make", MINE.values(), ids=MINE)
@pytest.mark.parametrize("protocol", ["paper", "released-code"])
def test_full_augmentation_is_that_of_explicit_copies(cache, make, protocol):
    """By scikit-learn, on images that are copied and featurised here."""
    task, C = make(), {"paper": 10, "released-code": 1}[protocol]
    subset, net = load_subset(task), featurizer(task, load_protocol(protocol))
    net.fit(subset.x_train, subset.y_train)
    (x, y), (x_test, y_test) = (
        (transform_copies(net, with_originals(images, augmentation(task))), np.repeat(labels, 1 + len(task.parameters)))
        for images, labels in ((subset.x_train, subset.y_train), (subset.x_test, subset.y_test))
    )
    model = LogisticRegression(C=C, solver="newton-cholesky", tol=1e-9).fit(x.reshape(len(y), -1), y)
    curve = compute(Experiment(task, protocol), Job("", "full", 0))
    np.testing.assert_allclose(curve.accuracies, [model.score(x_test.reshape(len(y_test), -1), y_test)], atol=1e-3)
    assert (curve.task, curve.budgets) == (task.name, (len(subset.y_train),))


@pytest.mark.parametrize("make", MINE.values(), ids=MINE)
def test_curves_are_computed_and_stored_under_the_users_name(cache, tmp_path, make):
    task, store = make(), Results(tmp_path)
    spec = Experiment(task, "paper", **FEW)
    assert run(spec, store) == 5
    assert store.tasks() == [task.name]
    table = store.table()
    assert set(table.policy) == {"full", *FEW["policies"]}
    assert sorted(set(table.budget)) == list(task.budgets)
    record = store.record(task.name)["paper/frozen"]
    assert record["data_sha256"].keys() == {"x_train", "y_train", "x_test", "y_test"}
    assert record["task"]["name"] == task.name
    assert record["task"]["augmentation"] == task.augmentation
    assert "own" not in record["task"]
    assert " at 0x" not in json.dumps(record)
    assert run(Experiment(make(), "paper", **FEW), store) == 0  # the same, made anew


def test_records_name_what_was_used(cache):
    task = own_task("mine", "digits-crop", augmentation=[iaa.Fliplr(1.0)], network=Scaled(3.0))
    record = describe(Experiment(task, "paper"))
    assert record["network"] == {"name": "Scaled(factor=3.0)"}
    assert record["task"]["augmentation"].startswith("Augmenters([Fliplr(")
    assert (record["task"]["dataset"], record["task"]["parameters"]) == ("digits", (1,))
    ours = own_task("mine", digits(), augmentation=Rotate((5.0,)), network=LeNet(epochs=3))
    assert describe(Experiment(ours, "paper"))["network"]["epochs"] == 3


@pytest.mark.parametrize("change", ["images", "augmentation", "network"])
def test_other_things_of_the_same_name_are_not_mixed(cache, tmp_path, change):
    data, settings = digits(), {"augmentation": Rotate((5.0,)), "network": Scaled()}
    run(Experiment(own_task("mine", data, **settings), "paper", **FEW), Results(tmp_path))
    if change == "images":
        data = dataclasses.replace(data, x_test=255 - data.x_test)
    else:
        settings[change] = {"augmentation": Rotate((6.0,)), "network": Scaled(2.0)}[change]
    more = Experiment(own_task("mine", data, **settings), "paper", **FEW | {"n_seeds": 3})
    with pytest.raises(ValueError, match=r"holds curves of paper/frozen computed with .*name another folder"):
        run(more, Results(tmp_path))


def test_workers_do_not_change_the_numbers(cache, tmp_path):
    task = own_task("mine", digits(), augmentation=[iaa.Affine(rotate=(-20, 20))], network=Scaled())
    for n_jobs in (1, 2):
        run(Experiment(task, "paper", **FEW), Results(tmp_path / str(n_jobs)), n_jobs=n_jobs)
    one, two = (Results(tmp_path / str(n_jobs)).table() for n_jobs in (1, 2))
    assert one.equals(two)


def test_objects_that_workers_cannot_have_are_named(cache, tmp_path):
    spec = Experiment(own_task("mine", digits(), augmentation=lambda x: x[:, None]), "paper", **FEW)
    with pytest.raises(ValueError, match="n_jobs must be 1 for a task with objects that cannot be pickled"):
        run(spec, Results(tmp_path), n_jobs=2)
    assert run(spec, Results(tmp_path), n_jobs=1) == 5


# What is kept


def test_a_workers_copy_is_the_same_task_and_one_made_anew_is_not():
    task = MINE["transformer"]()
    assert pickle.loads(pickle.dumps(task)) == task
    assert hash(pickle.loads(pickle.dumps(task))) == hash(task)
    assert MINE["transformer"]() != task


def test_later_changes_to_what_was_passed_have_no_effect(cache):
    data, net, mine = digits(), Scaled(), [iaa.Fliplr(1.0)]
    task = own_task("mine", data, augmentation=mine, network=net)
    before = [np.array(x) for x in frozen_features(task, load_protocol())]
    data.x_train[:] = 0
    net.factor = 5.0
    mine[0] = iaa.Flipud(1.0)
    after = frozen_features(task, load_protocol())
    for old, new in zip(before, after, strict=True):
        np.testing.assert_array_equal(old, new)
    assert not hasattr(net, "mean_")


def test_what_looks_alike_never_shares_features(cache):
    class First(Scaled):
        pass

    class Second(Scaled):
        def transform(self, X):
            return 1 + super().transform(X)

    Second.__name__ = Second.__qualname__ = "First"
    subset = digits()
    tasks = [own_task("mine", subset, augmentation=Rotate((5.0,)), network=kind()) for kind in (First, Second)]
    first, second = (frozen_features(task, load_protocol())[0] for task in tasks)
    np.testing.assert_allclose(second, first + 1, rtol=1e-6)
    learned = [learners.learner(task, load_protocol(), "frozen", 0)(np.ones((60, 2))).train for task in tasks]
    np.testing.assert_allclose(learned[1], learned[0] + 1, rtol=1e-6)


def test_features_are_cached_where_the_code_is_ours_and_nothing_else_is(cache):
    frozen_features(own_task("mine", digits(), augmentation=Rotate((5.0,))), load_protocol())
    assert len(list(cache.glob("features-*.npy"))) == 2
    for make in (MINE["augmenters"], MINE["transformer"], MINE["pipeline"], MINE["all three"]):
        frozen_features(make(), load_protocol())
    assert len(list(cache.glob("features-*.npy"))) == 2


# What is refused


@pytest.mark.parametrize("name", [*TASKS, *SOURCES, "digits-mine", "Digits-rotate", "mnist_mine", "../mine", "", "a b"])
def test_a_registered_name_or_no_file_name_is_refused(name):
    with pytest.raises(ValueError, match="name of a task of your own must be") as error:
        own_task(name, digits(), augmentation=Rotate((5.0,)))
    assert str(error.value).endswith(f"got {name!r}")


def test_a_task_without_images_is_refused():
    fields = {f.name: getattr(load_task("digits-crop"), f.name) for f in dataclasses.fields(Task)}
    with pytest.raises(ValueError, match=r"unknown task 'mine'.*effaug.own_task makes one"):
        Task(**fields | {"name": "mine"})


def test_results_of_ones_own_are_reproduced_by_their_maker_alone(cache, tmp_path):
    run(Experiment(MINE["images"](), "paper", **FEW), Results(tmp_path))
    with pytest.raises(ValueError, match=r"unknown task 'mine'.*effaug.own_task"):
        reproduce.stored_experiments(Results(tmp_path), "mine")


def altered(**changes):
    return dataclasses.replace(digits(), **changes)


@pytest.mark.parametrize(
    ("data", "settings", "message"),
    [
        (np.zeros(3), {}, "data must be a Subset, a Task or the name of one"),
        ("digits-flip", {}, "unknown task 'digits-flip'"),
        (altered(x_train=digits().x_train / 255), {}, "images must be uint8 .* got float64 of shape"),
        (altered(x_train=digits().x_train[..., 0]), {}, "images must be uint8 of shape"),
        (altered(x_train=np.moveaxis(digits().x_train, -1, 1)), {}, r"channels last, .* got shape \(60, 1, 8, 8\)"),
        (altered(x_test=digits().x_test[:, 1:]), {}, "images must be uint8 .*x_test"),
        (altered(y_train=digits().y_train[1:]), {}, "y_train must have a label for each of 60 images"),
        (altered(y_train=np.arange(60)), {}, "labels must be of two classes"),
        (altered(y_test=digits().y_test + 1), {}, r"labels must be of two classes.* \[3, 4, 8, 9\]"),
        (digits(), {"augmentation": None}, "augmentation must be a function of images, or a list"),
        (digits(), {"augmentation": iaa.Fliplr(1.0)}, "augmentation must be a function of images, or a list"),
        (digits(), {"augmentation": [3]}, "augmenters must be imgaug augmenters, got 3"),
        (digits(), {"augmentation": []}, "augmenters must hold at least one"),
        (digits(), {"augmentation": lambda x: x}, r"augmentation must turn images .* got \(1, 8, 8, 1\)"),
        (digits(), {"augmentation": lambda x: x[:, None] / 255}, "augmentation must turn images .*uint8"),
        (digits(), {"network": "resnett"}, "unknown network 'resnett'.*or a transformer"),
        (digits(), {"network": Scaled}, "network must be a scikit-learn transformer, got .*a class"),
        (digits(), {"network": len}, "network must be a scikit-learn transformer.* without fit, transform, get_params"),
    ],
)
def test_what_cannot_be_used_is_named(data, settings, message):
    with pytest.raises(ValueError, match=message):
        own_task("mine", data, **{"augmentation": Rotate((5.0,))} | settings)


def test_a_transformer_of_ones_own_is_not_refit():
    with pytest.raises(ValueError, match="only 'frozen' is possible"):
        Experiment(MINE["transformer"](), "paper", features="refit")


# Names


def test_what_may_be_passed_may_be_named():
    for protocol in ("paper", "released-code"):
        found = Experiment("cifar10-rotate", protocol)
        assert found.protocol == load_protocol(protocol)
        assert found.task == load_task("cifar10-rotate", protocol=protocol)
    assert load_subset("digits-crop").sha256 == load_subset(load_task("digits-crop")).sha256
    assert effaug.own_task is own_task
    assert effaug.Augmenters is Augmenters


def test_labels_may_be_any_two_and_the_greater_is_1():
    task = own_task("mine", digits(labels=("cat", "dog")), augmentation=Rotate((5.0,)))
    assert task.classes == ("cat", "dog")
    np.testing.assert_array_equal(load_subset(task).y_train, digits().y_train == 8)


@pytest.mark.parametrize("network", ["lenet", "cnn", "pixels"])
def test_a_named_network_is_trained_as_the_protocol_says(network):
    task = own_task("mine", digits(), augmentation=Rotate((5.0,)), network=network)
    found = featurizer(task, load_protocol("paper", epochs=3), 4)
    assert type(found) is {"lenet": LeNet, "cnn": CNN, "pixels": Pixels}[network]
    read = choices_read(task)
    assert ("epochs" in read) == ("shared_start" in read) == (network != "pixels")
    assert ("cnn_precision" in read) == (network == "cnn")
    with pytest.raises(ValueError, match="directions changes nothing for mine"):
        Experiment(task, load_protocol("paper", directions=((1, 0),)))
