"""What effaug stores: results, measurements, trained networks and features in the cache."""

import hashlib
import io
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from corpus.archives import PICKLED, bomb, claiming, commented, header, npy, saved, twisted
from corpus.kinds import Broken, Hole, Payload, Reader, equal
from effaug.images import _streamed
from effaug.images.cache import FeatureCache
from effaug.report import withstood
from effaug.study import digests, timing
from effaug.study.results import Curve, Results

DEEP = b"[" * 200_000


def _written(write: Callable[[Path], Any], *names: str) -> dict[str, bytes]:
    """The files of these names in a folder that something was written to."""
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder))
        return {name: (Path(folder) / name).read_bytes() for name in names}


def _save(folder: Path) -> None:
    for seed in (0, 1):
        points = {"order": np.random.default_rng(seed).permutation(10).astype(np.uint8)}
        curve = Curve("toy", "paper", "frozen", "loss", "rank", seed, (0, 10), np.array([0.5, 0.25 * seed]), points)
        Results(folder).save([curve], {"code": "a commit"})


def _results(folder: Path) -> list[Any]:
    store = Results(folder)
    return [store.tasks(), store.table().values.tolist(), store.points("toy"), store.record("toy")]


def _may_be(found: list[Any], whole: list[Any]) -> bool:
    """Whole curves may be lost, for the CSV is written last; a record without digests is one of an earlier version."""
    return all(row in whole[1] for row in found[1]) and equal(found[2], whole[2])


STORED = _written(_save, "toy.csv", "toy.json", "toy.npz")
CSV, RECORD = STORED["toy.csv"].decode(), json.loads(STORED["toy.json"])
((LABEL, RUN),) = RECORD.items()
LINE = "toy,paper,frozen,loss,rank,{seed},{budget},{accuracy}\n"


def _line(seed="2", budget="0", accuracy="0.5") -> dict[str, bytes]:
    return {"toy.csv": (CSV + LINE.format(seed=seed, budget=budget, accuracy=accuracy)).encode()}


def _record(record: Any) -> dict[str, bytes]:
    return {"toy.json": json.dumps(record).encode()}


def _unsigned(**changes: Any) -> dict[str, bytes]:
    return _record({LABEL: {name: value for name, value in RUN.items() if name != digests.OWN} | changes})


NUMBERS = {
    "a row cut": {"toy.csv": (CSV + "toy,paper").encode()},
    "NaN": _line(accuracy="nan"),
    "an infinite accuracy": _line(accuracy="inf"),
    "an accuracy above 1": _line(accuracy="1.5"),
    "a negative budget": _line(budget="-1"),
    "a budget beyond 64 bits": _line(budget="9" * 19),
    "a seed of 5000 digits": _line(seed="9" * 5000),
    "other digits": _line(seed="\u0663"),
    "a grouped number": _line(budget="1_0"),
    "words": _line(accuracy="half"),
}
RESULTS = Reader(
    "results",
    _results,
    STORED,
    {
        **{name: Broken("toy.csv is damaged \\(line 6: ", files) for name, files in NUMBERS.items()},
        "no csv text": Broken("toy.csv is damaged .*can't decode", {"toy.csv": b"\xff\xfe"}),
        "an empty csv": Broken("toy.csv has the columns ; expected task", {"toy.csv": b""}),
        "other columns": Broken("toy.csv has the columns a; expected task", {"toy.csv": b"a\n1\n"}),
        "columns of a megabyte": Broken("toy.csv is damaged .*field larger", {"toy.csv": b"a" * 2**20}),
        "zero bytes": Broken("toy.csv (is damaged|has the columns)", {"toy.csv": bytes(100)}),
        "a csv of a terabyte": Broken("at most 268435456 are read", {"toy.csv": Hole(2**40, CSV.encode())}),
        "a digit": Broken("are not as they were stored", {"toy.csv": CSV.replace("0.25", "0.26").encode()}),
        "a csv cut": Broken("are not as they were stored", {"toy.csv": CSV[: CSV.rindex("toy")].encode()}),
        "rows of another label": Broken("has no record", {"toy.csv": CSV.replace("paper", "other").encode()}),
        "no json": Broken("toy.json has no record", {"toy.json": None}),
        "json cut": Broken("toy.json is damaged", {"toy.json": STORED["toy.json"][:-20]}),
        "json nested too deep": Broken("nested too deep", {"toy.json": DEEP}),
        "json of a list": Broken("a JSON object is expected, not list", _record([])),
        "json of other bytes": Broken("can't decode", {"toy.json": b"\xff\xfe{}"}),
        "a terabyte of json": Broken("at most 268435456 are read", {"toy.json": Hole(2**40, b"{}")}),
        "a number of 5000 digits": Broken("toy.json is damaged", {"toy.json": b'{"a": ' + b"9" * 5000 + b"}"}),
        **{f"a record of {v!r}": Broken("is no record of a run", _record({LABEL: v})) for v in ("x", 5, None, [], [1])},
        "curves of a list": Broken("is no record of a run", _unsigned(curves=["loss/rank/0"])),
        "curves of numbers": Broken("is no record of a run", _unsigned(curves={"loss/rank/0": 5})),
        "wrong hash": Broken("the digest of .* is not that", _record({LABEL: RUN | {"code": "another"}})),
        "wrong hash of a curve": Broken("are not as they were stored", _unsigned(curves={"loss/rank/0": "abc"})),
        "npz cut": Broken("toy.npz is damaged", {"toy.npz": STORED["toy.npz"][:-30]}),
        "no npz": Broken("arrays of .* are not as they were stored", {"toy.npz": None}),
        "pickled": Broken("holds pickled objects", {"toy.npz": PICKLED}),
        "other arrays": Broken("are not as they were stored", {"toy.npz": saved(a=np.zeros(3))}),
        "2 GB": Broken("are read\\): restore it", {"toy.npz": claiming(saved(a=np.zeros(3)), 2**31)}),
        "a bomb that lies": Broken("toy.npz is damaged", {"toy.npz": bomb()}),
    },
    names="{folder}/toy",
    good=_may_be,
)

TIMES = {"training": {"depth": 11}, "hardware": "a machine", "code": "a commit"}
TIMES |= {name: {"size": [1, 2], "seconds": [0.1, 0.2]} for name in ("epoch_times", "selection_times")}
COUNTS = {"hardware": "a machine", "code": "a commit", "seconds": 5, "counts": [["killed", "run", 3]]}


def _signed(record: dict[str, Any]) -> bytes:
    return json.dumps(digests.signed(record)).encode()


def _of_records(path: str, record: dict[str, Any], other: bytes) -> dict[str, Broken]:
    whole = _signed(record)
    contents = {
        "nothing": (b"", "is damaged"),
        "cut": (whole[:-4], "is damaged"),
        "a list": (b"[]", "a JSON object is expected"),
        "nested too deep": (DEEP, "nested too deep"),
        "other bytes": (b"\xff\xfe{}", "can't decode"),
        "a terabyte": (Hole(2**40), "at most 268435456 are read"),
        "no hash": (json.dumps(record).encode(), "its digest is not that of its content"),
        "wrong hash": (whole.replace(b"a commit", b"a Commit"), "its digest is not that of its content"),
        "of something else": (other, "is a record of something else: it has no"),
    }
    return {name: Broken(says, {path: content}) for name, (content, says) in contents.items()}


TIMINGS = Reader(
    "timings",
    lambda folder: timing.load(folder)["cpu"]["epoch_times"].to_dict("list"),
    {"cpu.json": _signed(TIMES)},
    _of_records("cpu.json", TIMES, _signed(COUNTS)),
    names="{folder}/cpu.json",
)
TORTURE = Reader(
    "counts",
    lambda folder: [withstood.counts(folder).reset_index().values.tolist(), withstood.in_words(folder)],
    {"torture/counts.json": _signed(COUNTS)},
    _of_records("torture/counts.json", COUNTS, _signed(TIMES)),
    names="{folder}/torture/counts.json",
)


def _network(folder: Path) -> list[np.ndarray]:
    return FeatureCache(folder)._arrays("net-1", lambda: [])


def _as_cached(*arrays: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, *arrays)
    return buffer.getvalue()


NET = _as_cached(np.arange(6, dtype=np.float32).reshape(2, 3), np.ones(3, np.float32))
NETWORK = Reader(
    "cached network",
    _network,
    {"net-1.npz": NET},
    {
        **{
            f"cut to {n} bytes": Broken("remove it, and it is computed", {"net-1.npz": NET[:n]})
            for n in (0, 30, 200, len(NET) - 1)
        },
        "pickled": Broken("holds pickled objects", {"net-1.npz": _as_cached(np.array([Payload()], object))}),
        "other arrays": Broken("net-1.npz .*remove it", {"net-1.npz": saved(a=np.zeros(3))}),
        "an array within a comment": Broken("1 members, its end tells of 2; remove it", {"net-1.npz": commented(NET)}),
        "an array lost": Broken("arr_1/npy is no array; remove it", {"net-1.npz": twisted(NET)}),
        "2 GB": Broken("are read; remove it", {"net-1.npz": claiming(NET, 2**31)}),
        "a bomb that lies": Broken("remove it", {"net-1.npz": bomb()}),
    },
    names="{folder}/net-1.npz",
)

VALUES = np.arange(24, dtype=np.float32).reshape(4, 2, 3)
ABOUT = {"of": 4, "copies": 2, "network": "toy", "augmentation": "none"}


def _stream(folder: Path, about: dict[str, Any] = ABOUT) -> np.ndarray:
    path = folder / "features-1.npy"
    if not path.exists():
        _streamed.write(path, VALUES.shape, lambda done: iter([VALUES[k : k + 1] for k in range(done, 4)]), about)
    return np.array(_streamed.read(path))


FEATURES_FILES = _written(_stream, "features-1.npy", "features-1.json")
NPY = FEATURES_FILES["features-1.npy"]


def _hashed(content: bytes) -> dict[str, bytes]:
    """Features whose JSON has their hash."""
    about = ABOUT | {"points": 4, "sha256": hashlib.sha256(content).hexdigest()}
    return {"features-1.npy": content, "features-1.json": json.dumps(about).encode()}


def _pickled() -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.array([Payload()], object), allow_pickle=True)
    return buffer.getvalue()


FEATURES = Reader(
    "cached features",
    _stream,
    FEATURES_FILES,
    {
        **{
            f"cut to {n} bytes": Broken("is damaged .*remove it", {"features-1.npy": NPY[:n]})
            for n in (0, 5, 6, 8, 10, 64, 128, len(NPY) - 1)
        },
        "wrong hash": Broken("is damaged", {"features-1.npy": NPY[:-1] + b"?"}),
        "no hash": Broken("is damaged", {"features-1.json": b"{}"}),
        "a hash nested too deep": Broken("is damaged", {"features-1.json": DEEP}),
        "a terabyte of hash": Broken("is damaged", {"features-1.json": Hole(2**40)}),
        "text, hashed": Broken("holds no array .*remove it", _hashed(b"hello")),
        "pickled, hashed": Broken("holds no array .*remove it", _hashed(_pickled())),
        "an archive, hashed": Broken("holds no array .*remove it", _hashed(NET)),
        "a terabyte, hashed": Broken("holds no array .*remove it", _hashed(npy(header("(274877906944,)", "'<f4'")))),
        "an overflow, hashed": Broken("holds no array .*remove it", _hashed(npy(header("(4294967296, 4294967296)")))),
        "a header of junk, hashed": Broken("holds no array", _hashed(npy(b"{'descr': ((((\n"))),
    },
    names="{folder}/features-1.npy",
)

PART = {"features-1.part": NPY[: 128 + 2 * 24]}
PART["features-1.json"] = json.dumps(
    ABOUT | {"points": 2, "sha256": hashlib.sha256(PART["features-1.part"]).hexdigest()}
).encode()
# Nothing of it is refused: what is not as it was stored is computed anew.
UNFINISHED = Reader("unfinished features", _stream, PART, {})


def _listed(folder: Path) -> int:
    return len(FeatureCache(folder).entries())


LISTED = {
    "words for numbers": {"points": "x", "copies": 2},
    "a bomb of words": {"points": "x", "copies": 2**45},
    "lists": {"points": [1], "copies": 2**40},
    "nothing": {"points": None},
}
# Nothing of it is refused: a description that says nothing is no entry.
LISTING = Reader(
    "cache's list",
    _listed,
    {"features-1.npy": b"", "features-1.json": json.dumps(ABOUT | {"points": 4}).encode()},
    {},
    good=lambda found, whole: found in (0, 1),
    fuzzed=("features-1.json",),
)
