"""What lists are like beyond their accuracy, one value a user where that makes sense.

Shape letters: n evaluated users, I items, K list length, D width of a neutral space.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

__all__ = ["Beyond", "beyond_accuracy", "coverage", "gini"]


class Beyond(NamedTuple):
    """`whole`: measures of all lists together; `per_user`: measure -> (n,) float64, NaN where a list cannot tell."""

    whole: dict[str, float]
    per_user: dict[str, np.ndarray]


def beyond_accuracy(
    top: np.ndarray,
    popularity: np.ndarray,
    n_users: int,
    candidates: np.ndarray | None = None,
    space: np.ndarray | None = None,
) -> Beyond:
    """Coverage and Gini of all lists (n, K); novelty, average popularity and diversity of each.

    - `popularity`: (I,) number of train users of each item, of `n_users` (U) in all.
    - `candidates`: (I,) bool, the items that could have been recommended; None = all.
    - `space`: (I, D) vectors for the diversity, of a neutral space such as the raw encoder's and never that of the
      model which made the lists; without it there is no diversity.
    """
    able = np.ones(len(popularity), dtype=bool) if candidates is None else candidates  # (I,)
    counts = np.bincount(top[top >= 0], minlength=len(able))[able]
    per_user = {
        "novelty": _mean_of_listed(top, _surprise(popularity, n_users)),
        "popularity": _mean_of_listed(top, popularity),
    }
    if space is not None:
        per_user["diversity"] = _diversity(top, space)
    return Beyond({"coverage": coverage(top, able), "gini": gini(counts)}, per_user)


def coverage(top: np.ndarray, candidates: np.ndarray) -> float:
    """Share of the candidates (I,) that is in at least one list (n, K)."""
    return len(np.unique(top[top >= 0])) / max(int(candidates.sum()), 1)


def gini(counts: np.ndarray) -> float:
    """How unequally items are recommended: 0 = all equally often, 1 = only one of them.

    `counts` (I,) says how often each item is recommended, with 0 for those that never are. With counts
    sorted upwards, G = Σ_i (2i − I − 1)·c_i / ((I − 1)·Σ c); the usual (I) is replaced by (I − 1) so that
    1 is reached.
    """
    n, total = len(counts), counts.sum()
    if n < 2 or total == 0:
        return 0.0
    order = np.sort(counts)  # (I,)
    return float(((2 * np.arange(1, n + 1) - n - 1) * order).sum() / ((n - 1) * total))


def _surprise(popularity: np.ndarray, n_users: int) -> np.ndarray:
    """−log2 of the share of users who have the item (I,), in bits (Castells, Hurley, Vargas, Novelty and diversity in
    recommender systems, 2015).

    An item that nobody has counts as if one had it: the surprise is never infinite.
    """
    return np.asarray(-np.log2(np.maximum(popularity, 1) / max(n_users, 1)))


def _mean_of_listed(top: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Mean of values (I,) over each list (n, K): (n,), NaN for an empty list."""
    there = top >= 0  # (n, K)
    sums = (np.asarray(values, dtype=np.float64)[np.maximum(top, 0)] * there).sum(axis=1)  # (n,)
    counts = there.sum(axis=1)  # (n,)
    return np.asarray(np.where(counts > 0, sums / np.maximum(counts, 1), np.nan))


def _diversity(top: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """Mean of 1 − cosine over the pairs of each list (n, K): (n,), NaN for lists with fewer than two items.

    An item without a vector has cosine 0 with every other.
    """
    norms = np.linalg.norm(vectors.astype(np.float64), axis=1, keepdims=True)  # (I, 1)
    units = vectors / np.maximum(norms, 1e-12)  # (I, D)
    there = top >= 0  # (n, K)
    counts = there.sum(axis=1)  # (n,)
    totals, own = np.zeros((len(top), vectors.shape[1])), np.zeros(len(top))  # (n, D), (n,)
    for place in range(top.shape[1]):
        row = units[np.maximum(top[:, place], 0)] * there[:, place, None]  # (n, D)
        totals += row
        own += (row**2).sum(axis=1)
    pairs = counts * (counts - 1)  # (n,)
    cosines = ((totals**2).sum(axis=1) - own) / np.maximum(pairs, 1)  # (n,)
    return np.asarray(np.where(pairs > 0, 1.0 - cosines, np.nan))
