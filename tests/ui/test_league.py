"""The leaderboard's payloads say what was measured, and nothing else."""

from __future__ import annotations

import json

import pytest

from mmviz.charts import palette
from mmviz.leaderboard import measure
from mmviz.ui.league import league_payload, pairs_payload
from mmviz.views.evidence import Leaderboard, Measured, Pair, Standing
from tests.ui.conftest import run_card


def _board() -> Leaderboard:
    concat, ease = run_card("concat", 0), run_card("ease", 1, "control")
    seeds = (0.19, 0.21)
    first = Standing("concat", "Concatenation", "fusion", 0, {"ndcg@10": Measured(0.2, 0.15, 0.25)}, concat, "t", seeds)
    second = Standing("ease", "EASE", "control", 1, {"rmse": Measured(0.9)}, ease, "t", (0.1,), ("It saw.",))
    ceiling = Standing("", "Oracle", "control", 0, {"ndcg@10": Measured(0.5, 0.45, 0.5)})
    return Leaderboard("shop", "random", (measure("ndcg@10"), measure("rmse")), (first, second), ceiling, 40, ("t",))


def test_rows_carry_values_bars_and_intervals_on_one_scale() -> None:
    payload = league_payload(_board())
    json.dumps(payload, allow_nan=False)
    oracle, concat, ease = payload["rows"]
    assert oracle["ceiling"] and not concat["ceiling"]
    cell = concat["cells"][0]
    assert (cell["text"], cell["at"], cell["low"], cell["high"]) == ("0.200", 40.0, 30.0, 50.0)
    assert cell["said"] == "NDCG@10 0.200, 95 % interval 0.150 to 0.250"
    assert concat["cells"][1]["text"] == "\u2013" and concat["cells"][1]["value"] is None
    assert concat["note"] == "NDCG@10 0.190 to 0.210 over 2 seeds" and ease["note"] == ""
    assert ease["doubt"] == "It saw."
    assert ease["colour"] in palette.CONTROLS
    assert [head["arrow"] for head in payload["heads"]] == ["\u2191", "\u2193"]
    assert [head["up"] for head in payload["heads"]] == [True, False]


@pytest.mark.parametrize(("metric", "sign"), [("ndcg@10", 1), ("rmse", -1)])
def test_plus_means_that_the_row_is_better(metric: str, sign: int) -> None:
    pair = Pair(
        "a", "b", 0.02 * sign, *sorted((0.01 * sign, 0.03 * sign)), 0.25 * sign, 0.0004, 0.6, 0.3, 90, "A is ahead."
    )
    pink = palette.Pair("#111111", "#eeeeee")
    payload = pairs_payload([pair], {"a": "Alpha", "b": "Beta"}, {"a": pink, "b": pink}, measure(metric))
    assert payload["rows"][0][0] is None
    square, mirror = payload["rows"][0][1], payload["rows"][1][0]
    assert (square["text"], square["small"], square["under"]) == ("+.020", "+.010 \u2026 +.030", "d +.25 · p < .001")
    assert (mirror["text"], mirror["small"]) == ("\u2212.020", "\u2212.030 \u2026 \u2212.010")
    assert square["up"] and not mirror["up"] and square["certain"] and square["said"] == "A is ahead."
