"""Measures of spaces on the page, closing the modality gap, and what moved between two spaces."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import streamlit as st

from mmviz.errors import MmvizError
from mmviz.ui import components, state
from mmviz.ui.frame import empty, kindly
from mmviz.ui.items import spaces_payload
from mmviz.ui.jobs import wait_for
from mmviz.ui.space_payload import space_colour
from mmviz.ui.words import count, figures, plain
from mmviz.views import Found

if TYPE_CHECKING:
    from mmviz.ui.frame import Here
    from mmviz.ui.space_picks import Picks
    from mmviz.views.maps import Moved

__all__ = ["measures", "moved"]

NEAR = (5, 15, 30, 50)
MOST_MOVED = 200
PLAIN = {
    "vectors": "Vectors",
    "width": "Dimensions",
    "effective dimension": "Effective dimension",
    "uniformity": "Uniformity \u2193",
    "taste alignment": "Taste alignment \u2193",
    "gap": "Modality gap \u2193",
    "pair alignment": "Pair alignment \u2193",
}


def measures(here: Here, picks: Picks) -> None:
    """The table of measures, the agreement of the spaces, and the gap."""
    if not picks.spaces:
        empty("No space is chosen", "Choose one to six spaces above.")
        return
    missing = here.lab.not_measured(here.card.name, picks.spaces, here.split)
    if missing:
        asked = (here.card.name, picks.spaces, here.split)
        said = "The spaces are measured once and the figures then kept."
        wait_for("measures", asked, lambda: here.lab.start_measure(*asked), said)
        return
    with kindly():
        table = here.lab.measure_spaces(here.card.name, picks.spaces, here.split)
    _table(table.rename(index=picks.titles))
    left, right = st.columns(2, gap="large")
    with left:
        _agreement(here, picks)
    with right:
        _gap(here, picks)


def moved(here: Here, picks: Picks) -> None:
    """The items whose neighbourhoods differ most between two spaces, and both neighbour lists of one of them."""
    first, second = picks.spaces
    if first == second:
        st.caption("Choose two different spaces.")
        return
    k = st.segmented_control("Neighbours", NEAR, default=15, required=True, key="moved_k", bind="query-params") or 15
    with kindly():
        found = here.lab.moved(here.card.name, first, second, k, here.split)
    there = np.flatnonzero(np.isfinite(found.drift))
    if not len(there):
        empty("Nothing to compare", "No item has a place in both spaces.")
        return
    titles = picks.titles
    st.caption(
        f"Mean drift {figures(float(found.drift[there].mean()))} over {count(len(there), 'item')} in both; "
        f"on average {_common(found, there, k):.1f} of {k} neighbours in {titles[first]} are neighbours in "
        f"{titles[second]} too. Chance would leave {k * k / max(1, len(there) - 1):.2f}."
    )
    _moved_rows(here, picks, found, there, k)


def _moved_rows(here: Here, picks: Picks, found: Moved, there: np.ndarray, k: int) -> None:
    shelf = here.shelf
    order = there[np.lexsort((-shelf.popularity[there], -found.drift[there]))]
    shown = order[:MOST_MOVED]
    left, right = st.columns([1, 2], gap="large")
    with left:
        frame = pd.DataFrame(
            {
                "title": [shelf.titles[row] for row in shown.tolist()],
                "drift": found.drift[shown],
                "in common": [_shared(found, row) for row in shown.tolist()],
                "interactions": shelf.popularity[shown],
            }
        )
        event = st.dataframe(
            frame,
            hide_index=True,
            height=430,
            on_select="rerun",
            selection_mode="single-row",
            key="moved_table",
            column_config={"drift": st.column_config.NumberColumn(format="%.2f", help="1 − Jaccard of the neighbours")},
        )
        st.caption(f"The {len(shown):,} that moved most of {len(order):,}; among equals the most chosen first.")
    picked: list[int] = event["selection"]["rows"]
    row = int(shown[min(picked[0], len(shown) - 1) if picked else 0])
    with right:
        st.markdown(f"Neighbours of **{plain(shelf.titles[row])}**")
        rows = [
            (picks.cards[name].title, picks.cards[name].said, space_colour(picks.cards[name]), _found(lists[row][:k]))
            for name, lists in zip(picks.spaces, (found.first, found.second), strict=True)
        ]
        components.item_view(spaces_payload(shelf, row, rows), "moved")


def _table(table: pd.DataFrame) -> None:
    shown = pd.DataFrame(index=table.index)
    for name, title in PLAIN.items():
        if name in table:
            whole = name in ("vectors", "width")
            shown[title] = [f"{value:,.0f}" if whole else figures(value) for value in table[name]]
    for way in ("image to text", "text to image"):
        for k in (1, 5, 10):
            if f"{way} R@{k}" in table:
                shown[f"{way.capitalize()} R@{k} \u2191"] = table[f"{way} R@{k}"].map(lambda value: figures(value))
    for name in map(str, table.columns):
        if name.startswith("tells "):
            column = name.removeprefix("tells ")
            chance = table[f"chance {column}"]
            shown[f"Tells {column} \u2191 (chance)"] = [
                f"{figures(a)} ({figures(b)})" for a, b in zip(table[name], chance, strict=True)
            ]
    st.dataframe(shown.T, width="stretch", height="content")
    st.caption(
        "Uniformity over at most 3,000 vectors of a space. Taste alignment: distance of a person's mean item to what "
        "they took in the validation part. Retrieval: an item's words among all items' by its picture, and back, where "
        "a trained strategy sees one modality at a time. Tells: a value guessed from the 15 nearest neighbours."
    )


def _agreement(here: Here, picks: Picks) -> None:
    from mmviz.charts.spaces import agreement_figure

    st.subheader("Do the spaces agree on neighbours?", anchor=False)
    k = st.segmented_control("Neighbours", NEAR, default=15, required=True, key="overlap_k", bind="query-params") or 15
    shares = here.lab.overlap(here.card.name, picks.spaces, k, here.split)
    figure = agreement_figure([picks.titles[name] for name in picks.spaces], shares.to_numpy(), state.theme())
    st.plotly_chart(figure, theme=None, key="agreement")
    st.caption(f"Mean share of common items among the {k} nearest, in all dimensions.")


def _gap(here: Here, picks: Picks) -> None:
    from mmviz.charts.spaces import closing_figure

    st.subheader("What if the modality gap were closed?", anchor=False)
    options = [name for name in picks.spaces if picks.cards[name].kind in ("ends", "joint", "fusion")]
    if not options:
        st.caption("None of the chosen spaces holds both modalities.")
        return
    name = st.selectbox("Space", options, format_func=lambda each: picks.titles.get(each, each), key="gap_space")
    try:
        with st.spinner("Closing the gap in steps"):
            table = here.lab.close_gap(here.card.name, name or options[0], here.split)
    except MmvizError as error:
        st.caption(f":material/info: {error}")
        return
    shares = table["share"].to_numpy()
    steps = [round(100 * share) for share in shares.tolist()]
    closed = st.select_slider("Gap closed, %", steps, value=0, key="gap_closed", bind="query-params")
    row = table.iloc[steps.index(closed)]
    _figures(row, table.iloc[0])
    recall = {f"{way}": table[f"{way} R@10"].to_numpy() for way in ("image to text", "text to image")}
    st.plotly_chart(
        closing_figure(shares, recall, closed / 100, "Recall@10", state.theme()), theme=None, key="gap_recall"
    )
    if "both NDCG@10" in table:
        lists = {way: table[f"{way} NDCG@10"].to_numpy() for way in ("image to text", "text to image", "both")}
        st.plotly_chart(
            closing_figure(shares, lists, closed / 100, "NDCG@10", state.theme()), theme=None, key="gap_lists"
        )
    items, people = count(table.attrs["items"], "item"), count(table.attrs["people"], "person", "people")
    st.caption(
        f"Over {items} with both modalities. NDCG@10 is that of lists without training: a person is the mean of their "
        "items seen by one modality, the candidates are seen by the other, or both by both; on the validation part, "
        f"{people}. Beyond 100 % the modalities pass each other."
    )


def _figures(row: pd.Series, start: pd.Series) -> None:
    with st.container(horizontal=True):
        for name, title in (
            ("gap", "Gap left"),
            ("image to text R@10", "Image to text R@10"),
            ("both NDCG@10", "NDCG@10"),
        ):
            if name in row:
                change = float(row[name] - start[name])
                said = f"{'+' if change > 0 else ''}{figures(change)}" if change else None
                st.metric(title, figures(float(row[name])), said, delta_color="off")


def _found(rows: np.ndarray) -> Found:
    kept = [row for row in rows.tolist() if row >= 0]
    return Found(tuple(kept), (float("nan"),) * len(kept), len(kept))


def _shared(found: Moved, row: int) -> int:
    return len((set(found.first[row].tolist()) & set(found.second[row].tolist())) - {-1})


def _common(found: Moved, there: np.ndarray, k: int) -> float:
    """Mean number of common neighbours, from the drift: |A ∩ B| = 2k (1 − d) / (2 − d)."""
    drift = found.drift[there]
    return float((2 * k * (1 - drift) / (2 - drift)).mean())
