"""Tensor fusion: every direction of one modality times every direction of the other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from torch import nn

from mmviz.errors import FusionError
from mmviz.fusion._layers import Dropout, ModalityInput, mlp, with_one
from mmviz.fusion.base import Fused, Fusion, FusionConfig, ModalityShape, Tokens, setting

__all__ = ["TensorFusion", "TensorFusionConfig"]

LARGEST = 100_000


@dataclass(frozen=True)
class TensorFusionConfig(FusionConfig):
    width: int = setting(16, "Directions d that each modality brings; the tensor has (d + 1)^M entries.", 2, 64)
    hidden: int = setting(0, "Width of a hidden layer over the tensor; 0 = one linear map.", 0, 512)


class TensorFusion(Fusion):
    """The 1 that is appended to every vector (Zadeh et al. 2017, eq. 1) keeps the single modalities in the product."""

    title = "Tensor fusion (TFN)"
    summary = (
        "Every direction of the picture is multiplied with every direction of the text, and the model reads the whole "
        "table of products. It can learn that red matters only together with the word evening, at the price of size."
    )
    formula = (
        r"\tilde z_m = [\,1\,; V_m f_m\,],\quad T = \tilde z_{\text{image}} \otimes \tilde z_{\text{text}},\quad "
        r"m_i = W \operatorname{vec}(T) + b"
    )
    paper = "Zadeh et al., Tensor fusion network for multimodal sentiment analysis, EMNLP 2017"
    Config = TensorFusionConfig

    def __init__(self, shapes: Mapping[str, ModalityShape], config: TensorFusionConfig) -> None:
        super().__init__(shapes, config)
        entries = (config.width + 1) ** len(self.shapes)
        if entries > LARGEST:
            raise FusionError(
                f"The outer product of {len(self.shapes)} modalities of width {config.width} has {entries:,} entries; "
                f"at most {LARGEST:,} are allowed. Lower the width, or use low-rank fusion, which never builds it."
            )
        self.inputs = nn.ModuleDict(
            {n: ModalityInput(n, s, config.width, config.dropout) for n, s in self.shapes.items()}
        )
        drop = Dropout(config.dropout)
        self.mix = mlp(entries, config.hidden, config.dim, drop) if config.hidden else nn.Linear(entries, config.dim)

    def forward(self, modalities: Mapping[str, Tokens]) -> Fused:
        first, *others = (with_one(self.inputs[n](modalities[n])) for n in self.names)  # (B, d+1) each
        tensor = first  # (B, d+1)
        for other in others:
            tensor = (tensor[:, :, None] * other[:, None, :]).flatten(1)  # (B, (d+1)^m)
        return Fused(self.mix(tensor), {}, {})  # (B, D)
