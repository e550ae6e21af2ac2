"""Numbers and times as people write them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmviz.catalogue.numbers import parse_numbers, parse_times

JAN_2 = 1577923200.0  # 2020-01-02 00:00 UTC


def cells(*values: str) -> pd.Series:
    return pd.Series(values, dtype="str")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (("1", " 2.5 ", "-1e3", "", "x", "inf"), (1, 2.5, -1000, np.nan, np.nan, np.nan)),
        (("4,5", "3", "0,5"), (4.5, 3, 0.5)),
        (("1,299", "2,000,000.5", "7"), (1299, 2000000.5, 7)),
        (("4,5", "3.5"), (np.nan, 3.5)),
        (("$5", "€ 1,50", "3 £"), (5, 1.5, 3)),
    ],
)
def test_numbers(written: tuple[str, ...], expected: tuple[float, ...]) -> None:
    np.testing.assert_array_equal(parse_numbers(cells(*written)), expected)


@pytest.mark.parametrize(
    ("written", "expected", "how"),
    [
        (("1577923200", "1577923201.5"), (JAN_2, JAN_2 + 1.5), "unix seconds"),
        (("1577923200000", "bad"), (JAN_2, np.nan), "unix milliseconds"),
        (("1577923200000000",), (JAN_2,), "unix microseconds"),
        (("1577923200000000000",), (JAN_2,), "unix nanoseconds"),
        (
            ("2020-01-02", "2020-01-02T01:00:00Z", "2020-01-02 01:00:00+01:00"),
            (JAN_2, JAN_2 + 3600, JAN_2),
            "ISO dates",
        ),
        (("2020-01-02", "", "soon", "2020-01-02"), (JAN_2, np.nan, np.nan, JAN_2), "ISO dates"),
        (("20200102", "20200103"), (JAN_2, JAN_2 + 86400), "dates such as 20200131"),
        (("2020", "1970"), (1577836800.0, 0.0), "years"),
        (("13/01/2020", "02/01/2020"), (JAN_2 + 11 * 86400, JAN_2), "day/month/year"),
        (("01/13/2020", "01/02/2020"), (JAN_2 + 11 * 86400, JAN_2), "month/day/year"),
        (("02.01.2020 06:30",), (JAN_2 + 6.5 * 3600,), "day.month.year"),
        (("01 2, 2020", "01 13, 2020"), (JAN_2, JAN_2 + 11 * 86400), "month day, year"),
        (("Jan 2, 2020", "Jan 13, 2020"), (JAN_2, JAN_2 + 11 * 86400), "month day, year in words"),
    ],
)
def test_times(written: tuple[str, ...], expected: tuple[float, ...], how: str) -> None:
    times = parse_times(cells(*written))
    np.testing.assert_allclose(times.seconds, expected)
    assert times.written == how
    assert times.doubt == ""


def test_day_and_month_that_could_be_either_way_are_a_doubt() -> None:
    times = parse_times(cells("03/04/2020", "05/06/2020"))
    assert times.written == "month/day/year"
    assert "day/month/year" in times.doubt


def test_no_times_at_all() -> None:
    for written in (("foo", "bar"), ("", "nan")):
        assert np.isnan(parse_times(cells(*written)).seconds).all()


@settings(max_examples=50, deadline=None, derandomize=True)
@given(st.lists(st.integers(86_400 * 366, 4_000_000_000), min_size=1, max_size=5))
def test_seconds_of_any_size_stay_as_they_are(seconds: list[int]) -> None:
    times = parse_times(cells(*map(str, seconds)))
    if times.written == "unix seconds":
        np.testing.assert_array_equal(times.seconds, seconds)
    else:  # all of them read as a calendar date, such as 20200131
        assert times.written == "dates such as 20200131"
        assert all(19_000_101 <= second <= 21_001_231 for second in seconds)
