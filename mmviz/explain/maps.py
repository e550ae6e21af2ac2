"""The kinds of maps that there are of one item under one strategy. numpy only, so that a page can draw them.

Shape letters: P patches, T words.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from mmviz.explain.alignment import aligned_relevance
from mmviz.views.explanations import Explanation, Sight

__all__ = ["MAPS", "attention_of", "word_maps"]

MAPS = {
    "aligned": "Aligned relevance",
    "cross": "Gradient × attention",
    "attention": "Attention",
    "learned": "Learned alignment",
    "encoder": "Encoder's alignment",
}


def attention_of(attention: Mapping[str, np.ndarray], modality: str, n: int) -> np.ndarray | None:
    """How much a strategy's own attention looked at each of n tokens of a modality, over all that asked: (n,)."""
    pool = attention.get(f"{modality} pool")
    if pool is not None:
        return pool[:n]
    asked = [weights for name, weights in attention.items() if name.endswith(f"→{modality}") and weights.ndim == 3]
    return None if not asked else np.asarray(np.mean([w.mean(axis=0).sum(axis=0) for w in asked], axis=0)[:n])


def word_maps(explanation: Explanation, sight: Sight) -> dict[str, np.ndarray]:
    """Every kind of map from words to patches that there is, (T, P) each, by the names of `MAPS`."""
    n = len(explanation.words)
    alignment = explanation.learned if explanation.learned is not None else explanation.encoder
    maps: dict[str, np.ndarray | None] = {
        "aligned": None
        if alignment is None or "image" not in sight.relevance
        else aligned_relevance(alignment, sight.relevance["image"]),
        "cross": sight.cross,
        "attention": sight.attention["text→image"].mean(axis=0)[:n] if "text→image" in sight.attention else None,
        "learned": explanation.learned,
        "encoder": explanation.encoder,
    }
    return {name: found for name, found in maps.items() if found is not None}
