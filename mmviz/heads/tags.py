"""Tags: which of the catalogue's tags an item carries; several may be right."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from mmviz.heads._labels import judged, labels_of
from mmviz.heads.base import Head, Step, Taught
from mmviz.views.tasks import TaskResult

__all__ = ["Tags"]


class Tags(Head):
    title = "Tags"
    summary = (
        "A linear map of the fused vector says for every tag how likely an item carries it. "
        "It learns from the tags of train items and is judged on items whose tags it never saw."
    )
    formula = r"p(t \mid i) = \sigma(w_t^\top m_i + b_t)"
    paper = "Caruana, Multitask learning, Machine Learning 1997"
    learns = "tags"

    given: Tensor
    learn: Tensor

    def __init__(self, taught: Taught, dim: int) -> None:
        super().__init__(taught, dim)
        self.labels = labels_of("tags", taught.catalogue, taught.split, taught.known.numpy().astype(bool), "tags")
        self.register_buffer("given", torch.from_numpy(self.labels.given.astype(np.float32)), persistent=False)
        self.register_buffer("learn", torch.from_numpy(self.labels.learn), persistent=False)
        self.score = nn.Linear(dim, len(self.labels.classes))
        often = self.labels.given[self.labels.learn].mean(axis=0).clip(1e-3, 1 - 1e-3)  # (C,)
        with torch.no_grad():
            self.score.bias.copy_(torch.from_numpy(np.log(often / (1 - often))))  # (C,)

    def loss(self, step: Step) -> Tensor:
        learn = self.learn[step.items]  # (S,)
        if not learn.any():
            return step.content.sum() * 0.0
        logits, given = self.score(step.content[learn]), self.given[step.items][learn]  # (s, C) each
        return binary_cross_entropy_with_logits(logits, given, reduction="sum") / len(given)

    @torch.no_grad()
    def measure(self, table: Tensor) -> TaskResult:
        labels = self.labels
        scores = self.score(table[torch.from_numpy(labels.judge).to(table.device)]).cpu().numpy()  # (n, C)
        given = labels.given[labels.judge]  # (n, C)
        often = np.broadcast_to(labels.given[labels.learn].mean(axis=0), scores.shape)  # (n, C)
        own, control = (average_precision(each, given) for each in (scores, often))
        chosen = scores > 0  # (n, C)
        f1 = 2 * (chosen & given).sum() / max(int(chosen.sum() + given.sum()), 1)
        return judged(labels, "mean average precision", own, control, "tags by frequency", micro_f1=float(f1))


def average_precision(scores: np.ndarray, given: np.ndarray) -> np.ndarray:
    """Average precision of each item's ranked tags: (n, C), (n, C) bool -> (n,); 0 where none can be found.

    Mean over an item's tags of the share of right ones among those ranked at least as high; ties by column.
    """
    order = np.argsort(-scores, axis=1, kind="stable")  # (n, C)
    right = np.take_along_axis(given, order, axis=1)  # (n, C)
    precision = right.cumsum(axis=1) / np.arange(1, scores.shape[1] + 1)  # (n, C)
    return np.asarray((precision * right).sum(axis=1) / np.maximum(right.sum(axis=1), 1))
