"""The leaderboard page: what stands on it, and where it leads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mmviz.ui import state
from tests.app.conftest import Open
from tests.conftest import TRAINED


def test_all_runs_stand_on_it_with_split_and_opening(shop: Path, page: Open, drawn: dict[str, Any]) -> None:
    at = page("leaderboard")
    assert not at.exception
    assert {row["name"] for row in drawn["league"]["rows"]} == set(TRAINED)
    said = " ".join(caption.value for caption in at.main.caption)
    assert "the test part was opened once by each of 4 runs" in said
    assert state.lab().default_split("shop").title.lower() in said
    assert any("ahead of" in markdown.value for markdown in at.main.markdown)
    names = [each["name"] for each in drawn["pairs"]["names"]]
    assert set(names) == set(TRAINED)


def test_measures_and_pairs_can_be_chosen_by_address(shop: Path, page: Open, drawn: dict[str, Any]) -> None:
    at = page("leaderboard", measures="Beyond accuracy", compared=["Concatenation", "EASE"], metric="Recall@20")
    assert not at.exception
    assert drawn["league"]["heads"][0]["name"] == "coverage"
    assert [each["title"] for each in drawn["pairs"]["names"]] == sorted(("Concatenation", "EASE"), key=_place)
    assert any("Recall@20, row minus column" in caption.value for caption in at.main.caption)


def _place(title: str) -> int:
    return [row.title for row in state.lab().leaderboard("shop").standings].index(title)


def test_one_strategy_cannot_be_compared_with_itself(shop: Path, page: Open) -> None:
    at = page("leaderboard", a="EASE", b="EASE")
    assert not at.exception
    assert any("Choose two different strategies" in caption.value for caption in at.main.caption)


def test_nothing_trained_leads_to_training(shop: Path, page: Open) -> None:
    split = next(card for card in state.lab().splits("shop") if card.usable and card.name == "random")
    at = page("leaderboard", split=split.title)
    assert not at.exception
    assert any("Nothing is trained on this split yet" in each.value for each in at.main.subheader)
