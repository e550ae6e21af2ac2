"""The views of the Spaces page: maps side by side, a morph, three dimensions, measures, and what moved."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from mmviz.errors import FeatureError
from mmviz.ui import state
from mmviz.ui.frame import empty, kindly, link
from mmviz.ui.mapping import draw, drawn_maps, settle
from mmviz.ui.space_evidence import measures, moved
from mmviz.ui.space_payload import trust_said
from mmviz.ui.space_people import crowd, names_of, said
from mmviz.ui.space_picks import choose, tint_of
from mmviz.ui.space_search import answers, search

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

    from mmviz.ui.frame import Here
    from mmviz.ui.space_picks import Picks

__all__ = ["open_spaces"]

HOW_TO_READ = r"""
**One map, one space.** The same item stands in every map; point at it and all of them show where. Distances on a map
are a drawing of distances in hundreds of dimensions. Neighbours mean something; the size of gaps and the empty space
between groups mean little, least of all in UMAP and t-SNE.

**Trust** is the trustworthiness of Venna and Kaski (2001): 1 when all neighbours on the map are neighbours in the
space, 0.5 for a map drawn at random. Colour by *Trust of the map* to see it item by item: the share of an item's 15
true neighbours that the map keeps.

**Aligned UMAP** moves all chosen maps at once and holds an item in one place, the more the more neighbours it has in
common there. On 1,715 films (image, text and two fusions) items lay .82 of a map's radius apart from map to map, with
plain UMAP laid onto each other 1.08; and how far an item lay apart then went along with how much its neighbours differ
(rank correlation .21 instead of −.01; among four fusions .36 instead of .05). The price is trustworthiness: −.003 for
the pictures, −.02 for the fusions. Take it to see what moves, and plain UMAP to look at one space. It runs on one core
and takes up to 20,000 points over all maps.

**Joint, both ends** draws an item twice, its picture and its words, joined by a line: the longer the lines, the wider
the gap between the modalities.

**People** (in the layout's picks) are placed on the map of the items and do not change it. In a strategy's space a
person is the direction in which its content score grows, in the encoder's spaces the mean of their items; the train
side alone counts. A person stands at the geometric median of the 15 items nearest to that in all dimensions, and the
line under the maps says how many of these are the nearest on the map too.

**Modality gap** $\lVert \bar x_{image} - \bar x_{text} \rVert$ of unit vectors (Liang et al. 2022). Closing it moves
both modalities along that difference, $x \mp \tfrac{\lambda}{2}\Delta$, and measures again.

**Alignment and uniformity** (Wang and Isola 2020): mean squared distance of pairs, lower is closer; and
$\log \mathbb{E}\, e^{-2 d^2}$ over all pairs, lower is spread more evenly.

**Effective dimension** is the participation ratio $(\sum\lambda)^2 / \sum\lambda^2$ of the variances.

**Drift** of an item is 1 − Jaccard of its neighbours in two spaces, all dimensions, not the map's.
"""


def open_spaces(here: Here) -> None:
    """Draw the picks and the view that was picked, or a word on what to do when there are no features yet."""
    settle(here)
    row = st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="picks")
    try:
        _show(here, choose(here, row), row)
    except FeatureError:
        empty(
            "The pictures and words are not encoded yet",
            f"Spaces are made of features, and {here.card.name} has none so far. Training a strategy makes them.",
            [("models", "Train strategies"), ("catalogue", "Look at the catalogue")],
        )


def _show(here: Here, picks: Picks, row: DeltaGenerator) -> None:
    if picks.view in ("Maps", "Morph"):
        asked = search(here, picks, row)
        glow = {} if asked is None else {name: found.items for name, found in asked.found.items()}
        _untrained(here, picks)
        draw(here, picks, glow)
        if asked is not None:
            answers(here, picks, asked)
    elif picks.view == "3-D":
        _solid(here, picks)
    elif picks.view == "Measures":
        measures(here, picks)
    else:
        moved(here, picks)
    with st.popover("How to read this", type="tertiary", icon=":material/help:"):
        st.markdown(HOW_TO_READ)


def _untrained(here: Here, picks: Picks) -> None:
    """Say so where the split in use has no fusion, since there may be some on another split."""
    if any(card.kind == "fusion" for card in picks.cards.values()):
        return
    _, every = state.splits(here.card.name)
    trained = [
        split.title
        for split in every
        if split.usable and any(run.kind == "fusion" for run in here.lab.runs(here.card.name, split.name))
    ]
    if trained:
        st.caption(f"No fusion is trained on this split. Change it under the spaces; trained: {', '.join(trained)}.")
    else:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption("No fusion is trained yet, so only the encoder's own spaces are here.")
            link("models", "Train strategies")


def _solid(here: Here, picks: Picks) -> None:
    from mmviz.charts.spaces import solid_figure

    with kindly():
        maps = drawn_maps(here, picks)
        if maps is None:
            return
        people = crowd(here, picks)
        if people is None:
            return
        tint = tint_of(here, picks, picks.colour, maps)
    drawn = maps[0]
    codes = tint.codes.get(drawn.card.name, tint.codes.get("all"))
    names = [name for name, _ in tint.names]
    persons = (people[0].ends[0], names_of(here, people[0])) if people else None
    figure = solid_figure(drawn.ends[0], codes, tint.colours, names, here.shelf.titles, state.theme(), persons)
    st.plotly_chart(figure, theme=None, key="solid_chart")
    missing = len(here.shelf.ids) - drawn.card.n_placed
    left_out = f"; {missing:,} have no place in this space" if missing else ""
    st.caption(
        f"All {drawn.card.n_placed:,} items{left_out}. Trustworthiness {drawn.trust:.3f}, {trust_said(drawn)}. "
        "Drag to turn, wheel to come closer."
    )
    if people:
        said(picks, people)
