"""Damaged pictures and texts through the real encoder: blurred pictures, and texts with words struck out.

A damaged catalogue is encoded like any other, into a store of its own that is resumable and used again; only the
damaged modality is encoded, the other one is taken from the clean store.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import ImageFilter

from mmviz.catalogue.base import Catalogue
from mmviz.encoders import Encoder, find_words
from mmviz.encoders.base import ImageCodes, TextCodes
from mmviz.encoders.pictures import open_picture
from mmviz.features.base import Features
from mmviz.features.extract import encode_catalogue
from mmviz.features.load import item_texts
from mmviz.progress import Report, silent

__all__ = ["BLUR", "blurred", "struck", "with_words_struck"]

BLUR = 0.1
"""Radius of the blur at full severity, as a share of the shorter side: patches of colour are all that is left."""
_SIDE = 320  # pixels of the shorter side at which a picture is blurred; the encoders look at fewer


def blurred(
    catalogue: Catalogue, features: Features, encoder: Encoder, severity: float, home: Path, report: Report = silent
) -> Features:
    """The features when every picture is blurred, with a radius of `severity` · 10 % of its shorter side."""
    pictures = replace(
        catalogue,
        items=catalogue.items.assign(title="", text=""),
        fingerprint=f"{catalogue.fingerprint}-blur-{severity:g}",
    )
    made = encode_catalogue(pictures, _Blurring(encoder, severity), home, report)
    return replace(features, modalities={**features.modalities, "image": made.modalities["image"]})


def struck(
    catalogue: Catalogue,
    features: Features,
    encoder: Encoder,
    severity: float,
    home: Path,
    seed: int = 0,
    report: Report = silent,
) -> Features:
    """The features as they are when a share `severity` of the words of every title and text is struck out."""
    texts = [
        with_words_struck(text, severity, np.random.default_rng((seed, row)))
        for row, text in enumerate(item_texts(catalogue))
    ]
    words = replace(
        catalogue,
        items=catalogue.items.assign(title="", text=texts, image=""),
        fingerprint=f"{catalogue.fingerprint}-struck-{severity:g}-s{seed}",
    )
    made = encode_catalogue(words, encoder, home, report)
    return replace(features, modalities={**features.modalities, "text": made.modalities["text"]})


def with_words_struck(text: str, severity: float, rng: np.random.Generator) -> str:
    """The text without a share `severity` of its words, rounded; a text that loses all of them is empty.

    The words that a generator in the same state strikes at a lower severity are among those that it strikes at a
    higher one.
    """
    words = find_words(text)
    order = rng.permutation(len(words))
    lost = sorted(order[: round(severity * len(words))].tolist())
    if len(lost) == len(words):
        return ""
    parts, at = [], 0
    for index in lost:
        parts.append(text[at : words[index].start])
        at = words[index].end
    return " ".join("".join([*parts, text[at:]]).split())


class _Blurring(Encoder):
    """An encoder that sees every picture blurred."""

    def __init__(self, inner: Encoder, severity: float) -> None:
        self.name, self.fingerprint, self.shape = inner.name, inner.fingerprint, inner.shape
        self.image_batch, self.text_batch = inner.image_batch, inner.text_batch
        self._inner, self._severity = inner, severity

    def prepare_image(self, path: Path | BytesIO) -> np.ndarray:
        picture = open_picture(path, at_least=_SIDE)
        scale = _SIDE / min(picture.size)
        if scale < 1:
            picture = picture.resize((round(picture.width * scale), round(picture.height * scale)))
        soft = picture.filter(ImageFilter.GaussianBlur(self._severity * BLUR * min(picture.size)))
        file = BytesIO()
        soft.save(file, format="PNG", compress_level=0)
        file.seek(0)
        return self._inner.prepare_image(file)

    def encode_images(self, pictures: Sequence[np.ndarray]) -> ImageCodes:
        return self._inner.encode_images(pictures)

    def encode_texts(self, texts: Sequence[str]) -> TextCodes:
        return self._inner.encode_texts(texts)
