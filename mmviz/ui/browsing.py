"""The catalogue page: the wall with its search and filters, and the page of one item."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from mmviz.charts import palette
from mmviz.errors import MmvizError
from mmviz.ui import components, state
from mmviz.ui.board import item_link
from mmviz.ui.frame import Here, empty, kindly
from mmviz.ui.items import IMAGE, JOINT, TEXT, portrait_payload, spaces_payload
from mmviz.ui.words import count, figures

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mmviz.ui.items import Row
    from mmviz.views import Found

__all__ = ["item_page", "open_item", "wall"]

PER_PAGE = 120
NEAREST = 240
NEIGHBOURS = 12
WORDS, MEANING = "Words", "Meaning"
SORTS = ("Most interactions", "Title", "As given")


def open_item(here: Here) -> int | None:
    """The row of the item that the address asks for, or None; an id that is not there gets a message."""
    item_id = state.address("item")
    row = here.shelf.row_of.get(item_id)
    if item_id and row is None:
        st.caption(f":material/info: There is no item '{item_id}' in {here.card.name}. Here is the whole catalogue.")
    return row


@st.fragment
def wall(here: Here) -> None:
    """Search, filters and the wall of pictures."""
    shelf = here.shelf
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        query, mode = _search()
        keep, sort, filtered = _filters(here)
        said = st.container(width="stretch", horizontal_alignment="right")
    with kindly():
        rows, near = _rows(here, query, mode, keep, sort)
    said.caption(_count_said(len(rows), len(shelf.ids), query, mode), text_alignment="right")
    if not rows:
        empty("Nothing fits", "Try fewer words, search by meaning, or take a filter away." if query or filtered else "")
        return
    pages = -(-len(rows) // PER_PAGE)
    page = min(int(st.session_state.get("page") or 1), pages)
    shown = rows[(page - 1) * PER_PAGE : page * PER_PAGE]
    payload = {
        "items": [{**shelf.item(row), "near": near.get(row, "")} for row in shown],
        "nearSaid": "Cosine between the words and the item in the encoder's joint space",
        "aspect": shelf.aspect,
        "link": item_link(shelf.name),
        "label": "Items",
        "shown": f"{query}{page}",
    }
    opened = components.wall(payload, "wall")
    if pages > 1:
        with st.container(horizontal_alignment="center"):
            st.pagination(pages, key="page", bind="query-params")
    if opened:
        state.set_address("item", opened)
        st.rerun(scope="app")


def item_page(here: Here, row: int) -> None:
    """One item large, and its neighbours in every space side by side."""
    st.button(
        "All items", type="tertiary", icon=":material/arrow_back:", on_click=state.set_address, args=("item", "")
    )
    components.item_view(portrait_payload(here.shelf, row), "portrait")
    st.space("small")
    st.subheader("What lies near it, by space", anchor=False)
    st.caption(
        "One row a space, nearest first, with the cosine. What stands in one row only is bold; point at an item to "
        "find it in the other rows."
    )
    slot = st.container()
    with slot.skeleton(height=320):
        payload = spaces_payload(here.shelf, row, _spaces(here, row))
    with slot:
        opened = components.item_view(payload, "spaces")
    if opened:
        state.set_address("item", opened)
        st.rerun()


def _search() -> tuple[str, str]:
    query = st.text_input(
        "Search",
        key="search",
        type="search",
        bind="query-params",
        live="300ms",
        placeholder="Search titles and texts",
        label_visibility="collapsed",
        on_change=_first_page,
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
        help="Words looks for the letters; Meaning compares your words with the pictures and texts themselves.",
    )
    return (query or "").strip(), mode or WORDS


def _filters(here: Here) -> tuple[np.ndarray, str, bool]:
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
                on_change=_first_page,
            )
        for column, numbers in shelf.numbers.items():
            if span := _span(column, numbers):
                spans[column] = span
        sort = st.selectbox("Order", SORTS, key="sort", bind="query-params")
    filtered = any(values.values()) or bool(spans)
    return shelf.matching(values, spans), sort or SORTS[0], filtered


def _span(column: str, numbers: np.ndarray) -> tuple[float, float] | None:
    given = numbers[np.isfinite(numbers)]
    if not len(given) or given.min() == given.max():
        return None
    low, high = float(given.min()), float(given.max())
    whole = bool((given == given.round()).all())
    ends = (int(low), int(high)) if whole else (low, high)
    picked = st.slider(
        column.capitalize(), *ends, ends, key=f"from_{column}", bind="query-params", on_change=_first_page
    )
    return None if tuple(picked) == ends else (float(picked[0]), float(picked[1]))


def _rows(here: Here, query: str, mode: str, keep: np.ndarray, sort: str) -> tuple[list[int], dict[int, str]]:
    shelf = here.shelf
    if query:
        meaning = mode == MEANING
        k = NEAREST if meaning else len(shelf.ids)
        found = here.lab.search(shelf.name, query, mode=mode.lower(), k=k)
        near = _cosines(found) if meaning else {}
        return [row for row in found.items if keep[row]], near
    rows = np.flatnonzero(keep)
    if sort == "Title":
        return sorted(rows.tolist(), key=lambda row: shelf.titles[row].casefold()), {}
    if sort == "Most interactions":
        rows = rows[np.argsort(-shelf.popularity[rows], kind="stable")]
    return rows.tolist(), {}


def _cosines(found: Found) -> dict[int, str]:
    return {row: figures(score) for row, score in zip(found.items, found.scores, strict=True)}


def _count_said(shown: int, every: int, query: str, mode: str) -> str:
    if query and mode == MEANING:
        return f"The {shown:,} nearest of {count(every, 'item')}"
    return f"{shown:,} of {count(every, 'item')}"


def _spaces(here: Here, row: int) -> list[Row]:
    names = [("image", *IMAGE), ("text", *TEXT), ("joint", *JOINT)]
    names += [
        (run.strategy, run.title, "Nearest in the trained model", palette.strategy_colour(run.kind, run.order))
        for run in here.lab.runs(here.card.name)
        if run.kind == "fusion"
    ]
    return [(title, said, colour, _found(here, row, space)) for space, title, said, colour in names]


def _found(here: Here, row: int, space: str) -> Found | None:
    try:
        return here.lab.neighbours(here.card.name, here.shelf.ids[row], space, k=NEIGHBOURS + 1)
    except MmvizError:
        return None


def _first_page() -> None:
    st.session_state["page"] = 1
