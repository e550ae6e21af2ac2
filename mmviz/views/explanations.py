"""What the lab says about one item, one person and several strategies: maps, grades, counterfactuals, reasons."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from mmviz.views import RunCard

__all__ = [
    "Change",
    "Explanation",
    "Grade",
    "Listed",
    "Outcome",
    "Question",
    "Reason",
    "Sight",
    "Summary",
    "Upload",
    "WordSeen",
]


@dataclass(frozen=True)
class Upload:
    """A picture (the bytes of a checked file, None = without) and a text that belong to no catalogue."""

    picture: bytes | None
    text: str


@dataclass(frozen=True)
class Change:
    """What is done to an item and a history before the models are asked again.

    - `covered`: patches of the picture that are painted over; `struck`: places of words that are left out.
    - `text`: another text for the item, None = its own; `picture_of`: id of the item whose picture it gets.
    - `dropped`: ids of items that leave the person's history.
    """

    covered: tuple[int, ...] = ()
    struck: tuple[int, ...] = ()
    text: str | None = None
    picture_of: str | None = None
    dropped: tuple[str, ...] = ()

    @property
    def something(self) -> bool:
        """Whether anything is changed at all."""
        return self != Change()


@dataclass(frozen=True)
class Question:
    """What a person wants to understand: one item, from a catalogue or brought along, for one person or nobody.

    `item_id` or `upload` is given; `liked` item ids stand for a new person or join the history of `user_id`.
    """

    catalogue: str
    strategies: tuple[str, ...]
    item_id: str | None = None
    upload: Upload | None = None
    user_id: str | None = None
    liked: tuple[str, ...] = ()
    split: str | None = None
    change: Change = field(default_factory=Change)


@dataclass(frozen=True)
class WordSeen:
    """A word of the text that was looked at: its letters and where they stand in the text."""

    letters: str
    start: int
    end: int


@dataclass(frozen=True)
class Sight:
    """What one strategy looked at in the item.

    - `attention`: trained maps by name, (H, N, K), (N,) or (M,); {} for a strategy without attention.
    - `relevance`: modality -> what each patch (P,) or word (T,) did to the score, positive = raised it.
    - `cross` (T, P): word × patch gradient × attention relevance, both directions added; None without attention.
    - `modalities`: modality -> weight, where the strategy has one.
    - `value`: the part of the score that content brought; for nobody, the length of the item's own vector.
    """

    run: RunCard
    attention: dict[str, np.ndarray]
    relevance: dict[str, np.ndarray]
    cross: np.ndarray | None
    modalities: dict[str, float]
    value: float


@dataclass(frozen=True)
class Explanation:
    """One item as several strategies saw it.

    - `words`: the words that have a token, T of them; `text` is what they were cut out of.
    - `learned` (T, P): which word goes with which patch after what stands together in the catalogue; `encoder` (T, P):
      after the encoder alone. None where there is no picture or no text, or the encoder cannot say.
    - `encoder_name`: through which encoder words and patches were read.
    """

    text: str
    words: tuple[WordSeen, ...]
    grid: tuple[int, int]
    has_picture: bool
    sights: tuple[Sight, ...]
    learned: np.ndarray | None
    encoder: np.ndarray | None
    encoder_name: str


@dataclass(frozen=True)
class Listed:
    """An item of a list after a change: its place now, and before (None = it could not be ranked)."""

    item: int
    rank: int
    before: int | None


@dataclass(frozen=True)
class Outcome:
    """What a change did under one strategy: score and rank of the item among `n_candidates`, and the new list."""

    run: RunCard
    score_before: float
    score_after: float
    rank_before: int
    rank_after: int
    n_candidates: int
    listed: tuple[Listed, ...]


@dataclass(frozen=True)
class Reason:
    """Why one strategy gave one item its place.

    - `shares`: interactions, image, text …: they add up to `score`.
    - `history`: (item, part of the score) of the items of the person's history, the strongest first; they and `rest`
      add up to the score. () where the score is no sum over the history.
    - `pairs`: (word, patch, strength) of the strongest pairs of a word and a place in the picture.
    - `sentence`: made from these numbers and nothing else.
    """

    run: RunCard
    score: float
    rank: int
    shares: dict[str, float]
    history: tuple[tuple[int, float], ...]
    rest: float
    pairs: tuple[tuple[str, int, float], ...]
    sentence: str


@dataclass(frozen=True)
class Grade:
    """How far one strategy's maps of one item can be believed, for one modality.

    - `shares` (S+1,) of tokens taken away or put in; `deletion`, `insertion`: map (or "random") -> scores (S+1,).
    - `gains`: map -> (deletion, insertion) area better than random, in units of the range of the scores.
    - `pointing`: map of words on the picture -> (hits, energy inside) over the words whose place is known, and the
      same for "chance", where it is the share of the picture that the true regions cover.
    """

    run: RunCard
    modality: str
    shares: np.ndarray
    deletion: dict[str, np.ndarray]
    insertion: dict[str, np.ndarray]
    gains: dict[str, tuple[float, float]]
    pointing: dict[str, tuple[float, float]] = field(default_factory=dict)


@dataclass(frozen=True)
class Summary:
    """One measure of one kind of map over a sample of items, with a 95 % bootstrap interval over the items."""

    strategy: str
    title: str
    map: str
    measure: str
    mean: float
    low: float
    high: float
    n: int
