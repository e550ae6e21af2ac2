"""The catalogue: items with a picture and a text, users, and what they did. pandas and paths only."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

if TYPE_CHECKING:
    from mmviz.catalogue.truth import Truth

__all__ = ["Catalogue", "Column", "ColumnKind"]

ColumnKind = Literal["category", "tags", "number", "text"]


@dataclass(frozen=True)
class Column:
    """A further column of the items and how to filter by it.

    `category` holds one value a row, `tags` several joined with `|`, `number` floats (NaN = not given),
    `text` free text that is shown but not filtered.
    """

    name: str
    kind: ColumnKind


@dataclass(frozen=True)
class Catalogue:
    """Items, users and interactions, with every id a string and every position an integer code.

    - `items`: I rows; columns `item_id` (str), `title` (str), `text` (str, "" = none), `image` (str, absolute path
      of the kept picture, "" = none), `thumbnail` (str, likewise), and those named in `columns`.
      The row number is the item index that everything else uses.
    - `interactions`: columns `user`, `item` (int32 codes), `rating` (float32, NaN = implicit), `time` (float64
      seconds since 1970 UTC, NaN = unknown), ordered by time, then by their order in the source.
    - `user_ids`: U ids (str); the position is the user code.
    - `fingerprint`: of the content (ids, words, picture bytes, interactions), never of paths or the name.
    - `truth`: what is known to be right, for a simulated catalogue; None for a real one.
    """

    name: str
    items: pd.DataFrame
    interactions: pd.DataFrame
    user_ids: pd.Index[str]
    fingerprint: str
    columns: tuple[Column, ...] = ()
    simulated: bool = False
    truth: Truth | None = None
    folder: Path | None = field(default=None, compare=False)

    @property
    def n_items(self) -> int:
        return len(self.items)

    @property
    def n_users(self) -> int:
        return len(self.user_ids)

    @property
    def has_ratings(self) -> bool:
        """True when at least one interaction carries a rating."""
        return bool(self.interactions["rating"].notna().any())

    @property
    def has_times(self) -> bool:
        """True when every interaction carries a time."""
        return bool(self.interactions["time"].notna().all()) and len(self.interactions) > 0

    def matrix(self, rows: np.ndarray | None = None) -> csr_array:
        """Interactions as a binary (U, I) float32 matrix; `rows` picks positions of `interactions`."""
        chosen = self.interactions if rows is None else self.interactions.iloc[rows]
        ones = np.ones(len(chosen), dtype=np.float32)
        matrix = csr_array((ones, (chosen["user"].to_numpy(), chosen["item"].to_numpy())), (self.n_users, self.n_items))
        matrix.sum_duplicates()
        matrix.data[:] = 1.0
        return matrix

    def item_index(self, item_id: str) -> int | None:
        """Row number of an item id, or None when no item has it."""
        hits = np.flatnonzero(self.items["item_id"].to_numpy() == item_id)
        return int(hits[0]) if len(hits) else None

    def user_index(self, user_id: str) -> int | None:
        """Code of a user id, or None when no user has it."""
        code = int(self.user_ids.get_indexer(pd.Index([user_id]))[0])
        return code if code >= 0 else None
