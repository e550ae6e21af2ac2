"""Collective EASE on every modality."""

from __future__ import annotations

from dataclasses import dataclass

from mmviz.baselines._collective import CollectiveConfig, CollectiveEaseBase
from mmviz.baselines._content import TextShare

__all__ = ["CollectiveEase", "CollectiveEaseConfig"]


@dataclass(frozen=True)
class CollectiveEaseConfig(TextShare, CollectiveConfig):
    """All settings of collective EASE, with the division of the content's weight among the modalities."""


class CollectiveEase(CollectiveEaseBase):
    title = "Collective EASE"
    summary = (
        "EASE that also has to explain the content of each item by that of the others: interactions and content are "
        "stacked, and both are solved in one step. A new item is written as a mixture of the items that resemble it."
    )
    formula = (
        r"s(u, \cdot) = x_u B, \quad B = I - P\,\mathrm{diag}(1 / P_{jj}),\;"
        r" P = \Big(X^\top X + w \sum_m a_m M_m M_m^\top + \lambda I\Big)^{-1}"
    )
    paper = "Jeunen et al., Closed-form models for collaborative filtering with side-information, RecSys 2020"
    Config = CollectiveEaseConfig
    grid = CollectiveEaseBase.grid | {"text_share": (0.2, 0.35, 0.5, 0.65, 0.8)}
    uses = None
