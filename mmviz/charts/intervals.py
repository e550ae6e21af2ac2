"""Means with their intervals, one row a strategy, best first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from mmviz.charts import palette
from mmviz.charts.template import figure

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["intervals_figure"]


def intervals_figure(
    titles: Sequence[str],
    mean: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
    series: Sequence[tuple[str, int]],
    x_title: str,
    theme: palette.Theme = "light",
    ceiling: float | None = None,
) -> go.Figure:
    """A dot and a bar a row; `series` holds kind and place in the registry of each, which give its colour."""
    drawn = figure(theme, 80 + 26 * len(titles))
    colours = [palette.strategy_colour(kind, order).on(theme) for kind, order in series]
    for title, centre, least, most, colour in zip(titles, mean, low, high, colours, strict=True):
        drawn.add_scatter(
            x=[least, most], y=[title, title], mode="lines", line={"color": colour, "width": 3}, opacity=0.55,
            hoverinfo="skip",
        )  # fmt: skip
        drawn.add_scatter(
            x=[centre], y=[title], mode="markers", marker={"color": colour, "size": 9},
            customdata=[[least, most]],
            hovertemplate="<b>%{y}</b><br>%{x:.4f} (%{customdata[0]:.4f} to %{customdata[1]:.4f})<extra></extra>",
        )  # fmt: skip
    if ceiling is not None:
        muted = palette.MUTED.on(theme)
        said = {"text": f"oracle {ceiling:.3f}", "font": {"color": muted, "size": 12}}
        drawn.add_vline(ceiling, line={"color": muted, "dash": "dot", "width": 1.5}, annotation=said)
    drawn.update_xaxes(title_text=x_title, rangemode="tozero")
    drawn.update_yaxes(range=[len(titles) - 0.4, -0.6], showgrid=False, ticks="", automargin=True)
    drawn.update_layout(margin={"t": 28})
    return drawn
