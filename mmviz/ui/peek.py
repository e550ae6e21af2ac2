"""A look at one item beside the board, without leaving it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from mmviz.ui import components
from mmviz.ui.frame import link
from mmviz.ui.items import portrait_payload
from mmviz.ui.words import figures

if TYPE_CHECKING:
    from mmviz.ui.frame import Here
    from mmviz.views import Board

__all__ = ["peek"]


def peek(here: Here, item_id: str, board: Board) -> None:
    """Open a drawer with the item's picture and words and its place in every list."""
    row = here.shelf.row_of.get(item_id)
    if row is None:
        return
    st.dialog(here.shelf.titles[row], width=520, position="right")(_drawer)(here, row, board)


def _drawer(here: Here, row: int, board: Board) -> None:
    components.item_view({**portrait_payload(here.shelf, row), "slim": True}, "peek")
    for column in board.columns:
        pick = next((pick for pick in column.picks if pick.item == row), None)
        place = f"place {pick.rank}, score {figures(pick.score)}" if pick else "not in this list"
        st.markdown(f"**{column.run.title}**: {place}")
    link("catalogue", "Open its page with neighbours", item=here.shelf.ids[row])
