"""Content vectors as the controls use them: standardised, in their main directions, of length 1.

Shape letters: I items, n items that may be fitted on, D raw width, d kept width.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mmviz.baselines.base import BaselineConfig, TrainData
from mmviz.errors import TrainingError
from mmviz.fields import setting

__all__ = ["ContentConfig", "TextShare", "content_vectors", "prepared"]


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


def prepared(raw: np.ndarray, fitted_items: np.ndarray, directions: int, name: str = "content") -> np.ndarray:
    """Raw vectors (I, D) standardised, rotated to their main directions and scaled to length 1: (I, d) float32.

    Means, deviations and directions come from the items in `fitted_items` (I,) that have the modality, and from no
    other. An item without it (a row of zeros) stays zero. Standardising keeps a few loud dimensions of an encoder
    from deciding every cosine; leaving out the faint directions keeps a ridge on few items from fitting noise.
    """
    present = np.asarray(raw.any(axis=1))  # (I,)
    fitted = np.flatnonzero(present & fitted_items)  # (n,)
    if len(fitted) < 2:
        raise TrainingError(
            f"Only {len(fitted)} of the training items have {name} content, too few to learn from. "
            "Use a control without content."
        )
    wide = raw.astype(np.float64)  # (I, D)
    mean, deviation = wide[fitted].mean(axis=0), wide[fitted].std(axis=0)  # (D,) each
    varies = deviation > 1e-6 * deviation.max()  # (D,)
    standard = (wide - mean)[:, varies] / deviation[varies]  # (I, D')
    kept = min(directions, len(fitted) - 1)
    if kept < standard.shape[1]:
        _, axes = np.linalg.eigh(standard[fitted].T @ standard[fitted])  # (D', D'), the main direction last
        standard = standard @ axes[:, ::-1][:, :kept]  # (I, d)
    standard[~present] = 0.0
    lengths = np.linalg.norm(standard, axis=1, keepdims=True)  # (I, 1)
    return np.asarray(standard / np.maximum(lengths, 1e-9), dtype=np.float32)
