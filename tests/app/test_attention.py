"""The attention page: it opens on a reason, takes changes from the address, and refuses what it cannot read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from mmviz.ui import components, state
from tests.app.conftest import Open
from tests.conftest import FAST

STRATEGIES = ["Concatenation", "Attention fusion", "EASE"]


def captions(at: AppTest) -> str:
    return " ".join(each.value for each in at.caption)


def test_it_opens_on_the_best_item_of_the_most_active_person(shop: Path, page: Open, drawn: dict[str, Any]) -> None:
    at = page("attention", user="u002", strategies=STRATEGIES)
    assert not at.exception
    shown = drawn["explained"]
    assert {column["title"] for column in shown["columns"]} == set(STRATEGIES)
    first = shown["columns"][0]
    assert "place 1 of" in first["reason"]["sentence"] and not first["effect"]["changed"]
    for name, order in first["ranked"].items():
        assert sorted(order) == list(range(len(first[name])))
        assert [first[name][place] for place in order] == sorted(first[name], reverse=True)
    assert len(first["image"]) == 81 and len(first["words"]) == len(shown["pieces"]) // 2
    assert shown["limits"]["image"] == pytest.approx(
        max(abs(value) for column in shown["columns"] for value in column["image"] or [0]), abs=0.01
    )


def test_changes_come_from_the_address_and_bad_ones_do_no_harm(shop: Path, page: Open, drawn: dict[str, Any]) -> None:
    at = page("attention", user="u002", item="0003", strategies=STRATEGIES, struck="0-1", covered="3-999-x-40")
    assert not at.exception
    shown = drawn["explained"]
    assert shown["struck"] == [0, 1] and shown["covered"] == [3, 999, 40] and shown["changed"]
    moved = {column["title"]: column["effect"] for column in shown["columns"]}
    assert moved["Concatenation"]["scoreBefore"] != moved["Concatenation"]["scoreAfter"]
    assert moved["EASE"]["scoreBefore"] == moved["EASE"]["scoreAfter"]


def test_other_words_and_a_shorter_history(shop: Path, page: Open, drawn: dict[str, Any]) -> None:
    at = page("attention", user="u002", item="0003", strategies=STRATEGIES)
    at.text_area(key="text_0003_0").set_value("A blue lamp of glass").run()
    assert not at.exception
    assert drawn["explained"]["pieces"][1::2] == ["A", "blue", "lamp", "of", "glass"]
    gone = at.multiselect(key="dropped_0003_0").options[0]
    at.multiselect(key="dropped_0003_0").select(gone).run()
    assert not at.exception and drawn["explained"]["changed"]


@pytest.mark.parametrize("show", ["Attention", "Gradient × attention", "Self-attention"])
def test_a_strategy_without_attention_says_so(shop: Path, page: Open, drawn: dict[str, Any], show: str) -> None:
    at = page("attention", user="u002", item="0003", strategies=STRATEGIES, show=show)
    assert not at.exception
    column = next(column for column in drawn["explained"]["columns"] if column["title"] == "Concatenation")
    assert column["note"].startswith("It has no such attention") and column["image"]


def test_what_is_typed_is_found(shop: Path, page: Open, drawn: dict[str, Any]) -> None:
    at = page("attention", user="u002", item="0003", show="What goes with what", phrase="a mug")
    assert not at.exception
    shown = drawn["explained"]
    assert [column["note"] for column in shown["columns"]] == ["“a mug”"] * 2 and not shown["editable"]


def test_an_item_that_is_not_there(shop: Path, page: Open, drawn: dict[str, Any]) -> None:
    at = page("attention", user="u002", item="nothing")
    assert not at.exception
    assert "There is no item 'nothing' in shop" in captions(at)


def test_someone_new(shop: Path, page: Open, drawn: dict[str, Any]) -> None:
    at = page("attention", liked="0001~0002~gone", strategies=STRATEGIES)
    assert not at.exception
    assert "someone new who likes 2 things" in captions(at)
    assert drawn["explained"]["columns"][0]["reason"]["history"]


def test_hierarchical_attention_is_drawn_as_a_tree(shop: Path, page: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    state.lab().train("shop", "hierarchical", settings=FAST)
    trees: dict[str, str] = {}
    monkeypatch.setattr(components, "flow", lambda svg, key: trees.update({key: svg}))
    at = page("attention", user="u002", item="0003", strategies=[*STRATEGIES, "Hierarchical attention"])
    assert not at.exception
    assert list(trees) == ["tree_Hierarchical attention"]
    drawn = trees["tree_Hierarchical attention"]
    assert drawn.count("<image ") == 6 and "6 of 81 patches drawn" in drawn and "the other 75" in drawn
    at = page("attention", user="u002", item="0003", strategies=STRATEGIES)
    assert "Both levels of attention" not in [each.value for each in at.subheader]


def test_the_sanity_check_is_drawn_and_told(shop: Path, page: Open) -> None:
    (row,) = [row for row in state.lab().grade_sample("shop", ["concat"], n=2) if row.measure == "likeness"]
    at = page("attention", user="u002", item="0003", strategies=STRATEGIES)
    assert not at.exception
    assert any("Sanity check" in each.value for each in at.markdown)
    verdict = "another map" if row.high < 0.5 else "much the same map"
    assert f"Concatenation with its weights in random order gives {verdict}" in captions(at)
    assert "2 items)" in captions(at)


def test_every_head_that_was_trained_can_be_chosen(shop: Path, page: Open, drawn: dict[str, Any]) -> None:
    state.lab().train("shop", "cross_attention", settings=FAST)
    several = [*STRATEGIES, "Cross-modal attention"]
    at = page("attention", user="u002", item="0003", strategies=several, show="Attention")
    assert not at.exception
    assert at.selectbox(key="head").options == ["Mean of the heads", *(f"Head {at}" for at in range(1, 5))]

    def column() -> dict[str, Any]:
        return next(each for each in drawn["explained"]["columns"] if each["title"] == "Cross-modal attention")

    mean = column()
    n = len(mean["words"])
    assert len(mean["cross"]) == n and len(mean["pw"]) == 81 and len(mean["pw"][0]) == n  # both directions
    assert sum(mean["cross"][0]) == pytest.approx(100, abs=0.5) == sum(mean["pw"][40])
    at.selectbox(key="head").select("Head 2").run()
    assert not at.exception and column()["cross"] != mean["cross"]
    at = page("attention", user="u002", item="0003", strategies=STRATEGIES, show="Attention")
    assert "head" not in [each.key for each in at.selectbox]  # none of these has heads


def test_every_word_with_every_patch(shop: Path, page: Open) -> None:
    at = page("attention", user="u002", item="0003", strategies=STRATEGIES, matrix="true")
    assert not at.exception
    assert at.selectbox(key="matrix_map").options == ["Aligned relevance", "Learned alignment", "Encoder's alignment"]
    assert len(at.get("plotly_chart")) >= 1


def test_what_the_encoder_cannot_do_is_said(shop: Path, page: Open) -> None:
    at = page("attention", user="u002", item="0003", strategies=STRATEGIES, show="What goes with what")
    assert not at.exception
    assert "needs a vision transformer of open_clip, and bundled is none" in captions(at)
    assert "layers" not in [each.key for each in at.selectbox]
