"""The contract of the interaction models: how item vectors and who took what become scores.

Shape letters: U users, I items, D content width, F collaborative width, M modalities.
"""

from __future__ import annotations

from abc import ABC
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, cast

import numpy as np
from scipy.sparse import csr_array

from mmviz.features import Features
from mmviz.fields import check_bounds
from mmviz.fusion_ranker import FusionRanker
from mmviz.progress import Report
from mmviz.ranker import Ranker

if TYPE_CHECKING:
    import torch

    from mmviz.propagation import Propagation

__all__ = ["Finished", "InteractionConfig", "InteractionModel", "Material"]


@dataclass(frozen=True)
class InteractionConfig:
    """Settings of an interaction model; each one's own Config extends it. Raises ValueError for one out of bounds."""

    def __post_init__(self) -> None:
        check_bounds(self)


@dataclass(frozen=True)
class Material:
    """What an interaction model may learn from: nothing of the test split.

    - `train`, `valid`: (U, I) binary interactions; `candidates`: (I,) bool, the items that validation ranks.
    - `fitted_on`: where features or interactions were changed after the training, what they were then: scalers and the
      choice of neighbours stay with it. None = nothing was changed.
    """

    train: csr_array
    valid: csr_array
    candidates: np.ndarray | None
    features: Features
    fitted_on: Material | None = None

    @property
    def original(self) -> Material:
        """The material as it was at the training."""
        return self.fitted_on or self


@dataclass(frozen=True)
class Finished:
    """What serves, how many numbers were added to the trained network's, and the settings that validation chose."""

    ranker: Ranker
    parameters: int = 0
    settings: dict[str, Any] = field(default_factory=dict)


class InteractionModel(ABC):
    """One interaction model. A file in `mmviz/interaction/` with one subclass is all that a new one needs.

    Class attributes: `title`, `summary`, `formula`, `paper` as those of a fusion, `Config`, and `serves`, the class
    from which its stored runs are served. What differs from the two-tower model is said in one of two methods.
    """

    title: ClassVar[str]
    summary: ClassVar[str]
    formula: ClassVar[str]
    paper: ClassVar[str]
    Config: ClassVar[type[InteractionConfig]] = InteractionConfig
    serves: ClassVar[type[Ranker]] = FusionRanker

    def __init__(self, config: InteractionConfig) -> None:
        self.config = config

    def propagation(self, material: Material, names: tuple[str, ...], device: torch.device) -> Propagation | None:  # noqa: ARG002
        """The graphs along which item tables are spread, in training and in serving; None = not at all."""
        return None

    def finish(self, trained: FusionRanker, material: Material, report: Report) -> Finished:  # noqa: ARG002
        """What is made of the trained model before it is tested."""
        return Finished(trained)

    @classmethod
    def with_content(cls, served: Ranker, fused: FusionRanker) -> Ranker:  # noqa: ARG003
        """What would serve if the items' content were that of `fused`, with everything else as in `served`.

        `fused` may have further items behind those of `served`.
        """
        return fused

    @classmethod
    def fused_of(cls, served: Ranker) -> FusionRanker:
        """The fusion's own tables within what serves."""
        return cast(FusionRanker, served)

    @classmethod
    def with_interactions(cls, fused: FusionRanker, train: csr_array, settings: Mapping[str, Any]) -> Ranker:  # noqa: ARG003
        """What would serve after more interactions (U, I), the network as trained; `settings` are those of the run.

        `fused` holds the network's tables, spread along the new interactions where there is a graph.
        """
        return fused

    def nearest(self, material: Material, pooled: Mapping[str, np.ndarray]) -> dict[str, csr_array]:  # noqa: ARG002
        """The known items that items outside the catalogue are spread from: modality -> (n, I), rows sum to 1 or 0.

        `pooled` maps a modality to their summaries (n, Dp), rows of zeros where they lack it.
        """
        return {}
