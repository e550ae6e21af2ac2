"""The payload of the board says what the lab answered, and nothing else."""

from __future__ import annotations

import dataclasses
import itertools
import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from mmviz.charts import palette
from mmviz.ui.board import board_payload, item_link, segments
from mmviz.ui.shelf import Shelf
from mmviz.views import Board, HistoryEntry

NAN = float("nan")


@pytest.fixture
def payload(board: Board, shelf: Shelf) -> dict[str, Any]:
    return board_payload(board, shelf, k=2, reference="concat", summaries={"concat": "Side by side."})


def test_it_is_json(payload: dict[str, Any]) -> None:
    assert json.loads(json.dumps(payload, allow_nan=False))["k"] == 2


def test_every_item_that_is_drawn_is_described_once(payload: dict[str, Any]) -> None:
    assert sorted(payload["items"]) == [0, 1, 2, 3]
    assert payload["items"][2]["title"] == "<b>Bold</b>"


def test_head_figures(payload: dict[str, Any]) -> None:
    first, second = payload["columns"]
    assert [figure[:2] for figure in first["figures"]] == [
        ("NDCG@2", "1.00"),
        ("hits", "1 of 1"),
        ("all, NDCG@10", "0.200"),
    ]
    assert first["figures"][0][3] == "best" and second["figures"][0][3] == ""
    assert second["figures"][2][1] == "0.123"
    assert first["summary"] == "Side by side." and first["isReference"] and not second["isReference"]
    assert second["colour"] in palette.CONTROLS


def test_cards_know_hits_companions_and_places(payload: dict[str, Any]) -> None:
    lamp, bold = payload["columns"][0]["picks"]
    mug, lamp_again = payload["columns"][1]["picks"]
    assert lamp["hit"] and lamp["also"] == [1] and lamp["common"]
    assert bold["also"] == [] and not bold["common"] and not bold["hit"]
    assert lamp["move"] == ""  # its own column is the reference
    assert mug["move"] == "\u25b2 4" and lamp_again["move"] == "\u25bc 1"
    assert "Lamp" in lamp["said"] and "held-out hit" in lamp["said"] and "also in Ease" in lamp["said"]
    assert "in no other list" in bold["said"]
    assert lamp["shares"] == "interactions 2.00, image 1.50, text \u22120.500; together 3.00"


def test_bars_share_one_scale_within_a_column(payload: dict[str, Any]) -> None:
    lamp, bold = payload["columns"][0]["picks"]
    reach = 3.5 + 0.5
    assert lamp["zero"] == bold["zero"] == pytest.approx(0.5 / reach * 100)
    widths = {name: width for name, _, width, _ in lamp["segments"]}
    assert widths == {"interactions": 50.0, "image": 37.5, "text": 12.5}
    assert [name for name, *_ in bold["segments"]] == ["interactions"]  # nothing is drawn for a share of nothing


def test_an_item_that_the_reference_cannot_rank_is_new(board: Board, shelf: Shelf) -> None:
    column = board.columns[1]
    pick = dataclasses.replace(column.picks[0], reference_rank=None)
    changed = dataclasses.replace(
        board, columns=(board.columns[0], dataclasses.replace(column, picks=(pick, column.picks[1])))
    )
    drawn = board_payload(changed, shelf, 2, "concat")
    assert drawn["columns"][1]["picks"][0]["move"] == "new"


def test_overlap_counts_common_items(payload: dict[str, Any]) -> None:
    assert payload["overlap"][1][0] == {"count": 1, "share": 0.5, "said": "1 of 2 items in common"}
    assert payload["overlap"][0][0]["count"] == 2


def test_history_marks_the_held_out_part(payload: dict[str, Any]) -> None:
    train, held = payload["history"]["groups"]
    assert not train["held"] and held["held"]
    assert train["title"].endswith("Sep 2001")
    assert train["frames"][0]["rating"] == "4.5" and held["frames"][0]["rating"] == ""
    assert payload["history"]["title"] == "What u1 chose: 2 items, oldest first"


def test_a_long_history_is_cut_and_says_so(board: Board, shelf: Shelf) -> None:
    many = tuple(HistoryEntry(0, NAN, float(at), "train") for at in range(100)) + board.history[1:]
    drawn = board_payload(dataclasses.replace(board, history=many), shelf, 2)
    assert drawn["history"]["before"] == "60 more not shown"
    assert [len(group["frames"]) for group in drawn["history"]["groups"]] == [40, 1]


def test_someone_with_nothing_held_out_gets_no_personal_score(board: Board, shelf: Shelf) -> None:
    columns = tuple(dataclasses.replace(column, hits=None, ndcg=None, recall=None) for column in board.columns)
    drawn = board_payload(dataclasses.replace(board, columns=columns, person=None, n_held_out=0), shelf, 2)
    assert [figure[0] for figure in drawn["columns"][0]["figures"]] == ["all, NDCG@10"]
    assert drawn["marked"] is False
    assert drawn["history"]["title"].startswith("What you picked")


def test_an_empty_list_is_drawn_empty(board: Board, shelf: Shelf) -> None:
    columns = (dataclasses.replace(board.columns[0], picks=()), board.columns[1])
    drawn = board_payload(dataclasses.replace(board, columns=columns), shelf, 2)
    assert drawn["columns"][0]["picks"] == []


def test_links_quote_the_catalogue() -> None:
    assert item_link("my shop/2&x") == "catalogue?catalogue=my%20shop%2F2%26x&item="


@given(some.lists(some.floats(-50, 50), min_size=1, max_size=4))
def test_segments_fill_the_bar_without_touching(shares: list[float]) -> None:
    named = {f"part{at}": share for at, share in enumerate(shares)}
    low = math.fsum(share for share in shares if share < 0)
    high = math.fsum(share for share in shares if share > 0)
    placed, zero = segments(named, low, high)
    assert 0 <= zero <= 100
    edges = sorted((left, left + width) for _, left, width, _ in placed)
    assert all(left >= -0.02 and right <= 100.05 for left, right in edges)
    assert all(before[1] <= after[0] + 0.03 for before, after in itertools.pairwise(edges))
    for name, left, _, negative in placed:
        assert negative == (named[name] < 0)
        assert left < zero + 0.02 if negative else left >= zero - 0.02
