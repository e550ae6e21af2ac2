"""Image only: a control that sees a single modality."""

from __future__ import annotations

from collections.abc import Mapping

from mmviz.fusion._layers import ModalityInput
from mmviz.fusion.base import Fused, Fusion, FusionConfig, ModalityShape, Tokens

__all__ = ["ImageOnly"]


class ImageOnly(Fusion):
    title = "Image only"
    summary = (
        "The model sees only the picture and never reads the text. "
        "It is a control: a fusion that does not beat it has gained nothing from the text."
    )
    formula = r"m_i = V\,f_i^{\text{image}} + b"
    paper = "A control: the same model with the text left out"
    reads = ("image",)

    def __init__(self, shapes: Mapping[str, ModalityShape], config: FusionConfig) -> None:
        super().__init__(shapes, config)
        self.input = ModalityInput("image", self.shapes["image"], config.dim, config.dropout)

    def forward(self, modalities: Mapping[str, Tokens]) -> Fused:
        vector = self.input(modalities["image"])  # (B, D)
        return Fused(vector, {"image": vector}, {})
