"""The bundled encoder: EfficientNet-Lite2 for pictures, MiniLM for texts, joined by ImageNet's class names.

Tokens are projected to a narrower width by directions that belong to the towers alone, never to a catalogue: for
pictures the top right singular vectors of the ImageNet classifier (what matters to its own output), for texts the
principal directions of the tower's output on its vocabulary.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file
from torch import Tensor
from torch.nn.functional import interpolate

from mmviz.encoders import lite2, minilm
from mmviz.encoders.base import Encoder, EncoderShape, ImageCodes, TextCodes, Trace, token_width
from mmviz.encoders.bridge import Bridge, class_prompts
from mmviz.encoders.bundled_tail import BundledTail
from mmviz.encoders.inference import inference, to_device, to_numpy, top_directions
from mmviz.encoders.names import BUNDLED, encoder_fingerprint
from mmviz.encoders.tail import Tail
from mmviz.encoders.words import assign_pieces, averaging, find_words, word_table
from mmviz.home import data_home, replacing

__all__ = ["BundledEncoder"]

_SUMMARIES = lite2.WIDTH + minilm.WIDTH + 2 * minilm.WIDTH  # pooled image and text, two joint vectors
_TOKEN = token_width(lite2.GRID[0] * lite2.GRID[1], _SUMMARIES, native=minilm.WIDTH)
_VOCABULARY = 2000  # words whose vectors give the text directions
_CONSTANTS = ("image", "text", "centre", "classes")


class _Constants(NamedTuple):
    """What follows from the weights alone: directions (W, D) of both towers and the bridge."""

    image: Tensor
    text: Tensor
    bridge: Bridge


class BundledEncoder(Encoder):
    """`load_encoder("bundled")`: needs no network; 120 MB of weights; see the module for what it does."""

    def __init__(self, device: str = "cpu", home: Path | None = None) -> None:
        self.name = BUNDLED
        self.fingerprint = encoder_fingerprint(BUNDLED)
        self.shape = EncoderShape(lite2.GRID, _TOKEN, lite2.WIDTH, _TOKEN, minilm.WIDTH, joint=minilm.WIDTH)
        self.device = torch.device(device)
        self.image_batch, self.text_batch = (256, 256) if self.device.type == "cuda" else (8, 16)
        self._picture = lite2.Lite2(self.device)
        self._text = minilm.MiniLM(self.device)
        self._constants = self._load_constants(
            (home or data_home()) / "encoders" / f"bundled-{self.fingerprint}.safetensors"
        )

    def prepare_image(self, path: Path | BytesIO) -> np.ndarray:
        return self._picture.prepare(path)

    def encode_images(self, pictures: Sequence[np.ndarray]) -> ImageCodes:
        count, shape = len(pictures), self.shape
        codes = ImageCodes(
            np.zeros((count, shape.patches, shape.image_token), dtype=np.float32),
            np.zeros((count, shape.image_pooled), dtype=np.float32),
            np.zeros((count, shape.joint), dtype=np.float32),
        )
        for rows in _alike(pictures):
            with inference(self.device):
                seen = self._picture(np.stack([pictures[row] for row in rows]))
                codes.tokens[rows] = to_numpy(seen.patches @ self._constants.image)  # (b, P, D)
                codes.pooled[rows] = to_numpy(seen.pooled)  # (b, Dp)
                codes.joint[rows] = to_numpy(self._constants.bridge.image(seen.logits))  # (b, J)
        return codes

    def encode_texts(self, texts: Sequence[str]) -> TextCodes:
        with inference(self.device):
            read = self._text(texts)
            pieces = [
                assign_pieces(encoding.offsets, find_words(text))
                for encoding, text in zip(read.encodings, texts, strict=True)
            ]
            merge = to_device(averaging(pieces, read.pieces.shape[1]), self.device)  # (B, T, L)
            tokens = merge @ read.pieces.float() @ self._constants.text  # (B, T, D)
            joint = self._constants.bridge.text(read.pooled)  # (B, J)
            arrays = to_numpy(tokens), to_numpy(read.pooled), to_numpy(joint)
        spans, mask = word_table(pieces)
        some = mask.any(axis=1, keepdims=True)  # (B, 1)
        cut = np.array([one.cut for one in pieces])
        return TextCodes(arrays[0], mask, spans, arrays[1] * some, arrays[2] * some, cut)

    def tail(self, layers: int) -> Tail:
        return BundledTail(self._picture, self._text, (self._constants.image, self._constants.text), layers)

    def load_layers(self, weights: Mapping[str, np.ndarray]) -> None:
        for tower, prefix in ((self._picture, "image."), (self._text, "text.")):
            own = {name: torch.from_numpy(w) for name, w in weights.items() if name.startswith(prefix)}
            tower.load({name.removeprefix(prefix): w for name, w in own.items()})

    @torch.no_grad()
    def trace_image(self, picture: np.ndarray) -> Trace:
        maps = self._picture.features(np.stack([picture]))[0]  # (W, gh', gw')
        size = tuple(maps.shape[1:])

        def read(parts: Tensor) -> tuple[Tensor, Tensor]:
            patches, pooled = lite2.read_map(parts.T.reshape(1, -1, *size))  # (1, P, W), (1, W)
            return patches @ self._constants.image, pooled  # (1, P, D), (1, W)

        def place(values: Tensor) -> Tensor:
            square = interpolate(values.reshape(1, 1, *size), lite2.GRID, mode="bilinear", align_corners=False)
            return square.flatten()  # (P,)

        return Trace(maps.flatten(1).T.contiguous(), read, place)

    @torch.no_grad()
    def trace_text(self, text: str) -> Trace:
        seen = self._text([text])
        pieces = assign_pieces(seen.encodings[0].offsets, find_words(text))
        merge = to_device(averaging([pieces], seen.pieces.shape[1])[0], self.device)  # (T, L)

        def read(parts: Tensor) -> tuple[Tensor, Tensor]:
            return (merge @ parts @ self._constants.text)[None], parts.mean(dim=0)[None]  # (1, T, D), (1, W)

        return Trace(seen.pieces[0], read, lambda values: (merge > 0).float() @ values)

    def similarity(self, tokens: np.ndarray, joint: np.ndarray) -> np.ndarray:
        """ConSE patch by patch: Σ_c (z_pc − z̄_c) · t_c·q with class scores z of a patch and class captions t."""
        patches, query = (torch.from_numpy(np.asarray(a, np.float32)).to(self.device) for a in (tokens, joint))
        with inference(self.device, exact=True):
            reading = self._picture.class_weights @ self._constants.image  # (C, D)
            scores = patches @ reading.T  # (P, C)
            likeness = query @ self._constants.bridge.classes.T  # (n, C)
            return to_numpy(likeness @ (scores - scores.mean(dim=0)).T)  # (n, P)

    def _load_constants(self, kept: Path) -> _Constants:
        """Read the constants that an earlier start left, else compute them and leave them for the next."""
        if (stored := _read_arrays(kept)) is None:
            stored = self._compute_constants()
            with suppress(OSError, SafetensorError), replacing(kept) as draft:  # a home may be read-only
                save_file(stored, draft)
        image, text, centre, classes = (to_device(stored[name], self.device) for name in _CONSTANTS)
        return _Constants(image, text, Bridge(centre, classes))

    def _compute_constants(self) -> dict[str, np.ndarray]:
        with inference(self.device, exact=True):  # the same on every device
            captions = torch.cat([self._text(part).pooled for part in _parts(class_prompts(), 100)])  # (C, W)
            words = self._text.vocabulary()[:_VOCABULARY]
            vectors = torch.cat([self._text(part).pieces[:, 1] for part in _parts(words, 200)])  # (n, W)
        centred = vectors - vectors.mean(dim=0)  # (n, W); every word is one piece, between two special ones
        image = top_directions(self._picture.class_weights, _TOKEN)  # (W, D)
        text = top_directions(centred, _TOKEN)  # (W, D)
        bridge = Bridge.build(captions)
        return dict(zip(_CONSTANTS, map(to_numpy, (image, text, bridge.centre, bridge.classes)), strict=True))


def _read_arrays(path: Path) -> dict[str, np.ndarray] | None:
    """The constants of an earlier start; None when there are none or the file is damaged."""
    try:
        stored = load_file(path)
        return {name: stored[name] for name in _CONSTANTS}
    except (OSError, SafetensorError, KeyError):
        return None


def _parts(items: Sequence[str], size: int) -> list[Sequence[str]]:
    return [items[start : start + size] for start in range(0, len(items), size)]


def _alike(pictures: Sequence[np.ndarray]) -> list[list[int]]:
    """Positions of the pictures, grouped by their size in pixels."""
    groups: dict[tuple[int, ...], list[int]] = {}
    for row, picture in enumerate(pictures):
        groups.setdefault(picture.shape, []).append(row)
    return list(groups.values())
