"""The small frozen answers that the lab gives: plain values, numpy and pandas, never tensors."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import pandas as pd

from mmviz.progress import Progress
from mmviz.views.attributes import AttributesCard
from mmviz.views.tasks import TaskResult

__all__ = [
    "AttributesCard",
    "Board",
    "BoardColumn",
    "CatalogueCard",
    "DeviceCard",
    "FlowStep",
    "Found",
    "HistoryEntry",
    "InteractionCard",
    "JobCard",
    "Kind",
    "MethodCard",
    "Person",
    "Pick",
    "RunCard",
    "SplitCard",
    "StrategyCard",
]

Kind = Literal["fusion", "control"]
Part = Literal["train", "valid", "test", "picked"]
JobState = Literal["waiting", "running", "done", "failed", "cancelled"]


@dataclass(frozen=True)
class CatalogueCard:
    """One kept catalogue at a glance."""

    name: str
    n_items: int
    n_users: int
    n_interactions: int
    n_without_image: int
    n_without_text: int
    simulated: bool
    encoded: bool
    fingerprint: str


@dataclass(frozen=True)
class StrategyCard:
    """What can be trained: a fusion strategy under an interaction model, or a control.

    `name` is the full name, `base` that of the fusion or control alone; `order` fixes its colour everywhere.
    """

    name: str
    base: str
    title: str
    summary: str
    formula: str
    paper: str
    kind: Kind
    order: int


@dataclass(frozen=True)
class InteractionCard:
    """An interaction model that any fusion can run under."""

    name: str
    title: str
    summary: str
    formula: str
    paper: str


@dataclass(frozen=True)
class FlowStep:
    """One part of a fusion as data runs through it.

    Its name in the code, what kind of layer it is, the modality that it belongs to ("" = several), the shape that it
    puts out for one item, and the places of the earlier steps whose output it reads.
    """

    part: str
    kind: str
    lane: str
    shape: tuple[int, ...]
    sources: tuple[int, ...]


@dataclass(frozen=True)
class MethodCard:
    """How a fusion works on one catalogue: the data flow, the numbers that it trains, and why it cannot run there."""

    name: str
    flow: tuple[FlowStep, ...]
    parameters: int
    problem: str = ""


@dataclass(frozen=True)
class SplitCard:
    """A split of one catalogue: its name, how many users it evaluates, and a sentence on why it is (not) fit."""

    name: str
    title: str
    n_test_users: int
    n_test_interactions: int
    usable: bool
    reason: str


@dataclass(frozen=True)
class RunCard:
    """A stored run at a glance. `metrics` are on the test split, such as {"ndcg@10": 0.21, "recall@20": 0.3}."""

    run_id: str
    strategy: str
    title: str
    kind: Kind
    order: int
    catalogue: str
    encoder: str
    split: str
    seed: int
    metrics: dict[str, float]
    validation: dict[str, float]
    n_users: int
    seconds: float
    parameters: int
    created: str
    modalities: tuple[str, ...]
    knobs: bool
    """True when the weights of its modalities can be changed live."""
    tasks: dict[str, TaskResult] = field(default_factory=dict)
    """What it learned beside recommending, by task."""


@dataclass(frozen=True)
class Person:
    """A user of a catalogue; `note` says why this one is suggested ("412 ratings")."""

    user_id: str
    n_train: int
    n_test: int
    note: str


@dataclass(frozen=True)
class HistoryEntry:
    """One thing a person did, and on which side of the split it lies."""

    item: int
    rating: float
    time: float
    part: Part


@dataclass(frozen=True)
class Pick:
    """One recommended item in one column.

    `shares` maps "interactions", "image", "text" … to parts that add up to `score`. `hit` marks a held-out item
    of this user. `elsewhere` counts the other columns that have the item; `reference_rank` is its rank in the
    reference column over the full list (1 = first; None = the reference cannot rank it).
    """

    item: int
    rank: int
    score: float
    shares: dict[str, float]
    hit: bool
    elsewhere: int
    reference_rank: int | None


@dataclass(frozen=True)
class BoardColumn:
    """One strategy's list for one person, with what is known about how good it is *for this person*.

    `ndcg`, `recall` and `hits` are over the list's length and None when the person has nothing held out.
    """

    run: RunCard
    picks: tuple[Pick, ...]
    hits: int | None
    ndcg: float | None
    recall: float | None


@dataclass(frozen=True)
class Board:
    """Several strategies' recommendations for one person, side by side.

    `overlap`: square frame (titles × titles), share of common items between two lists, 0 to 1.
    `n_candidates`: how many items were ranked; `n_held_out`: how many of them are this person's held-out items.
    """

    person: Person | None
    history: tuple[HistoryEntry, ...]
    columns: tuple[BoardColumn, ...]
    overlap: pd.DataFrame
    n_candidates: int
    n_held_out: int
    split: str
    seconds: float


@dataclass(frozen=True)
class Found:
    """Items found by a search or as neighbours, best first; `scores` are cosines, or NaN for a title search."""

    items: tuple[int, ...]
    scores: tuple[float, ...]
    n_searched: int


@dataclass(frozen=True)
class DeviceCard:
    """Where models run: a name for a person, and memory in bytes (used, total)."""

    kind: Literal["cuda", "mps", "cpu"]
    name: str
    memory_used: int
    memory_total: int


@dataclass(frozen=True)
class JobCard:
    """A piece of background work as a page shows it."""

    job_id: str
    title: str
    catalogue: str
    state: JobState
    progress: Progress
    error: str = ""
    seconds: float = 0.0
    result: Any = field(default=None, compare=False)
