"""Self-attention is right when its map is the textbook's and nothing crosses from one modality to another."""

from __future__ import annotations

import torch
from torch.nn.functional import scaled_dot_product_attention

from mmviz.fusion.afn import Afn
from mmviz.fusion.base import Fusion, Tokens
from mmviz.fusion.self_attention import SelfAttentionFusion
from tests.fusion.lookup import solved
from tests.fusion.tiny import SHAPES, THREE, batch, build


def crossing(cls: type[Fusion]) -> torch.Tensor:
    """m(image, text) − m(image, −) − m(−, text) + m(−, −): what of an item vector hangs on both sides at once."""
    model, items = build(cls), batch(SHAPES, "tokens")

    def seen(*names: str) -> torch.Tensor:
        kept = {n: t if n in names else t.where(torch.zeros(8, dtype=torch.bool)) for n, t in items.items()}
        return model(kept).embedding

    return seen("image", "text") - seen("image") - seen("text") + seen()


def test_nothing_crosses() -> None:
    torch.testing.assert_close(crossing(SelfAttentionFusion), torch.zeros(8, 8), rtol=0, atol=1e-6)
    assert crossing(Afn).abs().mean() > 1e-2


def test_the_item_is_a_sum_of_its_mapped_views() -> None:
    model = build(SelfAttentionFusion, THREE)
    fused = model(batch(THREE, "tokens"))
    parts = [fused.views[n] @ model.mix.weight[:, 8 * m : 8 * m + 8].T for m, n in enumerate(model.names)]
    torch.testing.assert_close(fused.embedding, torch.stack(parts).sum(dim=0) + model.mix.bias)


def test_the_map_of_one_modality_does_not_know_the_other() -> None:
    model, items, others = build(SelfAttentionFusion), batch(SHAPES, "tokens"), batch(SHAPES, "tokens", seed=5)
    before, after = model(items).attention, model({**items, "text": others["text"]}).attention
    for name in ("image→image", "image pool"):
        assert torch.equal(before[name], after[name])


def test_tokens_see_each_other_as_torchs_own_attention_says() -> None:
    model, items = build(SelfAttentionFusion, heads=2), batch(SHAPES, "tokens")
    block, tokens = model.within["image"], items["image"]
    values = model.tokens["image"](tokens)
    normed, inner = block.norm(values), block.attention
    q, k, v = (part(normed).unflatten(-1, (2, 4)).transpose(1, 2) for part in (inner.query, inner.key, inner.value))
    seen = scaled_dot_product_attention(q, k, v, attn_mask=tokens.mask[:, None, None, :])
    expected = values + inner.out(seen.transpose(1, 2).flatten(2))
    enhanced, _ = block(values, tokens.mask)
    torch.testing.assert_close(enhanced, expected * tokens.mask[:, :, None])


def test_a_token_changes_what_the_others_say() -> None:
    """More than a bag of tokens: with one patch replaced, the weights of the untouched ones change their ratio."""
    model, items = build(SelfAttentionFusion), batch(SHAPES, "tokens")
    image = items["image"]
    values = image.values.clone()
    values[:, 0] = 5.0
    pools = [
        model({**items, "image": Tokens(v, image.mask, image.pooled)}).attention["image pool"]
        for v in (image.values, values)
    ]
    ratios = [pool[0, 1:] / pool[0, 1] for pool in pools]
    assert not torch.allclose(*ratios, rtol=1e-3)


def test_a_riddle_that_needs_both_sides_stays_unsolved() -> None:
    """The best answer without crossing is the mean of the four patches, which explains a quarter of the variance."""
    _, explained = solved(SelfAttentionFusion, steps=120)
    assert explained < 0.3
