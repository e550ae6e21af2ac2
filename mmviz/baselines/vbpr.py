"""VBPR: BPR-MF with a second pair of vectors that looks at the picture, the first visual recommender."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np
from scipy.sparse import csr_array

from mmviz.baselines._factors import EPOCHS, FactorBase, FactorConfig, served, trained_tables
from mmviz.baselines.base import TrainData
from mmviz.features.prepared import prepared
from mmviz.fields import setting
from mmviz.ranker import Weights, every_weight

if TYPE_CHECKING:
    from mmviz.baselines._bpr import Module

__all__ = ["Vbpr", "VbprConfig"]


@dataclass(frozen=True)
class VbprConfig(FactorConfig):
    visual: int = setting(32, "Width of a person's taste for looks (θ).", 2, 1024)
    directions: int = setting(256, "Main directions of the encoder's vectors that are kept.", 2, 4096)


class Vbpr(FactorBase):
    """x_ui = β_i + γ_u·γ_i + θ_u·(E f_i) + β'·f_i (eq. 4). An item that nobody has taken has its looks alone."""

    title = "VBPR"
    summary = (
        "Matrix factorisation with a second taste of every person, for how things look, learned from the pictures. It "
        "is the oldest of the visual recommenders and the one that papers compare with first."
    )
    formula = (
        r"s(u, i) = \beta_i + \gamma_u^\top \gamma_i + \theta_u^\top (E f_i) + \beta'^\top f_i, \quad "
        r"\min -\sum_{(u,i,j)} \ln \sigma(s(u,i) - s(u,j))"
    )
    paper = "He, McAuley, VBPR: Visual Bayesian personalized ranking from implicit feedback, AAAI 2016"
    Config = VbprConfig
    uses = ("image",)
    grid = {"epochs": EPOCHS, "l2": (0.01, 0.03, 0.1)}  # noqa: RUF012
    config: VbprConfig

    def _fit(self, data: TrainData) -> dict[str, np.ndarray]:
        width, known = self.config.directions, data.popularity > 0  # (I,)
        content = data.latest(
            "content", width, lambda: prepared(data.vectors["image"], data.fitted_items, width, "image")
        )  # (I, d)

        def make() -> Module:
            from mmviz.baselines._mf import VisualFactors

            return VisualFactors(data.train.shape[0], content, self.config.factors, self.config.visual)

        made = trained_tables(data, self.config, make)
        tables = {
            "items": made["items"] * known[:, None],  # (I, F)
            "bias": made["bias"] * known,  # (I,)
            "vectors.image": made["look"],  # (I, V)
            "look_bias": made["look_bias"],  # (I,)
            "through": made["through"],  # (d, V)
            "through_bias": made["through_bias"],  # (d,)
        }
        return tables | served(data.train, made["people"], _side_by_side(tables))

    def fed(self, vectors: Mapping[str, np.ndarray], like: Mapping[str, np.ndarray], fitted_items: np.ndarray) -> Self:
        through = self._table("through")  # (d, V)
        content = prepared(vectors["image"], fitted_items, len(through), "image", like["image"])  # (I', d)
        more = len(content) - len(self._table("bias"))
        tables = {
            "items": np.pad(self._table("items"), ((0, more), (0, 0))),  # (I', F)
            "bias": np.pad(self._table("bias"), (0, more)),  # (I',)
            "vectors.image": content @ through,  # (I', V)
            "look_bias": content @ self._table("through_bias"),  # (I',)
        }
        return self.from_state(self.state() | tables)

    def score(self, history: csr_array, weights: Weights | None = None) -> np.ndarray:
        image = np.float32(every_weight(self.modalities, weights)["image"])
        items, look = self._table("items"), self._table("vectors.image")  # (I, F), (I, V)
        people = self.people(history, _side_by_side(self._fitted))  # (B, F + V)
        factors = items.shape[1]
        scores = people[:, :factors] @ items.T + self._table("bias")  # (B, I)
        return np.asarray(scores + image * (people[:, factors:] @ look.T + self._table("look_bias")))

    def embedding(self, weights: Weights | None = None) -> np.ndarray:
        image = np.float32(every_weight(self.modalities, weights)["image"])
        return np.concatenate([self._table("items"), image * self._table("vectors.image")], axis=1)  # (I, F + V)


def _side_by_side(tables: dict[str, np.ndarray]) -> np.ndarray:
    """What a history is read as: an item's factors and its looks, (I, F + V)."""
    return np.concatenate([tables["items"], tables["vectors.image"]], axis=1)
