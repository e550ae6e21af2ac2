"""The two-tower model: a person is the sum of what they took, and is compared with every item."""

from __future__ import annotations

from mmviz.interaction.base import InteractionModel

__all__ = ["TwoTower"]


class TwoTower(InteractionModel):
    title = "Two-tower"
    summary = (
        "One tower turns an item into a vector, the other turns a person's history into one; their product is the "
        "score. A person who was not there in training, or an item that nobody took, is served like any other."
    )
    formula = r"s(u, i) = b_i + p_u^\top q_i + w_u^\top m_i,\quad p_u = y^\top \hat h_u,\; w_u = A^\top m^\top \hat h_u"
    paper = "Koren, Factorization meets the neighborhood, KDD 2008 (eq. 13), with content beside it"
