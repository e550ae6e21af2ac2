"""People on the maps: their buffers and names, what is said of them, and the person who is open beside the maps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from mmviz.ui import components, state
from mmviz.ui.board import item_link
from mmviz.ui.clouds import Cloud, cloud_of
from mmviz.ui.frame import PAGES, link
from mmviz.ui.jobs import wait_for
from mmviz.ui.space_picks import HITS, SCORE
from mmviz.ui.space_search import PERSON
from mmviz.ui.words import count, figures, listed, plain

if TYPE_CHECKING:
    from mmviz.ui.frame import Here
    from mmviz.ui.space_picks import Picks
    from mmviz.views.maps import PeopleMap

__all__ = ["buffers", "crowd", "names_of", "person_side", "place_of", "said"]

MOST_SHOWN = 60
PARTS = {"train": "train side", "valid": "validation", "test": "held out"}


def crowd(here: Here, picks: Picks) -> list[PeopleMap] | None:
    """The people on every map that was picked, [] when they are not wanted; None while they are being placed."""
    if not picks.people:
        return []
    asked = (here.card.name, picks.spaces, here.split)
    if here.lab.not_placed(*asked):
        wait_for(
            "people",
            asked,
            lambda: here.lab.start_place_people(*asked),
            "People are placed on the maps once, and then kept.",
        )
        return None
    return [here.lab.people_map(here.card.name, name, picks.settings, here.split) for name in picks.spaces]


def buffers(here: Here, picks: Picks, people: Sequence[PeopleMap]) -> dict[str, Cloud]:
    """The names of the people, and where they stand on each map; empty without people."""
    if not people:
        return {}
    found = {f"people_{name}": _places(each) for name, each in zip(picks.spaces, people, strict=True)}
    return {"people": cloud_of({"lines": names_of(here, people[0])}), **found}


def place_of(here: Here, people: Sequence[PeopleMap], user_id: str) -> int:
    """Where someone stands among the people that are drawn; −1 = not there."""
    user = here.shelf.catalogue.user_index(user_id)
    if user is None or not people:
        return -1
    return next(iter(np.flatnonzero(people[0].users == user).tolist()), -1)


def names_of(here: Here, people: PeopleMap) -> list[str]:
    """One line a person: who, interactions, and how many of them are on the train side, with tabs between."""
    catalogue = here.shelf.catalogue
    every = np.bincount(catalogue.interactions["user"].to_numpy(), minlength=catalogue.n_users)[people.users]
    ids = catalogue.user_ids[people.users]
    return [
        f"Person {str(user_id).replace(chr(9), ' ')}\t{count(n, 'interaction')}\t{train:,} on the train side"
        for user_id, n, train in zip(ids, every.tolist(), people.n_train.tolist(), strict=True)
    ]


def said(picks: Picks, people: Sequence[PeopleMap]) -> None:
    """How people come onto the maps, how many of how many are drawn, and how much of their surroundings is kept."""
    first = people[0]
    shown = f"All {first.active:,} people" if len(first.users) == first.active else (
        f"The {len(first.users):,} most active of {first.active:,} people"
    )  # fmt: skip
    if first.active < first.of:
        shown += f" ({first.of - first.active:,} more have nothing on the train side)"
    kept = [
        f"{picks.titles[name]} {figures(100 * each.kept, 2)} %" for name, each in zip(picks.spaces, people, strict=True)
    ]
    st.caption(
        f"{shown} are placed on the maps of the items, which they do not change: each among the 15 items nearest to "
        f"their taste in the space itself. Of these, so many are also the 15 nearest on the map: {listed(kept)}. "
        f"{'' if picks.view == '3-D' else 'Lasso and box take items.'}"
    )


def person_side(here: Here, user_id: str) -> None:
    """Beside the maps: the person, what they chose, and where to go with them."""
    shelf = here.shelf
    history = here.lab.history(here.card.name, user_id, here.split)
    st.button(
        "Close", key="close_person", type="tertiary", icon=":material/close:", on_click=state.set_address,
        args=("person", ""),
    )  # fmt: skip
    st.markdown(f":material/person: **Person {plain(user_id)}**")
    parts = {name: sum(entry.part == part for entry in history) for part, name in PARTS.items()}
    counts = listed([f"{n:,} {name}" for name, n in parts.items() if n])
    st.caption(f"{count(len(history), 'interaction')}: {counts}. The train side alone says where they stand.")
    trained = [entry.item for entry in history if entry.part == "train"][::-1]
    shown = trained[:MOST_SHOWN]
    way = item_link(shelf.name)
    items = [{**shelf.item(row), "row": row, "link": way + shelf.ids[row]} for row in shown]
    opened = components.picked({"items": items, "aspect": shelf.aspect, "label": "Their items"}, "theirs")
    if len(shown) < len(trained):
        st.caption(f"The {len(shown):,} latest of {len(trained):,} on the train side.")
    with st.container(gap=None):
        for label, icon, act, more in (
            ("Find what they would like", "search", _find, ()),
            ("Colour by their score", "palette", _tint, (SCORE,)),
            ("Colour by their lists", "target", _tint, (HITS,)),
        ):
            if st.button(label, icon=f":material/{icon}:", type="tertiary", on_click=act, args=(user_id, *more)):
                st.rerun()  # the picks stand above, outside of this fragment
        if "recommendations" in PAGES:
            link("recommendations", "What is recommended to them", user=user_id)
    st.divider()
    if opened:
        state.set_address("item", opened)
        st.rerun(scope="fragment")


def _find(user_id: str) -> None:
    st.session_state["ask"] = PERSON
    _pick("ask_user", user_id)


def _tint(user_id: str, colour: str) -> None:
    st.session_state["colour"] = colour
    _pick("whose", user_id)


def _pick(key: str, user_id: str) -> None:
    """Choose a person in a widget; the address of one that is not drawn yet has to be told too."""
    if key not in st.session_state:
        state.set_address(key, user_id)
    st.session_state[key] = user_id


def _places(people: PeopleMap) -> Cloud:
    return cloud_of({"xy": np.stack(people.ends, axis=1).reshape(-1, 2).astype(np.float32)})
