"""Collective EASE on a fusion's vectors: interactions and fused content solved in one step.

Shape letters: B users, I items, W items with train interactions, D content width, M modalities.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Self, cast

import numpy as np
from scipy.sparse import csr_array

from mmviz.baselines.collective_ease import CollectiveEase
from mmviz.fusion_ranker import FusionRanker
from mmviz.interaction.base import Finished, InteractionModel, Material
from mmviz.memo import Memo
from mmviz.progress import Report
from mmviz.ranker import Ranker, Weights, every_weight

__all__ = ["Collective", "FusedEase"]

_FUSED = "fused"
_KEPT = 8
"""Solutions for different weights that are kept; each holds a few W·D float32."""


class FusedEase(Ranker):
    """Collective EASE whose side information is what a fusion model makes of the items at the weights asked for."""

    def __init__(self, fused: FusionRanker, ease: CollectiveEase) -> None:
        """`ease` was solved with `fused.embedding()` as its only content."""
        self._fused, self._ease = fused, ease
        self._solved: Memo[CollectiveEase] = Memo(_KEPT)

    @property
    def modalities(self) -> tuple[str, ...]:
        return self._fused.modalities

    def embedding(self, weights: Weights | None = None) -> np.ndarray:
        return self._fused.embedding(weights)

    def with_fused(self, fused: FusionRanker) -> FusedEase:
        """The same solution of the interactions beside what another fusion model makes of the items.

        The new vectors are scaled as the old ones were; `fused` may have further items at its end.
        """
        like = {_FUSED: self._fused.embedding()}
        return FusedEase(fused, self._ease.with_vectors({_FUSED: fused.embedding()}, like))

    @property
    def fused(self) -> FusionRanker:
        """The fusion's own tables."""
        return self._fused

    def score(self, history: csr_array, weights: Weights | None = None) -> np.ndarray:
        given = every_weight(self.modalities, weights)
        return self._at(given).score(history, {_FUSED: max(given.values())})

    def _at(self, given: dict[str, float]) -> CollectiveEase:
        """The solution at these weights of the modalities; the latest few are kept."""
        values = tuple(given.values())
        if min(values) == 1.0 or max(values) == 0.0:
            return self._ease
        return self._solved.get(values, lambda: self._ease.with_vectors({_FUSED: self._fused.embedding(given)}))

    def state(self) -> dict[str, np.ndarray]:
        return {
            **{f"fused.{name}": table for name, table in self._fused.state().items()},
            **{f"ease.{name}": table for name, table in self._ease.state().items()},
        }

    @classmethod
    def from_state(cls, state: Mapping[str, np.ndarray]) -> Self:
        def part(prefix: str) -> dict[str, np.ndarray]:
            return {name.removeprefix(prefix): table for name, table in state.items() if name.startswith(prefix)}

        return cls(FusionRanker.from_state(part("fused.")), CollectiveEase.from_state(part("ease.")))


class Collective(InteractionModel):
    title = "Collective EASE"
    summary = (
        "The fusion is trained as under the two-tower model; then its vectors are stacked under the interactions, and "
        "both are solved in one step. Nothing is lost of what plain co-occurrence knows, and content fills its gaps."
    )
    formula = (
        r"s(u, \cdot) = x_u B, \quad B = I - P\,\mathrm{diag}(1 / P_{jj}),\;"
        r" P = \big(X^\top X + w\,m\,m^\top + \lambda I\big)^{-1}"
    )
    paper = "Jeunen et al., Closed-form models for collaborative filtering with side-information, RecSys 2020"
    serves = FusedEase

    def finish(self, trained: FusionRanker, material: Material, report: Report) -> Finished:
        best = CollectiveEase.fit_best(
            material.train,
            material.valid,
            vectors={_FUSED: trained.embedding()},
            candidates=material.candidates,
            report=report,
        )
        settings = {"ease": asdict(best.model.config)}
        return Finished(FusedEase(trained, best.model), best.model.parameters, settings)

    @classmethod
    def with_content(cls, served: Ranker, fused: FusionRanker) -> Ranker:
        return cast(FusedEase, served).with_fused(fused)

    @classmethod
    def fused_of(cls, served: Ranker) -> FusionRanker:
        return cast(FusedEase, served).fused

    @classmethod
    def with_interactions(cls, fused: FusionRanker, train: csr_array, settings: Mapping[str, Any]) -> Ranker:
        ease = CollectiveEase(CollectiveEase.Config(**settings["ease"]))
        return FusedEase(fused, ease.fit_data(CollectiveEase.data(train, vectors={_FUSED: fused.embedding()})))
