"""Tensor fusion is right when it contains concatenation, and beside it every product."""

from __future__ import annotations

import pytest
import torch

from mmviz.errors import FusionError
from mmviz.fusion.concat import Concat
from mmviz.fusion.tensor import TensorFusion
from tests.fusion.tiny import SHAPES, THREE, batch, build

WIDTH = 8


def entry(*directions: int) -> int:
    """Place in the flattened tensor of the product of one direction a modality; 0 is the appended 1."""
    place = 0
    for direction in directions:
        place = place * (WIDTH + 1) + direction
    return place


@pytest.mark.parametrize("shapes", [SHAPES, THREE], ids=["two", "three"])
def test_with_some_weights_it_is_concatenation(shapes: dict) -> None:
    concat, tensor = build(Concat, shapes), build(TensorFusion, shapes, seed=3, width=WIDTH)
    tensor.inputs.load_state_dict(concat.inputs.state_dict())
    linear = concat.mix[0]
    with torch.no_grad():
        tensor.mix.weight.zero_()
        tensor.mix.bias.copy_(linear.bias)
        for modality in range(len(shapes)):
            for direction in range(WIDTH):
                alone = [direction + 1 if m == modality else 0 for m in range(len(shapes))]
                tensor.mix.weight[:, entry(*alone)] = linear.weight[:, modality * WIDTH + direction]
    items = batch(shapes, "pooled")
    items["text"] = items["text"].where(torch.arange(8) != 2)
    torch.testing.assert_close(tensor(items).embedding, concat(items).embedding)


def test_every_entry_is_a_product_of_one_direction_a_modality() -> None:
    model, items = build(TensorFusion, THREE, width=WIDTH), batch(THREE, "pooled")
    parts = [model.inputs[n](items[n]) for n in model.names]
    with torch.no_grad():
        model.mix.bias.zero_()
        model.mix.weight.zero_()
        model.mix.weight[0, entry(3, 5, 1)] = 1.0
        model.mix.weight[1, entry(0, 2, 8)] = 1.0
        model.mix.weight[2, entry(0, 0, 0)] = 1.0
    out = model(items).embedding
    torch.testing.assert_close(out[:, 0], parts[0][:, 2] * parts[1][:, 4] * parts[2][:, 0])
    torch.testing.assert_close(out[:, 1], parts[1][:, 1] * parts[2][:, 7])
    torch.testing.assert_close(out[:, 2], torch.ones(8))


def test_a_tensor_that_would_not_fit_is_refused_with_its_size() -> None:
    with pytest.raises(FusionError, match="3 modalities of width 64 has 274,625 entries"):
        build(TensorFusion, THREE, width=64)


def test_a_hidden_layer_is_a_setting() -> None:
    model = build(TensorFusion, SHAPES, width=4, hidden=12)
    assert model.mix[0].in_features == 25
    assert model(batch(SHAPES, "pooled")).embedding.shape == (8, 8)
