"""A board: what several strategies recommend to one person, side by side, with what is known about how good it is.

Shape letters: I items, K length of a list.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from mmviz.catalogue.base import Catalogue
from mmviz.evaluation.metrics import ranking_metrics
from mmviz.evaluation.splits import Split
from mmviz.ranker import Ranker, Weights, modality_shares, top_k
from mmviz.views import Board, BoardColumn, HistoryEntry, Part, Person, Pick, RunCard

__all__ = ["Wish", "make_board", "matches", "person_history"]


@dataclass(frozen=True)
class Wish:
    """What a person asks of a board.

    - `user`: code of a known user, or None for a new person; `liked`: item indices that join the history.
    - `k`: list length; `weights`: how much of each modality; `seen`: may items of the history be recommended;
    - `allowed`: (I,) bool, the items that pass the filters; `reference`: run id of the column to compare with.
    """

    user: int | None
    liked: tuple[int, ...]
    k: int
    weights: Weights
    seen: bool
    allowed: np.ndarray
    reference: str | None


def make_board(
    catalogue: Catalogue,
    split: Split,
    rankers: Sequence[tuple[RunCard, Ranker]],
    wish: Wish,
    person: Person | None,
) -> Board:
    """Rank every candidate with every ranker and set the lists side by side.

    The history is what the person did on the train side of the split, as in the evaluation, and the items in `liked`.
    """
    started = time.perf_counter()
    parts = _parts(catalogue, split, wish.user)
    train = sorted({*parts["train"], *wish.liked})
    history = csr_array((np.ones(len(train), np.float32), ([0] * len(train), train)), (1, catalogue.n_items))
    candidates = wish.allowed & split.candidates("test") if wish.user is not None else wish.allowed.copy()  # (I,)
    if not wish.seen:
        candidates[[*train, *parts["valid"]]] = False
    held_out = np.zeros(catalogue.n_items, dtype=bool)  # (I,)
    held_out[parts["test"]] = True
    held_out &= candidates
    scores = [ranker.score(history, wish.weights)[0] for _, ranker in rankers]  # (I,) each
    lists = [top_k(np.where(candidates, s, -np.inf)[None], wish.k)[0] for s in scores]  # (K,) each
    ranks = _reference_ranks(rankers, scores, candidates, wish.reference)
    columns = tuple(
        _column(card, ranker, history, score, picks, lists, ranks, candidates, held_out, wish)
        for (card, ranker), score, picks in zip(rankers, scores, lists, strict=True)
    )
    return Board(
        person=person,
        history=person_history(catalogue, split, wish.user, wish.liked),
        columns=columns,
        overlap=_overlap([card.title for card, _ in rankers], lists),
        n_candidates=int(candidates.sum()),
        n_held_out=int(held_out.sum()),
        split=split.name,
        seconds=time.perf_counter() - started,
    )


def person_history(
    catalogue: Catalogue, split: Split, user: int | None, liked: Sequence[int] = ()
) -> tuple[HistoryEntry, ...]:
    """What a person did, oldest first, each with its side of the split; then what was picked just now."""
    entries: list[HistoryEntry] = []
    if user is not None:
        side = _sides(catalogue, split)
        rows = np.flatnonzero(catalogue.interactions["user"].to_numpy() == user)
        for row, item, rating, when in zip(
            rows,
            *(catalogue.interactions[c].to_numpy()[rows] for c in ("item", "rating", "time")),
            strict=True,
        ):
            if side[row]:
                entries.append(HistoryEntry(int(item), float(rating), float(when), _PARTS[side[row] - 1]))
    picked = (HistoryEntry(item, float("nan"), float("nan"), "picked") for item in liked)
    return (*entries, *picked)


def matches(catalogue: Catalogue, filters: Mapping[str, Sequence[str]]) -> np.ndarray:
    """(I,) bool: items that pass every filter. Column name -> wanted values, or ("low", "high") for a number.

    A column of tags matches when it has one of the wanted values; an empty list of values does not filter.
    """
    allowed = np.ones(catalogue.n_items, dtype=bool)  # (I,)
    kinds = {column.name: column.kind for column in catalogue.columns}
    for name, wanted in filters.items():
        if not wanted or name not in kinds:
            continue
        values = catalogue.items[name]
        if kinds[name] == "number":
            low, high = (float(v) for v in wanted)
            allowed &= values.between(low, high).to_numpy()
        elif kinds[name] == "tags":
            some = set(wanted)
            allowed &= np.array([not some.isdisjoint(str(v).split("|")) for v in values])
        else:
            allowed &= values.astype(str).isin(list(wanted)).to_numpy()
    return allowed


_PARTS: tuple[Part, ...] = ("train", "valid", "test")


def _sides(catalogue: Catalogue, split: Split) -> np.ndarray:
    """(n,) int8 over the interactions: 1 train, 2 valid, 3 test, 0 in none of them."""
    side = np.zeros(len(catalogue.interactions), dtype=np.int8)
    for number, rows in enumerate((split.train, split.valid, split.test), start=1):
        side[rows] = number
    return side


def _parts(catalogue: Catalogue, split: Split, user: int | None) -> dict[Part, list[int]]:
    """Item indices of a person on each side of the split; all empty for a new person."""
    history = person_history(catalogue, split, user)
    return {part: [e.item for e in history if e.part == part] for part in _PARTS}


def _reference_ranks(
    rankers: Sequence[tuple[RunCard, Ranker]],
    scores: list[np.ndarray],
    candidates: np.ndarray,
    reference: str | None,
) -> np.ndarray | None:
    """(I,) rank of every candidate in the reference column, 1 = first, 0 = not ranked; None without a reference."""
    for (card, _), score in zip(rankers, scores, strict=True):
        if card.run_id == reference:
            order = np.argsort(-np.where(candidates, score, -np.inf), kind="stable")  # (I,)
            ranks = np.empty(len(order), dtype=np.int64)  # (I,)
            ranks[order] = np.arange(1, len(order) + 1)
            return np.where(candidates, ranks, 0)
    return None


def _column(
    card: RunCard,
    ranker: Ranker,
    history: csr_array,
    score: np.ndarray,
    picks: np.ndarray,
    lists: list[np.ndarray],
    ranks: np.ndarray | None,
    candidates: np.ndarray,
    held_out: np.ndarray,
    wish: Wish,
) -> BoardColumn:
    shares = {name: part[0] for name, part in modality_shares(ranker, history, wish.weights).items()}  # (I,) each
    chosen = [int(item) for item in picks if item >= 0]
    cards = tuple(
        Pick(
            item=item,
            rank=place,
            score=float(score[item]),
            shares={name: float(part[item]) for name, part in shares.items()},
            hit=bool(held_out[item]),
            elsewhere=sum(item in other for other in lists) - 1,
            reference_rank=int(ranks[item]) or None if ranks is not None else None,
        )
        for place, item in enumerate(chosen, start=1)
    )
    if not held_out.any():
        return BoardColumn(card, cards, None, None, None)
    measured = ranking_metrics(score[None], csr_array(held_out[None]), None, candidates, (wish.k,)).values
    hits = sum(pick.hit for pick in cards)
    ndcg, recall = (float(measured[f"{name}@{wish.k}"][0]) for name in ("ndcg", "recall"))
    return BoardColumn(card, cards, hits, ndcg, recall)


def _overlap(titles: list[str], lists: list[np.ndarray]) -> pd.DataFrame:
    """Share of common items between any two lists, of the longer one's length."""
    sets = [set(picks[picks >= 0].tolist()) for picks in lists]
    values = [[len(a & b) / max(len(a), len(b), 1) for b in sets] for a in sets]
    return pd.DataFrame(values, index=titles, columns=titles)
