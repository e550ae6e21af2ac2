"""From the rows of an items table to clean items: ids, words, the picture's cell and further columns."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count

import numpy as np
import pandas as pd

from mmviz.catalogue.base import Column
from mmviz.catalogue.columns import Roles
from mmviz.catalogue.kinds import TAG_SEPARATOR, infer_kind
from mmviz.catalogue.ledger import Ledger, many
from mmviz.catalogue.numbers import is_missing, parse_numbers
from mmviz.catalogue.tables import LIST_SEPARATOR, Table

__all__ = ["RESERVED", "Items", "clean_items"]

RESERVED = ("item_id", "title", "text", "image", "thumbnail")


@dataclass(frozen=True)
class Items:
    """Clean items before their pictures are looked at.

    `frame` has `item_id`, `title`, `text` and the further `columns`; `pictures` holds the cell that names each
    item's picture ("" = none), or None when the table has no such column.
    """

    frame: pd.DataFrame
    pictures: pd.Series | None
    columns: tuple[Column, ...]


def clean_items(table: Table, roles: Roles, ledger: Ledger) -> Items:
    """Reject rows without an id or with an id that was there before; raise when no row is left."""
    ids = table.frame[roles["item_id"]].str.strip()
    nameless = (ids == "").to_numpy(dtype=bool)
    ledger.reject("no-item-id", table, nameless, "there is no item id")
    again = ids.duplicated().to_numpy(dtype=bool) & ~nameless
    _reject_duplicates(table, ids, again, ledger)
    keep = ~(nameless | again)
    if not keep.any():
        raise ledger.failure("no-items", f"No row of {table.file} can be used, so there is nothing to import.")
    rows = table.frame[keep].reset_index(drop=True)
    frame = pd.DataFrame({"item_id": ids[keep].reset_index(drop=True)})
    for role in ("title", "text"):
        frame[role] = _words(rows[roles[role]]) if role in roles else pd.Series([""] * len(rows), dtype="str")
    frame["title"] = frame["title"].str.replace(r"\s+", " ", regex=True)
    pictures = _first(rows[roles["image"]]) if "image" in roles else None
    columns = _further_columns(rows.drop(columns=list(roles.values())), frame, ledger)
    _note_empty(frame, roles, table, ledger)
    return Items(frame, pictures, columns)


def _reject_duplicates(table: Table, ids: pd.Series, again: np.ndarray, ledger: Ledger) -> None:
    if again.any():
        first = dict(zip(ids[~again], table.lines[~again], strict=True))
        where = [f"{item_id} (first on line {first[item_id]})" for item_id in ids[again]]
        ledger.reject("duplicate-item", table, again, "the item id was there before; the first row is kept", where)


def _words(cells: pd.Series) -> pd.Series:
    """Text with the parts of a list joined by spaces, line ends as one character, and "" for what is missing."""
    joined = cells.str.replace(LIST_SEPARATOR, " ", regex=False).str.replace("\0", "", regex=False)
    plain = joined.str.replace("\r\n", "\n", regex=False).str.replace("\r", "\n", regex=False).str.strip()
    return plain.mask(is_missing(plain), "").astype("str")


def _first(cells: pd.Series) -> pd.Series:
    first = cells.str.split(LIST_SEPARATOR, n=1, regex=False).str[0].str.strip()
    return first.mask(is_missing(first), "").astype("str")


def _further_columns(rows: pd.DataFrame, frame: pd.DataFrame, ledger: Ledger) -> tuple[Column, ...]:
    """Add the columns without a role to `frame`, each according to its kind."""
    columns: list[Column] = []
    empty: list[str] = []
    for source in rows.columns:
        cells = _list_as_tags(rows[source])
        if bool(is_missing(cells).all()):
            empty.append(source)
            continue
        name = source
        if source in RESERVED:
            name = next(free for n in count(2) if (free := f"{source} ({n})") not in rows)
        kind = infer_kind(source, cells)
        columns.append(Column(name, kind))
        frame[name] = _cells_of_kind(cells, kind)
    if empty:
        ledger.add("note", "empty-column", f"Left out {many(len(empty), 'column')} without a value.", len(empty), empty)
    return tuple(columns)


def _list_as_tags(cells: pd.Series) -> pd.Series:
    if not bool(cells.str.contains(LIST_SEPARATOR, regex=False).any()):
        return cells
    return cells.str.replace(TAG_SEPARATOR, "/", regex=False).str.replace(LIST_SEPARATOR, TAG_SEPARATOR, regex=False)


def _cells_of_kind(cells: pd.Series, kind: str) -> pd.Series:
    if kind == "number":
        return pd.Series(parse_numbers(cells), index=cells.index)
    if kind == "tags":
        return pd.Series([_tags(cell) for cell in cells], index=cells.index, dtype="str")
    return cells.str.strip().astype("str")


def _tags(cell: str) -> str:
    parts = (part.strip() for part in cell.split(TAG_SEPARATOR))
    return TAG_SEPARATOR.join(dict.fromkeys(part for part in parts if part))


def _note_empty(frame: pd.DataFrame, roles: Roles, table: Table, ledger: Ledger) -> None:
    for role, kind, words in (("title", "empty-title", "title"), ("text", "empty-text", "text")):
        if role not in roles:
            ledger.add("note", f"no-{role}-column", f"{table.file} has no {words} column that is recognised.")
        elif n := int((frame[role] == "").sum()):
            blank = frame.loc[frame[role] == "", "item_id"]
            ledger.add("note", kind, f"{many(n, 'item')} without a {words}; {_THEY[n == 1]} kept.", n, blank)


_THEY = {True: "it is", False: "they are"}
