"""AFN, the attention fusion network: tokens, self-attention, cross-modal attention, gate.

In the literature on click-through rates AFN names another model, the Adaptive Factorization Network (Cheng et al.,
AAAI 2020). This one fuses modalities.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations, permutations

import torch
from torch import Tensor, nn

from mmviz.fusion._layers import (
    Attention,
    AttentionPool,
    LayerScale,
    ModalityInput,
    SelfAttention,
    TokenInput,
    masked_softmax,
)
from mmviz.fusion.base import Fused, Fusion, FusionConfig, ModalityShape, Tokens, setting

__all__ = ["Afn", "AfnConfig"]


@dataclass(frozen=True)
class AfnConfig(FusionConfig):
    heads: int = setting(4, "Attention heads H; must divide the width.", 1, 16)
    rank: int = setting(4, "Products a direction in the joint term (R), which says what goes together.", 1, 64)


class Afn(Fusion):
    title = "AFN"
    summary = (
        "Patches look at patches and words at words; then patches look at words and words at patches, and a gate "
        "decides how much of each side is kept. A product of both sides says what matters only together."
    )
    formula = (
        r"A = \operatorname{softmax}\!\big(\tfrac{Q(v')K(t')^\top}{\sqrt{d}}\big),\quad "
        r"\tilde v = \operatorname{pool}(v' + A\,V(t')),\quad m_i = g \odot \tilde v + (1-g) \odot \tilde t"
        r" + s \odot \textstyle\sum_r U_r \tilde v \odot W_r \tilde t"
    )
    paper = "after Vaswani et al., NeurIPS 2017; Tsai et al., ACL 2019; joint term: Yu et al., MFB, ICCV 2017"
    level = "tokens"
    Config = AfnConfig

    def __init__(self, shapes: Mapping[str, ModalityShape], config: AfnConfig) -> None:
        super().__init__(shapes, config)
        dim, heads, dropout = config.dim, config.heads, config.dropout
        self.tokens = nn.ModuleDict({n: TokenInput(s, dim, dropout) for n, s in self.shapes.items()})
        self.summaries = nn.ModuleDict({n: ModalityInput(n, s, dim, dropout) for n, s in self.shapes.items()})
        self.scales = nn.ModuleDict({n: LayerScale(dim) for n in self.names})
        self.within = nn.ModuleDict({n: SelfAttention(dim, heads, dropout) for n in self.names})
        self.across = nn.ModuleDict({f"{a}→{b}": Attention(dim, heads) for a, b in permutations(self.names, 2)})
        self.norms = nn.ModuleDict({n: nn.LayerNorm(dim) for n in self.names})
        self.pools = nn.ModuleDict({n: AttentionPool(dim) for n in self.names})
        self.gate = nn.Linear(dim * len(self.names), dim * len(self.names))
        self.joint = nn.ModuleDict({f"{a}×{b}": _Joint(dim, config.rank) for a, b in combinations(self.names, 2)})

    def forward(self, modalities: Mapping[str, Tokens]) -> Fused:
        attention: dict[str, Tensor] = {}
        inner: dict[str, Tensor] = {}
        for name in self.names:
            tokens = modalities[name]
            values, attention[f"{name}→{name}"] = self.within[name](self.tokens[name](tokens), tokens.mask)
            inner[name] = values  # (B, N, D)
        views = {name: self._view(name, inner, modalities, attention) for name in self.names}  # (B, D) each
        embedding = self._gated(views, modalities, attention)  # (B, D)
        for a, b in combinations(self.names, 2):  # a missing side is 0, and so is its product
            embedding = embedding + self.joint[f"{a}×{b}"](views[a], views[b])  # (B, D)
        return Fused(embedding, views, attention)

    def _view(
        self,
        name: str,
        inner: Mapping[str, Tensor],
        modalities: Mapping[str, Tokens],
        attention: dict[str, Tensor],
    ) -> Tensor:
        """One side after it has looked at every other: (B, D), plus the encoder's own summary of it."""
        tokens = modalities[name]
        mixed = inner[name]  # (B, N, D)
        for other in self.names:
            if other != name:
                key = f"{name}→{other}"
                asking, asked = self.norms[name](inner[name]), self.norms[other](inner[other])  # (B, N, D), (B, K, D)
                seen, attention[key] = self.across[key](
                    asking, tokens.mask, asked, modalities[other].mask
                )  # (B, N, D), (B, H, N, K)
                mixed = mixed + seen  # (B, N, D)
        pooled, attention[f"{name} pool"] = self.pools[name](mixed, tokens.mask)  # (B, D), (B, N)
        view: Tensor = self.scales[name](pooled) + self.summaries[name](tokens)  # (B, D)
        return view

    def _gated(
        self, views: Mapping[str, Tensor], modalities: Mapping[str, Tokens], attention: dict[str, Tensor]
    ) -> Tensor:
        """Σ_m g_m ⊙ view_m with g a softmax over the present modalities for every direction: (B, D)."""
        stacked = torch.stack(list(views.values()), dim=2)  # (B, D, M)
        present = torch.stack([modalities[n].present for n in self.names], dim=1)  # (B, M)
        scores = self.gate(stacked.transpose(1, 2).flatten(1)).unflatten(1, (len(self.names), -1))  # (B, M, D)
        gate = masked_softmax(scores.transpose(1, 2), present[:, None, :])  # (B, D, M)
        attention["modality"] = gate.mean(dim=1)  # (B, M)
        return (gate * stacked).sum(dim=2)  # (B, D)


class _Joint(nn.Module):
    """What goes together in two views: a low-rank bilinear product, quiet at the start, (B, D), (B, D) -> (B, D).

    A sum of two views can only add up what each says; people who want this pattern *with* that material need a product.
    Without offsets, so that the product with a missing side is exactly 0. Source: Yu et al., Multi-modal factorized
    bilinear pooling, ICCV 2017, eq. 3 and 4.
    """

    def __init__(self, dim: int, rank: int) -> None:
        super().__init__()
        self.left = nn.Linear(dim, dim * rank, bias=False)
        self.right = nn.Linear(dim, dim * rank, bias=False)
        self.scale = LayerScale(dim, 0.3)
        self.rank = rank

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        products = (self.left(first) * self.right(second)).unflatten(-1, (-1, self.rank))  # (B, D, R)
        joint: Tensor = self.scale(products.sum(dim=-1) / self.rank**0.5)  # (B, D)
        return joint
