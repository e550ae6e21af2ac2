"""The page of one item: what it is, and what lies near it in every space."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from mmviz.charts import palette
from mmviz.errors import MmvizError
from mmviz.ui import components, state
from mmviz.ui.frame import Here
from mmviz.ui.items import portrait_payload, spaces_payload

if TYPE_CHECKING:
    from mmviz.ui.items import Row
    from mmviz.views import Found

__all__ = ["one_item", "open_row"]

NEIGHBOURS = 12
SPACES = (
    ("image", "Image", "Nearest by picture", palette.MODALITIES["image"]),
    ("text", "Text", "Nearest by words", palette.MODALITIES["text"]),
    ("joint", "Joint", "Picture and words in the encoder's shared space", palette.INK),
)


def open_row(here: Here) -> int | None:
    """The row of the item that the address asks for, or None; an id that is not there gets a kind word."""
    item_id = state.address("item")
    row = here.shelf.row_of.get(item_id)
    if item_id and row is None:
        st.caption(f":material/info: There is no item '{item_id}' in {here.card.name}. Here is the whole catalogue.")
    return row


def one_item(here: Here, row: int) -> None:
    """One item large, and its neighbours in every space side by side."""
    st.button("All items", type="tertiary", icon=":material/arrow_back:", on_click=state.set_address, args=("item", ""))
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


def _spaces(here: Here, row: int) -> list[Row]:
    names = list(SPACES)
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
