"""The methods page says of every strategy what it is, how data flows, and what it reached."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from mmviz.ui import components, state
from mmviz.ui.methods_view import step_name
from mmviz.ui.words import figures
from mmviz.views import FlowStep
from tests.app.conftest import Open


@pytest.fixture
def flows(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The drawings that the page asked for, by key."""
    seen: dict[str, str] = {}
    monkeypatch.setattr(components, "flow", lambda svg, key: seen.update({key: svg}))
    return seen


def test_every_fusion_has_a_card_with_its_flow(shop: Path, page: Open, flows: dict[str, str]) -> None:
    at = page("methods")
    assert not at.exception
    cards = [card for card in state.lab().strategies() if card.kind == "fusion"]
    assert [each.value for each in at.subheader] == [card.title for card in cards]
    assert set(flows) == {f"flow_{card.name}" for card in cards}
    assert "1,280" in flows["flow_concat"]
    said = " ".join(each.value for each in at.markdown)
    assert all(card.summary in said for card in cards)
    run = next(run for run in state.lab().runs("shop") if run.strategy == "concat")
    assert f"NDCG@10 {figures(run.metrics['ndcg@10'])} on each person's latest 10 %" in said


@pytest.mark.parametrize("group", ["Interaction models", "Tasks", "Controls"])
def test_the_other_groups(shop: Path, page: Open, flows: dict[str, str], group: str) -> None:
    at = page("methods", group=group)
    assert not at.exception
    lab = state.lab()
    expected: list[Any] = (
        lab.interaction_models()
        if group == "Interaction models"
        else lab.tasks("shop")
        if group == "Tasks"
        else [card for card in lab.strategies() if card.kind == "control"]
    )
    assert [each.value for each in at.subheader] == [card.title for card in expected]
    assert flows == {}


def test_without_features_it_says_so_and_still_tells_the_methods(shop: Path, page: Open, flows: dict[str, str]) -> None:
    shutil.rmtree(shop / "features")
    at = page("methods")
    assert not at.exception
    assert at.subheader[0].value == "The shapes are not known yet"
    assert "Concatenation" in [each.value for each in at.subheader]
    assert flows == {}


@pytest.mark.parametrize(
    ("part", "kind", "name"),
    [
        ("image tokens", "input", "image tokens"),
        ("gate", "Linear", "gate"),
        ("token_scores", "Sequential", "token scores"),
        ("within", "SelfAttention", "self attention"),
        ("across", "_Crossing", "crossing"),
        ("item vector", "", "item vector"),
    ],
)
def test_boxes_are_named_in_words(part: str, kind: str, name: str) -> None:
    assert step_name(FlowStep(part, kind, "", (1,), ())) == name
