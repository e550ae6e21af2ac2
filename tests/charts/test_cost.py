"""The figure of accuracy against training time, and the template that all figures share."""

from __future__ import annotations

import numpy as np

from mmviz.charts import palette
from mmviz.charts.cost import cost_figure, pareto_front
from mmviz.charts.template import figure

SERIES = [("fusion", 0), ("fusion", 1), ("control", 2)]


def test_marks_stand_where_the_numbers_say_in_their_own_colour() -> None:
    drawn = cost_figure(["A", "B", "C"], [10.0, 100.0, 0.0], [0.1, 0.2, 0.05], SERIES, "dark")
    marks = drawn.data[1]
    assert np.asarray(marks.x).tolist() == [10.0, 100.0, 0.01]  # no zero on a logarithmic axis
    assert np.asarray(marks.y).tolist() == [0.1, 0.2, 0.05]
    assert list(marks.marker.color) == [palette.strategy_colour(*each).dark for each in SERIES]
    assert list(marks.text) == ["A", "B", "C"]
    low, high = drawn.layout.xaxis.range
    assert low < -2 and high > 2
    assert drawn.layout.xaxis.type == "log"


def test_the_ceiling_is_a_line_that_says_what_it_is() -> None:
    drawn = cost_figure(["A", "B"], [10.0, 100.0], [0.1, 0.2], SERIES[:2], ceiling=0.35)
    (line,), (said,) = drawn.layout.shapes, drawn.layout.annotations
    assert (line.y0, line.y1) == (0.35, 0.35)
    assert said.text.startswith("Oracle 0.350")
    assert not cost_figure(["A", "B"], [10.0, 100.0], [0.1, 0.2], SERIES[:2]).layout.shapes


def test_labels_part_on_the_axis_that_the_ceiling_makes() -> None:
    def sides(ceiling: float | None) -> list[str]:
        return list(
            cost_figure(["A", "B"], [10.0, 11.0], [0.2, 0.18], SERIES[:2], ceiling=ceiling).data[1].textposition
        )

    assert sides(None) == ["middle right", "middle right"]
    assert sides(0.8) == ["top right", "bottom right"]


def test_labels_of_close_marks_part() -> None:
    marks = cost_figure(["A", "B", "C"], [10.0, 11.0, 900.0], [0.2, 0.199, 0.05], SERIES).data[1]
    assert list(marks.textposition) == ["top right", "bottom right", "middle right"]


def test_of_many_marks_the_front_is_labelled_on_its_outer_side() -> None:
    costs = [0.1, 10.0, 11.0, 12.0, 13.0, 14.0, 15.0, 30.0, 900.0]
    scores = [0.06, 0.1, 0.09, 0.08, 0.07, 0.09, 0.1, 0.105, 0.1]
    drawn = cost_figure(list("ABCDEFGHI"), costs, scores, [("fusion", at) for at in range(9)])
    assert [text for text in drawn.data[1].text if text] == ["A", "B", "H"]
    sides = dict(zip("ABCDEFGHI", drawn.data[1].textposition, strict=True))
    assert (sides["A"], sides["B"], sides["H"]) == ("top right", "middle left", "top left")
    assert 3 not in drawn.layout.xaxis.tickvals and 10 in drawn.layout.xaxis.tickvals  # powers of ten alone


def test_labels_of_a_crowded_front_do_not_lie_on_each_other() -> None:
    costs = [0.1, 1.0, 2.0, 3.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0]
    scores = [0.07, 0.1, 0.15, 0.2, 0.29, 0.291, 0.293, 0.295, 0.3, 0.302]
    drawn = cost_figure(list("ABCDEFGHIJ"), costs, scores, [("fusion", at) for at in range(10)], ceiling=0.78)
    shown = [text for text in drawn.data[1].text if text]
    assert "J" in shown and "A" in shown and len([name for name in shown if name in "EFGHIJ"]) == 2


def test_the_front_is_what_nothing_beats_in_both() -> None:
    costs, scores = np.array([1.0, 2.0, 2.0, 3.0, 0.5]), np.array([0.2, 0.3, 0.1, 0.25, 0.2])
    assert pareto_front(costs, scores).tolist() == [1, 4]  # as good as the first, and cheaper
    marks = cost_figure(list("ABCDE"), costs.tolist(), scores.tolist(), [("fusion", at) for at in range(5)]).data[1]
    assert np.asarray(marks.marker.opacity).tolist() == [0.45, 1.0, 0.45, 0.45, 1.0]
    line = cost_figure(list("ABCDE"), costs.tolist(), scores.tolist(), [("fusion", at) for at in range(5)]).data[0]
    assert np.asarray(line.x).tolist() == [0.5, 2.0]


def test_another_cost_has_its_own_axis() -> None:
    drawn = cost_figure(["A", "B"], [1e4, 1e6], [0.1, 0.2], SERIES[:2], axis="Parameters")
    assert drawn.layout.xaxis.title.text == "Parameters"


def test_one_template_in_two_themes() -> None:
    for theme in ("light", "dark"):
        layout = figure(theme, 300).layout  # type: ignore[arg-type]
        assert layout.height == 300
        assert layout.template.layout.font.color == palette.INK.on(theme)  # type: ignore[arg-type]
        assert layout.template.layout.showlegend is False
        assert list(layout.template.layout.colorway) == [c.on(theme) for c in palette.STRATEGIES]  # type: ignore[arg-type]
