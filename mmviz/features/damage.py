"""Features as a damaged catalogue would have them: a modality gone, replaced by noise, or that of another item.

Nothing here is fitted or learned, and nothing is written: damaged rows are made when they are read. Shape letters:
I items, n rows that are read, N tokens, D token width, Dp summary width.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from mmviz.errors import UnknownNameError
from mmviz.features.base import Features, ModalityFeatures
from mmviz.features.lazy import lazy_tokens

__all__ = ["DAMAGES", "damaged", "hit_items", "mixed"]

_SAMPLE = 256
"""Items whose tokens tell how loud noise has to be."""


def damaged(features: Features, modality: str, damage: str, seed: int = 0) -> Features:
    """The features with one modality of *every* item damaged: "absent", "noise" or "shuffled".

    - absent: no token, no summary, as for an item that never had it.
    - noise: as many tokens as before, drawn from a normal distribution with the mean and the deviation that each
      dimension has over the catalogue.
    - shuffled: the tokens and the summary of another item that has the modality.

    Raises UnknownNameError for another damage or modality.
    """
    if modality not in features.modalities:
        raise UnknownNameError("modality", modality, features.modalities)
    if damage not in DAMAGES:
        raise UnknownNameError("damage", damage, DAMAGES)
    part = DAMAGES[damage](features.modalities[modality], seed)
    return replace(features, modalities={**features.modalities, modality: part})


def hit_items(present: np.ndarray, severity: float, seed: int = 0) -> np.ndarray:
    """(I,) bool: a share `severity` (0 to 1) of the items that have the modality, drawn at random.

    What is hit at a lower severity is hit at a higher one too, so that a curve over severities is of growing damage.
    """
    rows = np.flatnonzero(present)  # (n,)
    drawn = np.random.default_rng(seed).permutation(rows)[: round(severity * len(rows))]
    hit = np.zeros(len(present), dtype=bool)  # (I,)
    hit[drawn] = True
    return hit


def mixed(clean: Features, hurt: Features, hit: np.ndarray) -> Features:
    """The features `hurt` for the items in `hit` (I,) bool, and `clean` for the others."""
    parts = {name: _mixed(part, hurt.modalities[name], hit) for name, part in clean.modalities.items()}
    return replace(clean, modalities=parts)


def _mixed(clean: ModalityFeatures, hurt: ModalityFeatures, hit: np.ndarray) -> ModalityFeatures:
    if clean is hurt:
        return clean
    whole = hit[:, None]  # (I, 1)

    def read(at: np.ndarray) -> np.ndarray:
        rows: np.ndarray = np.where(hit[at][:, None, None], hurt.tokens[at], clean.tokens[at])  # (n, N, D)
        return rows

    mask, pooled = np.where(whole, hurt.mask, clean.mask), np.where(whole, hurt.pooled, clean.pooled)
    return ModalityFeatures(lazy_tokens(clean, read), mask, pooled)


def _absent(part: ModalityFeatures, _seed: int) -> ModalityFeatures:
    nothing = np.broadcast_to(np.zeros((), dtype=np.float16), part.tokens.shape)  # (I, N, D)
    return ModalityFeatures(nothing, np.zeros_like(part.mask), np.zeros_like(part.pooled))


def _noise(part: ModalityFeatures, seed: int) -> ModalityFeatures:
    present = np.flatnonzero(part.present)
    drawn = np.random.default_rng(seed).permutation(present)[:_SAMPLE]
    own = np.asarray(part.tokens[np.sort(drawn)], dtype=np.float32)[part.mask[np.sort(drawn)]]  # (n, D)
    middle, spread = (own.mean(axis=0), own.std(axis=0)) if len(own) else (0.0, 0.0)  # (D,) each

    def read(rows: np.ndarray) -> np.ndarray:
        normal = [np.random.default_rng((seed, 1, int(row))).standard_normal(part.tokens.shape[1:]) for row in rows]
        return np.asarray((middle + spread * np.array(normal)) * part.mask[rows][..., None], dtype=np.float16)

    pooled = np.asarray(part.pooled, dtype=np.float32)  # (I, Dp)
    middles, spreads = pooled[present].mean(axis=0), pooled[present].std(axis=0)  # (Dp,) each
    normal = np.random.default_rng((seed, 2)).standard_normal(pooled.shape)  # (I, Dp)
    summary = (middles + spreads * normal) * part.present[:, None]
    return ModalityFeatures(lazy_tokens(part, read), part.mask, summary.astype(np.float16))


def _shuffled(part: ModalityFeatures, seed: int) -> ModalityFeatures:
    """Each item takes the modality of the next one in a random round, so that none keeps its own."""
    present = np.flatnonzero(part.present)
    ring = np.random.default_rng((seed, 3)).permutation(present)  # (n,)
    source = np.arange(len(part.mask))  # (I,)
    source[ring] = np.roll(ring, 1)

    def read(rows: np.ndarray) -> np.ndarray:
        return np.asarray(part.tokens[source[rows]])

    return ModalityFeatures(lazy_tokens(part, read), part.mask[source], np.asarray(part.pooled)[source])


DAMAGES: dict[str, Callable[[ModalityFeatures, int], ModalityFeatures]] = {
    "absent": _absent,
    "noise": _noise,
    "shuffled": _shuffled,
}
"""What can happen to a modality without asking the encoder again."""
