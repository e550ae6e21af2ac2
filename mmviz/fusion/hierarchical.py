"""Hierarchical attention: first which words and patches matter, then which modality."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from mmviz.errors import FusionError
from mmviz.fusion._layers import LayerScale, ModalityInput, TokenInput, masked_softmax
from mmviz.fusion.base import Fused, Fusion, FusionConfig, ModalityShape, Tokens, setting

__all__ = ["Hierarchical", "HierarchicalConfig"]


@dataclass(frozen=True)
class HierarchicalConfig(FusionConfig):
    questions: int = setting(
        1,
        "Learned questions K that look at the item; each fills its own part of the item vector, and a person's taste "
        "decides how much each part counts. Must divide the width.",
        1,
        16,
    )


class Hierarchical(Fusion):
    """Two levels of attention with learned queries (Yang et al. 2016, eq. 5 to 10), words and patches first.

    The share of a token in the item is the product α_modality · α_token of the maps "modality" and "image pool" or
    "text pool". A modality's vector is its pooled tokens plus the encoder's own summary of it, which has no map.

    User-guided attention in the literature asks with the person's own vector. Then an item has another vector for
    every person, and tables of item vectors, as everything from search to the item maps needs them, do not exist. What
    fits is `questions` > 1: K queries, the same for all, each of which fills D/K entries of the item vector. The
    person's taste vector w_u weighs the entries, so the score is a sum Σ_k w_u,k · m_i,k over the questions: the
    person does not ask, but decides whose answer counts. The maps are then the mean over the questions, taken so that
    the product stays true; those of each question are named "… by question".
    """

    title = "Hierarchical attention"
    summary = (
        "First it decides which words of the text and which patches of the picture matter, then how much the picture "
        "and the text count as a whole. The product of the two says how much of the item hangs on a single word."
    )
    formula = (
        r"v_m = \sum_t \alpha_{m,t}\, x_{m,t},\ \ "
        r"\alpha_{m} = \operatorname{softmax}_t\big(q_m^\top \tanh(W_m x_{m,t})\big),\quad "
        r"m_i = \sum_m \beta_m v_m,\ \ \beta = \operatorname{softmax}_m\big(q^\top \tanh(W v_m)\big)"
    )
    paper = "Yang et al., Hierarchical attention networks for document classification, NAACL 2016"
    level = "tokens"
    Config = HierarchicalConfig

    def __init__(self, shapes: Mapping[str, ModalityShape], config: HierarchicalConfig) -> None:
        super().__init__(shapes, config)
        dim, dropout, n_questions = config.dim, config.dropout, config.questions
        if dim % n_questions:
            raise FusionError(
                f"{n_questions} questions cannot share an item vector of width {dim} evenly. "
                f"Choose a width that is a multiple of {n_questions}."
            )
        self.questions = n_questions
        self.tokens = nn.ModuleDict({n: TokenInput(s, dim, dropout) for n, s in self.shapes.items()})
        self.summaries = nn.ModuleDict({n: ModalityInput(n, s, dim, dropout) for n, s in self.shapes.items()})
        self.scales = nn.ModuleDict({n: LayerScale(dim) for n in self.names})
        self.token_scores = nn.ModuleDict({n: _scores(dim, n_questions) for n in self.names})
        self.modality_scores = _scores(dim, n_questions)

    def forward(self, modalities: Mapping[str, Tokens]) -> Fused:
        views: dict[str, Tensor] = {}
        inner: dict[str, Tensor] = {}
        for name in self.names:
            tokens = modalities[name]
            values = self.tokens[name](tokens)  # (B, N, D)
            weights = masked_softmax(self.token_scores[name](values).transpose(1, 2), tokens.mask[:, None, :])
            inner[name] = weights  # (B, K, N)
            pooled = weights[:, :, None] @ self._parts(values).transpose(1, 2)  # (B, K, 1, D/K)
            views[name] = self.scales[name](pooled.flatten(1)) + self.summaries[name](tokens)  # (B, D)
        stacked = torch.stack(list(views.values()), dim=1)  # (B, M, D)
        present = torch.stack([modalities[n].present for n in self.names], dim=1)  # (B, M)
        outer = masked_softmax(self.modality_scores(stacked).transpose(1, 2), present[:, None, :])  # (B, K, M)
        embedding = outer[:, :, None] @ self._parts(stacked).transpose(1, 2)  # (B, K, 1, D/K)
        return Fused(embedding.flatten(1), views, self._maps(inner, outer))

    def _parts(self, values: Tensor) -> Tensor:
        """The entries that belong to each question: (B, N, D) -> (B, N, K, D/K)."""
        return values.reshape(*values.shape[:2], self.questions, -1)

    def _maps(self, inner: Mapping[str, Tensor], outer: Tensor) -> dict[str, Tensor]:
        """Mean maps over the questions whose product is the mean share of a token, and each question's own."""
        maps = {"modality": outer.mean(dim=1)}  # (B, M)
        for place, name in enumerate(self.names):
            shares = (outer[:, :, place, None] * inner[name]).mean(dim=1)  # (B, N)
            maps[f"{name} pool"] = shares / shares.sum(dim=1, keepdim=True).clamp_min(1e-12)  # (B, N)
        if self.questions > 1:
            maps["modality by question"] = outer
            maps |= {f"{name} pool by question": weights for name, weights in inner.items()}
        return maps


def _scores(dim: int, n_questions: int) -> nn.Sequential:
    """How much each of K questions wants of a vector, before the softmax: (…, D) -> (…, K)."""
    return nn.Sequential(nn.Linear(dim, dim), nn.Tanh(), nn.Linear(dim, n_questions, bias=False))
