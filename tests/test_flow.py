"""The data flow that the Methods page draws is what the module really does."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from mmviz import fusion
from mmviz.flow import n_parameters, trace
from mmviz.methods import method_cards
from mmviz.recommender import shapes_of
from tests.planted import planted


@pytest.mark.parametrize("name", fusion.names())
def test_the_flow_of_every_strategy_goes_from_its_inputs_to_the_item_vector(name: str) -> None:
    cls = fusion.strategy(name)
    shapes = shapes_of(planted().features)
    model = cls(shapes, cls.Config())
    steps = trace(model)
    inputs = [step for step in steps if step.kind == "input"]
    assert {step.lane for step in inputs} == set(model.names)
    for step in inputs:
        shape = shapes[step.lane]
        sizes = {"tokens": (shape.tokens, shape.token_dim), "summary": (shape.pooled_dim,)}
        assert step.shape == sizes[step.part.rpartition(" ")[2]]
    assert any(step.part.endswith("tokens") for step in inputs) == (cls.level == "tokens")
    assert steps[-1].part == "item vector"
    assert steps[-1].shape == (model.config.dim,)
    assert steps[-1].sources
    assert not any(module._forward_hooks for module in model.modules())
    assert model.training


def test_shapes_are_those_of_the_layers_and_lanes_those_of_the_modalities() -> None:
    cls = fusion.strategy("afn")
    model = cls(shapes_of(planted().features), cls.Config(dim=16))
    steps = trace(model)
    across = [step for step in steps if step.part == "across"]
    for step in across:
        read = {(steps[source].part, steps[source].lane) for source in step.sources}
        assert read == {("within", "image"), ("within", "text")}
    assert next(step for step in across if step.lane == "image").shape == (6, 16)
    (gate,) = [step for step in steps if step.part == "gate"]
    assert (gate.lane, gate.shape) == ("", (32,))
    read = {(steps[source].part, steps[source].lane) for source in gate.sources}
    assert read == {(part, lane) for part in ("pools", "summaries") for lane in ("image", "text")}


def test_a_part_reads_only_what_it_uses() -> None:
    cls = fusion.strategy("self_attention")
    model = cls(shapes_of(planted().features), cls.Config())
    steps = trace(model)
    for part, given in (("tokens", "image tokens"), ("summaries", "image summary")):
        step = next(step for step in steps if step.part == part and step.lane == "image")
        assert [steps[source].part for source in step.sources] == [given]
    assert n_parameters(model) == sum(p.numel() for p in model.parameters())


def test_cards_are_kept_and_read_again_without_building_a_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    features = planted().features
    first = method_cards(features, tmp_path)
    assert [card.name for card in first] == list(fusion.names())
    assert all(card.parameters > 0 and card.flow and not card.problem for card in first)
    monkeypatch.setattr(fusion, "strategies", lambda: pytest.fail("built anew"))
    assert method_cards(features, tmp_path) == first
    (kept,) = (tmp_path / "methods").iterdir()
    kept.write_text("{", encoding="utf-8")
    monkeypatch.undo()
    assert method_cards(features, tmp_path) == first


def test_a_strategy_that_cannot_run_on_the_catalogue_says_why(tmp_path: Path) -> None:
    features = planted().features
    del features.modalities["text"]
    cards = {card.name: card for card in method_cards(features, tmp_path)}
    assert "text is not in this catalogue" in cards["text_only"].problem
    assert cards["text_only"].flow == ()
    assert cards["concat"].flow
    assert torch.is_grad_enabled()
