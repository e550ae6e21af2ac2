"""The figures of the robustness page draw what they are given."""

from __future__ import annotations

import numpy as np
import pytest

from mmviz.charts import palette
from mmviz.charts.intervals import intervals_figure
from mmviz.charts.robustness import CurveLine, Plane, curves_figure, planes_figure, scores_figure


def line(title: str, values: list[float], order: int = 0, dashed: bool = False) -> CurveLine:
    mean = np.array(values)
    spread = np.zeros(len(mean)) if dashed else np.linspace(0, 0.02, len(mean))
    return CurveLine(title, "fusion", order, mean, mean - spread, mean + spread, dashed)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_curves_have_a_band_a_name_and_their_own_colour(theme: palette.Theme) -> None:
    lines = [line("One", [0.3, 0.2, 0.1]), line("Two", [0.3, 0.3, 0.3], order=1, dashed=True)]
    drawn = curves_figure(lines, ["0 %", "50 %", "100 %"], "Severity", "NDCG@10 ↑", theme, chance=0.05)
    curves = [trace for trace in drawn.data if trace.hoverinfo != "skip"]
    assert len(drawn.data) == 3  # a flat line has no band
    np.testing.assert_allclose(curves[0].y, [0.3, 0.2, 0.1])
    assert curves[0].line.color == palette.strategy_colour("fusion", 0).on(theme)
    assert curves[1].line.dash == "dot"
    assert {"One", "Two"} <= {each.text for each in drawn.layout.annotations}
    assert "0.050" in drawn.layout.annotations[-1].text


def test_names_at_the_end_never_touch() -> None:
    lines = [line(f"Line {at}", [0.2, 0.1 + at * 1e-4], at) for at in range(8)]
    drawn = curves_figure(lines, ["0", "1"], "x", "y")
    heights = sorted(each.y for each in drawn.layout.annotations)
    pixels = np.diff(heights) / drawn.layout.yaxis.range[1] * (drawn.layout.height - 64)
    assert pixels.min() > 15.9
    top = [line(f"Line {at}", [0.2, 0.2], at) for at in range(8)]
    drawn = curves_figure(top, ["0", "1"], "x", "y")
    assert max(each.y for each in drawn.layout.annotations) <= drawn.layout.yaxis.range[1] + 1e-9


def test_scores_that_were_not_measured_are_blank() -> None:
    drawn = scores_figure(["A", "B"], ["x", "y"], np.array([[1.0, np.nan], [0.5, 0.25]]))
    assert drawn.data[0].text.tolist() == [["1.00", ""], ["0.50", "0.25"]]


def test_the_newcomer_is_a_star_in_every_plane() -> None:
    rng = np.random.default_rng(0)
    colour = palette.STRATEGIES[0]
    planes = [Plane(f"Space {at}", colour, rng.normal(size=(51, 2)), (3, 4), ("Three", "Four")) for at in range(4)]
    drawn = planes_figure(planes)
    stars = [trace for trace in drawn.data if trace.marker.symbol == "star"]
    assert len(stars) == 4
    np.testing.assert_allclose([stars[2].x[0], stars[2].y[0]], planes[2].points[-1])
    assert len({(trace.xaxis, trace.yaxis) for trace in drawn.data}) == 4


def test_intervals() -> None:
    values = (np.array([0.2, 0.1]), np.array([0.18, 0.05]), np.array([0.22, 0.15]))
    drawn = intervals_figure(["A", "B"], *values, [("fusion", 0), ("control", 3)], "NDCG@10 ↑", ceiling=0.4)
    assert [list(trace.x) for trace in drawn.data[::2]] == [[0.18, 0.22], [0.05, 0.15]]
    assert drawn.data[1].marker.color == palette.strategy_colour("fusion", 0).light
