"""Reading a text table record by record, so that a bad line costs itself and nothing else."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ["BadLine", "Record", "read_records"]


@dataclass(frozen=True)
class Record:
    """The fields of one row and the line of the file on which it starts (the first line is 1)."""

    line: int
    fields: list[str]


@dataclass(frozen=True)
class BadLine:
    """A line that isn't a row of the table, why, and what it says."""

    line: int
    reason: str
    raw: str


class _Lines:
    """The lines of a file, with those of the record at hand kept so that they can be read again."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._source = lines
        self._again: deque[str] = deque()
        self.taken: list[str] = []
        self.first = 1

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else next(self._source)
        self.taken.append(line)
        return line

    def accept(self) -> None:
        """The record at hand is done; the next one starts at the next line."""
        self.first += len(self.taken)
        self.taken.clear()

    def give_back_all_but_first(self) -> str:
        """Only the first line of the record at hand counts as read; return it."""
        first, *others = self.taken
        self._again.extendleft(reversed(others))
        self.taken.clear()
        self.first += 1
        return first


def read_records(path: Path, encoding: str, delimiter: str) -> Iterator[Record | BadLine]:
    """Yield the records of a delimited file, the header first; blank lines are passed over.

    A record with another number of fields than the header is a `BadLine`. Where such a record spans several lines
    or its quotes don't match, only its first line is bad and reading goes on at its second.
    """
    with path.open(encoding=encoding, errors="replace", newline="") as file:
        lines = _Lines(iter(file))
        reader = csv.reader(lines, delimiter=delimiter)
        width = 0
        while (taken := _take(reader, lines, delimiter, width)) is not None:
            fields, reason = taken
            line, several = lines.first, len(lines.taken) > 1
            if reason:
                yield BadLine(line, reason, lines.give_back_all_but_first().rstrip("\r\n"))
                if several:
                    reader = csv.reader(lines, delimiter=delimiter)
                continue
            lines.accept()
            if fields:
                width = width or len(fields)
                yield Record(line, fields)


def _take(reader: Iterator[list[str]], lines: _Lines, delimiter: str, width: int) -> tuple[list[str], str] | None:
    """The next record's fields and why it is no row ("" = it is one); None at the end of the file."""
    try:
        fields = next(reader, None)
    except csv.Error:
        return [], f"a field is longer than {csv.field_size_limit():,} characters; perhaps its quote is never closed"
    if fields is None:
        return None
    if len(lines.taken) > 1 and (fault := _quote_fault(lines.taken, delimiter)):
        return [], fault
    if width and len(fields) == width + 1 and fields[-1] == "":
        fields.pop()  # a delimiter at the end of every line
    if width and fields and len(fields) != width:
        return fields, f"{len(fields)} fields where the header has {width}"
    return fields, ""


def _quote_fault(lines: list[str], delimiter: str) -> str:
    """What is wrong with the quotes of a record of several lines, read by the letter; "" = nothing."""
    try:
        for _ in csv.reader(lines, delimiter=delimiter, strict=True):
            pass
    except csv.Error as error:
        return "an opening quote is never closed" if "unexpected end" in str(error) else "a quote inside a quoted field"
    return ""
