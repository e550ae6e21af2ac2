"""Ranking metrics by full ranking, one value a user.

Conventions, which are those of the independent library that the tests compare with (ranx):

- Relevance is yes or no. The gain at rank r (from 1) is 1/log2(r + 1).
- Equal scores are ranked by item position, lowest first, so that a result never depends on chance. A
  model that gives everything the same score therefore gets the quality of the catalogue's own order.
- An item whose score is not finite is not recommended; NaN is an error.
- k may exceed the number of items; then the list is as long as it can be, and precision still divides by k.

Shape letters: B users of a batch, I items, K list length.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import comb
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array

from mmviz.errors import EvaluationError
from mmviz.ranker import top_k

__all__ = [
    "METRICS",
    "PerUser",
    "Ranked",
    "expected_at_random",
    "metrics_of_hits",
    "ranking_metrics",
]

_CACHED = 300_000
"""Scores that are ranked at once: what the processor's cache holds."""

METRICS = ("ndcg", "recall", "precision", "map", "mrr", "hit")


class Ranked(NamedTuple):
    """Metrics of a batch, "ndcg@10" and so on -> (B,) float64, and the lists (B, K), -1 where one ends."""

    values: dict[str, np.ndarray]
    top: np.ndarray


@dataclass(frozen=True)
class PerUser:
    """What an evaluation found, user by user.

    - `users`: (n,) int64 codes of the users that were evaluated.
    - `values`: metric such as "ndcg@10" -> (n,) float64.
    - `top`: (n, K) int64, each user's list, best first, -1 where it ends.
    - `n_skipped`: users with held-out items who were not evaluated, because they have no history to go by.
    """

    users: np.ndarray
    values: dict[str, np.ndarray]
    top: np.ndarray = field(repr=False)
    n_skipped: int = 0

    def mean(self) -> dict[str, float]:
        """Each metric's mean over the users."""
        return {name: float(values.mean()) for name, values in self.values.items()}


def ranking_metrics(
    scores: np.ndarray,
    relevant: csr_array,
    excluded: csr_array | None = None,
    candidates: np.ndarray | None = None,
    ks: Sequence[int] = (10, 20),
) -> Ranked:
    """Rank all candidates for each user and measure the list: Recall, NDCG, MRR, hit rate, MAP, precision
    at k.

    - `scores`: (B, I), higher is better.
    - `relevant`: (B, I), the items to be found. Those that are excluded or no candidates cannot be found
      and do not count; a user who is left with none gets NaN throughout.
    - `excluded`: (B, I), items that are not ranked for that user, such as those seen in training.
    - `candidates`: (I,) bool, the items that are ranked at all; None = all.

    With R relevant items and h(r) = 1 where rank r is a hit: recall = Σh/R; precision = Σh/k; hit = 1 if
    Σh > 0; mrr = 1/r of the first hit, else 0; map = Σ h(r)·precision@r / R; ndcg = Σ h(r)/log2(r+1),
    divided by the same sum for min(k, R) hits at the top (Järvelin and Kekäläinen, Cumulated gain-based
    evaluation of IR techniques, ACM TOIS 2002). Raises EvaluationError for NaN scores, shapes that do not
    fit, or k < 1.
    """
    _check(scores, relevant, ks)
    wanted, barred = _Entries(relevant), None if excluded is None else _Entries(excluded)
    step = max(1, _CACHED // scores.shape[1])
    parts = [
        _ranked(scores[start : start + step], start, wanted, barred, candidates, max(ks))
        for start in range(0, len(scores), step)
    ] or [(np.empty((0, 0), dtype=np.int64), np.empty((0, 0), dtype=bool), np.empty(0, dtype=np.int64))]
    top, hits, n_relevant = (np.concatenate(part) for part in zip(*parts, strict=True))  # (B, K), (B, K), (B,)
    return Ranked(metrics_of_hits(hits, n_relevant, ks), top)


class _Entries:
    """Rows and columns of what is not 0 in a matrix, each pair once, by row."""

    def __init__(self, matrix: csr_array) -> None:
        if not matrix.has_canonical_format:
            matrix = matrix.copy()
            matrix.sum_duplicates()
        self.rows, self.columns = matrix.nonzero()  # (r,) each

    def between(self, start: int, stop: int) -> tuple[np.ndarray, np.ndarray]:
        """Those of the rows from `start` to `stop`, counted from `start`."""
        first, last = np.searchsorted(self.rows, (start, stop))
        return self.rows[first:last] - start, self.columns[first:last]


def _ranked(
    scores: np.ndarray,
    start: int,
    relevant: _Entries,
    excluded: _Entries | None,
    candidates: np.ndarray | None,
    k: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Lists (b, K), hits (b, K) and numbers of what could be found (b,) of the rows from `start` on."""
    found = relevant.between(start, start + len(scores))
    wanted = np.zeros(scores.shape, dtype=bool)  # (b, I)
    wanted[found] = True
    allowed = np.array(scores, dtype=np.result_type(scores.dtype, np.float32))  # (b, I)
    if excluded is not None:
        out = excluded.between(start, start + len(scores))
        wanted[out], allowed[out] = False, -np.inf
    if candidates is not None:
        wanted[:, ~candidates], allowed[:, ~candidates] = False, -np.inf
    n_relevant = np.bincount(found[0][wanted[found]], minlength=len(scores))  # (b,)
    top = top_k(allowed, k)  # (b, K)
    return top, np.take_along_axis(wanted, np.maximum(top, 0), axis=1) & (top >= 0), n_relevant


def _check(scores: np.ndarray, relevant: csr_array, ks: Sequence[int]) -> None:
    if scores.shape != relevant.shape:
        raise EvaluationError(
            f"Scores of shape {scores.shape} do not fit relevance of shape {relevant.shape}; "
            "both must be users × items."
        )
    if not ks or min(ks) < 1:
        raise EvaluationError(f"Lists are cut at k = {tuple(ks)}; give at least one k, each 1 or more.")
    if scores.size and np.isnan(scores.min()):
        rows = np.flatnonzero(np.isnan(scores).any(axis=1))
        raise EvaluationError(
            f"{len(rows)} of {len(scores)} users have a score that is not a number (first: row {rows[0]}). "
            "The model has diverged or divides by zero; train it with a smaller step or more regularisation."
        )


def metrics_of_hits(hits: np.ndarray, n_relevant: np.ndarray, ks: Sequence[int]) -> dict[str, np.ndarray]:
    """Metrics from hits (B, K) bool, best place first, and numbers of relevant items (B,): name -> (B,).

    NaN for a user with nothing to be found.
    """
    ranks = np.arange(1, hits.shape[1] + 1)  # (K,)
    discount = 1.0 / np.log2(ranks + 1)  # (K,)
    found = np.cumsum(hits, axis=1)  # (B, K)
    dcg = np.cumsum(hits * discount, axis=1)  # (B, K)
    precisions = np.cumsum(hits * found / ranks, axis=1)  # (B, K)
    reciprocal = np.maximum.accumulate(hits / ranks, axis=1)  # (B, K)
    relevant = np.where(n_relevant > 0, n_relevant, np.nan)  # (B,)
    empty = np.where(n_relevant > 0, 0.0, np.nan)  # (B,)
    values: dict[str, np.ndarray] = {}
    for k in ks:
        last = min(k, hits.shape[1]) - 1
        ideal = _ideal(np.minimum(n_relevant, k))  # (B,)
        values[f"ndcg@{k}"] = dcg[:, last] / ideal
        values[f"recall@{k}"] = found[:, last] / relevant
        values[f"precision@{k}"] = found[:, last] / k + empty
        values[f"map@{k}"] = precisions[:, last] / relevant
        values[f"mrr@{k}"] = reciprocal[:, last] + empty
        values[f"hit@{k}"] = (found[:, last] > 0) + empty
    return values


def _ideal(n_hits: np.ndarray) -> np.ndarray:
    """DCG of n hits at the top, NaN for none: (B,) -> (B,)."""
    most = int(n_hits.max(initial=0))
    totals = np.cumsum(1.0 / np.log2(np.arange(2, most + 2)))  # (most,)
    return np.asarray(np.concatenate([[np.nan], totals])[n_hits])


def expected_at_random(n_relevant: np.ndarray, n_ranked: np.ndarray, ks: Sequence[int] = (10, 20)) -> dict[str, float]:
    """Means over users of what a random order of `n_ranked` (n,) items gets with `n_relevant` (n,) ≥ 1 to be found.

    NDCG, recall, precision and hit rate at k, all exact: each place holds a relevant item with probability R/n, and
    no place of k does with probability C(n − R, k)/C(n, k).
    """
    values: dict[str, float] = {}
    rate = n_relevant / n_ranked  # (n,)
    for k in ks:
        places = np.minimum(k, n_ranked).astype(np.int64)  # (n,)
        gains = np.concatenate([[0.0], np.cumsum(1.0 / np.log2(np.arange(2, k + 2)))])  # (k + 1,)
        ideal = gains[np.minimum(n_relevant, k).astype(np.int64)]  # (n,)
        missed = [_all_missed(int(n), int(r), int(p)) for n, r, p in zip(n_ranked, n_relevant, places, strict=True)]
        values[f"ndcg@{k}"] = float((rate * gains[places] / ideal).mean())
        values[f"recall@{k}"] = float((places / n_ranked).mean())
        values[f"precision@{k}"] = float((rate * places / k).mean())
        values[f"hit@{k}"] = float(1.0 - np.mean(missed))
    return values


def _all_missed(n: int, relevant: int, places: int) -> float:
    """Probability that none of `places` random draws among n items is relevant."""
    return comb(n - relevant, places) / comb(n, places)
