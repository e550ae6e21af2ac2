"""The ruler: what a ranker's lists are worth on the held-out part of a split, user by user.

The protocol, the same for every model:

- The history that a model sees of a user is their *train* interactions, at validation and at test alike.
  (Sequential recommenders add the validation items at test; MMRec and Cornac do not, and numbers are to
  compare with theirs.)
- Ranking is full: all of the split's candidates, never a sample of negatives.
- Train items are not ranked, and at test validation items neither.
- Users without a train interaction are not evaluated; they are counted in `n_skipped`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_array

from mmviz.catalogue.base import Catalogue
from mmviz.errors import EvaluationError
from mmviz.evaluation.metrics import PerUser, Ranked, ranking_metrics
from mmviz.evaluation.splits import Part, Split
from mmviz.ranker import Ranker, Weights

__all__ = ["evaluate", "evaluate_matrices"]

_CELLS = 16_000_000
"""Scores held at once: 64 MB of them, and about four times that with what ranking needs beside."""


def evaluate(
    ranker: Ranker,
    catalogue: Catalogue,
    split: Split,
    part: Part = "test",
    ks: Sequence[int] = (10, 20),
    weights: Weights | None = None,
    batch_users: int = 512,
) -> PerUser:
    """Measure a ranker on one part of a split. `weights` says how much of each modality it may use.

    Raises EvaluationError when nobody can be evaluated, when the split belongs to another catalogue, or
    when the ranker's scores have the wrong shape or are not numbers.
    """
    if part not in ("valid", "test"):
        raise EvaluationError(f"There is no part '{part}' to evaluate on; use 'valid' or 'test'.")
    if len(split.cold_items) != catalogue.n_items:
        raise EvaluationError(
            f"The split '{split.name}' is over {len(split.cold_items)} items, and '{catalogue.name}' has "
            f"{catalogue.n_items}. Make the split anew with this catalogue."
        )
    train, seen, relevant = _matrices(catalogue, split, part)  # (U, I) each
    return evaluate_matrices(ranker, train, relevant, seen, split.candidates(part), ks, weights, batch_users)


def _matrices(catalogue: Catalogue, split: Split, part: Part) -> tuple[csr_array, csr_array, csr_array]:
    """History, what is not ranked, and what is to be found, (U, I) each."""
    train = catalogue.matrix(split.train)
    seen = train if part == "valid" else catalogue.matrix(np.concatenate([split.train, split.valid]))
    return train, seen, catalogue.matrix(split.rows(part))


def evaluate_matrices(
    ranker: Ranker,
    history: csr_array,
    relevant: csr_array,
    excluded: csr_array | None = None,
    candidates: np.ndarray | None = None,
    ks: Sequence[int] = (10, 20),
    weights: Weights | None = None,
    batch_users: int = 512,
) -> PerUser:
    """As `evaluate`, from matrices (U, I): what a user has, is to find, and is not to be shown (None =
    history).

    Memory is bounded: at most `batch_users` users at a time, and fewer where there are many items.
    """
    excluded = history if excluded is None else excluded
    held_out, known = np.diff(relevant.indptr) > 0, np.diff(history.indptr) > 0  # (U,) each
    users = np.flatnonzero(held_out & known)  # (n,)
    batch = max(1, min(batch_users, _CELLS // max(history.shape[1], 1)))
    ranked: list[Ranked] = []
    for start in range(0, len(users), batch):
        rows = users[start : start + batch]
        scores = ranker.score(history[rows], weights)  # (B, I)
        ranked.append(ranking_metrics(scores, relevant[rows], excluded[rows], candidates, ks))
    return _joined(users, ranked, int((held_out & ~known).sum()))


def _joined(users: np.ndarray, ranked: list[Ranked], n_skipped: int) -> PerUser:
    if not ranked:
        raise EvaluationError(
            "Nobody can be evaluated: no user has both a history and held-out items "
            f"({n_skipped} have held-out items only). Choose another split."
        )
    values = {name: np.concatenate([r.values[name] for r in ranked]) for name in ranked[0].values}
    top = np.concatenate([r.top for r in ranked])  # (n, K)
    found = ~np.isnan(next(iter(values.values())))  # (n,): has something that could be found
    if not found.any():
        raise EvaluationError(
            "Nobody can be evaluated: no held-out item is among the candidates. Choose another split."
        )
    kept = {name: column[found] for name, column in values.items()}
    return PerUser(users[found], kept, top[found], n_skipped + int((~found).sum()))
