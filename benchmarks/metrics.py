"""Ranking metrics: ours against Cornac's `ranking_eval`, on the same scores. Needs Cornac (the `bench` extra).

Both rank every item that a person does not have and give NDCG, recall, precision and hit rate at 10 and 20, MRR and MAP
for each person. Cornac's MRR and MAP are over the whole ranking, ours at 10 and 20; NDCG and recall are compared.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np
from _report import table, write
from cornac.data import Dataset
from cornac.eval_methods.base_method import ranking_eval
from cornac.metrics import MAP, MRR, NDCG, HitRatio, Precision, Recall
from cornac.models import Recommender
from scipy.sparse import csr_array

from mmviz.evaluation.metrics import ranking_metrics

SIZES = ((671, 1_715, 70, 8), (2_000, 5_000, 30, 5), (5_000, 10_000, 20, 3))
"""People, items, train and test items a person; the first is as large as the films."""

REPEATS = 5


class Fixed(Recommender):
    """A Cornac model whose scores are given."""

    def __init__(self, scores: np.ndarray, train: Dataset) -> None:
        super().__init__("Fixed", trainable=False)
        self.scores = scores
        self.fit(train)

    def score(self, user_idx: int, item_idx: int | None = None) -> Any:
        return self.scores[user_idx] if item_idx is None else self.scores[user_idx, item_idx]


def main() -> None:
    rows = []
    for size in SIZES:
        scores, train, test = drawn(*size)
        theirs, (their_ndcg, their_recall) = fastest(lambda s=scores, a=train, b=test: by_cornac(s, a, b))
        ours, (our_ndcg, our_recall) = fastest(lambda s=scores, a=train, b=test: by_mmviz(s, a, b))
        assert abs(their_ndcg - our_ndcg) < 1e-9 and abs(their_recall - our_recall) < 1e-9
        shape = f"{size[0]:,} people × {size[1]:,} items"
        rows.append([shape, f"{theirs:.2f} s", f"{1000 * ours:.1f} ms", f"{theirs / ours:.0f}×", our_ndcg])
    text = (
        "Both give NDCG, recall, precision and hit rate at 10 and 20, MRR and MAP of each person by full ranking, from "
        f"scores that are there already; the fastest of {REPEATS}. NDCG@10 and Recall@20 agree to 1e-9."
    )
    heads = ["scores", "Cornac `ranking_eval`", "mmviz `ranking_metrics`", "faster by", "NDCG@10 of both"]
    write("metrics", "Ranking metrics against Cornac", [text, table(heads, rows)])


def drawn(n_users: int, n_items: int, n_train: int, n_test: int) -> tuple[np.ndarray, csr_array, csr_array]:
    """Scores without ties, and what each person has and is to find, as (U, I) each."""
    rng = np.random.default_rng(0)
    scores = rng.standard_normal((n_users, n_items))
    order = np.argsort(rng.random((n_users, n_items)), axis=1)[:, : n_train + n_test]  # (U, n)
    made = [np.zeros((n_users, n_items)) for _ in range(2)]
    for dense, items in zip(made, (order[:, :n_train], order[:, n_train:]), strict=True):
        np.put_along_axis(dense, items, 1.0, axis=1)
    return scores, csr_array(made[0]), csr_array(made[1])


def by_mmviz(scores: np.ndarray, train: csr_array, test: csr_array) -> tuple[float, float]:
    values = {"ndcg@10": [], "recall@20": []}
    for start in range(0, len(scores), 512):
        rows = slice(start, start + 512)
        found = ranking_metrics(scores[rows], test[rows], train[rows]).values
        for name, kept in values.items():
            kept.append(found[name])
    ndcg, recall = (float(np.concatenate(kept).mean()) for kept in values.values())
    return ndcg, recall


def by_cornac(scores: np.ndarray, train: csr_array, test: csr_array) -> tuple[float, float]:
    users, items = ({code: code for code in range(size)} for size in scores.shape)
    known, held = (
        Dataset(scores.shape[0], scores.shape[1], OrderedDict(users), OrderedDict(items), _triples(part))
        for part in (train, test)
    )
    model = Fixed(scores, known)
    at_k = [kind(k=k) for kind in (NDCG, Recall, Precision, HitRatio) for k in (10, 20)]
    asked = [NDCG(k=10), Recall(k=20), *at_k[1:3], *at_k[4:], MRR(), MAP()]
    started = time.perf_counter()
    averages, _ = ranking_eval(model, asked, known, held)
    by_cornac.seconds = time.perf_counter() - started  # type: ignore[attr-defined]
    return averages[0], averages[1]


def _triples(part: csr_array) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    users, items = part.nonzero()
    return users, items, np.ones(len(users))


def fastest(work: Callable[[], tuple[float, float]]) -> tuple[float, tuple[float, float]]:
    """Seconds of the fastest of a few runs, without the making of Cornac's data sets, and the result."""
    times = []
    for _ in range(REPEATS):
        by_cornac.seconds = None  # type: ignore[attr-defined]
        started = time.perf_counter()
        result = work()
        spent = time.perf_counter() - started
        times.append(by_cornac.seconds or spent)  # type: ignore[attr-defined]
    return min(times), result


if __name__ == "__main__":
    main()
