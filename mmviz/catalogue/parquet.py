"""Parquet columns as strings, with whole numbers written without a point."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from mmviz.errors import CatalogueError

__all__ = ["read_parquet"]


def read_parquet(path: Path, separator: str) -> tuple[pd.DataFrame, tuple[tuple[str, str], ...]]:
    """Every cell as a string, "" for null; lists are joined with `separator`.

    Floats that are all whole (ids that once met a missing value) lose their point: 12.0 becomes "12". Columns of
    bytes or nested records can't be strings; they are returned second, as (name, reason).
    """
    try:
        table = pq.read_table(path)
    except (pa.ArrowException, OSError) as error:
        raise CatalogueError(f"{path.name} isn't a readable Parquet file: {_first_line(error)}.") from error
    columns: dict[str, pd.Series[str]] = {}
    left_out: list[tuple[str, str]] = []
    for name, column in zip(table.column_names, table.columns, strict=True):
        cells = _strings(column, separator)
        if cells is None:
            left_out.append((name, f"it holds {column.type}, not words or numbers"))
        else:
            columns[name] = pd.Series(pc.fill_null(cells, "").to_pylist(), dtype="str")
    return pd.DataFrame(columns, index=pd.RangeIndex(table.num_rows)), tuple(left_out)


def _strings(column: Any, separator: str) -> Any | None:
    """The column cast to strings, or None where its type has no plain words."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.cast(kind.value_type)
        kind = column.type
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return _joined(column, separator)
    if pa.types.is_floating(kind):
        column = _whole(column)
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_nested(kind):
        return None
    try:
        return column.cast(pa.string())
    except pa.ArrowException:
        return None


def _joined(column: Any, separator: str) -> Any | None:
    if pa.types.is_nested(column.type.value_type) or pa.types.is_binary(column.type.value_type):
        return None
    strings = column.cast(pa.list_(pa.string())).to_pylist()
    return pa.array([None if cell is None else separator.join(part or "" for part in cell) for cell in strings])


def _whole(column: Any) -> Any:
    """As int64 when every float is whole and small enough to be exact; NaN counts as null."""
    column = pc.if_else(pc.is_nan(column), None, column)
    try:
        return column.cast(pa.int64())
    except pa.ArrowException:
        return column


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0].rstrip(".") if str(error) else type(error).__name__
