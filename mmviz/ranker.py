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

    Places that no finite score fills hold -1. Linear in I: the k-th score is found by partition, and only the
    k that stay are sorted.
    """
    k = min(k, scores.shape[1])
    columns = _highest(scores, k)  # (B, k)
    values = np.take_along_axis(scores, columns, axis=1)  # (B, k)
    order = np.argsort(-values, axis=1, kind="stable")  # (B, k)
    ranked = np.take_along_axis(columns, order, axis=1)  # (B, k)
    return np.where(np.isfinite(np.take_along_axis(values, order, axis=1)), ranked, -1)


def _highest(scores: np.ndarray, k: int) -> np.ndarray:
    """Columns of the k highest scores of each row in ascending order, ties by column: (B, I) -> (B, k)."""
    rows, n = scores.shape
    if k in (0, n):
        return np.broadcast_to(np.arange(k), (rows, k))
    if np.isnan(scores).any():
        scores = np.where(np.isnan(scores), -np.inf, scores)
    least = np.partition(scores, n - k, axis=1)[:, n - k, None]  # (B, 1)
    above, equal = scores > least, scores == least  # (B, I) each
    room = k - above.sum(axis=1, keepdims=True)  # (B, 1)
    if (equal.sum(axis=1, keepdims=True) > room).any():
        equal &= np.cumsum(equal, axis=1) <= room  # (B, I): of those that tie at the end, the first ones stay
    return np.nonzero(above | equal)[1].reshape(rows, k)
