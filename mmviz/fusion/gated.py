"""Gated fusion: for every direction of the item vector a gate decides which modality fills it."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from mmviz.fusion._layers import ModalityInput, masked_softmax
from mmviz.fusion.base import Fused, Fusion, FusionConfig, ModalityShape, Tokens

__all__ = ["Gated"]


class Gated(Fusion):
    """The gated multimodal unit (Arevalo et al. 2017, eq. 1), for any number of modalities.

    With two modalities the softmax over the gate's scores g is the paper's sigmoid: z = σ(g_1 − g_2) and
    h = z ⊙ h_1 + (1 − z) ⊙ h_2. The gate reads the mapped vectors V_m f_m, which makes its matrix low-rank in f_m and
    keeps it small.
    """

    title = "Gated fusion (GMU)"
    summary = (
        "A gate looks at both vectors and decides, for every single direction of the item vector, how much comes from "
        "the picture and how much from the text. Colour may come from the picture while the genre comes from the text."
    )
    formula = (
        r"h_m = \tanh(V_m f_m),\quad z = \operatorname{softmax}_m\big(W_z\,[V_1 f_1;\dots;V_M f_M]\big),\quad "
        r"m_i = \sum_m z_m \odot h_m"
    )
    paper = "Arevalo et al., Gated multimodal units for information fusion, ICLR workshop 2017"

    def __init__(self, shapes: Mapping[str, ModalityShape], config: FusionConfig) -> None:
        super().__init__(shapes, config)
        dim, dropout, n = config.dim, config.dropout, len(self.shapes)
        self.inputs = nn.ModuleDict({n: ModalityInput(n, s, dim, dropout) for n, s in self.shapes.items()})
        self.gate = nn.Linear(dim * n, dim * n)

    def forward(self, modalities: Mapping[str, Tokens]) -> Fused:
        mapped = torch.stack([self.inputs[n](modalities[n]) for n in self.names], dim=1)  # (B, M, D)
        present = torch.stack([modalities[n].present for n in self.names], dim=1)  # (B, M)
        scores = self.gate(mapped.flatten(1)).unflatten(1, (len(self.names), -1)).transpose(1, 2)  # (B, D, M)
        gate = masked_softmax(scores, present[:, None, :])  # (B, D, M)
        hidden = mapped.tanh()  # (B, M, D)
        embedding = (gate.transpose(1, 2) * hidden).sum(dim=1)  # (B, D)
        views: dict[str, Tensor] = dict(zip(self.names, hidden.unbind(dim=1), strict=True))  # (B, D) each
        return Fused(embedding, views, {"modality": gate.mean(dim=1)})
