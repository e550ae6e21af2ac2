"""People and slices as figures."""

from __future__ import annotations

import numpy as np

from mmviz.charts.comparison import Line, people_figure, slices_figure

A, B = Line("Alpha", "fusion", 0), Line("Beta", "control", 1)


def test_one_mark_a_person_in_the_colour_of_who_is_ahead() -> None:
    a, b = np.array([0.2, 0.5, 0.5]), np.array([0.4, 0.1, 0.5])
    drawn = people_figure(a, b, ["u1", "u2", "u3"], A, B, "NDCG@10", "light")
    marks = drawn.data[1]
    assert list(marks.marker.color)[:2] == [B.colour("light"), A.colour("light")]
    np.testing.assert_allclose(np.asarray(marks.x), a, atol=0.004)
    np.testing.assert_allclose(np.asarray(marks.y), b, atol=0.004)
    assert [row[0] for row in marks.customdata] == ["u1", "u2", "u3"]
    assert drawn.layout.xaxis.title.text == "NDCG@10, Alpha"


def test_slices_stand_one_below_the_other_with_their_intervals() -> None:
    cells = np.array([[0.2, 0.1, 0.3], [np.nan, np.nan, np.nan]])
    drawn = slices_figure("Group", ["few", "many"], [10, 20], {A: cells, B: cells + 0.1}, "NDCG@10", 0.5, "dark")
    first, second = drawn.data
    assert np.asarray(first.y)[0] < 0 < np.asarray(second.y)[0]
    assert np.asarray(first.x)[0] == 0.2
    np.testing.assert_allclose(np.asarray(first.error_x.array)[0], 0.1)
    assert list(drawn.layout.yaxis.ticktext) == ["few<br>10 people", "many<br>20 people"]
