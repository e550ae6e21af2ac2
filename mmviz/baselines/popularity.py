"""Popularity: the same list for everyone."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array

from mmviz.baselines.base import Baseline, TrainData
from mmviz.ranker import Weights

__all__ = ["Popularity"]


class Popularity(Baseline):
    """Ranks by the number of train users; items that nobody has taken are all equal."""

    title = "Popularity"
    summary = (
        "Everyone gets the items that most people have taken. It knows nothing of the person, so a model that does "
        "not beat it has learned nothing about taste."
    )
    formula = r"s(u, i) = |\{v : x_{vi} = 1\}|"
    paper = "Cremonesi et al., Performance of recommender algorithms on top-N recommendation tasks, RecSys 2010"

    def _fit(self, data: TrainData) -> dict[str, np.ndarray]:
        return {"counts": data.popularity.astype(np.float32)}  # (I,)

    def score(self, history: csr_array, weights: Weights | None = None) -> np.ndarray:  # noqa: ARG002
        counts = self._table("counts")  # (I,)
        return np.repeat(counts[None], history.shape[0], axis=0)  # (B, I)
