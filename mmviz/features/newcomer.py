"""One picture and one text that belong to no catalogue, as the features of a catalogue of one item."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from io import BytesIO

import numpy as np

from mmviz.encoders import Encoder
from mmviz.encoders.base import ImageCodes, TextCodes
from mmviz.encoders.pictures import MOST_PIXELS, checked_picture
from mmviz.errors import UploadError
from mmviz.features.base import Features, ModalityFeatures

__all__ = ["MOST_LETTERS", "as_stored", "encode_newcomer", "encoded_picture", "one_item"]

MOST_LETTERS = 20_000


def encode_newcomer(encoder: Encoder, features: Features, picture: bytes | None, text: str) -> Features:
    """Encode a picture, a text or both as `features` were: one item, without the modalities that it lacks.

    Raises UploadError for a picture that is not fit, for a text of more than 20,000 letters, and when there is neither.
    """
    if picture is None and not text.strip():
        raise UploadError("Give a picture, a text, or both.")
    if len(text) > MOST_LETTERS:
        raise UploadError(f"The text has {len(text):,} letters; up to {MOST_LETTERS:,} are taken. Shorten it.")
    parts = {}
    if picture is not None and "image" in features.modalities:
        parts["image"] = as_stored(encoded_picture(encoder, picture))
    if text.strip() and "text" in features.modalities:
        parts["text"] = as_stored(encoder.encode_texts([text]))
    if not any(part.present.any() for part in parts.values()):
        raise UploadError("The text has no word in it. Give a picture, or a text with words.")
    return one_item(features, parts)


def encoded_picture(encoder: Encoder, data: bytes, most_pixels: int = MOST_PIXELS) -> ImageCodes:
    """A picture that somebody gave by hand as the encoder sees it, a batch of one. Nothing is written anywhere.

    Raises UploadError for one that is not fit.
    """
    file = BytesIO()
    checked_picture(data, most_pixels).save(file, "PNG", compress_level=0)
    return encoder.encode_images([encoder.prepare_image(file)])


def one_item(features: Features, parts: Mapping[str, ModalityFeatures]) -> Features:
    """One item beside `features`: it has these parts (1, …) and lacks the other modalities."""
    every = {name: parts.get(name, _nothing(part)) for name, part in features.modalities.items()}
    return replace(features, modalities=every, joint={}, words=(), folder=None, notes=())


def as_stored(codes: ImageCodes | TextCodes) -> ModalityFeatures:
    """A batch of codes as the store keeps them: tokens (B, N, D) and pooled (B, Dp) in half precision, mask (B, N)."""
    limit = float(np.finfo(np.float16).max)
    mask = codes.mask if isinstance(codes, TextCodes) else np.ones(codes.tokens.shape[:2], dtype=bool)
    tokens, pooled = (np.clip(v, -limit, limit).astype(np.float16) for v in (codes.tokens, codes.pooled))
    return ModalityFeatures(tokens, mask, pooled)


def _nothing(part: ModalityFeatures) -> ModalityFeatures:
    """An item that lacks the modality."""
    shapes = part.tokens.shape[1:], part.mask.shape[1:], part.pooled.shape[1:]
    tokens, mask, pooled = (
        np.zeros((1, *shape), dtype=kind) for shape, kind in zip(shapes, (np.float16, bool, np.float16), strict=True)
    )
    return ModalityFeatures(tokens, mask, pooled)
