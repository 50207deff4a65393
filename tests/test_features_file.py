"""effaug.study.features_file and `effaug select`: features on disk are those in memory, and errors are sentences."""

import numpy as np
import pytest

from effaug import select
from effaug.study import features_file
from effaug.study.features_file import open_features


@pytest.fixture
def saved(tmp_path):
    """Features in one file and in a folder of three, their labels, and both arrays."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(500, 6)).astype(np.float32)
    y = np.where(X[:, 0] + rng.normal(size=500) > 0, "cat", "dog")
    np.save(tmp_path / "X.npy", X)
    np.save(tmp_path / "y.npy", y)
    (tmp_path / "parts").mkdir()
    for name, part in zip("abc", np.split(X, [100, 350]), strict=True):
        np.save(tmp_path / "parts" / f"{name}.npy", part)
    return tmp_path, X, y


@pytest.mark.parametrize(("name", "in_chunks"), [("X.npy", False), ("X.npy", True), ("parts", False)])
def test_what_is_opened_is_what_was_saved(saved, name, in_chunks, monkeypatch):
    folder, X, _ = saved
    monkeypatch.setattr(features_file, "CHUNK", 24 * 40)  # rows of six float32
    found = open_features(folder / name, in_chunks=in_chunks)
    assert (found.shape, found.dtype) == (X.shape, X.dtype)
    if name == "X.npy" and not in_chunks:
        assert isinstance(found, np.memmap)
    else:
        assert max(found.chunks[0]) == 40
    np.testing.assert_array_equal(np.asarray(found), X)


@pytest.mark.parametrize("name", ["X.npy", "parts"])
def test_points_are_those_of_select(saved, name, effaug):
    folder, X, y = saved
    out = folder / "out" / "chosen.npy"
    code, told, err = effaug("select", str(folder / name), str(folder / "y.npy"), "--budget", "20", "--into", str(out))
    assert code == 0, err
    assert told == f"20 of 500 points, scored by a fit on all: {out}\n"
    assert np.load(out).tolist() == select(X, y, 20).tolist()
    more = ("--policy", "dpp", "--pool", "100", "--fourier", "32", "--sample", "200", "--random-state", "3")
    code, told, err = effaug(
        "select", str(folder / name), str(folder / "y.npy"), "--budget", "9", "--into", str(out), *more
    )
    assert code == 0, err
    assert told.startswith("9 of 500 points, chosen among a pool of 100, by 32 random Fourier features")
    expected = select(X, y, 9, policy="dpp", pool=100, fourier=32, sample=200, random_state=3)
    assert np.load(out).tolist() == expected.tolist()


def test_a_bad_row_is_told_by_the_file_it_is_in(saved, effaug):
    folder = saved[0]
    part = sorted((folder / "parts").glob("*.npy"))[1]
    before = len(np.load(part.with_name("a.npy")))
    values = np.load(part)
    values[7, 2] = np.nan
    np.save(part, values)
    code, _, err = effaug("select", str(folder / "parts"), str(folder / "y.npy"), "--budget", "9")
    assert code == 2
    assert f"X must be finite, got nan in row {before + 7}: row 7 of {part}" in err
    X = np.load(folder / "X.npy")
    X[5, 0] = np.inf
    np.save(folder / "X.npy", X)
    code, _, err = effaug("select", str(folder / "X.npy"), str(folder / "y.npy"), "--budget", "9")
    assert (code, "got inf in row 5" in err, "row 5 of" in err) == (2, True, False)


def test_files_whose_names_sort_otherwise_than_their_numbers_are_refused(tmp_path):
    """Ten of them, so that as text the last comes second: whose labels are whose would be a guess."""
    for k in range(1, 11):
        np.save(tmp_path / f"part {k}.npy", np.full((2, 3), float(k)))
    words = r"\(part 10.npy comes before part 2.npy\), so which labels are whose is unclear"
    with pytest.raises(ValueError, match=words):
        open_features(tmp_path)
    for k in range(1, 11):
        (tmp_path / f"part {k}.npy").rename(tmp_path / f"part {k:02}.npy")
    np.testing.assert_array_equal(open_features(tmp_path).compute()[::2, 0], np.arange(1, 11))


def spoiled(folder):
    """Arguments of the command, and the sentence."""
    np.save(folder / "flat.npy", np.zeros(500))
    np.save(folder / "one.npy", np.zeros(500, int))
    np.save(folder / "parts" / "d.npy", np.zeros((3, 7)))
    (folder / "empty").mkdir()
    np.savez(folder / "z.npy.npz", X=np.zeros((3, 2)))
    (folder / "z.npy.npz").rename(folder / "z.npy")
    (folder / "text.npy").write_text("no array")
    X, y = folder / "X.npy", folder / "y.npy"
    return {
        "no file": ([folder / "none.npy", y], "no file "),
        "no files": ([folder / "empty", y], "no .npy files in "),
        "text": ([folder / "text.npy", y], "text.npy is no whole .npy file of numbers or words"),
        "an archive": ([folder / "z.npy", y], "z.npy is no .npy file: save its array with numpy.save"),
        "a vector": ([folder / "flat.npy", y], "flat.npy must have 2 dimensions, got shape (500,)"),
        "widths": ([folder / "parts", y], "its files must have as many columns each, got 6, 7"),
        "labels of one class": ([X, folder / "one.npy"], "y must be of two classes or more, got 1: [0]"),
        "a folder of labels": ([X, folder], "no file "),
        "another name": ([X, y, "--into", folder / "chosen.csv"], "into must be a file that ends with .npy"),
        "a policy": ([X, y, "--policy", "dp"], "unknown policy 'dp' (did you mean 'dpp'?)"),
        "no port": ([X, y, "--scheduler", "localhost"], "no scheduler answers at localhost (missing port number"),
        "no scheduler": ([X, y, "--scheduler", "tcp://127.0.0.1:9"], "no scheduler answers at tcp://127.0.0.1:9"),
    }


@pytest.mark.parametrize(
    "case",
    [
        "no file",
        "no files",
        "text",
        "an archive",
        "a vector",
        "widths",
        "labels of one class",
        "a folder of labels",
        "another name",
        "a policy",
        "no port",
        "no scheduler",
    ],
)
def test_what_cannot_be_used_is_one_sentence_and_nothing_is_written(saved, case, effaug):
    folder = saved[0]
    arguments, sentence = spoiled(folder)[case]
    where = [] if "--into" in arguments else ["--into", folder / "chosen.npy"]
    code, told, err = effaug("select", *map(str, [*arguments, "--budget", 5, *where]))
    assert (code, told) == (2, "")
    assert err.startswith("effaug: ")
    assert sentence in " ".join(err.split())
    assert not (folder / "chosen.npy").exists()
