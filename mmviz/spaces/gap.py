"""Closing the modality gap: both modalities are moved towards each other, and what that changes is measured.

Shape letters: P pairs, D width, U people, I items.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from mmviz.evaluation.metrics import ranking_metrics
from mmviz.spaces.measures import alignment, modality_gap, retrieval

__all__ = ["STEPS", "close", "closing"]

STEPS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5)


def close(image: np.ndarray, text: np.ndarray, share: float) -> tuple[np.ndarray, np.ndarray]:
    """Unit vectors (P, D) of both modalities after each moved half of `share` of the gap towards the other.

    0 = as they are, 1 = the means meet. Source: Liang et al., Mind the gap, NeurIPS 2022, section 4.2.
    """
    gap = image.mean(axis=0) - text.mean(axis=0)  # (D,)
    return _unit(image - share * gap / 2), _unit(text + share * gap / 2)


def closing(
    image: np.ndarray,
    text: np.ndarray,
    history: csr_array,
    held_out: csr_array,
    candidates: np.ndarray | None = None,
    steps: Sequence[float] = STEPS,
) -> pd.DataFrame:
    """One row a step: gap left, alignment, R@k both ways, and NDCG@10 of lists made across the modalities.

    `image`, `text`: unit vectors (P, D) of the items that have both; `history`, `held_out`: (U, P), over those items;
    `candidates`: (P,) bool, those that are ranked.
    The lists need no training: a person is the mean of one modality of their items, the candidates stand with the
    other ("image to text" asks the items' words with the pictures of the history), or with both on both sides.
    """
    people = np.flatnonzero((np.diff(history.indptr) > 0) & (np.diff(held_out.indptr) > 0))
    seen, wanted = history[people], held_out[people]
    rows = []
    for share in steps:
        a, b = close(image, text, share)
        there, back = retrieval(a, b), retrieval(b, a)
        row = {"share": share, "gap": modality_gap(a, b), "alignment": alignment(a, b)}
        row |= {f"image to text R@{k}": value for k, value in there.items()}
        row |= {f"text to image R@{k}": value for k, value in back.items()}
        if len(people):
            row |= {
                "image to text NDCG@10": _ndcg(seen, wanted, candidates, a, b),
                "text to image NDCG@10": _ndcg(seen, wanted, candidates, b, a),
                "both NDCG@10": _ndcg(seen, wanted, candidates, a + b, a + b),
            }
        rows.append(row)
    frame = pd.DataFrame(rows)
    frame.attrs["people"] = len(people)
    return frame


def _ndcg(
    history: csr_array, held_out: csr_array, candidates: np.ndarray | None, asked: np.ndarray, answers: np.ndarray
) -> float:
    tastes = _unit(np.asarray(history @ asked))  # (U, D)
    values = []
    step = max(1, 8_000_000 // max(len(answers), 1))
    for start in range(0, len(tastes), step):
        part = slice(start, start + step)
        scores = (tastes[part] @ answers.T).astype(np.float32)  # (B, P)
        values.append(ranking_metrics(scores, held_out[part], history[part], candidates, (10,)).values["ndcg@10"])
    return float(np.nanmean(np.concatenate(values)))


def _unit(vectors: np.ndarray) -> np.ndarray:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12))
