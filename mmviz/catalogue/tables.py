"""Reading one table of a folder with every cell as a string.

Read are .csv, .tsv and .txt (delimited), .parquet, and .jsonl, .ndjson and .json (one object a line).
"""

from __future__ import annotations

import io
import itertools
import json
from array import array
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import numpy as np
import pandas as pd

from mmviz.catalogue.delimited import BadLine, Record, read_plain_block, read_records
from mmviz.catalogue.parquet import read_parquet
from mmviz.catalogue.sniff import sniff_delimiter, sniff_encoding
from mmviz.errors import CatalogueError
from mmviz.progress import Progress, Report, silent

__all__ = ["LIST_SEPARATOR", "SUFFIXES", "Table", "read_table"]

SUFFIXES = (".csv", ".parquet", ".jsonl", ".ndjson", ".json", ".tsv", ".txt")
LIST_SEPARATOR = "\x1f"
"""Stands between the values of a cell that was a list in the source (JSON lines, Parquet)."""

MAX_COLUMNS = 1_000
CHUNK = 100_000
SAMPLE = 1 << 16
BLOCK = 1 << 22


@dataclass(frozen=True)
class Table:
    """One table as it stands in its file.

    - `frame`: source columns in their order, every cell a string, "" where nothing is given.
    - `lines`: (rows,) int64, where each row starts: a line of the file, or the row number of a Parquet file.
    - `bad`: lines that are no rows, with the reason.
    - `left_out`: columns that can't be strings, with the reason.
    """

    file: str
    format: str
    encoding: str
    delimiter: str
    frame: pd.DataFrame
    lines: np.ndarray
    bad: tuple[BadLine, ...] = ()
    left_out: tuple[tuple[str, str], ...] = ()


def read_table(path: Path, report: Report = silent) -> Table:
    """Read a table by its suffix. Raises `CatalogueError` for a file that can't be read at all or is empty."""
    readers: dict[str, Callable[[Path, Report], Table]] = {
        ".parquet": _read_parquet,
        ".jsonl": _read_jsonl,
        ".ndjson": _read_jsonl,
        ".json": _read_jsonl,
    }
    try:
        return readers.get(path.suffix.lower(), _read_delimited)(path, report)
    except OSError as error:
        raise CatalogueError(f"{path.name} can't be opened: {error.strerror or error}.") from error


def _read_delimited(path: Path, report: Report) -> Table:
    encoding = sniff_encoding(path)
    with path.open(encoding=encoding, errors="replace", newline="") as file:
        delimiter = sniff_delimiter(file.read(SAMPLE), prefer="\t" if path.suffix.lower() == ".tsv" else ",")
        file.seek(0)
        records = read_records(file, delimiter)
        before, header = _header(records)
        if header is None:
            raise CatalogueError(f"{path.name} is empty. Its first line must name the columns.")
        columns, left_out = _named(header.fields)
        builder = _Builder(path.name, columns, report)
        builder.add_all(before)
        if before:  # lines read ahead wait in `records`
            builder.add_all(records)
        else:
            _read_blocks(file, delimiter, header.line + header.n_lines, builder)
    frame = builder.frame().drop(columns=[name for name, _ in left_out])
    lines, bad = builder.line_array(), tuple(builder.bad)
    return Table(path.name, path.suffix[1:], encoding, delimiter, frame, lines, bad, left_out)


def _header(records: Iterator[Record | BadLine]) -> tuple[list[BadLine], Record | None]:
    """The first record and the bad lines before it."""
    before: list[BadLine] = []
    for entry in records:
        if isinstance(entry, Record):
            return before, entry
        before.append(entry)
    return before, None


def _read_blocks(file: TextIO, delimiter: str, first: int, builder: _Builder) -> None:
    """Plain blocks of lines at once, up to the first quote; from there on record by record."""
    while block := file.read(BLOCK):
        block += file.readline()
        frame = read_plain_block(block, delimiter, builder.columns)
        if frame is not None:
            builder.add_frame(first, frame)
            first += len(frame)
            continue
        lines = list(io.StringIO(block, newline=""))
        quoted = '"' in block  # then a record may go on behind the block
        source = itertools.chain(lines, file) if quoted else lines
        builder.add_all(read_records(source, delimiter, len(builder.columns), first))
        first += len(lines)
        if quoted:
            return


def _named(header: list[str]) -> tuple[list[str], tuple[tuple[str, str], ...]]:
    """Unique column names; those without a name or with one that was there before are to be left out."""
    names: list[str] = []
    left_out: list[tuple[str, str]] = []
    for position, raw in enumerate(header, start=1):
        name = raw.strip()
        if not name or name in names:
            reason = "its name is there twice" if name else "it has no name"
            name = f"{name or 'column'} ({position})"
            left_out.append((name, reason))
        names.append(name)
    return names, tuple(left_out)


class _Builder:
    """Collects rows of strings into column chunks, so that a long table never lies in memory as lists."""

    def __init__(self, file: str, columns: list[str], report: Report) -> None:
        if len(columns) > MAX_COLUMNS:
            raise CatalogueError(f"{file} has {len(columns):,} columns; at most {MAX_COLUMNS:,} can be read.")
        self.columns = columns
        self.bad: list[BadLine] = []
        self._file, self._report = file, report
        self._rows: list[list[str]] = []
        self._lines = array("q")
        self._done: list[pd.DataFrame] = []

    def add_all(self, records: Iterable[Record | BadLine]) -> None:
        for record in records:
            if isinstance(record, BadLine):
                self.bad.append(record)
            else:
                self._add(record.line, record.fields)

    def add_frame(self, first: int, frame: pd.DataFrame) -> None:
        """Rows that stand one a line, from line `first` on."""
        if self._rows:
            self._flush()
        self._lines.frombytes(np.arange(first, first + len(frame), dtype=np.int64).tobytes())
        self._done.append(frame)
        self._tell()

    def _add(self, line: int, fields: list[str]) -> None:
        self._rows.append(fields)
        self._lines.append(line)
        if len(self._rows) == CHUNK:
            self._flush()

    def _flush(self) -> None:
        cells = zip(*self._rows, strict=True) if self._rows else iter([()] * len(self.columns))
        named = zip(self.columns, cells, strict=True)
        self._done.append(pd.DataFrame({name: pd.Series(column, dtype="str") for name, column in named}))
        self._rows.clear()
        self._tell()

    def _tell(self) -> None:
        self._report(Progress(f"Reading {self._file}", len(self._lines)))

    def frame(self) -> pd.DataFrame:
        if self._rows or not self._done:
            self._flush()
        return pd.concat(self._done, ignore_index=True) if len(self._done) > 1 else self._done[0]

    def line_array(self) -> np.ndarray:
        return np.array(self._lines, dtype=np.int64)


def _read_jsonl(path: Path, report: Report) -> Table:
    """Two passes: the first finds the columns (in order of first appearance), the second fills them."""
    encoding = sniff_encoding(path)
    columns: dict[str, None] = {}
    for entry in _json_lines(path, encoding):
        if isinstance(entry, tuple):
            columns.update(dict.fromkeys(entry[1]))
    if not columns:
        raise CatalogueError(f'{path.name} holds no JSON object. Each line must be one, such as {{"id": "1"}}.')
    names = list(columns)
    builder = _Builder(path.name, names, report)
    builder.add_all(
        entry if isinstance(entry, BadLine) else Record(entry[0], [entry[1].get(name, "") for name in names])
        for entry in _json_lines(path, encoding)
    )
    return Table(path.name, path.suffix[1:], encoding, "", builder.frame(), builder.line_array(), tuple(builder.bad))


def _json_lines(path: Path, encoding: str) -> Iterator[tuple[int, dict[str, str]] | BadLine]:
    with path.open(encoding=encoding, errors="replace") as file:
        for line, raw in enumerate(file, start=1):
            if not raw.strip():
                continue
            try:
                value = json.loads(raw, parse_int=str, parse_float=str, parse_constant=str)
            except (ValueError, RecursionError):
                yield BadLine(line, "not valid JSON", raw.rstrip("\r\n"))
                continue
            if isinstance(value, dict):
                yield line, {str(key).strip(): _cell(cell) for key, cell in value.items()}
            else:
                yield BadLine(line, "not a JSON object", raw.rstrip("\r\n"))


def _cell(value: Any) -> str:
    """A JSON value as one string; numbers keep the letters of the source, lists are joined."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return LIST_SEPARATOR.join(_cell(part) for part in value)
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text.encode("utf-8", "replace").decode("utf-8")


def _read_parquet(path: Path, report: Report) -> Table:
    report(Progress(f"Reading {path.name}"))
    frame, left_out = read_parquet(path, LIST_SEPARATOR)
    lines = np.arange(1, len(frame) + 1, dtype=np.int64)
    return Table(path.name, "parquet", "", "", frame, lines, (), left_out)
