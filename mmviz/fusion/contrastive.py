"""Contrastive alignment: first learn which picture belongs to which text, then the task."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from mmviz.fusion._layers import ModalityInput, pairing
from mmviz.fusion.base import Fused, Fusion, FusionConfig, ModalityShape, Tokens, setting

__all__ = ["Contrastive", "ContrastiveConfig"]

SHARPEST = 100.0


@dataclass(frozen=True)
class ContrastiveConfig(FusionConfig):
    pretraining_steps: int = setting(200, "Steps that only match pictures and texts, before the task.", 0, 10_000)
    temperature: float = setting(0.1, "Temperature of the matching to start from; it is learned.", 0.01, 1.0)
    pairing: float = setting(0.1, "Weight of the matching beside the task; 0 = the task may undo it.", 0.0, 10.0)


class Contrastive(Fusion):
    """Needs no interaction to begin with: the pre-training sees the train items' content only.

    With a single modality there is nothing to match, and only the task is left.
    """

    title = "Contrastive alignment"
    summary = (
        "Before it sees a single click it learns to find the text that belongs to a picture, and the picture that "
        "belongs to a text, among many. After that an item's two vectors lie close together and are averaged."
    )
    formula = (
        r"\mathcal L = -\tfrac{1}{2}\sum_i \Big(\log \tfrac{e^{v_i^\top t_i/\tau}}{\sum_j e^{v_i^\top t_j/\tau}} "
        r"+ \log \tfrac{e^{t_i^\top v_i/\tau}}{\sum_j e^{t_i^\top v_j/\tau}}\Big),\quad m_i = \tfrac{1}{2}(v_i + t_i)"
    )
    paper = "Radford et al., Learning transferable visual models from natural language supervision, ICML 2021"
    Config = ContrastiveConfig

    def __init__(self, shapes: Mapping[str, ModalityShape], config: ContrastiveConfig) -> None:
        super().__init__(shapes, config)
        self.steps, self.weight = config.pretraining_steps, config.pairing
        self.inputs = nn.ModuleDict(
            {n: ModalityInput(n, s, config.dim, config.dropout) for n, s in self.shapes.items()}
        )
        self.log_scale = nn.Parameter(torch.tensor(-math.log(config.temperature)))  # (): log 1/τ

    def forward(self, modalities: Mapping[str, Tokens]) -> Fused:
        views: dict[str, Tensor] = {
            n: normalize(self.inputs[n](modalities[n]), dim=-1, eps=1e-6)  # (B, D), unit length
            for n in self.names
        }
        present = torch.stack([modalities[n].present for n in self.names])  # (M, B)
        total = torch.stack(list(views.values())).sum(dim=0)  # (B, D)
        mean = total / present.sum(dim=0).clamp_min(1)[:, None]  # (B, D)
        return Fused(mean * self.config.dim**0.5, views, {})

    def losses(self, fused: Fused, modalities: Mapping[str, Tokens]) -> dict[str, Tensor]:
        return {"pairing": self.weight * self._pairing(fused, modalities)} if self.weight else {}

    def pretraining(self) -> int:
        return self.steps if len(self.names) > 1 else 0

    def pretraining_loss(self, modalities: Mapping[str, Tokens]) -> Tensor:
        return self._pairing(self(modalities), modalities)

    def _pairing(self, fused: Fused, modalities: Mapping[str, Tokens]) -> Tensor:
        scale = self.log_scale.clamp(max=math.log(SHARPEST)).exp()  # ()
        return pairing(fused.views, modalities, scale)
