"""From the lab's board of recommendations to the one payload that the board component draws. No Streamlit here."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from mmviz.charts import palette
from mmviz.ui.shelf import Shelf
from mmviz.ui.words import count, day, figures, signed_places

if TYPE_CHECKING:
    from mmviz.views import Board, BoardColumn, HistoryEntry, Pick, RunCard

__all__ = ["board_payload", "item_link", "segments", "why_link"]

MOST_EARLIER = 40
MOST_HELD_OUT = 40
METRIC = "ndcg@10"
PARTS = {
    "train": "Train: known to the models",
    "valid": "Validation: chose the settings",
    "test": "Held out: never seen by a model",
    "picked": "Picked now",
}

Payload = dict[str, Any]


def board_payload(
    board: Board,
    shelf: Shelf,
    k: int,
    reference: str | None = None,
    summaries: Mapping[str, str] | None = None,
    why: str = "",
) -> Payload:
    """Everything that the board component needs to draw one person's lists, as JSON values.

    `why` is the address, to which the quoted item id is appended, that says why an item was recommended.
    """
    names = _part_names(board)
    shown = _shown_history(board.history)
    rows = [entry.item for entry in shown] + [pick.item for column in board.columns for pick in column.picks]
    titles = {column.run.strategy: column.run.title for column in board.columns}
    return {
        "k": k,
        "person": board.person.user_id if board.person else "",
        "aspect": shelf.aspect,
        "link": item_link(shelf.name),
        "why": why,
        "items": shelf.items(rows),
        "history": _history(board, shown),
        "columns": [
            _column(column, board, shelf, reference, (summaries or {}).get(column.run.strategy, ""))
            for column in board.columns
        ],
        "overlap": _overlap(board),
        "parts": [(name.capitalize(), palette.modality_colour(name)) for name in names],
        "colours": {name: palette.modality_colour(name) for name in names},
        "marked": board.n_held_out > 0,
        "reference": titles.get(reference or "", ""),
        "nothing": "Nothing is left to recommend with these filters.",
    }


def item_link(catalogue: str) -> str:
    """The address of an item's page, to which the quoted item id is appended."""
    return f"catalogue?catalogue={quote(catalogue, safe='')}&item="


def why_link(asked: Mapping[str, str | list[str]]) -> str:
    """The address of the page that explains an item for these picks, to which the quoted item id is appended."""
    return f"attention?{urlencode(asked, doseq=True)}&item="


def segments(
    shares: Mapping[str, float], low: float, high: float
) -> tuple[list[tuple[str, float, float, bool]], float]:
    """Lay the shares of a score along a bar that reaches from `low` ≤ 0 to `high` ≥ 0.

    Positive shares are stacked to the right of zero, negative ones to the left. Returns for each share its name,
    left edge and width in percent of the bar and whether it is negative; and where zero lies, in percent.
    """
    reach = (high - low) or 1.0
    zero = -low / reach * 100
    right = left = zero
    placed = []
    for name, share in shares.items():
        width = abs(share) / reach * 100
        if share < 0:
            left -= width
        start = left if share < 0 else right
        if share > 0:
            right += width
        if width >= 0.05:
            placed.append((name, round(start, 2), round(width, 2), share < 0))
    return placed, round(zero, 2)


def _part_names(board: Board) -> list[str]:
    seen = {name for column in board.columns for pick in column.picks for name in pick.shares}
    known = [name for name in ("interactions", "image", "text", "attributes") if name in seen]
    return known + sorted(seen - set(known))


def _column(column: BoardColumn, board: Board, shelf: Shelf, reference: str | None, summary: str) -> Payload:
    low = min((_total(pick, -1) for pick in column.picks), default=0.0)
    high = max((_total(pick, 1) for pick in column.picks), default=0.0)
    is_reference = column.run.strategy == reference
    return {
        "name": column.run.strategy,
        "title": column.run.title,
        "summary": summary,
        "colour": palette.strategy_colour(column.run.kind, column.run.order),
        "isReference": is_reference,
        "figures": _figures(column, board),
        "picks": [
            _pick(pick, column, board, shelf, (low, high), reference is not None and not is_reference)
            for pick in column.picks
        ],
    }


def _total(pick: Pick, sign: int) -> float:
    return math.fsum(share for share in pick.shares.values() if share * sign > 0)


def _figures(column: BoardColumn, board: Board) -> list[tuple[str, str, str, str]]:
    every = _everyone(column.run)
    if column.ndcg is None or column.hits is None:
        return [every]
    best = max((other.ndcg for other in board.columns if other.ndcg is not None), default=0.0)
    length = len(column.picks)
    return [
        (
            f"NDCG@{length}",
            figures(column.ndcg),
            "For this person: 1 when all held-out items stand first, 0 when none is in the list. Higher is better.",
            "best" if column.ndcg == best and best > 0 and len(board.columns) > 1 else "",
        ),
        (
            "hits",
            f"{column.hits} of {board.n_held_out}",
            f"How many of this person's {count(board.n_held_out, 'held-out item')} are in the list",
            "",
        ),
        every,
    ]


def _everyone(run: RunCard) -> tuple[str, str, str, str]:
    said = f"NDCG@10 over {count(run.n_users, 'person', 'people')} of the split '{run.split}'. Higher is better."
    return ("all, NDCG@10", figures(run.metrics.get(METRIC)), said, "all")


def _pick(
    pick: Pick, column: BoardColumn, board: Board, shelf: Shelf, scale: tuple[float, float], compared: bool
) -> Payload:
    also = [
        at
        for at, other in enumerate(board.columns)
        if other is not column and any(its.item == pick.item for its in other.picks)
    ]
    laid, zero = segments(pick.shares, *scale)
    shares = ", ".join(f"{name} {figures(share)}" for name, share in pick.shares.items())
    move, move_said = _move(pick) if compared else ("", "")
    others = ", ".join(board.columns[at].run.title for at in also)
    said = [
        f"{pick.rank}. {shelf.titles[pick.item]}",
        f"score {figures(pick.score)}",
        "held-out hit" if pick.hit else "",
        f"also in {others}" if also else "in no other list" if len(board.columns) > 1 else "",
        move_said,
    ]
    return {
        "item": pick.item,
        "rank": pick.rank,
        "score": figures(pick.score),
        "shares": f"{shares}; together {figures(pick.score)}",
        "segments": laid,
        "zero": zero,
        "hit": pick.hit,
        "also": also,
        "common": len(board.columns) > 1 and len(also) == len(board.columns) - 1,
        "move": move,
        "moveSaid": move_said,
        "said": ", ".join(part for part in said if part),
    }


def _move(pick: Pick) -> tuple[str, str]:
    if pick.reference_rank is None:
        return "new", "The reference cannot rank this item"
    return signed_places(pick.reference_rank - pick.rank), f"Place {pick.reference_rank:,} in the reference"


def _overlap(board: Board) -> list[list[Payload]]:
    lists = [{pick.item for pick in column.picks} for column in board.columns]
    return [[_shared(mine, other) for other in lists] for mine in lists]


def _shared(mine: set[int], other: set[int]) -> Payload:
    both, most = len(mine & other), max(len(mine), len(other), 1)
    return {"count": both, "share": round(both / most, 3), "said": f"{both} of {most} items in common"}


def _shown_history(history: Sequence[HistoryEntry]) -> list[HistoryEntry]:
    held = [entry for entry in history if entry.part == "test"]
    earlier = [entry for entry in history if entry.part != "test"]
    return earlier[-MOST_EARLIER:] + held[:MOST_HELD_OUT]


def _history(board: Board, shown: Sequence[HistoryEntry]) -> Payload:
    hidden = len(board.history) - len(shown)
    groups = [(part, list(entries)) for part, entries in groupby(shown, key=lambda entry: entry.part)]
    name = board.person.user_id if board.person else ""
    name = f"person {name}" if name.isdecimal() else name
    who = f"What {name} chose" if name else "What you picked"
    order = ", oldest first" if any(math.isfinite(entry.time) for entry in shown) else ""
    return {
        "title": f"{who}: {count(len(board.history), 'item')}{order}",
        "before": f"{hidden:,} more not shown" if hidden else "",
        "groups": [
            {"title": _part_said(part, entries), "held": part == "test", "frames": _frames(entries)}
            for part, entries in groups
        ],
    }


def _part_said(part: str, entries: Sequence[HistoryEntry]) -> str:
    first, last = day(entries[0].time), day(entries[-1].time)
    when = first if first == last else f"{first} to {last}"
    return f"{PARTS[part]} · {when}" if when else PARTS[part]


def _frames(entries: Sequence[HistoryEntry]) -> list[Payload]:
    days = [day(entry.time) for entry in entries]
    several = len(set(days)) > 1
    return [
        {
            "item": entry.item,
            "held": entry.part == "test",
            "when": days[at],
            "newDay": several and (at == 0 or days[at] != days[at - 1]),
            "rating": figures(entry.rating, 2) if math.isfinite(entry.rating) else "",
        }
        for at, entry in enumerate(entries)
    ]
