"""What the lab answers about spaces and maps."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np
import pandas as pd

from mmviz.errors import MmvizError, UnknownNameError
from mmviz.views import Found

__all__ = [
    "NEIGHBOURS",
    "Clusters",
    "LayoutSettings",
    "Method",
    "Moved",
    "PeopleMap",
    "Question",
    "SpaceCard",
    "SpaceKind",
    "SpaceMap",
    "SpaceSearch",
]

Method = Literal["pca", "umap", "tsne", "aligned"]
NEIGHBOURS = 60
"""Neighbours that are found once for each space; enough for t-SNE at perplexity 20 and for every UMAP offered."""

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
    - `recall`: share of the true neighbours that the map was drawn from, and point trust measured on; 1 = all.
    """

    card: SpaceCard
    ends: tuple[np.ndarray, ...]
    trust: float
    measured: int
    of: int
    point_trust: np.ndarray
    recall: float = 1.0


@dataclass(frozen=True)
class PeopleMap:
    """People on the map of a space; see `mmviz.spaces.people` for how they are placed.

    - `users`: (P,) the people with something on the train side, the most active first, at most 20,000; `n_train`: (P,)
      how much each has there;
    - `ends`: as in `SpaceMap`, arrays (P, d), 1e9 for a person without a place here;
    - `kept`: mean share of a person's 15 nearest items that are the nearest on the map too, NaN where nobody stands;
    - `active`: how many people have something on the train side; `of`: how many people there are.
    """

    users: np.ndarray
    n_train: np.ndarray
    ends: tuple[np.ndarray, ...]
    kept: float
    active: int
    of: int


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


@dataclass(frozen=True)
class LayoutSettings:
    """How to lay out: the method, 2 or 3 dimensions, UMAP's neighbours, and the column that guides it ("" = none).

    `beside`: for "aligned", all the spaces that are laid out together.
    """

    method: Method = "umap"
    dims: int = 2
    neighbours: int = 15
    guide: str = ""
    beside: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.method not in get_args(Method):
            raise UnknownNameError("layout", self.method, get_args(Method))
        if self.dims not in (2, 3):
            raise MmvizError(f"A layout has 2 or 3 dimensions; {self.dims} were asked for.")
        if not 2 <= self.neighbours <= NEIGHBOURS:
            raise MmvizError(f"UMAP takes 2 to {NEIGHBOURS} neighbours here; {self.neighbours} were asked for.")

    @property
    def plain(self) -> LayoutSettings:
        """The same for one space by itself: UMAP in place of aligned UMAP."""
        return replace(self, method="umap", beside=()) if self.method == "aligned" else self

    @property
    def text(self) -> str:
        """The settings of a flat map as they stand in an address; `of` reads them."""
        return "!".join([self.method, str(self.neighbours), self.guide, ",".join(self.beside)]).rstrip("!")

    @classmethod
    def of(cls, text: str) -> LayoutSettings:
        """The settings of a flat map from their text. Raises MmvizError when it is none."""
        method, near, guide, beside = (text.split("!") + [""] * 3)[:4]
        if not near.isdecimal():
            raise MmvizError(f"The address holds a layout that cannot be read ('{text[:24]}'). Select anew.")
        return cls(method, 2, int(near), guide, tuple(filter(None, beside.split(","))))  # type: ignore[arg-type]

    @property
    def key(self) -> str:
        """A file name that says the settings; those that the method does not read are left out."""
        parts = [self.method, f"{self.dims}d"]
        if self.method in ("umap", "aligned"):
            parts.append(f"n{self.neighbours}")
        if self.method == "umap" and self.guide:
            parts.append("by-" + self.guide.encode().hex())
        if self.method == "aligned":
            together = "\n".join(sorted(self.beside)).encode()
            parts.append("with-" + hashlib.blake2b(together, digest_size=10).hexdigest())
        return "-".join(parts)


@dataclass(frozen=True)
class Question:
    """What to look for: words, a picture (the bytes of a file), like an item (its id), or for a person (their id)."""

    kind: Literal["words", "picture", "item", "person"]
    words: str = ""
    picture: bytes = b""
    item_id: str = ""
    user_id: str = ""

    @property
    def modality(self) -> str:
        """The one modality that the question has, "" for an item or a person."""
        return {"words": "text", "picture": "image"}.get(self.kind, "")
