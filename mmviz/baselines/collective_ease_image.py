"""Collective EASE on the picture alone."""

from __future__ import annotations

from mmviz.baselines._collective import CollectiveEaseBase

__all__ = ["CollectiveEaseImage"]


class CollectiveEaseImage(CollectiveEaseBase):
    title = "Collective EASE, image only"
    summary = (
        "EASE that also has to explain the content of each item by that of the others: interactions and content are "
        "stacked, and both are solved in one step. This one sees the picture only."
    )
    formula = (
        r"s(u, \cdot) = x_u B, \quad B = I - P\,\mathrm{diag}(1 / P_{jj}),\;"
        r" P = \Big(X^\top X + w \sum_m a_m M_m M_m^\top + \lambda I\Big)^{-1}"
    )
    paper = "Jeunen et al., Closed-form models for collaborative filtering with side-information, RecSys 2020"
    uses = ("image",)
