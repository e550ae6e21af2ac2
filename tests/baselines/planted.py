"""Two groups of people and two of items: everyone likes their own group's, and content tells the groups apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from mmviz.features import Features, ModalityFeatures

__all__ = ["Planted", "as_features", "histories", "planted"]

N_USERS, N_ITEMS, N_WARM = 60, 48, 40


@dataclass(frozen=True)
class Planted:
    """Items alternate between the groups; the last eight are in no history.

    - `train`, `valid`: (U, I), two thirds and one third of what people took.
    - `vectors`: "image" and "text", (I, D); the group is the loudest direction of each. The last warm item lacks
      its text.
    - `group`: (I,) 0 or 1; `cold`: (I,) bool.
    """

    train: csr_array
    valid: csr_array
    vectors: dict[str, np.ndarray]
    group: np.ndarray
    cold: np.ndarray


def planted(seed: int = 0) -> Planted:
    """Each person takes half of the warm items of their own group, and now and then one of the other."""
    rng = np.random.default_rng(seed)
    group, cold = np.arange(N_ITEMS) % 2, np.arange(N_ITEMS) >= N_WARM
    likes = np.where(group == np.arange(N_USERS)[:, None] % 2, 0.5, 0.03) * ~cold  # (U, I)
    taken = rng.random(likes.shape) < likes
    held = rng.random(likes.shape) < 1 / 3
    vectors = {}
    for name, width in (("image", 12), ("text", 9)):
        direction = rng.normal(size=width)
        noise = rng.normal(size=(N_ITEMS, width))
        vectors[name] = 5.0 + 3.0 * np.outer(2 * group - 1, direction) + noise
    vectors["text"][N_WARM - 1] = 0.0
    dense = [csr_array((taken & part).astype(np.float32)) for part in (~held, held)]
    return Planted(dense[0], dense[1], vectors, group, cold)


def histories(*rows: list[int]) -> csr_array:
    """Histories (B, I) of the items named in each row."""
    dense = np.zeros((len(rows), N_ITEMS), dtype=np.float32)
    for row, items in enumerate(rows):
        dense[row, items] = 1.0
    return csr_array(dense)


def as_features(vectors: dict[str, np.ndarray]) -> Features:
    """A token store in memory whose summaries are these vectors."""
    modalities = {}
    for name, pooled in vectors.items():
        present = pooled.any(axis=1)
        tokens = np.zeros((len(pooled), 1, 2), dtype=np.float16)
        modalities[name] = ModalityFeatures(tokens, present[:, None], pooled.astype(np.float16))
    return Features(modalities, {}, (1, 1), ((),) * N_ITEMS, "by hand", "fingerprint")
