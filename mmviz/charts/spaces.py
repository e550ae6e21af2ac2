"""Figures of spaces: points in three dimensions, agreement of spaces, and what closing the gap does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from mmviz.charts import palette
from mmviz.charts.template import figure

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["agreement_figure", "closing_figure", "solid_figure"]

SHOWN = 1e8


def solid_figure(
    points: np.ndarray,
    codes: np.ndarray | None,
    colours: Sequence[palette.Pair],
    names: Sequence[str],
    titles: Sequence[str],
    theme: palette.Theme = "light",
    people: tuple[np.ndarray, Sequence[str]] | None = None,
) -> go.Figure:
    """Points (n, 3) with a colour code each (255 = none); `names` of the codes, or () for a continuous scale.

    `people`: points (P, 3) and a word each, as diamonds.
    """
    drawn = figure(theme, height=640)
    there = points[:, 0] < SHOWN  # (n,)
    codes = np.zeros(len(points), np.uint8) if codes is None else codes
    muted, size = palette.MUTED.on(theme), 4.0 if len(points) < 5000 else 2.0
    shown = np.asarray(titles, dtype=object)
    for code in np.unique(codes[there]).tolist() if names else [None]:
        own = there if code is None else there & (codes == code)
        shades = np.array([colour.on(theme) for colour in colours] + [muted] * (256 - len(colours)))
        colour = shades[codes[own]] if code is None else shades[code]
        drawn.add_scatter3d(
            x=points[own, 0],
            y=points[own, 1],
            z=points[own, 2],
            mode="markers",
            name=names[code] if code is not None and code < len(names) else "not given",
            text=shown[own],
            marker={"size": size, "color": colour, "opacity": 0.85, "line": {"width": 0}},
            hovertemplate="%{text}<extra>%{fullData.name}</extra>" if names else "%{text}<extra></extra>",
        )
    if people is not None:
        _diamonds(drawn, *people, size, theme)
    bare = {"visible": False}
    drawn.update_layout(
        scene={"xaxis": bare, "yaxis": bare, "zaxis": bare, "aspectmode": "data"},
        showlegend=bool(names) or people is not None,
        legend={"itemsizing": "constant"},
        margin={"l": 0, "r": 0, "t": 0, "b": 0},
    )
    return drawn


def _diamonds(drawn: go.Figure, points: np.ndarray, said: Sequence[str], size: float, theme: palette.Theme) -> None:
    there = points[:, 0] < SHOWN  # (P,)
    drawn.add_scatter3d(
        x=points[there, 0],
        y=points[there, 1],
        z=points[there, 2],
        mode="markers",
        name="People",
        text=np.asarray([line.replace("\t", ", ") for line in said], dtype=object)[there],
        marker={"size": 0.6 * size, "symbol": "diamond", "color": palette.INK.on(theme), "line": {"width": 0}},
        hovertemplate="%{text}<extra></extra>",
    )


def agreement_figure(titles: Sequence[str], shares: np.ndarray, theme: palette.Theme = "light") -> go.Figure:
    """Square matrix (n, n) of shares between 0 and 1, written into its cells; the diagonal is left out."""
    drawn = figure(theme, height=110 + 40 * len(titles))
    values = np.array(shares, dtype=np.float64)
    np.fill_diagonal(values, np.nan)
    said = [["" if np.isnan(value) else f"{value:.0%}" for value in row] for row in values]
    drawn.add_heatmap(
        x=list(titles),
        y=list(titles),
        z=values,
        text=said,
        texttemplate="%{text}",
        zmin=0,
        zmax=1,
        colorscale=[[at / (len(palette.SEQUENTIAL) - 1), tone] for at, tone in enumerate(palette.SEQUENTIAL)],
        xgap=2,
        ygap=2,
        showscale=False,
        hovertemplate="%{y} and %{x}: %{text}<extra></extra>",
    )
    drawn.update_xaxes(side="top", ticks="", showgrid=False)
    drawn.update_yaxes(autorange="reversed", ticks="", showgrid=False)
    drawn.update_layout(margin={"l": 160, "r": 8, "t": 70, "b": 8})
    return drawn


def closing_figure(
    shares: np.ndarray, lines: Mapping[str, np.ndarray], marked: float, axis: str, theme: palette.Theme = "light"
) -> go.Figure:
    """One line a measure over the share (n,) of the gap that is closed, named at its end, and a mark at one share."""
    drawn = figure(theme, height=300)
    tones = [palette.MODALITIES["image"], palette.MODALITIES["text"], palette.INK]
    for (name, values), tone in zip(lines.items(), tones, strict=False):
        drawn.add_scatter(
            x=shares * 100,
            y=values,
            mode="lines+markers",
            name=name,
            line={"color": tone.on(theme), "width": 2},
            hovertemplate=f"{name}<br>%{{x:.0f}} % closed: %{{y:.3f}}<extra></extra>",
        )
        drawn.add_annotation(
            x=float(shares[-1]) * 100, y=float(values[-1]), text=name, showarrow=False, xanchor="left", xshift=8,
            font={"color": tone.on(theme), "size": 12},
        )  # fmt: skip
    drawn.add_vline(marked * 100, line={"color": palette.MUTED.on(theme), "dash": "dot", "width": 1.5})
    drawn.update_xaxes(title_text="Gap closed, %", range=[-4, float(shares[-1]) * 100 + 4])
    drawn.update_yaxes(title_text=axis, rangemode="tozero")
    drawn.update_layout(margin={"r": 120})
    return drawn
