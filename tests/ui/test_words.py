"""Numbers, counts and dates as a person reads them."""

from __future__ import annotations

import math

import pytest

from mmviz.ui.words import bytes_said, count, day, duration, figures, signed_places, year_span


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0.1412, "0.141"),
        (0.1, "0.100"),
        (0.01234, "0.0123"),
        (12.34, "12.3"),
        (1234.5, "1,230"),
        (0.9999, "1.00"),
        (9.996, "10.0"),
        (-0.5, "\u22120.500"),
        (0, "0"),
        (None, "\u2013"),
        (math.nan, "\u2013"),
    ],
)
def test_three_significant_digits(value: float | None, said: str) -> None:
    assert figures(value) == said


def test_counts_agree_with_their_noun() -> None:
    assert count(1, "item") == "1 item"
    assert count(1715, "item") == "1,715 items"
    assert count(2, "person", "people") == "2 people"


def test_times() -> None:
    assert day(983_404_800) == "Mar 2001"
    assert day(math.nan) == "" and day(1e30) == ""
    assert year_span(0, 1e9) == "1970 to 2001"
    assert year_span(1e9, 1e9) == "2001"
    assert year_span(math.nan, 1e9) == ""
    assert duration(0.4231) == "0.423 s"
    assert duration(41.3) == "41 s"
    assert duration(200) == "3 min 20 s"
    assert duration(60) == "1 min"


def test_places_carry_arrow_and_number() -> None:
    assert signed_places(4) == "\u25b2 4"
    assert signed_places(-1200) == "\u25bc 1,200"
    assert signed_places(0) == "="


def test_memory() -> None:
    assert bytes_said(1_440_000_000) == "1.4 GB"
