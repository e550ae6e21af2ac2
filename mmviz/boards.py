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

__all__ = ["Wish", "make_board", "matches", "person_history", "sides"]


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


@dataclass(frozen=True)
class _Scene:
    """What all columns of a board share.

    - `history`: (1, I); `candidates`, `held_out`: (I,) bool; `lists`: (K,) item indices of every column;
    - `reference_ranks`: (I,) rank in the reference column, 1 = first, 0 = not ranked; None without a reference.
    """

    wish: Wish
    history: csr_array
    candidates: np.ndarray
    held_out: np.ndarray
    lists: list[np.ndarray]
    reference_ranks: np.ndarray | None


def make_board(
    catalogue: Catalogue, split: Split, rankers: Sequence[tuple[RunCard, Ranker]], wish: Wish, person: Person | None
) -> Board:
    """Rank every candidate with every ranker and set the lists side by side.

    The history is what the person did on the train side of the split, as in the evaluation, and the items in `liked`.
    """
    started = time.perf_counter()
    entries = person_history(catalogue, split, wish.user, wish.liked)
    history, candidates, held_out = sides(catalogue, split, entries, wish)
    scores = [ranker.score(history, wish.weights)[0] for _, ranker in rankers]  # (I,) each
    lists = [top_k(np.where(candidates, s, -np.inf)[None], wish.k)[0] for s in scores]  # (K,) each
    ranks = _reference_ranks([card.run_id for card, _ in rankers], scores, candidates, wish.reference)
    scene = _Scene(wish, history, candidates, held_out, lists, ranks)
    columns = tuple(
        _column(card, ranker, score, picks, scene)
        for (card, ranker), score, picks in zip(rankers, scores, lists, strict=True)
    )
    return Board(
        person=person,
        history=entries,
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
    picked = tuple(HistoryEntry(item, float("nan"), float("nan"), "picked") for item in liked)
    if user is None:
        return picked
    rows = np.flatnonzero(catalogue.interactions["user"].to_numpy() == user)  # (n,)
    part_of: dict[int, Part] = {}
    for part, positions in (("train", split.train), ("valid", split.valid), ("test", split.test)):
        part_of |= dict.fromkeys(np.intersect1d(rows, positions).tolist(), part)
    own = catalogue.interactions.iloc[rows]
    return (
        *(
            HistoryEntry(int(item), float(rating), float(when), part_of[row])
            for row, item, rating, when in zip(rows.tolist(), own["item"], own["rating"], own["time"], strict=True)
            if row in part_of
        ),
        *picked,
    )


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


def sides(
    catalogue: Catalogue, split: Split, entries: Sequence[HistoryEntry], wish: Wish
) -> tuple[csr_array, np.ndarray, np.ndarray]:
    """What the models see (1, I), what they may recommend (I,) bool, and what is to be found (I,) bool."""
    items = {part: sorted({e.item for e in entries if e.part in part}) for part in ("train picked", "valid", "test")}
    known = items["train picked"]
    history = csr_array((np.ones(len(known), np.float32), ([0] * len(known), known)), (1, catalogue.n_items))
    candidates = wish.allowed.copy()  # (I,)
    if wish.user is not None:
        candidates &= split.candidates("test")
    if not wish.seen:
        candidates[[*known, *items["valid"]]] = False
    held_out = np.zeros(catalogue.n_items, dtype=bool)  # (I,)
    held_out[items["test"]] = True
    return history, candidates, held_out & candidates


def _reference_ranks(
    run_ids: list[str], scores: list[np.ndarray], candidates: np.ndarray, reference: str | None
) -> np.ndarray | None:
    """(I,) rank of every candidate in the reference column, 1 = first, 0 = not ranked; None without a reference."""
    if reference not in run_ids:
        return None
    order = np.argsort(-np.where(candidates, scores[run_ids.index(reference)], -np.inf), kind="stable")  # (I,)
    ranks = np.empty(len(order), dtype=np.int64)  # (I,)
    ranks[order] = np.arange(1, len(order) + 1)
    return np.where(candidates, ranks, 0)


def _column(card: RunCard, ranker: Ranker, score: np.ndarray, picks: np.ndarray, scene: _Scene) -> BoardColumn:
    shares = {name: part[0] for name, part in modality_shares(ranker, scene.history, scene.wish.weights).items()}
    ranks = scene.reference_ranks
    cards = tuple(
        Pick(
            item=item,
            rank=place,
            score=float(score[item]),
            shares={name: float(part[item]) for name, part in shares.items()},
            hit=bool(scene.held_out[item]),
            elsewhere=sum(item in other for other in scene.lists) - 1,
            reference_rank=None if ranks is None else int(ranks[item]) or None,
        )
        for place, item in enumerate(picks[picks >= 0].tolist(), start=1)
    )
    if not scene.held_out.any():
        return BoardColumn(card, cards, None, None, None)
    k = scene.wish.k
    measured = ranking_metrics(score[None], csr_array(scene.held_out[None]), None, scene.candidates, (k,)).values
    hits = sum(pick.hit for pick in cards)
    return BoardColumn(card, cards, hits, float(measured[f"ndcg@{k}"][0]), float(measured[f"recall@{k}"][0]))


def _overlap(titles: list[str], lists: list[np.ndarray]) -> pd.DataFrame:
    """Share of common items between any two lists, of the longer one's length."""
    sets = [set(picks[picks >= 0].tolist()) for picks in lists]
    values = [[len(a & b) / max(len(a), len(b), 1) for b in sets] for a in sets]
    return pd.DataFrame(values, index=titles, columns=titles)
