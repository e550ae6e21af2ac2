"""The two levels of hierarchical attention as a drawn tree, for every chosen strategy that has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from mmviz.charts.tree import Branch, Twig, tree_svg
from mmviz.explain.levels import Limb, limbs
from mmviz.features import attribute_columns
from mmviz.ui import components, state
from mmviz.ui.words import plain

if TYPE_CHECKING:
    from mmviz.ui.frame import Here
    from mmviz.ui.seeing import Scene

__all__ = ["branches", "trees"]

TOKENS = {"image": "patches", "text": "words", "attributes": "attributes"}
LETTERS = 18
"""Characters of a word that fit beside its number."""


def trees(here: Here, scene: Scene) -> None:
    """Draw one tree a strategy with two levels of attention; nothing where none of the chosen ones has them."""
    n_words = len(scene.explanation.words)
    grown = [(sight.run.title, found) for sight in scene.explanation.sights if (found := limbs(sight, n_words))]
    if not grown:
        return
    st.subheader("Both levels of attention", anchor=False)
    st.caption(
        "A branch is as wide as it counts: a modality by its weight, a patch or word by the weight of its modality "
        "times its own weight in it. All ends of a tree add up to 100 % of the item."
    )
    names = [column.name for column in attribute_columns(here.shelf.catalogue)]
    with st.container(horizontal=True, gap="large"):
        for title, found in grown:
            with st.container(width=500):
                drawn = tree_svg(
                    "the item", branches(scene, found, names), state.theme(), scene.picture, scene.explanation.grid
                )
                st.markdown(f"**{plain(title)}**")
                components.flow(drawn, f"tree_{title}")


def branches(scene: Scene, found: tuple[Limb, ...], columns: list[str]) -> list[Branch]:
    """What the tree shows: every limb with its strongest tokens, and the others in one."""
    return [_branch(scene, limb, columns) for limb in found]


def _branch(scene: Scene, limb: Limb, columns: list[str]) -> Branch:
    twigs = [_twig(scene, limb.name, place, share, columns) for place, share in limb.tokens]
    kind = TOKENS.get(limb.name, "tokens")
    if others := limb.count - len(twigs):
        twigs.append(Twig(f"the other {others}", limb.rest, rest=True))
    return Branch(limb.name, limb.weight, f"{len(limb.tokens)} of {limb.count} {kind} drawn", twigs)


def _twig(scene: Scene, name: str, place: int, share: float, columns: list[str]) -> Twig:
    if name == "image":
        row, column = divmod(place, scene.explanation.grid[1])
        return Twig(f"row {row + 1}, col. {column + 1}", share, (row, column))
    letters = scene.explanation.words[place].letters if name == "text" else columns[place]
    return Twig(letters if len(letters) <= LETTERS else f"{letters[: LETTERS - 1]}…", share)
