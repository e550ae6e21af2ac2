"""Hierarchical attention is right when the product of its two levels is the share of a token, and finds the token."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from mmviz.errors import FusionError
from mmviz.fusion.base import ModalityShape, Tokens
from mmviz.fusion.hierarchical import Hierarchical
from tests.fusion.tiny import SHAPES, THREE, batch, build


@pytest.mark.parametrize("questions", [1, 4])
def test_the_shares_of_all_tokens_of_an_item_sum_to_one(questions: int) -> None:
    model, items = build(Hierarchical, THREE, questions=questions), batch(THREE, "tokens")
    items["text"] = items["text"].where(torch.arange(8) != 2)
    maps = model(items).attention
    shares = [maps["modality"][:, m, None] * maps[f"{n} pool"] for m, n in enumerate(model.names)]
    torch.testing.assert_close(torch.cat(shares, dim=1).sum(dim=1), torch.ones(8))
    assert (maps["text pool"][2] == 0).all()


def test_the_product_is_how_much_of_the_item_hangs_on_a_token() -> None:
    """With the summaries silenced, m is Σ α_modality · α_token · gain ⊙ x over all tokens of all modalities."""
    model, items = build(Hierarchical), batch(SHAPES, "tokens")
    with torch.no_grad():
        for summary in model.summaries.values():
            summary.linear.weight.zero_()
            summary.linear.bias.zero_()
    fused = model(items)
    maps = fused.attention
    total = sum(
        model.scales[n](
            ((maps["modality"][:, m, None] * maps[f"{n} pool"])[:, :, None] * model.tokens[n](items[n])).sum(dim=1)
        )
        for m, n in enumerate(model.names)
    )
    torch.testing.assert_close(fused.embedding, total)


def test_the_mean_maps_keep_the_mean_product_of_the_questions() -> None:
    model, items = build(Hierarchical, questions=4), batch(SHAPES, "tokens")
    maps = model(items).attention
    for m, name in enumerate(model.names):
        each = maps["modality by question"][:, :, m, None] * maps[f"{name} pool by question"]  # (B, K, N)
        assert each.shape[1] == 4
        torch.testing.assert_close(maps["modality"][:, m, None] * maps[f"{name} pool"], each.mean(dim=1))


def test_a_question_fills_its_own_part_of_the_item_vector() -> None:
    model, items = build(Hierarchical, questions=4), batch(SHAPES, "tokens")
    with torch.no_grad():
        model.modality_scores[2].weight.zero_()  # the second level reads whole vectors; here it weighs all alike
        before = model(items).embedding
        for scores in model.token_scores.values():
            scores[2].weight[1] += 3.0
        changed = (model(items).embedding - before).abs().amax(dim=0)
    assert changed[2:4].min() > 1e-3
    assert (changed[[0, 1, 4, 5, 6, 7]] == 0).all()


def test_questions_that_do_not_divide_the_width_are_refused() -> None:
    with pytest.raises(FusionError, match="3 questions cannot share an item vector of width 8"):
        build(Hierarchical, questions=3)


def test_it_finds_the_modality_and_the_word_that_matter() -> None:
    """One marked word among eight tells the answer, pictures are noise: the product has to land on that word."""
    torch.manual_seed(0)
    shapes = {"image": ModalityShape(4, 5, 3), "text": ModalityShape(8, 5, 3)}
    model, head = Hierarchical(shapes, Hierarchical.Config(dim=16, dropout=0.0)), nn.Linear(16, 2)
    optimiser = torch.optim.Adam([*model.parameters(), *head.parameters()], lr=1e-2)
    for _ in range(250):
        items, answer, _ = marked(256)
        loss = (head(model(items).embedding) - answer).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    items, answer, place = marked(500)
    with torch.no_grad():
        maps = model.eval()(items).attention
    share = (maps["modality"][:, 1, None] * maps["text pool"])[torch.arange(500), place]
    assert share.mean() > 0.8


def marked(n: int) -> tuple[dict[str, Tokens], torch.Tensor, torch.Tensor]:
    """Tokens of noise, of which one word carries a mark and the answer (n, 2); and its place (n,)."""
    image, text = torch.randn(n, 4, 5), torch.randn(n, 8, 5)
    image[:, :, 4], text[:, :, 4] = 0.0, 0.0
    place, rows = torch.randint(8, (n,)), torch.arange(n)
    text[rows, place, 4] = 4.0
    tokens = {
        name: Tokens(values, torch.ones(values.shape[:2], dtype=torch.bool), torch.zeros(n, 3))
        for name, values in (("image", image), ("text", text))
    }
    return tokens, text[rows, place, :2], place
