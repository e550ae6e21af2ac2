"""Low-rank fusion: the products of tensor fusion without ever writing the table down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from mmviz.fusion._layers import ModalityInput, with_one
from mmviz.fusion.base import Fused, Fusion, FusionConfig, ModalityShape, Tokens, setting

__all__ = ["LowRank", "LowRankConfig"]


@dataclass(frozen=True)
class LowRankConfig(FusionConfig):
    width: int = setting(32, "Directions d that each modality brings.", 2, 256)
    rank: int = setting(4, "Number of products r that stand for the whole tensor.", 1, 64)


class LowRank(Fusion):
    """The weight tensor of tensor fusion as a sum of r outer products (Liu et al. 2018, eq. 3 to 6).

    Factors start so that a product begins as 1 + Σ_m V_m f_m: small random factors multiplied with each other would
    begin at nearly 0 and learn slowly.
    """

    title = "Low-rank fusion (LMF)"
    summary = (
        "Like tensor fusion it multiplies directions of picture and text, but only a few learned combinations of them "
        "instead of all. That keeps most of what the products can say at a fraction of the size."
    )
    formula = (
        r"\tilde z_m = [\,1\,; V_m f_m\,],\quad "
        r"m_i = \sum_{k=1}^{r} w_k \prod_{m}\big(\tilde z_m^\top W_m^{(k)}\big) + b"
    )
    paper = "Liu et al., Efficient low-rank multimodal fusion with modality-specific factors, ACL 2018"
    Config = LowRankConfig

    def __init__(self, shapes: Mapping[str, ModalityShape], config: LowRankConfig) -> None:
        super().__init__(shapes, config)
        self.inputs = nn.ModuleDict(
            {n: ModalityInput(n, s, config.width, config.dropout) for n, s in self.shapes.items()}
        )
        self.factors = nn.ParameterDict(
            {n: nn.Parameter(first_factors(config.rank, config.width, config.dim)) for n in self.names}
        )
        self.weights = nn.Parameter(torch.full((config.rank,), 1 / config.rank))  # (r,)
        self.bias = nn.Parameter(torch.zeros(config.dim))  # (D,)

    def forward(self, modalities: Mapping[str, Tokens]) -> Fused:
        parts = [
            torch.einsum("bd,rdk->brk", with_one(self.inputs[n](modalities[n])), self.factors[n])  # (B, r, D)
            for n in self.names
        ]
        product = torch.stack(parts).prod(dim=0)  # (B, r, D)
        embedding = torch.einsum("r,brk->bk", self.weights, product) + self.bias  # (B, D)
        return Fused(embedding, {}, {})


def first_factors(rank: int, width: int, dim: int) -> Tensor:
    """Factors (r, d+1, D) to start from: 1 for the appended 1, small random numbers for the rest."""
    factors: Tensor = torch.randn(rank, width + 1, dim) / width**0.5  # (r, d+1, D)
    factors[:, 0] = 1.0
    return factors
