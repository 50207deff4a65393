"""The binary formats that MNIST, CIFAR-10 and small NORB come in: bytes to arrays, or a ValueError with the fault."""

import io
import struct
import tarfile
from math import prod

import numpy as np

MAX_DIMS = 64  # NumPy's


def parse_idx(raw: bytes) -> np.ndarray:
    """Array of uint8, of any shape, from MNIST's idx format.

    Big-endian uint32: magic (0x800, for bytes, plus the number of dimensions), the dimensions; the bytes.
    ValueError names another magic, or how many bytes were expected.
    """
    (magic,) = _integers(raw, ">I", 0, "idx")
    if not 0x0800 < magic <= 0x0800 + MAX_DIMS:
        most = f"0x{0x0800 + MAX_DIMS:08X}"
        raise ValueError(f"idx data begins with magic 0x{magic:08X}, expected 0x00000801 to {most}")
    dims = _integers(raw, f">{magic & 0xFF}I", 4, "idx")
    return _body(raw, 4 + 4 * len(dims), dims, "u1", "idx")


def parse_norb_mat(raw: bytes) -> np.ndarray:
    """Array of uint8 or int32, of any shape, from NORB's binary matrix format (MATLAB's is another).

    Little-endian int32: magic, number of dimensions, the dimensions (at least three are stored; those beyond
    the number mean nothing), the values. ValueError names another magic, or how many bytes were expected.
    """
    kinds = {0x1E3D4C55: "u1", 0x1E3D4C54: "<i4"}
    magic, ndim = _integers(raw, "<Ii", 0, "NORB")
    if magic not in kinds:
        raise ValueError(f"NORB data begins with magic 0x{magic:08X}, expected 0x1E3D4C55 or 0x1E3D4C54")
    if not 1 <= ndim <= MAX_DIMS:
        raise ValueError(f"NORB data has {ndim} dimensions; expected 1 to {MAX_DIMS}")
    dims = _integers(raw, f"<{max(ndim, 3)}i", 8, "NORB")
    if min(dims[:ndim]) < 0:
        raise ValueError(f"NORB data has {ndim} dimensions, {dims}; expected none negative")
    return _body(raw, 8 + 4 * len(dims), dims[:ndim], kinds[magic], "NORB")


def parse_cifar10_binary(raw: bytes) -> tuple[np.ndarray, np.ndarray]:
    """Images (n, 32, 32, 3) and labels (n,), uint8, from a batch of CIFAR-10's binary version.

    A record is the label, then 32 rows of red, of green, of blue. ValueError names a bad label or length.
    """
    size = 1 + 3 * 32 * 32
    if len(raw) % size:
        fault = f"expected a multiple of {size} bytes, got {len(raw)}"
        raise ValueError(f"CIFAR-10 batch is truncated or has trailing bytes: {fault}")
    records = np.frombuffer(raw, np.uint8).reshape(-1, size)
    labels = records[:, 0].copy()
    if (labels > 9).any():
        raise ValueError(f"CIFAR-10 batch holds label {labels.max()}, expected 0 to 9")
    return records[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1).copy(), labels


def _integers(raw: bytes, layout: str, offset: int, kind: str) -> tuple[int, ...]:
    end = offset + struct.calcsize(layout)
    if len(raw) < end:
        raise ValueError(f"{kind} data is truncated: expected {end} bytes or more, got {len(raw)}")
    return struct.unpack_from(layout, raw, offset)


def _body(raw: bytes, offset: int, dims: tuple[int, ...], dtype: str, kind: str) -> np.ndarray:
    end = offset + prod(dims) * np.dtype(dtype).itemsize
    if len(raw) != end:
        fault = "is truncated" if len(raw) < end else "has trailing bytes"
        raise ValueError(f"{kind} data {fault}: expected {end} bytes for shape {dims}, got {len(raw)}")
    if prod(max(size, 1) for size in dims) >= 2**60:  # with one that is 0
        raise ValueError(f"{kind} data has dimensions {dims}, more than an array can have")
    array = np.frombuffer(raw, dtype, offset=offset).reshape(dims)
    return array.astype(array.dtype.newbyteorder("="))  # a copy: the view on `raw` is read-only


def parse_smallnorb(raw: bytes) -> list[np.ndarray]:
    """One of small NORB's files: the left camera's images, or labels."""
    array = parse_norb_mat(raw)
    return [array[:, 0].copy() if array.ndim == 4 else array]  # images: (n, left and right, h, w)


def parse_cifar10_tar(raw: bytes) -> list[np.ndarray]:
    """The four arrays of CIFAR-10's binary version, from its unpacked tar archive. ValueError names what is wrong."""
    stems = [*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"]
    names = [f"cifar-10-batches-bin/{stem}.bin" for stem in stems]
    try:
        with tarfile.open(fileobj=io.BytesIO(raw), mode="r:") as archive:
            files = [_member(archive, name, len(raw)) for name in names]
    except Exception as error:  # tarfile raises half a dozen kinds on damaged headers
        raise ValueError(f"CIFAR-10 data is no whole tar archive of {', '.join(names)}: {error}") from error
    images, labels = zip(*map(parse_cifar10_binary, files), strict=True)
    return [np.concatenate(images[:5]), np.concatenate(labels[:5]), images[5], labels[5]]


def _member(archive: tarfile.TarFile, name: str, most: int) -> bytes:
    member = archive.getmember(name)
    file = archive.extractfile(member) if member.isreg() else None
    if file is None:
        raise ValueError(f"{name} is no file")
    if member.size > most:  # a sparse one has as many zeros as it says
        raise ValueError(f"{name} claims {member.size} bytes, the archive has {most}")
    return file.read()
