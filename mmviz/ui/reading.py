"""Picking what the models read: pictures and words, or the catalogue's attributes too."""

from __future__ import annotations

import streamlit as st

from mmviz.lab import DEFAULT_ENCODER, features_name
from mmviz.ui.frame import Here
from mmviz.ui.words import listed

__all__ = ["choose_reads", "encoder_name"]

PLAIN, MORE = "Pictures and words", "Attributes too"


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
