"""Drawings of explanations: deletion and insertion curves, the word × patch matrix, means with intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mmviz.charts import palette
from mmviz.charts.template import figure, template

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["Bar", "Panel", "curves_figure", "intervals_figure", "matrix_figure"]

STYLES = {"relevance": ("solid", 2.5), "attention": ("dash", 1.8), "random": ("dot", 1.5)}


class Panel(NamedTuple):
    """One strategy's curves: title, colour, shares (S+1,) and what removing and inserting did, map -> (S+1,)."""

    title: str
    colour: palette.Pair
    shares: np.ndarray
    deletion: Mapping[str, np.ndarray]
    insertion: Mapping[str, np.ndarray]


class Bar(NamedTuple):
    """A mean with its interval, its label and colour."""

    label: str
    mean: float
    low: float
    high: float
    colour: palette.Pair


def curves_figure(panels: Sequence[Panel], theme: palette.Theme) -> go.Figure:
    """Two rows of small curves, removing above and inserting below, one column a strategy, all on one scale."""
    from plotly.subplots import make_subplots

    grid = make_subplots(
        2,
        len(panels),
        shared_xaxes=True,
        shared_yaxes="rows",
        column_titles=[panel.title.replace(" ", "<br>") for panel in panels],
        x_title="% removed or inserted",
        vertical_spacing=0.12,
        horizontal_spacing=0.03,
    )
    drawn = grid.update_layout(template=template(theme), height=360, margin={"t": 52, "b": 52})
    drawn.update_annotations(font={"size": 13, "color": palette.MUTED.on(theme)})
    for column, panel in enumerate(panels, start=1):
        for row, (said, curves) in enumerate((("removed", panel.deletion), ("inserted", panel.insertion)), start=1):
            for name, values in curves.items():
                dash, width = STYLES.get(name, ("solid", 1.5))
                colour = palette.MUTED if name == "random" else panel.colour
                drawn.add_scatter(
                    x=100 * panel.shares,
                    y=values,
                    mode="lines",
                    line={"color": colour.on(theme), "dash": dash, "width": width},
                    hovertemplate=f"<b>{name}</b><br>%{{x:.0f}} % {said}: %{{y:.3g}}<extra></extra>",
                    row=row,
                    col=column,
                )
    drawn.update_xaxes(tickvals=[0, 50])
    drawn.update_yaxes(title_text="score, removing", row=1, col=1)
    drawn.update_yaxes(title_text="inserting", row=2, col=1)
    return drawn


def matrix_figure(
    words: Sequence[str], values: np.ndarray, grid: tuple[int, int], theme: palette.Theme, unit: str
) -> go.Figure:
    """Every word (rows) with every patch (columns, line by line of the picture): `values` (T, P)."""
    drawn = figure(theme, height=120 + 17 * len(words))
    places = [f"row {at // grid[1] + 1}, column {at % grid[1] + 1}" for at in range(values.shape[1])]
    drawn.add_heatmap(
        z=values,
        y=np.arange(len(words)),
        customdata=np.broadcast_to(np.array(places), values.shape),
        text=np.broadcast_to(np.array(words)[:, None], values.shape),
        colorscale=[[at / 9, tone] for at, tone in enumerate(palette.SEQUENTIAL)],
        colorbar={"title": {"text": unit, "side": "right"}, "thickness": 10, "outlinewidth": 0},
        hovertemplate="<b>%{text}</b>, %{customdata}<br>%{z:.3g} " + unit + "<extra></extra>",
    )
    drawn.update_yaxes(tickvals=np.arange(len(words)), ticktext=list(words), autorange="reversed", griddash="solid")
    drawn.update_xaxes(
        title_text="patches, line by line of the picture",
        tickvals=np.arange(0, values.shape[1], grid[1]),
        ticktext=[f"line {line + 1}" for line in range(grid[0])],
    )
    return drawn.update_layout(margin={"l": 110})


def intervals_figure(bars: Sequence[Bar], unit: str, at: float, said: str, theme: palette.Theme) -> go.Figure:
    """Means with 95 % intervals, one line each, and the line at `at` that a useful map has to pass."""
    drawn = figure(theme, height=90 + 26 * len(bars))
    means, lows, highs = (np.array([bar[part] for bar in bars]) for part in (1, 2, 3))
    colours = [bar.colour.on(theme) for bar in bars]
    drawn.add_scatter(
        x=means,
        y=np.arange(len(bars)),
        mode="markers",
        marker={"color": colours, "size": 10},
        error_x={
            "type": "data",
            "symmetric": False,
            "array": highs - means,
            "arrayminus": means - lows,
            "thickness": 1.5,
        },
        text=[bar.label for bar in bars],
        hovertemplate="<b>%{text}</b><br>%{x:.3f}<extra></extra>",
    )
    drawn.update_yaxes(tickvals=np.arange(len(bars)), ticktext=[bar.label for bar in bars], autorange="reversed")
    drawn.update_xaxes(title_text=unit)
    colour = palette.MUTED.on(theme)
    drawn.add_vline(at, line={"color": colour, "dash": "dot"}, annotation={"text": said, "font": {"color": colour}})
    return drawn.update_layout(margin={"l": 230, "t": 24})
