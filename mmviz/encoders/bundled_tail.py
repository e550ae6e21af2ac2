"""The last layers of the bundled towers: EfficientNet-Lite2's last blocks and head, MiniLM's last layers.

Shape letters: B batch, P patches, T words, L word pieces, W tower width, D token width.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from mmviz.encoders.inference import to_device
from mmviz.encoders.lite2 import Lite2, read_map
from mmviz.encoders.minilm import MiniLM, mean_piece, through
from mmviz.encoders.tail import Tail
from mmviz.encoders.words import WordPieces, assign_pieces, averaging, find_words

__all__ = ["BundledTail"]


class _TextBelow(NamedTuple):
    """One text below the last layers: `hidden` (L, W) float16, and which word each piece belongs to."""

    hidden: Tensor
    words: WordPieces


class BundledTail(Tail):
    """See the module. `directions` (W, D) of both towers, by which tokens are projected, stay as they are."""

    def __init__(self, picture: Lite2, text: MiniLM, directions: tuple[Tensor, Tensor], layers: int) -> None:
        super().__init__(deepcopy(picture.last_layers(layers)), deepcopy(text.last_layers(layers)))
        self._below = (picture, text)
        self._layers = layers
        self._image_directions, self._text_directions = (d.detach().clone() for d in directions)

    @torch.no_grad()
    def below_pictures(self, pictures: Sequence[np.ndarray]) -> list[Tensor]:
        return [
            self._below[0].below(np.stack([picture]), self._layers)[0].half().cpu() for picture in pictures
        ]  # (C, h, w)

    @torch.no_grad()
    def below_texts(self, texts: Sequence[str]) -> list[_TextBelow]:
        hidden, _, encodings = self._below[1].below(texts, self._layers)  # (B, L, W)
        return [
            _TextBelow(hidden[row, : len(encoding.ids)].half().cpu(), assign_pieces(encoding.offsets, find_words(text)))
            for row, (encoding, text) in enumerate(zip(encodings, texts, strict=True))
        ]

    def see(self, below: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        shapes = sorted({tuple(one.shape) for one in below})
        order, tokens, pooled = [], [], []
        for shape in shapes:  # pictures of one shape make a batch
            rows = [row for row, one in enumerate(below) if tuple(one.shape) == shape]
            maps = torch.stack([below[row] for row in rows]).to(self._device).float()  # (b, C, h, w)
            maps = maps.contiguous(memory_format=torch.channels_last)
            for layer in self.image:
                maps = layer(maps)
            patches, summary = read_map(maps)  # (b, P, W), (b, W)
            order += rows
            tokens.append(patches @ self._image_directions)  # (b, P, D)
            pooled.append(summary)
        back = torch.tensor(order).argsort().to(self._device)  # (B,)
        return torch.cat(tokens)[back], torch.cat(pooled)[back]

    def read(self, below: Sequence[_TextBelow]) -> tuple[Tensor, Tensor]:
        hidden = pad_sequence([one.hidden for one in below], batch_first=True).to(self._device).float()  # (B, L, W)
        lengths = torch.tensor([len(one.hidden) for one in below], device=self._device)  # (B,)
        mask = (torch.arange(hidden.shape[1], device=self._device) < lengths[:, None]).long()  # (B, L)
        for layer in self.text:
            hidden = through(layer, hidden, mask)
        words = [one.words for one in below]
        merge = to_device(averaging(words, hidden.shape[1]), self._device)  # (B, T, L)
        some = torch.tensor([[bool(one.spans)] for one in words], device=self._device)  # (B, 1)
        return merge @ hidden @ self._text_directions, mean_piece(hidden, mask) * some

    @property
    def _device(self) -> torch.device:
        return self._image_directions.device
