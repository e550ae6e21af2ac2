"""Which word goes with which patch, learned from nothing but what stands together in a catalogue.

Shape letters: n items, P patches, T words, Di and Dt widths of a patch's and a word's token.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mmviz.features import Features

__all__ = ["Alignment", "aligned_relevance", "fit_alignment", "standard"]

RIDGE = 0.1
MOST = 20_000
"""Items that the alignment is fitted on at most."""


@dataclass(frozen=True)
class Alignment:
    """A bilinear form between words and patches: `text_mean` (Dt,) and `form` (Dt, Di)."""

    text_mean: np.ndarray
    form: np.ndarray

    def map(self, words: np.ndarray, patches: np.ndarray) -> np.ndarray:
        """How much each word (T, Dt) goes with each patch (P, Di) of one picture: (T, P), mean 0 over the patches."""
        seen = patches.astype(np.float32)
        seen = seen - seen.mean(axis=0)  # (P, Di)
        told = words.astype(np.float32) - self.text_mean  # (T, Dt)
        return np.asarray(told @ self.form @ seen.T, dtype=np.float32)  # (T, P)


def fit_alignment(features: Features, items: np.ndarray, ridge: float = RIDGE) -> Alignment | None:
    """Fit on the items (I,) bool that have both a picture and words; None when there are fewer than ten.

    The form is that of canonical correlation analysis between an item's mean word and its mean patch,
    C_tt^-½ (C_tt^-½ C_ti C_ii^-½) C_ii^-½, with a ridge relative to each largest variance; it is then read token by
    token. Source: Hotelling, Relations between two sets of variates, 1936; regularised after Vinod, 1976.
    """
    image, text = features.modalities["image"], features.modalities["text"]
    rows = np.flatnonzero(items & image.present & text.present)[:MOST]  # (n,)
    if len(rows) < 10:
        return None
    seen = np.stack([np.asarray(image.tokens[row], np.float32).mean(axis=0) for row in rows])  # (n, Di)
    told = np.stack([np.asarray(text.tokens[row], np.float32)[text.mask[row]].mean(axis=0) for row in rows])  # (n, Dt)
    mean = told.mean(axis=0)  # (Dt,)
    told, seen = told - mean, seen - seen.mean(axis=0)
    left, right = _inverse_root(told.T @ told / len(rows), ridge), _inverse_root(seen.T @ seen / len(rows), ridge)
    form = left @ (left @ (told.T @ seen / len(rows)) @ right) @ right  # (Dt, Di)
    return Alignment(mean, form.astype(np.float32))


def standard(maps: np.ndarray) -> np.ndarray:
    """Maps (T, P) with mean 0 and deviation 1 over the patches; a flat one becomes 0."""
    centred = maps - maps.mean(axis=1, keepdims=True)  # (T, P)
    return np.asarray(centred / np.maximum(centred.std(axis=1, keepdims=True), 1e-9), dtype=np.float32)


def aligned_relevance(alignment: np.ndarray, relevance: np.ndarray) -> np.ndarray:
    """Alignment (T, P), standardised and cut at 0, times how much each patch mattered |r| (P,): (T, P) ≥ 0.

    A place counts for a word where the picture shows it and the model's score hangs on it.
    """
    size = np.abs(relevance)  # (P,)
    return np.asarray(np.maximum(standard(alignment), 0.0) * (size / max(float(size.max()), 1e-12)), dtype=np.float32)


def _inverse_root(covariance: np.ndarray, ridge: float) -> np.ndarray:
    """(C/λ + ridge·I)^-½ of a covariance (D, D) with largest eigenvalue λ."""
    values, axes = np.linalg.eigh(covariance.astype(np.float64))  # (D,), (D, D)
    return np.asarray((axes / np.sqrt(np.maximum(values / max(values[-1], 1e-12), 0.0) + ridge)) @ axes.T)
