"""Late fusion: every modality scores on its own, and the scores are added."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from mmviz.errors import FusionError
from mmviz.fusion._layers import ModalityInput
from mmviz.fusion.base import Fused, Fusion, FusionConfig, ModalityShape, Tokens

__all__ = ["Late"]


class Late(Fusion):
    """The item vector is one block of unit length a modality, times √(w_m D): m = [√w_1 u_1; …; √w_M u_M] √D.

    With a taste map that keeps the blocks apart the content score is Σ_m w_m s_m, where s_m compares histories and
    items by modality m alone. A missing modality scores 0; the weights of the others do not change, so the shares of
    the modalities are exactly their own scores.
    """

    title = "Late fusion"
    summary = (
        "Picture and text each give their own score, as two recommenders would, and the weighted scores are added. "
        "Neither ever sees the other, so a meaning that needs both at once cannot be learned."
    )
    formula = r"s(u, i) = \sum_m w_m\, s_m(u, i),\quad s_m(u, i) = \hat h_u^\top V_m A_m\, v_{m,i},\quad \sum_m w_m = 1"
    paper = "Snoek, Worring, Smeulders, Early versus late fusion in semantic video analysis, ACM Multimedia 2005"

    def __init__(self, shapes: Mapping[str, ModalityShape], config: FusionConfig) -> None:
        super().__init__(shapes, config)
        narrow, wider = divmod(config.dim, len(self.shapes))
        if narrow == 0:
            raise FusionError(
                f"Late fusion gives each of {len(self.shapes)} modalities a block of the item vector, "
                f"but its width is {config.dim}. Set dim to {len(self.shapes)} or more."
            )
        self.widths = {n: narrow + (place < wider) for place, n in enumerate(self.names)}
        self.inputs = nn.ModuleDict(
            {n: ModalityInput(n, s, self.widths[n], config.dropout) for n, s in self.shapes.items()}
        )
        self.trust = nn.Parameter(torch.zeros(len(self.names)))  # (M,)

    def weights(self) -> Tensor:
        """How much each modality's score counts, w (M,), which sums to 1; the same for every item and person."""
        return self.trust.softmax(dim=0)  # (M,)

    def taste_mask(self) -> Tensor:
        owner = torch.repeat_interleave(torch.tensor(list(self.widths.values())))  # (D,): whose block an entry is in
        return (owner[:, None] == owner[None]).float()  # (D, D)

    def forward(self, modalities: Mapping[str, Tokens]) -> Fused:
        sizes = (self.weights() * self.config.dim).sqrt()  # (M,)
        blocks = [
            normalize(self.inputs[n](modalities[n]), dim=-1, eps=1e-6) * size  # (B, D_m)
            for n, size in zip(self.names, sizes, strict=True)
        ]
        return Fused(torch.cat(blocks, dim=-1), {}, {})  # (B, D)
