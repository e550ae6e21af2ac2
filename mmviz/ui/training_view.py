"""The models page: which strategies there are, training the chosen ones, and what accuracy costs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from mmviz.lab import FIRST_CONTROLS, FIRST_STRATEGIES
from mmviz.ui import components, state
from mmviz.ui.frame import Here, empty, kindly
from mmviz.ui.jobs import active
from mmviz.ui.roster import roster_payload
from mmviz.ui.words import count

if TYPE_CHECKING:
    from mmviz.charts.palette import Theme
    from mmviz.views import RunCard, SplitCard

__all__ = ["choose_interaction", "choose_split", "cost", "models"]


def choose_split(here: Here) -> SplitCard | None:
    """Pick what is held out; splits that are not fit are named with the reason."""
    default, splits = state.splits(here.card.name)
    usable = {card.name: card for card in splits if card.usable}
    if not usable:
        reasons = "\n".join(f"- {card.title}: {card.reason}" for card in splits)
        empty("Nothing can be held out", f"This catalogue is too small to evaluate honestly.\n\n{reasons}")
        return None
    names = list(usable)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        name = st.selectbox(
            "Held out",
            names,
            index=names.index(default.name) if default.name in names else 0,
            format_func=lambda name: usable[name].title if name in usable else name,
            key="split",
            bind="query-params",
            width=300,
        )
        card = usable.get(name or "", usable[names[0]])
        st.caption(f"{card.reason} {count(card.n_test_interactions, 'held-out interaction')} in all.")
    for other in splits:
        if not other.usable:
            st.caption(f"Not offered: {other.title}. {other.reason}")
    return card


def choose_interaction(here: Here) -> str:
    """Pick the interaction model that the fusions run under; its name."""
    cards = {card.name: card for card in here.lab.interaction_models()}
    first = next(iter(cards))
    with st.container(gap="xsmall"):
        picked = st.segmented_control(
            "Interaction model",
            list(cards),
            default=first,
            required=True,
            format_func=lambda name: cards[name].title if name in cards else name,
            help="What turns item vectors and who took what into scores. Any fusion runs under any of them.",
            key="under",
            bind="query-params",
        )
        card = cards.get(picked or "", cards[first])
        st.caption(card.summary)
    return card.name


def models(
    here: Here, split: SplitCard, under: str, ceiling: float | None, extras: Sequence[str] = ()
) -> dict[str, RunCard]:
    """Draw the table of strategies and the button that trains the ticked ones; the runs by strategy."""
    strategies = here.lab.strategies(under, extras)
    known = {card.name for card in strategies}
    runs = {run.strategy: run for run in here.lab.runs(here.card.name, split.name) if run.strategy in known}
    busy = any(job.catalogue == here.card.name for job in active())
    bar = st.container(horizontal=True, vertical_alignment="center")
    first = {*FIRST_CONTROLS, *FIRST_STRATEGIES}
    proposed = [card.name for card in strategies if card.base in first and card.name not in runs]
    chosen = components.roster(
        roster_payload(strategies, runs, split, proposed, ceiling), "_".join(["roster", under, *extras])
    )
    chosen = [name for name in chosen if name in known]
    with bar:
        st.button(
            f"Train {count(len(chosen), 'strategy', 'strategies')}" if chosen else "Train",
            type="primary",
            icon=":material/play_arrow:",
            disabled=not chosen or busy,
            on_click=_train,
            args=(here.card.name, chosen, split.name),
        )
        st.caption(
            "Work is running on this catalogue; see the sidebar."
            if busy
            else "Tick the strategies to train."
            if not chosen
            else "Runs in the background; you can go on looking around. A new run replaces none: older ones are kept."
        )
    return runs


def cost(runs: dict[str, RunCard], ceiling: float | None) -> None:
    """What accuracy costs: NDCG@10 against the time to train, and the ceiling where it is known."""
    if len(runs) < 2:
        return
    from mmviz.charts.cost import cost_figure

    st.subheader("What does accuracy cost?", anchor=False)
    theme: Theme = "dark" if st.context.theme.type == "dark" else "light"
    ordered = list(runs.values())
    figure = cost_figure(
        [run.title for run in ordered],
        [run.seconds for run in ordered],
        [run.metrics.get("ndcg@10", 0.0) for run in ordered],
        [(run.kind, run.order) for run in ordered],
        theme,
        ceiling,
    )
    best = max(ordered, key=lambda run: run.metrics.get("ndcg@10", 0.0))
    said = f"NDCG@10 against training time of {len(ordered)} strategies; {best.title} is the most accurate."
    st.plotly_chart(figure, theme=None, alt=said, config={"displaylogo": False}, key="cost")


def _train(catalogue: str, strategies: list[str], split: str) -> None:
    with kindly():
        state.lab().start_train(catalogue, strategies, split)
