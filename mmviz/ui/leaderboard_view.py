"""The leaderboard page: the table, every two strategies, the people behind them, what it costs, and slices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from mmviz.ui import components, state
from mmviz.ui.frame import PAGES, Here, empty, kindly
from mmviz.ui.league import league_payload, pairs_payload
from mmviz.ui.words import count, recorded

if TYPE_CHECKING:
    from mmviz.charts.comparison import Line
    from mmviz.views import SplitCard
    from mmviz.views.evidence import Leaderboard, Standing

__all__ = ["choose_compared", "cost", "how_to_read", "matrix", "people", "slices", "table"]

GROUPS = {"accuracy": "Ranking", "ratings": "Ratings", "beyond": "Beyond accuracy", "cost": "Cost"}
COSTS = {"seconds": "Time to train, seconds", "parameters": "Parameters", "ms_user": "Serving, ms a person"}
METRICS = {"ndcg@10": "NDCG@10", "recall@20": "Recall@20", "mrr@10": "MRR@10", "map@10": "MAP@10", "hit@10": "Hit@10"}
AT_FIRST, MOST = 6, 10

HOW_TO_READ = r"""
**Ranking is full.** Every item that the person has not is ranked, never a sample; what was held out is to be found.
Training and every choice of settings used the train and validation parts alone. The test part was opened once by each
run, when it was finished.

**Intervals** (95 %) say how far the mean could move with other people of the same kind: people are drawn anew, with
replacement, thousands of times. They say nothing of another training with another seed; where several seeds were
trained, the row shows their range.

**A pair** is compared person by person, on the same draws: row minus column, its interval, Cohen's
$d_z = \bar{\Delta} / s_\Delta$ (.2 small, .5 medium, .8 large), and the p of a paired t-test after Holm's correction
for the number of pairs *shown*: compare fewer to be surer of each. Coloured squares are certain in both ways.

**Slices of items** count only these items as right, in the lists over all items.

**A run in doubt** was handed test pairs, or is far better at test than its validation and its peers let expect.

**Ratings** are read from scores in the same way for every model: the person's and the item's usual rating plus
$a + c \cdot z$, with $a, c$ fitted on validation.
"""


def table(here: Here, split: SplitCard) -> Leaderboard | None:
    """Draw the table by a group of measures, and on what it stands; the board, or None when nothing is trained."""
    with kindly():
        board = here.lab.leaderboard(here.card.name, split.name)
    if not board.standings:
        empty("Nothing is trained on this split yet", "Train a few strategies and controls; they appear here then.",
              [("models", "Train strategies")])  # fmt: skip
        return None
    group = st.segmented_control(
        "Measures", list(GROUPS), default="accuracy", required=True, format_func=lambda g: GROUPS.get(g, g),
        key="measures", bind="query-params",
    )  # fmt: skip
    shown = board if group in (None, "accuracy") else here.lab.leaderboard(here.card.name, split.name, group)
    if shown.measures:
        components.league(league_payload(shown), "league")
    for said in shown.missing:
        st.caption(said)
    st.caption(_stands_on(board, split))
    return board


def _stands_on(board: Leaderboard, split: SplitCard) -> str:
    first, last = board.openings[0], board.openings[-1]
    when = recorded(first) if recorded(first) == recorded(last) else f"{recorded(first)} to {recorded(last)}"
    times = count(len(board.openings), "run")
    return (
        f"Held out: {split.title.lower()} · {count(board.n_users, 'person', 'people')} · 95 % intervals over people · "
        f"the test part was opened once by each of {times}, {when} UTC"
    )


def choose_compared(board: Leaderboard) -> tuple[list[str], str]:
    """Pick the strategies that are compared in pairs and in slices, and the metric."""
    titles = {row.name: row.title for row in board.standings}
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        names = st.multiselect(
            "Compared", list(titles), default=_proposed(board), format_func=lambda n: titles.get(n, n),
            max_selections=MOST, key="compared", bind="query-params", placeholder="Choose at least two",
        )  # fmt: skip
        metric = st.selectbox(
            "By", list(METRICS), format_func=lambda m: METRICS.get(m, m), key="metric", bind="query-params", width=150
        )
    return [name for name in titles if name in names], metric or "ndcg@10"


def _proposed(board: Leaderboard) -> list[str]:
    """The best fusions and, in any case, the best two controls."""
    by_kind = {kind: [row.name for row in board.standings if row.kind == kind] for kind in ("fusion", "control")}
    controls = by_kind["control"][:2]
    return by_kind["fusion"][: AT_FIRST - len(controls)] + controls


def matrix(here: Here, board: Leaderboard, split: SplitCard, names: Sequence[str], metric: str) -> None:
    """Every two of the compared strategies."""
    st.subheader("Is the difference more than chance?", anchor=False)
    if len(names) < 2:
        st.caption("Choose at least two strategies above.")
        return
    from mmviz.charts import palette

    with kindly():
        found = here.lab.pairs(here.card.name, names, split.name, metric)
    rows = {row.name: row for row in board.standings}
    known = next(each for each in board.measures if each.name == metric)
    titles = {name: rows[name].title for name in names}
    colours = {name: palette.strategy_colour(rows[name].kind, rows[name].order) for name in names}
    components.pairs(pairs_payload(found, titles, colours, known), "pairs", _pick_pair)
    certain = sum(pair.certain for pair in found)
    st.caption(
        f"{METRICS[metric]}, row minus column; p after Holm's correction over {count(len(found), 'pair')}, of which "
        f"{certain} {'is' if certain == 1 else 'are'} certain. Click a square to see its people."
    )


def _pick_pair() -> None:
    a, _, b = str(st.session_state["pairs"].picked or "").partition("|")
    if b:
        st.session_state["a"], st.session_state["b"] = a, b


@st.fragment
def people(here: Here, board: Leaderboard, split: SplitCard, names: Sequence[str], metric: str) -> None:
    """Strategy A against B, one mark a person; a click leads to that person's recommendations."""
    if len(names) < 2:
        return
    rows = {row.name: row for row in board.standings}
    first, second = _choose_pair(rows, names)
    if first == second:
        st.caption("Choose two different strategies.")
        return
    together = names if {first, second} <= set(names) else (first, second)
    found = here.lab.pairs(here.card.name, together, split.name, metric)
    shown = next(pair for pair in found if {pair.a, pair.b} == {first, second})
    st.markdown(f"**{shown.said}**")
    from mmviz.charts.comparison import people_figure

    frame = here.lab.side_by_side(here.card.name, first, second, split.name, metric)
    a, b = (frame[side].to_numpy() for side in ("a", "b"))
    figure = people_figure(
        a, b, frame["user_id"].tolist(), _line(rows[first]), _line(rows[second]), METRICS[metric], state.theme()
    )
    picked = st.plotly_chart(
        figure, theme=None, key="people", on_select="rerun", selection_mode="points", config={"displaylogo": False},
        alt=shown.said,
    )  # fmt: skip
    st.caption(
        f"One mark a person, {len(frame):,} in all, moved apart a little. Click one to see their recommendations."
    )
    points = picked.selection.points if picked else []
    if points:
        # Catalogue and split go along by themselves: both pages hold them in the same widgets.
        asked = {"user": str(points[0]["customdata"][0]), "strategies": [rows[first].title, rows[second].title]}
        st.switch_page(PAGES["recommendations"], query_params=asked)


def _choose_pair(rows: dict[str, Standing], names: Sequence[str]) -> tuple[str, str]:
    """Two of all strategies of the board; at first the first two that are compared."""
    titles = {name: row.title for name, row in rows.items()}
    chosen = []
    with st.container(horizontal=True, gap="medium"):
        for at, (label, key) in enumerate((("This", "a"), ("against", "b"))):
            name = st.selectbox(
                label,
                list(titles),
                index=list(titles).index(names[at]),
                format_func=lambda name: titles.get(name, name),
                key=key,
                bind="query-params",
                width=300,
            )
            chosen.append(name if name in rows else names[at])
    return chosen[0], chosen[1]


@st.fragment
def cost(board: Leaderboard) -> None:
    """Accuracy against what it costs."""
    st.subheader("What does accuracy cost?", anchor=False)
    name = st.segmented_control(
        "Cost", list(COSTS), default="seconds", required=True, format_func=lambda c: COSTS.get(c, c), key="cost",
        bind="query-params", label_visibility="collapsed",
    ) or "seconds"  # fmt: skip
    costs = {row.name: _cost_of(row, name) for row in board.standings}
    rows = [row for row in board.standings if costs[row.name] is not None]
    if len(rows) < 2:
        st.caption("Fewer than two runs recorded this cost; runs that are trained from now on do.")
        return
    from mmviz.charts.cost import cost_figure

    figure = cost_figure(
        [row.title for row in rows],
        [costs[row.name] or 0.0 for row in rows],
        [row.values["ndcg@10"].value for row in rows],
        [(row.kind, row.order) for row in rows],
        state.theme(),
        board.ceiling.values["ndcg@10"].value if board.ceiling else None,
        COSTS[name],
    )
    said = f"NDCG@10 against {COSTS[name].lower()} of {len(rows)} strategies; {rows[0].title} is the most accurate."
    st.plotly_chart(figure, theme=None, alt=said, config={"displaylogo": False}, key="cost_plot")
    st.caption("Full marks are on the front: nothing else is both cheaper and more accurate.")


def _cost_of(row: Standing, name: str) -> float | None:
    run = row.run
    return None if run is None else {"seconds": run.seconds, "parameters": run.parameters, "ms_user": row.ms_user}[name]


def slices(here: Here, board: Leaderboard, split: SplitCard, names: Sequence[str], metric: str) -> None:
    """The compared strategies for parts of the people and of the items, as small multiples on one scale."""
    if not names:
        return
    from mmviz.charts.comparison import slices_figure

    st.subheader("For whom, and for which items?", anchor=False)
    with kindly():
        panels = here.lab.slices(here.card.name, names, split.name, metric)
    rows = {row.name: row for row in board.standings}
    top = max((float(cells[:, 2].max(initial=0)) for panel in panels for cells in panel.values.values()), default=1.0)
    for left in range(0, len(panels), 2):
        for column, panel in zip(st.columns(2, gap="large"), panels[left : left + 2], strict=False):
            values = {_line(rows[name]): cells for name, cells in panel.values.items()}
            figure = slices_figure(panel.group, panel.names, panel.n_users, values, METRICS[metric], top, state.theme())
            alt = f"{METRICS[metric]} by {panel.group.lower()}: {', '.join(panel.names)}."
            column.plotly_chart(figure, theme=None, alt=alt, config={"displaylogo": False}, key=f"slice_{panel.group}")
    st.caption(f"{METRICS[metric]} with 95 % intervals, one scale: {', '.join(rows[name].title for name in names)}.")


def how_to_read() -> None:
    """The quiet popover with the formulas and the caveats."""
    with st.popover("How to read this", type="tertiary", icon=":material/help:"):
        st.markdown(HOW_TO_READ)


def _line(row: Standing) -> Line:
    from mmviz.charts.comparison import Line

    return Line(row.title, row.kind, row.order)
