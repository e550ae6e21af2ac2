"""Self-attention: each modality is put in order by itself, and the results are added."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from mmviz.fusion._layers import AttentionPool, LayerScale, ModalityInput, SelfAttention, TokenInput
from mmviz.fusion.base import Fused, Fusion, FusionConfig, ModalityShape, Tokens, setting

__all__ = ["SelfAttentionConfig", "SelfAttentionFusion"]


@dataclass(frozen=True)
class SelfAttentionConfig(FusionConfig):
    heads: int = setting(4, "Attention heads H; must divide the width.", 1, 16)


class SelfAttentionFusion(Fusion):
    """Nothing crosses between modalities: the item vector is exactly a sum of what each of them says alone.

    A modality's vector is its pooled tokens plus the encoder's own summary of it; one linear map adds them up.
    """

    title = "Self-attention"
    summary = (
        "Patches look at the other patches and words at the other words, so that each modality is understood better "
        "before the two are added. What needs picture and text together stays unseen: compare it with AFN."
    )
    formula = (
        r"X'_m = X_m + \operatorname{softmax}\!\big(\tfrac{Q(X_m)K(X_m)^\top}{\sqrt{d}}\big)V(X_m),\quad "
        r"m_i = \sum_m W_m \operatorname{pool}(X'_m)"
    )
    paper = "Vaswani et al., Attention is all you need, NeurIPS 2017"
    level = "tokens"
    Config = SelfAttentionConfig

    def __init__(self, shapes: Mapping[str, ModalityShape], config: SelfAttentionConfig) -> None:
        super().__init__(shapes, config)
        dim, heads, dropout = config.dim, config.heads, config.dropout
        self.tokens = nn.ModuleDict({n: TokenInput(s, dim, dropout) for n, s in self.shapes.items()})
        self.summaries = nn.ModuleDict({n: ModalityInput(n, s, dim, dropout) for n, s in self.shapes.items()})
        self.scales = nn.ModuleDict({n: LayerScale(dim) for n in self.names})
        self.within = nn.ModuleDict({n: SelfAttention(dim, heads, dropout) for n in self.names})
        self.pools = nn.ModuleDict({n: AttentionPool(dim) for n in self.names})
        self.mix = nn.Linear(dim * len(self.names), dim)

    def forward(self, modalities: Mapping[str, Tokens]) -> Fused:
        attention: dict[str, Tensor] = {}
        views: dict[str, Tensor] = {}
        for name in self.names:
            tokens = modalities[name]
            values, attention[f"{name}→{name}"] = self.within[name](self.tokens[name](tokens), tokens.mask)
            pooled, attention[f"{name} pool"] = self.pools[name](values, tokens.mask)  # (B, D), (B, N)
            views[name] = self.scales[name](pooled) + self.summaries[name](tokens)  # (B, D)
        return Fused(self.mix(torch.cat(list(views.values()), dim=-1)), views, attention)  # (B, D)
