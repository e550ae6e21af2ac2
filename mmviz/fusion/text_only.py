"""Text only: a control that sees a single modality."""

from __future__ import annotations

from collections.abc import Mapping

from mmviz.fusion._layers import ModalityInput
from mmviz.fusion.base import Fused, Fusion, FusionConfig, ModalityShape, Tokens

__all__ = ["TextOnly"]


class TextOnly(Fusion):
    title = "Text only"
    summary = (
        "The model reads only the text and never sees the picture. "
        "It is a control: a fusion that does not beat it has gained nothing from the picture."
    )
    formula = r"m_i = V\,f_i^{\text{text}} + b"
    paper = "A control: the same model with the picture left out"
    reads = ("text",)

    def __init__(self, shapes: Mapping[str, ModalityShape], config: FusionConfig) -> None:
        super().__init__(shapes, config)
        self.input = ModalityInput("text", self.shapes["text"], config.dim, config.dropout)

    def forward(self, modalities: Mapping[str, Tokens]) -> Fused:
        vector = self.input(modalities["text"])  # (B, D)
        return Fused(vector, {"text": vector}, {})
