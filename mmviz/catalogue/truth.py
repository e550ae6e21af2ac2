"""What is known to be right about a simulated catalogue: the yardstick for explanations and fusions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd

__all__ = ["Truth", "TruthItem", "TruthSpan"]

Source = Literal["seen", "told", "both"]


@dataclass(frozen=True)
class TruthSpan:
    """Characters `start:end` of an item's `text` (or `title`) that name the value of an attribute."""

    attribute: str
    value: str
    start: int
    end: int
    place: Literal["title", "text"] = "text"


@dataclass(frozen=True)
class TruthItem:
    """The answers for one item.

    - `attributes`: name -> value, of what the thing truly is.
    - `boxes`: part name -> (left, top, right, bottom) in fractions of the picture, 0 to 1.
    - `spans`: where the words name which attribute.
    - `wrong`: attributes about which the text contradicts the picture (planted).
    - `where`: attribute -> the parts of the picture that show it; for a span of attribute "part" the value names
      the part itself.
    - `numbers`: further numbers that the generator knows ("appeal", "released" in seconds since 1970 UTC).
    """

    attributes: dict[str, str]
    boxes: dict[str, tuple[float, float, float, float]]
    spans: tuple[TruthSpan, ...]
    tags: tuple[str, ...] = ()
    questions: tuple[tuple[str, str], ...] = ()
    captions: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()
    where: dict[str, tuple[str, ...]] = field(default_factory=dict)
    numbers: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Truth:
    """The answers for a whole catalogue.

    - `sources`: attribute -> whether it is seen in the picture, told in the text, or both.
    - `items`: one `TruthItem` per catalogue row.
    - `masks`: (I, 32, 32) uint8 label map per item; `parts[label - 1]` names the part, 0 is background.
    - `users`: one row per user code: `taste` ("seen", "told", "conjunction", "popular"), `wants` (words for a
      person), and whatever else the generator knows.
    - `ceiling`: split name -> NDCG@10 of an oracle that knows the tastes.
    """

    sources: dict[str, Source]
    items: tuple[TruthItem, ...]
    masks: np.ndarray
    parts: tuple[str, ...]
    users: pd.DataFrame
    ceiling: dict[str, float] = field(default_factory=dict)

    def mask(self, item: int, part: str | None = None) -> np.ndarray:
        """(32, 32) bool region of a named part of an item, or of the whole thing when `part` is None."""
        labels: np.ndarray = self.masks[item]
        return labels > 0 if part is None else labels == 1 + self.parts.index(part)
