"""From the rows of an interactions table to codes, ratings and times."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from mmviz.catalogue.columns import Roles
from mmviz.catalogue.ledger import Ledger, many
from mmviz.catalogue.numbers import given_but_unread, parse_numbers, parse_times
from mmviz.catalogue.tables import Table

__all__ = ["MOST", "Interactions", "clean_interactions", "no_interactions"]

MOST = 0.5
"""Share of rows that must have a readable rating (time) for the others to be rejected; below it, the column is
not used, since rejecting would lose too much."""
MAX_RATING = 1e9


@dataclass(frozen=True)
class Interactions:
    """`frame` as `Catalogue.interactions` wants it, and the users in order of first appearance."""

    frame: pd.DataFrame
    user_ids: pd.Index[str]


def no_interactions() -> Interactions:
    """What a catalogue without an interactions file has."""
    return Interactions(_frame(np.zeros(0), np.zeros(0), np.zeros(0), np.zeros(0)), pd.Index([], dtype="str"))


def clean_interactions(table: Table, roles: Roles, item_ids: pd.Series, ledger: Ledger) -> Interactions:
    """Reject what can't be used, keep the last of a user's interactions with one item, order by time.

    Raises when no row is left.
    """
    users = table.frame[roles["user_id"]].str.strip()
    alive = (users != "").to_numpy(dtype=bool, copy=True)
    ledger.reject("no-user-id", table, ~alive, "there is no user id")
    items = _item_codes(table, roles, item_ids, alive, ledger)
    alive &= items >= 0
    ratings = _ratings(table, roles, alive, ledger)
    times = _times(table, roles, alive, ledger)
    if not alive.any():
        raise ledger.failure("no-interactions", f"No row of {table.file} can be used, so nothing can be learned.")
    people, names = pd.factorize(users)
    order = np.flatnonzero(alive)
    order = order[np.argsort(times[order], kind="stable")]  # NaN comes last, in source order
    pairs = pd.Series(people[order] * np.int64(len(item_ids)) + items[order])
    repeated = pairs.duplicated(keep="last").to_numpy(dtype=bool)
    why = "a later interaction of the same user with the same item is kept instead"
    ledger.reject("repeated-interaction", table, np.sort(order[repeated]), why, level="note")
    order = order[~repeated]
    _, kept = pd.factorize(people[np.sort(order)])  # in order of first appearance
    codes = np.full(len(names), -1)
    codes[kept] = np.arange(len(kept))
    user_ids = pd.Index(names, dtype="str").take(kept)
    return Interactions(_frame(codes[people[order]], items[order], ratings[order], times[order]), user_ids)


def _frame(users: np.ndarray, items: np.ndarray, ratings: np.ndarray, times: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "user": users.astype(np.int32),
            "item": items.astype(np.int32),
            "rating": ratings.astype(np.float32),
            "time": times.astype(np.float64),
        }
    )


def _item_codes(table: Table, roles: Roles, item_ids: pd.Series, alive: np.ndarray, ledger: Ledger) -> np.ndarray:
    """(N,) row of each interaction's item, -1 where it isn't among the items; those rows are rejected."""
    named = table.frame[roles["item_id"]].str.strip()
    places, distinct = pd.factorize(named)
    names = [str(name) for name in distinct]
    known = pd.Index(item_ids, dtype="str").get_indexer(pd.Index(names, dtype="str"))
    unmatched = np.flatnonzero(known < 0)
    loosely = _loose_matches([names[place] for place in unmatched], item_ids)
    known[unmatched] = [loosely.get(names[place], -1) for place in unmatched]
    codes = np.asarray(known[places], dtype=np.int64)
    if loosely:
        message = (
            f"{table.file} writes {many(len(loosely), 'item id')} without leading zeros or with a decimal point; "
            "matched to the only item that fits."
        )
        ledger.add("warning", "loose-id", message, len(loosely), (f"{a} → {item_ids[b]}" for a, b in loosely.items()))
    unknown = alive & (codes < 0)
    ledger.reject("unknown-item", table, unknown, "the item isn't among the items", list(named[unknown]))
    return codes


def _loose_matches(unmatched: list[str], item_ids: pd.Series) -> dict[str, int]:
    """Ids that differ from exactly one item's id only by leading zeros or a ".0", as spreadsheets write them."""
    if not unmatched:
        return {}
    rows: dict[str, list[int]] = {}
    for row, item_id in enumerate(item_ids):
        rows.setdefault(_loose(item_id), []).append(row)
    found = {name: rows.get(_loose(name), []) for name in unmatched if name}
    return {name: fits[0] for name, fits in found.items() if len(fits) == 1}


def _loose(item_id: str) -> str:
    return re.sub(r"\.0+$", "", item_id).lstrip("0") or "0"


def _ratings(table: Table, roles: Roles, alive: np.ndarray, ledger: Ledger) -> np.ndarray:
    """(N,) ratings, NaN where none is given; rows whose rating isn't a number leave `alive`."""
    if "rating" not in roles:
        ledger.add(
            "note",
            "no-rating-column",
            f"{table.file} has no rating column that is recognised; every row counts as a like.",
        )
        return np.full(len(alive), np.nan)
    cells = table.frame[roles["rating"]]
    numbers = parse_numbers(cells)
    numbers[np.abs(numbers) > MAX_RATING] = np.nan
    bad = alive & given_but_unread(cells, numbers)
    given = bad | np.isfinite(numbers)
    if bad.sum() > (1 - MOST) * max(1, (alive & given).sum()):
        message = f"Most cells of column '{roles['rating']}' in {table.file} are no numbers; ratings are not used."
        ledger.add("warning", "rating-unused", message, int(bad.sum()), cells[bad])
        return np.full(len(alive), np.nan)
    ledger.reject("bad-rating", table, bad, "the rating isn't a number", list(cells[bad]))
    alive &= ~bad
    if n := int((alive & ~given).sum()):
        ledger.add("note", "no-rating", f"{many(n, 'interaction')} without a rating, kept as likes.", n)
    return numbers


def _times(table: Table, roles: Roles, alive: np.ndarray, ledger: Ledger) -> np.ndarray:
    """(N,) seconds since 1970 UTC, NaN where unknown; rows without a readable time leave `alive` if they are few."""
    if "time" not in roles:
        ledger.add("note", "no-time-column", f"{table.file} has no time column that is recognised.")
        return np.full(len(alive), np.nan)
    column = roles["time"]
    cells = table.frame[column]
    times = parse_times(cells)
    bad = alive & np.isnan(times.seconds)
    if bad.sum() > (1 - MOST) * alive.sum():
        message = (
            f"Too many cells of column '{column}' in {table.file} are no times ({many(int(bad.sum()), 'row')}); times "
            "are not used. Unix seconds or dates such as 2024-01-31 are understood."
        )
        ledger.add("warning", "time-unused", message, int(bad.sum()), cells[bad])
        return np.full(len(alive), np.nan)
    ledger.reject("bad-time", table, bad, "there is no time that can be read", list(cells[bad]))
    alive &= ~bad
    ledger.add("note", "time-format", f"Times in column '{column}' were read as {times.written}.", int(alive.sum()))
    if times.doubt:
        ledger.add("warning", "time-ambiguous", f"Times in column '{column}' are ambiguous: {times.doubt}.")
    return times.seconds
