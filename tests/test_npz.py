"""Archives that are damaged or hostile are refused by name, before memory grows."""

import re
import subprocess
import sys
import zipfile

import numpy as np
import pytest
from corpus.archives import ANY, header, npy

from effaug.images import _npz

CASES = {f"{name}, {names}": (*case, names) for name, case in ANY.items() for names in (("a",), None)}


@pytest.mark.parametrize(("content", "fault", "names"), CASES.values(), ids=CASES)
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
        "import resource, sys; from effaug.images import _npz\n"
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
