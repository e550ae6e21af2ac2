"""The shared layers hold their formulas."""

from __future__ import annotations

import math

import torch

from mmviz.fusion._layers import Attention, LayerScale, TokenDropout, masked_softmax


def test_attention_is_the_formula_and_what_has_nothing_to_see_is_zero() -> None:
    torch.manual_seed(0)
    layer = Attention(8, 2)
    queries, keys = torch.randn(3, 4, 8), torch.randn(3, 5, 8)
    mask = torch.tensor([[True] * 5, [True, True, False, False, False], [False] * 5])
    asking = torch.tensor([[True, True, True, False], [True] * 4, [True] * 4])
    seen, weights = layer(queries, asking, keys, mask)

    def heads(values: torch.Tensor) -> torch.Tensor:
        return values.view(3, -1, 2, 4).transpose(1, 2)

    q, k, v = heads(layer.query(queries)), heads(layer.key(keys)), heads(layer.value(keys))
    expected = masked_softmax(q @ k.mT / math.sqrt(4), mask[:, None, None, :])
    torch.testing.assert_close(weights, expected * asking[:, None, :, None])
    assert (weights[0, :, 3] == 0).all(), "padding asks nothing"
    torch.testing.assert_close(seen, layer.out((expected @ v).transpose(1, 2).flatten(2)))
    assert (weights[1, :, :, 2:] == 0).all()
    assert (seen[2] == 0).all()
    seen.sum().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in layer.parameters())


def test_token_dropout_drops_the_same_directions_of_all_tokens_of_an_item() -> None:
    torch.manual_seed(0)
    layer = TokenDropout(0.3)
    dropped = layer(torch.ones(400, 6, 50))  # (B, N, D)
    assert (dropped == dropped[:, :1]).all()
    assert len(dropped[:, 0].unique(dim=0)) == 400
    torch.testing.assert_close(dropped.mean(), torch.tensor(1.0), rtol=0.02, atol=0)
    torch.testing.assert_close((dropped == 0).float().mean(), torch.tensor(0.3), rtol=0.05, atol=0)
    assert (layer.eval()(torch.ones(2, 3, 4)) == 1).all()


def test_a_scaled_branch_starts_quiet_and_learns_its_own_gain_for_every_direction() -> None:
    layer = LayerScale(3)
    values = torch.randn(2, 5, 3)
    torch.testing.assert_close(layer(values), 0.1 * values)
    layer(values).sum().backward()
    torch.testing.assert_close(layer.gain.grad, values.sum(dim=(0, 1)))
