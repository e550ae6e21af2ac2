"""The ceiling of a simulated catalogue: what an oracle that knows every taste reaches on a split."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mmviz.catalogue.base import Catalogue
from mmviz.catalogue.demo import truth_chances
from mmviz.errors import EvaluationError
from mmviz.evaluation.metrics import PerUser, ranking_metrics
from mmviz.evaluation.splits import Part, Split, make_split

__all__ = ["CEILING_SPLITS", "ceiling_ndcg", "demo_ceiling", "oracle"]

CEILING_SPLITS = ("per-user-temporal", "global-temporal", "cold-items")

_MOMENTS = 5
_BATCH = 128


def oracle(catalogue: Catalogue, split: Split, part: Part = "test", ks: Sequence[int] = (10, 20)) -> PerUser:
    """Evaluate the oracle by the protocol of `evaluate`: full ranking, train and validation items not ranked.

    It ranks by the planted chance of each item, averaged over five moments (the quantiles 0.1, 0.3 … 0.9) of the
    time in which a user's held-out interactions lie. It knows tastes, popularity, fashion and releases, but not the
    dice. Raises EvaluationError for a catalogue without truth, or when nobody can be evaluated.
    """
    if catalogue.truth is None:
        raise EvaluationError(
            f"'{catalogue.name}' is no simulated catalogue, so nobody knows its ceiling. Ask only where truth is given."
        )
    rows = split.rows(part)
    excluded = catalogue.matrix(split.train if part == "valid" else np.concatenate([split.train, split.valid]))
    relevant, history = catalogue.matrix(rows), catalogue.matrix(split.train)  # (U, I) each
    held_out, known = np.diff(relevant.indptr) > 0, np.diff(history.indptr) > 0  # (U,) each
    users = np.flatnonzero(held_out & known)  # (n,)
    times = _moments(catalogue, rows, users)
    found = []
    for start in range(0, len(users), _BATCH):
        batch = users[start : start + _BATCH]
        scores = truth_chances(catalogue.truth, batch.tolist(), times[start : start + _BATCH])  # (B, I)
        found.append(ranking_metrics(scores, relevant[batch], excluded[batch], split.candidates(part), ks))
    if not found:
        raise EvaluationError(f"The split '{split.name}' leaves nobody to evaluate. Choose another split.")
    values = {name: np.concatenate([ranked.values[name] for ranked in found]) for name in found[0].values}
    can = ~np.isnan(next(iter(values.values())))  # (n,)
    top = np.concatenate([ranked.top for ranked in found])  # (n, K)
    skipped = int((held_out & ~known).sum() + (~can).sum())
    return PerUser(users[can], {name: column[can] for name, column in values.items()}, top[can], skipped)


def ceiling_ndcg(catalogue: Catalogue, split: Split, k: int = 10) -> float:
    """The oracle's mean NDCG@k on the test part of a split."""
    return oracle(catalogue, split, ks=(k,)).mean()[f"ndcg@{k}"]


def demo_ceiling(catalogue: Catalogue) -> dict[str, float]:
    """NDCG@10 of the oracle on the three splits of the leaderboards, to be kept as `truth.ceiling`."""
    return {name: ceiling_ndcg(catalogue, make_split(catalogue, name)) for name in CEILING_SPLITS}


def _moments(catalogue: Catalogue, rows: np.ndarray, users: np.ndarray) -> list[np.ndarray]:
    """For each user five moments of their interactions at `rows`."""
    chosen = catalogue.interactions.iloc[rows]
    by_user = {code: group.to_numpy() for code, group in chosen.groupby("user")["time"]}
    shares = (np.arange(_MOMENTS) + 0.5) / _MOMENTS
    return [np.quantile(by_user[code], shares) for code in users]
