"""Raw files as data sets are published: idx, CIFAR-10's binary version, NORB's matrices, and downloads of them."""

import gzip
import hashlib
import struct
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from unittest import mock

import numpy as np

from corpus.kinds import Broken, Reader
from effaug.study import datasets
from effaug.study.formats import parse_cifar10_binary, parse_cifar10_tar, parse_idx, parse_norb_mat

RECORD = 3073  # bytes of one of CIFAR-10's


def idx(*dims: int, body: bytes = b"") -> bytes:
    return struct.pack(f">I{len(dims)}I", 0x0800 + len(dims), *dims) + body


def norb(*dims: int, body: bytes = b"", magic: int = 0x1E3D4C55, ndim: int | None = None) -> bytes:
    stored = dims + (1,) * (3 - len(dims))
    return struct.pack(f"<Ii{len(stored)}i", magic, len(dims) if ndim is None else ndim, *stored) + body


def _of_file(name, parse):
    return lambda folder: parse((folder / name).read_bytes())


def _is_bytes(found, whole) -> bool:
    return found.dtype in (np.uint8, np.int32) and 1 <= found.ndim <= 64 and found.flags.writeable


def _are_images(found, whole) -> bool:
    pairs = zip(found[::2], found[1::2], strict=True)
    return all(x.shape == (len(y), 32, 32, 3) and x.dtype == y.dtype == np.uint8 and (y < 10).all() for x, y in pairs)


IMAGES = idx(2, 3, body=bytes(range(6)))
HUGE = 2**32 - 1
IDX = Reader(
    "idx",
    _of_file("x.idx", parse_idx),
    {"x.idx": IMAGES},
    {
        **{f"cut to {n} bytes": Broken("is truncated", {"x.idx": IMAGES[:n]}) for n in (0, 3, 4, 7, 8, 11, 12, 17)},
        "longer": Broken("has trailing bytes", {"x.idx": IMAGES + b"x"}),
        "wrong magic": Broken("magic 0x12340801", {"x.idx": b"\x12\x34\x08\x01" + IMAGES[4:]}),
        "shorts": Broken("magic 0x00000B02", {"x.idx": b"\0\0\x0b\x02" + IMAGES[4:]}),
        "no dimension": Broken("magic 0x00000800", {"x.idx": idx()}),
        "255 dimensions": Broken("magic 0x000008FF", {"x.idx": idx(*[1] * 255, body=b"x")}),
        "terabytes": Broken("expected 1000000000012 bytes", {"x.idx": idx(1000, 10**9, body=bytes(6))}),
        "overflow to 0": Broken("is truncated", {"x.idx": idx(2**31, 2**31, 4, body=bytes(6))}),
        "0 times too much": Broken("more than an array can have", {"x.idx": idx(0, HUGE, HUGE, HUGE)}),
        "gzip": Broken("magic 0x1F8B0800", {"x.idx": gzip.compress(IMAGES, mtime=0)}),
    },
    names="idx data",
    good=_is_bytes,
)

INTS = norb(4, body=bytes(16), magic=0x1E3D4C54)
NORB = Reader(
    "NORB .mat",
    _of_file("x.mat", parse_norb_mat),
    {"x.mat": INTS},
    {
        **{f"cut to {n} bytes": Broken("is truncated", {"x.mat": INTS[:n]}) for n in (0, 4, 7, 8, 11, 19, 20, 35)},
        "longer": Broken("has trailing bytes", {"x.mat": INTS + b"x"}),
        "wrong magic": Broken("magic 0x1E3D4C51", {"x.mat": norb(4, body=bytes(16), magic=0x1E3D4C51)}),
        "big-endian": Broken("magic 0x554C3D1E", {"x.mat": struct.pack(">I", 0x1E3D4C55) + INTS[4:]}),
        "no dimension": Broken("has 0 dimensions", {"x.mat": norb(1, 1, 1, ndim=0)}),
        "-1 dimensions": Broken("has -1 dimensions", {"x.mat": norb(1, 1, 1, ndim=-1)}),
        "millions of dimensions": Broken("has 9000000 dimensions", {"x.mat": norb(ndim=9_000_000) + bytes(36_000_000)}),
        "a negative length": Broken("none negative", {"x.mat": norb(-4, body=bytes(16))}),
        "terabytes": Broken("expected 1000000000020 bytes", {"x.mat": norb(1000, 10**9, body=bytes(6))}),
        "overflow to 0": Broken("is truncated", {"x.mat": norb(2**30, 2**30, 16, body=bytes(6))}),
        "0 times too much": Broken("more than an array can have", {"x.mat": norb(0, *[2**31 - 1] * 3)}),
    },
    names="NORB data",
    good=_is_bytes,
)

BATCH = bytes([3, *bytes(RECORD - 1), 9, *bytes(RECORD - 1)])
CIFAR = Reader(
    "CIFAR binary",
    _of_file("batch.bin", parse_cifar10_binary),
    {"batch.bin": BATCH},
    {
        **{
            f"cut to {n} bytes": Broken("multiple of 3073 bytes", {"batch.bin": BATCH[:n]})
            for n in (1, 1024, RECORD - 1, RECORD + 1, 2 * RECORD - 1)
        },
        "longer": Broken("multiple of 3073 bytes, got 6147", {"batch.bin": BATCH + b"x"}),
        "label 10": Broken("holds label 10", {"batch.bin": b"\x0a" + BATCH[1:]}),
        "label 255": Broken("holds label 255", {"batch.bin": BATCH[:RECORD] + b"\xff" + BATCH[RECORD + 1 :]}),
    },
    names="CIFAR-10 batch",
    good=_are_images,
)

BATCHES = [f"cifar-10-batches-bin/{stem}.bin" for stem in (*(f"data_batch_{i}" for i in range(1, 6)), "test_batch")]


def tar(names=BATCHES, body: bytes = bytes(RECORD), **changes) -> bytes:
    """An archive; `changes` are of each member's header."""
    out = b""
    for name in names:
        info = tarfile.TarInfo(name)
        info.size = len(body)
        for key, value in changes.items():
            setattr(info, key, value)
        out += info.tobuf(tarfile.GNU_FORMAT) + body + bytes(-len(body) % 512)
    return out + bytes(1024)


def sparse(size: int) -> bytes:
    """An archive of members that are so large, all zeros, of which none is stored."""
    out = b""
    for name in BATCHES:
        header = bytearray(tarfile.TarInfo(name).tobuf(tarfile.GNU_FORMAT))
        header[156:157] = b"S"
        header[386:410] = b"00000000000\0" * 2
        header[483:495] = b"%011o\0" % size
        header[148:156] = b" " * 8
        header[148:156] = b"%06o\0 " % sum(header)
        out += header
    return out + bytes(1024)


TAR = tar()
TAR_READER = Reader(
    "CIFAR tar",
    _of_file("x.tar", parse_cifar10_tar),
    {"x.tar": TAR},
    {
        **{
            f"cut to {n} bytes": Broken("no whole tar archive", {"x.tar": TAR[:n]})
            for n in (0, 1, 100, 124, 148, 257, 511, 512, 600, 4096, 20000)
        },
        "wrong magic": Broken("no whole tar archive", {"x.tar": b"x" * 512 + TAR[512:]}),
        "wrong checksum": Broken("no whole tar archive", {"x.tar": TAR.replace(b"0000000\0", b"zzzzzzz\0", 1)}),
        "a batch missing": Broken("test_batch.bin' not found", {"x.tar": tar(BATCHES[:5])}),
        "terabytes": Broken("unexpected end of data", {"x.tar": tar(size=2**41)}),
        "a bomb of zeros": Broken("claims 6146000000 bytes", {"x.tar": sparse(2_000_000 * RECORD)}),
        "links": Broken("is no file", {"x.tar": tar(body=b"", type=tarfile.SYMTYPE, linkname="/etc/passwd")}),
        "a link to itself": Broken("is no file", {"x.tar": tar(body=b"", type=tarfile.LNKTYPE, linkname=BATCHES[0])}),
        "folders": Broken("is no file", {"x.tar": tar(body=b"", type=tarfile.DIRTYPE)}),
        "path traversal": Broken("data_batch_1.bin' not found", {"x.tar": tar([f"../{name}" for name in BATCHES])}),
        "short batches": Broken("multiple of 3073 bytes, got 3000", {"x.tar": tar(body=bytes(3000))}),
        "label 10": Broken("holds label 10", {"x.tar": tar(body=b"\x0a" + bytes(RECORD - 1))}),
    },
    names="CIFAR-10 (data|batch)",
    good=_are_images,
)


@contextmanager
def offered(folder: Path, dataset: str = "mnist") -> Iterator[None]:
    """Raw files in a folder, whose checksums are the expected ones unless marked, and no other source."""
    files = {}
    for name in datasets.SOURCES[dataset].files:
        path = folder / "raw" / name
        content = path.read_bytes() if path.exists() else b""
        files[name] = hashlib.sha256(content.removesuffix(b"wrong hash")).hexdigest()
    source = replace(datasets.SOURCES[dataset], files=files, mirrors=("http://127.0.0.1:9/",))
    patches = mock.patch.multiple(datasets, RETRIES=0, BOUND=2**24)
    with patches, mock.patch.dict(datasets.SOURCES, {dataset: source}):
        yield


def _download(folder: Path) -> datasets.Dataset:
    with offered(folder):
        return datasets.load("mnist", folder=folder)


PACKED = [
    gzip.compress(raw, mtime=0)
    for raw in (
        idx(2, 28, 28, body=bytes(1568)),
        idx(2, body=b"\1\2"),
        idx(1, 28, 28, body=bytes(784)),
        idx(1, body=b"\3"),
    )
]
NAMES = [f"raw/{name}" for name in datasets.SOURCES["mnist"].files]
FIRST = NAMES[0]
BOMB = gzip.compress(bytes(2**24), mtime=0) * 64  # members in a row: a gigabyte
DOWNLOAD = Reader(
    "download",
    _download,
    dict(zip(NAMES, PACKED, strict=True)),
    {
        **{
            f"cut to {n} bytes": Broken("is no whole gzip file", {FIRST: PACKED[0][:n]})
            for n in (1, 2, 3, 9, 10, len(PACKED[0]) - 8, len(PACKED[0]) - 1)
        },
        "nothing": Broken("train-images-idx3-ubyte.gz: idx data is truncated", {FIRST: b""}),
        "wrong magic": Broken("Not a gzipped file", {FIRST: b"PK" + PACKED[0][2:]}),
        "wrong hash": Broken("MNIST could not be downloaded", {FIRST: PACKED[0] + b"wrong hash"}),
        "wrong checksum": Broken("CRC check failed", {FIRST: PACKED[0][:-8] + b"1234" + PACKED[0][-4:]}),
        "a bomb": Broken("unpacks to more than 16777216 bytes", {FIRST: BOMB}),
        "other raw files": Broken("ubyte.gz: idx data begins with magic", {FIRST: gzip.compress(INTS, mtime=0)}),
        "a label too high": Broken(
            "does not hold MNIST: y_test holds labels from 10", {NAMES[3]: gzip.compress(idx(1, body=b"\n"), mtime=0)}
        ),
    },
    names="{folder}|the download of MNIST|MNIST could not be downloaded",
    good=lambda found, whole: True,  # `load` checks shapes, types and labels; the checksum is the fuzzer's own
    fuzzed=(FIRST,),
)
