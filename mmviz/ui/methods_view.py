"""The methods page: a card for everything that can be trained, with its formula, its data flow and what it costs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from mmviz.charts.flow import Step, flow_svg
from mmviz.errors import MmvizError
from mmviz.ui import components, state
from mmviz.ui.frame import Here, empty, link
from mmviz.ui.reading import choose_reads, encoder_name
from mmviz.ui.words import count, duration, figures

if TYPE_CHECKING:
    from mmviz.views import FlowStep, InteractionCard, MethodCard, RunCard, StrategyCard
    from mmviz.views.tasks import TaskCard

__all__ = ["choose_group", "controls", "fusions", "interaction_models", "step_name", "tasks"]

GROUPS = {"fusion": "Fusion strategies", "interaction": "Interaction models", "task": "Tasks", "control": "Controls"}
PLAIN = ("Linear", "Sequential")


def choose_group() -> str:
    """Pick which methods to read about."""
    picked = st.segmented_control(
        "Methods",
        list(GROUPS),
        default="fusion",
        required=True,
        format_func=lambda name: GROUPS.get(name, name),
        label_visibility="collapsed",
        key="group",
        bind="query-params",
    )
    return picked if picked in GROUPS else "fusion"


def fusions(here: Here) -> None:
    """What turns pictures and words, and attributes where they are read, into one item vector."""
    attributes = choose_reads(here)
    try:
        with st.spinner("Measuring shapes"):
            methods = {card.name: card for card in here.lab.methods(here.card.name, encoder_name(attributes))}
    except MmvizError as error:
        empty("The shapes are not known yet", str(error), [("start", "Encode the catalogue")])
        methods = {}
    st.caption(
        "Each drawing shows what runs on one item of this catalogue, from top to bottom, with the shape of what each "
        "part puts out and lines from what it reads. It is traced on the real model; a coloured line crosses over."
    )
    runs = {run.strategy: run for run in here.runs()}
    for card in here.lab.strategies(extras=("attributes",) * attributes):
        if card.kind == "fusion":
            _fusion(card, methods.get(card.base), runs.get(card.name))


def interaction_models(here: Here) -> None:
    """The second axis: what turns item vectors and who took what into scores."""
    st.caption("Any fusion runs under any of these. Choose one on the Models page.")
    for card in here.lab.interaction_models():
        with st.container(border=True):
            _told(card)


def tasks(here: Here) -> None:
    """What a fusion may learn beside recommending."""
    st.caption(
        "Any fusion can learn these beside recommending, each by a head of its own on the fused vector. How loud each "
        "task is, is learned by its noise (Kendall, Gal and Cipolla, CVPR 2018). Choose them on the Models page."
    )
    for card in here.lab.tasks(here.card.name):
        with st.container(border=True):
            _told(card)
            _facts([f"on this catalogue: {card.problem or f'learns {card.column}'}"])


def controls(here: Here) -> None:
    """What everything else has to beat."""
    st.caption("Recommenders without a fusion. A strategy that does not beat them is not worth its cost.")
    runs = {run.strategy: run for run in here.runs()}
    for card in here.lab.strategies():
        if card.kind == "control":
            with st.container(border=True):
                _told(card)
                _facts(_reached(runs.get(card.name)))


def step_name(step: FlowStep) -> str:
    """What a box is called: the kind of layer in words, or its name in the code where the kind says nothing."""
    if step.kind in ("", "input"):
        return step.part
    if step.kind in PLAIN:
        return step.part.replace("_", " ").strip()
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", step.kind.strip("_")).lower()


def _fusion(card: StrategyCard, method: MethodCard | None, run: RunCard | None) -> None:
    with st.container(border=True):
        words, drawing = st.columns([5, 4], gap="large")
        with words:
            _told(card)
            trained = [f"{count(method.parameters, 'parameter')} in the fusion"] if method and method.flow else []
            _facts([*trained, *_reached(run)])
            if run is not None:
                link("recommendations", "See what it recommends", strategies=card.title)
            else:
                link("models", "Train it")
        if method and method.problem:
            drawing.caption(f":material/info: {method.problem}")
        elif method:
            steps = [Step(step_name(step), step.shape, step.lane, step.sources) for step in method.flow]
            with drawing:
                components.flow(flow_svg(steps, state.theme()), f"flow_{card.name}")


def _told(card: StrategyCard | InteractionCard | TaskCard) -> None:
    st.subheader(card.title, anchor=False)
    st.markdown(card.summary)
    for part in re.split(r",\s*\\quad\s*|,\\ \\ \s*", card.formula):
        st.markdown(f"$\\displaystyle {part.strip()}$")
    if card.paper:
        st.caption(card.paper)


def _facts(facts: Sequence[str]) -> None:
    if facts:
        st.markdown(f":small[{' · '.join(facts)}]")


def _reached(run: RunCard | None) -> list[str]:
    if run is None:
        return []
    return [
        f"trained in {duration(run.seconds)}",
        f"NDCG@10 {figures(run.metrics.get('ndcg@10'))} on {state.split_said(run)}",
    ]
