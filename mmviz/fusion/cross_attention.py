"""Cross-modal attention: patches look at words and words at patches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import permutations

import torch
from torch import Tensor, nn

from mmviz.fusion._layers import Attention, AttentionPool, LayerScale, ModalityInput, TokenDropout, TokenInput, mlp
from mmviz.fusion.base import Fused, Fusion, FusionConfig, ModalityShape, Tokens, setting

__all__ = ["CrossAttention", "CrossAttentionConfig"]


@dataclass(frozen=True)
class CrossAttentionConfig(FusionConfig):
    heads: int = setting(4, "Attention heads H; must divide the width.", 1, 16)


class CrossAttention(Fusion):
    """One crossing block for every ordered pair of modalities, as in the multimodal transformer (Tsai et al. 2019).

    A modality's vector is its tokens after the crossing, pooled and averaged over the modalities that it looked at,
    plus the encoder's own summary of it. A token that finds nothing to look at stays what it was.
    """

    title = "Cross-modal attention"
    summary = (
        "Every patch asks all words which of them tell something about it, and every word asks all patches. "
        "The answers are added to the one who asked, so a word and the part of the picture it names are read together."
    )
    formula = (
        r"X_{a \to b} = X_a + \operatorname{softmax}\!\big(\tfrac{Q(X_a)K(X_b)^\top}{\sqrt{d}}\big)V(X_b),\quad "
        r"m_i = W\,[\operatorname{pool}(X_{a \to b})\,; \operatorname{pool}(X_{b \to a})]"
    )
    paper = "Tsai et al., Multimodal transformer for unaligned multimodal language sequences, ACL 2019"
    level = "tokens"
    Config = CrossAttentionConfig

    def __init__(self, shapes: Mapping[str, ModalityShape], config: CrossAttentionConfig) -> None:
        super().__init__(shapes, config)
        dim, heads, dropout = config.dim, config.heads, config.dropout
        self.tokens = nn.ModuleDict({n: TokenInput(s, dim, dropout) for n, s in self.shapes.items()})
        self.summaries = nn.ModuleDict({n: ModalityInput(n, s, dim, dropout) for n, s in self.shapes.items()})
        self.scales = nn.ModuleDict({n: LayerScale(dim) for n in self.names})
        self.across = nn.ModuleDict(
            {f"{a}→{b}": _Crossing(dim, heads, dropout) for a, b in permutations(self.names, 2)}
        )
        self.pools = nn.ModuleDict({n: AttentionPool(dim) for n in self.names})
        self.mix = nn.Linear(dim * len(self.names), dim)

    def forward(self, modalities: Mapping[str, Tokens]) -> Fused:
        attention: dict[str, Tensor] = {}
        inner: dict[str, Tensor] = {n: self.tokens[n](modalities[n]) for n in self.names}  # (B, N, D) each
        views = {name: self._view(name, inner, modalities, attention) for name in self.names}  # (B, D) each
        return Fused(self.mix(torch.cat(list(views.values()), dim=-1)), views, attention)  # (B, D)

    def _view(
        self,
        name: str,
        inner: Mapping[str, Tensor],
        modalities: Mapping[str, Tokens],
        attention: dict[str, Tensor],
    ) -> Tensor:
        """One modality after it has looked at every other: (B, D)."""
        mask = modalities[name].mask  # (B, N)
        streams = []
        for other in self.names:
            if other != name:
                key = f"{name}→{other}"
                values, attention[key] = self.across[key](inner[name], mask, inner[other], modalities[other].mask)
                streams.append(values)  # (B, N, D)
        mixed = torch.stack(streams).mean(dim=0) if streams else inner[name]  # (B, N, D)
        pooled, attention[f"{name} pool"] = self.pools[name](mixed, mask)  # (B, D), (B, N)
        view: Tensor = self.scales[name](pooled) + self.summaries[name](modalities[name])  # (B, D)
        return view


class _Crossing(nn.Module):
    """Tokens (B, N, D) look at another modality's (B, K, D), then pass through a small network; residual and norm.

    Returns (B, N, D) and the map (B, H, N, K). Source: Tsai et al. 2019, eq. 4.
    """

    def __init__(self, dim: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.norm_asking, self.norm_asked, self.norm_seen = nn.LayerNorm(dim), nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.attention = Attention(dim, heads)
        self.drop = TokenDropout(dropout)
        self.digest = mlp(dim, 2 * dim, dim, TokenDropout(dropout))

    def forward(self, asking: Tensor, mask: Tensor, asked: Tensor, asked_mask: Tensor) -> tuple[Tensor, Tensor]:
        seen, weights = self.attention(self.norm_asking(asking), mask, self.norm_asked(asked), asked_mask)
        values = asking + self.drop(seen)  # (B, N, D)
        values = values + self.drop(self.digest(self.norm_seen(values)))  # (B, N, D)
        return values * mask[:, :, None], weights
