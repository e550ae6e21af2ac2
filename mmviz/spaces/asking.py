"""A question from outside the catalogue, put to a space: words or a picture become a vector of that space.

Shape letters: I items, D width.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from mmviz.encoders.base import Encoder, ImageCodes, TextCodes
from mmviz.errors import MmvizError
from mmviz.features import Features
from mmviz.features.newcomer import as_stored, encoded_picture, one_item
from mmviz.views.maps import Question

if TYPE_CHECKING:
    from mmviz.restoring import Restored

__all__ = ["Codes", "encoded", "fused_question", "raw_question", "shared"]

Codes = ImageCodes | TextCodes
MOST_PIXELS = 40_000_000
MOST_BYTES = 20_000_000


def encoded(question: Question, encoder: Encoder) -> Codes:
    """Words or a picture as the encoder sees them, a batch of one. Raises MmvizError when they cannot be read."""
    if question.kind == "words":
        codes = encoder.encode_texts([question.words])
        if not codes.mask.any():
            raise MmvizError(f"'{question.words}' holds no word that the encoder knows. Use a few plain words.")
        return codes
    if len(question.picture) > MOST_BYTES:
        size = len(question.picture) / 1e6
        raise MmvizError(f"The picture has {size:.0f} MB; up to {MOST_BYTES / 1e6:.0f} MB can be used.")
    return encoded_picture(encoder, question.picture, MOST_PIXELS)


def raw_question(codes: Codes, modality: str, features: Features, space: str) -> tuple[np.ndarray, np.ndarray | None]:
    """The question as a vector (D,) and, where it is compared with other vectors than the space's own, those (I, D).

    In the modality's own space that is its summary, centred as the space is. In the other modality's space the
    question is compared through the encoder's shared space.
    """
    if space == modality:
        part = features.modalities[modality]
        present = part.present
        centre = np.asarray(part.pooled, dtype=np.float32)[present].mean(axis=0) if present.any() else 0.0
        return codes.pooled[0] - centre, None
    return codes.joint[0], None if space not in features.joint else np.asarray(features.joint[space], np.float32)


def fused_question(restored: Restored, codes: Codes, modality: str) -> np.ndarray:
    """(D,) the content vector of an item that has nothing but this question. Raises MmvizError if it is not read."""
    loader = restored.loader
    if modality not in loader.names:
        what = "pictures" if modality == "image" else "words"
        raise MmvizError(f"This strategy reads no {what}.")
    item = one_item(loader.features, {modality: as_stored(codes)})
    content: np.ndarray = restored.contents(item)[0].cpu().numpy()  # (D,)
    return content


def shared(found: Mapping[str, tuple[int, ...]], k: int) -> pd.DataFrame:
    """Square frame (space × space): how many of the first k items two spaces share, over k."""
    lists = {name: set(items[:k]) for name, items in found.items()}
    values = [[len(a & b) / max(1, min(k, max(len(a), len(b)))) for b in lists.values()] for a in lists.values()]
    return pd.DataFrame(values, index=list(lists), columns=list(lists))
