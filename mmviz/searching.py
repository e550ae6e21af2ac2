"""Finding items: by the letters of their words, or by nearness in a space of vectors."""

from __future__ import annotations

import numpy as np

from mmviz.catalogue.base import Catalogue
from mmviz.features import Features
from mmviz.views import Found

__all__ = ["by_words", "joint_space", "nearest_to", "pooled_space", "unit_rows"]


def by_words(catalogue: Catalogue, query: str, k: int) -> Found:
    """Items that have every word of the query, those with all of them in the title first, then catalogue order."""
    words = query.lower().split()
    titles = catalogue.items["title"].str.lower()
    both = titles + "\n" + catalogue.items["text"].str.lower()
    in_title = np.ones(catalogue.n_items, dtype=bool)  # (I,)
    anywhere = np.ones(catalogue.n_items, dtype=bool)  # (I,)
    for word in words:
        in_title &= titles.str.contains(word, regex=False).to_numpy()
        anywhere &= both.str.contains(word, regex=False).to_numpy()
    found = [*np.flatnonzero(in_title), *np.flatnonzero(anywhere & ~in_title)][:k]
    return Found(tuple(int(i) for i in found), (float("nan"),) * len(found), catalogue.n_items)


def nearest_to(vector: np.ndarray, space: np.ndarray, k: int, but: int | None = None) -> Found:
    """The k rows of unit vectors `space` (I, D) with the highest cosine to `vector` (D,); zero rows are left out."""
    length = float(np.linalg.norm(vector))
    there = np.abs(space).sum(axis=1) > 0  # (I,)
    if but is not None:
        there[but] = False
    if length == 0:
        return Found((), (), int(there.sum()))
    cosines = np.where(there, space @ (vector / length), -np.inf)  # (I,)
    order = np.argsort(-cosines, kind="stable")[: min(k, int(there.sum()))]  # (k,)
    return Found(tuple(int(i) for i in order), tuple(float(cosines[i]) for i in order), int(there.sum()))


def joint_space(features: Features) -> np.ndarray:
    """(I, J) unit vectors: the mean of an item's picture and words in the encoder's shared space; 0 = has neither."""
    total = np.sum([np.asarray(part, dtype=np.float32) for part in features.joint.values()], axis=0)  # (I, J)
    return unit_rows(total)


def pooled_space(features: Features, modality: str) -> np.ndarray:
    """(I, D) unit vectors of one modality's summaries, centred on their mean; 0 = the item lacks the modality."""
    part = features.modalities[modality]
    pooled = np.asarray(part.pooled, dtype=np.float32)  # (I, D)
    present = part.present  # (I,)
    centred = (pooled - pooled[present].mean(axis=0)) * present[:, None] if present.any() else pooled  # (I, D)
    return unit_rows(centred)


def unit_rows(vectors: np.ndarray) -> np.ndarray:
    """Rows divided by their length; a zero row stays zero."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)  # (I, 1)
    unit: np.ndarray = vectors / np.maximum(lengths, 1e-12)  # (I, D)
    return unit
