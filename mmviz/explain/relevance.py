"""Gradient × attention relevance of a network with self- and cross-attention, on arrays.

Chefer, Gur and Wolf, Generic attention-model explainability for interpreting bi-modal and encoder-decoder
transformers, ICCV 2021; the numbers of its equations stand at the functions.

Shape letters: H heads, N and K tokens of two modalities.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

__all__ = ["guided", "propagate", "rolled"]


def guided(attention: np.ndarray, gradient: np.ndarray) -> np.ndarray:
    """Ā = mean over heads of (∇A ⊙ A)⁺, eq. 5: (H, N, K) twice -> (N, K)."""
    return np.asarray(np.maximum(gradient * attention, 0.0).mean(axis=0))


def rolled(steps: Sequence[np.ndarray]) -> np.ndarray:
    """R (L, L) of one tower after its last layers, R ← R + Ā·R from R = I, eq. 6: each step is an Ā (L, L)."""
    size = {"own": len(steps[0])}
    return propagate([("own", "own", step) for step in steps], size)["own", "own"]


def propagate(
    steps: Sequence[tuple[str, str, np.ndarray]], sizes: Mapping[str, int]
) -> dict[tuple[str, str], np.ndarray]:
    """Relevances R[a, b] (N_a, N_b): how much the tokens of b went into those of a, after all attention steps.

    `steps` are (asking modality, asked modality, Ā (N_a, N_b)) in the order in which they ran; steps between two
    modalities that follow each other read the same state, as cross-attention in both directions does.
    """
    relevance = {(a, b): np.eye(sizes[a]) if a == b else np.zeros((sizes[a], sizes[b])) for a in sizes for b in sizes}
    before = dict(relevance)
    for at, (a, b, step) in enumerate(steps):
        if a == b or at == 0 or steps[at - 1][0] == steps[at - 1][1]:
            before = dict(relevance)
        if a == b:  # eq. 6 and 7
            for other in sizes:
                relevance[a, other] = before[a, other] + step @ before[a, other]
        else:  # eq. 10 and 11
            crossed = _normalised(before[a, a]).T @ step @ _normalised(before[b, b])  # (N_a, N_b)
            relevance[a, b] = relevance[a, b] + crossed
            relevance[a, a] = relevance[a, a] + step @ before[b, a]
    return relevance


def _normalised(relevance: np.ndarray) -> np.ndarray:
    """R̄ = R̂ / row sums + I with R̂ = R − I, eq. 8 and 9: (N, N)."""
    own = np.eye(len(relevance))
    rest = relevance - own  # (N, N)
    return np.asarray(rest / np.maximum(rest.sum(axis=1, keepdims=True), 1e-12) + own)
