"""The row of picks of the robustness page, and what its views share: the button that measures, the table of lines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import streamlit as st

from mmviz import twins
from mmviz.ui import state
from mmviz.ui.frame import Here, empty, kindly
from mmviz.ui.jobs import active
from mmviz.ui.recommending import default_strategies
from mmviz.ui.words import count, figures

if TYPE_CHECKING:
    from mmviz.views import RunCard, SplitCard

__all__ = ["Picks", "choose", "interval_said", "measure_button", "signed"]

LOOKS = {
    "knock-outs": "Knock-outs",
    "people": "New people",
    "items": "New items",
    "newcomer": "A newcomer",
}
MOST_LINES = 8
METRICS = {"ndcg@10": "NDCG@10", "recall@20": "Recall@20", "hit@10": "Hit rate@10"}


@dataclass(frozen=True)
class Picks:
    """What was picked: what to look at, what is held out, which strategies, and the metric with its title."""

    look: str
    split: SplitCard
    strategies: tuple[str, ...]
    metric: str
    metric_title: str


def choose(here: Here) -> Picks:
    """Draw the row of picks; without a strategy, say so and stop."""
    look = st.segmented_control(
        "Look at",
        list(LOOKS),
        default="knock-outs",
        required=True,
        format_func=lambda name: LOOKS.get(name, name),
        label_visibility="collapsed",
        key="look",
        bind="query-params",
    )
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="picks"):
        split = _split(here)
        runs = [run for run in here.lab.runs(here.card.name, split.name) if not twins.parts(run.strategy)[1]]
        strategies = _strategies(runs)
        metric = "ndcg@10" if look == "newcomer" else _metric()
    if not strategies:
        empty("No strategy is chosen", f"Choose one to {MOST_LINES} strategies above.")
        st.stop()
    return Picks(look if look in LOOKS else "knock-outs", split, strategies, metric, METRICS[metric])


def measure_button(
    here: Here, missing: Sequence[RunCard], what: str, work: Callable[..., str], args: Any, title: str = ""
) -> None:
    """Say what was not measured yet, and offer to do it in the background; with a `title`, as a second choice."""
    if not missing:
        return
    busy = any(job.catalogue == here.card.name for job in active())
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button(
            title or f"Measure {count(len(missing), 'strategy', 'strategies')}",
            type="secondary" if title else "primary",
            icon=":material/play_arrow:",
            disabled=busy,
            on_click=_start,
            args=(work, args),
            key=f"measure_{what}",
        )
        if busy:
            st.caption("Work is running on this catalogue; see the sidebar. The curves appear when it ends.")
        elif title:
            st.caption(f"Every such damage at once, for {count(len(missing), 'strategy', 'strategies')}.")
        else:
            rest = f" and {len(missing) - 4} more" if len(missing) > 4 else ""
            names = ", ".join(run.title for run in missing[:4]) + rest
            st.caption(f"Not measured yet: {names}. Runs in the background, trains nothing, and is kept with the runs.")


def interval_said(values: tuple[float, float, float]) -> str:
    """A change with its interval: "−0.073 (−0.086 to −0.059)"."""
    mean, low, high = values
    return f"{signed(mean)} ({signed(low)} to {signed(high)})"


def signed(value: float) -> str:
    """A number with its sign; 0 has none."""
    said = figures(value) if abs(value) >= 5e-4 else "0"
    return f"+{said}" if value > 0 and said != "0" else said


def _split(here: Here) -> SplitCard:
    default, every = state.splits(here.card.name)
    trained = {card.name: card for card in every if card.usable and here.lab.runs(here.card.name, card.name)}
    names = list(trained)
    name = st.selectbox(
        "Held out",
        names,
        index=names.index(default.name) if default.name in names else 0,
        format_func=lambda name: trained[name].title if name in trained else name,
        help="The splits on which something is trained.",
        key="split",
        bind="query-params",
        width=280,
    )
    return trained.get(name or "", trained[names[0]])


def _metric() -> str:
    metric = st.selectbox(
        "Measure",
        list(METRICS),
        format_func=lambda name: METRICS.get(name, name),
        key="metric",
        bind="query-params",
        width=150,
    )
    return metric if metric in METRICS else "ndcg@10"


def _strategies(runs: Sequence[RunCard]) -> tuple[str, ...]:
    titles = {run.strategy: run.title for run in runs}
    default = default_strategies(runs)
    controls = [run for run in runs if run.kind == "control" and run.modalities and run.strategy not in default]
    best = max(controls, key=lambda run: run.metrics.get("ndcg@10", 0.0), default=None)
    default += [best.strategy] if best else []
    shown = len([name for name in st.session_state.get("lines", default) if name in titles])
    with st.popover(count(shown, "strategy", "strategies"), icon=":material/show_chart:", width="content"):
        names = st.multiselect(
            f"Lines, up to {MOST_LINES}",
            list(titles),
            default=default,
            format_func=lambda name: titles.get(name, name),
            max_selections=MOST_LINES,
            key="lines",
            bind="query-params",
            placeholder="Choose strategies",
        )
    return tuple(name for name in titles if name in names)


def _start(work: Callable[..., str], args: Any) -> None:
    with kindly():
        work(*args)
