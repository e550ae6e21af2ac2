"""Collective EASE on a fusion's vectors: interactions and fused content solved in one step.

The two-tower score of the same fusion is added where validation finds that it helps, since the two err differently.
Only items that somebody took get both: on the few new items of a validation part the weight of a sum is chosen badly.

Shape letters: B users, I items, W items with train interactions, D content width, M modalities.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Self, cast

import numpy as np
from scipy.sparse import csr_array

from mmviz.baselines._search import validated
from mmviz.baselines.collective_ease import CollectiveEase
from mmviz.fusion_ranker import FusionRanker
from mmviz.interaction.base import Finished, InteractionModel, Material
from mmviz.memo import Memo
from mmviz.progress import Progress, Report
from mmviz.ranker import Ranker, Weights, every_weight

__all__ = ["Collective", "FusedEase"]

_FUSED = "fused"
_KEPT = 8
"""Solutions for different weights that are kept; each holds a few W·D float32."""
BESIDE = (0.1, 0.2, 0.3, 0.5, 0.8, 1.2, 2.0)
"""Weights of the two-tower score that are tried beside none, in units in which it varies as much as that of EASE."""
_SAMPLE = 4096
"""People at most from whose scores that unit is taken."""


class FusedEase(Ranker):
    """Collective EASE whose side information is what a fusion model makes of the items at the weights asked for."""

    def __init__(self, fused: FusionRanker, ease: CollectiveEase, beside: float = 0.0) -> None:
        """`ease` was solved with `fused.embedding()` as its only content; `beside` is the weight of `fused` itself."""
        self._fused, self._ease, self._beside = fused, ease, beside
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
        return FusedEase(fused, self._ease.with_vectors({_FUSED: fused.embedding()}, like), self._beside)

    @property
    def beside(self) -> float:
        """Weight of the fusion's own score beside that of EASE."""
        return self._beside

    def with_beside(self, beside: float) -> FusedEase:
        """The same with another weight of the fusion's own score."""
        return FusedEase(self._fused, self._ease, beside)

    @property
    def fused(self) -> FusionRanker:
        """The fusion's own tables."""
        return self._fused

    def score(self, history: csr_array, weights: Weights | None = None) -> np.ndarray:
        return np.asarray(sum(self.summands(history, weights)))  # (B, I)

    def summands(self, history: csr_array, weights: Weights | None = None) -> tuple[np.ndarray, ...]:
        """What EASE says, and what the fusion says itself of the known items, from their mean on; (B, I) each."""
        given = every_weight(self.modalities, weights)
        by_ease = self._at(given).score(history, {_FUSED: max(given.values())})  # (B, I)
        if self._beside == 0.0:
            return (by_ease,)
        known = self._ease.known  # (W,)
        own = self._fused.score(history, given)[:, known]  # (B, W)
        by_fusion = np.zeros_like(by_ease)  # (B, I)
        by_fusion[:, known] = np.float32(self._beside) * (own - own.mean(axis=1, keepdims=True))
        return by_ease, by_fusion

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
            "beside": np.array(self._beside),
        }

    @classmethod
    def from_state(cls, state: Mapping[str, np.ndarray]) -> Self:
        def part(prefix: str) -> dict[str, np.ndarray]:
            return {name.removeprefix(prefix): table for name, table in state.items() if name.startswith(prefix)}

        fused, ease = FusionRanker.from_state(part("fused.")), CollectiveEase.from_state(part("ease."))
        return cls(fused, ease, state["beside"].item())


def _unit(model: FusedEase, train: csr_array) -> float:
    """How many times as much what EASE adds to the scores varies as what the fusion adds; 0 = the latter does not."""
    people = np.flatnonzero(np.diff(train.indptr))
    by_ease, own = model.with_beside(1.0).summands(train[people[:: -(-len(people) // _SAMPLE)]])  # (B, I) each
    varies = float(own.std())
    return float(by_ease.std()) / varies if varies > 0 else 0.0


class Collective(InteractionModel):
    title = "Collective EASE"
    summary = (
        "The fusion is trained as under the two-tower model; then its vectors are stacked under the interactions, and "
        "both are solved in one step. The two-tower score is added with the weight that validation chooses, often none."
    )
    formula = (
        r"s(u, \cdot) = x_u B, \quad B = I - P\,\mathrm{diag}(1 / P_{jj}),\;"
        r" P = \big(X^\top X + w\,m\,m^\top + \lambda I\big)^{-1} \quad (+\ \gamma\, s_{\text{two-tower}})"
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
        model, score = FusedEase(trained, best.model), best.score
        unit = _unit(model, material.train)
        for weight in BESIDE if unit else ():
            candidate = model.with_beside(weight * unit)
            found = validated(candidate, material.train, material.valid, material.candidates)
            report(Progress("Weighing the two-tower score", note=f"NDCG@10 {found:.4f} at weight {weight}"))
            if found > score + 1e-12:
                model, score = candidate, found
        settings = {"ease": asdict(best.model.config), "two-tower score": {"beside": model.beside}}
        return Finished(model, best.model.parameters, settings)

    @classmethod
    def with_content(cls, served: Ranker, fused: FusionRanker) -> Ranker:
        return cast(FusedEase, served).with_fused(fused)

    @classmethod
    def fused_of(cls, served: Ranker) -> FusionRanker:
        return cast(FusedEase, served).fused

    @classmethod
    def with_interactions(cls, fused: FusionRanker, train: csr_array, settings: Mapping[str, Any]) -> Ranker:
        ease = CollectiveEase(CollectiveEase.Config(**settings["ease"]))
        beside = settings["two-tower score"]["beside"]
        return FusedEase(fused, ease.fit_data(CollectiveEase.data(train, vectors={_FUSED: fused.embedding()})), beside)
