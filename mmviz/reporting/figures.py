"""The plots of a report, on paper."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from mmviz.charts.cost import cost_figure
from mmviz.charts.intervals import intervals_figure
from mmviz.charts.robustness import curve_lines, curves_figure, knock_out_scores, scores_figure

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

    from mmviz.views import RunCard
    from mmviz.views.robustness import ColdCurves, Curves, Line

__all__ = ["cold_plot", "cost_plot", "knock_out_plot", "level_names", "quality_plot", "scores_plot"]

MOST_LINES = 8
"""Lines of one plot; the tables have all."""


def quality_plot(runs: Sequence[RunCard], quality: pd.DataFrame, ceiling: float | None) -> go.Figure:
    """NDCG@10 of every run with its interval."""
    own = quality[quality["metric"] == "ndcg@10"]
    series = {run.strategy: (run.kind, run.order) for run in runs}
    mean, low, high = (own[name].to_numpy() for name in ("mean", "low", "high"))
    return intervals_figure(
        own["title"].tolist(), mean, low, high, [series[name] for name in own["strategy"]], "NDCG@10 ↑", ceiling=ceiling
    )


def cost_plot(runs: Sequence[RunCard], ceiling: float | None) -> go.Figure:
    """NDCG@10 against the time to train; of many runs, the best eight."""
    best = sorted(runs, key=lambda run: -run.metrics.get("ndcg@10", 0.0))[:MOST_LINES]
    scores = [run.metrics.get("ndcg@10", 0.0) for run in best]
    series = [(run.kind, run.order) for run in best]
    return cost_figure([run.title for run in best], [run.seconds for run in best], scores, series, ceiling=ceiling)


def knock_out_plot(curves: Curves) -> go.Figure:
    """The curves of one knock-out."""
    lines = _best(curves.lines)
    levels = lines[0].levels
    return curves_figure(curve_lines(lines), level_names(levels, "severity"), "Severity", "NDCG@10 ↑", places=levels)


def cold_plot(curves: ColdCurves, what: str) -> go.Figure:
    """Learning curves of new people or new items."""
    lines = _best(curves.lines)
    x_title = "Things that the person has liked" if what == "people" else "Interactions known of each new item"
    return curves_figure(
        curve_lines(lines), level_names(lines[0].levels, "known"), x_title, "NDCG@10 ↑", chance=curves.chance
    )


def scores_plot(knock_outs: Sequence[Curves]) -> go.Figure:
    """Robustness scores of all runs under all knock-outs."""
    return scores_figure(*knock_out_scores(knock_outs))


def level_names(levels: np.ndarray, kind: str) -> list[str]:
    """How levels are written: "25 %" of severity, "5" or "all" of what is known."""
    if kind == "severity":
        return [f"{level * 100:.0f} %" for level in levels]
    return ["all" if np.isinf(level) else f"{level:.0f}" for level in levels]


def _best(lines: Sequence[Line]) -> list[Line]:
    return sorted(lines, key=lambda line: (line.flat, -line.mean[0]))[:MOST_LINES]
