"""A third modality from the catalogue's columns: one token a column, nothing fitted on the catalogue.

An encoder's name with "+attributes" behind it ("bundled+attributes") stands for the encoder with this modality beside
its pictures and words. Vocabulary and scale are fixed beforehand, so that an item's tokens follow from its own columns
alone: nothing of a held-out item, or of any other, can get into them. Means and scales are fitted later, by the
models, on train items only.

A category value is a fixed vector drawn from a hash of column and value, tags are the sum of theirs (Weinberger et
al., "Feature Hashing for Large Scale Multitask Learning", ICML 2009), and a number is its signed logarithm with sines
and cosines of it (Tancik et al., "Fourier Features", NeurIPS 2020, eq. 5), turned by a matrix that belongs to the
column's name, so that a token tells which column it is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from mmviz.catalogue.base import Catalogue, Column, ColumnKind
from mmviz.features.base import ModalityFeatures

__all__ = ["ATTRIBUTE_WIDTH", "attribute_columns", "attributed", "encode_attributes", "features_name", "fingerprint"]

SUFFIX = "+attributes"
_VERSION = 1
"""Raise it when the same columns would give other tokens."""

ATTRIBUTE_WIDTH = 64
_FREQUENCIES = 2.0 ** np.arange(-2, 5)  # of the logarithm: from "which decade" to "which few per cent"
_LEVEL = 5.0  # a usual logarithm, so that it does not outweigh its waves


def attributed(name: str) -> tuple[str, bool]:
    """The encoder's own name, and whether attributes come with it."""
    plain = name.removesuffix(SUFFIX)
    return plain, plain != name


def features_name(encoder: str, attributes: bool) -> str:
    """The name of an encoder's features, with attributes or without: "bundled+attributes"."""
    return attributed(encoder)[0] + SUFFIX * attributes


def attribute_columns(catalogue: Catalogue) -> tuple[Column, ...]:
    """The columns that become attributes: categories, tags and numbers."""
    return tuple(column for column in catalogue.columns if column.kind in _ENCODE)


def fingerprint(encoded: str, columns: Sequence[Column]) -> str:
    """16 hexadecimal digits for an encoder's features of a catalogue, known by theirs, with these columns beside."""
    parts = [encoded, str(_VERSION), *(f"{column.name}\0{column.kind}" for column in columns)]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def encode_attributes(catalogue: Catalogue) -> ModalityFeatures | None:
    """Tokens (I, N, 64), one for each category, tags and number column in order; None when there is no such column.

    The mask is False where a value is not given; `pooled` (I, 64) is the mean of the given ones.
    """
    columns = attribute_columns(catalogue)
    if not columns:
        return None
    parts = [_ENCODE[column.kind](column.name, catalogue.items[column.name]) for column in columns]
    tokens = np.stack(parts, axis=1)  # (I, N, D)
    mask: np.ndarray = np.asarray(tokens.any(axis=2))  # (I, N)
    pooled = tokens.sum(axis=1) / np.maximum(mask.sum(axis=1, keepdims=True), 1)  # (I, D)
    return ModalityFeatures(tokens.astype(np.float16), mask, pooled.astype(np.float16))


def _category(name: str, values: pd.Series) -> np.ndarray:
    """(I, D): each value's vector; zero where it is blank."""
    codes, known = pd.factorize(_strings(values))
    vectors = np.stack([_vector(name, str(value)) for value in known])  # (V, D)
    chosen: np.ndarray = vectors[codes]  # (I, D)
    return chosen


def _tags(name: str, values: pd.Series) -> np.ndarray:
    """(I, D): the sum of the tags' vectors, scaled to length 1; zero where there is none."""
    codes, known = pd.factorize(_strings(values))
    sums = np.zeros((len(known), ATTRIBUTE_WIDTH), dtype=np.float32)
    for row, value in enumerate(known):
        tags = sorted({tag.strip() for tag in str(value).split("|")})
        sums[row] = sum((_vector(name, tag) for tag in tags), start=np.zeros(ATTRIBUTE_WIDTH, dtype=np.float32))
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)  # (V, 1)
    chosen: np.ndarray = (sums / np.where(lengths > 0, lengths, 1.0))[codes]  # (I, D)
    return chosen


def _number(name: str, values: pd.Series) -> np.ndarray:
    """(I, D): signed logarithm and its waves, turned by the column's matrix; zero where there is no number."""
    raw = pd.to_numeric(values, errors="coerce").to_numpy(dtype=np.float64)  # (I,)
    given = np.isfinite(raw)  # (I,)
    level = np.sign(raw) * np.log1p(np.abs(raw))  # (I,)
    level = np.where(given, level, 0.0)[:, None]  # (I, 1)
    angles = level * _FREQUENCIES  # (I, F)
    waves = np.concatenate([level / _LEVEL, np.sin(angles), np.cos(angles)], axis=1)  # (I, 1+2F)
    turned = waves @ _draw(f"number\0{name}", (waves.shape[1], ATTRIBUTE_WIDTH)) / np.sqrt(waves.shape[1])  # (I, D)
    return np.asarray(turned * given[:, None], dtype=np.float32)


_ENCODE: dict[ColumnKind, Callable[[str, pd.Series], np.ndarray]] = {
    "category": _category,
    "tags": _tags,
    "number": _number,
}


def _strings(values: pd.Series) -> np.ndarray:
    """(I,) strings without surrounding blanks; "" where nothing is given."""
    return np.array(["" if pd.isna(value) else str(value).strip() for value in values], dtype=object)


def _vector(column: str, value: str) -> np.ndarray:
    """(D,) of length 1, the same everywhere for the same column and value; zero for a blank value."""
    if not value:
        return np.zeros(ATTRIBUTE_WIDTH, dtype=np.float32)
    draw = _draw(f"{column}\0{value}", (ATTRIBUTE_WIDTH,))  # (D,)
    return np.asarray(draw / np.linalg.norm(draw), dtype=np.float32)


def _draw(key: str, shape: tuple[int, ...]) -> np.ndarray:
    """Standard normal numbers that depend on the key alone."""
    seed = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "little")
    return np.random.default_rng(seed).standard_normal(shape)
