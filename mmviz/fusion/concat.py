"""Concatenation: the early fusion that everything else has to beat."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from mmviz.fusion._layers import Dropout, ModalityInput
from mmviz.fusion.base import Fused, Fusion, FusionConfig, ModalityShape, Tokens, setting

__all__ = ["Concat", "ConcatConfig"]


@dataclass(frozen=True)
class ConcatConfig(FusionConfig):
    hidden: int = setting(0, "Width of a hidden layer; 0 = one linear map.", 0, 1024)


class Concat(Fusion):
    title = "Concatenation"
    summary = (
        "The vectors of picture and text are written one after the other and mapped to one vector. "
        "It is the simplest early fusion: nothing says which modality to trust for which item."
    )
    formula = r"m_i = W\,[\,f_i^{\text{image}} \,;\, f_i^{\text{text}}\,] + b"
    paper = "Ngiam et al., Multimodal deep learning, ICML 2011"
    Config = ConcatConfig

    def __init__(self, shapes: Mapping[str, ModalityShape], config: ConcatConfig) -> None:
        super().__init__(shapes, config)
        dim, dropout = config.dim, config.dropout
        self.inputs = nn.ModuleDict({n: ModalityInput(n, s, dim, dropout) for n, s in self.shapes.items()})
        width = dim * len(self.shapes)
        hidden = [nn.Linear(width, config.hidden), nn.GELU(), Dropout(dropout)] if config.hidden else []
        self.mix = nn.Sequential(*hidden, nn.Linear(config.hidden or width, dim))

    def forward(self, modalities: Mapping[str, Tokens]) -> Fused:
        parts: dict[str, Tensor] = {n: self.inputs[n](modalities[n]) for n in self.names}  # (B, D) each
        joined = torch.cat(list(parts.values()), dim=-1)  # (B, M·D)
        return Fused(self.mix(joined), parts, {})  # (B, D)
