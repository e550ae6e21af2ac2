"""A question from outside the catalogue, put to a space: words or a picture become a vector of that space.

Shape letters: I items, D width, N tokens.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from mmviz.encoders.base import Encoder, ImageCodes, TextCodes
from mmviz.errors import EncoderError, MmvizError
from mmviz.features import Features
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
    checked = _checked(question.picture)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "picture.png"
        path.write_bytes(checked)
        try:
            return encoder.encode_images([encoder.prepare_image(path)])
        except (OSError, ValueError) as error:
            raise EncoderError(f"The picture cannot be read ({error}). Use another JPEG, PNG or WebP file.") from None


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
    import torch

    from mmviz.fusion.base import Tokens

    loader = restored.loader
    if modality not in loader.names:
        what = "pictures" if modality == "image" else "words"
        raise MmvizError(f"This strategy reads no {what}.")
    mask = codes.mask if isinstance(codes, TextCodes) else np.ones(codes.tokens.shape[:2], dtype=bool)  # (1, N)
    tokens = {}
    for name in loader.names:
        own = name == modality
        part = loader.features.modalities[name]
        pooled = torch.from_numpy(codes.pooled if own else np.zeros((1, part.pooled.shape[1]), np.float32))  # (1, Dp)
        if loader.level == "pooled":
            values, real = torch.zeros(1, 1, 0), torch.full((1, 1), own)  # (1, 1, 0), (1, 1)
        elif own:
            values, real = torch.from_numpy(codes.tokens), torch.from_numpy(mask)  # (1, N, D), (1, N)
        else:
            values = torch.zeros(1, *part.tokens.shape[1:])  # (1, N, D)
            real = torch.zeros(values.shape[:2], dtype=torch.bool)  # (1, N)
        tokens[name] = Tokens(values.float(), real, pooled.float()).to(loader.device)
    with torch.no_grad():
        content: np.ndarray = restored.content(tokens)[0].float().cpu().numpy()  # (D,)
    return content


def shared(found: Mapping[str, tuple[int, ...]], k: int) -> pd.DataFrame:
    """Square frame (space × space): how many of the first k items two spaces share, over k."""
    lists = {name: set(items[:k]) for name, items in found.items()}
    values = [[len(a & b) / max(1, min(k, max(len(a), len(b)))) for b in lists.values()] for a in lists.values()]
    return pd.DataFrame(values, index=list(lists), columns=list(lists))


def _checked(content: bytes) -> bytes:
    """The picture written anew as PNG, so that nothing but pixels reaches the encoder. Raises MmvizError."""
    from PIL import Image

    if len(content) > MOST_BYTES:
        raise MmvizError(f"The picture has {len(content) / 1e6:.0f} MB; up to {MOST_BYTES / 1e6:.0f} MB can be used.")
    formats = ("JPEG", "PNG", "WEBP")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=formats) as first:
                if first.width * first.height > MOST_PIXELS:
                    raise MmvizError(f"The picture has {first.width} × {first.height} pixels. Use a smaller one.")
                first.verify()
            with Image.open(io.BytesIO(content), formats=formats) as picture:
                out = io.BytesIO()
                picture.convert("RGB").save(out, "PNG")
                return out.getvalue()
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise MmvizError("This file is no JPEG, PNG or WebP picture that can be read. Use another one.") from None
