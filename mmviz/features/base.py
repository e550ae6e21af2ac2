"""What an encoder saw in a catalogue, as the rest of the program reads it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

__all__ = ["Features", "ModalityFeatures", "Word"]


@dataclass(frozen=True)
class Word:
    """A word of an item's text: the letters and where they stand in `item_text(title, text)`."""

    letters: str
    start: int
    end: int


@dataclass(frozen=True)
class ModalityFeatures:
    """One modality of all items.

    - `tokens`: (I, N, D) float16, memory-mapped; rows beyond an item's own tokens are zero.
    - `mask`: (I, N) bool, True = real token; an all-False row means that the item lacks this modality.
    - `pooled`: (I, Dp) float16, the encoder's own summary of the item; zero where absent.
    """

    tokens: np.ndarray
    mask: np.ndarray
    pooled: np.ndarray

    @property
    def present(self) -> np.ndarray:
        """(I,) bool: which items have this modality."""
        return np.asarray(self.mask.any(axis=1))

    @property
    def vectors(self) -> np.ndarray:
        """(I, Dp) float32: the summaries, with rows of zeros for items that lack the modality."""
        vectors: np.ndarray = np.asarray(self.pooled, dtype=np.float32) * self.present[:, None]
        return vectors


@dataclass(frozen=True)
class Features:
    """What one encoder made of one catalogue.

    - `modalities`: "image", "text" and any further ones (such as "attributes"), in sorted order of use.
    - `joint`: (I, J) float16 unit vectors of "image" and "text" in the encoder's shared space; zero where absent.
    - `grid`: patch rows and columns (gh, gw), with gh·gw = N of the image tokens; it covers the whole picture.
    - `words`: for each item, the words that the text tokens stand for, token by token.
    - `fingerprint`: of catalogue content, encoder and store version.
    - `notes`: sentences for a person on what was left out (unreadable pictures, words beyond the last token).
    """

    modalities: dict[str, ModalityFeatures]
    joint: dict[str, np.ndarray]
    grid: tuple[int, int]
    words: Sequence[tuple[Word, ...]]
    encoder: str
    fingerprint: str
    folder: Path | None = None
    notes: tuple[str, ...] = ()

    @property
    def n_items(self) -> int:
        return len(next(iter(self.modalities.values())).mask)
