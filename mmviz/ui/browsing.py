"""The catalogue page: the wall of pictures with its search and filters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from mmviz.ui import components, state
from mmviz.ui.board import item_link
from mmviz.ui.frame import Here, empty, kindly
from mmviz.ui.words import count, figures

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mmviz.views import Found

__all__ = ["Wanted", "search_row", "wall"]

PER_PAGE = 120
NEAREST = 240
WORDS, MEANING = "Words", "Meaning"
SORTS = ("Most interactions", "Title", "As given")


@dataclass(frozen=True)
class Wanted:
    """What of the catalogue is wanted: words or a meaning, and which items may be shown in which order."""

    query: str
    meaning: bool
    keep: np.ndarray
    sort: str


def search_row(here: Here) -> Wanted:
    """Draw search, filters and order; what is wanted. They stay on top while an item is open."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="search_row"):
        query, meaning = _search()
        keep, sort = _filters(here)
    return Wanted(query, meaning, keep, sort)


def wall(here: Here, wanted: Wanted) -> None:
    """Draw one page of the items that are wanted."""
    shelf = here.shelf
    with kindly():
        rows, near = _rows(here, wanted)
    st.caption(_count_said(len(rows), len(shelf.ids), wanted))
    if not rows:
        empty("Nothing fits", "Try fewer words, search by meaning, or take a filter away.")
        return
    pages = -(-len(rows) // PER_PAGE)
    page = _page(pages)
    shown = rows[(page - 1) * PER_PAGE : page * PER_PAGE]
    payload = {
        "items": [{**shelf.item(row), "near": near.get(row, "")} for row in shown],
        "nearSaid": "Cosine between the words and the item in the encoder's joint space",
        "aspect": shelf.aspect,
        "link": item_link(shelf.name),
        "label": "Items",
        "shown": f"{wanted.query}{page}",
    }
    opened = components.wall(payload, "wall")
    if pages > 1:
        with st.container(horizontal_alignment="center"):
            st.pagination(pages, key="page_shown", default=page, on_change=_turn)
    if opened:
        state.set_address("item", opened)
        st.rerun()


def _search() -> tuple[str, bool]:
    query = st.text_input(
        "Search",
        key="search",
        type="search",
        bind="query-params",
        live="300ms",
        placeholder="Search titles and texts",
        label_visibility="collapsed",
        on_change=_start_over,
        width=300,
    )
    mode = st.segmented_control(
        "Search by",
        [WORDS, MEANING],
        default=WORDS,
        required=True,
        key="by",
        bind="query-params",
        label_visibility="collapsed",
        on_change=_start_over,
        help="Words looks for the letters; Meaning compares your words with the pictures and texts themselves.",
    )
    return (query or "").strip(), mode == MEANING


def _filters(here: Here) -> tuple[np.ndarray, str]:
    shelf = here.shelf
    values: dict[str, Sequence[str]] = {}
    spans: dict[str, tuple[float, float]] = {}
    with st.popover("Filter and sort", icon=":material/filter_list:"):
        for column, rows in shelf.values.items():
            values[column] = st.multiselect(
                column.capitalize(),
                list(rows)[:500],
                key=f"is_{column}",
                bind="query-params",
                placeholder="All",
                on_change=_start_over,
            )
        for column, numbers in shelf.numbers.items():
            if span := _span(column, numbers):
                spans[column] = span
        sort = st.selectbox("Order", SORTS, key="sort", bind="query-params")
    return shelf.matching(values, spans), sort or SORTS[0]


def _span(column: str, numbers: np.ndarray) -> tuple[float, float] | None:
    given = numbers[np.isfinite(numbers)]
    if not len(given) or given.min() == given.max():
        return None
    low, high = float(given.min()), float(given.max())
    step = 1.0 if (given == given.round()).all() else (high - low) / 100
    picked = st.slider(
        column.capitalize(),
        low,
        high,
        (low, high),
        step=step,
        format="%d" if step == 1.0 else None,
        key=f"from_{column}",
        bind="query-params",
        on_change=_start_over,
    )
    return None if picked == (low, high) else picked


def _rows(here: Here, wanted: Wanted) -> tuple[list[int], dict[int, str]]:
    shelf = here.shelf
    if wanted.query:
        mode, k = ("meaning", NEAREST) if wanted.meaning else ("words", len(shelf.ids))
        found = here.lab.search(shelf.name, wanted.query, mode=mode, k=k)
        return [row for row in found.items if wanted.keep[row]], _cosines(found) if wanted.meaning else {}
    rows = np.flatnonzero(wanted.keep)
    if wanted.sort == "Title":
        return sorted(rows.tolist(), key=lambda row: shelf.titles[row].casefold()), {}
    if wanted.sort == SORTS[0]:
        rows = rows[np.argsort(-shelf.popularity[rows], kind="stable")]
    return rows.tolist(), {}


def _cosines(found: Found) -> dict[int, str]:
    return {row: figures(score) for row, score in zip(found.items, found.scores, strict=True)}


def _count_said(shown: int, every: int, wanted: Wanted) -> str:
    if wanted.query and wanted.meaning:
        return f"The {shown:,} nearest of {count(every, 'item')}"
    return f"{shown:,} of {count(every, 'item')}"


def _page(pages: int) -> int:
    asked = state.address("page")
    page = min(max(1, int(asked)), pages) if asked.isdecimal() else 1
    st.session_state.pop("page_shown", None)
    return page


def _turn() -> None:
    page = st.session_state.get("page_shown") or 1
    state.set_address("page", "" if page == 1 else str(page))


def _start_over() -> None:
    state.set_address("page", "")
    state.set_address("item", "")
