"""What a vision transformer attended to for a phrase, on small random models."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from mmviz.encoders import Encoder
from mmviz.encoders.vit_attention import watched
from mmviz.explain.relevance import guided, rolled

Make = Callable[..., Encoder]
NOISE = np.random.default_rng(3).standard_normal((3, 64, 64)).astype(np.float32)
VITS = ["tiny-vit", "tiny-mean"]


def relevance(encoder: Encoder, picture: np.ndarray, phrase: str = "a red mug") -> np.ndarray:
    seen = encoder.attended(picture, encoder.encode_query(phrase))
    assert seen is not None
    return seen.place(rolled([guided(*layer) for layer in zip(seen.attention, seen.gradients, strict=True)]))


@pytest.mark.parametrize("name", VITS)
def test_watching_changes_no_output_and_every_row_sums_to_one(make: Make, name: str) -> None:
    encoder: Any = make(name)
    plain = encoder.encode_images([NOISE])
    with watched(encoder._watched) as maps:
        seen = encoder.encode_images([NOISE])
    for ours, theirs in ((seen.pooled, plain.pooled), (seen.tokens, plain.tokens)):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)
    assert [tuple(each.shape) for each in maps] == [(1, 2, 17, 17)] * 2
    assert all(np.allclose(each.sum(-1).numpy(), 1, atol=1e-5) for each in maps)
    assert not any(layer._forward_hooks for layer in encoder._watched)


@pytest.mark.parametrize("name", VITS)
def test_gradients_say_what_moving_a_map_does_to_the_logit(make: Make, name: str) -> None:
    """Against finite differences: the last layer's map is moved by hand and the rest of the tower runs on."""
    encoder: Any = make(name)
    query = encoder.encode_query("a red mug")
    found = encoder.attended(NOISE, query)
    step = np.random.default_rng(0).standard_normal(found.attention[-1].shape).astype(np.float32)
    last, scale = encoder._watched[-1], float(encoder._model.logit_scale.detach().exp())

    def logit(by: float) -> float:
        def moved(layer: Any, given: tuple[torch.Tensor, ...], _made: object) -> tuple[torch.Tensor, None]:
            value = torch.nn.functional.linear(given[0], layer.in_proj_weight, layer.in_proj_bias).chunk(3, -1)[2]
            heads = value.unflatten(-1, (layer.num_heads, -1)).transpose(1, 2)
            weights = torch.from_numpy(found.attention[-1] + by * step)[None]
            return layer.out_proj((weights @ heads).transpose(1, 2).flatten(2)), None

        hook = last.register_forward_hook(moved)
        joint = encoder.encode_images([NOISE]).joint[0]
        hook.remove()
        return scale * float(joint @ query)

    slope = (logit(0.05) - logit(-0.05)) / 0.1
    assert slope == pytest.approx(float((found.gradients[-1] * step).sum()), rel=2e-2, abs=1e-3)
    assert all(each.grad is None for each in encoder._model.parameters())


@pytest.mark.parametrize("name", VITS)
def test_moved_patches_move_the_map(make: Make, name: str) -> None:
    encoder: Any = make(name)
    with torch.no_grad():
        encoder._model.visual.positional_embedding.zero_()
    order = np.random.default_rng(5).permutation(16)
    patches = NOISE.reshape(3, 4, 16, 4, 16).transpose(1, 3, 0, 2, 4).reshape(16, 3, 16, 16)
    moved = patches[order].reshape(4, 4, 3, 16, 16).transpose(2, 0, 3, 1, 4).reshape(3, 64, 64)
    before = relevance(encoder, NOISE)
    assert before.shape == (16,) and np.ptp(before) > 0 and (before >= 0).all()
    np.testing.assert_allclose(relevance(encoder, np.ascontiguousarray(moved)), before[order], rtol=1e-3, atol=1e-7)


def test_other_weights_and_other_words_give_another_map(make: Make) -> None:
    own = relevance(make("tiny-vit"), NOISE)
    for other in (relevance(make("tiny-vit", 1), NOISE), relevance(make("tiny-vit"), NOISE, "the sea at night")):
        assert abs(np.corrcoef(own, other)[0, 1]) < 0.95


def test_relevance_is_what_the_authors_loop_gives(make: Make) -> None:
    encoder = make("tiny-vit")
    seen = encoder.attended(NOISE, encoder.encode_query("a red mug"))
    assert seen is not None
    found = torch.eye(17)
    for weights, gradient in zip(seen.attention, seen.gradients, strict=True):
        cam = (torch.from_numpy(gradient) * torch.from_numpy(weights)).clamp(min=0).mean(dim=0)
        found = found + cam @ found
    np.testing.assert_allclose(relevance(encoder, NOISE), found[0, 1:].numpy(), atol=1e-6)


def test_a_fine_grid_is_averaged_as_its_tokens_are() -> None:
    from mmviz.encoders.open_clip import _coarser

    fine = torch.arange(400.0).reshape(1, 1, 20, 20)
    assert _coarser(fine).shape == (1, 1, 10, 10) and float(_coarser(fine)[0, 0, 0, 0]) == 10.5


@pytest.mark.parametrize("name", ["tiny-resnet", "tiny-timm"])
def test_a_tower_without_such_layers_has_none(make: Make, name: str) -> None:
    encoder = make(name)
    assert encoder.attention_layers == 0
    assert encoder.attended(NOISE, encoder.encode_query("a red mug")) is None
