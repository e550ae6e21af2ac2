"""Low-rank fusion is right when at full rank it is tensor fusion, and its factors really learn."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from mmviz.fusion.base import Fusion, ModalityShape, Tokens
from mmviz.fusion.concat import Concat
from mmviz.fusion.low_rank import LowRank
from mmviz.fusion.tensor import TensorFusion
from tests.fusion.tiny import SHAPES, THREE, batch, build

WIDTH, DIM = 4, 8


def decomposed(tensor: TensorFusion, rank: int) -> LowRank:
    """Low-rank fusion with the best factors of a given rank for each output of a tensor fusion (truncated SVD)."""
    low = build(LowRank, SHAPES, width=WIDTH, rank=rank)
    low.inputs.load_state_dict(tensor.inputs.state_dict())
    tables = tensor.mix.weight.detach().reshape(DIM, WIDTH + 1, WIDTH + 1)  # (D, d+1, d+1)
    left, values, right = torch.linalg.svd(tables)  # (D, d+1, d+1), (D, d+1), (D, d+1, d+1)
    with torch.no_grad():
        low.weights.fill_(1.0)
        low.bias.copy_(tensor.mix.bias)
        low.factors["image"].copy_((left * values[:, None])[:, :, :rank].permute(2, 1, 0))  # (r, d+1, D)
        low.factors["text"].copy_(right[:, :rank].permute(1, 2, 0))  # (r, d+1, D)
    return low


def test_at_full_rank_it_is_tensor_fusion_and_below_it_is_not() -> None:
    tensor = build(TensorFusion, SHAPES, width=WIDTH)
    items = batch(SHAPES, "pooled", rows=40)
    items["image"] = items["image"].where(torch.arange(40) != 3)
    expected = tensor(items).embedding
    torch.testing.assert_close(decomposed(tensor, WIDTH + 1)(items).embedding, expected, rtol=1e-4, atol=1e-5)
    errors = [
        float((decomposed(tensor, rank)(items).embedding - expected).detach().square().mean()) for rank in (1, 3, 5)
    ]
    assert errors[0] > errors[1] > 1e-3 > 1e-9 > errors[2]


def test_three_modalities_multiply_as_the_full_tensor_says() -> None:
    """The weight tensor is Σ_k w_k · outer product of the factors (Liu et al. 2018, eq. 3)."""
    low, tensor = build(LowRank, THREE, width=WIDTH, rank=3), build(TensorFusion, THREE, width=WIDTH)
    tensor.inputs.load_state_dict(low.inputs.state_dict())
    a, b, c = (low.factors[n] for n in low.names)  # (r, d+1, D) each
    full = torch.einsum("r,rak,rbk,rck->kabc", low.weights, a, b, c)  # (D, d+1, d+1, d+1)
    with torch.no_grad():
        tensor.mix.weight.copy_(full.flatten(1))
        tensor.mix.bias.copy_(low.bias)
    items = batch(THREE, "pooled")
    torch.testing.assert_close(low(items).embedding, tensor(items).embedding, rtol=1e-4, atol=1e-5)


def test_factors_are_parameters_that_an_optimiser_moves() -> None:
    model, items = build(LowRank).train(), batch(SHAPES, "pooled")
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    assert {f"factors.{n}" for n in SHAPES} <= set(before)
    optimiser = torch.optim.SGD(model.parameters(), lr=0.1)
    (model(items).embedding - 1.0).square().mean().backward()
    optimiser.step()
    assert all(not torch.equal(p, before[name]) for name, p in model.named_parameters())


@pytest.mark.parametrize(("cls", "low", "high"), [(LowRank, 0.9, 1.0), (TensorFusion, 0.9, 1.0), (Concat, -0.1, 0.1)])
def test_a_product_of_both_sides_is_learned_where_concatenation_cannot(
    cls: type[Fusion], low: float, high: float
) -> None:
    assert low < explained(cls) <= high


def explained(cls: type[Fusion]) -> float:
    """Share of the variance of x_0 · y_0 that a strategy and a linear head explain on new items."""
    torch.manual_seed(0)
    shapes = {"image": ModalityShape(1, 0, 4), "text": ModalityShape(1, 0, 4)}
    model, head = cls(shapes, cls.Config(dim=8, dropout=0.0)), nn.Linear(8, 1)
    optimiser = torch.optim.Adam([*model.parameters(), *head.parameters()], lr=1e-2)
    for _ in range(300):
        items, target = products(256)
        loss = (head(model(items).embedding).squeeze(1) - target).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    items, target = products(1000)
    with torch.no_grad():
        missed = (head(model.eval()(items).embedding).squeeze(1) - target).square().mean()
    return 1.0 - float(missed / target.var())


def products(n: int) -> tuple[dict[str, Tokens], Tensor]:
    x, y = torch.randn(n, 4), torch.randn(n, 4)
    present = torch.ones(n, 1, dtype=torch.bool)
    return {"image": Tokens(torch.zeros(n, 1, 0), present, x), "text": Tokens(torch.zeros(n, 1, 0), present, y)}, (
        x[:, 0] * y[:, 0]
    )
