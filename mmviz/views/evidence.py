"""What the lab answers when models are compared: plain values, numpy and pandas."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from mmviz.views import Kind, RunCard

__all__ = ["Group", "Leaderboard", "Measure", "Measured", "Pair", "SlicePanel", "Standing", "Tuned"]

Group = Literal["accuracy", "ratings", "beyond", "cost"]


class Measured(NamedTuple):
    """A mean over people with its 95 % interval; without one where it is no mean over people."""

    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Measure:
    """Something that a run is measured by. `better` is "up", "down", or "" where neither is better."""

    name: str
    title: str
    unit: str
    better: Literal["up", "down", ""]
    group: Group
    help: str


@dataclass(frozen=True)
class Standing:
    """One row: a run with what was measured of it, or the ceiling (`run` None) of a simulated catalogue.

    `seeds`: the test value of the board's first measure by each seed that was trained with the same settings;
    `doubts`: signs that the run saw what it was tested on, in words; `ms_user`: time to score for one person.
    """

    name: str
    title: str
    kind: Kind
    order: int
    values: dict[str, Measured]
    run: RunCard | None = None
    opened: str = ""
    seeds: tuple[float, ...] = ()
    doubts: tuple[str, ...] = ()
    ms_user: float | None = None


@dataclass(frozen=True)
class Leaderboard:
    """All runs of one split, best first by the first measure, which has intervals over people.

    `missing`: sentences on what could not be measured, and why.
    `openings`: when the test split was opened, one a run, oldest first (UTC, ISO 8601).
    """

    catalogue: str
    split: str
    measures: tuple[Measure, ...]
    standings: tuple[Standing, ...]
    ceiling: Standing | None
    n_users: int
    openings: tuple[str, ...]
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class Pair:
    """Strategy `a` against `b` on the same people, for one measure; `p` is Holm-adjusted over the pairs shown.

    `effect` is Cohen's d_z; `ahead` and `behind` are shares of people; `said` is what follows, in plain English.
    """

    a: str
    b: str
    difference: float
    low: float
    high: float
    effect: float
    p: float
    ahead: float
    behind: float
    n_users: int
    said: str

    @property
    def certain(self) -> bool:
        """Whether the interval excludes 0 and the corrected p is below 0.05."""
        return (self.low > 0 or self.high < 0) and self.p < 0.05


@dataclass(frozen=True)
class SlicePanel:
    """One way to slice: the names of its slices, on how many people each rests, and strategy -> (slices, 3) with
    mean, low and high of the measure; NaN where nobody is in a slice.
    """

    group: str
    names: tuple[str, ...]
    n_users: tuple[int, ...]
    values: dict[str, np.ndarray]


@dataclass(frozen=True)
class Tuned:
    """What a search found: the run at the best settings, and every trial, in order: settings and validation."""

    run: RunCard
    trials: tuple[dict[str, float | int | bool | str | None], ...]
    best: dict[str, float | int | bool | str]
