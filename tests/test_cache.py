"""effaug.images.cache: what is cached is computed once, again when anything changes, and never read half-written."""

import dataclasses
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import platformdirs
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from effaug.images import _streamed
from effaug.images import cache as module
from effaug.images.augment import Augmenters, Crop, Rotate, Translate, with_originals
from effaug.images.cache import Entry, FeatureCache, cache_folder, digest
from effaug.images.features import LeNet, Pixels, transform_copies
from effaug.images.frozen import ResNet

PACKAGE = Path(module.__file__).parent
SHIFTS = Translate(((0, 2), (-3, 0)))


def toy():
    rng = np.random.default_rng(0)
    return rng.integers(0, 250, (48, 16, 16, 1), dtype=np.uint8), np.arange(48) % 2


class Counted(LeNet):
    """LeNet as the cache sees it, without Keras."""

    __module__ = LeNet.__module__
    fits, transforms = 0, ()  # how many images each transform was given

    def fit(self, X, y):
        Counted.fits += 1
        self.weights_, self.classes_ = [np.array([X.sum() + y @ np.arange(len(y)), self.random_state])], np.unique(y)
        return self

    def transform(self, X):
        Counted.transforms += (len(X),)
        return (X.reshape(len(X), -1) * self.weights_[0][0] + self.random_state).astype(np.float32)


class Frozen(ResNet):
    """ResNet as the cache sees it, without Keras."""

    __module__ = ResNet.__module__

    def fit(self, X, y=None, sha256="a" * 64, pixel_scale=1 / 255):
        self.weights_sha256_, self.pixel_scale_ = sha256, pixel_scale
        return self

    def transform(self, X):
        Counted.transforms += (len(X),)
        values = X.reshape(len(X), -1) * np.float32(self.pixel_scale_) - self.subtract_mean
        return (values * int(self.weights_sha256_[0], 16)).astype(np.float32)


@pytest.fixture
def counted(monkeypatch):
    monkeypatch.setattr(Counted, "fits", 0)
    monkeypatch.setattr(Counted, "transforms", ())
    return Counted


def test_cache_trains_and_featurises_once(cache, counted):
    images, labels = toy()
    results = []
    for _ in range(3):
        store = FeatureCache()
        assert store.folder == cache
        net = store.fit(counted(), images, labels)
        results.append((net, store.transform(net, images, SHIFTS)))
    assert counted.fits == 1
    assert counted.transforms == (3, 144)  # one point and its copies beforehand, to know the features' shape
    for net, found in results:
        np.testing.assert_array_equal(found, transform_copies(net, with_originals(images, SHIFTS)))
        np.testing.assert_array_equal(net.classes_, [0, 1])
        np.testing.assert_array_equal(net.weights_, results[0][0].weights_)


@pytest.mark.parametrize("change", ["images", "labels", "random_state", "learning_rate", "versions", "source"])
def test_cache_trains_again_when_something_it_depends_on_changes(cache, counted, monkeypatch, change):
    images, labels = toy()
    FeatureCache().fit(counted(), images, labels)
    settings = {"random_state": {"random_state": 1}, "learning_rate": {"learning_rate": 0.1}}.get(change, {})
    if change == "images":
        images[3, 5, 5, 0] += 1
    if change == "labels":
        labels = 1 - labels
    if change == "versions":
        monkeypatch.setattr(module, "versions", lambda: "keras 4")
    if change == "source":
        monkeypatch.setattr(module, "_SOURCE", "of edited modules")
    FeatureCache().fit(counted(**settings), images, labels)
    assert counted.fits == 2


@pytest.mark.parametrize(
    "change",
    ["images", "shape", "weights", "versions", "source", "class", "settings", "parameters", "order", "augmentation"],
)
def test_cache_featurises_again_when_something_it_depends_on_changes(cache, counted, monkeypatch, change):
    images, labels = toy()
    net, augment = counted().fit(images, labels), SHIFTS
    before = FeatureCache().transform(net, images, augment)
    if change == "images":
        images = images[::-1]
    if change == "shape":
        images = images.reshape(96, 8, 16, 1)
    if change == "weights":
        net.weights_ = [net.weights_[0] + 1]
    if change == "versions":
        monkeypatch.setattr(module, "versions", lambda: "keras 4")
    if change == "source":
        monkeypatch.setattr(module, "_SOURCE", "of edited modules")
    if change == "class":
        net = Pixels().fit(images)
    if change == "settings":
        net.random_state = 1
    augment = {
        "parameters": Translate(((0, 2), (-3, 1))),
        "order": Translate(((-3, 0), (0, 2))),
        "augmentation": Crop((2, 3)),
    }.get(change, augment)
    after = FeatureCache().transform(net, images, augment)
    assert len(counted.transforms) == (2 if change == "class" else 4)
    np.testing.assert_array_equal(after, transform_copies(net, with_originals(images, augment)))
    assert change in ("versions", "source") or not np.array_equal(before, after)


def test_features_know_the_libraries_that_make_them(cache, counted, monkeypatch):
    net = counted().fit(*toy())
    for name in ("numpy", "imgaug", "opencv-python"):
        FeatureCache().transform(net, toy()[0], SHIFTS)
        monkeypatch.setattr(module, "version", lambda asked, name=name: "99" if asked == name else "1")
    FeatureCache().transform(net, toy()[0], SHIFTS)
    assert len(list(cache.glob("*.npy"))) == 4


def sources(folder):
    return [Path(folder) / f"{name}.py" for name in module._SOURCES]


@pytest.mark.parametrize("edited", module._SOURCES)
def test_an_edited_module_gives_another_key(tmp_path, edited):
    for path in sources(PACKAGE):
        shutil.copy(path, tmp_path)
    assert module.source_digest(sources(tmp_path)) == module._SOURCE
    with (tmp_path / f"{edited}.py").open("a") as file:
        file.write("L2 = 1e-3\n")
    assert module.source_digest(sources(tmp_path)) != module._SOURCE


def test_edited_code_is_not_given_the_features_of_the_old(cache, tmp_path):
    images, _ = toy()
    old = FeatureCache().transform(Pixels().fit(images), images, SHIFTS)
    shutil.copytree(PACKAGE.parent, tmp_path / "effaug")
    edited = tmp_path / "effaug" / "images" / "features.py"
    edited.write_text(edited.read_text().replace("astype(np.float32) / 255", "astype(np.float32) / 128"))
    code = f"""
import sys
sys.path[:0] = {[str(tmp_path), os.path.dirname(__file__)]}
import numpy as np
from test_cache import FeatureCache, Pixels, SHIFTS, toy
np.save({str(tmp_path / "new.npy")!r}, FeatureCache().transform(Pixels().fit(toy()[0]), toy()[0], SHIFTS))
"""
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path)
    np.testing.assert_allclose(np.load(tmp_path / "new.npy"), old * np.float32(255 / 128), rtol=1e-6)


def test_the_key_knows_every_module_that_features_are_made_by():
    """The others that these import write files and find folders."""
    found = set()
    for path in sources(PACKAGE):
        found |= set(re.findall(r"^ *from (effaug[.\w]*) import ", path.read_text(), re.M))
    known = {"effaug.images", *(f"effaug.images.{name}" for name in module._SOURCES)}
    assert found - known == {"effaug.images._files", "effaug.images._folders"}


def test_frozen_features_depend_on_the_weights_and_not_on_their_name(cache, counted):
    images, _ = toy()
    nets = [Frozen().fit(images), Frozen(subtract_mean=False).fit(images), Frozen().fit(images, pixel_scale=1 / 255**2)]
    found = [FeatureCache().transform(net, images, SHIFTS) for net in nets]
    found.append(FeatureCache().transform(Frozen().fit(images, sha256="b" * 64), images, SHIFTS))
    assert len(counted.transforms) == 8
    assert len({features.tobytes() for features in found}) == 4
    same = FeatureCache().transform(Frozen("another-name").fit(images), images, SHIFTS)
    assert len(counted.transforms) == 8
    np.testing.assert_array_equal(same, found[0])


@pytest.mark.parametrize("where", ["compute", "write"])
def test_cache_holds_nothing_after_a_crash(cache, monkeypatch, where):
    def crash(*_):
        raise RuntimeError("power cut")

    def half(file, *arrays):
        file.write_bytes(b"PK half an archive")
        crash()

    with monkeypatch.context() as broken:
        if where == "write":
            broken.setattr(module.np, "savez", half)
        with pytest.raises(RuntimeError, match="power cut"):
            FeatureCache()._arrays("key", crash if where == "compute" else lambda: [np.ones(3)])
    assert {path.suffix for path in cache.iterdir()} <= {".lock"}
    np.testing.assert_array_equal(FeatureCache()._arrays("key", lambda: [np.ones(3)]), [np.ones(3)])


def test_cache_never_reads_what_a_killed_process_left(cache):
    cache.mkdir()
    for name in ("key.part", f".key.npz.{os.getpid()}.part.npz", ".key.npz.1.part.npz"):
        (cache / name).write_bytes(b"PK half an archive")
    np.testing.assert_array_equal(FeatureCache()._arrays("key", lambda: [np.ones(3)]), [np.ones(3)])


def test_cache_gives_back_arrays_in_their_order_and_kind(cache):
    arrays = [np.arange(k, dtype=kind).reshape(1, -1) for k, kind in enumerate(["f4", "f8", "u1"] * 5)]
    for _ in range(2):
        found = FeatureCache()._arrays("key", lambda: arrays)
        assert [(a.dtype, a.shape) for a in found] == [(a.dtype, a.shape) for a in arrays]
        assert all((a == b).all() for a, b in zip(found, arrays, strict=True))


def at_once(call, n=4):
    threads = [threading.Thread(target=call) for _ in range(n)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_cache_computes_once_for_all_who_ask_at_once(cache, counted):
    calls, found = [], []

    def compute():
        calls.append(1)
        time.sleep(0.2)
        return [np.ones(3)]

    at_once(lambda: found.extend(FeatureCache()._arrays("key", compute)))
    assert (len(calls), len(found)) == (1, 4)
    images, labels = toy()
    net, features = counted().fit(images, labels), []
    at_once(lambda: features.append(FeatureCache().transform(net, images, SHIFTS)))
    assert counted.transforms == (3, 144)
    assert len(features) == 4
    assert all((one == features[0]).all() for one in features)


# Batches


@dataclasses.dataclass(frozen=True)
class Watched(Translate):
    """A translation that tells how many images it is given."""

    __module__ = Translate.__module__
    asked = ()

    def __call__(self, images):
        Watched.asked += (len(images),)
        return super().__call__(images)


@pytest.mark.parametrize(
    ("batch", "points"),
    [(1024, [48]), (144, [48]), (143, [47, 1]), (30, [10] * 4 + [8]), (7, [2] * 24), (2, [1] * 48)],
)
def test_features_are_those_of_all_copies_at_once_and_never_more_than_a_batch_is_augmented(
    cache, counted, monkeypatch, batch, points
):
    images, labels = toy()
    monkeypatch.setattr(module, "_BATCH", batch)
    monkeypatch.setattr(Watched, "asked", ())
    net, told = counted().fit(images, labels), []
    found = FeatureCache().transform(net, images, Watched(SHIFTS.shifts), progress=lambda *now: told.append(now))
    assert Watched.asked == (1, *points)
    assert counted.transforms == (3, *(3 * n for n in points))
    expected = transform_copies(net, with_originals(images, SHIFTS))
    assert (found.shape, found.dtype) == ((48, 3, 256), np.float32)
    np.testing.assert_array_equal(found, expected)
    assert [now[:2] for now in told] == [(3 * done, 144) for done in np.cumsum(points)]
    assert all(speed > 0 for *_, speed in told)


def test_features_are_mapped_from_disk_and_cannot_be_changed(cache):
    images, _ = toy()
    found = FeatureCache().transform(Pixels().fit(images), images, Rotate((5.0,)))
    assert isinstance(found, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        found[0] = 0
    (stored,) = cache.glob("*.npy")
    np.testing.assert_array_equal(np.load(stored), found)
    assert not list(cache.glob("*.part"))


@pytest.mark.parametrize("place", ["features", "augmentation", "record", "file"])
def test_an_interrupted_featurisation_goes_on_at_its_last_stored_batch(cache, counted, monkeypatch, place):
    """Batches of 10 points; ctrl-C in the third, or when all five are stored and the file is to be written."""
    images, labels = toy()
    net, calls = counted().fit(images, labels), []
    monkeypatch.setattr(module, "_BATCH", 30)
    home, name, count = {
        "features": (module, "transform_copies", 4),  # the first one tells the shape
        "augmentation": (module, "with_originals", 4),
        "record": (_streamed, "write_whole", 3),
        "file": (Path, "replace", 6),  # five records before it
    }[place]
    whole = getattr(home, name)

    def stopped(*arguments, **more):
        calls.append(1)
        if len(calls) == count:
            raise KeyboardInterrupt
        return whole(*arguments, **more)

    with monkeypatch.context() as broken:
        broken.setattr(home, name, stopped)
        with pytest.raises(KeyboardInterrupt):
            FeatureCache().transform(net, images, SHIFTS)
    assert not list(cache.glob("*.npy"))
    counted.transforms, told = (), []
    found = FeatureCache().transform(net, images, SHIFTS, progress=lambda *now: told.append(now))
    assert counted.transforms == ((3,) if place == "file" else (3, 30, 30, 24))
    assert [now[:2] for now in told] == ([] if place == "file" else [(90, 144), (120, 144), (144, 144)])
    np.testing.assert_array_equal(found, transform_copies(net, with_originals(images, SHIFTS)))
    assert {path.suffix for path in cache.iterdir()} == {".npy", ".json", ".lock"}


def test_a_killed_featurisation_leaves_nothing_that_is_read_as_complete(cache, monkeypatch):
    code = """
import os, signal, sys, time
sys.path.insert(0, sys.argv[1])
from test_cache import FeatureCache, Pixels, SHIFTS, module, toy
whole, calls = module.transform_copies, []
def killed(*arguments):
    calls.append(1)
    if len(calls) == 4:
        while not FeatureCache().entries()[0].words.startswith("features of 60"):
            time.sleep(0.01)  # the batch before is being written
        os.kill(os.getpid(), signal.SIGKILL)
    return whole(*arguments)
module.transform_copies, module._BATCH = killed, 30
FeatureCache().transform(Pixels().fit(toy()[0]), toy()[0], SHIFTS)
"""
    ran = subprocess.run([sys.executable, "-c", code, os.path.dirname(__file__)], capture_output=True, text=True)
    assert ran.returncode == -signal.SIGKILL, ran.stderr
    (part,) = cache.glob("*.part")
    part.with_name(f".{part.stem}.npy.{os.getppid()}.part.npy").write_bytes(b"\x93NUMPY half a fi")
    (entry,) = FeatureCache().entries()
    assert entry.words.endswith("; unfinished, of 144")
    assert entry.words.startswith("features of 60 images by Pixels()")
    images, calls, whole = toy()[0], [], transform_copies
    monkeypatch.setattr(module, "_BATCH", 30)
    monkeypatch.setattr(module, "transform_copies", lambda net, x: calls.append(len(x)) or whole(net, x))
    found = FeatureCache().transform(Pixels().fit(images), images, SHIFTS)
    assert calls == [1, 10, 10, 8]
    np.testing.assert_array_equal(found, whole(Pixels().fit(images), with_originals(images, SHIFTS)))


@pytest.mark.parametrize("left", [".part", ".json"])
def test_half_of_what_a_featurisation_needs_to_go_on_is_not_read(cache, counted, monkeypatch, left):
    images, labels = toy()
    net = counted().fit(images, labels)
    whole = FeatureCache().transform(net, images, SHIFTS).copy()
    (stored,) = cache.glob("*.npy")
    stored.unlink()
    if left == ".part":
        stored.with_suffix(".json").unlink()
        stored.with_suffix(".part").write_bytes(b"half a batch")
    assert FeatureCache().entries() == []
    np.testing.assert_array_equal(FeatureCache().transform(net, images, SHIFTS), whole)
    assert counted.transforms == (3, 144, 3, 144)


@dataclasses.dataclass(frozen=True)
class Mirror(Translate):
    """An augmentation of one's own that is an heir of ours."""

    def __call__(self, images):
        return images[:, None, :, ::-1]


class Doubled(Pixels):
    """A transformer of one's own that is an heir of ours."""

    def transform(self, X):
        return 2 * super().transform(X)


def own_augmentations():
    from effaug.images._imgaug import iaa

    return {
        "augmenters": Augmenters([iaa.Fliplr(1.0)]),
        "function": lambda images: 255 - images[:, None],
        "heir": Mirror(SHIFTS.shifts),
    }


@pytest.mark.parametrize("name", ["augmenters", "function", "heir"])
def test_copies_by_code_of_ones_own_are_featurised_and_not_kept(cache, monkeypatch, name):
    images, augment, told = toy()[0], own_augmentations()[name], []
    monkeypatch.setattr(module, "_BATCH", 30)
    net = Pixels().fit(images)
    found = FeatureCache().transform(net, images, augment, progress=lambda *now: told.append(now[:2]))
    np.testing.assert_array_equal(found, transform_copies(net, with_originals(images, augment)))
    assert (found.dtype, found.flags.writeable, cache.exists()) == (np.float32, False, False)
    assert told == [(30, 96), (60, 96), (90, 96), (96, 96)]


@pytest.mark.parametrize("kind", [Doubled, lambda: make_pipeline(Pixels(), StandardScaler())], ids=["heir", "pipeline"])
def test_features_by_code_of_ones_own_are_not_kept(cache, kind):
    images, labels = toy()
    net = FeatureCache().fit(kind(), images, labels)
    found = FeatureCache().transform(net, images, SHIFTS)
    expected = kind().fit(images).transform(with_originals(images, SHIFTS).reshape(-1, 16, 16, 1))
    np.testing.assert_array_equal(found, expected.reshape(48, 3, 256).astype(np.float32))
    assert not cache.exists()


def test_a_heir_of_a_network_is_trained_each_time_and_not_taken_for_it(cache, counted):
    class Heir(counted):
        pass

    Heir.__name__ = "Counted"
    assert Heir.__module__ != counted.__module__
    for kind in (counted, Heir, Heir):
        FeatureCache().fit(kind(), *toy())
    assert counted.fits == 3
    assert len(list(cache.glob("net-*.npz"))) == 1


def test_parameters_that_print_alike_have_keys_of_their_own(cache):
    images, _ = toy()
    for angle in (5.0, np.nextafter(5.0, 6.0)):
        FeatureCache().transform(Pixels().fit(images), images, Rotate(np.array([angle])))
    assert len(list(cache.glob("*.npy"))) == 2


# What is there


@pytest.mark.parametrize("newest", ["small", "large"])
def test_entries_tell_what_is_cached_the_newest_first(cache, counted, newest):
    assert FeatureCache().entries() == []
    images, labels = toy()
    trained = [FeatureCache().fit(counted(random_state=k), images, labels) for k in range(2)]
    FeatureCache().transform(trained[1], images, SHIFTS)
    FeatureCache().transform(Pixels().fit(images), images[:5], Rotate((5.0,)))
    nets = list(cache.glob("net-*.npz"))
    small, large = sorted(cache.glob("features-*.npy"), key=lambda path: path.stat().st_size)
    first, last = (small, large) if newest == "small" else (large, small)
    for path, age in ((first, 100), (nets[0], 200), (nets[1], 300), (last, 400)):
        os.utime(path, (1e9 - age, 1e9 - age))
    words = {
        small: "features of 10 images by Pixels(), Rotate(angles=(5.0,))",
        large: "features of 144 images by Counted(random_state=1), Translate(shifts=((0, 2), (-3, 0)))",
    }
    assert FeatureCache().entries() == [
        Entry(words[first], first.stat().st_size, 1e9 - 100),
        Entry("2 trained small networks", sum(net.stat().st_size for net in nets), 1e9 - 200),
        Entry(words[last], last.stat().st_size, 1e9 - 400),
    ]


def test_clear_removes_what_the_cache_made_and_nothing_else(cache, counted):
    assert FeatureCache().clear() == 0
    images, labels = toy()
    net = FeatureCache().fit(counted(), images, labels)
    FeatureCache().transform(net, images, SHIFTS)
    for name in ("features-1.part", ".features-1.npy.9.part.npy", ".net-1.npz.9.part.npz", ".features-1.json.9.part"):
        (cache / name).write_bytes(b"half a fi")
    (cache / "features-1.json").write_text(
        json.dumps({"points": 2, "of": 4, "copies": 3, "network": "N", "augmentation": "A"})
    )
    (cache / "notes.txt").write_text("mine")
    kept = [path for pattern in ("features-*.npy", "net-*.npz", "features-1.part") for path in cache.glob(pattern)]
    size = sum(path.stat().st_size for path in kept)
    assert (len(kept), sum(entry.size for entry in FeatureCache().entries())) == (3, size)
    size += sum(path.stat().st_size for path in cache.iterdir() if path not in kept and path.name != "notes.txt")
    assert FeatureCache().clear() == size
    assert [path.name for path in cache.iterdir()] == ["notes.txt"]
    assert FeatureCache().entries() == []
    FeatureCache().transform(net, images, SHIFTS)
    assert counted.transforms == (3, 144, 3, 144)


def test_clear_leaves_what_another_is_writing(cache, counted, monkeypatch):
    images, labels = toy()
    net = FeatureCache().fit(counted(), images, labels)
    monkeypatch.setattr(module, "_BATCH", 30)
    freed = []
    found = FeatureCache().transform(net, images, SHIFTS, progress=lambda *_: freed.append(FeatureCache().clear()))
    assert freed[0] > 0  # the network, which is in use no more
    assert freed[1:] == [0] * 4
    np.testing.assert_array_equal(found, transform_copies(net, with_originals(images, SHIFTS)))
    assert {path.name.partition("-")[0] for path in cache.iterdir()} == {"features"}
    assert FeatureCache().clear() > found.nbytes
    assert list(cache.iterdir()) == []


def test_a_damaged_description_neither_stops_the_list_nor_the_clearing(cache, counted):
    images, labels = toy()
    FeatureCache().transform(FeatureCache().fit(counted(), images, labels), images, SHIFTS)
    (state,) = cache.glob("features-*.json")
    state.write_text('{"points": 4')
    assert [entry.words for entry in FeatureCache().entries()] == ["1 trained small networks"]
    assert FeatureCache().clear() > 0
    assert list(cache.iterdir()) == []


def flipped(raw, at):
    return raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]


DAMAGE = {
    "truncated": lambda raw: raw[:-100],
    "longer": lambda raw: raw + bytes(100),
    "a bit of the values": lambda raw: flipped(raw, len(raw) // 2),
    "a bit of the last value": lambda raw: flipped(raw, len(raw) - 1),
    "another shape": lambda raw: raw.replace(b"(48, 3, 256)", b"(48, 256, 3)"),
    "another type": lambda raw: raw.replace(b"<f4", b"<i4"),
    "empty": lambda raw: b"",
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_damaged_features_are_refused_by_name(cache, counted, damage):
    images, labels = toy()
    net = FeatureCache().fit(counted(), images, labels)
    FeatureCache().transform(net, images, SHIFTS)
    (path,) = cache.glob("features-*.npy")
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ValueError, match=f"{path.name} is damaged .*remove it"):
        FeatureCache().transform(net, images, SHIFTS)


@pytest.mark.parametrize("text", [None, "", "null", "[]", '{"points": 48}'])
def test_features_without_their_record_are_refused_by_name(cache, counted, text):
    images, labels = toy()
    net = FeatureCache().fit(counted(), images, labels)
    FeatureCache().transform(net, images, SHIFTS)
    (path,), (state,) = cache.glob("features-*.npy"), cache.glob("features-*.json")
    state.unlink() if text is None else state.write_text(text)
    with pytest.raises(ValueError, match=f"{path.name} is damaged .*remove it"):
        FeatureCache().transform(net, images, SHIFTS)


@pytest.mark.parametrize("damage", ["truncated", "a bit of the values", "empty"])
def test_a_damaged_network_is_refused_by_name(cache, counted, damage):
    images, labels = toy()
    FeatureCache().fit(counted(), images, labels)
    (path,) = cache.glob("net-*.npz")
    path.write_bytes(DAMAGE[damage](path.read_bytes()))
    with pytest.raises(ValueError, match=f"{path.name} is no whole npz archive.*remove it"):
        FeatureCache().fit(counted(), images, labels)


@pytest.mark.parametrize("damage", [DAMAGE["truncated"], DAMAGE["a bit of the values"], lambda raw: flipped(raw, 140)])
def test_damaged_unfinished_features_are_computed_from_the_start(cache, counted, monkeypatch, damage):
    images, labels = toy()
    net = counted().fit(images, labels)
    monkeypatch.setattr(module, "_BATCH", 30)
    interrupted(cache, net, images, monkeypatch, batches=3)
    (part,) = cache.glob("*.part")
    part.write_bytes(damage(part.read_bytes()))
    counted.transforms = ()
    found = FeatureCache().transform(net, images, SHIFTS)
    assert counted.transforms == (3, 30, 30, 30, 30, 24)
    np.testing.assert_array_equal(found, transform_copies(net, with_originals(images, SHIFTS)))


def interrupted(cache, net, images, monkeypatch, batches):
    calls, whole = [], module.transform_copies

    def stopped(*arguments):
        calls.append(1)
        if len(calls) == batches + 2:  # the first call tells the shape
            raise KeyboardInterrupt
        return whole(*arguments)

    with monkeypatch.context() as broken:
        broken.setattr(module, "transform_copies", stopped)
        with pytest.raises(KeyboardInterrupt):
            FeatureCache().transform(net, images, SHIFTS)


def test_a_disk_without_room_is_named_before_anything_is_computed(cache, counted, monkeypatch):
    images, labels = toy()
    net = counted().fit(images, labels)
    usage = shutil.disk_usage(cache.parent)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage._replace(free=10**5))
    with pytest.raises(OSError, match=f"{cache} has no room for 0 MB: make some, or name another folder"):
        FeatureCache().transform(net, images, SHIFTS)
    assert counted.transforms == (3,)  # the shape
    assert not list(cache.glob("*.npy"))


def test_a_disk_that_fills_up_ends_in_a_sentence_and_keeps_what_is_whole(cache, monkeypatch):
    """A file that may not grow stands for a full disk: the write fails, where a mapped one would fault (SIGBUS)."""
    code = """
import resource, sys
sys.path.insert(0, sys.argv[1])
from test_cache import FeatureCache, Pixels, SHIFTS, module, toy
module._BATCH = 30
resource.setrlimit(resource.RLIMIT_FSIZE, (80_000, 80_000))  # of 147,584 bytes
FeatureCache().transform(Pixels().fit(toy()[0]), toy()[0], SHIFTS)
"""
    ran = subprocess.run([sys.executable, "-c", code, os.path.dirname(__file__)], capture_output=True, text=True)
    assert ran.returncode == 1
    assert f"{cache} has no room for 0 MB: make some, or name another folder (EFFAUG_CACHE)" in ran.stderr
    images, calls, whole = toy()[0], [], transform_copies
    monkeypatch.setattr(module, "_BATCH", 30)
    monkeypatch.setattr(module, "transform_copies", lambda net, x: calls.append(len(x)) or whole(net, x))
    found = FeatureCache().transform(Pixels().fit(images), images, SHIFTS)
    assert calls == [1, 10, 10, 8]  # the first two batches were whole
    np.testing.assert_array_equal(found, whole(Pixels().fit(images), with_originals(images, SHIFTS)))


def test_every_batch_is_on_the_disk_before_it_counts(cache, counted, monkeypatch):
    images, labels = toy()
    net, synced = counted().fit(images, labels), []
    monkeypatch.setattr(module, "_BATCH", 30)
    whole = os.fsync
    monkeypatch.setattr(os, "fsync", lambda file: synced.append(file) or whole(file))
    FeatureCache().transform(net, images, SHIFTS)
    assert len(synced) >= 5


def test_a_description_left_by_deleted_features_does_not_speak_for_unfinished_ones(cache, counted, monkeypatch):
    images, labels = toy()
    net = FeatureCache().fit(counted(), images, labels)
    expected = np.array(FeatureCache().transform(net, images, SHIFTS))
    next(cache.glob("features-*.npy")).unlink()  # for its disk space, say; its .json stays

    def interrupted(self, X):
        if len(X) > 3:
            raise KeyboardInterrupt
        return transform(self, X)

    transform = Counted.transform
    monkeypatch.setattr(Counted, "transform", interrupted)
    with pytest.raises(KeyboardInterrupt):
        FeatureCache().transform(net, images, SHIFTS)
    monkeypatch.setattr(Counted, "transform", transform)
    np.testing.assert_array_equal(FeatureCache().transform(net, images, SHIFTS), expected)


def test_cache_lies_where_the_user_says_or_in_the_platforms_folder(cache, tmp_path, monkeypatch):
    assert cache_folder() == cache
    monkeypatch.setenv("EFFAUG_CACHE", "~/mine")
    assert cache_folder() == Path("~/mine").expanduser()
    monkeypatch.setenv("EFFAUG_CACHE", str(cache))
    assert FeatureCache(tmp_path / "other").folder == tmp_path / "other"
    monkeypatch.delenv("EFFAUG_CACHE")
    assert str(cache_folder()).startswith(platformdirs.user_cache_dir("effaug"))


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
