"""The one plotly template: ink on paper, no chart junk, the fonts of the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mmviz.charts import palette

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["FONT", "figure", "template"]

FONT = '"Source Sans", "Source Sans Pro", "Helvetica Neue", Arial, sans-serif'


def template(theme: palette.Theme) -> go.layout.Template:
    """Layout defaults for one theme."""
    import plotly.graph_objects as go

    axis: dict[str, Any] = {
        "gridcolor": palette.BORDER.on(theme),
        "griddash": "dot",
        "zeroline": False,
        "linecolor": palette.MUTED.on(theme),
        "ticks": "outside",
        "ticklen": 4,
        "tickcolor": palette.MUTED.on(theme),
        "tickfont": {"color": palette.MUTED.on(theme), "size": 12},
        "title": {"font": {"color": palette.MUTED.on(theme), "size": 13}, "standoff": 10},
    }
    return go.layout.Template(
        layout={
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "font": {"family": FONT, "size": 13, "color": palette.INK.on(theme)},
            "colorway": [colour.on(theme) for colour in palette.STRATEGIES],
            "colorscale": {"sequential": [[at / 9, tone] for at, tone in enumerate(palette.SEQUENTIAL)]},
            "margin": {"l": 56, "r": 24, "t": 16, "b": 48},
            "xaxis": axis,
            "yaxis": axis,
            "showlegend": False,
            "hoverlabel": {
                "bgcolor": palette.PANEL.on(theme),
                "bordercolor": palette.BORDER.on(theme),
                "font": {"family": FONT, "color": palette.INK.on(theme), "size": 13},
                "align": "left",
            },
        }
    )


def figure(theme: palette.Theme, height: int) -> go.Figure:
    """An empty figure of the house style, `height` pixels high."""
    import plotly.graph_objects as go

    return go.Figure(layout={"template": template(theme), "height": height})
