"""What the lab answers about spaces and maps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from mmviz.views import Found

__all__ = ["Clusters", "Moved", "SpaceCard", "SpaceKind", "SpaceMap", "SpaceSearch"]

SpaceKind = Literal["modality", "joint", "ends", "fusion"]


@dataclass(frozen=True)
class SpaceCard:
    """A space that items lie in.

    - `kind`: "modality" (one modality's summaries), "joint" (the mean of both in the encoder's shared space), "ends"
      (both vectors of an item there, each for itself), or "fusion" (the item vectors of a trained run).
    - `order`: place of a fusion in the registry, which fixes its colour.
    - `n_placed`: items that have a vector here; `width`: numbers in a vector.
    """

    name: str
    title: str
    said: str
    kind: SpaceKind
    order: int
    n_placed: int
    width: int


@dataclass(frozen=True)
class SpaceMap:
    """One space laid out, ready to be drawn beside others of the same settings.

    - `ends`: one or two arrays (I, d) float32 in [−0.95, 0.95], 1e9 where an item has no place; two for "ends", the
      pictures first.
    - `trust`: trustworthiness with k = 15, measured over `measured` of `of` points.
    - `point_trust`: (I,) share of an item's 15 true neighbours that are neighbours on the map, NaN without a place.
    """

    card: SpaceCard
    ends: tuple[np.ndarray, ...]
    trust: float
    measured: int
    of: int
    point_trust: np.ndarray


@dataclass(frozen=True)
class Clusters:
    """Groups of items in one space: `codes` (I,) int64, −1 = no place there; `labels`: words that tell each apart."""

    space: str
    codes: np.ndarray
    labels: tuple[str, ...]


@dataclass(frozen=True)
class Moved:
    """How much each item's neighbourhood differs between two spaces.

    - `drift`: (I,) 1 − Jaccard of the k neighbours in the original dimensions, NaN where an item lacks a place;
    - `first`, `second`: (I, k) rows of neighbours in either space, nearest first, −1 = none.
    """

    drift: np.ndarray
    first: np.ndarray
    second: np.ndarray


@dataclass(frozen=True)
class SpaceSearch:
    """One question asked in several spaces.

    `found`: space -> best items, best first; `overlap`: square frame (space × space), share of common items among the
    first k; `notes`: space -> why it has no answer, or how the question was put to it.
    """

    found: dict[str, Found]
    overlap: pd.DataFrame
    notes: dict[str, str]
