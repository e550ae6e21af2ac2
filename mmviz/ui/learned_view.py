"""What models learned beside recommending, each task beside its control."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import streamlit as st

from mmviz.ui.frame import Here
from mmviz.ui.words import count, figures

__all__ = ["learned"]

METRICS = {"ndcg@10": "NDCG@10", "accuracy": "Accuracy", "mean average precision": "MAP", "rmse": "RMSE"}
HOW = """
**Value** is on what was held out from the task: the test items of a split that holds items out, else a tenth of the
items whose labels the head never saw; for ratings, those of the validation part. In brackets the 95 % bootstrap
interval, over items or over people.

**Control** learns nothing from content: the most frequent category, tags by frequency, or means of the train ratings,
whichever is best. For recommendation it is the same strategy trained without any task.

**MAP** is the mean, over items, of the average precision of their ranked tags; **RMSE** is pooled over all ratings.

**Gain** is how much better than the control, paired, with its interval: ▲ above 0, ▼ below, = when it holds 0.
"""


def learned(here: Here, split: str) -> None:
    """The table of tasks; nothing where no run of this split has any."""
    rows = [_said(row) for row in here.lab.learned(here.card.name, split).to_dict(orient="records")]
    if not rows:
        return
    st.subheader("What else did they learn?", anchor=False)
    st.dataframe(rows, hide_index=True, width="stretch", alt="Tasks beside recommending, with controls and gains")
    with st.popover("How to read this", type="tertiary", icon=":material/help:"):
        st.markdown(HOW)


def _said(row: dict[Hashable, Any]) -> dict[str, str]:
    column = f" ({row['column']})" if row["column"] and row["column"] != row["task"] else ""
    people = count(row["n"], "person", "people") if row["unit"] == "people" else count(row["n"], "item")
    known = row["control"] != ""
    return {
        "Strategy": row["title"],
        "Task": f"{row['task'].capitalize()}{column}",
        "Metric": f"{METRICS[row['metric']]} {'↑' if row['higher'] else '↓'}",
        "Value": _with_interval(row["value"], row["low"], row["high"]),
        "Control": f"{figures(row['control_value'])}  {row['control']}" if known else "not trained without tasks",
        "Gain": f"{_sign(row)} {_with_interval(row['gain'], row['gain_low'], row['gain_high'])}" if known else "",
        "Over": people,
    }


def _sign(row: dict[Hashable, Any]) -> str:
    return "▲" if row["gain_low"] > 0 else "▼" if row["gain_high"] < 0 else "="


def _with_interval(value: float, low: float, high: float) -> str:
    return f"{figures(value)}  [{figures(low, 2)}, {figures(high, 2)}]"
