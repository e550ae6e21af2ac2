"""Guessing how a text table was written: its encoding and its delimiter. Guesses are stated in the report."""

from __future__ import annotations

import codecs
import csv
import io
from pathlib import Path

from mmviz.errors import CatalogueError

__all__ = ["DELIMITERS", "delimiter_name", "sniff_delimiter", "sniff_encoding"]

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
SAMPLE_RECORDS = 50
BLOCK = 1 << 20

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def sniff_encoding(path: Path) -> str:
    """The encoding of a text file: by its byte order mark, else UTF-8 if all of it decodes, else a Windows one.

    UTF-16 without a mark is known by its zero bytes. Raises `CatalogueError` for a file that isn't text.
    """
    with path.open("rb") as file:
        start = file.read(4096)
    for mark, name in _MARKS:
        if start.startswith(mark):
            return name
    if b"\0" in start:
        return _utf16_without_mark(path, start)
    if _decodes(path, "utf-8"):
        return "utf-8"
    return "cp1252" if _decodes(path, "cp1252") else "latin-1"


def _utf16_without_mark(path: Path, start: bytes) -> str:
    """Latin letters in UTF-16 have a zero in every second byte, and only there."""
    low, high = start[0::2].count(0), start[1::2].count(0)
    if high > 0.3 * len(start) / 2 and low <= 0.02 * len(start):
        return "utf-16-le"
    if low > 0.3 * len(start) / 2 and high <= 0.02 * len(start):
        return "utf-16-be"
    raise CatalogueError(
        f"{path.name} isn't a text table: it holds zero bytes. Save it as CSV (UTF-8), JSON lines or Parquet."
    )


def _decodes(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    with path.open("rb") as file:
        try:
            while block := file.read(BLOCK):
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True


def sniff_delimiter(sample: str, prefer: str = ",") -> str:
    """The delimiter that splits the first records of `sample` most evenly; `prefer` where nothing tells.

    A candidate must stand in the header. Among those, the share of records with as many fields as the header
    decides, then the number of fields.
    """
    scores = {delimiter: _evenness(sample, delimiter) for delimiter in DELIMITERS}
    best = max(scores.values())
    if best == (0.0, 0) or scores[prefer] == best:
        return prefer
    return next(delimiter for delimiter, score in scores.items() if score == best)


def _evenness(sample: str, delimiter: str) -> tuple[float, int]:
    counts: list[int] = []
    try:
        for record in csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter):
            if record:
                counts.append(len(record))
            if len(counts) > SAMPLE_RECORDS:
                break
    except csv.Error:
        pass
    if not counts or counts[0] < 2:
        return 0.0, 0
    same = sum(count == counts[0] for count in counts)
    return round(same / len(counts), 1), counts[0]


def delimiter_name(delimiter: str) -> str:
    """A word for a delimiter, for a person: "comma", "semicolon", "tab" or "bar"."""
    return DELIMITERS.get(delimiter, delimiter)
