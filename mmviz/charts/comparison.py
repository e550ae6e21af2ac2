"""Two figures that compare strategies: person by person, and slice by slice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mmviz.charts import palette
from mmviz.charts.template import figure

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["Line", "people_figure", "slices_figure"]

JITTER = 0.006
"""Share of the axis by which marks are moved apart, so that people with equal values can be told and clicked."""


ROOM, GAP, STEP = 96, 16, 12
"""Heights in pixels: of what surrounds a panel of slices, between two slices, and of a strategy in a slice."""


class Line(NamedTuple):
    """A strategy in a figure: its title, and kind and place in the registry, which give its colour."""

    title: str
    kind: str
    order: int

    def colour(self, theme: palette.Theme) -> str:
        return palette.strategy_colour(self.kind, self.order).on(theme)


def people_figure(
    a: np.ndarray, b: np.ndarray, people: Sequence[str], first: Line, second: Line, axis: str, theme: palette.Theme
) -> go.Figure:
    """One mark a person: `second` (b) upwards over `first` (a) rightwards; each takes the colour of who is ahead."""
    drawn = figure(theme, height=460)
    top = max(float(np.max([a.max(initial=0), b.max(initial=0)])), 1e-9)
    moved = np.random.default_rng(0).uniform(-JITTER, JITTER, (2, len(a))) * top  # (2, n)
    colours = np.where(a > b, first.colour(theme), np.where(a < b, second.colour(theme), palette.MUTED.on(theme)))
    drawn.add_scatter(
        x=[0, top], y=[0, top], mode="lines", line={"color": palette.MUTED.on(theme), "width": 1}, hoverinfo="skip"
    )
    drawn.add_scatter(
        x=a + moved[0],
        y=b + moved[1],
        mode="markers",
        marker={"color": colours, "size": 7, "opacity": 0.55},
        customdata=np.stack([np.asarray(people, dtype=object), a.round(3), b.round(3)], axis=1),
        hovertemplate=f"<b>%{{customdata[0]}}</b><br>{first.title} %{{customdata[1]}}<br>"
        f"{second.title} %{{customdata[2]}}<extra></extra>",
        selected={"marker": {"opacity": 1}},
        unselected={"marker": {"opacity": 0.55}},
    )
    drawn.update_xaxes(title_text=f"{axis}, {first.title}", range=[-0.03 * top, 1.03 * top])
    drawn.update_yaxes(title_text=f"{axis}, {second.title}", range=[-0.03 * top, 1.03 * top])
    return drawn


def slices_figure(
    group: str,
    names: Sequence[str],
    n_users: Sequence[int],
    values: Mapping[Line, np.ndarray],
    axis: str,
    top: float,
    theme: palette.Theme,
) -> go.Figure:
    """One small panel: in each slice a dot and interval a strategy, from values (slices, 3): mean, low, high."""
    drawn = figure(theme, height=ROOM + len(names) * (GAP + STEP * len(values)))
    places = np.arange(len(names), dtype=np.float64)
    width = STEP / (GAP + STEP * max(len(values), 1))
    for at, (line, cells) in enumerate(values.items()):
        mean, low, high = cells.T
        drawn.add_scatter(
            x=mean,
            y=places + (at - (len(values) - 1) / 2) * width,
            mode="markers",
            name=line.title,
            marker={"color": line.colour(theme), "size": 7},
            error_x={"array": high - mean, "arrayminus": mean - low, "thickness": 1.2, "width": 0},
            hovertemplate=f"<b>{line.title}</b><br>%{{x:.3f}}<extra></extra>",
            cliponaxis=False,
        )
    ticks = [f"{name}<br>{count:,} people" for name, count in zip(names, n_users, strict=True)]
    drawn.update_yaxes(tickvals=places, ticktext=ticks, range=[len(names) - 0.5, -0.5], showgrid=False)
    drawn.update_xaxes(title_text=axis, range=[0, top * 1.05])
    title = {"text": group, "font": {"size": 14}, "x": 0, "xanchor": "left"}
    return drawn.update_layout(title=title, margin={"t": 40, "l": 110})
