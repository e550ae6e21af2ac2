"""Measures of a space: how its vectors are spread, what lies together in it, and how its two modalities meet.

Shape letters: n vectors, D width, k neighbours, P pairs.
"""

from __future__ import annotations

import numpy as np
from scipy.special import logsumexp

__all__ = [
    "alignment",
    "effective_dimension",
    "modality_gap",
    "retrieval",
    "separability",
    "uniformity",
]

MOST = 3000


def modality_gap(image: np.ndarray, text: np.ndarray) -> float:
    """Length of the difference of the two modalities' mean vectors, for unit vectors (P, D) each.

    Source: Liang et al., Mind the gap, NeurIPS 2022, section 4.
    """
    return float(np.linalg.norm(image.mean(axis=0) - text.mean(axis=0)))


def alignment(first: np.ndarray, second: np.ndarray) -> float:
    """Mean squared distance of the pairs of unit vectors (P, D); 0 = every pair is one point, lower is better.

    Source: Wang and Isola, Understanding contrastive representation learning, ICML 2020, equation 3 with α = 2.
    """
    return float(((first - second) ** 2).sum(axis=1).mean())


def uniformity(vectors: np.ndarray, most: int = MOST) -> float:
    """log of the mean of exp(−2 d²) over all pairs of unit vectors (n, D); lower = spread more evenly.

    Beyond `most` vectors, over as many drawn with a fixed seed. Source: Wang and Isola 2020, equation 5 with t = 2.
    """
    chosen = vectors
    if len(vectors) > most:
        chosen = vectors[np.random.default_rng(0).choice(len(vectors), most, replace=False)]
    if len(chosen) < 2:
        return float("nan")
    upper = np.triu_indices(len(chosen), 1)
    squared = 2.0 - 2.0 * (chosen @ chosen.T)[upper].astype(np.float64)  # (pairs,)
    return float(logsumexp(-2.0 * squared) - np.log(len(squared)))


def retrieval(queries: np.ndarray, answers: np.ndarray, ks: tuple[int, ...] = (1, 5, 10)) -> dict[int, float]:
    """Recall at k of finding row i of `answers` (P, D) with row i of `queries` (P, D), by inner product.

    Every answer is a candidate; of equal scores the right one counts last, so that a collapsed space finds nothing.
    """
    ranks = np.empty(len(queries), dtype=np.int64)  # (P,)
    step = max(1, 20_000_000 // max(len(answers), 1))
    for start in range(0, len(queries), step):
        scores = queries[start : start + step] @ answers.T  # (B, P)
        own = np.arange(start, start + len(scores))
        ranks[own] = (scores >= scores[np.arange(len(scores)), own, None]).sum(axis=1)
    return {k: float((ranks <= k).mean()) for k in ks}


def separability(labels: np.ndarray, near: np.ndarray, k: int = 15) -> tuple[float, float]:
    """How well a category is told by the company an item keeps, and what guessing the commonest one reaches.

    The share of items whose category is the commonest among their k nearest neighbours. `labels`: (n,) codes, −1 =
    not known, and those items neither vote nor count; `near`: (n, ≥ k) rows of neighbours.
    """
    known = labels >= 0
    if not known.any():
        return float("nan"), float("nan")
    votes = labels[near[known, :k]]  # (m, k)
    n_labels = int(labels.max()) + 1
    flat = (np.arange(len(votes))[:, None] * n_labels + votes)[votes >= 0]
    counts = np.bincount(flat, minlength=len(votes) * n_labels).reshape(len(votes), n_labels)  # (m, labels)
    right = (counts.argmax(axis=1) == labels[known]) & (counts.max(axis=1) > 0)
    return float(right.mean()), float(np.bincount(labels[known]).max() / known.sum())


def effective_dimension(vectors: np.ndarray) -> float:
    """Participation ratio (Σλ)² / Σλ² of the variances λ along the principal axes of vectors (n, D): 1 to D.

    Source: Gao et al., A theory of multineuronal dimensionality, 2017.
    """
    centred = vectors.astype(np.float64) - vectors.mean(axis=0)
    variances = np.linalg.eigvalsh(centred.T @ centred)
    total = float(variances.sum())
    return total**2 / float((variances**2).sum()) if total > 0 else 0.0
