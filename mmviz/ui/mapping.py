"""The maps on the page: their buffers, the canvas, and what a hand on the canvas does to the address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from mmviz.errors import MmvizError
from mmviz.ui import components, state
from mmviz.ui.frame import empty, kindly
from mmviz.ui.jobs import wait_for
from mmviz.ui.space_payload import chosen_payload, coordinates, maps_payload, tinted, words
from mmviz.ui.space_people import buffers as people_buffers
from mmviz.ui.space_people import crowd, person_side, place_of, said
from mmviz.ui.space_picks import tint_of
from mmviz.ui.space_side import side

if TYPE_CHECKING:
    from mmviz.ui.clouds import Cloud
    from mmviz.ui.frame import Here
    from mmviz.ui.shelf import Shelf
    from mmviz.ui.space_picks import Picks
    from mmviz.views.maps import PeopleMap, SpaceMap

__all__ = ["KEY", "draw", "drawn_maps", "settle"]

KEY = "maps"


def settle(here: Here) -> None:
    """Forget a selection, an open item or person and a place on the maps that belong to another catalogue."""
    before = st.session_state.get("mapped")
    if before not in (None, here.card.name):
        for name in ("sel", "item", "at", "person"):
            state.set_address(name, "")
    st.session_state["mapped"] = here.card.name
    if notice := st.session_state.pop("notice", ""):
        st.caption(f":material/info: {notice}")


def drawn_maps(here: Here, picks: Picks) -> list[SpaceMap] | None:
    """The maps that were picked, or None while they are being laid out, which starts here and is shown."""
    missing = here.lab.not_laid_out(here.card.name, picks.spaces, picks.settings, here.split)
    if missing:
        asked = (here.card.name, picks.spaces, picks.settings, here.split)
        st.space("small")
        wait_for(
            "maps",
            asked,
            lambda: here.lab.start_lay_out(*asked),
            "These maps are laid out once and then kept. The page shows them as soon as they are there.",
        )
        return None
    return [here.lab.space_map(here.card.name, name, picks.settings, here.split) for name in picks.spaces]


def draw(here: Here, picks: Picks, glow: Mapping[str, Sequence[int]]) -> None:
    """The canvas with what is selected beside it."""
    if not picks.spaces:
        empty("No space is chosen", "Choose one to six spaces above.")
        return
    with kindly():
        maps = drawn_maps(here, picks)
        if maps is None:
            return
        people = crowd(here, picks)
        if people is None:
            return
        tint = tint_of(here, picks, picks.colour, maps)
    buffers = {"words": _words(here.card.fingerprint, here.shelf), "tint": tinted(tint)}
    buffers |= {drawn.card.name: coordinates(drawn) for drawn in maps} | people_buffers(here, picks, people)
    groups = here.lab.clusters(here.card.name, picks.spaces[0], here.split) if picks.named else None
    names = {key: cloud.name for key, cloud in buffers.items()}
    payload = maps_payload(here.shelf, maps, names, tint, glow, groups)
    payload |= {"morph": picks.view == "Morph", "layout": picks.settings.text}
    payload["people"] = {"n": len(people[0].users), "names": names["people"]} if people else None
    _stage(here, picks, maps, payload, people)
    if people:
        said(picks, people)
    with st.container(gap=None, height=1, border=False, key="clouds"):  # the buffers show nothing
        for name, cloud in buffers.items():
            components.cloud(cloud.packed, f"cloud_{name}")


@st.fragment
def _stage(
    here: Here, picks: Picks, maps: Sequence[SpaceMap], payload: dict[str, object], people: Sequence[PeopleMap]
) -> None:
    text = state.address("sel")
    chosen = _chosen(here, picks, maps, text)
    row = here.shelf.row_of.get(state.address("item"), -1)
    person = _open_person(here) if people else ""
    beside = row >= 0 or bool(chosen.any()) or bool(person)
    left, right = st.columns([3.3, 1] if beside else [400, 1], gap="medium" if beside else "xxsmall")
    with left:
        components.maps(
            {
                **payload,
                "chosen": chosen_payload(text, chosen),
                "focus": row,
                "person": place_of(here, people, person),
                "camera": _camera(),
            },
            KEY,
            on_chosen=_choose,
            on_focused=lambda: _focus(here.shelf),
            on_camera=_look,
            on_person=lambda: _meet(here.shelf, people),
        )
    if beside:
        with right:
            if person:
                person_side(here, person)
            side(here, chosen, row)


def _chosen(here: Here, picks: Picks, maps: Sequence[SpaceMap], text: str) -> np.ndarray:
    if not text:
        return np.zeros(len(here.shelf.ids), dtype=bool)

    def codes(name: str, space: str) -> np.ndarray:
        tint = tint_of(here, picks, name, maps)
        return np.asarray(tint.codes.get(space, tint.codes.get("all", np.zeros(len(here.shelf.ids), np.uint8))))

    try:
        return here.lab.select(here.card.name, text, picks.settings, codes, here.split)
    except MmvizError as error:
        st.caption(f":material/info: {error}")
        return np.zeros(len(here.shelf.ids), dtype=bool)


def _choose() -> None:
    done = st.session_state[KEY].get("chosen") or {}
    step = str(done.get("step", ""))[:1024]
    before = state.address("sel")
    state.set_address("sel", step if not step or step.startswith("n") or not before else f"{before}~{step}")


def _focus(shelf: Shelf) -> None:
    row = st.session_state[KEY].get("focused")
    if isinstance(row, int | float) and 0 <= int(row) < len(shelf.ids):
        state.set_address("item", shelf.ids[int(row)])


def _meet(shelf: Shelf, people: Sequence[PeopleMap]) -> None:
    at = st.session_state[KEY].get("person")
    if people and isinstance(at, int | float) and 0 <= int(at) < len(people[0].users):
        state.set_address("person", str(shelf.catalogue.user_ids[people[0].users[int(at)]]))


def _open_person(here: Here) -> str:
    """The person who is open; "" for nobody and for someone whom the catalogue does not know."""
    user_id = state.address("person")
    return user_id if user_id and here.shelf.catalogue.user_index(user_id) is not None else ""


def _look() -> None:
    at = str(st.session_state[KEY].get("camera") or "")
    state.set_address("at", "" if at == "0,0,1" else at[:60])


def _camera() -> dict[str, float] | None:
    try:
        x, y, z = (float(part) for part in state.address("at").split(","))
    except ValueError:
        return None
    return {"x": x, "y": y, "z": z} if 0.4 < z < 500 and abs(x) < 2 and abs(y) < 2 else None


@st.cache_resource(max_entries=4, show_spinner=False)
def _words(fingerprint: str, _shelf: Shelf) -> Cloud:  # noqa: ARG001 - the cache key
    return words(_shelf)
