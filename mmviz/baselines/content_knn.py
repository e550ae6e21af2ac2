"""Content k-nearest neighbours on every modality."""

from __future__ import annotations

from mmviz.baselines._content import TextShare
from mmviz.baselines._content_knn import ContentKnnBase

__all__ = ["ContentKnn"]


class ContentKnn(ContentKnnBase):
    title = "Content kNN"
    summary = (
        "Recommends what looks or reads like the things that the person already has, and asks nobody else. "
        "It says how far the encoders get on their own."
    )
    formula = r"s(u, i) = \sum_m a_m \cos\Big(\textstyle\sum_{j \in H_u} \hat f_{m,j},\; f_{m,i}\Big)"
    paper = "Lops et al., Content-based recommender systems, Recommender Systems Handbook 2011"
    Config = TextShare
    grid = {"text_share": (0.0, 0.2, 0.35, 0.5, 0.65, 0.8, 1.0)}  # noqa: RUF012
    uses = None
