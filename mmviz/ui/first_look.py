"""A short guided first look: three things to try. Dismissed once, it stays away."""

from __future__ import annotations

import streamlit as st

from mmviz.ui.frame import Here, link

__all__ = ["first_look"]

SETTING = "first_look_dismissed"
STEPS = (
    (
        "See what lies near",
        "Click any picture below. Its nearest items by picture, by words and in each model stand in rows: "
        "where do they disagree?",
        None,
    ),
    (
        "Compare strategies",
        "Pick a person and see four models side by side. What only one of them found is printed bold.",
        ("recommendations", "Open recommendations"),
    ),
    (
        "Take the picture away",
        "Under Weights, pull the image down to 0\u00a0% and watch which items fall and which stay.",
        ("recommendations", "Try the weights"),
    ),
)


def first_look(here: Here) -> None:
    """Draw the three steps unless they were dismissed before."""
    if here.lab.setting(SETTING):
        return
    with st.container(border=True, gap="xsmall", key="first_look"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown("**Three things to try**", width="stretch")
            st.button(
                "Dismiss",
                key="dismiss_first_look",
                type="tertiary",
                icon=":material/close:",
                on_click=here.lab.set_setting,
                args=(SETTING, True),
            )
        for column, (title, said, way) in zip(st.columns(3, gap="medium"), STEPS, strict=True):
            with column.container(gap="xsmall"):
                st.markdown(f":small[**{title}**  \n{said}]")
                if way:
                    link(*way)
