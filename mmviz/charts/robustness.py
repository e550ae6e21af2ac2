"""Curves over growing damage or growing knowledge, scores of many knock-outs at a glance, and a newcomer's place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mmviz.charts import palette
from mmviz.charts.template import figure

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from mmviz.views.robustness import Curves, Line

__all__ = [
    "CurveLine",
    "Plane",
    "curve_lines",
    "curves_figure",
    "knock_out_scores",
    "planes_figure",
    "scores_figure",
]

HEIGHT = 420
GAP = 16
"""Pixels between two labels at the end of the lines."""
LONGEST = 26
"""Letters of a label."""
MOST_POINTS = 1200


class CurveLine(NamedTuple):
    """One line: its name, kind and place in the registry (its colour), (L,) means with their band, dashed or not."""

    title: str
    kind: str
    order: int
    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray
    dashed: bool = False


class Plane(NamedTuple):
    """A space from above: (I + 1, 2) with the newcomer last, the rows of its neighbours, and their titles."""

    title: str
    colour: palette.Pair
    points: np.ndarray
    near: Sequence[int]
    names: Sequence[str]


def curve_lines(lines: Sequence[Line]) -> list[CurveLine]:
    """Measured lines as the chart takes them; what does not read the damaged modality is dotted."""
    return [
        CurveLine(each.run.title, each.run.kind, each.run.order, each.mean, each.low, each.high, each.flat)
        for each in lines
    ]


def curves_figure(
    lines: Sequence[CurveLine],
    ticks: Sequence[str],
    x_title: str,
    y_title: str,
    theme: palette.Theme = "light",
    chance: float | None = None,
    places: Sequence[float] | np.ndarray | None = None,
) -> go.Figure:
    """Lines over levels, evenly spaced or at `places`, with their bands; every line is named at its end."""
    drawn = figure(theme, HEIGHT)
    x = np.arange(len(ticks), dtype=np.float64) if places is None else np.asarray(places, dtype=np.float64)  # (L,)
    for line in lines:
        colour = palette.strategy_colour(line.kind, line.order).on(theme)
        if not np.array_equal(line.low, line.high):
            drawn.add_scatter(
                x=np.concatenate([x, x[::-1]]),
                y=np.concatenate([line.high, line.low[::-1]]),
                mode="lines",
                fill="toself",
                fillcolor=_faint(colour),
                line={"width": 0},
                hoverinfo="skip",
            )
        drawn.add_scatter(
            x=x,
            y=line.mean,
            mode="lines" if line.dashed else "lines+markers",
            line={"color": colour, "width": 2, "dash": "dot" if line.dashed else "solid"},
            marker={"size": 7, "color": colour},
            customdata=np.stack([line.low, line.high], axis=1),
            hovertemplate=f"<b>{line.title}</b><br>{y_title.split(' ')[0]} %{{y:.3g}}<br>"
            "95 % interval of the change: %{customdata[0]:.3g} to %{customdata[1]:.3g}<extra></extra>",
        )
    top = max([float(line.high.max()) for line in lines] + [chance or 0.0]) * 1.06 or 1.0
    _name_ends(drawn, lines, x[-1], top, theme)
    if chance:
        _chance_line(drawn, chance, theme)
    drawn.update_layout(margin={"r": 178})
    pad = 0.03 * (x[-1] - x[0])
    drawn.update_xaxes(
        title_text=x_title, tickvals=x, ticktext=list(ticks), showgrid=False, range=[x[0] - pad, x[-1] + pad]
    )
    drawn.update_yaxes(title_text=y_title, range=[0, top])
    return drawn


def knock_out_scores(knock_outs: Sequence[Curves]) -> tuple[list[str], list[str], np.ndarray]:
    """Titles of strategies, titles of knock-outs, and the scores (strategies, knock-outs); NaN = not measured."""
    titles = list(dict.fromkeys(line.run.title for curves in knock_outs for line in curves.lines))
    scores = np.full((len(titles), len(knock_outs)), np.nan)
    for column, curves in enumerate(knock_outs):
        for line in curves.lines:
            scores[titles.index(line.run.title), column] = np.nan if line.score is None else line.score[0]
    return titles, [curves.knock_out.title for curves in knock_outs], scores


def scores_figure(
    rows: Sequence[str], columns: Sequence[str], scores: np.ndarray, theme: palette.Theme = "light"
) -> go.Figure:
    """Robustness scores (rows, columns) as a heatmap; NaN = not measured."""
    drawn = figure(theme, 130 + 34 * len(rows))
    said = np.where(np.isnan(scores), "", np.char.mod("%.2f", np.nan_to_num(scores)))
    scale = [[at / 9, tone] for at, tone in enumerate(palette.SEQUENTIAL[::-1])]
    drawn.add_heatmap(
        z=scores, x=list(columns), y=list(rows), zmin=0.0, zmax=1.0, colorscale=scale, showscale=False,
        text=said, texttemplate="%{text}", xgap=2, ygap=2, hoverongaps=False,
        hovertemplate="<b>%{y}</b><br>%{x}<br>keeps %{z:.2f} of its NDCG<extra></extra>",
    )  # fmt: skip
    drawn.update_yaxes(autorange="reversed", showgrid=False, ticks="", automargin=True)
    drawn.update_xaxes(side="top", showgrid=False, ticks="", automargin=True, tickangle=-40)
    drawn.update_layout(margin={"t": 110, "b": 12, "r": 40})
    return drawn


def planes_figure(planes: Sequence[Plane], theme: palette.Theme = "light") -> go.Figure:
    """The spaces beside each other, each with the newcomer as a star and its nearest items marked."""
    from plotly.subplots import make_subplots

    across = min(len(planes), 3)
    down = -(-len(planes) // across)
    grid = make_subplots(down, across, subplot_titles=[plane.title for plane in planes], vertical_spacing=0.14 / down)
    drawn = figure(theme, 40 + 270 * down).update_layout(grid.layout, margin={"l": 8, "r": 8, "t": 32, "b": 8})
    drawn.update_annotations(font={"size": 13, "color": palette.MUTED.on(theme)})
    drawn._grid_ref = grid._grid_ref  # what `row=` and `col=` are looked up in
    ink, muted = palette.INK.on(theme), palette.MUTED.on(theme)
    for at, plane in enumerate(planes):
        place = {"row": at // across + 1, "col": at % across + 1}
        colour = plane.colour.on(theme)
        others = np.delete(np.arange(len(plane.points) - 1), list(plane.near))
        step = -(-len(others) // MOST_POINTS)
        _dots(drawn, plane.points[others[::step]], {"size": 3, "color": muted, "opacity": 0.35}, place)
        _dots(drawn, plane.points[list(plane.near)], {"size": 8, "color": colour}, place, list(plane.names))
        star = {"size": 16, "symbol": "star", "color": ink, "line": {"width": 1, "color": palette.PAPER.on(theme)}}
        _dots(drawn, plane.points[-1:], star, place, ["The newcomer"])
    drawn.update_xaxes(showgrid=False, showticklabels=False, ticks="", linecolor=palette.BORDER.on(theme), mirror=True)
    drawn.update_yaxes(showgrid=False, showticklabels=False, ticks="", linecolor=palette.BORDER.on(theme), mirror=True)
    return drawn


def _dots(
    drawn: go.Figure, points: np.ndarray, marker: dict[str, object], place: dict[str, int], names: Sequence[str] = ()
) -> None:
    drawn.add_scatter(
        x=points[:, 0], y=points[:, 1], mode="markers", marker=marker, text=list(names) or None,
        hoverinfo="text" if names else "skip", **place,
    )  # fmt: skip


def _name_ends(drawn: go.Figure, lines: Sequence[CurveLine], x: float, top: float, theme: palette.Theme) -> None:
    """Labels right of the last point, moved apart where they would touch."""
    per_pixel = top / (HEIGHT - 64)
    order = sorted(range(len(lines)), key=lambda at: lines[at].mean[-1])
    heights = [float(lines[at].mean[-1]) for at in order]
    placed = list(heights)
    for at in range(1, len(placed)):
        placed[at] = max(placed[at], placed[at - 1] + GAP * per_pixel)
    over = max(0.0, placed[-1] - top) if placed else 0.0
    for at in range(len(placed) - 1, -1, -1):
        ceiling = top if at == len(placed) - 1 else placed[at + 1] - GAP * per_pixel
        placed[at] = min(placed[at], ceiling) if over else placed[at]
    for at, height in zip(order, placed, strict=True):
        line = lines[at]
        title = line.title if len(line.title) <= LONGEST else f"{line.title[: LONGEST - 1]}…"
        drawn.add_annotation(
            x=x, y=height, xref="x", yref="y", text=title, showarrow=False, xanchor="left", xshift=10,
            font={"color": palette.strategy_colour(line.kind, line.order).on(theme), "size": 12.5},
        )  # fmt: skip


def _chance_line(drawn: go.Figure, chance: float, theme: palette.Theme) -> None:
    colour = palette.MUTED.on(theme)
    drawn.add_hline(
        chance,
        line={"color": colour, "dash": "dash", "width": 1},
        annotation={"text": f"random order {chance:.3f}", "font": {"color": colour, "size": 12}, "xanchor": "left"},
        annotation_position="bottom left",
    )


def _faint(colour: str) -> str:
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.14)"
