"""Features and interactions with a known right answer, for the tests of models."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from mmviz.features import Features, ModalityFeatures

N_GROUPS = 4


@dataclass(frozen=True)
class Planted:
    """Items of four groups, which the features show, and users who take items of their own group only."""

    features: Features
    interactions: csr_array
    item_group: np.ndarray
    user_group: np.ndarray


def planted(n_items: int = 80, n_users: int = 60, seed: int = 0, cold: int = 0) -> Planted:
    """`cold` items at the end have features but no interactions. Item 0 lacks a picture, item 1 has no text."""
    rng = np.random.default_rng(seed)
    item_group = np.arange(n_items) % N_GROUPS
    user_group = np.arange(n_users) % N_GROUPS
    own = item_group[None] == user_group[:, None]  # (U, I)
    taken = own & (rng.random((n_users, n_items)) < 0.5)
    taken[:, n_items - cold :] = False
    features = {
        "image": _modality(rng, item_group, tokens=6, token_dim=12, pooled_dim=16, missing=0),
        "text": _modality(rng, item_group, tokens=5, token_dim=10, pooled_dim=12, missing=1),
    }
    return Planted(
        Features(features, {}, (2, 3), (), "planted", f"planted-{seed}"),
        csr_array(taken.astype(np.float32)),
        item_group,
        user_group,
    )


def _modality(
    rng: np.random.Generator, group: np.ndarray, tokens: int, token_dim: int, pooled_dim: int, missing: int
) -> ModalityFeatures:
    n = len(group)
    mask = np.arange(tokens)[None] < rng.integers(2, tokens + 1, n)[:, None]
    mask[missing] = False
    centres = rng.normal(size=(N_GROUPS, token_dim))
    values = centres[group][:, None] + 0.3 * rng.normal(size=(n, tokens, token_dim))
    pooled = rng.normal(size=(N_GROUPS, pooled_dim))[group] + 0.3 * rng.normal(size=(n, pooled_dim))
    present = mask.any(axis=1)[:, None]
    return ModalityFeatures((values * mask[:, :, None]).astype(np.float16), mask, (pooled * present).astype(np.float16))
