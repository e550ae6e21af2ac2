"""Knock-outs on the page: what a trained model is still worth when pictures or texts are damaged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from mmviz.charts.robustness import curve_lines, curves_figure, knock_out_scores, scores_figure
from mmviz.ui import state
from mmviz.ui.frame import Here, empty, kindly
from mmviz.ui.robustness_picks import Picks, interval_said, measure_button
from mmviz.ui.words import count, figures

if TYPE_CHECKING:
    from mmviz.views.robustness import Curves, KnockOutCard, Line

__all__ = ["knock_outs", "line_rows", "verdict"]

HOW_TO_READ = r"""
**Nothing is trained again.** The damaged features go through the trained network, and what comes out is evaluated by
the same protocol: same people, same candidates, same items to be found.

**The test part stays closed.** Each run opened it once, at the end of its training; people and items here are those of
the validation part. Rounds and settings were chosen by it, so that the height at 0 % flatters a little and may differ
from the leaderboard; what is asked here is how much of that height is left.

**Severity** is the share of the items that are hit; items hit at 25 % are hit at 50 % too. Blurred pictures and struck
words go through the encoder again: there every item is hit, the harder the higher the severity.

**The band** is the value at 0 % plus the 95 % interval of the change, from 2,000 resamples of the people, in pairs.

**The robustness score** is the area under the curve as a share of its first value,
$R = \int_0^1 \mathrm{NDCG}(s) / \mathrm{NDCG}(0)\, ds$; 1 means that nothing is lost. A model that never looked at
pictures has 1 and need not be good: read it beside the height of the line.

**Dotted lines** do not read what is damaged, so they are flat. Collective EASE keeps content inside
its solution, so the closed form is solved again with the damaged content, and a graph draws its look-alikes anew;
weights, settings and scalers stay as they were.

**Caution.** Which items are hit, and the noise, are one random draw; intervals are over people only.
"""


def knock_outs(here: Here, picks: Picks) -> None:
    """Draw the chosen knock-out's curves, its table, and all scores at a glance."""
    with kindly():
        cards = here.lab.knock_outs(here.card.name)
    card = _choose(cards)
    answer = here.lab.knock_out_curves(here.card.name, card.name, picks.strategies, picks.split.name, picks.metric)
    if answer.problem:
        empty("This split does not allow it", answer.problem)
        return
    st.caption(_said(card, answer))
    measured = [line for line in answer.lines if not line.flat]
    concerned = bool(measured) or any(card.modality in run.modalities for run in answer.missing)
    if measured:
        _curves(answer, picks)
    elif not concerned:
        empty(
            "None of these reads it", f"The chosen strategies do not look at the {card.modality}. Choose others above."
        )
    else:
        empty("Not measured yet", "The curves are drawn from the trained models, live, and then kept with the runs.")
    args = (here.card.name, [card.name], picks.strategies, picks.split.name)
    measure_button(here, answer.missing if concerned else (), "knock_out", here.lab.start_knock_outs, args)
    _every(here, picks, cards)
    with st.popover("How to read this", type="tertiary", icon=":material/help:"):
        st.markdown(HOW_TO_READ)


def line_rows(lines: Sequence[Line], last: str) -> list[dict[str, str | float | None]]:
    """The table under the curves, the best score first; `last` names the last level."""
    ordered = sorted(lines, key=lambda line: -(line.score[0] if line.score else 0.0))
    return [
        {
            "Strategy": line.run.title,
            "At 0 %": figures(line.mean[0]),
            last: figures(line.mean[-1]),
            "Change (95 % interval)": "does not read it" if line.flat else interval_said(line.change),
            "Robustness": line.score[0] if line.score else None,
            "Its 95 % interval": _span(line),
        }
        for line in ordered
    ]


def verdict(card: KnockOutCard, lines: Sequence[Line], metric: str) -> str:
    """The sentence that follows from the curves."""
    read = [line for line in lines if not line.flat]
    worst = min(read, key=lambda line: line.change[0])
    best = max(read, key=lambda line: line.mean[-1])
    noise = [line for line in read if line.change[1] <= 0 <= line.change[2]]
    parts = [
        f"**{card.title}** at full severity costs {worst.run.title} the most: {metric} {figures(worst.mean[0])} "
        f"becomes {figures(worst.mean[-1])}."
        if worst.change[2] < 0
        else f"**{card.title}** at full severity takes nothing from any of these beyond noise."
    ]
    if len(read) > 1:
        parts.append(f"Best under it is {best.run.title} with {figures(best.mean[-1])}.")
    if noise and worst.change[2] < 0:
        parts.append(f"For {', '.join(line.run.title for line in noise)} the change is within noise.")
    return " ".join(parts)


def _choose(cards: Sequence[KnockOutCard]) -> KnockOutCard:
    modalities = list(dict.fromkeys(card.modality for card in cards))
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        modality = st.segmented_control(
            "Damage",
            modalities,
            default=modalities[0],
            required=True,
            format_func=str.capitalize,
            key="damaged",
            bind="query-params",
        )
        by_damage = {card.damage: card for card in cards if card.modality == (modality or modalities[0])}
        damage = st.segmented_control(
            "How",
            list(by_damage),
            default="absent",
            required=True,
            format_func=lambda name: DAMAGES.get(name, name),
            key=f"damage_{modality}",
        )
    return by_damage.get(damage or "", next(iter(by_damage.values())))


DAMAGES = {
    "absent": "Absent",
    "noise": "Noise",
    "shuffled": "Shuffled",
    "blurred": "Blurred",
    "struck": "Words struck",
}


def _said(card: KnockOutCard, answer: Curves) -> str:
    encoded = (
        " The first time, the catalogue is encoded anew for each severity, which takes minutes."
        if answer.missing
        else ""
    )
    people = count(answer.n_users, "person", "people")
    return f"{card.summary} Measured on {people} of the validation part.{encoded if card.encodes else ''}"


def _curves(answer: Curves, picks: Picks) -> None:
    levels = next(line.levels for line in answer.lines if not line.flat)
    ticks = [f"{level:.0%}".replace("%", " %") for level in levels]
    said = verdict(answer.knock_out, answer.lines, picks.metric_title)
    st.markdown(said)
    x_title = "Severity" if answer.knock_out.encodes else "Share of the items that are hit"
    drawn = curves_figure(
        curve_lines(answer.lines), ticks, x_title, f"{picks.metric_title} ↑", state.theme(), places=levels
    )
    alt = said.replace("**", "")
    st.plotly_chart(drawn, theme=None, alt=alt, config={"displaylogo": False}, key="knock_out_curves")
    bar = st.column_config.ProgressColumn(
        "Robustness ↑", min_value=0.0, max_value=1.0, format="%.2f", help="Area under the curve; 1 = nothing is lost."
    )
    rows = line_rows(answer.lines, "At 100 %")
    st.dataframe(rows, hide_index=True, alt="The curves in numbers", column_config={"Robustness": bar})
    dates = sorted({line.measured[:10] for line in answer.lines if line.measured})
    st.caption(f"Measured on {' and '.join(dates)} on the validation part; the test part stays closed.")


def _every(here: Here, picks: Picks, cards: Sequence[KnockOutCard]) -> None:
    """The scores of all knock-outs at a glance, and the button that measures what needs no encoding."""
    answers = [
        here.lab.knock_out_curves(here.card.name, card.name, picks.strategies, picks.split.name, picks.metric)
        for card in cards
    ]
    plain = [answer for answer in answers if not answer.knock_out.encodes]
    missing = {
        run.strategy: run for answer in plain for run in answer.missing if answer.knock_out.modality in run.modalities
    }
    if sum(any(not line.flat for line in answer.lines) for answer in answers) > 1:
        st.subheader("What hurts whom", anchor=False)
        titles, names, scores = knock_out_scores(answers)
        drawn = scores_figure(titles, names, scores, state.theme())
        alt = f"Robustness scores of {len(titles)} strategies under {len(answers)} knock-outs"
        st.plotly_chart(drawn, theme=None, alt=alt, config={"displayModeBar": False}, key="knock_out_scores")
        st.caption(f"Share of {picks.metric_title} that is kept over all severities; blank = not measured.")
    if missing:
        args = (here.card.name, [a.knock_out.name for a in plain], picks.strategies, picks.split.name)
        measure_button(
            here, list(missing.values()), "every", here.lab.start_knock_outs, args, "All that needs no encoding"
        )


def _span(line: Line) -> str:
    if line.flat or line.score is None:
        return ""
    return f"{line.score[1]:.2f} to {line.score[2]:.2f}"
