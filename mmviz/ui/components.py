"""Our own components: plain modules and style sheets in `static/`, no build step, one payload in, one event out."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from mmviz.charts import palette

if TYPE_CHECKING:
    from streamlit.components.v2.types import ComponentRenderer

__all__ = [
    "TONES",
    "board",
    "cloud",
    "explained",
    "flow",
    "item_view",
    "league",
    "maps",
    "pairs",
    "picked",
    "roster",
    "wall",
]

Payload = dict[str, Any]

STATIC = Path(__file__).parent / "static"
TONES: dict[str, tuple[str, str]] = {
    "muted": palette.MUTED,
    "glow": palette.GLOW,
    "ground": palette.Pair("#F1EADC", "#23201B"),
}


def board(payload: Payload, key: str) -> tuple[str | None, str | None]:
    """Draw lists side by side; the id of an item that was just clicked, and of one whose reason was asked for."""
    shown = _component("board")(key=key, data=_dressed(payload), on_opened_change=_nothing, on_why_change=_nothing)
    return _opened(shown), _opened(shown, "why")


def explained(payload: Payload, key: str, on_edited: Callable[[], None]) -> None:
    """Draw an item as several strategies saw it; `on_edited` runs when patches or words were taken away.

    The callback finds what is gone now, as JSON, in `st.session_state[key].edited`.
    """
    _component("explain")(key=key, data=_dressed(payload), on_edited_change=on_edited)


def wall(payload: Payload, key: str, on_toggle: Callable[[], None] | None = None) -> str | None:
    """Draw a wall of pictures; the id of an item that was just clicked, or None.

    With `payload["picking"]` the items are buttons, and `on_toggle` runs after one was pressed; the callback finds
    its id in `st.session_state[key].toggled`.
    """
    shown = _component("wall")(
        key=key, data=_dressed(payload), on_opened_change=_nothing, on_toggled_change=on_toggle or _nothing
    )
    return _opened(shown)


def item_view(payload: Payload, key: str) -> str | None:
    """Draw one item large, or its neighbours in several spaces; the id of an item that was just clicked, or None."""
    return _opened(_component("item")(key=key, data=_dressed(payload), on_opened_change=_nothing))


def flow(svg: str, key: str) -> None:
    """Show a drawing of our own as part of the page, in its fonts."""
    _component("flow")(key=key, data={"svg": svg})


def roster(payload: Payload, key: str) -> list[str]:
    """Draw the table of strategies; the names that are ticked."""
    start = {"chosen": payload["chosen"]}
    shown = _component("roster")(key=key, data=_dressed(payload), default=start, on_chosen_change=_nothing)
    return [str(name) for name in shown.get("chosen") or ()]


def league(payload: Payload, key: str) -> None:
    """Draw the leaderboard; it sorts itself."""
    _component("league")(key=key, data=_dressed(payload))


def pairs(payload: Payload, key: str, on_pick: Callable[[], None]) -> None:
    """Draw the matrix of pairs; after a click `on_pick` runs and finds "a|b" in `st.session_state[key].picked`."""
    _component("pairs")(key=key, data=_dressed(payload), on_picked_change=on_pick)


def cloud(packed: bytes, key: str) -> None:
    """Hand large arrays to the maps of the page; see `mmviz.ui.clouds` for how they are packed. Shows nothing."""
    _component("cloud", ("clouds",))(key=key, data=packed)


def maps(
    payload: Payload,
    key: str,
    on_chosen: Callable[[], None],
    on_focused: Callable[[], None],
    on_camera: Callable[[], None],
    on_person: Callable[[], None],
) -> None:
    """Draw up to six maps on one canvas.

    The callbacks find in `st.session_state[key]` what was done: `chosen` (a step of a selection with its count),
    `focused` (the row of an item), `camera` (where the maps stand) or `person` (a place among the people drawn).
    """
    _component("space", ("clouds", "space_points", "space_paint", "space_over"), ("space_hands",))(
        key=key,
        data=_dressed(payload),
        on_chosen_change=on_chosen,
        on_focused_change=on_focused,
        on_camera_change=on_camera,
        on_person_change=on_person,
    )


def picked(payload: Payload, key: str) -> str | None:
    """Draw a small wall of items that light up on the maps when pointed at; the id of one that was just clicked."""
    return _opened(_component("picked")(key=key, data=_dressed(payload), on_opened_change=_nothing))


@cache
def _component(name: str, before: tuple[str, ...] = (), after: tuple[str, ...] = ()) -> ComponentRenderer:
    parts = ("shared", *before, name, *after)

    def read(kind: str) -> str:
        files = (STATIC / f"{part}.{kind}" for part in parts)
        return "\n".join(file.read_text("utf-8") for file in files if file.is_file())

    return st.components.v2.component(
        f"mmviz_{name}", html=f'<div class="mm mm-{name}"></div>', css=read("css"), js=read("js")
    )


def _dressed(payload: Payload) -> Payload:
    return {"tones": TONES, **payload}


def _opened(shown: Any, event: str = "opened") -> str | None:
    opened = shown.get(event)
    return str(opened) if opened else None


def _nothing() -> None:
    """A callback that does nothing: its presence declares the event to Streamlit."""
