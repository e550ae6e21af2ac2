"""EASE: the closed form that most models without content fail to beat."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from mmviz.baselines._linear import check_memory, inverse, onto, spread
from mmviz.baselines.base import Baseline, BaselineConfig, TrainData
from mmviz.fields import setting
from mmviz.ranker import Weights

__all__ = ["Ease", "EaseConfig"]


@dataclass(frozen=True)
class EaseConfig(BaselineConfig):
    l2: float = setting(300.0, "Pull of the item-to-item weights towards 0 (λ).", 0.01, 1e6)


class Ease(Baseline):
    """B = I − P·diag(1/P_jj) with P = (XᵀX + λI)⁻¹ (eq. 8 of the paper), over the items with train interactions.

    Items without any score 0. Costs W³ for the inverse, once; the inverse is float64 and B is kept as float32.
    """

    title = "EASE"
    summary = (
        "Each item is predicted from all others by a linear model whose weights are solved for in one step; an item "
        "may not predict itself. Simple as it is, it beats most deep models on dense data."
    )
    formula = (
        r"s(u, \cdot) = x_u B, \quad B_{ij} = -\frac{P_{ij}}{P_{jj}},\; B_{jj} = 0,\; P = (X^\top X + \lambda I)^{-1}"
    )
    paper = "Steck, Embarrassingly shallow autoencoders for sparse data, WWW 2019"
    Config = EaseConfig
    grid = {"l2": (3.0, 10.0, 30.0, 100.0, 300.0, 1000.0, 3000.0)}  # noqa: RUF012
    config: EaseConfig

    def _fit(self, data: TrainData) -> dict[str, np.ndarray]:
        check_memory(self.title, len(data.known))
        precision = inverse(data.gram, self.config.l2)  # (W, W)
        weights = (precision / -np.diag(precision)).astype(np.float32)  # (W, W): column j over −P_jj
        np.fill_diagonal(weights, 0.0)
        return {"weights": weights, "known": data.known}

    def score(self, history: csr_array, weights: Weights | None = None) -> np.ndarray:  # noqa: ARG002
        known = self._table("known")  # (W,)
        return spread(onto(history, known) @ self._table("weights"), known, history.shape[1])  # (B, I)
