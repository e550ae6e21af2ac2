"""What is picked on the Spaces page: the view, the spaces, the layout, the colour; and the colouring that follows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from mmviz.lab import FIRST_STRATEGIES
from mmviz.ui import state, tints
from mmviz.ui.recommending import pick_split
from mmviz.ui.words import count
from mmviz.views.maps import LayoutSettings

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

    from mmviz.ui.frame import Here
    from mmviz.ui.tints import Tint
    from mmviz.views.maps import SpaceCard, SpaceMap

__all__ = ["HITS", "SCORE", "Picks", "choose", "choose_two", "tint_of"]

VIEWS = ("Maps", "Morph", "3-D", "Measures", "What moved")
MOST = 6
LAYOUTS = {"UMAP": "umap", "Aligned UMAP": "aligned", "PCA": "pca", "t-SNE": "tsne"}
CLUSTER, POPULAR, TRUST, SCORE, HITS, PLAIN = (
    "Cluster", "Popularity", "Trust of the map", "A person's score", "A person's lists", "Nothing",
)  # fmt: skip
LIST = 20
APART = (
    "Neighbours are those in all dimensions; on very large maps not all are looked for, and pointing at the trust says "
    "how many were found. Every map starts from that of the joint space and is laid onto it by rotation, reflection "
    "and size, so that the maps compare."
)
ALIGNED = (
    "All chosen maps are laid out at once; an item is held in one place, the more the more neighbours it has in common "
    "there. Each set of spaces has maps of its own. *Joint, both ends* is laid out by itself, and so is a single space."
)


@dataclass(frozen=True)
class Picks:
    """What was picked, checked against what exists; `user_id` is the person whose scores or lists give the colour."""

    view: str
    spaces: tuple[str, ...]
    cards: dict[str, SpaceCard]
    settings: LayoutSettings
    colour: str
    user_id: str = ""
    named: bool = True
    people: bool = False

    @property
    def titles(self) -> dict[str, str]:
        """The title of every space that there is."""
        return {name: card.title for name, card in self.cards.items()}


def choose(here: Here, row: DeltaGenerator) -> Picks:
    """Draw the picks into their row."""
    cards = {card.name: card for card in here.lab.spaces(here.card.name, here.split)}
    with row:
        view = st.segmented_control(
            "View",
            VIEWS,
            default=VIEWS[0],
            required=True,
            key="view",
            bind="query-params",
            label_visibility="collapsed",
        )
        view = view or VIEWS[0]
        if view in ("Maps", "Measures"):
            spaces = _spaces(here, cards)
        elif view == "3-D":
            spaces = (_one("Space", cards, "solid", 0),)
        else:
            spaces = choose_two(cards)
        if view in ("Measures", "What moved"):
            return Picks(view, spaces, cards, LayoutSettings(), PLAIN)
        settings = _layout(here, spaces, 3 if view == "3-D" else 2)
        colour = _colour(here)
        user_id = _person(here) if colour in (SCORE, HITS) else ""
    named, people = (bool(st.session_state.get(key, start)) for key, start in (("named", True), ("people", False)))
    return Picks(view, spaces, cards, settings, colour, user_id, named, people)


def choose_two(cards: dict[str, SpaceCard]) -> tuple[str, ...]:
    """From which space to which; a space with two ends counts with its mean."""
    fusions = [name for name, card in cards.items() if card.kind == "fusion"]
    first = _one("From", cards, "from", 0)
    second = _one("To", cards, "to", list(cards).index(fusions[0]) if fusions else 1)
    return (first, second)


def tint_of(here: Here, picks: Picks, name: str, maps: Sequence[SpaceMap]) -> Tint:
    """The colouring of a name; one that does not exist colours nothing."""
    shelf = here.shelf
    kinds = {column.name: column.kind for column in shelf.catalogue.columns}
    if name in (CLUSTER, "cluster"):
        space = picks.spaces[0]
        return tints.by_cluster(here.lab.clusters(here.card.name, space, here.split), picks.titles[space])
    if name in (POPULAR, "popularity"):
        return tints.by_number("popularity", "Interactions", shelf.popularity.astype(np.float64), logarithmic=True)
    if name == TRUST:
        own = {drawn.card.name: drawn.point_trust for drawn in maps}
        return tints.by_share("trust", "True neighbours kept on the map", own, "none of 15", "all", ranked=False)
    if name == SCORE and picks.user_id:
        own = here.lab.person_scores(here.card.name, picks.user_id, picks.spaces, here.split)
        title = f"What each space makes of it for {picks.user_id}"
        return tints.by_share("score", title, own, "lowest place", "highest", ranked=True)
    if name in (HITS, "hits") and picks.user_id:
        return _hits(here, picks)
    if kinds.get(name) in ("category", "tags"):
        return tints.by_column(shelf, name, kinds[name] == "tags")
    if kinds.get(name) == "number":
        return tints.by_number(name, name.capitalize(), shelf.numbers[name])
    return tints.plain(len(shelf.ids))


def _hits(here: Here, picks: Picks) -> Tint:
    from mmviz.views.maps import Question

    question = Question("person", user_id=picks.user_id)
    found = here.lab.ask_spaces(here.card.name, picks.spaces, question, LIST, here.split).found
    seen, held_out = np.zeros((2, len(here.shelf.ids)), dtype=bool)
    for entry in here.lab.history(here.card.name, picks.user_id, here.split):
        (held_out if entry.part == "test" else seen)[entry.item] = True
    tops = {name: each.items for name, each in found.items()}
    return tints.by_hits(tops, seen, held_out, LIST, picks.user_id)


def _spaces(here: Here, cards: dict[str, SpaceCard]) -> tuple[str, ...]:
    titles = {name: card.title for name, card in cards.items()}
    default = [name for name in titles if name in ("image", "text", "ends")]
    fusions = [name for name, card in cards.items() if card.kind == "fusion"]
    default += sorted(fusions, key=lambda name: name not in FIRST_STRATEGIES)[: MOST - len(default)]
    lost = state.asked_in_vain("spaces", titles.values())
    asked = [title for title in st.query_params.get_all("spaces") if title in titles.values()]
    shown = len(st.session_state.get("spaces", asked or default))
    with st.popover(count(shown, "space"), icon=":material/grid_view:", width="content"):
        pick_split(here)
        names = st.multiselect(
            f"Spaces, up to {MOST}",
            list(titles),
            default=default,
            format_func=lambda name: titles.get(name, name),
            max_selections=MOST,
            key="spaces",
            bind="query-params",
            placeholder="Choose spaces",
        )
    if lost:
        st.session_state["notice"] = f"Not trained on this split: {', '.join(lost)}."
    return tuple(name for name in titles if name in names)


def _one(label: str, cards: dict[str, SpaceCard], key: str, index: int) -> str:
    titles = {name: card.title for name, card in cards.items() if card.kind != "ends"}
    names = list(titles)
    wanted = list(cards)[min(index, len(cards) - 1)]
    start = names.index(wanted) if wanted in names else 0
    name = st.selectbox(
        label,
        names,
        index=start,
        format_func=lambda name: titles.get(name, name),
        key=key,
        bind="query-params",
        width=190,
    )
    return name if name in titles else names[start]


def _layout(here: Here, spaces: tuple[str, ...], dims: int) -> LayoutSettings:
    titles = list(LAYOUTS)
    shown = st.session_state.get("layout") or state.address("layout") or titles[0]
    with st.popover(
        (shown if shown in LAYOUTS else titles[0]).removesuffix(" UMAP"),
        icon=":material/scatter_plot:",
        width="content",
    ):
        layout = st.segmented_control(
            "Layout", titles, default=titles[0], required=True, key="layout", bind="query-params"
        )
        method = LAYOUTS.get(layout or titles[0], "umap")
        neighbours, guide = 15, ""
        if method in ("umap", "aligned"):
            near = st.segmented_control(
                "Neighbours", (5, 15, 30, 50), default=15, required=True, key="near", bind="query-params",
                help="Few show fine structure, many the large one.",
            )  # fmt: skip
            neighbours = near or 15
        if method == "umap":
            columns = [column for column in here.shelf.values if len(here.shelf.values[column]) <= 40]
            picked = st.selectbox(
                "Guided by", ["Nothing", *columns], key="guide", bind="query-params",
                help="Supervised UMAP pulls items of one value together. It shows how values lie to each other, and "
                "no longer whether the space itself tells them apart.",
            )  # fmt: skip
            guide = picked if picked in columns else ""
        st.toggle("Name clusters", value=True, key="named", bind="query-params")
        if here.card.n_users:
            st.toggle(
                "Show people", key="people", bind="query-params",
                help="Each person as a diamond among the items nearest to their taste. Click one to open the person.",
            )  # fmt: skip
        st.caption(ALIGNED if method == "aligned" else APART)
    beside = spaces if method == "aligned" else ()
    return LayoutSettings(method, dims, neighbours, guide, beside)  # type: ignore[arg-type]


def _colour(here: Here) -> str:
    columns = [*here.shelf.values, *here.shelf.numbers]
    people = [SCORE, HITS] if here.card.n_users else []
    options = [*columns, CLUSTER, POPULAR, TRUST, *people, PLAIN]
    few = [column for column, rows in here.shelf.values.items() if 2 <= len(rows) <= 40]
    start = options.index(few[0] if few else CLUSTER)
    labels = {
        name: name if name in (CLUSTER, POPULAR, TRUST, SCORE, HITS, PLAIN) else name.capitalize() for name in options
    }
    colour = st.selectbox(
        "Colour", options, index=start, format_func=lambda name: labels.get(name, name), key="colour",
        bind="query-params", width=180,
    )  # fmt: skip
    return colour if colour in options else options[start]


def _person(here: Here) -> str:
    people = [person.user_id for person in here.lab.people(here.card.name, here.split, limit=50)]
    # Not "user": a link can't set on the next page what a widget holds on this one.
    user_id = st.selectbox("Person", people, key="whose", bind="query-params", accept_new_options=True, width=130)
    if user_id and (
        user_id in people or here.lab.people(here.card.name, here.split, find=user_id, order="id", limit=1)
    ):
        return str(user_id)
    return people[0] if people else ""
