"""The encoder contract: pictures and texts in, tokens and summaries out, as numpy arrays.

Shape letters: B batch, P patches (grid gh×gw), T words, D token width, Dp summary width, J joint width.
This file imports no torch, so that a stored result can be opened without it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mmviz.errors import EncoderError

if TYPE_CHECKING:
    from torch import Tensor

    from mmviz.encoders.tail import Tail

__all__ = [
    "ITEM_BYTES",
    "MAX_WORDS",
    "Attended",
    "Encoder",
    "EncoderShape",
    "ImageCodes",
    "OutOfMemory",
    "TextCodes",
    "Trace",
    "token_width",
    "unit",
]

MAX_WORDS = 72  # word tokens kept of one text
ITEM_BYTES = 65_536  # room for everything that is stored about one item
_SPAN_BYTES = 8  # start and end of a word, int32 each
_WIDTH_STEP = 16


class OutOfMemory(EncoderError):  # noqa: N818 - a condition that is handled by halving the batch
    """The device has no memory for this batch; half of it may fit."""


@dataclass(frozen=True)
class EncoderShape:
    """The sizes of what an encoder returns; the same for every item."""

    grid: tuple[int, int]
    image_token: int
    image_pooled: int
    text_token: int
    text_pooled: int
    joint: int
    words: int = MAX_WORDS

    @property
    def patches(self) -> int:
        """P, the number of patch tokens."""
        return self.grid[0] * self.grid[1]


@dataclass(frozen=True)
class ImageCodes:
    """A batch of encoded pictures: `tokens` (B, P, D), `pooled` (B, Dp), `joint` (B, J) of length 1; float32."""

    tokens: np.ndarray
    pooled: np.ndarray
    joint: np.ndarray


@dataclass(frozen=True)
class TextCodes:
    """A batch of encoded texts; float32 unless stated.

    - `tokens` (B, T, D), one a word, zero beyond the last word; `mask` (B, T) bool.
    - `spans` (B, T, 2) int32: start and end of each word in its text.
    - `pooled` (B, Dp) and `joint` (B, J) of length 1; zero for a text without a word.
    - `cut` (B,) int: words that the text has beyond those kept.
    """

    tokens: np.ndarray
    mask: np.ndarray
    spans: np.ndarray
    pooled: np.ndarray
    joint: np.ndarray
    cut: np.ndarray


@dataclass(frozen=True)
class Trace:
    """How the tokens and the summary of one picture or text follow from the parts of the last layer.

    - `parts` (n, W): what the last layer says of n places of a picture or pieces of a text.
    - `read`: parts (n, W) -> tokens (1, N, D) and summary (1, Dp), by operations that carry gradients.
    - `place`: one number a part (n,) -> one a token (N,), for a picture (P,), for a text (T,).
    """

    parts: Tensor
    read: Callable[[Tensor], tuple[Tensor, Tensor]]
    place: Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Attended:
    """What a picture tower attended to, layer by layer, while it was asked how well a picture fits a phrase.

    - `attention`, `gradients`: one (H, L, L) a layer: its maps, and what moving them does to the fit.
    - `place`: how much each of the L tokens is made of each, (L, L) -> how much each patch went into the fit, (P,).
    """

    attention: tuple[np.ndarray, ...]
    gradients: tuple[np.ndarray, ...]
    place: Callable[[np.ndarray], np.ndarray]


class Encoder(ABC):
    """Turns pictures and texts into tokens. Not thread-safe, but for `prepare_image`.

    Attributes: `name` (as given to `load_encoder`), `fingerprint` (of weights, preprocessing and version),
    `shape`, the batch sizes `image_batch` and `text_batch` that suit the device, `channels_first`: whether a
    prepared picture is (3, h, w) or (h, w, 3), and `attention_layers`: how many layers `attended` can tell of.
    """

    name: str
    fingerprint: str
    shape: EncoderShape
    image_batch: int = 32
    text_batch: int = 32
    channels_first: bool = False
    attention_layers: int = 0

    @abstractmethod
    def prepare_image(self, path: Path | BytesIO) -> np.ndarray:
        """Decode, resize and crop one picture, ready for a batch. Called from threads.

        Raises `OSError` or `ValueError` when the file is not a readable picture.
        """

    @abstractmethod
    def encode_images(self, pictures: Sequence[np.ndarray]) -> ImageCodes:
        """Encode a batch of prepared pictures; raises `OutOfMemory` when it does not fit."""

    @abstractmethod
    def encode_texts(self, texts: Sequence[str]) -> TextCodes:
        """Encode a batch of texts; raises `OutOfMemory` when it does not fit."""

    def tail(self, layers: int) -> Tail:
        """The last layers of both towers, ready to be trained; `EncoderError` where that is not offered."""
        raise EncoderError(
            f"The encoder '{self.name}' cannot be fine-tuned by {layers} layers. Use 'bundled', or train without."
        )

    def load_layers(self, weights: Mapping[str, np.ndarray]) -> None:
        """Take over weights that `Tail.weights` gave."""
        raise EncoderError(f"The encoder '{self.name}' has no place for the {len(weights)} layers of another.")

    def encode_query(self, text: str) -> np.ndarray:
        """(J,) unit vector of a search text in the joint space; zero when it holds no word."""
        joint: np.ndarray = self.encode_texts([text]).joint[0]
        return joint

    def trace_image(self, picture: np.ndarray) -> Trace | None:  # noqa: ARG002
        """A prepared picture with the way back from its summary to its places; None where there is no such way."""
        return None

    def trace_text(self, text: str) -> Trace | None:  # noqa: ARG002
        """A text with the way back from its summary to its words; None where there is no such way."""
        return None

    def attended(self, picture: np.ndarray, joint: np.ndarray) -> Attended | None:  # noqa: ARG002
        """What the picture tower attended to for a vector of the joint space (J,); None without `attention_layers`."""
        return None

    def similarity(self, tokens: np.ndarray, joint: np.ndarray) -> np.ndarray | None:  # noqa: ARG002
        """How much each patch (P, D) is like n vectors of the joint space (n, J): (n, P), or None."""
        return None


def unit(values: np.ndarray) -> np.ndarray:
    """Scale the last axis to length 1; a zero vector stays zero."""
    length = np.linalg.norm(values, axis=-1, keepdims=True)
    return np.asarray(values / np.where(length > 0, length, 1.0), dtype=np.float32)


def token_width(patches: int, summaries: int, native: int, widest: int = 192) -> int:
    """The widest token D at which one item, stored as float16, stays within `ITEM_BYTES`.

    `summaries` counts the float16 numbers of all pooled and joint vectors; `native` is the width that the
    encoder has anyway. Raises `EncoderError` when not even narrow tokens fit.
    """
    fixed = 2 * summaries + patches + MAX_WORDS * (1 + _SPAN_BYTES)
    room = (ITEM_BYTES - fixed) // (2 * (patches + MAX_WORDS))
    width = min(widest, native, room // _WIDTH_STEP * _WIDTH_STEP)
    if width < min(_WIDTH_STEP, native):
        raise EncoderError(
            f"This encoder's output does not fit into {ITEM_BYTES:,} bytes an item: {patches} patches and summaries of "
            f"{summaries} numbers leave {max(room, 0)} numbers a token. Choose an encoder with larger patches."
        )
    return width
