"""The one interface of everything that ranks items for a user: fusion models, controls, closed forms.

numpy and scipy only, so that a stored run serves recommendations without loading torch.
Shape letters: B users of a batch, I items, D width.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from itertools import combinations
from math import comb

import numpy as np
from scipy.sparse import csr_array

__all__ = ["Ranker", "Weights", "every_weight", "modality_shares", "top_k"]

_CACHED = 300_000
"""Scores that are ranked at once: what the processor's cache holds."""

Weights = Mapping[str, float]
"""How much of each modality a ranker may use, 0 to 1; a modality that is not named counts 1."""


class Ranker(ABC):
    """Ranks all items for a user who is given as a history of items, seen in training or not."""

    @property
    @abstractmethod
    def modalities(self) -> tuple[str, ...]:
        """Content modalities that the score depends on; () for a recommender without content."""

    @abstractmethod
    def score(self, history: csr_array, weights: Weights | None = None) -> np.ndarray:
        """Scores (B, I) float32 of every item for histories (B, I).

        Higher is better; seen items are not masked.
        """

    def summands(self, history: csr_array, weights: Weights | None = None) -> tuple[np.ndarray, ...]:
        """Arrays (B, I) that add up to the scores, each a sum over the history up to one factor a person."""
        return (self.score(history, weights),)

    @abstractmethod
    def state(self) -> dict[str, np.ndarray]:
        """Arrays from which `from_state` restores the same scores."""

    @classmethod
    @abstractmethod
    def from_state(cls, state: Mapping[str, np.ndarray]) -> Ranker:
        """The ranker whose `state` this was."""

    def embedding(self, weights: Weights | None = None) -> np.ndarray | None:  # noqa: ARG002
        """Item vectors (I, D) in the ranker's own space, or None where it has none."""
        return None


def every_weight(names: tuple[str, ...], weights: Weights | None) -> dict[str, float]:
    """The weight of each modality in `names`; one that is not given counts 1."""
    return {name: 1.0 if weights is None else float(weights.get(name, 1.0)) for name in names}


def modality_shares(ranker: Ranker, history: csr_array, weights: Weights | None = None) -> dict[str, np.ndarray]:
    """Split every score into what each modality and the interactions brought; the parts add up to the score.

    The shares are the Shapley values of the game v(S) = score with only the modalities in S (at the weights
    given), and "interactions" is v(∅): what the ranker would say if it saw no content at all. With M
    modalities this costs 2^M scorings. Returns name -> (B, I). Source: Shapley, A value for n-person games, 1953.
    """
    names = ranker.modalities
    given = every_weight(names, weights)

    def value(present: tuple[str, ...]) -> np.ndarray:
        return ranker.score(history, {name: given[name] if name in present else 0.0 for name in names})

    values = {subset: value(subset) for size in range(len(names) + 1) for subset in combinations(names, size)}
    shares = {"interactions": values[()]}
    for name in names:
        others = tuple(other for other in names if other != name)
        total = np.zeros_like(values[()])
        for size in range(len(others) + 1):
            share = 1.0 / (len(names) * comb(len(names) - 1, size))
            for subset in combinations(others, size):
                joined = tuple(n for n in names if n in subset or n == name)
                total += share * (values[joined] - values[subset])
        shares[name] = total
    return shares


def top_k(scores: np.ndarray, k: int) -> np.ndarray:
    """Columns of the k highest finite scores of each row, best first, ties by column: (B, I) -> (B, k) int64.

    Places that no finite score fills hold -1. Two passes over the scores: columns are dealt into groups, and the k-th
    highest of the groups' maxima is a floor below which nothing can be among the k highest; only what is left above the
    floor, hardly more than k, is sorted.
    """
    k = min(k, scores.shape[1])
    if k == 0:
        return np.empty((len(scores), 0), dtype=np.int64)
    if scores.size and np.isnan(scores.min()):
        scores = np.where(np.isnan(scores), -np.inf, scores)
    step = max(1, _CACHED // scores.shape[1])
    parts = [_highest(scores[start : start + step], k) for start in range(0, len(scores), step)]
    return np.concatenate(parts) if parts else np.empty((0, k), dtype=np.int64)


def _highest(scores: np.ndarray, k: int) -> np.ndarray:
    """`top_k` of rows that fit the cache and hold no NaN: (b, I) -> (b, k)."""
    least = np.finfo(scores.dtype).min if scores.dtype.kind == "f" else np.iinfo(scores.dtype).min
    place = np.flatnonzero(scores >= np.maximum(_floor(scores, k), least))  # (c,)
    rows, columns = np.divmod(place, scores.shape[1])  # (c,) each
    values = scores[rows, columns]  # (c,)
    order = np.lexsort((-values, rows))  # (c,): by row, best first; equal ones stay in the order of their columns
    rows, columns, values = rows[order], columns[order], values[order]
    starts = np.searchsorted(rows, np.arange(len(scores)))  # (b,)
    place = np.arange(len(rows)) - starts[rows]  # (c,)
    kept = place < k
    top = np.full((len(scores), k), -1, dtype=np.int64)  # (b, k)
    top[rows[kept], place[kept]] = np.where(np.isfinite(values), columns, -1)[kept]
    return top


def _floor(scores: np.ndarray, k: int) -> np.ndarray:
    """A value (b, 1) that at least k scores of a row (b, I) reach."""
    size = scores.shape[1] // (8 * k)
    if size < 2:
        return np.partition(scores, scores.shape[1] - k, axis=1)[:, scores.shape[1] - k, None]
    whole = 8 * k * size
    maxima = scores[:, :whole].reshape(len(scores), size, 8 * k).max(axis=1)  # (b, 8k)
    return np.partition(maxima, 7 * k, axis=1)[:, 7 * k, None]
