"""Archives that are damaged or hostile are refused by name, before memory grows."""

import io
import re
import struct
import subprocess
import sys
import zipfile

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from effaug import _npz


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


def pickled() -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, a=np.array([{}, []], object))
    return buffer.getvalue()


CORPUS = {
    "nothing": (b"", "not a zip file"),
    "text": (b"<html>404</html>", "not a zip file"),
    "cut at the end": (packed(npy(header(), bytes(8)))[:-10], "not a zip file"),
    "member of another kind": (packed(b"hello"), "magic"),
    "empty member": (packed(b""), "magic"),
    "pickled": (pickled(), "holds pickled objects, which are not read"),
    "header cut": (packed(npy(header())[:30]), "EOF"),
    "header of junk": (packed(npy(b"import os; os.remove('x')\n")), "Cannot parse header"),
    "header unclosed": (packed(npy(b"{'descr': '<u4', 'shape': ((((\n")), "EOF in multi-line statement"),
    "header huge": (packed(npy(b"{" + b" " * 20000 + b"}\n")), "Header info length"),
    "a terabyte": (packed(npy(header("(1000000000000,)", "'<u1'"))), "a has 0 bytes, its shape (1000000000000,)"),
    "an overflow": (packed(npy(header("(4294967296, 4294967296, 4294967296)"))), "a has 0 bytes, its shape"),
    "a negative length": (packed(npy(header("(-2,)"), bytes(8))), "a claims the shape (-2,)"),
    "no tuple": (packed(npy(header("2"), bytes(8))), "shape is not valid"),
    "too short": (packed(npy(header(), bytes(7))), "a has 7 bytes, its shape (2,) of uint32 wants another number"),
    "too long": (packed(npy(header(), bytes(9))), "a has 9 bytes"),
    "no size": (packed(npy(header("(2,)", "'<V0'"))), "is no whole npz archive"),
    "another version": (packed(npy(header(), bytes(8), b"\x09\x00")), "version"),
    "another checksum": (
        packed(npy(header(), b"abcdefgh"), kind=zipfile.ZIP_STORED).replace(b"abcdefgh", b"abcdefgi"),
        "Bad CRC-32",
    ),
}


CASES = [(*case, names) for case in CORPUS.values() for names in (("a",), None)]


@pytest.mark.parametrize(("content", "fault", "names"), CASES)
def test_each_fault_is_named(content, fault, names, tmp_path):
    path = tmp_path / "x.npz"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=re.escape(fault)) as caught:
        _npz.read(path, names)
    assert str(caught.value).startswith(f"{path} is no whole npz archive")


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_what_numpy_saves_comes_back(save, tmp_path):
    rng = np.random.default_rng(0)
    arrays = {
        "a/b": rng.normal(size=(3, 4)),
        "F": np.asfortranarray(rng.integers(0, 9, (3, 4))),
        "none": np.zeros((0, 3), np.uint8),
        "one": np.float32(2.5),
        "words": np.array(["ä", "bc"]),
        "big": np.arange(5, dtype=">i4"),
    }
    save(tmp_path / "x.npz", **arrays)
    found = _npz.read(tmp_path / "x.npz")
    assert list(found) == list(arrays)
    for name, array in arrays.items():
        np.testing.assert_array_equal(found[name], array)
        assert found[name].dtype == np.asarray(array).dtype
        assert found[name].flags.writeable
    assert list(_npz.read(tmp_path / "x.npz", wanted=lambda name: name.startswith("a/"))) == ["a/b"]
    assert list(_npz.read(tmp_path / "x.npz", ["one", "F"])) == ["one", "F"]


def test_a_bomb_is_refused_before_memory_grows(tmp_path):
    """Two megabytes that unpack to two gigabytes, in a process that may not take one."""
    path, size = tmp_path / "bomb.npz", 2**31
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("a.npy", "w", force_zip64=True) as a:
        a.write(npy(header(f"({size},)", "'|u1'")))
        for _ in range(size // 2**24):
            a.write(bytes(2**24))
    assert path.stat().st_size < 4e6
    code = (
        "import resource, sys; from effaug import _npz\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "try: _npz.read(sys.argv[1])\n"
        "except ValueError as error: print(error)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    sentence, grown = done.stdout.splitlines()
    assert re.search(r"its arrays claim 2147483\d+ bytes; at most 1073741824 are read", sentence)
    unit = 1 if sys.platform == "darwin" else 1024
    assert int(grown) * unit < 2**26


def test_a_large_archive_is_no_bomb(tmp_path, monkeypatch):
    monkeypatch.setattr(_npz, "BOUND", 1000)
    np.savez(tmp_path / "x.npz", a=np.zeros(10000))
    assert len(_npz.read(tmp_path / "x.npz")["a"]) == 10000


def test_a_file_that_is_not_there_is_not_called_damaged(tmp_path):
    with pytest.raises(FileNotFoundError):
        _npz.read(tmp_path / "x.npz")


WHOLE = packed(npy(header("(3, 2)"), bytes(range(24))))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=300)
@given(at=st.integers(0, len(WHOLE) - 1), values=st.binary(min_size=1, max_size=4), cut=st.booleans())
def test_any_damage_is_a_value_error_or_harmless(tmp_path, at, values, cut):
    damaged = WHOLE[:at] if cut else WHOLE[:at] + values + WHOLE[at + len(values) :]
    path = tmp_path / "x.npz"
    path.write_bytes(damaged)
    try:
        found = _npz.read(path, ["a"])["a"].tobytes()
    except ValueError as error:
        found, named = bytes(range(24)), str(error).startswith(f"{path} ")
        assert named
    assert found == bytes(range(24))
