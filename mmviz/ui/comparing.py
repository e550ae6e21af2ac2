"""The board on the page: the lists side by side, what they were measured on, and how to read them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from mmviz.ui import components, state
from mmviz.ui.board import board_payload, why_link
from mmviz.ui.frame import PAGES, Here, empty, kindly
from mmviz.ui.peek import peek
from mmviz.ui.words import count

if TYPE_CHECKING:
    from mmviz.ui.recommending import Knobs, Picks

__all__ = ["compare", "how_to_read", "untrained"]

HOW_TO_READ = r"""
**One column, one strategy.** All columns rank the same items for the same person, best first.

**The bar** splits the score into what the interactions, the picture, the text and, where a model reads them, the
attributes brought:

$s(u,i) = v(\varnothing) + \sum_m \phi_m$

where $v(S)$ is the score of the model when it may use only the modalities in $S$, and $\phi_m$ is the Shapley value
of modality $m$. The interactions' part is $v(\varnothing)$. Parts left of the small line count against the item.
Bars share one scale within a column; scores of different strategies are not comparable.

**A hit** is an item that this person chose in the held-out part, which no model has seen.

**NDCG@k** $= \mathrm{DCG@k} / \mathrm{IDCG@k}$ with $\mathrm{DCG@k} = \sum_{r \le k} \mathrm{hit}_r / \log_2(r+1)$,
over all items, not a sample.

**Quiet cards** stand in every list, clear ones in few; *only here* in no other. Dots name the other lists by colour.

**Caution.** One person is an anecdote: the grey figure on top of a column is the mean over all people. An item that
was never offered to the person can't be a hit, however good it is.
"""


def compare(here: Here, picks: Picks) -> None:
    """Rank for the picked person with every picked strategy and draw the lists side by side."""
    if notice := st.session_state.pop("notice", ""):
        st.caption(f":material/info: {notice}")
    if not picks.strategies:
        empty("No strategy is chosen", "Choose one to five strategies above.")
        return
    if not picks.someone:
        st.caption("Click a few things that you like; every strategy answers at once.")
        return
    with kindly():
        board = here.lab.recommend(
            here.card.name,
            picks.strategies,
            picks.user_id,
            picks.liked,
            k=picks.knobs.k,
            weights=picks.knobs.weights,
            seen=picks.knobs.seen,
            filters=picks.knobs.filters,
            reference=picks.knobs.reference,
            split=picks.knobs.split,
        )
    summaries = {name: here.lab.strategy(name).summary for name in picks.strategies}
    asked = asked_again(here, picks)
    payload = board_payload(board, here.shelf, picks.knobs.k, picks.knobs.reference, summaries, why_link(asked))
    opened, why = components.board(payload, "board")
    if why:
        _hand_over(here, picks, why)
    st.caption(f"Ranked {count(board.n_candidates, 'item')} in each list{_said(picks.knobs)}.")
    if opened:
        peek(here, opened, board)


def how_to_read() -> None:
    """The quiet popover with the formula and the caveats."""
    with st.popover("How to read this", type="tertiary", icon=":material/help:"):
        st.markdown(HOW_TO_READ)


def untrained(here: Here) -> None:
    """What to show when no strategy is trained on this catalogue yet."""
    empty(
        "No strategy is trained yet",
        f"{here.card.name} has no trained model. Training four strategies takes a few minutes; "
        "you can look around meanwhile.",
        [("models", "Train strategies"), ("catalogue", "Look at the catalogue")],
    )


def _hand_over(here: Here, picks: Picks, item_id: str) -> None:
    """Go to the page that explains an item, with the same picks; parts of an address that widgets hold can't be set."""
    state.hand_over(
        catalogue=here.card.name,
        user=picks.user_id,
        strategies=list(picks.strategies),
        split=picks.knobs.split,
    )
    liked = {} if picks.user_id else {"liked": "~".join(picks.liked)}
    st.switch_page(PAGES["attention"], query_params={**liked, "item": item_id})


def asked_again(here: Here, picks: Picks) -> dict[str, str | list[str]]:
    """The picks as parts of an address: catalogue, strategies, split, and the person or what a newcomer likes."""
    asked: dict[str, str | list[str]] = {"catalogue": here.card.name}
    asked |= {"user": picks.user_id} if picks.user_id else {"liked": "~".join(picks.liked)}
    asked["strategies"] = [here.lab.strategy(name).title for name in picks.strategies]
    _, every = state.splits(here.card.name)
    title = next((card.title for card in every if card.name == picks.knobs.split), "")
    return asked | ({"split": title} if title else {})


def _said(knobs: Knobs) -> str:
    parts = [f"{name} at {weight:.0%}" for name, weight in knobs.weights.items() if weight < 1]
    parts.append("things already seen included" if knobs.seen else "things already seen left out")
    parts += [f"{column}: {', '.join(values)}" for column, values in knobs.filters.items()]
    return "; " + "; ".join(parts)
