"""The gated unit is right when it is the paper's equation, and when its gate finds the side that knows."""

from __future__ import annotations

import torch
from torch import nn

from mmviz.fusion.base import ModalityShape, Tokens
from mmviz.fusion.gated import Gated
from tests.fusion.tiny import SHAPES, batch, build


def test_with_two_modalities_it_is_the_papers_sigmoid() -> None:
    """Arevalo et al. 2017, eq. 1: h = z ⊙ tanh(W_v x_v) + (1 − z) ⊙ tanh(W_t x_t), z = σ(W_z [x_v; x_t])."""
    model, items = build(Gated), batch(SHAPES, "pooled")
    image, text = (model.inputs[n](items[n]) for n in ("image", "text"))
    difference = model.gate.weight[:8] - model.gate.weight[8:], model.gate.bias[:8] - model.gate.bias[8:]
    z = torch.sigmoid(torch.cat([image, text], dim=1) @ difference[0].T + difference[1])
    fused = model(items)
    torch.testing.assert_close(fused.embedding, z * image.tanh() + (1 - z) * text.tanh())
    torch.testing.assert_close(fused.attention["modality"], torch.stack([z.mean(1), 1 - z.mean(1)], dim=1))


def test_where_one_side_is_missing_the_other_counts_fully() -> None:
    model, items = build(Gated), batch(SHAPES, "pooled")
    alone = model({**items, "text": items["text"].where(torch.zeros(8, dtype=torch.bool))})
    torch.testing.assert_close(alone.attention["modality"], torch.tensor([[1.0, 0.0]]).expand(8, 2))
    torch.testing.assert_close(alone.embedding, model.inputs["image"](items["image"]).tanh())


def test_the_gate_learns_which_side_knows_the_answer() -> None:
    """Every item says by a flag in its picture whether picture or text tells the truth; the other side is noise."""
    torch.manual_seed(0)
    shapes = {"image": ModalityShape(1, 0, 5), "text": ModalityShape(1, 0, 4)}
    model, head = Gated(shapes, Gated.Config(dim=16, dropout=0.0)), nn.Linear(16, 4)
    optimiser = torch.optim.Adam([*model.parameters(), *head.parameters()], lr=1e-2)
    for _ in range(300):
        items, target, _ = flagged(256)
        loss = (head(model(items).embedding) - target).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    items, target, in_picture = flagged(1000)
    with torch.no_grad():
        fused = model.eval()(items)
        assert (head(fused.embedding) - target).square().mean() < 0.1
    share = fused.attention["modality"][:, 0]
    assert share[in_picture].mean() > 0.8
    assert share[~in_picture].mean() < 0.2


def flagged(n: int) -> tuple[dict[str, Tokens], torch.Tensor, torch.Tensor]:
    """Items, the truth (n, 4), and whether the picture is the side that shows it (n,)."""
    sides = 0.5 * torch.randn(2, n, 4)
    in_picture = torch.rand(n) < 0.5
    flag = in_picture.float()[:, None] * 2 - 1
    present = torch.ones(n, 1, dtype=torch.bool)
    empty = torch.zeros(n, 1, 0)
    items = {
        "image": Tokens(empty, present, torch.cat([sides[0], 2 * flag], dim=1)),
        "text": Tokens(empty, present, sides[1]),
    }
    return items, torch.where(in_picture[:, None], sides[0], sides[1]), in_picture
