"""What the lab answers about robustness, cold start and newcomers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mmviz.views import Found, RunCard

__all__ = ["ColdCurves", "Curves", "KnockOutCard", "Landing", "Line", "Newcomer", "Taker"]


@dataclass(frozen=True)
class KnockOutCard:
    """One kind of damage to one modality; `encodes` says that it needs the encoder, which takes minutes."""

    name: str
    modality: str
    damage: str
    title: str
    summary: str
    encodes: bool


@dataclass(frozen=True)
class Line:
    """One run's curve.

    - `levels`, `mean`, `low`, `high`: (L,); the band is the value at the first level plus the 95 % paired interval of
      the change from it, over the same people.
    - `change`: at the last level, with `change_low` and `change_high`; `score`: the area under the curve as a share of
      its first value, 1 = nothing is lost, with its interval; None where that is not asked or not defined.
    - `flat`: the model does not read what is damaged and was run once, undamaged; `served`: what was done to it.
    - `measured`: when that was (UTC, ISO 8601), on the validation part of the split.
    """

    run: RunCard
    levels: np.ndarray
    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray
    change: tuple[float, float, float]
    score: tuple[float, float, float] | None
    flat: bool
    measured: str
    served: str = ""


@dataclass(frozen=True)
class Curves:
    """The curves of one knock-out on one split, those of the runs in `missing` not being measured yet.

    `n_users`: people with something to be found in its validation part; `problem`: why nothing is measured.
    """

    knock_out: KnockOutCard
    metric: str
    split: str
    n_users: int
    lines: tuple[Line, ...]
    missing: tuple[RunCard, ...]
    problem: str = ""


@dataclass(frozen=True)
class ColdCurves:
    """Learning curves over how much is known of a person or an item; a level of infinity is everything that is known.

    `chance`: what a list in random order reaches; `n_items`: how many are ranked; `problem`: why nothing is measured.
    """

    metric: str
    split: str
    n_users: int
    n_items: int
    chance: float
    lines: tuple[Line, ...]
    missing: tuple[RunCard, ...]
    problem: str = ""


@dataclass(frozen=True)
class Taker:
    """A person in whose list the newcomer stands at `place` (1 = first), and how many items they have."""

    user_id: str
    place: int
    n_known: int


@dataclass(frozen=True)
class Landing:
    """Where one strategy puts the newcomer.

    - `near`: the nearest items by cosine in the strategy's own space, None where it has no space.
    - `plane`: (I + 1, 2) the two main directions, the newcomer last; `explained`: the share of variance in them.
    - `takers`: the people who would get it, best place first; `n_top`: how many would find it among their first ten;
      `median_place` over all people; `n_ranked`: the median length of the list that it stands in.
    """

    run: RunCard
    near: Found | None
    plane: np.ndarray | None
    explained: float
    takers: tuple[Taker, ...]
    n_top: int
    n_people: int
    median_place: float
    n_ranked: int


@dataclass(frozen=True)
class Newcomer:
    """A picture and a text that no model has seen, in every strategy that can place it; the others are in `blind`.

    `words` is how many words of the text have a token.
    """

    landings: tuple[Landing, ...]
    blind: tuple[RunCard, ...]
    words: int
    has_picture: bool
    seconds: float
