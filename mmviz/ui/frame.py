"""The frame around every page: sidebar, title and question, and what to show when something is missing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st
from streamlit.errors import StreamlitPageNotFoundError

from mmviz.errors import MmvizError
from mmviz.ui import state
from mmviz.ui.jobs import active, jobs_panel
from mmviz.ui.shelf import Shelf
from mmviz.ui.words import bytes_said, count

if TYPE_CHECKING:
    from streamlit.navigation.page import Page

    from mmviz.lab import Lab
    from mmviz.views import CatalogueCard, DeviceCard, RunCard

__all__ = [
    "PAGES",
    "PICKS",
    "Here",
    "brand",
    "empty",
    "kindly",
    "landing",
    "link",
    "open_any_page",
    "open_page",
    "page",
]

PAGES = {
    "catalogue": "pages/explore/catalogue.py",
    "recommendations": "pages/explore/recommendations.py",
    "attention": "pages/explore/attention.py",
    "spaces": "pages/explore/spaces.py",
    "methods": "pages/learn/methods.py",
    "leaderboard": "pages/evidence/leaderboard.py",
    "robustness": "pages/evidence/robustness.py",
    "models": "pages/build/models.py",
    "start": "pages/build/start.py",
}
PICKS = (
    "user",
    "strategies",
    "reference",
    "split",
    "liked",
    "search",
    "page",
    "reads",
    "learn",
    "lines",
    "compared",
    "a",
    "b",
    "item",
    "covered",
    "struck",
    "spaces",
    "from",
    "to",
    "solid",
    "colour",
    "guide",
    "ask",
    "ask_item",
    "ask_user",
    "whose",
    "gap_space",
)


@dataclass(frozen=True)
class Here:
    """Where a page stands: the lab, and the catalogue that was picked."""

    lab: Lab
    card: CatalogueCard

    @property
    def shelf(self) -> Shelf:
        """The light view of the picked catalogue."""
        return state.shelf(self.card.name)

    @property
    def split(self) -> str:
        """The split in use: the one that was picked if it can be used, else the default."""
        default, every = state.splits(self.card.name)
        picked = st.session_state.get("split") or state.address("split")  # the address has the title
        fit = [card.name for card in every if card.usable and picked in (card.name, card.title)]
        return fit[0] if fit else default.name

    def runs(self) -> list[RunCard]:
        """What is trained on the split in use."""
        return self.lab.runs(self.card.name, self.split)


def open_page(title: str, question: str) -> Here:
    """Draw the frame of a page that needs a catalogue; without one, say so and stop."""
    card = open_any_page(title, question, mark_simulated=True)
    if card is None and active():
        empty("The first catalogue is being made", "This page fills itself as soon as its items are known.")
        st.stop()
    if card is None:
        empty(
            "There is no catalogue yet",
            "Open the demo or import a folder of your own; this page fills itself then.",
            [("start", "Add a catalogue")],
        )
        st.stop()
    return Here(state.lab(), card)


def open_any_page(title: str, question: str, mark_simulated: bool = False) -> CatalogueCard | None:
    """Draw sidebar, title and question; the picked catalogue, or None when there is none."""
    state.take_over()
    lab = state.lab()
    cards = lab.catalogues()
    with st.sidebar:
        card = _catalogue_picker(cards)
        jobs_panel()
        st.space("stretch")
        st.caption(_device_said(lab.device()))
    with st.container(gap=None):
        st.title(title, anchor=False)
        simulated = card is not None and card.simulated and mark_simulated
        st.caption(f"{question} · Simulated catalogue" if simulated else question)
    return card


def empty(title: str, said: str, ways: Sequence[tuple[str, str]] = ()) -> None:
    """A designed empty state: what is missing, and the one thing to do next as links (url path, label)."""
    st.space("medium")
    with st.container(width=560, gap="small"):
        st.subheader(title, anchor=False)
        st.markdown(said)
        for path, label in ways:
            link(path, label)


def link(page: str, label: str, **asked: str | list[str]) -> None:
    """A link to another page of the app, such as "catalogue", that opens with these parts of the address."""
    try:
        st.page_link(PAGES[page], label=label, icon=":material/arrow_forward:", query_params=asked or None)
    except StreamlitPageNotFoundError:  # the page runs alone, without app.py
        st.caption(label)


@contextmanager
def kindly() -> Iterator[None]:
    """Show what mmviz says about an error in place of the part of the page that could not be drawn."""
    try:
        yield
    except MmvizError as error:
        st.warning(str(error), icon=":material/info:")
        st.stop()


def _catalogue_picker(cards: Sequence[CatalogueCard]) -> CatalogueCard | None:
    if not cards:
        return None
    by_name = {card.name: card for card in cards}
    lost = state.asked_in_vain("catalogue", by_name)
    name = st.selectbox(
        "Catalogue",
        list(by_name),
        key="catalogue",
        bind="query-params",
        on_change=lambda: state.forget(PICKS),
    )
    card = by_name.get(name or "", cards[0])
    st.caption(_catalogue_said(card))
    if lost:
        st.caption(f"The address asked for a catalogue that is not here; this is {card.name} instead.")
    return card


def _catalogue_said(card: CatalogueCard) -> str:
    parts = [
        count(card.n_items, "item"),
        count(card.n_users, "person", "people"),
        count(card.n_interactions, "interaction"),
    ]
    if card.n_without_image:
        parts.append(f"{card.n_without_image:,} without a picture")
    if card.n_without_text:
        parts.append(f"{card.n_without_text:,} without text")
    if card.simulated:
        parts.append("simulated")
    return " · ".join(parts)


def _device_said(device: DeviceCard) -> str:
    memory = f"{bytes_said(device.memory_used)} of {bytes_said(device.memory_total)} memory in use"
    return f":material/memory: {device.name}  \n{memory}"


def brand(assets: Path) -> None:
    """Put the logo that suits the theme on top of the sidebar."""
    dark = st.context.theme.type == "dark"
    st.logo(str(assets / ("logo-dark.svg" if dark else "logo.svg")), icon_image=str(assets / "mark.svg"), size="large")


def page(name: str, title: str, icon: str, said: str) -> Page:
    """Declare one of the pages for the navigation."""
    return st.Page(PAGES[name], url_path=name, title=title, icon=f":material/{icon}:", help=said)


def landing() -> None:
    """Where the bare address leads: the catalogue if there is one or is about to be, else the page that adds one."""
    st.switch_page(PAGES["catalogue" if state.lab().catalogues() or active() else "start"])
