"""Whether the maps can be believed: grades of this item, and over a sample of items."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from mmviz.charts import palette
from mmviz.charts.explanations import Bar, Panel, curves_figure, intervals_figure, matrix_figure
from mmviz.explain.maps import MAPS, word_maps
from mmviz.ui import state
from mmviz.ui.frame import kindly
from mmviz.ui.words import count, figures

if TYPE_CHECKING:
    from mmviz.ui.frame import Here
    from mmviz.ui.seeing import Scene
    from mmviz.views.explanations import Grade, Question, Summary

__all__ = ["aggregate", "grades", "how_to_read", "matrix"]

SAMPLE = 200
SECONDS = 1.0
SAME = 0.5
"""Rank correlation from which on a map of shuffled weights counts as much the same."""
HOW_TO_READ = r"""
**Effect on the score** is gradient × activation at the encoder's last layer, where summary and tokens part:
$r_p = \sum_c x_{pc}\, \partial s / \partial x_{pc}$. Warm raised the score of this person, cool lowered it. Every
strategy has it. Under a word, it is multiplied with what goes with the word.

**Attention** is what the trained maps say. It tells where a model looked, not what that did.

**Gradient × attention** carries $\bar A = \mathbb{E}_h[(\nabla A \odot A)^+]$ through all attention layers (Chefer et
al., ICCV 2021).

**What goes with what** is no fusion's doing: words and patches that stand together in the catalogue (canonical
correlation), and the encoder alone: for open_clip the cosine of a patch with the phrase, for the bundled pair ConSE
(Norouzi et al., ICLR 2014), patch by patch. A vision transformer is also looked into for what is typed, by
gradient × attention of its last layers; with more layers the map spreads.

**Both levels** are $\alpha_m \cdot \alpha_{m,t}$: the weight of a modality times that of a token in it.

**Removing** patches paints them in the picture's mean colour and encodes it again; words are left out and the text is
read again. Scores and places come from the real models. Under collective EASE the maps are those of the fusion before
the closed form; places are those after it.

**Deletion and insertion**: the score should fall fast when what matters most goes first, and rise fast when it comes
first. The gain is the area between the curve and random orders, in units of the range of all scores measured.

**Caution.** A map that does not beat random says nothing. In pictures of single things, pointing at the middle is a
strong guess: compare with it. A map that stays when the weights are shuffled tells of the picture, not of the model
(Adebayo et al., NeurIPS 2018).
"""


def grades(here: Here, scene: Scene) -> None:
    """Small curves and a verdict for every strategy, measured after the page is drawn."""
    st.subheader("Can these maps be believed?", anchor=False)
    with kindly():
        measured = here.lab.grade_soon(scene.question) is not None
    st.fragment(_grades, run_every=None if measured else SECONDS)(here, scene.question, measured)


def _grades(here: Here, question: Question, measured: bool) -> None:
    modality = st.segmented_control(
        "Of what", ["image", "text"], default="image", required=True, key="graded", label_visibility="collapsed"
    )
    with kindly():
        every = here.lab.grade_soon(question)
    if every is None:
        st.caption(":material/hourglass_empty: Taking parts away and asking the models again.")
        return
    if not measured:
        st.rerun(scope="app")
    found = [grade for grade in every if grade.modality == modality]
    if not found:
        st.caption(f"There is no {modality} to take apart.")
        return
    panels = [Panel(g.run.title, _colour(g), g.shares, g.deletion, g.insertion) for g in found]
    st.plotly_chart(curves_figure(panels, state.theme()), key="curves", config={"displayModeBar": False})
    st.caption(
        "Solid: most relevant first. Dashed: most attended first. Dotted: mean of random orders. Above, parts are "
        "removed and a good curve lies low; below, they are inserted and it lies high."
    )
    for column, grade in zip(st.columns(len(found)), found, strict=True):
        column.markdown(f"**{grade.run.title}**  \n{_verdict(grade)}")


def matrix(scene: Scene) -> None:
    """Every word with every patch of one strategy."""
    sights = {sight.run.title: sight for sight in scene.explanation.sights}
    if not sights or not scene.explanation.words or not scene.explanation.has_picture:
        return
    if not st.toggle("Every word with every patch", key="matrix", bind="query-params"):
        return
    with st.container(horizontal=True, gap="small"):
        title = st.selectbox("Strategy", list(sights), key="matrix_of", width=240)
        maps = word_maps(scene.explanation, sights[title or next(iter(sights))])
        kind = st.selectbox(
            "Map", list(maps), format_func=lambda name: MAPS.get(name, name), key="matrix_map", width=240
        )
    values = maps[kind if kind in maps else next(iter(maps))]
    words = [word.letters for word in scene.explanation.words]
    share = 100 * np.maximum(values, 0) / max(float(np.maximum(values, 0).sum()), 1e-12)
    st.plotly_chart(
        matrix_figure(words, share, scene.explanation.grid, state.theme(), "% of the map"), key="matrix_figure"
    )


def aggregate(here: Here, question: Question) -> None:
    """The same grades over a sample of items, each with its interval."""
    st.subheader("Over many items", anchor=False)
    fusions = [r.strategy for r in here.runs() if r.kind == "fusion" and r.strategy in question.strategies]
    with kindly():
        rows = here.lab.graded_sample(here.card.name, fusions, question.split)
    missing = [name for name in fusions if name not in {row.strategy for row in rows}]
    if missing:
        titles = ", ".join(here.lab.strategy(name).title for name in missing)
        st.caption(f"Not measured yet: {titles}. It takes some minutes and goes on in the background.")
        if st.button(f"Grade the maps of {SAMPLE} items", icon=":material/rule:"):
            here.lab.start_grading(here.card.name, missing, question.split, SAMPLE)
            st.rerun()
    if rows:
        _measured(here, rows)
        _sane(here, rows)


def how_to_read() -> None:
    """The formulas and the caveats, out of the way."""
    with st.popover("How to read this", icon=":material/help:"):
        st.markdown(HOW_TO_READ)


def _measured(here: Here, rows: Sequence[Summary]) -> None:
    measures = [name for name in MEASURES if any(row.measure == name for row in rows)]
    measure = st.segmented_control(
        "Measure", measures, default=measures[0], required=True, format_func=lambda m: MEASURES[m][0], key="measure"
    )
    unit, at, said = MEASURES[measure or measures[0]][1:]
    shown = [row for row in rows if row.measure == measure and np.isfinite(row.mean)]
    if measure in ("pointing", "energy"):
        chance = [row.mean for row in shown if row.map == "chance"]
        at = float(np.mean(chance)) if chance else 0.0
        said = "chance"
        shown = [row for row in shown if row.map != "chance"]
    bars = [
        Bar(f"{row.title}: {_map_said(row.map)}", row.mean, row.low, row.high, _colour_of(here, row)) for row in shown
    ]
    n = max(row.n for row in shown)
    st.plotly_chart(
        intervals_figure(bars, unit, at, said, state.theme()), key="aggregate", config={"displayModeBar": False}
    )
    st.caption(f"{n:,} random items, each for a random person who chose it; 95 % bootstrap intervals over items.")


def _sane(here: Here, rows: Sequence[Summary]) -> None:
    """Whether the maps hang on what was learned: beside each map that of the same network with shuffled weights."""
    shown = [row for row in rows if row.measure == "likeness" and np.isfinite(row.mean)]
    if not shown:
        return
    st.markdown("**Sanity check: do the maps hang on what was learned?**")
    bars = [Bar(row.title, row.mean, row.low, row.high, _colour_of(here, row)) for row in shown]
    drawn = intervals_figure(bars, "rank correlation with shuffled weights ↓", 1.0, "the same map", state.theme())
    low = min(0.0, *(row.low for row in shown))
    st.plotly_chart(drawn.update_xaxes(range=[low - 0.05, 1.08]), key="sanity", config={"displayModeBar": False})
    st.caption(" ".join(_sanity_said(row) for row in shown))


def _sanity_said(row: Summary) -> str:
    verdict = "another map" if row.high < SAME else "much the same map, so it tells little of what was learned"
    interval = f"{figures(row.low, 2)} … {figures(row.high, 2)}"
    return (
        f"{row.title} with its weights in random order gives {verdict} (rank correlation {figures(row.mean, 2)}, "
        f"{interval}; {count(row.n, 'item')})."
    )


MEASURES: dict[str, tuple[str, str, float, str]] = {
    "image deletion": ("Picture, removing", "gain over random orders ↑", 0.0, "random"),
    "image insertion": ("Picture, inserting", "gain over random orders ↑", 0.0, "random"),
    "text deletion": ("Words, removing", "gain over random orders ↑", 0.0, "random"),
    "text insertion": ("Words, inserting", "gain over random orders ↑", 0.0, "random"),
    "pointing": ("Pointing game", "words that point at what they name ↑", 0.0, "chance"),
    "energy": ("Energy inside", "share of the map inside the true region ↑", 0.0, "chance"),
}


def _map_said(name: str) -> str:
    others = {"relevance": "effect on the score", "centre": "always the middle"}
    return others.get(name, MAPS.get(name, name).lower())


def _verdict(grade: Grade) -> str:
    lines = []
    for name, (deletion, insertion) in grade.gains.items():
        said = (
            "beats random both ways"
            if min(deletion, insertion) > 0.02
            else "does no better than random"
            if max(deletion, insertion) < 0.02
            else "beats random one way only"
        )
        lines.append(f"{_map_said(name).capitalize()} {said} ({_signed(deletion)}, {_signed(insertion)}).")
    if chance := grade.pointing.get("chance"):
        best = max((name for name in grade.pointing if name in MAPS), key=lambda name: grade.pointing[name][0])
        hit = grade.pointing[best][0]
        lines.append(f"{MAPS[best]} points right for {hit:.0%} of the words; chance is {chance[0]:.0%}.")
    return "  \n".join(lines)


def _signed(value: float) -> str:
    return f"+{figures(value, 2)}" if value > 0 else figures(value, 2)


def _colour(grade: Grade) -> palette.Pair:
    return palette.strategy_colour(grade.run.kind, grade.run.order)


def _colour_of(here: Here, row: Summary) -> palette.Pair:
    card = here.lab.strategy(row.strategy)
    return palette.strategy_colour(card.kind, card.order)
