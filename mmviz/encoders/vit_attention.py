"""What an open_clip vision transformer attended to for a phrase: its maps, and what moving them does to the logit.

open_clip asks for fused attention, which never shows its map. A hook on each attention layer computes the layer's own
answer once more with the map in plain sight and hands it on, so that gradients of what follows reach the map.

Shape letters: H heads, L patches with the class token before them, W tower width, J joint width.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from open_clip.transformer import VisionTransformer
from torch import Tensor, nn
from torch.nn.functional import linear, normalize

__all__ = ["attended", "attention_layers", "from_classes", "watched"]


def attention_layers(visual: nn.Module) -> list[nn.MultiheadAttention]:
    """A picture tower's attention layers in the order in which they run; [] for one whose maps cannot be followed.

    They can where the tower is open_clip's own vision transformer, which sums up its patches by the class token or by
    their mean. A ResNet has no attention between patches; a timm tower and CoCa pool by layers of another kind.
    """
    if not isinstance(visual, VisionTransformer) or visual.attn_pool is not None or visual.pool_type == "none":
        return []
    every = [getattr(block, "attn", None) for block in visual.transformer.resblocks]
    layers = [layer for layer in every if isinstance(layer, nn.MultiheadAttention) and layer.batch_first]
    return layers if len(layers) == len(every) else []


def attended(
    layers: Sequence[nn.MultiheadAttention], summary: Callable[[], Tensor], joint: Tensor, scale: Tensor
) -> tuple[list[Tensor], list[Tensor]]:
    """Maps (H, L, L) of every layer, and the gradients of the logit scale · cos(summary, joint) at them.

    `summary` runs the tower on one picture and gives its vector (1, J); `joint` (J,) is the phrase's.
    """
    with torch.enable_grad(), watched(layers) as maps:
        logit = scale * (normalize(summary().float(), dim=-1)[0] @ normalize(joint.float(), dim=-1))
        gradients = torch.autograd.grad(logit, maps)
    return [each[0].detach() for each in maps], [each[0] for each in gradients]


def from_classes(relevance: Tensor, visual: Any) -> Tensor:
    """Relevance (L, L) of every token for every other -> of every patch for the summary (gh, gw)."""
    asked = relevance - torch.eye(len(relevance), device=relevance.device)  # (L, L)
    row = asked[0, 1:] if visual.pool_type == "tok" else asked[1:, 1:].mean(dim=0)  # (P,)
    return row.reshape(visual.grid_size)


@contextmanager
def watched(layers: Sequence[nn.MultiheadAttention]) -> Iterator[list[Tensor]]:
    """The map (B, H, L, L) of each layer in the order in which they run meanwhile; outputs stay what they were."""
    maps: list[Tensor] = []

    def openly(layer: nn.MultiheadAttention, given: tuple[Tensor, ...], _made: object) -> tuple[Tensor, None]:
        tokens = given[0]  # (B, L, W)
        mixed = linear(tokens, layer.in_proj_weight, layer.in_proj_bias)  # (B, L, 3W)
        apart = mixed.reshape(*mixed.shape[:2], 3, layer.num_heads, -1)  # (B, L, 3, H, W/H)
        q, k, v = (part.transpose(1, 2) for part in apart.unbind(dim=2))  # (B, H, L, W/H) each
        weights = (q @ k.transpose(-2, -1) / q.shape[-1] ** 0.5).softmax(dim=-1)  # (B, H, L, L)
        weights = weights if weights.requires_grad else weights.requires_grad_()
        maps.append(weights)
        return layer.out_proj((weights @ v).transpose(1, 2).flatten(2)), None  # (B, L, W)

    hooks = [layer.register_forward_hook(openly) for layer in layers]
    try:
        yield maps
    finally:
        for hook in hooks:
            hook.remove()
