"""One question put to all spaces at once: what glows on the maps, and how far the spaces agree."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from mmviz.errors import MmvizError
from mmviz.ui import components, state
from mmviz.ui.items import spaces_payload
from mmviz.ui.space_payload import space_colour
from mmviz.ui.space_side import saved
from mmviz.views import Found
from mmviz.views.maps import Question

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

    from mmviz.ui.frame import Here
    from mmviz.ui.space_picks import Picks
    from mmviz.views.maps import SpaceSearch

__all__ = ["PERSON", "answers", "search"]

NOTHING, WORDS, PICTURE, ITEM, PERSON = "Nothing", "Words", "A picture", "Like an item", "For a person"
K = 20
SHOWN = 12


def search(here: Here, picks: Picks, row: DeltaGenerator) -> SpaceSearch | None:
    """Draw the search into the row of picks; what each space answers, or None when nothing is asked."""
    with row:
        kind = st.selectbox("Find", [NOTHING, WORDS, PICTURE, ITEM, PERSON], key="ask", bind="query-params", width=170)
        question = _question(here, kind or NOTHING)
        saved(here)
    if question is None or not picks.spaces:
        return None
    try:
        with st.spinner("Asking every space", show_time=False):
            return _asked(here.card.fingerprint, here.split, picks.spaces, question, _runs(here), here)
    except MmvizError as error:
        st.caption(f":material/info: {error}")
        return None


def answers(here: Here, picks: Picks, asked: SpaceSearch) -> None:
    """The answers of every space as rows of pictures, and how many they share."""
    st.subheader("What each space finds", anchor=False)
    st.caption(f"The first {SHOWN} of {K} that glow on the maps. What stands in one row only is bold.")
    rows = []
    for name in picks.spaces:
        found, card = asked.found[name], picks.cards[name]
        said = asked.notes.get(name) or (card.said if len(found.items) else "")
        rows.append((card.title, said, space_colour(card), _first(found)))
    components.item_view(spaces_payload(here.shelf, -1, rows), "answers")
    if len(picks.spaces) > 1:
        shares = asked.overlap.rename(index=picks.titles, columns=picks.titles)
        st.caption(f"Overlap@{K}: share of the first {K} that two spaces have in common")
        st.dataframe(shares.style.format("{:.0%}"), width="content")


def _first(found: Found) -> Found:
    return Found(found.items[:SHOWN], found.scores[:SHOWN], found.n_searched)


def _question(here: Here, kind: str) -> Question | None:
    if kind == WORDS:
        words = st.text_input(
            "Words", key="ask_words", bind="query-params", placeholder="What should be on it or in it?", width=300
        )
        return Question("words", words=words.strip()) if words and words.strip() else None
    if kind == PICTURE:
        file = st.file_uploader("Picture", type=["jpg", "jpeg", "png", "webp"], key="ask_picture", width=340)
        return Question("picture", picture=file.getvalue()) if file else None
    if kind == ITEM:
        return _item(here)
    if kind == PERSON:
        people = [person.user_id for person in here.lab.people(here.card.name, here.split, limit=50)]
        user_id = st.selectbox(
            "Whose taste", people, key="ask_user", bind="query-params", accept_new_options=True, width=150
        )
        return Question("person", user_id=str(user_id)) if user_id else None
    return None


def _item(here: Here) -> Question | None:
    shelf = here.shelf
    st.session_state.setdefault("ask_item", state.address("item") or None)
    names = shelf.ids if len(shelf.ids) <= 5000 else (st.session_state["ask_item"],)
    if st.session_state["ask_item"] not in shelf.row_of:
        st.session_state["ask_item"] = None
    titles = {name: shelf.titles[shelf.row_of[name]] for name in names if name}
    item_id = st.selectbox(
        "Item",
        list(titles),
        key="ask_item",
        format_func=lambda each: titles.get(each, str(each)),
        placeholder="Choose, or click one on a map",
        width=260,
    )
    return Question("item", item_id=item_id) if item_id else None


def _runs(here: Here) -> tuple[str, ...]:
    return tuple(run.run_id for run in here.runs())


@st.cache_data(max_entries=32, show_spinner=False)
def _asked(
    fingerprint: str,  # noqa: ARG001 - part of the cache key, as the runs are
    split: str,
    spaces: Sequence[str],
    question: Question,
    runs: Sequence[str],  # noqa: ARG001
    _here: Here,
) -> SpaceSearch:
    return _here.lab.ask_spaces(_here.card.name, spaces, question, K, split)
