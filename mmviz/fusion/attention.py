"""Attention fusion: each item decides how much its picture and its text count."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from mmviz.fusion._layers import Dropout, ModalityInput, masked_softmax, mlp
from mmviz.fusion.base import Fused, Fusion, FusionConfig, ModalityShape, Tokens, setting

__all__ = ["AttentionConfig", "AttentionFusion"]


@dataclass(frozen=True)
class AttentionConfig(FusionConfig):
    balance: float = setting(0.01, "Pull towards using every modality; weights tend to collapse on one.", 0.0, 1.0)


class AttentionFusion(Fusion):
    title = "Attention fusion"
    summary = (
        "For every item a small network looks at all its vectors and gives each modality a weight between 0 and 1. "
        "The weights add up to 1 and can be read: this film is known by its plot, that one by its poster."
    )
    formula = (
        r"m_i = \sum_m \alpha_i^m V_m f_i^m,\quad "
        r"\alpha_i = \operatorname{softmax}_m\big(w_m^\top \tanh(W\,[f_i^1;\dots;f_i^M])\big)"
    )
    paper = "Hori et al., Attention-based multimodal fusion for video description, ICCV 2017"
    Config = AttentionConfig

    def __init__(self, shapes: Mapping[str, ModalityShape], config: AttentionConfig) -> None:
        super().__init__(shapes, config)
        dim, dropout = config.dim, config.dropout
        self.balance = config.balance
        self.inputs = nn.ModuleDict({n: ModalityInput(n, s, dim, dropout) for n, s in self.shapes.items()})
        self.score = mlp(dim * len(self.shapes), dim, len(self.shapes), Dropout(dropout))

    def forward(self, modalities: Mapping[str, Tokens]) -> Fused:
        views: dict[str, Tensor] = {n: self.inputs[n](modalities[n]) for n in self.names}  # (B, D) each
        stacked = torch.stack(list(views.values()), dim=1)  # (B, M, D)
        present = torch.stack([modalities[n].present for n in self.names], dim=1)  # (B, M)
        weights = masked_softmax(self.score(stacked.flatten(1)), present)  # (B, M)
        embedding = (weights[:, :, None] * stacked).sum(dim=1)  # (B, D)
        return Fused(embedding, views, {"modality": weights})

    def losses(self, fused: Fused, modalities: Mapping[str, Tokens]) -> dict[str, Tensor]:  # noqa: ARG002
        """Negative entropy of the weights averaged over the batch: a collapse on one modality costs."""
        mean = fused.attention["modality"].mean(dim=0).clamp_min(1e-8)  # (M,)
        return {"balance": self.balance * (mean * mean.log()).sum()}
