"""Layers that several strategies share: inputs, attention that can be watched, masked arithmetic.

Shape letters: B batch, N and K tokens of two modalities, D model width, H heads.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import combinations

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, normalize

from mmviz.errors import FusionError
from mmviz.fusion.base import Fitted, ModalityShape, Tokens

__all__ = [
    "Attention",
    "AttentionPool",
    "Dropout",
    "LayerScale",
    "ModalityInput",
    "SelfAttention",
    "TokenDropout",
    "TokenInput",
    "info_nce",
    "masked_mean",
    "masked_softmax",
    "mlp",
    "pairing",
    "with_one",
]

PAIRS = 1024  # pairs that are compared at once at most: their P×P table is what a step costs


def masked_softmax(scores: Tensor, mask: Tensor) -> Tensor:
    """Softmax over the last axis with masked places exactly 0; a row with no place left is all 0.

    `scores` and `mask` must broadcast to one shape; mask True = counts.
    """
    lowest = torch.finfo(scores.dtype).min
    weights = torch.softmax(scores.masked_fill(~mask, lowest), dim=-1)  # (…, N)
    return weights * mask  # (…, N)


def masked_mean(values: Tensor, mask: Tensor) -> Tensor:
    """Mean of the real tokens: (B, N, D), (B, N) -> (B, D); 0 where there is none."""
    total = (values * mask[:, :, None]).sum(dim=1)  # (B, D)
    return total / mask.sum(dim=1, keepdim=True).clamp_min(1)  # (B, D)


def mlp(width_in: int, width_hidden: int, width_out: int, drop: nn.Module) -> nn.Sequential:
    """Two linear layers with GELU and the layer `drop` between: (…, width_in) -> (…, width_out)."""
    return nn.Sequential(nn.Linear(width_in, width_hidden), nn.GELU(), drop, nn.Linear(width_hidden, width_out))


def with_one(vectors: Tensor) -> Tensor:
    """Vectors with a 1 in front, so that a product with others keeps each alone: (B, d) -> (B, d+1)."""
    return torch.cat([torch.ones_like(vectors[:, :1]), vectors], dim=-1)  # (B, d+1)


def info_nce(first: Tensor, second: Tensor, scale: Tensor | float) -> Tensor:
    """Symmetric InfoNCE of P pairs (P, D) each: every row must find its partner among all rows of the other side.

    `scale` is the inverse temperature of the cosines. Returns a scalar between 0 and, at chance, about log P.
    Source: van den Oord et al., Representation learning with contrastive predictive coding, 2018, eq. 4; symmetric as
    in Radford et al., Learning transferable visual models (CLIP), ICML 2021, fig. 3.
    """
    logits = scale * normalize(first, dim=-1) @ normalize(second, dim=-1).T  # (P, P)
    partner = torch.arange(len(logits), device=logits.device)  # (P,)
    return (cross_entropy(logits, partner) + cross_entropy(logits.T, partner)) / 2


def pairing(views: Mapping[str, Tensor], modalities: Mapping[str, Tokens], scale: Tensor | float) -> Tensor:
    """Mean InfoNCE over all pairs of modalities: how far an item's own vectors are from finding each other.

    Items that lack one side of a pair are left out; of more than `PAIRS` items a random `PAIRS` are compared. 0 where
    there is no pair to compare. `views` holds (B, D) vectors by modality.
    """
    terms = []
    for one, other in combinations(views, 2):
        rows = (modalities[one].present & modalities[other].present).nonzero().squeeze(1)  # (P,)
        if len(rows) > PAIRS:
            rows = rows[torch.randperm(len(rows))[:PAIRS].to(rows.device)]  # (P,)
        if len(rows) > 1:
            terms.append(info_nce(views[one][rows], views[other][rows], scale))
    total = sum(v.sum() for v in views.values())
    return torch.stack(terms).mean() if terms else torch.as_tensor(total) * 0.0


class ModalityInput(Fitted):
    """Standardise a modality's summary with train statistics and map it to the model width: (B, Dp) -> (B, D).

    The scale is one number a modality, the root mean square of the centred train vectors, so that directions in
    which the encoder barely varies are not blown up. A missing modality gives exactly 0.
    """

    mean: Tensor
    scale: Tensor

    def __init__(self, name: str, shape: ModalityShape, dim: int, dropout: float) -> None:
        super().__init__()
        self.name = name
        self.register_buffer("mean", torch.zeros(shape.pooled_dim))  # (Dp,)
        self.register_buffer("scale", torch.ones(()))  # ()
        self.drop = Dropout(dropout)
        self.linear = nn.Linear(shape.pooled_dim, dim)

    def fit(self, modalities: Mapping[str, Tokens]) -> None:
        tokens = modalities[self.name]
        rows = tokens.pooled[tokens.present].float()  # (n, Dp)
        if len(rows):
            self.mean.copy_(rows.mean(dim=0))  # (Dp,)
            self.scale.copy_((rows - self.mean).square().mean().sqrt().clamp_min(1e-6))  # ()

    def standardise(self, tokens: Tokens) -> Tensor:
        """Centred and scaled summaries (B, Dp), before dropout and the trained map."""
        return (tokens.pooled - self.mean) / self.scale  # (B, Dp)

    def forward(self, tokens: Tokens) -> Tensor:
        vector: Tensor = self.linear(self.drop(self.standardise(tokens)))  # (B, D)
        return vector * tokens.present[:, None]  # (B, D)


class LayerScale(nn.Module):
    """One learned gain a direction, small at the start, for a branch beside one that is good already: (…, D) -> (…, D).

    Source: Touvron et al., Going deeper with image transformers, ICCV 2021, eq. 3. Here the branch is what attention
    makes of the tokens, beside the encoder's own summary: at full loudness it drowned that for items never seen.
    """

    def __init__(self, dim: int, start: float = 0.1) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.full((dim,), start))  # (D,)

    def forward(self, values: Tensor) -> Tensor:
        return self.gain * values  # (…, D)


class Dropout(nn.Dropout):
    """Dropout whose mask comes from uniform numbers: on a CPU they take a third of the time of torch's `bernoulli_`."""

    def forward(self, values: Tensor) -> Tensor:
        return self._dropped(values, values.shape)

    def _dropped(self, values: Tensor, shape: Sequence[int]) -> Tensor:
        """Values times a mask of this shape, scaled so that their mean stays."""
        if not self.training or self.p == 0:
            return values
        kept = torch.rand(shape, device=values.device) >= self.p
        return values * (kept / (1 - self.p)).to(values.dtype)


class TokenDropout(Dropout):
    """Dropout with one mask an item for all its tokens: (B, N, D) -> (B, N, D).

    It needs a fraction of the random numbers of a mask a token; drawing those was a quarter of a step.
    Source: Gal and Ghahramani, A theoretically grounded application of dropout in recurrent neural networks, 2016.
    """

    def forward(self, values: Tensor) -> Tensor:
        return self._dropped(values, (len(values), 1, values.shape[2]))


class TokenInput(nn.Module):
    """Normalise a modality's tokens and map them to the model width: (B, N, D_tokens) -> (B, N, D), padding 0."""

    def __init__(self, shape: ModalityShape, dim: int, dropout: float) -> None:
        super().__init__()
        # The map that follows can do what a gain and an offset here would, so no gradient has to reach the tokens.
        self.norm = nn.LayerNorm(shape.token_dim, elementwise_affine=False)
        self.drop = TokenDropout(dropout)
        self.linear = nn.Linear(shape.token_dim, dim)

    def forward(self, tokens: Tokens) -> Tensor:
        values: Tensor = self.linear(self.drop(self.norm(tokens.values)))  # (B, N, D)
        return values * tokens.mask[:, :, None]  # (B, N, D)


class Attention(nn.Module):
    """Scaled dot-product attention with several heads (Vaswani et al., Attention is all you need, 2017, eq. 1).

    Queries (B, N, D) look at keys (B, K, D) where `asked` (B, K) is True. Returns what they saw (B, N, D) and the map
    (B, H, N, K), whose rows sum to 1, or to 0 where there is nothing to see or `asking` (B, N) is False: padding asks
    nothing. The map passes through the sub-module `map`, so that a hook there can watch it or carry gradients; there,
    those rows are not 0 yet.
    """

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        if dim % heads:
            raise FusionError(f"{heads} heads do not divide the width {dim}. Choose a width that is a multiple of it.")
        self.heads = heads
        self.query = nn.Linear(dim, dim)
        self.key = nn.Linear(dim, dim, bias=False)  # a bias here would shift all scores of a query alike
        self.value = nn.Linear(dim, dim)
        self.out = nn.Linear(dim, dim, bias=False)
        self.map = nn.Identity()

    def forward(self, queries: Tensor, asking: Tensor, keys: Tensor, asked: Tensor) -> tuple[Tensor, Tensor]:
        q, k, v = (
            part.unflatten(-1, (self.heads, -1)).transpose(1, 2)  # (B, H, N or K, D/H)
            for part in (self.query(queries), self.key(keys), self.value(keys))
        )
        # Adding a bias of 0 or the lowest number costs half of what filling and multiplying a map this large does.
        bias = torch.zeros_like(asked, dtype=q.dtype).masked_fill(~asked, torch.finfo(q.dtype).min)  # (B, K)
        scores = (q / math.sqrt(q.shape[-1])) @ k.transpose(-2, -1) + bias[:, None, None, :]  # (B, H, N, K)
        weights = self.map(scores.softmax(dim=-1))  # (B, H, N, K)
        something = asked.any(dim=1)[:, None]  # (B, 1)
        seen = (weights @ v).transpose(1, 2).flatten(2)  # (B, N, D)
        return self.out(seen) * something[:, :, None], weights * (asking & something)[:, None, :, None]


class SelfAttention(nn.Module):
    """Tokens of one modality look at each other, with residual and norm: (B, N, D) -> (B, N, D), (B, H, N, N)."""

    def __init__(self, dim: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(dim)
        self.attention = Attention(dim, heads)
        self.drop = TokenDropout(dropout)

    def forward(self, values: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        normed = self.norm(values)  # (B, N, D)
        seen, weights = self.attention(normed, mask, normed, mask)  # (B, N, D), (B, H, N, N)
        return (values + self.drop(seen)) * mask[:, :, None], weights


class AttentionPool(nn.Module):
    """One learned query sums up a modality's tokens: (B, N, D) -> (B, D) and its weights (B, N), which sum to 1."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.score = nn.Sequential(nn.Linear(dim, dim), nn.Tanh(), nn.Linear(dim, 1, bias=False))

    def forward(self, values: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        weights = masked_softmax(self.score(values).squeeze(-1), mask)  # (B, N)
        return (weights[:, :, None] * values).sum(dim=1), weights  # (B, D), (B, N)
