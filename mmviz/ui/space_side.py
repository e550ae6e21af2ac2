"""Beside the maps: the item in focus, and what is selected as a wall or a table, to be kept or taken elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import streamlit as st

from mmviz.errors import MmvizError
from mmviz.ui import components, state
from mmviz.ui.board import item_link
from mmviz.ui.frame import PAGES, link
from mmviz.ui.items import portrait_payload
from mmviz.ui.words import count

if TYPE_CHECKING:
    from mmviz.ui.frame import Here

__all__ = ["saved", "side"]

WALL, TABLE = "Pictures", "Table"
MOST_PICTURES = 90
MOST_ROWS = 1000
MOST_LIKED = 30


def side(here: Here, chosen: np.ndarray, focus: int) -> None:
    """Draw what stands beside the maps for the selection (I,) bool and the row in focus, −1 = none."""
    if focus >= 0:
        _item(here, focus)
    rows = np.flatnonzero(chosen)
    rows = rows[np.argsort(-here.shelf.popularity[rows], kind="stable")]
    if len(rows):
        _selection(here, rows)


def _item(here: Here, row: int) -> None:
    shelf = here.shelf
    st.button("Close", type="tertiary", icon=":material/close:", on_click=state.set_address, args=("item", ""))
    components.item_view({**portrait_payload(shelf, row), "slim": True}, "focused")
    item_id = shelf.ids[row]
    link("catalogue", "Its page with neighbours", item=item_id)
    if "attention" in PAGES:
        link("attention", "What the models look at", item=item_id)
    if st.button("More like this", icon=":material/search:", on_click=_like, args=(item_id,), type="tertiary"):
        st.rerun()  # the search stands above, outside of this fragment
    st.divider()


def _like(item_id: str) -> None:
    st.session_state["ask"] = "Like an item"
    st.session_state["ask_item"] = item_id


def _selection(here: Here, rows: np.ndarray) -> None:
    shelf = here.shelf
    st.markdown(f"**{count(len(rows), 'item')}** of {len(shelf.ids):,} selected")
    shape = st.segmented_control(
        "Show as", [WALL, TABLE], default=WALL, required=True, key="shape", bind="query-params",
        label_visibility="collapsed",
    )  # fmt: skip
    if shape == TABLE:
        _table(here, rows)
    else:
        _wall(here, rows)
    _take_away(here, rows)


def _wall(here: Here, rows: np.ndarray) -> None:
    shelf = here.shelf
    shown = rows[:MOST_PICTURES].tolist()
    way = item_link(shelf.name)
    items = [{**shelf.item(row), "row": row, "link": way + shelf.ids[row]} for row in shown]
    opened = components.picked({"items": items, "aspect": shelf.aspect, "label": "Selected items"}, "picked")
    if len(shown) < len(rows):
        st.caption(f"The {len(shown):,} most chosen of {len(rows):,}; the CSV has them all.")
    if opened:
        state.set_address("item", opened)
        st.rerun(scope="fragment")


def _table(here: Here, rows: np.ndarray) -> None:
    frame = selected_frame(here, rows[:MOST_ROWS])
    event = st.dataframe(
        frame, hide_index=True, height=390, on_select="rerun", selection_mode="single-row", key="chosen_table"
    )
    if len(rows) > MOST_ROWS:
        st.caption(f"The {MOST_ROWS:,} most chosen of {len(rows):,}; the CSV has them all.")
    picked: list[int] = event["selection"]["rows"]
    if picked and picked != st.session_state.get("table_picked"):
        st.session_state["table_picked"] = picked
        state.set_address("item", str(frame["id"].iat[min(picked[0], len(frame) - 1)]))
        st.rerun(scope="fragment")


def selected_frame(here: Here, rows: np.ndarray) -> pd.DataFrame:
    """The items with title, columns, popularity and id."""
    shelf = here.shelf
    items = shelf.catalogue.items
    columns: dict[str, Any] = {"title": [shelf.titles[row] for row in rows.tolist()]}
    columns |= {c.name: items[c.name].to_numpy()[rows] for c in shelf.catalogue.columns if c.kind != "text"}
    columns["interactions"] = shelf.popularity[rows]
    columns["id"] = [shelf.ids[row] for row in rows.tolist()]
    return pd.DataFrame(columns)


def _take_away(here: Here, rows: np.ndarray) -> None:
    shelf = here.shelf
    with st.container(horizontal=True, gap="small"):
        st.download_button(
            "CSV",
            lambda: selected_frame(here, rows).to_csv(index=False).encode(),
            file_name=f"{shelf.name}-selection.csv",
            mime="text/csv",
            icon=":material/download:",
            type="tertiary",
        )
        with st.popover("Save", icon=":material/bookmark_add:", type="tertiary"):
            name = st.text_input("Name of the selection", key="group_name", max_chars=60)
            if st.button("Save", key="group_save", disabled=not name, on_click=_save, args=(here, rows)):
                st.rerun()  # the saved selections stand above, outside of this fragment
            if said := st.session_state.pop("group_said", ""):
                st.caption(said)
    liked = "~".join(shelf.ids[row] for row in rows[:MOST_LIKED].tolist())
    said = "Recommend from these"
    if len(rows) > MOST_LIKED:
        said = f"Recommend from the {MOST_LIKED} most chosen"
    link("recommendations", said, who="I am new here", liked=liked)


def _save(here: Here, rows: np.ndarray) -> None:
    name = str(st.session_state.get("group_name", "")).strip()
    try:
        here.lab.save_selection(here.card.name, name, [here.shelf.ids[row] for row in rows.tolist()])
    except MmvizError as error:
        st.session_state["group_said"] = str(error)
        return
    st.session_state["group_said"] = f"Saved as {name}."


def saved(here: Here) -> None:
    """The popover with the selections that were saved, where there are any."""
    kept = here.lab.selections(here.card.name)
    if not kept:
        return
    with st.popover(count(len(kept), "saved selection"), icon=":material/bookmarks:", width="content"):
        for name, ids in kept.items():
            with st.container(horizontal=True, vertical_alignment="center"):
                said = f"{name}, {count(len(ids), 'item')}"
                st.button(
                    said, key=f"group_{name}", type="tertiary", on_click=_open_group, args=(name,), width="stretch"
                )
                st.button(
                    "Forget", key=f"forget_{name}", type="tertiary", icon=":material/delete:", on_click=_forget,
                    args=(here, name),
                )  # fmt: skip


def _open_group(name: str) -> None:
    state.set_address("sel", f"ng{name}")


def _forget(here: Here, name: str) -> None:
    here.lab.save_selection(here.card.name, name, [])
    if f"g{name}" in state.address("sel"):
        state.set_address("sel", "")
