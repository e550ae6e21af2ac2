"""Training the encoders' last layers together with the fusion, and what comes of it.

First the fusion is trained on the features as they are, then both together, slowly: a fusion that knows nothing yet
would pull the encoders apart (Kumar et al., Fine-tuning can distort pretrained features and underperform
out-of-distribution, ICLR 2022). What the frozen layers make of an item is computed once.

Shape letters: S items of a step, I items, N tokens, D token width, Dp summary width.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from mmviz.catalogue.base import Catalogue
from mmviz.encoders.base import Encoder
from mmviz.encoders.tail import Tail
from mmviz.errors import TrainingError
from mmviz.features import Features
from mmviz.features.load import item_texts
from mmviz.fields import check_bounds, setting
from mmviz.fusion.base import Tokens
from mmviz.progress import Progress, Report
from mmviz.recommender import ItemLoader
from mmviz.training import Steps

__all__ = ["FineTune", "FineTuneConfig", "Tower", "tuned_arrays"]

MOST_ITEMS = 20_000
"""Beyond this many items what the frozen layers say does not fit into an ordinary memory (about 0.15 MB an item)."""
AT_ONCE = 32
"""Items that pass the frozen layers, or the last ones without gradients, at once."""


@dataclass(frozen=True)
class FineTuneConfig:
    """Settings of fine-tuning. Raises ValueError for one out of bounds."""

    finetune: int = setting(0, "Last layers of each encoder that are trained together with the fusion; 0 = none.", 0, 4)
    finetune_rounds: int = setting(6, "Rounds of that, after the fusion's own.", 3, 100)
    finetune_items: int = setting(96, "Items a step (S) while the encoders are trained.", 16, 2048)
    finetune_rate: float = setting(3e-5, "Step size for the encoders.", 1e-7, 1e-2)
    finetune_fusion_rate: float = setting(3e-4, "Step size for the rest meanwhile.", 1e-7, 0.1)

    def __post_init__(self) -> None:
        check_bounds(self)


class _Below:
    """What the frozen layers make of every item, by modality; None where an item lacks it. Never copied."""

    def __init__(self, parts: dict[str, list[Any]]) -> None:
        self.parts = parts

    def __deepcopy__(self, memo: dict[int, object]) -> _Below:
        return self


class Tower(nn.Module):
    """The encoders' last layers in place of the token store: gives the same `Tokens`, with gradients."""

    def __init__(self, tail: Tail, below: _Below) -> None:
        super().__init__()
        self.tail = tail
        self._below = below

    @classmethod
    def build(cls, catalogue: Catalogue, encoder: Encoder, features: Features, layers: int, report: Report) -> Tower:
        """Pass every item through the frozen layers once. Raises TrainingError where there are too many items."""
        if catalogue.n_items > MOST_ITEMS:
            raise TrainingError(
                f"'{catalogue.name}' has {catalogue.n_items:,} items; fine-tuning keeps what the frozen layers say of "
                f"each in memory and is offered up to {MOST_ITEMS:,}. Train without fine-tuning."
            )
        tail = encoder.tail(layers)
        texts, paths = item_texts(catalogue), catalogue.items["image"].tolist()
        images: list[Any] = [None] * catalogue.n_items
        words: list[Any] = [None] * catalogue.n_items
        with_picture = np.flatnonzero(features.modalities["image"].present)
        with_text = np.flatnonzero(features.modalities["text"].mask.any(axis=1))
        for part in _parts(with_picture):
            for row, below in zip(
                part, tail.below_pictures([encoder.prepare_image(Path(paths[r])) for r in part]), strict=True
            ):
                images[row] = below
            report(Progress("Passing the frozen layers", int(part[-1]) + 1, 2 * catalogue.n_items))
        for part in _parts(with_text):
            for row, below in zip(part, tail.below_texts([texts[r] for r in part]), strict=True):
                words[row] = below
            report(Progress("Passing the frozen layers", catalogue.n_items + int(part[-1]) + 1, 2 * catalogue.n_items))
        return cls(tail, _Below({"image": images, "text": words}))

    def forward(self, items: Tensor, loader: ItemLoader) -> dict[str, Tokens]:
        """Tokens of the items (S,): pictures and words through the last layers, anything else from the store."""
        stored = loader(items)
        return {
            n: self._through(n, items.tolist(), t, loader.level) if n in self._below.parts else t
            for n, t in stored.items()
        }

    def _through(self, name: str, items: Sequence[int], stored: Tokens, level: str) -> Tokens:
        rows = [at for at, item in enumerate(items) if self._below.parts[name][item] is not None]
        if not rows:
            return stored
        below = [self._below.parts[name][items[at]] for at in rows]
        tokens, pooled = (self.tail.see if name == "image" else self.tail.read)(below)  # (s, N, D), (s, Dp)
        where = torch.tensor(rows, device=stored.pooled.device)  # (s,)
        summaries = stored.pooled.index_copy(0, where, pooled.float())  # (S, Dp)
        if level == "pooled":
            return Tokens(stored.values, stored.mask, summaries)
        return Tokens(stored.values.index_copy(0, where, tokens.float()), stored.mask, summaries)


class FineTune(Steps):
    """The second part of training: the same loss, smaller steps, and the encoders' last layers take part."""

    def __init__(self, *args: Any, tuning: FineTuneConfig) -> None:
        super().__init__(*args)
        self.tuning = tuning

    def begin(self) -> str:
        tower = self.model.tower
        assert tower is not None
        own = {id(p) for p in tower.parameters()}
        for group in self.optimiser.param_groups:
            group["params"] = [p for p in group["params"] if id(p) not in own]
            group["lr"] = self.tuning.finetune_fusion_rate
        group = {"params": list(tower.parameters()), "lr": self.tuning.finetune_rate, "weight_decay": 0.0}
        self.optimiser.add_param_group(group)
        self.n_items = min(self.n_items, self.tuning.finetune_items)
        self.bank = self.model.all_content(self.loader)  # (I, D)
        self.average_from_here()
        return f"The last {self.tuning.finetune} layers of the encoders are trained too."


@torch.no_grad()
def tuned_arrays(tower: Tower, features: Features) -> dict[str, np.ndarray]:
    """Tokens and summaries of every item as the trained layers give them, float16, by "modality.what"."""
    arrays = {}
    for name in ("image", "text"):
        part = features.modalities[name]
        tokens, pooled = np.zeros(part.tokens.shape, np.float16), np.zeros(part.pooled.shape, np.float16)
        kept = np.array([row for row, one in enumerate(tower._below.parts[name]) if one is not None], dtype=np.int64)
        for rows in _parts(kept):
            below = [tower._below.parts[name][row] for row in rows]
            seen = (tower.tail.see if name == "image" else tower.tail.read)(below)  # (s, N, D), (s, Dp)
            tokens[rows], pooled[rows] = (values.cpu().numpy().astype(np.float16) for values in seen)
        arrays[f"{name}.tokens"], arrays[f"{name}.pooled"] = tokens, pooled
    return arrays


def _parts(rows: np.ndarray) -> list[np.ndarray]:
    return [rows[start : start + AT_ONCE] for start in range(0, len(rows), AT_ONCE)]
