"""Asking the real models again: scores and places of an item whose content, or whose person's history, was changed.

Shape letters: I items, D content width.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array

from mmviz.ranker import Ranker, top_k
from mmviz.views.explanations import Listed, Outcome

if TYPE_CHECKING:
    from mmviz.restoring import Restored
    from mmviz.views import RunCard

__all__ = ["Seat", "changed_ranker", "outcome", "ranks", "taste", "uploaded_scores"]


@dataclass(frozen=True)
class Seat:
    """Whose list it is: the history before and after a change (1, I), and who may stand in the list (I,) bool.

    `item` is the row of the item in question, which may always stand in the list; None for one from outside.
    """

    history: csr_array
    changed: csr_array
    candidates: np.ndarray
    item: int | None


def changed_ranker(net: Restored, contents: np.ndarray, item: int, vector: np.ndarray) -> Ranker:
    """What would serve if one item had another content vector (D,), with `contents` (I, D) those of all items."""
    import torch

    table = contents.copy()
    table[item] = vector
    return net.ranker(torch.from_numpy(table).to(net.loader.device))


def taste(net: Restored, contents: np.ndarray, history: csr_array) -> np.ndarray | None:
    """The direction (D,) in which content raises this history's score; None for an empty history."""
    import torch

    if not history.nnz:
        return None
    tables = net.model.ranker(net.loader, torch.from_numpy(contents).to(net.loader.device))
    return np.asarray(tables.users(history)[0])


def uploaded_scores(scores: np.ndarray, value: float) -> np.ndarray:
    """Scores (I+1,) with that of an item from outside behind them: content alone, as for any item that nobody took."""
    return np.append(scores, np.float32(value))


def ranks(scores: np.ndarray, candidates: np.ndarray) -> np.ndarray:
    """(I,) place of every candidate, 1 = first; 0 for the others."""
    order = np.argsort(-np.where(candidates, scores, -np.inf), kind="stable")  # (I,)
    places = np.empty(len(order), dtype=np.int64)  # (I,)
    places[order] = np.arange(1, len(order) + 1)
    return np.where(candidates, places, 0)


def outcome(run: RunCard, before: np.ndarray, after: np.ndarray, seat: Seat, k: int) -> Outcome:
    """Compare scores (I,) before and after a change; an item from outside has the last place in both."""
    item = len(before) - 1 if seat.item is None else seat.item
    allowed = np.append(seat.candidates, True) if seat.item is None else seat.candidates.copy()
    allowed[item] = True
    was, now = ranks(before, allowed), ranks(after, allowed)
    first = top_k(np.where(allowed, after, -np.inf)[None], k)[0]
    return Outcome(
        run,
        float(before[item]),
        float(after[item]),
        int(was[item]),
        int(now[item]),
        int(allowed.sum()),
        tuple(Listed(int(i), int(now[i]), int(was[i]) or None) for i in first if i >= 0),
    )
