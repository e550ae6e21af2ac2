"""Which kind of map is shown, and its details: a head, a phrase to find, layers of the encoder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from mmviz.ui.frame import kindly
from mmviz.ui.seeing import HEADS, SHOWS

if TYPE_CHECKING:
    from mmviz.ui.frame import Here
    from mmviz.views.explanations import Question

__all__ = ["pick_map"]


def pick_map(here: Here, question: Question) -> tuple[str, int | None, str, tuple[int, int]]:
    """Which map, which head, what is typed, and how many of the encoder's last layers are looked into, of how many."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        show = st.segmented_control(
            "Show",
            list(SHOWS),
            default="relevance",
            required=True,
            format_func=lambda each: SHOWS.get(each, each),
            key="show",
            bind="query-params",
            label_visibility="collapsed",
        )
        head, said, layers = None, "", (1, 0)
        heads = _heads(here, question) if show in ("attention", "within") else 0
        if heads > 1:
            picked = st.selectbox(
                "Head",
                [HEADS, *(f"Head {at}" for at in range(1, heads + 1))],
                key="head",
                label_visibility="collapsed",
                width=180,
            )
            head = int(picked.removeprefix("Head ")) - 1 if picked and picked != HEADS else None
        if show == "alignment":
            said = st.text_input(
                "Find in the picture",
                key="phrase",
                bind="query-params",
                placeholder="Type anything to find in the picture",
                label_visibility="collapsed",
                max_chars=200,
                width=320,
            )
            layers = _layers(here, question)
    return (show if show in SHOWS else "relevance"), head, said or "", layers


def _heads(here: Here, question: Question) -> int:
    """The most heads that one of the chosen strategies was trained with; 0 where none has any."""
    chosen = [run.run_id for run in here.runs() if run.strategy in question.strategies and run.kind == "fusion"]
    return max((int(here.lab.run(run_id).settings.get("fusion", {}).get("heads", 0)) for run_id in chosen), default=0)


def _layers(here: Here, question: Question) -> tuple[int, int]:
    """How many of the encoder's last layers are looked into, of how many; asked where there are several."""
    with kindly():
        most = here.lab.encoder_layers(question) if question.strategies else 0
    if most < 2:
        return 1, most
    said = {1: f"Layer {most}, the last", most: f"All {most} layers"}
    picked = st.selectbox(
        "Layers of the encoder",
        range(1, most + 1),
        format_func=lambda n: said.get(n, f"Layers {most - n + 1} to {most}"),
        key="layers",
        label_visibility="collapsed",
        width=200,
    )
    return int(picked or 1), most
