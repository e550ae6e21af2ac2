"""The models page: which strategies there are, and training the chosen ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from mmviz.lab import FIRST_CONTROLS, FIRST_STRATEGIES
from mmviz.ui import components, state
from mmviz.ui.frame import Here, empty, kindly, link
from mmviz.ui.jobs import active
from mmviz.ui.roster import roster_payload
from mmviz.ui.words import count

if TYPE_CHECKING:
    from mmviz.views import SplitCard, StrategyCard

__all__ = ["choose_interaction", "choose_split", "models"]


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


def models(here: Here, split: SplitCard, under: str, extras: Sequence[str] = ()) -> None:
    """Draw the table of strategies, the button that trains the ticked ones, and the search for settings."""
    strategies = here.lab.strategies(under, extras)
    known = {card.name: card for card in strategies}
    runs = {run.strategy: run for run in here.lab.runs(here.card.name, split.name) if run.strategy in known}
    busy = any(job.catalogue == here.card.name for job in active())
    bar = st.container(horizontal=True, vertical_alignment="center")
    first = {*FIRST_CONTROLS, *FIRST_STRATEGIES}
    proposed = [card.name for card in strategies if card.base in first and card.name not in runs]
    chosen = components.roster(roster_payload(strategies, runs, proposed), "_".join(["roster", under, *extras]))
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
        _more(here.card.name, [known[name] for name in chosen], split.name, busy)
        st.caption(
            "Work is running on this catalogue; see the sidebar."
            if busy
            else "Tick the strategies to train."
            if not chosen
            else "Runs in the background; you can go on looking around. A new run replaces none: older ones are kept."
        )
    if runs:
        link("leaderboard", "Compare what they reach on the test part", catalogue=here.card.name, split=split.title)


def _more(catalogue: str, chosen: Sequence[StrategyCard], split: str, busy: bool) -> None:
    """The search for better settings, and the twins whose content says nothing, for the ticked strategies."""
    with st.popover("More ways", icon=":material/tune:", width="content", disabled=busy or not chosen):
        st.markdown(
            "**Search for better settings** of what is ticked. The search sees validation alone, never the test part."
        )
        trials = st.number_input("Trials for each", 2, 500, 20, key="trials")
        st.button("Search", disabled=busy or not chosen, on_click=_tune,
                  args=(catalogue, [card.name for card in chosen], split, int(trials)))  # fmt: skip
        st.markdown("**Train twins**: the ticked fusions once more, on shuffled content and on noise.")
        names = [twin.name for card in chosen for twin in state.lab().twins(card.name)]
        st.button("Train twins", disabled=busy or not names, on_click=_train, args=(catalogue, names, split))


def _tune(catalogue: str, strategies: list[str], split: str, trials: int) -> None:
    with kindly():
        state.lab().start_tune(catalogue, strategies, split, trials)


def _train(catalogue: str, strategies: list[str], split: str) -> None:
    with kindly():
        state.lab().start_train(catalogue, strategies, split)
