"""What outlives one run of a page: the lab, the light view of the catalogues, and what the address says."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING

import streamlit as st

from mmviz.ui.shelf import Shelf, build_shelf

if TYPE_CHECKING:
    from mmviz.catalogue.base import Catalogue
    from mmviz.charts.palette import Theme
    from mmviz.lab import Lab
    from mmviz.views import RunCard, SplitCard

__all__ = [
    "address",
    "asked_in_vain",
    "forget",
    "hand_over",
    "lab",
    "set_address",
    "shelf",
    "split_said",
    "splits",
    "take_over",
    "theme",
]


@cache
def lab() -> Lab:
    """The one lab of this process."""
    from mmviz.lab import Lab

    return Lab()


def shelf(name: str) -> Shelf:
    """The light view of one catalogue, built once for each content."""
    catalogue = lab().catalogue(name)
    return _shelf(name, catalogue.fingerprint, catalogue)


def splits(name: str) -> tuple[SplitCard, list[SplitCard]]:
    """The default split of a catalogue, and all of them."""
    return _splits(name, lab().catalogue(name).fingerprint)


def split_said(run: RunCard) -> str:
    """What was held out from a run, as part of a sentence."""
    _, every = splits(run.catalogue)
    return next((card.title.lower() for card in every if card.name == run.split), run.split)


@st.cache_resource(max_entries=16, show_spinner=False)
def _splits(name: str, fingerprint: str) -> tuple[SplitCard, list[SplitCard]]:  # noqa: ARG001 - the cache key
    return lab().default_split(name), lab().splits(name)


@st.cache_resource(max_entries=4, show_spinner=False)
def _shelf(name: str, fingerprint: str, _catalogue: Catalogue) -> Shelf:  # noqa: ARG001 - the cache key
    return build_shelf(_catalogue)


def theme() -> Theme:
    """The theme in use."""
    return "dark" if st.context.theme.type == "dark" else "light"


def address(name: str) -> str:
    """A part of the page's address that no widget holds, such as the item that is open; "" when it is not there."""
    return st.query_params.get(name, "")


def set_address(name: str, value: str) -> None:
    """Set a part of the page's address; an empty value takes it away."""
    if value:
        st.query_params[name] = value
    else:
        st.query_params.pop(name, None)


def asked_in_vain(name: str, known: Iterable[str]) -> list[str]:
    """Values that the address asks for and that do not exist; to be read before the widget that holds them."""
    if name in st.session_state:
        return []
    options = set(known)
    return [value for value in st.query_params.get_all(name) if value and value not in options]


def hand_over(**values: object) -> None:
    """Leave values for the widgets of the page that is switched to next, by their keys; None is left out."""
    st.session_state["handed"] = {key: value for key, value in values.items() if value is not None}


def take_over() -> None:
    """Give the widgets what another page left for them; to be called before any of them is drawn."""
    for key, value in st.session_state.pop("handed", {}).items():
        st.session_state[key] = value


def forget(names: Sequence[str]) -> None:
    """Drop picks, so that their widgets start again from the default."""
    for name in names:
        st.session_state.pop(name, None)
