"""What accuracy costs: one mark a strategy, accuracy against training time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from mmviz.charts import palette
from mmviz.charts.template import figure

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["cost_figure"]

SHORTEST = 0.01
"""Seconds; what takes less is drawn here, because a logarithmic axis has no zero."""

TICKS = [step * 10.0**power for power in range(-2, 6) for step in (1, 3)]


def cost_figure(
    titles: Sequence[str],
    seconds: Sequence[float],
    scores: Sequence[float],
    series: Sequence[tuple[str, int]],
    theme: palette.Theme = "light",
    ceiling: float | None = None,
) -> go.Figure:
    """NDCG@10 over training time in seconds (logarithmic), every mark labelled directly.

    The four sequences have one entry a strategy; `series` holds its kind and its place in the registry, which give
    its colour; at `ceiling` stands the line of the oracle, where there is one.
    """
    drawn = figure(theme, height=360)
    colours = [palette.strategy_colour(kind, order).on(theme) for kind, order in series]
    times = np.maximum(np.asarray(seconds, dtype=np.float64), SHORTEST)
    drawn.add_scatter(
        x=times,
        y=np.asarray(scores, dtype=np.float64),
        mode="markers+text",
        text=list(titles),
        textposition=_sides(times, np.asarray(scores, dtype=np.float64), max(*scores, ceiling or 0.0)),
        textfont={"color": colours, "size": 13},
        marker={"color": colours, "size": 11},
        cliponaxis=False,
        hovertemplate="<b>%{text}</b><br>NDCG@10 %{y:.3g}<br>%{x:.3g} s to train<extra></extra>",
    )
    low, high = np.log10(times.min()), np.log10(times.max())
    pad = 0.18 * max(high - low, 0.5)
    drawn.update_xaxes(title_text="Time to train, seconds", type="log", range=[low - pad, high + 2 * pad])
    drawn.update_xaxes(tickvals=TICKS, ticktext=[f"{tick:,g}" for tick in TICKS])
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


def _sides(times: np.ndarray, scores: np.ndarray, top: float) -> list[str]:
    """Labels stand right of their mark; of two that would touch on an axis up to `top`, the lower one goes below."""
    x = np.log10(times) / max(float(np.ptp(np.log10(times))), 0.5)
    y = scores / max(top, 1e-9)
    sides = []
    for at in range(len(x)):
        close = (np.abs(x - x[at]) < 0.25) & (np.abs(y - y[at]) < 0.07)
        close[at] = False
        crowded = close.any()
        above = crowded and y[at] >= y[close].max()
        sides.append("middle right" if not crowded else "top right" if above else "bottom right")
    return sides
