"""Encoders: pictures and texts become tokens and summaries. Importing this package does not import torch."""

from __future__ import annotations

from pathlib import Path

from mmviz.encoders.base import MAX_WORDS, Encoder, EncoderShape, ImageCodes, OutOfMemory, TextCodes, Trace
from mmviz.encoders.names import BUNDLED, encoder_fingerprint, parse_name
from mmviz.encoders.words import find_words, item_text, text_offset

__all__ = [
    "BUNDLED",
    "MAX_WORDS",
    "Encoder",
    "EncoderShape",
    "ImageCodes",
    "OutOfMemory",
    "TextCodes",
    "Trace",
    "encoder_fingerprint",
    "find_words",
    "item_text",
    "load_encoder",
    "parse_name",
    "text_offset",
]


def load_encoder(name: str = BUNDLED, device: str = "cpu", home: Path | None = None) -> Encoder:
    """Load an encoder by name (see `mmviz.encoders.names`) onto a torch device.

    What follows from the bundled weights alone is worked out once and kept under `home` (default: the data home).
    Raises `EncoderError` when the name is unknown, the weights are damaged, or they cannot be fetched.
    """
    parsed = parse_name(name)
    if parsed.model == BUNDLED:
        from mmviz.encoders.bundled import BundledEncoder

        return BundledEncoder(device, home)
    from mmviz.encoders.open_clip import OpenClipEncoder

    return OpenClipEncoder(parsed, device)
