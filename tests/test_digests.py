"""effaug.study.digests: a digest tells every change."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from effaug.study import digests

ROWS = [["toy", "paper", "frozen", "", "baseline", "0", str(b), f"{a:.6f}"] for b, a in ((0, 0.5), (10, 0.625))]


@pytest.mark.parametrize("column", range(8))
def test_rows_that_differ_in_one_place_have_another_digest(column):
    changed = [list(row) for row in ROWS]
    changed[1][column] += "1"
    assert digests.of_rows(changed) != digests.of_rows(ROWS)


def test_rows_that_are_fewer_more_or_swapped_have_another_digest():
    others = (ROWS[:1], ROWS[1:], ROWS + ROWS, ROWS[::-1], [])
    assert len({digests.of_rows(rows) for rows in (ROWS, *others)}) == 6


def test_arrays_are_told_apart_by_values_shape_and_type():
    array = np.arange(6, dtype=np.uint16)
    changed = array.copy()
    changed[3] ^= 1
    others = (changed, array.reshape(2, 3), array.reshape(3, 2), array.astype(np.int16), array[:5], array[::-1])
    assert len({digests.of_array(each) for each in (array, *others)}) == 7
    assert digests.of_array(np.asfortranarray(array.reshape(2, 3))) == digests.of_array(array.reshape(2, 3))


RECORD = {"seconds": 1.5, "protocol": {"C": 10.0, "shifts": [[0, 1], [1, 0]]}, "none": None}


def test_a_signed_record_is_read_back(tmp_path):
    (tmp_path / "x.json").write_text(json.dumps(digests.signed(RECORD), indent=1))
    assert {k: v for k, v in digests.read(tmp_path / "x.json").items() if k != "sha256"} == RECORD
    assert digests.signed(digests.signed(RECORD)) == digests.signed(RECORD)


@pytest.mark.parametrize("text", ["", "null", "[]", "{}", "{", '"x"', json.dumps(RECORD), "\udcff"])
def test_what_is_no_signed_record_is_named(tmp_path, text):
    (tmp_path / "x.json").write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(ValueError, match=r"x\.json is damaged .*: restore it"):
        digests.read(tmp_path / "x.json")


SIGNED = json.dumps(digests.signed(RECORD), indent=1)


@given(at=st.integers(0, len(SIGNED) - 1), digit=st.sampled_from("0123456789"))
def test_every_edit_of_a_digit_is_noticed(tmp_path_factory, at, digit):
    if SIGNED[at].isdigit() and SIGNED[at] != digit:
        path = tmp_path_factory.getbasetemp() / "edited.json"
        path.write_text(SIGNED[:at] + digit + SIGNED[at + 1 :])
        with pytest.raises(ValueError, match="is damaged"):
            digests.read(path)
