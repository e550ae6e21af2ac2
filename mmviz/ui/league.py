"""The leaderboard and the matrix of pairs as payloads. No Streamlit here."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mmviz.charts import palette
from mmviz.ui.words import MINUS, figures

if TYPE_CHECKING:
    from mmviz.views.evidence import Leaderboard, Measure, Measured, Pair, Standing

__all__ = ["league_payload", "pairs_payload"]

Payload = dict[str, Any]
ARROWS = {"up": "\u2191", "down": "\u2193", "": ""}
AHEAD, BEHIND = palette.MODALITIES["text"], palette.MODALITIES["image"]


def league_payload(board: Leaderboard) -> Payload:
    """All runs of a split by the board's measures, the ceiling first where there is one."""
    rows = [*([board.ceiling] if board.ceiling else []), *board.standings]
    tops = {m.name: _top([row.values[m.name] for row in rows if m.name in row.values]) for m in board.measures}
    return {
        "heads": [
            {"name": m.name, "title": m.title, "unit": m.unit, "arrow": ARROWS[m.better], "up": m.better != "down"}
            | {"help": m.help}
            for m in board.measures
        ],
        "rows": [_row(row, board.measures, tops) for row in rows],
    }


def _top(cells: Sequence[Measured]) -> float:
    return max((cell.value if cell.high is None else cell.high for cell in cells), default=0.0) or 1.0


def _row(row: Standing, measures: Sequence[Measure], tops: Mapping[str, float]) -> Payload:
    return {
        "name": row.name,
        "title": row.title,
        "colour": palette.strategy_colour(row.kind, row.order) if row.run else palette.MUTED,
        "ceiling": row.run is None,
        "note": _note(row),
        "doubt": " ".join(row.doubts),
        "cells": [_cell(row.values.get(m.name), m, tops[m.name]) for m in measures],
    }


def _note(row: Standing) -> str:
    if row.run is None:
        return "knows every taste, but not the dice"
    if len(row.seeds) > 1:
        return f"NDCG@10 {figures(min(row.seeds))} to {figures(max(row.seeds))} over {len(row.seeds)} seeds"
    return ""


def _cell(cell: Measured | None, known: Measure, top: float) -> Payload:
    if cell is None or not math.isfinite(cell.value):
        return {"text": "\u2013", "value": None, "at": None, "low": None, "high": None, "said": "not measured"}
    value, low, high = cell
    text = f"{value:,.0f}" if known.name == "parameters" else figures(value)
    said = f"{known.title} {text}"
    if low is not None and high is not None:
        said += f", 95 % interval {figures(low)} to {figures(high)}"
    return {
        "text": text,
        "value": value,
        "at": _percent(value, top),
        "low": None if low is None else _percent(low, top),
        "high": None if high is None else _percent(high, top),
        "said": said,
    }


def _percent(value: float, top: float) -> float:
    return round(max(value, 0.0) / top * 100, 2)


def pairs_payload(
    pairs: Sequence[Pair], titles: Mapping[str, str], colours: Mapping[str, palette.Pair], known: Measure
) -> Payload:
    """A square: row minus column, with the sign turned so that + always means that the row is better."""
    names = list(dict.fromkeys(name for pair in pairs for name in (pair.a, pair.b)))
    sign = -1 if known.better == "down" else 1
    cells: dict[tuple[str, str], Payload] = {}
    for pair in pairs:
        cells[pair.a, pair.b] = _square(pair, sign)
        cells[pair.b, pair.a] = _square(pair, -sign)
    return {
        "names": [{"name": name, "title": titles[name], "colour": colours[name]} for name in names],
        "rows": [[cells.get((row, column)) for column in names] for row in names],
        "ahead": AHEAD,
        "behind": BEHIND,
    }


def _square(pair: Pair, sign: int) -> Payload:
    gap = pair.difference * sign
    effect = pair.effect * sign
    loud = min(abs(effect) / 0.5, 1.0) if math.isfinite(effect) else 1.0
    low, high = sorted((pair.low * sign, pair.high * sign))
    return {
        "text": _signed(gap),
        "small": f"{_signed(low)} \u2026 {_signed(high)}",
        "under": f"d {_signed(effect, 2)} \u00b7 p {_p(pair.p)}",
        "up": gap > 0,
        "loud": round(loud, 3),
        "certain": pair.certain,
        "said": pair.said,
    }


def _signed(value: float, places: int = 3) -> str:
    if not math.isfinite(value):
        return "\u221e" if value > 0 else f"{MINUS}\u221e"
    text = f"{abs(value):.{places}f}"
    text = text[1:] if text.startswith("0.") else text
    return ("+" if value > 0 else MINUS if value < 0 else "") + text


def _p(value: float) -> str:
    return "< .001" if value < 0.001 else f"{value:.3f}"[1:] if value < 1 else "1"
