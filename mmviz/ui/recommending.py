"""Picking whose recommendations to see, from which strategies, and with which knobs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import streamlit as st

from mmviz.lab import FIRST_STRATEGIES
from mmviz.ui import state
from mmviz.ui.frame import Here
from mmviz.ui.liking import liking
from mmviz.ui.words import count

if TYPE_CHECKING:
    from mmviz.views import Person, RunCard

__all__ = ["Knobs", "Picks", "choose", "default_strategies", "pick_person", "pick_split", "pick_strategies"]

MOST_COLUMNS = 5
LENGTHS = (5, 10, 20, 50)
SOMEONE, NEWCOMER = "Someone in the catalogue", "I am new here"
ORDERS = {"Most active": "active", "Newest": "newest", "Hardest": "hardest", "By id": "id"}
NO_REFERENCE = "None"


@dataclass(frozen=True)
class Knobs:
    """How to rank: length, weights of the modalities, what may appear, what to compare with, what is held out."""

    k: int = 10
    weights: Mapping[str, float] = field(default_factory=dict)
    seen: bool = False
    filters: Mapping[str, Sequence[str]] = field(default_factory=dict)
    reference: str | None = None
    split: str | None = None


@dataclass(frozen=True)
class Picks:
    """What was picked, checked against what exists."""

    strategies: tuple[str, ...]
    knobs: Knobs
    user_id: str | None = None
    liked: tuple[str, ...] = ()

    @property
    def someone(self) -> bool:
        """True when there is somebody to recommend to."""
        return bool(self.user_id or self.liked)


def choose(here: Here) -> Picks:
    """Draw the row of picks and, for a newcomer, the wall of things to like."""
    runs = here.runs()
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="picks"):
        who = st.segmented_control(
            "For whom",
            [SOMEONE, NEWCOMER],
            default=SOMEONE,
            required=True,
            key="who",
            bind="query-params",
        )
        newcomer = who == NEWCOMER
        user_id = None if newcomer else pick_person(here)
        strategies = pick_strategies(runs)
        knobs = _knobs(here, runs, strategies)
    liked = liking(here) if newcomer else ()
    return Picks(strategies, knobs, user_id, liked)


def default_strategies(runs: Sequence[RunCard]) -> list[str]:
    """What is shown at first: up to four fusions, the ones that come first for everybody, and the best control."""
    fusions = [run.strategy for run in runs if run.kind == "fusion"]
    fusions = sorted(fusions, key=lambda name: name not in FIRST_STRATEGIES)[: MOST_COLUMNS - 1]
    controls = [run for run in runs if run.kind == "control"]
    best = max(controls, key=lambda run: run.metrics.get("ndcg@10", 0.0), default=None)
    return fusions + ([best.strategy] if best else [])


def pick_person(here: Here) -> str | None:
    """Draw the choice of a person; the id of one who exists."""
    order = st.session_state.get("order") or state.address("order")
    people = here.lab.people(here.card.name, here.split, order=ORDERS.get(order, "active"), limit=50)
    notes = {person.user_id: person.note for person in people}
    user_id = st.selectbox(
        "Person",
        list(notes),
        key="user",
        bind="query-params",
        accept_new_options=True,
        placeholder="Type an id",
        help="The list holds the 50 that fit best; any other id can be typed.",
        width=170,
    )
    st.selectbox("Suggested", list(ORDERS), key="order", bind="query-params", width=140)
    if user_id is None or user_id in notes:
        return user_id
    return _typed(here, user_id, people)


def _typed(here: Here, user_id: str, people: Sequence[Person]) -> str | None:
    found = here.lab.people(here.card.name, here.split, find=user_id, order="id", limit=20)
    if any(person.user_id == user_id for person in found):
        return user_id
    instead = people[0].user_id if people else None
    near = f" Similar: {', '.join(person.user_id for person in found[:5])}." if found else ""
    shown = f" Showing {instead} instead." if instead else ""
    st.session_state["notice"] = f"There is no person '{user_id}' in {here.card.name}.{near}{shown}"
    return instead


def pick_strategies(runs: Sequence[RunCard]) -> tuple[str, ...]:
    """Draw the choice of strategies; the names of those that have a run here."""
    titles = {run.strategy: run.title for run in runs}
    lost = state.asked_in_vain("strategies", titles.values())
    default = default_strategies(runs)
    asked = [title for title in st.query_params.get_all("strategies") if title in titles.values()]
    shown = len(st.session_state.get("strategies", asked or default))
    with st.popover(count(shown, "strategy", "strategies"), icon=":material/view_column:", width="content"):
        names = st.multiselect(
            f"Columns, up to {MOST_COLUMNS}",
            list(titles),
            default=default,
            format_func=lambda name: titles.get(name, name),
            max_selections=MOST_COLUMNS,
            key="strategies",
            bind="query-params",
            placeholder="Choose strategies",
        )
    if lost:
        st.session_state["notice"] = f"Not trained on this split: {', '.join(lost)}."
    return tuple(name for name in titles if name in names)


def _knobs(here: Here, runs: Sequence[RunCard], strategies: Sequence[str]) -> Knobs:
    chosen = [run for run in runs if run.strategy in strategies]
    with st.popover("Weights and filters", icon=":material/tune:", width="content"):
        weights = _weights(chosen)
        seen = st.toggle("Recommend things already seen", key="seen", bind="query-params")
        k = st.segmented_control(
            "Length of the lists", LENGTHS, default=10, required=True, key="k", bind="query-params"
        )
        return Knobs(
            k or 10, weights, seen, reference=_reference(chosen), filters=_filters(here), split=pick_split(here)
        )


def _weights(chosen: Sequence[RunCard]) -> dict[str, float]:
    names = sorted({name for run in chosen if run.knobs for name in run.modalities})
    weights = {}
    for name in names:
        percent = st.slider(
            f"Weight of the {name}",
            0,
            100,
            100,
            step=5,
            format="%d %%",
            key=f"weight_{name}",
            bind="query-params",
        )
        weights[name] = percent / 100
    fixed = [run.title for run in chosen if run.modalities and not run.knobs]
    if fixed:
        st.caption(f"The weights do not act on {', '.join(fixed)}.")
    return weights


def _reference(chosen: Sequence[RunCard]) -> str | None:
    titles = {run.title: run.strategy for run in chosen}
    options = [NO_REFERENCE, *titles]
    controls = [run.title for run in chosen if run.kind == "control"]
    start = options.index(controls[0]) if controls else 0
    title = st.selectbox(
        "Compare places with",
        options,
        index=start,
        key="reference",
        bind="query-params",
        help="Arrows on the cards say how many places an item stands higher or lower than in this list.",
    )
    return titles.get(title or "")


def _filters(here: Here) -> dict[str, Sequence[str]]:
    filters: dict[str, Sequence[str]] = {}
    for column, rows in here.shelf.values.items():
        wanted = st.multiselect(
            column.capitalize(),
            list(rows)[:500],
            key=f"only_{column}",
            bind="query-params",
            placeholder="All",
        )
        if wanted:
            filters[column] = wanted
    return filters


def pick_split(here: Here) -> str:
    """Draw the picker of what is held out, where there is a choice; the name of the split in use."""
    default, every = state.splits(here.card.name)
    usable = {card.name: card for card in every if card.usable}
    if len(usable) < 2:
        return here.split
    name = st.selectbox(
        "Held out",
        list(usable),
        index=list(usable).index(default.name) if default.name in usable else 0,
        format_func=lambda name: usable[name].title if name in usable else name,
        key="split",
        bind="query-params",
    )
    card = usable.get(name or "", default)
    st.caption(card.reason)
    return card.name
