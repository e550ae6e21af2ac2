"""The settings and vectors of every control that reads content. Shape letters: I items, d kept width."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mmviz.baselines.base import BaselineConfig, TrainData
from mmviz.features.prepared import prepared
from mmviz.fields import setting

__all__ = ["ContentConfig", "TextShare", "content_vectors"]


@dataclass(frozen=True)
class ContentConfig(BaselineConfig):
    """Settings of every control that reads content."""

    directions: int = setting(256, "Main directions of the encoder's vectors that are kept.", 2, 4096)

    def shares(self, names: Sequence[str]) -> dict[str, float]:
        """How the content's weight is divided among the modalities; they add up to 1."""
        return {name: 1.0 / len(names) for name in names}


@dataclass(frozen=True)
class TextShare(ContentConfig):
    """Settings of a control that reads several modalities."""

    text_share: float = setting(0.5, "Part of the content's weight that the text has; the rest is shared.", 0.0, 1.0)

    def shares(self, names: Sequence[str]) -> dict[str, float]:
        others = [name for name in names if name != "text"]
        if "text" not in names or not others:
            return super().shares(names)
        each = (1.0 - self.text_share) / len(others)
        return {name: self.text_share if name == "text" else each for name in names}


def content_vectors(data: TrainData, directions: int) -> dict[str, np.ndarray]:
    """The prepared vectors (I, d) of each modality, float32, made once for all fits on the same data."""
    return data.latest(
        "content",
        directions,
        lambda: {name: prepared(raw, data.fitted_items, directions, name) for name, raw in data.vectors.items()},
    )
