"""A newcomer: a picture and a text that no model has seen, and where every strategy puts them.

Shape letters: I items of the catalogue (the newcomer is item I), U users, B users of a batch, D width.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array

from mmviz.ranker import Ranker
from mmviz.searching import nearest_to, unit_rows
from mmviz.views import Found, RunCard
from mmviz.views.robustness import Landing, Taker

__all__ = ["land"]

TOP = 10
_BATCH = 512


def land(run: RunCard, ranker: Ranker, train: csr_array, user_ids: list[str], near: int, takers: int) -> Landing:
    """Where a ranker over I + 1 items puts the last one; people are the rows of `train` (U, I).

    Its place in a person's list is among the items that they do not have; of equal scores it takes the last place.
    """
    places, ranked = _places(ranker, train)  # (U',) each, of people with a history
    people = np.flatnonzero(np.diff(train.indptr) > 0)  # (U',)
    owned = np.diff(train.indptr)[people]  # (U',)
    order = np.lexsort((-owned, places))[:takers]
    vectors = ranker.embedding()
    found, plane, explained = (None, None, 0.0) if vectors is None else _space(vectors, near)
    return Landing(
        run=run,
        near=found,
        plane=plane,
        explained=explained,
        takers=tuple(Taker(user_ids[people[at]], int(places[at]), int(owned[at])) for at in order),
        n_top=int((places <= TOP).sum()),
        n_people=len(people),
        median_place=float(np.median(places)),
        n_ranked=int(np.median(ranked)),
    )


def _places(ranker: Ranker, train: csr_array) -> tuple[np.ndarray, np.ndarray]:
    """Place of the last item in the list of everyone with a history, and the length of that list: (U',) each."""
    people = np.flatnonzero(np.diff(train.indptr) > 0)  # (U',)
    wide = csr_array((train.data, train.indices, train.indptr), (train.shape[0], train.shape[1] + 1))  # (U, I+1)
    places, lengths = [], []
    for start in range(0, len(people), _BATCH):
        history = wide[people[start : start + _BATCH]]  # (B, I+1)
        scores = ranker.score(history)  # (B, I+1)
        others = np.where(history.toarray()[:, :-1] > 0, -np.inf, scores[:, :-1])  # (B, I)
        places.append(1 + (others >= scores[:, -1:]).sum(axis=1))  # (B,)
        lengths.append(1 + np.isfinite(others).sum(axis=1))  # (B,)
    return np.concatenate(places), np.concatenate(lengths)


def _space(vectors: np.ndarray, near: int) -> tuple[Found, np.ndarray, float]:
    """The nearest items of the last row of vectors (I + 1, D), and the plane of the two main directions (I + 1, 2)."""
    unit = unit_rows(vectors)  # (I+1, D)
    found = nearest_to(vectors[-1], unit[:-1], near)
    centred = unit - unit[:-1].mean(axis=0)  # (I+1, D)
    values, axes = np.linalg.eigh(centred[:-1].T @ centred[:-1])  # (D,), (D, D), the main direction last
    plane = centred @ axes[:, :-3:-1]  # (I+1, 2)
    return found, plane, float(values[-2:].sum() / max(values.sum(), 1e-12))
