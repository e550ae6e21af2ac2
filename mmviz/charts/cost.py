"""What accuracy costs: one mark a strategy, accuracy against a cost, and the front that nothing beats in both."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from mmviz.charts import palette
from mmviz.charts.template import figure

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["cost_figure", "pareto_front"]

LEAST = 0.01
"""What costs less is drawn here, because a logarithmic axis has no zero."""

TICKS = [step * 10.0**power for power in range(-2, 10) for step in (1, 3)]
FEW = 8
"""So many marks are all labelled; of more, those on the front, where up and to the left there is nothing."""

DECADES = 3
"""An axis of more powers of ten is marked at these alone."""


def cost_figure(
    titles: Sequence[str],
    costs: Sequence[float],
    scores: Sequence[float],
    series: Sequence[tuple[str, int]],
    theme: palette.Theme = "light",
    ceiling: float | None = None,
    axis: str = "Time to train, seconds",
) -> go.Figure:
    """NDCG@10 over a cost (logarithmic); the marks on the Pareto front are full and labelled, the others faint.

    The four sequences have one entry a strategy; `series` holds its kind and its place in the registry, which give
    its colour; at `ceiling` stands the line of the oracle, where there is one.
    """
    drawn = figure(theme, height=400)
    x = np.maximum(np.asarray(costs, dtype=np.float64), LEAST)
    y = np.asarray(scores, dtype=np.float64)
    front = pareto_front(x, y)
    colours = np.array([palette.strategy_colour(kind, order).on(theme) for kind, order in series])
    order = front[np.argsort(x[front], kind="stable")]
    drawn.add_scatter(
        x=x[order],
        y=y[order],
        mode="lines",
        line={"shape": "hv", "color": palette.MUTED.on(theme), "width": 1, "dash": "dot"},
        hoverinfo="skip",
    )
    on_front = np.isin(np.arange(len(x)), front)
    few = len(x) <= FEW
    labelled = few | on_front | (np.arange(len(x)) == int(y.argmax()))
    names = np.array(list(titles), dtype=object)
    shares = np.log10(x / x.min()) / max(float(np.ptp(np.log10(x))), 0.5), y / max(*scores, ceiling or 0.0, 1e-9)
    labelled, sides = (labelled, _sides(*shares)) if few else _front_labels(*shares, labelled)
    drawn.add_scatter(
        x=x,
        y=y,
        mode="markers+text",
        text=np.where(labelled, names, ""),
        customdata=names,
        textposition=sides,
        textfont={"color": colours, "size": 13},
        marker={"color": colours, "size": 11, "opacity": np.where(on_front, 1.0, 0.45)},
        cliponaxis=False,
        hovertemplate=f"<b>%{{customdata}}</b><br>NDCG@10 %{{y:.3g}}<br>{axis}: %{{x:.3g}}<extra></extra>",
    )
    _cost_axis(drawn, axis, x, few)
    drawn.update_yaxes(title_text="NDCG@10 ↑", rangemode="tozero")
    if ceiling is not None:
        said = f"Oracle {ceiling:.3f}: knows every taste, but not the dice"
        colour = palette.MUTED.on(theme)
        drawn.add_hline(
            ceiling,
            line={"color": colour, "dash": "dot", "width": 1.5},
            annotation={"text": said, "font": {"color": colour, "size": 12}, "xanchor": "right"},
        )
    return drawn


def pareto_front(costs: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Places (f,) of what nothing else beats: no other costs at most as much and scores at least as much, and
    better in one of the two.
    """
    order = np.lexsort((-scores, costs))  # (n,): cheapest first, of equally cheap ones the best
    best = np.maximum.accumulate(np.concatenate([[-np.inf], scores[order][:-1]]))  # (n,)
    return np.sort(order[scores[order] > best])


def _cost_axis(drawn: go.Figure, title: str, costs: np.ndarray, few: bool) -> None:
    """The logarithmic axis of what was paid; where all marks are labelled, with room for that on the right."""
    low, high = np.log10(costs.min()), np.log10(costs.max())
    pad = 0.18 * max(high - low, 0.5)
    ticks = TICKS[::2] if high - low > DECADES else TICKS
    drawn.update_xaxes(
        title_text=title,
        type="log",
        range=[low - pad, high + (2 if few else 0.5) * pad],
        tickvals=ticks,
        ticktext=[f"{tick:,g}" if tick < 1e6 else f"{tick / 1e6:,g} M" for tick in ticks],
        tickangle=0,
    )


def _sides(x: np.ndarray, y: np.ndarray) -> list[str]:
    """Labels of marks at these shares of the axes stand on the right; of two that would touch, the lower goes below."""
    sides = []
    for at in range(len(x)):
        close = (np.abs(x - x[at]) < 0.25) & (np.abs(y - y[at]) < 0.07)
        close[at] = False
        crowded = close.any()
        above = crowded and y[at] >= y[close].max()
        sides.append("middle right" if not crowded else "top right" if above else "bottom right")
    return sides


def _front_labels(x: np.ndarray, y: np.ndarray, labelled: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """Which of the marks to be labelled have room for it, the best first, and where all labels stand.

    Marks are at these shares of the axes. A label of the front stands above its mark, on the right half to the left, or
    there beside it where another is above; what finds no room is told by pointing at it.
    """
    kept = np.zeros(len(x), dtype=bool)
    heights = np.zeros(len(x))
    sides = ["top right"] * len(x)
    for at in sorted(np.flatnonzero(labelled).tolist(), key=lambda at: -y[at]):
        taken = heights[kept & (np.abs(x - x[at]) < 0.35)]
        for side, rise in (("top left", 0.06), ("middle left", 0.0)) if x[at] > 0.5 else (("top right", 0.06),):
            if not (np.abs(taken - y[at] - rise) < 0.055).any():
                kept[at], heights[at], sides[at] = True, y[at] + rise, side
                break
    return kept, sides
