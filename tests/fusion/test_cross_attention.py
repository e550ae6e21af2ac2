"""Cross-modal attention is right when a word finds the patch that it names, and is the textbook's attention."""

from __future__ import annotations

import torch
from torch.nn.functional import scaled_dot_product_attention

from mmviz.fusion.cross_attention import CrossAttention
from tests.fusion.lookup import riddles, solved
from tests.fusion.tiny import SHAPES, THREE, batch, build


def test_it_solves_the_riddle_and_its_map_points_at_the_named_patch() -> None:
    model, explained = solved(CrossAttention, steps=120)
    assert explained > 0.95
    new = riddles(300, seed=7)
    with torch.no_grad():
        attention = model(new.modalities).attention["text→image"].mean(dim=1)  # (B, T, P)
    rows = torch.arange(300)
    assert attention[rows, 0, new.patch].mean() > 0.9
    assert (attention[:, 0].argmax(dim=1) == new.patch).float().mean() > 0.98


def test_one_crossing_is_torchs_own_attention_with_residual_and_norm() -> None:
    """Tsai et al. 2019, eq. 4: Ẑ = CM(LN(Z_a), LN(Z_b)) + Z_a, then Z = f(LN(Ẑ)) + Ẑ."""
    model, items = build(CrossAttention, heads=2), batch(SHAPES, "tokens")
    block, inner = model.across["text→image"], model.across["text→image"].attention
    asking, asked = (model.tokens[n](items[n]) for n in ("text", "image"))
    mask, other = items["text"].mask, items["image"].mask
    query, seen = block.norm_asking(asking), block.norm_asked(asked)
    q, k, v = (
        part(x).unflatten(-1, (2, 4)).transpose(1, 2)
        for part, x in ((inner.query, query), (inner.key, seen), (inner.value, seen))
    )
    found = scaled_dot_product_attention(q, k, v, attn_mask=other[:, None, None, :])
    values = asking + inner.out(found.transpose(1, 2).flatten(2))
    values = values + block.digest(block.norm_seen(values))
    torch.testing.assert_close(block(asking, mask, asked, other)[0], values * mask[:, :, None])


def test_every_ordered_pair_has_a_map() -> None:
    attention = build(CrossAttention, THREE)(batch(THREE, "tokens")).attention
    pairs = {f"{a}→{b}" for a in THREE for b in THREE if a != b}
    assert {name for name in attention if "→" in name} == pairs
    assert attention["image→attributes"].shape == (8, 4, 9, 3)


def test_what_finds_nothing_to_look_at_stays_what_it_was() -> None:
    """Without text the patches attend to nothing: the map is 0, and the block is its own small network alone."""
    model, items = build(CrossAttention), batch(SHAPES, "tokens")
    items["text"] = items["text"].where(torch.zeros(8, dtype=torch.bool))
    fused = model(items)
    assert (fused.attention["image→text"] == 0).all()
    block, tokens = model.across["image→text"], items["image"]
    values = model.tokens["image"](tokens)
    alone = (values + block.digest(block.norm_seen(values))) * tokens.mask[:, :, None]
    pooled, _ = model.pools["image"](alone, tokens.mask)
    torch.testing.assert_close(fused.views["image"], model.scales["image"](pooled) + model.summaries["image"](tokens))
