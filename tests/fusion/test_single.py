"""The controls with one modality are right when the other one cannot reach them."""

from __future__ import annotations

import pytest
import torch

from mmviz.errors import FusionError
from mmviz.fusion import strategy
from mmviz.fusion.base import Fusion
from tests.fusion.tiny import SHAPES, THREE, batch, build

BOTH = [("image", "text"), ("text", "image")]


@pytest.mark.parametrize(("own", "other"), BOTH)
def test_only_its_own_modality_has_an_effect(own: str, other: str) -> None:
    model, items, others = build(strategy(f"{own}_only"), THREE), batch(THREE, "pooled"), batch(THREE, "pooled", seed=5)
    before = model(items).embedding
    assert model.names == (own,)
    assert torch.equal(model({own: items[own]}).embedding, before)
    assert torch.equal(model({**others, own: items[own]}).embedding, before)
    assert not torch.allclose(model({**items, own: others[own]}).embedding, before)


@pytest.mark.parametrize(("own", "other"), BOTH)
def test_it_has_no_parameter_for_the_other(own: str, other: str) -> None:
    model = build(strategy(f"{own}_only"))
    assert sum(p.numel() for p in model.parameters()) == (SHAPES[own].pooled_dim + 1) * 8


@pytest.mark.parametrize(("own", "other"), BOTH)
def test_a_catalogue_without_it_is_told_so(own: str, other: str) -> None:
    cls: type[Fusion] = strategy(f"{own}_only")
    with pytest.raises(FusionError, match=f"reads {own}, but {own} is not in this catalogue, which has {other}"):
        build(cls, {other: SHAPES[other]})
