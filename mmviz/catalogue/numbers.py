"""Numbers and times as people write them, from strings; what can't be read is NaN."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

__all__ = ["MISSING", "Times", "given_but_unread", "is_missing", "parse_numbers", "parse_times"]

MISSING = frozenset({"", "nan", "null", "none", "na", "n/a", "<na>", "nat", "\\n"})
"""What stands for "not given" in a cell, in lower case."""

_COMMA_DECIMAL = r"[-+]?\d+,\d+"
_THOUSANDS = r"[-+]?\d{1,3}(?:,\d{3})+(?:\.\d+)?"
_CURRENCY = r"^\s*[$€£¥]\s*|\s*[$€£¥]\s*$"

DATE_FORMATS = {
    "%m/%d/%Y": "month/day/year",
    "%d/%m/%Y": "day/month/year",
    "%Y/%m/%d": "year/month/day",
    "%d.%m.%Y": "day.month.year",
    "%d-%m-%Y": "day-month-year",
    "%m-%d-%Y": "month-day-year",
    "%m %d, %Y": "month day, year",
    "%B %d, %Y": "month day, year in words",
    "%b %d, %Y": "month day, year in words",
    "%d %B %Y": "day month year in words",
    "%d %b %Y": "day month year in words",
}
CLOCKS = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p")
SAMPLE = 2_000


def is_missing(cells: pd.Series) -> pd.Series:
    """True where a cell stands for "not given"."""
    return cells.str.strip().str.lower().isin(MISSING)


def parse_numbers(cells: pd.Series) -> np.ndarray:
    """(N,) float64; NaN where a cell isn't a finite number.

    Understands a decimal comma where no cell of the column has a point ("4,5"), commas between thousands
    ("1,299.00") and a currency sign at either end.
    """
    plain = cells.str.strip()
    numbers = _floats(plain)
    odd = given_but_unread(plain, numbers)
    if odd.any():
        rest = plain[odd].str.replace(_CURRENCY, "", regex=True)
        numbers[odd] = _floats(_without_commas(rest, decimal_points=bool(plain.str.contains(".", regex=False).any())))
    return numbers


def given_but_unread(cells: pd.Series, numbers: np.ndarray) -> np.ndarray:
    """(N,) bool: where the number is NaN although the cell doesn't stand for "not given"."""
    odd: np.ndarray = np.isnan(numbers)
    odd[odd] = ~is_missing(cells[odd]).to_numpy(dtype=bool)
    return odd


def _floats(cells: pd.Series) -> np.ndarray:
    numbers = pd.to_numeric(cells, errors="coerce").to_numpy(dtype=np.float64, copy=True)
    numbers[~np.isfinite(numbers)] = np.nan
    return numbers


def _without_commas(cells: pd.Series, decimal_points: bool) -> pd.Series:
    commas = cells[cells.str.contains(",", regex=False)]
    thousands = commas.str.fullmatch(_THOUSANDS)
    if len(commas) and bool(thousands.all()):
        return cells.str.replace(",", "", regex=False)
    if not decimal_points and bool(commas.str.fullmatch(_COMMA_DECIMAL).all()):
        return cells.str.replace(",", ".", regex=False)
    return cells


@dataclass(frozen=True)
class Times:
    """Times as seconds since 1970 UTC (NaN = can't be read), how they were written, and a doubt about that."""

    seconds: np.ndarray
    written: str
    doubt: str = ""


def parse_times(cells: pd.Series) -> Times:
    """Read a column of times: unix seconds, milli-, micro- or nanoseconds, ISO 8601, or a common date format.

    One way of writing is chosen for the whole column: the one that reads most of it. Times without a zone are UTC.
    """
    plain = cells.str.strip()
    numbers = _floats(plain)
    given = np.isfinite(numbers) | given_but_unread(plain, numbers)
    if given.any() and np.isfinite(numbers[given]).mean() >= 0.5:
        return _from_numbers(numbers, plain)
    iso = _from_dates(plain, "ISO8601")
    if not given.any() or np.isfinite(iso[given]).mean() >= 0.5:
        return Times(iso, "ISO dates")
    return _from_known_format(plain, given)


def _from_numbers(numbers: np.ndarray, cells: pd.Series) -> Times:
    finite = numbers[np.isfinite(numbers)]
    if bool(((finite >= 19_000_101) & (finite <= 21_001_231)).mean() >= 0.5):
        dates = _from_dates(cells.str.replace(r"\.0+$", "", regex=True), "%Y%m%d")
        if np.isfinite(dates).sum() >= 0.5 * len(finite):
            return Times(dates, "dates such as 20200131")
    if bool(((finite >= 1900) & (finite <= 2100) & (finite % 1 == 0)).all()):
        return Times(_from_dates(cells.str.slice(0, 4), "%Y"), "years")
    size = float(np.median(np.abs(finite)))
    for limit, scale, unit in (
        (1e11, 1.0, "unix seconds"),
        (1e14, 1e3, "unix milliseconds"),
        (1e17, 1e6, "unix microseconds"),
    ):
        if size < limit:
            return Times(numbers / scale, unit)
    return Times(numbers / 1e9, "unix nanoseconds")


def _from_known_format(cells: pd.Series, given: np.ndarray) -> Times:
    """The date format that reads most of a sample; day and month that could be either way are a stated doubt."""
    sample = cells[given].iloc[:: max(1, int(given.sum()) // SAMPLE)]
    formats = [(day + clock, words) for day, words in DATE_FORMATS.items() for clock in CLOCKS]
    scored = [(int(np.isfinite(_from_dates(sample, form)).sum()), form, words) for form, words in formats]
    best, form, words = max(scored, key=lambda entry: entry[0])
    if not best:
        return Times(np.full(len(cells), np.nan), "")
    rivals = [other for count, _, other in scored if count == best and other != words]
    doubt = f"they would read as {rivals[0]} just as well" if rivals else ""
    return Times(_from_dates(cells, form), words, doubt)


def _from_dates(cells: pd.Series, form: str) -> np.ndarray:
    stamps = pd.to_datetime(cells, format=form, utc=True, errors="coerce")
    seconds = stamps.to_numpy(dtype="datetime64[ns]").astype(np.int64) / 1e9
    seconds[stamps.isna().to_numpy()] = np.nan
    return np.asarray(seconds, dtype=np.float64)
