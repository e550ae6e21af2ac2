"""Subspace learning: generalised canonical correlation analysis in closed form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from mmviz.fusion.base import Fused, Fusion, FusionConfig, ModalityShape, Tokens, setting

__all__ = ["Gcca", "GccaConfig", "gcca"]


@dataclass(frozen=True)
class GccaConfig(FusionConfig):
    dim: int = setting(256, "Width D of the shared space; a closed form can afford more than trained maps.", 8, 512)
    ridge: float = setting(
        10.0, "Regularisation r, as a share of each modality's mean squared singular value.", 1e-6, 1e4
    )


class Gcca(Fusion):
    title = "Subspace (GCCA)"
    summary = (
        "Picture and text are each rotated and stretched into one shared space in which the two agree best over all "
        "training items. Nothing is trained step by step: the best answer is written down at once."
    )
    formula = (
        r"\min_{P_m, Z}\ \sum_m \lVert P_m X_m - Z \rVert_F^2 + r \sum_m \lVert P_m \rVert_F^2"
        r"\quad \text{s.t. } Z Z^\top = I"
    )
    paper = "Kettenring, Canonical analysis of several sets of variables, Biometrika 1971 (MAXVAR)"
    Config = GccaConfig

    def __init__(self, shapes: Mapping[str, ModalityShape], config: GccaConfig) -> None:
        super().__init__(shapes, config)
        self.ridge = config.ridge
        for name, shape in self.shapes.items():
            self.register_buffer(f"mean_{name}", torch.zeros(shape.pooled_dim))  # (Dp,)
            self.register_buffer(f"map_{name}", torch.zeros(config.dim, shape.pooled_dim))  # (D, Dp)
        # The closed form fixes the directions; how much each of them matters to taste is learned.
        self.gain = nn.Parameter(torch.ones(config.dim))  # (D,)

    def _buffer(self, name: str) -> Tensor:
        return cast(Tensor, getattr(self, name))

    def prepare(self, modalities: Mapping[str, Tokens]) -> None:
        complete = torch.stack([modalities[n].present for n in self.names]).all(dim=0)  # (n,)
        if int(complete.sum()) < 2:
            return
        views = [modalities[n].pooled[complete].double().T for n in self.names]  # (Dp, n) each
        means = [x.mean(dim=1) for x in views]  # (Dp,) each
        ridges = [
            self.ridge * float((x - mu[:, None]).square().sum()) / min(x.shape)
            for x, mu in zip(views, means, strict=True)
        ]
        z, maps = gcca([x - mu[:, None] for x, mu in zip(views, means, strict=True)], self.config.dim, ridges)
        for name, mu, weights in zip(self.names, means, maps, strict=True):
            self._buffer(f"mean_{name}").copy_(mu)
            # Z has rows of length 1 over n items; √n gives every direction unit variance.
            self._buffer(f"map_{name}")[: len(weights)].copy_(weights * z.shape[1] ** 0.5)

    def forward(self, modalities: Mapping[str, Tokens]) -> Fused:
        views: dict[str, Tensor] = {}
        for name in self.names:
            tokens = modalities[name]
            centred = tokens.pooled - self._buffer(f"mean_{name}")  # (B, Dp)
            views[name] = centred @ self._buffer(f"map_{name}").T * tokens.present[:, None]  # (B, D)
        present = torch.stack([modalities[n].present for n in self.names])  # (M, B)
        total = torch.stack(list(views.values())).sum(dim=0)  # (B, D)
        mean = total / present.sum(dim=0).clamp_min(1)[:, None]  # (B, D)
        return Fused(mean * self.gain, views, {})


def gcca(views: list[Tensor], dim: int, ridges: list[float]) -> tuple[Tensor, list[Tensor]]:
    """MAXVAR generalised CCA of centred views X_m (d_m, n) in closed form.

    Minimises Σ_m ‖P_m X_m − Z‖² + r_m ‖P_m‖² with Z Zᵀ = I. The rows of Z are the top eigenvectors of
    Σ_m X_mᵀ (X_m X_mᵀ + r_m I)⁻¹ X_m, found without the n×n matrix: X_mᵀ = U_m S_m V_mᵀ, T_m = S_m/√(S_m² + r_m), and
    the left singular vectors of [U_1 T_1, …]. P_m = Z X_mᵀ (X_m X_mᵀ + r_m I)⁻¹. Signs: the largest entry of a row of
    Z is positive. Returns Z (k, n) and P_m (k, d_m), with k = `dim` or fewer where the views span less.

    Source: Kettenring 1971; Rastogi, Van Durme, Arora, Multiview LSA, NAACL 2015 (the thin-SVD route).
    """
    parts = [torch.linalg.svd(x.T, full_matrices=False) for x in views]  # (n, k_m), (k_m,), (k_m, d_m)
    shrunk = [u * (s / (s.square() + r).sqrt()) for (u, s, _), r in zip(parts, ridges, strict=True)]  # (n, k_m)
    left, _, _ = torch.linalg.svd(torch.cat(shrunk, dim=1), full_matrices=False)  # (n, Σ k_m)
    z = left[:, :dim].T  # (k, n)
    signs = torch.gather(z, 1, z.abs().argmax(dim=1, keepdim=True)).sign()  # (k, 1)
    z = z * signs  # (k, n)
    maps = [
        (z @ u) * (s / (s.square() + r)) @ v  # (k, d_m)
        for (u, s, v), r in zip(parts, ridges, strict=True)
    ]
    return z, maps
