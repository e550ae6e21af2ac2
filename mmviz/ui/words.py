"""Numbers, dates and counts as a person reads them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime

__all__ = [
    "bytes_said",
    "count",
    "day",
    "duration",
    "figures",
    "listed",
    "moment",
    "plain",
    "recorded",
    "signed_places",
    "year_span",
]

MINUS = "\u2212"


def figures(value: float | None, digits: int = 3) -> str:
    """A number with so many significant digits: 0.1412 -> "0.141", 1234.5 -> "1,230"; a dash when there is none."""
    if value is None or not math.isfinite(value):
        return "\u2013"
    if value == 0:
        return "0"
    rounded = float(f"{value:.{digits}g}")
    places = digits - 1 - math.floor(math.log10(abs(rounded)))
    text = f"{rounded:,.{max(0, min(places, 6))}f}"
    return text.replace("-", MINUS)


def count(number: int, one: str, many: str | None = None) -> str:
    """A count with its noun: (1, "item") -> "1 item", (1715, "item") -> "1,715 items"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def listed(names: Sequence[str]) -> str:
    """Names in a row: "category, rooms and price"."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def day(seconds: float) -> str:
    """Month and year of a time in seconds since 1970 UTC: "Mar 2001"; empty when it is unknown."""
    moment = _moment(seconds)
    return moment.strftime("%b %Y") if moment else ""


def recorded(iso: str) -> str:
    """A time as a run records it, to the minute: "2026-11-24T13:50:19+00:00" -> "24 Nov 2026 13:50"; "" for none."""
    return datetime.fromisoformat(iso).strftime("%-d %b %Y %H:%M") if iso else ""


def moment(seconds: float) -> str:
    """Day and time of a time in seconds since 1970: "3 Mar 2001, 14:05 UTC"; empty when it is unknown."""
    at = _moment(seconds)
    return f"{at.day} {at:%b %Y, %H:%M} UTC" if at else ""


def year_span(first: float, last: float) -> str:
    """The years from one time to another: "1996 to 2003" or "1996"; empty when unknown."""
    start, end = _moment(first), _moment(last)
    if start is None or end is None:
        return ""
    return str(start.year) if start.year == end.year else f"{start.year} to {end.year}"


def duration(seconds: float) -> str:
    """A time span in the unit that fits: "0.42 s", "41 s", "3 min 20 s"."""
    if seconds < 10:
        return f"{figures(seconds)} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if rest else f"{minutes} min"


def bytes_said(size: int) -> str:
    """A memory size in gigabytes: "1.4 GB"."""
    return f"{size / 1e9:.1f} GB"


def signed_places(places: int) -> str:
    """A rank change with arrow and number: 4 -> "▲ 4", -2 -> "▼ 2", 0 -> "= 0 places" as "="."""
    if places == 0:
        return "="
    return f"\u25b2 {places:,}" if places > 0 else f"\u25bc {-places:,}"


def plain(text: str) -> str:
    """Text of a data set with the signs that Markdown would read made harmless."""
    return "".join(f"\\{letter}" if letter in "\\`*_{}[]()#+-.!|<>$~:^" else letter for letter in text)


def _moment(seconds: float) -> datetime | None:
    if not math.isfinite(seconds):
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError):
        return None
