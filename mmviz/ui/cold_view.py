"""Cold start on the page: learning curves of new people and of new items."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from mmviz.charts.robustness import curve_lines, curves_figure
from mmviz.lab import FIRST_CONTROLS, FIRST_STRATEGIES
from mmviz.ui import state
from mmviz.ui.frame import Here, empty, kindly, link
from mmviz.ui.jobs import active
from mmviz.ui.robustness_picks import Picks, interval_said, measure_button
from mmviz.ui.words import count, figures

if TYPE_CHECKING:
    from mmviz.views.robustness import ColdCurves, Line

__all__ = ["cold_rows", "new_items", "new_people"]

PEOPLE = """
**A new person is a short history**, so nothing is trained: everyone who has enough known items is served from 1, 2, 5
and 10 of them, drawn at random (three draws, averaged), and at last from all. The items to be found and what is ranked
stay the same. The band is the value at the first level plus the 95 % interval of the change, over the same people.

**The test part stays closed.** What is to be found is the validation part. Rounds and settings were chosen by it, so
that heights flatter a little; what is asked here is how fast they grow.

**Caution.** These people's other items did take part in the training, as one history among many; a person who truly
came later would be served a little worse.
"""
ITEMS = """
**What is known grows, the rest stays.** On the split of new items nothing was fitted on these. Of each, up to 20
interactions are drawn; 0, 1, 5 or 20 of them become known, the same number for every item, so that fame tells nothing.
All that is left of an item is to be found. Only items with enough interactions take part, and they are ranked among
themselves.

**The test part stays closed.** The new items are those of the validation part. Rounds and settings were chosen by it,
so that heights flatter a little; what is asked here is how fast they grow.

**What learns from them** without training a network: controls are fitted again at their settings; under collective EASE
the network's vectors stay and the closed form is solved again; under a graph, the graph is drawn with the new edges. A
two-tower fusion has no collaborative vector for an item that it was not trained on: its line stays where content puts
it, but for what the new items say as part of histories.

**The dashed line** is a list in random order. A model that knows nothing gives equal scores, and those keep the order
of the catalogue, which may lie above it.
"""


def new_people(here: Here, picks: Picks) -> None:
    """Learning curves over how many things a person likes."""
    answer = here.lab.cold_curves(here.card.name, "people", picks.strategies, picks.split.name, picks.metric)
    if answer.problem:
        empty("This split does not allow it", answer.problem)
        return
    people = count(answer.n_users, "person", "people")
    st.caption(f"How well is someone served who has liked only a few things? The same {people} of the validation part.")
    _curves(here, picks, answer, "people", "Things that the person has liked", PEOPLE)


def new_items(here: Here, picks: Picks) -> None:
    """Learning curves over how many people have taken a new item."""
    answer = here.lab.cold_curves(here.card.name, "items", picks.strategies, picks.split.name, picks.metric)
    if answer.problem:
        _no_items(here, picks, answer.problem)
        return
    st.caption(
        f"How well are new things found once a few people have taken them? {count(answer.n_items, 'new item')} of the "
        f"validation part, ranked among themselves, {count(answer.n_users, 'person', 'people')}."
    )
    _curves(here, picks, answer, "items", "Interactions known of each new item", ITEMS)


def cold_rows(lines: Sequence[Line], ticks: Sequence[str]) -> list[dict[str, str]]:
    """The table under the curves, the best at the last level first."""
    return [
        {
            "Strategy": line.run.title,
            **{tick: figures(value) for tick, value in zip(ticks, line.mean.tolist(), strict=True)},
            "Change (95 % interval)": interval_said(line.change),
            **({"What learns from them": line.served} if line.served else {}),
        }
        for line in sorted(lines, key=lambda line: -line.mean[-1])
    ]


def _curves(here: Here, picks: Picks, answer: ColdCurves, what: str, x_title: str, how: str) -> None:
    if answer.lines:
        levels = answer.lines[0].levels
        ticks = ["all" if np.isinf(level) else f"{level:.0f}" for level in levels]
        lead = max(answer.lines, key=lambda line: line.mean[0])
        last = max(answer.lines, key=lambda line: line.mean[-1])
        said = (
            f"With {ticks[0]} known, **{lead.run.title}** is ahead with {figures(lead.mean[0])}; with {ticks[-1]}, "
            f"**{last.run.title}** with {figures(last.mean[-1])}."
        )
        st.markdown(said)
        drawn = curves_figure(
            curve_lines(answer.lines), ticks, x_title, f"{picks.metric_title} ↑", state.theme(), answer.chance
        )
        alt = said.replace("**", "")
        st.plotly_chart(drawn, theme=None, alt=alt, config={"displaylogo": False}, key=f"cold_{what}")
        st.dataframe(cold_rows(answer.lines, ticks), hide_index=True, alt="The curves in numbers")
    else:
        empty("Not measured yet", "The curves are drawn from the trained models, live, and then kept with the runs.")
    args = (here.card.name, what, picks.strategies, picks.split.name)
    measure_button(here, answer.missing, what, here.lab.start_cold, args)
    with st.popover("How to read this", type="tertiary", icon=":material/help:"):
        st.markdown(how)


def _no_items(here: Here, picks: Picks, problem: str) -> None:
    """Why there are no new items here, and the one thing to do about it."""
    empty("This needs models that have never seen some items", problem)
    if here.lab.runs(here.card.name, "cold-items"):
        if picks.split.name != "cold-items":
            link("robustness", "Look at the split of new items", look="items", split="cold-items")
        return
    names = [*FIRST_CONTROLS, *FIRST_STRATEGIES]
    busy = any(job.catalogue == here.card.name for job in active())
    st.button(
        f"Train {count(len(names), 'strategy', 'strategies')} on new items",
        type="primary",
        icon=":material/play_arrow:",
        disabled=busy,
        on_click=_train,
        args=(here, names),
    )


def _train(here: Here, names: list[str]) -> None:
    with kindly():
        here.lab.start_train(here.card.name, names, "cold-items")
