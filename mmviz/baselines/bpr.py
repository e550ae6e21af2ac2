"""BPR-MF: matrix factorisation trained to rank, the yardstick of learned models without content."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array

from mmviz.baselines._factors import EPOCHS, FactorBase, served, trained_tables, unknown_last
from mmviz.baselines.base import TrainData
from mmviz.ranker import Weights

if TYPE_CHECKING:
    from mmviz.baselines._bpr import Module

__all__ = ["Bpr"]


class Bpr(FactorBase):
    """x_ui = β_i + γ_u·γ_i. Items that nobody has taken stand last."""

    title = "BPR-MF"
    summary = (
        "Every person and every item gets a vector, learned so that what a person took scores above what they did "
        "not. It knows no content, and most learned recommenders are measured against it."
    )
    formula = r"s(u, i) = \beta_i + \gamma_u^\top \gamma_i, \quad \min -\sum_{(u,i,j)} \ln \sigma(s(u,i) - s(u,j))"
    paper = "Rendle et al., BPR: Bayesian personalized ranking from implicit feedback, UAI 2009"
    grid = {"epochs": EPOCHS, "l2": (0.01, 0.03, 0.1)}  # noqa: RUF012

    def _fit(self, data: TrainData) -> dict[str, np.ndarray]:
        def make() -> Module:
            from mmviz.baselines._mf import MatrixFactors

            n_users, n_items = data.train.shape
            return MatrixFactors(n_users, n_items, self.config.factors)

        made = trained_tables(data, self.config, make)
        known = np.zeros(data.train.shape[1], dtype=bool)  # (I,)
        known[data.known] = True
        items = made["items"] * known[:, None]  # (I, F)
        tables = {"items": items, "bias": made["bias"] * known, "known": known}
        return tables | served(data.train, made["people"], items)

    def score(self, history: csr_array, weights: Weights | None = None) -> np.ndarray:  # noqa: ARG002
        items = self._table("items")  # (I, F)
        scores = self.people(history, items) @ items.T + self._table("bias")  # (B, I)
        return unknown_last(scores, self._table("known"))

    def embedding(self, weights: Weights | None = None) -> np.ndarray:  # noqa: ARG002
        return self._table("items")
