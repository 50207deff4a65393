"""NumPy's archives: any, that of a data set, and one of a user's own images."""

import functools
import io
import re
import struct
import zipfile
from pathlib import Path

import numpy as np

from corpus.kinds import Broken, Hole, Payload, Reader
from effaug.images import _npz
from effaug.study import datasets
from effaug.study.own import file_task


def commented(archive: bytes) -> bytes:
    """An archive whose first member has a comment of 256 bytes, as which zipfile takes the rest of the directory."""
    at = archive.index(b"PK\1\2") + 33
    return archive[:at] + b"\1" + archive[at + 1 :]


def twisted(archive: bytes) -> bytes:
    """An archive whose directory has a member a bit off its name: zipfile would not miss it."""
    at = archive.rindex(b".npy")
    return archive[:at] + b"/" + archive[at + 1 :]


def npy(header: bytes, body: bytes = b"", version: bytes = b"\x01\x00") -> bytes:
    length = struct.pack("<H" if version[0] == 1 else "<I", len(header))
    return b"\x93NUMPY" + version + length + header + body


def header(shape: str = "(2,)", descr: str = "'<u4'", order: str = "False") -> bytes:
    return f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}}}\n".encode()


def packed(member: bytes, name: str = "a.npy", kind: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", kind) as archive:
        archive.writestr(name, member)
    return buffer.getvalue()


def saved(**arrays) -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **{name: array for name, array in arrays.items() if array is not None})
    return buffer.getvalue()


def claiming(archive: bytes, size: int) -> bytes:
    """An archive of one member, which says of it that it unpacks to so many bytes."""
    raw = bytearray(archive)
    directory = raw.rindex(b"PK\x01\x02")
    raw[22:26] = raw[directory + 24 : directory + 28] = struct.pack("<I", size)
    return bytes(raw)


@functools.cache
def bomb(kind: int = zipfile.ZIP_DEFLATED, mib: int = 128) -> bytes:
    """Zeros, a thousandfold packed or, by bzip2, a millionfold; the archive says that they are 136 bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", kind) as archive, archive.open("a.npy", "w") as member:
        member.write(npy(header(f"({mib * 2**20},)", "'|u1'")))
        for _ in range(mib):
            member.write(bytes(2**20))
    return claiming(buffer.getvalue(), 136)


WHOLE = packed(npy(header(), bytes(8)))
PICKLED = saved(a=np.array([Payload(), Payload()], object))
STORED = packed(npy(header(), b"abcdefgh"), kind=zipfile.ZIP_STORED)
ANY = {
    "nothing": (b"", "not a zip file"),
    "text": (b"<html>404</html>", "not a zip file"),
    **{f"cut to {n} bytes": (WHOLE[:n], "not a zip file") for n in (3, 4, 26, 30, 60, len(WHOLE) - 22)},
    "cut at the end": (WHOLE[:-10], "not a zip file"),
    "wrong magic": (b"PK\x07\x07" + WHOLE[4:], "Bad magic number for file header"),
    "member of another kind": (packed(b"hello"), "magic"),
    "empty member": (packed(b""), "magic"),
    "pickled": (PICKLED, "holds pickled objects, which are not read"),
    "header cut": (packed(npy(header())[:30]), "EOF"),
    "header of junk": (packed(npy(b"import os; os.remove('x')\n")), "Cannot parse header"),
    "header unclosed": (packed(npy(b"{'descr': '<u4', 'shape': ((((\n")), "EOF in multi-line statement"),
    "header huge": (packed(npy(b"{" + b" " * 20000 + b"}\n")), "Header info length"),
    "a terabyte": (packed(npy(header("(1000000000000,)", "'<u1'"))), "a has 0 bytes, its shape (1000000000000,)"),
    "an overflow": (packed(npy(header("(4294967296, 4294967296, 4294967296)"))), "a has 0 bytes, its shape"),
    "0 times too much": (packed(npy(header("(0, 4294967296, 4294967296)"))), "is no whole npz archive"),
    "65 dimensions": (packed(npy(header(str((1,) * 65), "'|u1'"), b"x")), "is no whole npz archive"),
    "a negative length": (packed(npy(header("(-2,)"), bytes(8))), "a claims the shape (-2,)"),
    "no tuple": (packed(npy(header("2"), bytes(8))), "shape is not valid"),
    "too short": (packed(npy(header(), bytes(7))), "a has 7 bytes, its shape (2,) of uint32 wants another number"),
    "too long": (packed(npy(header(), bytes(9))), "a has 9 bytes"),
    "no size": (packed(npy(header("(2,)", "'<V0'"))), "is no whole npz archive"),
    "another version": (packed(npy(header(), bytes(8), b"\x09\x00")), "version"),
    "another checksum": (STORED.replace(b"abcdefgh", b"abcdefgi"), "Bad CRC-32"),
    "a bomb that lies": (bomb(), "Bad CRC-32"),
    "a bomb by bzip2": (bomb(zipfile.ZIP_BZIP2), "packed by method 12; NumPy's are stored or deflated"),
    "a bomb by lzma": (bomb(zipfile.ZIP_LZMA), "packed by method 14; NumPy's are stored or deflated"),
    "a member of 4 GB": (claiming(WHOLE, 2**32 - 2), "bytes; at most 1073741824 are read"),
}
NO_DIRECTORY = STORED[:-22] + b"PK\5\6" + struct.pack("<4H2IH", 0, 0, 1, 1, 0, len(STORED) - 22, 0)
ANY["no directory"] = NO_DIRECTORY, "its directory has 0 members, its end tells of 1"
NOTHING = STORED[:-14] + bytes(8) + STORED[-6:]  # in the record that tells of the directory
ANY["an empty directory"] = NOTHING, "its directory is lost"
ANY["longer"] = STORED + bytes(8), "its end tells of 0"
OTHER = packed(npy(header(), bytes(8)), "../../a.npy")


def _plain(cases: dict, path: str) -> dict[str, Broken]:
    """From contents and faults of one file."""
    return {name: Broken(re.escape(fault), {path: content}) for name, (content, fault) in cases.items()}


NPZ = Reader(
    "npz",
    lambda folder: _npz.read(folder / "x.npz", ["a"]),
    {"x.npz": packed(npy(header("(3, 2)"), bytes(range(24))))},
    _plain(
        {
            **ANY,
            "path traversal": (OTHER, "x.npz has no array a; it has ../../a"),
            "a terabyte of zeros": (Hole(2**40), "not a zip file"),
        },
        "x.npz",
    ),
)

RNG = np.random.default_rng(0)
MNIST = {"x_train": RNG.integers(0, 256, (3, 28, 28, 1), np.uint8), "y_train": np.arange(3, dtype=np.uint8)}
MNIST |= {"x_test": MNIST["x_train"][:1], "y_test": MNIST["y_train"][:1]}
FAULTS = {
    "key missing": ({"y_test": None}, "has no array y_test; it has x_train, y_train, x_test"),
    "pickled": ({"y_train": np.array([Payload()] * 3, object)}, "y_train holds pickled objects"),
    "pickled images": ({"x_train": np.array([Payload()] * 3, object)}, "x_train holds pickled objects"),
    "float images": ({"x_train": MNIST["x_train"] / 255}, "float64 of shape (3, 28, 28, 1)"),
    "no images": (
        {"x_test": MNIST["x_test"][:0], "y_test": MNIST["y_test"][:0]},
        "_test",
    ),
    "a number": ({"x_train": np.uint8(3)}, "uint8 of shape ()"),
    "fewer labels": ({"y_train": np.arange(2)}, "(2,)"),
    "label columns": ({"y_train": np.ones((3, 1), int)}, "(3, 1)"),
}
LABELS = {
    "NaN labels": ([0, 1, np.nan], "float64 of shape (3,), expected 3 integers"),
    "float labels": ([0.0, 1, 2], "float64 of shape (3,)"),
    "durations": (np.arange(3, dtype="m8[s]"), "timedelta64[s] of shape (3,)"),
    "words": (["0", "1", "2"], "<U1 of shape (3,)"),
    "label high": ([0, 1, 10], "y_train holds labels from 0 to 10, expected 0 to 9"),
    "label low": ([-1, 1, 2], "y_train holds labels from -1 to 2"),
}


def _changed(base: dict, path: str, faults: dict, labels: dict) -> dict[str, Broken]:
    cases = {name: (saved(**base | change), fault) for name, (change, fault) in faults.items()}
    cases |= {name: (saved(**base | {"y_train": np.asarray(y)}), fault) for name, (y, fault) in labels.items()}
    cases["a bomb that lies"] = bomb(), "has no array x_train, y_train, x_test, y_test; it has a"
    return _plain(cases, path)


DATASET = Reader(
    "data set",
    lambda folder: {k: getattr(datasets.load("mnist", folder=folder), k) for k in datasets.ARRAYS},
    {"mnist.npz": saved(**MNIST)},
    _changed(MNIST, "mnist.npz", FAULTS, LABELS),
    names="{folder}/mnist.npz",
)

OWN = MNIST | {"y_train": np.array([4, 9, 4]), "y_test": np.array([9])}


def _own(folder: Path) -> dict[str, np.ndarray]:
    task = file_task(folder / "mine.npz", "rotate", (5,))
    return {name: getattr(task.own.subset, name) for name in datasets.ARRAYS}


OWN_LABELS = {
    "NaN labels": ([4, 9, np.nan], "y_train must have a label for each image, got nan"),
    "infinite labels": ([4, 9, np.inf], "y_train must have a label for each image, got inf"),
    "complex labels": ([4j, 9, 4], "y_train must hold numbers or words, got complex128"),
    "dates": (np.zeros(3, "M8[s]"), "y_train must hold numbers or words, got datetime64[s]"),
    "records": (np.zeros(3, "i4,f4"), "y_train must hold numbers or words, got [('f0', '<i4'), ('f1', '<f4')]"),
    "words": (["four", "nine", "four"], "y_train and y_test must both hold numbers, or both words"),
    "three labels": ([4, 9, 5], "classes must be two of its 3 labels, 4, 5, 9; got none: choose two"),
    "one label": ([9, 9, 9], "classes must be two of its 1 labels, 9; got none"),
}
OWN_NPZ = Reader(
    "own images",
    _own,
    {"mine.npz": saved(**OWN)},
    _changed(OWN, "mine.npz", FAULTS, OWN_LABELS),
    names="{folder}/mine.npz",
)
