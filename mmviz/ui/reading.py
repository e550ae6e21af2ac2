"""Picking what the models read and learn: attributes too, tasks beside recommending, or no interactions at all."""

from __future__ import annotations

import streamlit as st

from mmviz.lab import DEFAULT_ENCODER, features_name
from mmviz.ui.frame import Here
from mmviz.ui.words import listed

__all__ = ["choose_extras", "choose_reads", "encoder_name"]

PLAIN, MORE = "Pictures and words", "Attributes too"
TASKS, ALONE = "Recommending, and perhaps tasks", "Matching only, self-supervised"


def choose_extras(here: Here, under: str) -> tuple[str, ...]:
    """What the fusions are given beyond their plain form under an interaction model, as extras of their names."""
    attributes = choose_reads(here)
    chosen = ("attributes",) * attributes
    with st.popover("What they learn", icon=":material/school:", width="content"):
        aim = st.segmented_control(
            "Trained for",
            [TASKS, ALONE],
            default=TASKS,
            required=True,
            key="aim",
            bind="query-params",
            help="Self-supervised training learns from nobody's history: an item's picture, words and attributes have "
            "to find each other. It then recommends what looks and reads like the history; only when to stop is chosen "
            "on validation.",
        )
        if aim == ALONE:
            return (*chosen, "selfsupervised")
        return (*chosen, *_tasks(here, attributes), *_fine_tuning(under))


def _fine_tuning(under: str) -> tuple[str, ...]:
    """Whether the encoders' last layers are trained too."""
    graph = under == "graph"
    on = st.toggle(
        "Fine-tune the encoders' last layer",
        key="finetune",
        bind="query-params",
        disabled=graph,
        help="Not under the graph, whose neighbours stand on the untouched encoders."
        if graph
        else "Trains on with the last layer of both encoders. On a processor it takes minutes for a few hundred items, "
        "and keeps features of its own with the run.",
    )
    return ("finetuned",) if on and not graph else ()


def _tasks(here: Here, attributes: bool) -> list[str]:
    """Pick tasks to learn beside recommending; those that this catalogue or model cannot learn say why."""
    cards = {card.name: card for card in here.lab.tasks(here.card.name, attributes)}
    offered = [name for name, card in cards.items() if not card.problem]
    picked = st.pills(
        "Tasks beside recommending",
        offered,
        selection_mode="multi",
        format_func=lambda name: cards[name].title,
        key="learn",
        bind="query-params",
        help="Each gets a head of its own on the fused vector; how loud each task is, is learned too.",
    )
    for card in cards.values():
        said = f"Not offered: {card.problem}" if card.problem else card.summary
        st.caption(f"**{card.title}** {f'({card.column})' if card.column else ''} {said}")
    return [name for name in picked or () if name in offered]


def choose_reads(here: Here) -> bool:
    """Whether models that read attributes are meant; a catalogue without any says why they are not offered."""
    card = here.lab.attributes(here.card.name)
    if card.problem:
        st.caption(f"Attributes as a third modality are not offered. {card.problem}")
        return False
    with st.container(gap="xsmall"):
        picked = st.segmented_control(
            "Models read",
            [PLAIN, MORE],
            default=MORE if card.chosen else PLAIN,
            required=True,
            key="reads",
            bind="query-params",
            help="A model that reads attributes is a model of its own: its runs stand beside those without.",
        )
        st.caption(
            f"Attributes of this catalogue: {listed(card.columns)}. A column that was counted from ratings or sales "
            "would tell what is held out; leave such a one out of the catalogue."
        )
    return picked == MORE


def encoder_name(attributes: bool) -> str:
    """The name of the features that are read."""
    return features_name(DEFAULT_ENCODER, attributes)
