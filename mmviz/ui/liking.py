"""Being a new person: a small searchable wall where a click says "I like this"."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from mmviz.ui import components, state
from mmviz.ui.words import count

if TYPE_CHECKING:
    from mmviz.ui.frame import Here
    from mmviz.ui.shelf import Shelf

__all__ = ["liking"]

KEY = "liking"
SHOWN = 72


def liking(here: Here) -> tuple[str, ...]:
    """Draw the wall; the ids of the items that are liked, in the order in which they were clicked."""
    shelf = here.shelf
    liked = _liked(shelf)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        query = st.text_input(
            "Find things you like",
            key="like_search",
            type="search",
            placeholder="Find things you like",
            label_visibility="collapsed",
            live="300ms",
            width=320,
        )
        st.caption(f"{count(len(liked), 'thing')} liked. Click to like, click again to take back.")
        st.button("Start over", type="tertiary", disabled=not liked, on_click=_clear)
    rows = _rows(here, query or "", liked)
    payload = {
        "items": [shelf.item(row) for row in rows],
        "picked": list(liked),
        "picking": True,
        "aspect": shelf.aspect,
        "label": "Things to like",
        "shown": query or "",
    }
    components.wall(payload, KEY, on_toggle=_toggle)
    return liked


def _rows(here: Here, query: str, liked: tuple[str, ...]) -> list[int]:
    shelf = here.shelf
    mine = [shelf.row_of[item_id] for item_id in liked]
    if query.strip():
        found = here.lab.search(shelf.name, query, mode="words", k=SHOWN).items
    else:
        found = tuple((-shelf.popularity).argsort(kind="stable")[:SHOWN].tolist())
        mine = [row for row in mine if row not in found]
    return [*([] if query.strip() else mine), *found]


def _liked(shelf: Shelf) -> tuple[str, ...]:
    asked = state.address("liked")
    if asked:
        st.session_state["liked"] = [item_id for item_id in asked.split("~") if item_id in shelf.row_of]
    liked = tuple(dict.fromkeys(st.session_state.get("liked", ())))
    if liked and not asked:
        state.set_address("liked", "~".join(liked))
    return liked


def _toggle() -> None:
    item_id = st.session_state[KEY].get("toggled")
    if not item_id:
        return
    liked = list(st.session_state.get("liked", ()))
    liked = [other for other in liked if other != item_id] if item_id in liked else [*liked, item_id]
    st.session_state["liked"] = liked
    state.set_address("liked", "~".join(liked))


def _clear() -> None:
    st.session_state["liked"] = []
    state.set_address("liked", "")
