"""Category: which one of the catalogue's categories an item belongs to."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from mmviz.heads._labels import judged, labels_of
from mmviz.heads.base import Head, Step, Taught
from mmviz.views.tasks import TaskResult

__all__ = ["Category"]


class Category(Head):
    title = "Category"
    summary = (
        "A linear map of the fused vector says which category an item belongs to. "
        "It learns from the categories of train items and is judged on items whose category it never saw."
    )
    formula = r"p(c \mid i) = \mathrm{softmax}_c\,(w_c^\top m_i + b_c)"
    paper = "Caruana, Multitask learning, Machine Learning 1997"
    learns = "category"

    target: Tensor

    def __init__(self, taught: Taught, dim: int) -> None:
        super().__init__(taught, dim)
        known = taught.known.numpy().astype(bool)
        self.labels = labels_of("category", taught.catalogue, taught.split, known, "category")
        learned = self.labels.learn & self.labels.given.any(axis=1)  # (I,)
        target = np.where(learned, self.labels.given.argmax(axis=1), -1)  # (I,), -1 = not to be learned from
        self.register_buffer("target", torch.from_numpy(target), persistent=False)
        self.score = nn.Linear(dim, len(self.labels.classes))

    def loss(self, step: Step) -> Tensor:
        target = self.target[step.items]  # (S,)
        if not (target >= 0).any():
            return step.content.sum() * 0.0
        return cross_entropy(self.score(step.content), target, ignore_index=-1)

    @torch.no_grad()
    def measure(self, table: Tensor) -> TaskResult:
        labels = self.labels
        scores = self.score(table[torch.from_numpy(labels.judge).to(table.device)])  # (n, C)
        said = scores.argmax(dim=1).cpu().numpy()  # (n,)
        given = labels.given[labels.judge]  # (n, C)
        right = given[np.arange(len(said)), said]  # (n,)
        common = given[:, labels.given[labels.learn].sum(axis=0).argmax()]  # (n,)
        return judged(
            labels,
            "accuracy",
            right.astype(float),
            common.astype(float),
            "most frequent category",
            macro_f1=_macro_f1(said, given),
        )


def _macro_f1(said: np.ndarray, given: np.ndarray) -> float:
    """Mean F1 over the classes that are judged: (n,), (n, C)."""
    chosen = said[:, None] == np.arange(given.shape[1])  # (n, C)
    hits, total = (chosen & given).sum(axis=0), chosen.sum(axis=0) + given.sum(axis=0)  # (C,)
    some = given.any(axis=0)  # (C,)
    return float((2 * hits[some] / total[some]).mean()) if some.any() else float("nan")
