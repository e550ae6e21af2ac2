"""Content k-nearest neighbours on the text alone."""

from __future__ import annotations

from mmviz.baselines._content_knn import ContentKnnBase

__all__ = ["ContentKnnText"]


class ContentKnnText(ContentKnnBase):
    title = "Content kNN, text only"
    summary = (
        "Recommends what looks or reads like the things that the person already has, and asks nobody else. "
        "This one reads the text only."
    )
    formula = r"s(u, i) = \sum_m a_m \cos\Big(\textstyle\sum_{j \in H_u} \hat f_{m,j},\; f_{m,i}\Big)"
    paper = "Lops et al., Content-based recommender systems, Recommender Systems Handbook 2011"
    uses = ("text",)
