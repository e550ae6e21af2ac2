"""LightGCN: factors spread along the graph of who took what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array

from mmviz.baselines._factors import EPOCHS, FactorBase, FactorConfig, served, trained_tables, unknown_last
from mmviz.baselines.base import TrainData
from mmviz.fields import setting
from mmviz.ranker import Weights

if TYPE_CHECKING:
    from mmviz.baselines._bpr import Module

__all__ = ["LightGcn", "LightGcnConfig"]


@dataclass(frozen=True)
class LightGcnConfig(FactorConfig):
    l2: float = setting(0.03, "Pull of the starting vectors towards 0.", 0.0, 100.0)
    layers: int = setting(2, "Steps that the vectors are spread along the graph.", 1, 8)


class LightGcn(FactorBase):
    """s = e_u·e_i with e the mean of the layers. Items that nobody has taken stand last."""

    title = "LightGCN"
    summary = (
        "The vectors of people and items are mixed along who took what, several steps far, and trained to rank. It "
        "is the graph model without content that multimodal graph models build on."
    )
    formula = (
        r"e^{(l+1)} = D^{-1/2} A D^{-1/2} e^{(l)}, \quad e = \tfrac{1}{L+1} \sum_{l=0}^{L} e^{(l)}, \quad "
        r"s(u, i) = e_u^\top e_i"
    )
    paper = "He et al., LightGCN: Simplifying and powering graph convolution network for recommendation, SIGIR 2020"
    Config = LightGcnConfig
    grid = {"epochs": EPOCHS, "l2": (0.001, 0.01, 0.03)}  # noqa: RUF012
    config: LightGcnConfig

    def _fit(self, data: TrainData) -> dict[str, np.ndarray]:
        def make() -> Module:
            from mmviz.baselines._mf import LightGcnModule

            return LightGcnModule(data.train, self.config.factors, self.config.layers)

        made = trained_tables(data, self.config, make)
        known = np.zeros(data.train.shape[1], dtype=bool)  # (I,)
        known[data.known] = True
        items = made["items"] * known[:, None]  # (I, F)
        return {"items": items, "known": known} | served(data.train, made["people"], items)

    def score(self, history: csr_array, weights: Weights | None = None) -> np.ndarray:  # noqa: ARG002
        items = self._table("items")  # (I, F)
        return unknown_last(self.people(history, items) @ items.T, self._table("known"))  # (B, I)

    def embedding(self, weights: Weights | None = None) -> np.ndarray:  # noqa: ARG002
        return self._table("items")
