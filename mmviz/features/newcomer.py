"""One picture and one text that belong to no catalogue, as the features of a catalogue of one item."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from mmviz.encoders import Encoder
from mmviz.encoders.pictures import checked_picture
from mmviz.errors import UploadError
from mmviz.features.base import Features, ModalityFeatures

__all__ = ["MOST_LETTERS", "encode_newcomer"]

MOST_LETTERS = 20_000


def encode_newcomer(encoder: Encoder, features: Features, picture: bytes | None, text: str) -> Features:
    """Encode a picture, a text or both as `features` were: one item, without the modalities that it lacks.

    The picture lies in a temporary file while it is decoded, and is gone afterwards. Raises UploadError for one that is
    not fit, for a text of more than 20,000 letters, and when there is neither.
    """
    if picture is None and not text.strip():
        raise UploadError("Give a picture, a text, or both.")
    if len(text) > MOST_LETTERS:
        raise UploadError(f"The text has {len(text):,} letters; up to {MOST_LETTERS:,} are taken. Shorten it.")
    parts = {name: _nothing(part) for name, part in features.modalities.items()}
    if picture is not None and "image" in parts:
        parts["image"] = _picture(encoder, picture)
    if text.strip() and "text" in parts:
        codes = encoder.encode_texts([text])
        parts["text"] = _halves(codes.tokens, codes.mask, codes.pooled)
    if not any(part.present.any() for part in parts.values()):
        raise UploadError("The text has no word in it. Give a picture, or a text with words.")
    return replace(features, modalities=parts, joint={}, words=(), folder=None, notes=())


def _picture(encoder: Encoder, data: bytes) -> ModalityFeatures:
    upright = checked_picture(data)
    with TemporaryDirectory(prefix="mmviz-newcomer-") as folder:
        file = Path(folder) / "picture.png"
        upright.save(file, compress_level=0)
        prepared = encoder.prepare_image(file)
    codes = encoder.encode_images([prepared])
    return _halves(codes.tokens, np.ones(codes.tokens.shape[:2], dtype=bool), codes.pooled)


def _halves(tokens: np.ndarray, mask: np.ndarray, pooled: np.ndarray) -> ModalityFeatures:
    """As the store keeps them: tokens (1, N, D), mask (1, N), pooled (1, Dp)."""
    limit = float(np.finfo(np.float16).max)
    return ModalityFeatures(
        *(np.clip(v, -limit, limit).astype(np.float16) if v is not mask else v for v in (tokens, mask, pooled))
    )


def _nothing(part: ModalityFeatures) -> ModalityFeatures:
    """An item that lacks the modality."""
    shapes = part.tokens.shape[1:], part.mask.shape[1:], part.pooled.shape[1:]
    tokens, mask, pooled = (
        np.zeros((1, *shape), dtype=kind) for shape, kind in zip(shapes, (np.float16, bool, np.float16), strict=True)
    )
    return ModalityFeatures(tokens, mask, pooled)
