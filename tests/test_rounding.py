"""effaug.report.rounding: one value is shown one way, whichever route it took, and what is shown adds up."""

from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from effaug.report.rounding import as_text, difference, rounded, shown

THOUSANDTHS = st.integers(-100_000, 100_000)


@pytest.mark.parametrize(
    ("value", "decimals", "expected"),
    [
        (96.025, 2, "96.03"),  # NumPy has 96.02, Python 96.03
        (100 * 0.96025, 2, "96.03"),
        (np.mean([96.02, 96.03]), 2, "96.03"),
        (96.035, 2, "96.04"),  # of these Python has 96.03
        (2.675, 2, "2.68"),
        (1 - 0.995, 2, "0.01"),
        (0.125, 2, "0.13"),
        (-0.125, 2, "-0.13"),
        (0.5, 0, "1"),
        (1e6, 2, "1000000.00"),
        (float("inf"), 2, "inf"),
        (float("nan"), 2, "nan"),
    ],
)
def test_a_half_goes_away_from_zero_in_text_and_in_numbers(value, decimals, expected):
    assert shown(value, decimals) == expected
    number = rounded(pd.Series([value], dtype=float), decimals)[0]
    np.testing.assert_equal(number, float(expected))
    assert as_text(pd.DataFrame({"a": [float(value)]}), decimals).loc[0, "a"] == expected.replace("nan", "-")


def test_a_sign_is_shown_where_it_is_asked_for():
    assert [shown(v, 1, "+") for v in (0.25, 0.0, -0.25, float("inf"))] == ["+0.3", "+0.0", "-0.3", "+inf"]


@given(THOUSANDTHS, st.integers(1, 20))
def test_every_route_to_a_value_shows_it_alike(thousandths, n):
    """A mean, a sum of parts, a fraction in percent: as rounding the decimal number itself."""
    exact = Decimal(thousandths) / 1000
    expected = f"{exact.quantize(Decimal('0.01'), ROUND_HALF_UP):f}"
    value = thousandths / 1000
    for route in (value, 100 * (thousandths / 100_000), np.mean([value] * n), (value + 7.7) - 7.7):
        assert float(shown(route, 2)) == float(expected)


@given(st.floats(-1e3, 1e3), st.integers(0, 4))
def test_what_is_shown_is_within_half_a_unit_and_showing_it_again_changes_nothing(value, decimals):
    found = float(shown(value, decimals))
    assert abs(found - value) <= 0.5 * 10.0**-decimals + 1e-9
    assert float(shown(found, decimals)) == found


@given(st.floats(0, 1e3), st.floats(0, 1e3))
def test_a_difference_is_that_of_what_is_shown(first, second):
    found = shown(difference(first, second, 2), 2)
    assert Decimal(found) == Decimal(shown(first, 2)) - Decimal(shown(second, 2))
    frame = pd.DataFrame({"a": [first], "b": [second], "a - b": [first - second], "lead": [first - second]})
    texts = as_text(frame, 2, {"lead": ("a", "b")}).loc[0]
    assert texts["a - b"] == texts["lead"] == found


def test_a_table_keeps_whole_numbers_and_words_and_has_dashes_for_gaps():
    frame = pd.DataFrame(
        {"a": [1.005, np.nan], "b": [1.0, 1.0], "a - b": [0.005, np.nan], "n": [5, 6], "w": ["x", "y"]}
    )
    assert as_text(frame, 2).to_numpy().tolist() == [["1.01", "1.00", "0.01", 5, "x"], ["-", "1.00", "-", 6, "y"]]
    assert rounded(frame, 1)[["a", "n", "w"]].iloc[0].tolist() == [1.0, 5, "x"]
    assert as_text(frame[:0], 2).empty
