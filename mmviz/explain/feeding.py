"""An item as the encoder sees it, whole or with parts taken away, as tokens for a network.

Shape letters: V variants, P patches, T words, N tokens of either, D token width, Dp summary width.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch

from mmviz.encoders.base import Encoder, Trace
from mmviz.explain.covering import covered, without_words
from mmviz.features import ModalityFeatures, Word
from mmviz.fusion.base import Tokens

__all__ = ["Subject", "Variant", "as_tokens"]


@dataclass(frozen=True)
class Variant:
    """What stays of an item: `keep` (P,) bool patches, and the places of the words that are struck."""

    keep: np.ndarray
    struck: frozenset[int] = frozenset()


@dataclass
class Subject:
    """One item to look into: a prepared picture (None = without), its text and words, and the encoder.

    `stored` holds what the token store has of it, (1, N, D) and so on, for modalities that were not changed. What was
    encoded for a variant is kept, so that the next strategy and the next stroke of a brush need not do it again.
    """

    encoder: Encoder
    picture: np.ndarray | None
    text: str
    words: tuple[Word, ...]
    stored: dict[str, ModalityFeatures] = field(default_factory=dict)
    _seen: dict[bytes, ModalityFeatures] = field(default_factory=dict)
    _read: dict[str, ModalityFeatures] = field(default_factory=dict)
    _traces: dict[str, Trace | None] = field(default_factory=dict)

    @property
    def patches(self) -> int:
        """P."""
        return self.encoder.shape.patches

    def whole(self) -> Variant:
        """The item with nothing taken away."""
        return Variant(np.ones(self.patches, dtype=bool))

    def features(self, variants: Sequence[Variant]) -> dict[str, ModalityFeatures]:
        """Tokens, masks and summaries of both modalities of every variant, (V, N, D), (V, N) and (V, Dp)."""
        self._encode_pictures([v.keep for v in variants])
        self._encode_texts([self._left(v) for v in variants])
        return {
            "image": _stacked([self._seen[v.keep.tobytes()] for v in variants]),
            "text": _stacked([self._read[self._left(v)] for v in variants]),
        }

    def traces(self) -> dict[str, Trace]:
        """The way back from the whole item's tokens to its parts, by modality, where the encoder knows it."""
        if not self._traces:
            self._traces["image"] = None if self.picture is None else self.encoder.trace_image(self.picture)
            self._traces["text"] = self.encoder.trace_text(self.text) if self.words else None
        return {name: trace for name, trace in self._traces.items() if trace is not None}

    def _left(self, variant: Variant) -> str:
        return without_words(self.text, self.words, variant.struck)

    def _encode_pictures(self, keeps: Sequence[np.ndarray]) -> None:
        new = {keep.tobytes(): keep for keep in keeps if keep.tobytes() not in self._seen}
        if self.picture is None:
            self._seen |= dict.fromkeys(
                new, _nothing(self.patches, self.encoder.shape.image_token, self._width("image"))
            )
            return
        whole = self.whole().keep.tobytes()
        if whole in new and "image" in self.stored:
            self._seen[whole] = self.stored["image"]
            del new[whole]
        keys = list(new)
        grid = self.encoder.shape.grid
        for start in range(0, len(keys), self.encoder.image_batch):
            part = keys[start : start + self.encoder.image_batch]
            pictures = [covered(self.picture, new[k].reshape(grid), self.encoder.channels_first) for k in part]
            codes = self.encoder.encode_images(pictures)
            some = np.ones((1, self.patches), dtype=bool)
            for at, key in enumerate(part):
                self._seen[key] = ModalityFeatures(_half(codes.tokens[at]), some, _half(codes.pooled[at]))

    def _encode_texts(self, texts: Sequence[str]) -> None:
        new = [text for text in dict.fromkeys(texts) if text not in self._read]
        if self.text in new and "text" in self.stored:
            self._read[self.text] = self.stored["text"]
            new.remove(self.text)
        shape = self.encoder.shape
        if "" in new:
            self._read[""] = _nothing(shape.words, shape.text_token, self._width("text"))
            new.remove("")
        new.sort(key=len)
        for start in range(0, len(new), self.encoder.text_batch):
            part = new[start : start + self.encoder.text_batch]
            codes = self.encoder.encode_texts(part)
            for at, text in enumerate(part):
                mask = codes.mask[at][None]
                self._read[text] = ModalityFeatures(_half(codes.tokens[at]), mask, _half(codes.pooled[at]))

    def _width(self, name: str) -> int:
        shape = self.encoder.shape
        return shape.image_pooled if name == "image" else shape.text_pooled


def as_tokens(features: Mapping[str, ModalityFeatures], level: str, device: torch.device) -> dict[str, Tokens]:
    """Features (V, …) as a network of a level takes them; at "pooled" without the tokens."""
    fed = {}
    for name, part in features.items():
        mask = torch.from_numpy(np.array(part.mask, dtype=bool))  # (V, N)
        pooled = torch.from_numpy(np.asarray(part.pooled, dtype=np.float32))  # (V, Dp)
        if level == "pooled":
            values, mask = torch.zeros(len(mask), 1, 0), mask.any(dim=1, keepdim=True)
        else:
            values = torch.from_numpy(np.asarray(part.tokens, dtype=np.float32))  # (V, N, D)
        fed[name] = Tokens(values, mask, pooled).to(device)
    return fed


def _half(values: np.ndarray) -> np.ndarray:
    """Rounded as the token store rounds, with an axis of one item in front."""
    limit = float(np.finfo(np.float16).max)
    return np.asarray(np.clip(values, -limit, limit).astype(np.float16)[None])


def _nothing(tokens: int, width: int, pooled: int) -> ModalityFeatures:
    return ModalityFeatures(
        np.zeros((1, tokens, width), np.float16), np.zeros((1, tokens), dtype=bool), np.zeros((1, pooled), np.float16)
    )


def _stacked(parts: Sequence[ModalityFeatures]) -> ModalityFeatures:
    return ModalityFeatures(
        np.concatenate([part.tokens for part in parts]),
        np.concatenate([part.mask for part in parts]),
        np.concatenate([part.pooled for part in parts]),
    )
