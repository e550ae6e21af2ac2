"""Reading a text table record by record, so that a bad line costs itself and nothing else."""

from __future__ import annotations

import csv
import io
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pandas as pd
import pyarrow as pa
import pyarrow.csv as pc

__all__ = ["BadLine", "Record", "read_plain_block", "read_records"]


@dataclass(frozen=True)
class Record:
    """The fields of one row, the line of the file on which it starts (the first line is 1), and how many it takes."""

    line: int
    fields: list[str]
    n_lines: int = 1


@dataclass(frozen=True)
class BadLine:
    """A line that isn't a row of the table, why, and what it says."""

    line: int
    reason: str
    raw: str


class _Lines:
    """The lines of a file, with those of the record at hand kept so that they can be read again."""

    def __init__(self, lines: Iterator[str], first: int) -> None:
        self._source = lines
        self._again: deque[str] = deque()
        self.taken: list[str] = []
        self.first = first

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


def read_records(source: Iterable[str], delimiter: str, width: int = 0, first: int = 1) -> Iterator[Record | BadLine]:
    """Yield the records of lines that keep their line ends; blank lines are passed over.

    `first` is the number of the first line. `width` is the number of fields that a record must have, by default
    that of the first record. One with another number is a `BadLine`. Where such a record spans several lines
    or its quotes don't match, only its first line is bad and reading goes on at its second.
    """
    lines = _Lines(iter(source), first)
    reader = csv.reader(lines, delimiter=delimiter)
    while (taken := _take(reader, lines, delimiter, width)) is not None:
        fields, reason = taken
        line, n_lines = lines.first, len(lines.taken)
        if reason:
            yield BadLine(line, reason, lines.give_back_all_but_first().rstrip("\r\n"))
            if n_lines > 1:
                reader = csv.reader(lines, delimiter=delimiter)
            continue
        lines.accept()
        if fields:
            width = width or len(fields)
            yield Record(line, fields, n_lines)


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


def read_plain_block(block: str, delimiter: str, columns: list[str]) -> pd.DataFrame | None:
    """All rows of a block of whole lines at once, or None where they must be read one by one.

    That is so where the block has a quote, a blank line, or a line with another number of fields.
    """
    n_lines = block.count("\n") + (not block.endswith("\n"))
    if '"' in block or block.count("\r") != block.count("\r\n"):
        return None
    try:
        table = pc.read_csv(
            io.BytesIO(block.encode()),
            pc.ReadOptions(use_threads=False, block_size=len(block) * 4 + 1, column_names=columns),
            pc.ParseOptions(delimiter=delimiter, quote_char=False),
            pc.ConvertOptions(
                column_types=dict.fromkeys(columns, pa.string()), null_values=[], strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid:
        return None
    return table.to_pandas().astype("str") if table.num_rows == n_lines else None
