"""Opening a token store: memory maps and one small JSON file, no torch."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import overload

import numpy as np

from mmviz.catalogue.base import Catalogue
from mmviz.encoders.base import Encoder
from mmviz.encoders.names import BUNDLED, encoder_fingerprint
from mmviz.encoders.words import item_text
from mmviz.errors import FeatureError
from mmviz.features.attributes import (
    attribute_columns,
    attributed,
    encode_attributes,
    features_name,
    fingerprint,
)
from mmviz.features.base import Features, ModalityFeatures, Word
from mmviz.features.store import STORE_VERSION, Manifest, open_arrays, read_manifest
from mmviz.home import data_home

__all__ = [
    "WordTable",
    "has_features",
    "item_texts",
    "left_out",
    "load_features",
    "store_folder",
    "with_attributes",
]


class WordTable(Sequence[tuple[Word, ...]]):
    """The words of every item, cut out of its text when asked for."""

    def __init__(self, texts: Sequence[str], spans: np.ndarray, mask: np.ndarray) -> None:
        self._texts, self._spans, self._mask = texts, spans, mask

    def __len__(self) -> int:
        return len(self._texts)

    @overload
    def __getitem__(self, index: int) -> tuple[Word, ...]: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[tuple[Word, ...], ...]: ...
    def __getitem__(self, index: int | slice) -> tuple[Word, ...] | tuple[tuple[Word, ...], ...]:
        if isinstance(index, slice):
            return tuple(self[row] for row in range(*index.indices(len(self))))
        text = self._texts[index]
        spans = self._spans[index][self._mask[index]].tolist()  # (T', 2)
        return tuple(Word(text[start:end], start, end) for start, end in spans)

    def __iter__(self) -> Iterator[tuple[Word, ...]]:
        return (self[row] for row in range(len(self)))


def item_texts(catalogue: Catalogue) -> list[str]:
    """`item_text` of every item, in row order."""
    pairs = zip(catalogue.items["title"], catalogue.items["text"], strict=True)
    return [item_text(str(title), str(text)) for title, text in pairs]


def store_folder(catalogue: Catalogue, encoder: str | Encoder, home: Path | None = None) -> Path:
    """Where the store of this catalogue and encoder lies, or would lie; its name is the fingerprint."""
    of_encoder = encoder_fingerprint(encoder) if isinstance(encoder, str) else encoder.fingerprint
    parts = "\0".join([catalogue.fingerprint, of_encoder, str(STORE_VERSION)])
    return (home or data_home()) / "features" / hashlib.sha256(parts.encode()).hexdigest()[:16]


def has_features(catalogue: Catalogue, encoder: str | Encoder = BUNDLED, home: Path | None = None) -> bool:
    """Whether a complete store exists; attributes need none."""
    if isinstance(encoder, str):
        encoder = attributed(encoder)[0]
    return (store_folder(catalogue, encoder, home) / "store.json").is_file()


def load_features(catalogue: Catalogue, encoder: str | Encoder = BUNDLED, home: Path | None = None) -> Features:
    """Open the store of a catalogue.

    With a name such as "bundled+attributes" the catalogue's categories, tags and numbers come along as a third
    modality, made anew each time: that takes milliseconds. Raises `FeatureError` when the catalogue has not been
    encoded, when the store is damaged, or when there is no such column.
    """
    if isinstance(encoder, str) and attributed(encoder)[1]:
        return with_attributes(load_features(catalogue, attributed(encoder)[0], home), catalogue)
    folder = store_folder(catalogue, encoder, home)
    manifest = read_manifest(folder)
    if manifest is None:
        name = encoder if isinstance(encoder, str) else encoder.name
        raise FeatureError(f"'{catalogue.name}' has not been encoded with '{name}' yet. Encode it first.")
    if manifest.items != catalogue.n_items:
        raise FeatureError(
            f"The token store {folder} holds {manifest.items:,} items, '{catalogue.name}' {catalogue.n_items:,}. "
            "Encode the catalogue again."
        )
    arrays = open_arrays(folder, manifest.items, manifest.shape)
    modalities = {
        name: ModalityFeatures(arrays[f"{name}.tokens"], arrays[f"{name}.mask"], arrays[f"{name}.pooled"])
        for name in ("image", "text")
    }
    return Features(
        modalities=modalities,
        joint={name: arrays[f"{name}.joint"] for name in ("image", "text")},
        grid=manifest.shape.grid,
        words=WordTable(item_texts(catalogue), arrays["text.spans"], arrays["text.mask"]),
        encoder=manifest.encoder,
        fingerprint=folder.name,
        folder=folder,
        notes=left_out(manifest),
    )


def with_attributes(features: Features, catalogue: Catalogue) -> Features:
    """The same features with the catalogue's columns as a third modality, under a fingerprint of their own.

    Raises `FeatureError` when the catalogue has no column of categories, tags or numbers.
    """
    encoded = encode_attributes(catalogue)
    if encoded is None:
        raise FeatureError(
            f"'{catalogue.name}' has no attributes: none of its columns holds categories, tags or numbers. "
            "Train without attributes, or import the catalogue with such a column."
        )
    return replace(
        features,
        modalities={"attributes": encoded, **features.modalities},
        encoder=features_name(features.encoder, attributes=True),
        fingerprint=fingerprint(features.fingerprint, attribute_columns(catalogue)),
    )


def left_out(manifest: Manifest) -> tuple[str, ...]:
    """Sentences for a person on what the store does not hold."""
    notes = []
    if count := len(manifest.unreadable):
        notes.append(f"{count:,} picture{'s' * (count > 1)} could not be read; these items count as without picture.")
    if manifest.cut_words:
        notes.append(
            f"{manifest.cut_words:,} words at the end of {manifest.cut_items:,} long texts have no token of their own "
            f"(a text keeps up to {manifest.shape.words})."
        )
    return tuple(notes)
