"""Serving a trained fusion model: the scoring rule and the tables that it needs. numpy only, no torch.

Shape letters: B users of a batch, I items, D width of the content vectors, F width of the collaborative ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from math import prod
from typing import Any, Self

import numpy as np
from scipy.sparse import csr_array, diags_array

from mmviz.ranker import Ranker, Weights, every_weight

__all__ = ["FusionRanker", "normalised", "scoring_rule", "subsets"]


def scoring_rule(history: Any, content: Any, user_map: Any, inward: Any, outward: Any, bias: Any) -> tuple[Any, Any]:
    """The one rule by which a fusion model scores: s(u, i) = b_i + p_u·q_i + w_u·m_i.

    Works alike on torch tensors in training and on numpy arrays in serving.

    - `history`: Ĥ (B, I), a row is the person's items, each 1/√|H|.
    - `content`: m (I, D) fused item vectors; w_u = Ĥ m A, with A = `user_map` (D, D).
    - `inward`, `outward`: y, q (I, F) collaborative vectors, 0 for an item unknown in training; p_u = Ĥ y.
    - `bias`: b (I,), 0 for an unknown item.

    Returns the two parts of the score, from interactions and from content, (B, I) each. A person is nothing but a
    history, so one who was not there in training is served like everyone else, and a score is a sum over the history.
    Source: the asymmetric factor model of Paterek 2007 (NSVD1) and Koren 2008, eq. 13, with content beside it.
    """
    collaborative = (history @ inward) @ outward.T + bias  # (B, I)
    by_content = (history @ (content @ user_map)) @ content.T  # (B, I)
    return collaborative, by_content


def normalised(history: csr_array) -> csr_array:
    """Rows of a binary (B, I) history divided by √|H|; an empty row stays empty."""
    counts = np.asarray(history.sum(axis=1)).ravel()  # (B,)
    return csr_array(diags_array(1.0 / np.sqrt(np.maximum(counts, 1.0))) @ history).astype(np.float32)


def subsets(names: tuple[str, ...]) -> list[tuple[str, ...]]:
    """All subsets of the modality names but the empty one, in a fixed order (by size, then as given)."""
    return [subset for size in range(1, len(names) + 1) for subset in combinations(names, size)]


class FusionRanker(Ranker):
    """A trained fusion model as tables: what it makes of every item under every subset of its modalities.

    With modality weights a_m between 0 and 1 the item vectors are the multilinear extension of the model (Owen,
    Multilinear extensions of games, 1972): m(a) = Σ_S Π_{m∈S} a_m Π_{m∉S} (1 − a_m) m_S, where m_S is the model's real
    output when it sees only the modalities in S. Weights of 0 and 1 give exactly what the network says.
    """

    def __init__(
        self,
        modalities: tuple[str, ...],
        content: np.ndarray,
        user_map: np.ndarray,
        inward: np.ndarray,
        outward: np.ndarray,
        bias: np.ndarray,
    ) -> None:
        """`content` is (2^M − 1, I, D), in the order of `subsets(modalities)`.

        `inward` and `outward` are (I, F), or (2^M, I, F) where they depend on the modalities seen, none of them first.
        """
        self._modalities = modalities
        self._content = content
        self._user_map = user_map
        self._inward = inward
        self._outward = outward
        self._bias = bias

    @property
    def modalities(self) -> tuple[str, ...]:
        return self._modalities

    def embedding(self, weights: Weights | None = None) -> np.ndarray:
        return self._mixed(self._content, weights)

    def _mixed(self, tables: np.ndarray, weights: Weights | None) -> np.ndarray:
        """The multilinear extension of tables (2^M − 1 or 2^M, I, d) at the weights; one (I, d) stays what it is."""
        if tables.ndim == 2:
            return tables
        names = self._modalities
        given = every_weight(names, weights)
        seen = [(), *subsets(names)][-len(tables) :]
        mixed = np.zeros(tables.shape[1:], dtype=np.float32)  # (I, d)
        for subset, table in zip(seen, tables, strict=True):
            share = prod(given[n] if n in subset else 1.0 - given[n] for n in names)
            if share:
                mixed += np.float32(share) * table  # (I, d)
        return mixed

    def joined_by(
        self, content: np.ndarray, inward: np.ndarray | None = None, outward: np.ndarray | None = None
    ) -> FusionRanker:
        """The same model with items (n, D) behind its own that nobody has taken, their bias 0.

        `inward` and `outward` (n, F) are what they inherit from others, 0 where not given. Good for full weights only.
        """
        inside, outside = self._mixed(self._inward, None), self._mixed(self._outward, None)  # (I, F) each
        nothing = np.zeros((len(content), inside.shape[1]), dtype=np.float32)  # (n, F)
        vectors = np.concatenate([self.embedding(), content.astype(np.float32)])  # (I+n, D)
        return FusionRanker(
            self._modalities,
            np.broadcast_to(vectors, (2 ** len(self._modalities) - 1, *vectors.shape)),
            self._user_map,
            np.concatenate([inside, nothing if inward is None else inward.astype(np.float32)]),
            np.concatenate([outside, nothing if outward is None else outward.astype(np.float32)]),
            np.append(self._bias, np.zeros(len(content), dtype=np.float32)),
        )

    def score(self, history: csr_array, weights: Weights | None = None) -> np.ndarray:
        parts = scoring_rule(
            normalised(history),
            self.embedding(weights),
            self._user_map,
            self._mixed(self._inward, weights),
            self._mixed(self._outward, weights),
            self._bias,
        )
        return np.asarray(parts[0] + parts[1], dtype=np.float32)  # (B, I)

    def users(self, history: csr_array, weights: Weights | None = None) -> np.ndarray:
        """Taste vectors w_u (B, D): the direction in item space in which each person's content score grows."""
        return np.asarray(normalised(history) @ (self.embedding(weights) @ self._user_map), dtype=np.float32)

    def state(self) -> dict[str, np.ndarray]:
        return {
            "modalities": np.frombuffer("\n".join(self._modalities).encode(), dtype=np.uint8),
            "content": self._content,
            "user_map": self._user_map,
            "inward": self._inward,
            "outward": self._outward,
            "bias": self._bias,
        }

    @classmethod
    def from_state(cls, state: Mapping[str, np.ndarray]) -> Self:
        names = tuple(state["modalities"].tobytes().decode().split("\n"))
        return cls(names, *(state[key] for key in ("content", "user_map", "inward", "outward", "bias")))
