"""Collective EASE for any set of modalities, with live weights and scores for items that nobody has taken yet.

Shape letters: B users, I items, W items with train interactions, C the others, D width of all content vectors.

**Known items.** EASE on the stack [X; √w·Mᵀ], where the rows of M (W, D) are the items' content vectors:
B = I − P·diag(1/P_jj) with P = (XᵀX + λI + w·M·Mᵀ)⁻¹ (Jeunen et al., 2020). Let A = (XᵀX + λI)⁻¹, which does not
depend on the content, F = A·M, and R = diag(r) with r² = w·share_m·a_m for the directions of modality m. By
Woodbury P = A − F·Q·Fᵀ with Q = R(I + R·MᵀF·R)⁻¹R. New weights a_m therefore cost D³ + W·D² instead of W³, and P
is never formed: x·P = x·A − (x·F)·Q·Fᵀ. Solutions for the latest few weights are kept.

**Items without train interactions.** In the stack their columns of X are all zeros, which says that *nobody likes
them*: the fit pulls their scores to 0, the harder the more people have the items that resemble them. On the films
this falls behind a plain content-kNN. But what nobody could have taken is unknown, not zero. So their columns are
fitted on the content rows alone: item j is written as a mixture of known items, a_j = argmin ‖m_j − Mᵀa‖² + μ‖a‖²,
that is a_j = M·T·m_j with T = R'(R'·MᵀM·R' + μI)⁻¹R' and r'² = share_m·a_m, and it takes the mixture of what the
person thinks of those: s(u, j) = (h·x_u + x_u·B)·a_j. Here x_u·B completes the person's history before the content
is consulted, and h is the trust in the bare history. Likewise an unknown item in someone's history counts as its
mixture of known ones, so that a person who has only newcomers is served too. Without content (all a_m = 0) unknown
items score 0, and the rest is plain EASE.

Scores are linear in the history, so they split exactly over the items that a person has.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
from scipy.sparse import csr_array

from mmviz.baselines._content import ContentConfig, content_vectors
from mmviz.baselines._linear import check_memory, inverse, onto
from mmviz.baselines.base import Baseline, TrainData
from mmviz.features.prepared import prepared
from mmviz.fields import setting
from mmviz.memo import Memo
from mmviz.ranker import Weights, every_weight

__all__ = ["CollectiveConfig", "CollectiveEaseBase"]

_KEPT = 8
"""Solutions for different weights that are kept; each holds W·D float32."""


@dataclass(frozen=True)
class CollectiveConfig(ContentConfig):
    l2: float = setting(300.0, "Pull of the item-to-item weights towards 0 (λ).", 0.01, 1e6)
    content: float = setting(30.0, "Weight of the content beside the interactions (w).", 0.0, 1e6)
    cold_l2: float = setting(
        3.0, "Pull towards 0 when a new item is written as a mixture of known ones (μ).", 0.001, 1e6
    )
    cold_history: float = setting(
        0.3, "For new items: trust in the bare history beside what EASE makes of it (h).", 0.0, 100.0
    )


class _Solved(NamedTuple):
    """What given weights change: Q's product, P's diagonal, and T."""

    half: np.ndarray  # F·Q (W, D)
    diagonal: np.ndarray  # P_jj (W,)
    mixing: np.ndarray  # T (D, D)


class CollectiveEaseBase(Baseline):
    """The stack of interactions and content, solved in one step; see the module's docstring for the mathematics."""

    Config = CollectiveConfig
    grid = {  # noqa: RUF012
        "l2": (10.0, 30.0, 100.0, 300.0, 1000.0),
        "content": (1.0, 3.0, 10.0, 30.0, 100.0, 300.0),
        "cold_l2": (0.3, 1.0, 3.0, 10.0),
        "cold_history": (0.0, 0.3, 1.0),
    }
    config: CollectiveConfig

    def _fit(self, data: TrainData) -> dict[str, np.ndarray]:
        config = self.config
        vectors = content_vectors(data, config.directions)
        content = np.concatenate(list(vectors.values()), axis=1)  # (I, D)
        check_memory(self.title, len(data.known), 8 * content.size)
        known = content[data.known].astype(np.float64)  # (W, D)
        precision = data.latest("inverse", config.l2, lambda: inverse(data.gram, config.l2))  # A (W, W)
        half = data.latest("half", (config.l2, config.directions), lambda: precision @ known)  # F (W, D)
        shares = config.shares(tuple(vectors))
        return {
            "known": data.known,
            "inverse": precision.astype(np.float32),
            "directions": np.array(config.directions),
            "content": np.array(config.content),
            "cold_l2": np.array(config.cold_l2),
            "cold_history": np.array(config.cold_history),
            **{f"share.{name}": np.array(share) for name, share in shares.items()},
            **_content_tables(vectors, known, half),
        }

    def fed(
        self,
        vectors: Mapping[str, np.ndarray],
        like: Mapping[str, np.ndarray],
        fitted_items: np.ndarray,  # noqa: ARG002
    ) -> Self:
        return self.with_vectors(*({name: raw[name] for name in self.modalities} for raw in (vectors, like)))

    def with_vectors(self, vectors: Mapping[str, np.ndarray], like: Mapping[str, np.ndarray] | None = None) -> Self:
        """The same solution of the interactions beside other content, raw (I, D) vectors of the same modalities.

        Costs W²·D instead of W³; the settings stay as they were chosen. Scalers are fitted on `vectors`, or on `like`
        where it is given: (I, D) vectors of the same modalities, to which `vectors` may add items at the end.
        """
        known = self.known  # (W,)
        model = vectors if like is None else like
        fitted = np.isin(np.arange(len(next(iter(model.values())))), known)  # (I,)
        directions = self._table("directions").item()
        ready = {n: prepared(raw, fitted, directions, n, model[n]) for n, raw in vectors.items()}  # (I, d) each
        content = np.concatenate(list(ready.values()), axis=1)[known]  # (W, D)
        half = self._table("inverse") @ content  # F (W, D)
        return self.from_state(self.state() | _content_tables(ready, content.astype(np.float64), half))

    @property
    def known(self) -> np.ndarray:
        """(W,) the items with train interactions."""
        return self._table("known")

    def _ready(self) -> None:
        self._solutions: Memo[_Solved] = Memo(_KEPT)
        known = self.known  # (W,)
        content = np.concatenate([self._table(f"vectors.{n}") for n in self.modalities], axis=1)  # (I, D)
        self._unknown = np.setdiff1d(np.arange(len(content)), known)  # (C,)
        self._known_content, self._unknown_content = content[known], content[self._unknown]  # (W, D), (C, D)
        self._diagonal = np.diag(self._table("inverse")).astype(np.float64)  # A_jj (W,)

    def score(self, history: csr_array, weights: Weights | None = None) -> np.ndarray:
        solved = self._solve(weights)
        known, unknown = self.known, self._unknown  # (W,), (C,)
        own = self._lifted(history, solved)  # (B, W)
        completed = self._completed(own, solved)  # x·B (B, W)
        scores = np.zeros(history.shape, dtype=np.float32)  # (B, I)
        scores[:, known] = completed
        if len(unknown):
            trusted = own * np.float32(self._table("cold_history").item()) + completed  # (B, W)
            wished = (trusted @ self._known_content) @ solved.mixing  # (B, D)
            scores[:, unknown] = wished @ self._unknown_content.T  # (B, C)
        return scores

    def _lifted(self, history: csr_array, solved: _Solved) -> np.ndarray:
        """Histories over known items, with an unknown item counted as its mixture of known ones: (B, W)."""
        own = np.asarray(onto(history, self.known).toarray())  # (B, W)
        new = onto(history, self._unknown)  # (B, C)
        rows = np.flatnonzero(np.diff(new.indptr))  # (b,): who has an unknown item
        if len(rows):
            seen = (new[rows] @ self._unknown_content) @ solved.mixing  # (b, D)
            own[rows] += seen @ self._known_content.T  # (b, W)
        return own

    def _completed(self, own: np.ndarray, solved: _Solved) -> np.ndarray:
        """x·B = x − x·P·diag(1/P_jj): (B, W)."""
        projected = csr_array(own) @ self._table("inverse")  # x·A (B, W)
        projected -= (own @ solved.half) @ self._table("half").T  # (B, W)
        return np.asarray(own - projected / solved.diagonal)  # (B, W)

    def _solve(self, weights: Weights | None) -> _Solved:
        """The solution for these weights of the modalities; the latest few are kept."""
        given = tuple(every_weight(self.modalities, weights).values())
        return self._solutions.get(given, lambda: self._solution(given))

    def _solution(self, given: tuple[float, ...]) -> _Solved:
        parts = [
            np.full(self._table(f"vectors.{name}").shape[1], weight * self._table(f"share.{name}").item())
            for name, weight in zip(self.modalities, given, strict=True)
        ]
        root = np.sqrt(np.concatenate(parts))  # r' (D,)
        scaled = root * np.sqrt(self._table("content").item())  # r (D,)
        inner = _ridge(self._table("inner"), scaled, 1.0)  # Q (D, D)
        mixing = _ridge(self._table("outer"), root, self._table("cold_l2").item())  # T (D, D)
        half = self._table("half")  # F (W, D)
        weighted = half @ inner.astype(np.float32)  # F·Q (W, D)
        diagonal = self._diagonal - np.einsum("wd,wd->w", weighted, half, dtype=np.float64)  # (W,)
        return _Solved(weighted, diagonal.astype(np.float32), mixing.astype(np.float32))


def _content_tables(vectors: Mapping[str, np.ndarray], known: np.ndarray, half: np.ndarray) -> dict[str, np.ndarray]:
    """The tables that depend on the content: prepared vectors (I, d) by modality, M (W, D) and F = A·M (W, D)."""
    return {
        "half": half.astype(np.float32),
        "inner": known.T @ half,  # MᵀF (D, D)
        "outer": known.T @ known,  # MᵀM (D, D)
        **{f"vectors.{name}": table for name, table in vectors.items()},
    }


def _ridge(matrix: np.ndarray, root: np.ndarray, l2: float) -> np.ndarray:
    """R(R·matrix·R + l2·I)⁻¹R with R = diag(root): (D, D); directions of weight 0 drop out."""
    return np.asarray(root[:, None] * inverse(root[:, None] * matrix * root, l2) * root)
