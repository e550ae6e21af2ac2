"""Twins: a fusion trained once more on content that says nothing, to see what its content was worth.

"concat.shuffled" is concatenation with every item's pictures and texts exchanged for those of other items, so that
all is as it was but whose it is; "concat.noise" has random numbers of the same mean and spread in their place. What a
fusion is ahead of its twin is what it made of the content; what the twin is ahead of popularity came from the
interactions and from the network itself.

Shape letters: I items, N tokens, D width.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np

from mmviz.errors import UnknownNameError
from mmviz.features import Features, ModalityFeatures
from mmviz.features.lazy import lazy_tokens

__all__ = ["TWINS", "full_name", "parts", "twin"]

TWINS = {
    "shuffled": "The same model, trained on pictures and texts that were dealt out anew among the items.",
    "noise": "The same model, trained on random numbers in place of pictures and texts.",
}
"""What each twin is, by name."""


def full_name(strategy: str, kind: str) -> str:
    """The name of a strategy's twin: "concat@graph.noise"."""
    return f"{strategy}.{kind}"


def parts(name: str) -> tuple[str, str]:
    """Strategy and kind of twin of a full name; ("concat", "") for one that is no twin."""
    strategy, dot, kind = name.rpartition(".")
    return (strategy, kind) if dot else (name, "")


def twin(features: Features, kind: str, seed: int = 0) -> Features:
    """The same features with the content taken out of them. Which items lack a modality stays as it was.

    Each modality is dealt out anew by itself, so that a picture meets another item's text. Tokens are rearranged or
    drawn when they are read, never all at once. Raises UnknownNameError for a kind that there is not.
    """
    if kind not in TWINS:
        raise UnknownNameError("twin", kind, TWINS)
    changed: Callable[[ModalityFeatures, np.random.Generator, int], ModalityFeatures]
    changed = _shuffled if kind == "shuffled" else _noise
    modalities = {
        name: changed(own, np.random.default_rng([seed, at]), seed + at)
        for at, (name, own) in enumerate(features.modalities.items())
    }
    return dataclasses.replace(features, modalities=modalities, fingerprint=f"{features.fingerprint}.{kind}{seed}")


def _shuffled(own: ModalityFeatures, rng: np.random.Generator, seed: int) -> ModalityFeatures:  # noqa: ARG001
    present = np.flatnonzero(own.present)  # (n,)
    source = np.arange(len(own.mask))  # (I,): whose content an item gets
    source[present] = rng.permutation(present)
    tokens = lazy_tokens(own, lambda rows: np.asarray(own.tokens[source[rows]]))
    return ModalityFeatures(tokens, np.asarray(own.mask)[source], np.asarray(own.pooled)[source])


def _noise(own: ModalityFeatures, rng: np.random.Generator, seed: int) -> ModalityFeatures:
    present = own.present  # (I,)
    pooled = np.asarray(own.pooled, dtype=np.float32)  # (I, Dp)
    known = pooled[present]  # (n, Dp)
    drawn = known.mean(axis=0) + known.std(axis=0) * rng.standard_normal(pooled.shape)  # (I, Dp)
    some = np.asarray(own.tokens[np.flatnonzero(present)[:200]], dtype=np.float32)  # (≤ 200, N, D)
    real = some[np.asarray(own.mask)[np.flatnonzero(present)[:200]]]  # (t, D)
    mean, spread = (real.mean(axis=0), real.std(axis=0)) if len(real) else (0.0, 0.0)  # (D,) each
    shape = own.tokens.shape[1:]

    def draw(rows: np.ndarray) -> np.ndarray:
        generators = (np.random.default_rng([seed, row]) for row in rows.tolist())
        values = np.stack([each.standard_normal(shape, dtype=np.float32) for each in generators])  # (S, N, D)
        return np.asarray((mean + spread * values) * np.asarray(own.mask)[rows, :, None])  # (S, N, D)

    return ModalityFeatures(lazy_tokens(own, draw), own.mask, (drawn * present[:, None]).astype(np.float16))
