"""Cold start: what a trained model is worth for people of whom little is known, and for items that few have taken.

**New people.** A model of ours knows a person by their history and nothing else, so a new person is one with a short
history. Everyone who has something to be found is served from 1, 2, 5 … items of their train history, drawn at random,
the smaller draws within the larger; what is to be found and what is ranked stays the same. Nothing is trained. (The
items that are left out did take part in the training, as one person's among many.)

**New items.** On the split "cold-items" nothing was fitted on the validation items. Of each such item a pool of
interactions is drawn; the first 0, 1, 5 … of it become known, at the same time for all of them, and what remains of the
item is to be found. The new items are ranked among themselves, as on the split; what a person gave to the pool is never
ranked for them. So people, held-out pairs and candidates are the same at every count, and only what is known grows.

What is to be found is the validation part of a split in both: the test part is opened once a run, and this is not that
once. Rounds and settings were chosen by this part, so heights flatter a little; what grows is the finding.

Shape letters: U users, I items.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from mmviz.catalogue.base import Catalogue
from mmviz.errors import EvaluationError
from mmviz.evaluation.evaluate import evaluate_matrices
from mmviz.evaluation.splits import MIN_USERS, Split
from mmviz.progress import Progress, Report, silent
from mmviz.ranker import Ranker

__all__ = [
    "EVERYTHING",
    "ITEM_COUNTS",
    "MIN_ITEMS",
    "PEOPLE_COUNTS",
    "Trial",
    "few_likes",
    "few_takers",
    "measure",
]

PEOPLE_COUNTS = (1, 2, 5, 10)
ITEM_COUNTS = (0, 1, 5, 20)
EVERYTHING = float("inf")
"""The count that stands for a whole history."""
MIN_ITEMS = 20
"""Fewer new items than this are not ranked among themselves."""
_TO_FIND = 3
"""An item takes part only if at least this many interactions remain to be found beside its pool."""


@dataclass(frozen=True)
class Trial:
    """What is known at every count, and what is to be found at all of them.

    - `histories`: count -> one (U, I) matrix a draw; `known`: count -> (U, I) what a model may learn from, in which
      nobody's history is cut short; `relevant`, `excluded`: (U, I); `candidates`: (I,) bool.
    - `n_items`: how many items are ranked; `n_users`: people with something to be found.
    """

    histories: dict[float, tuple[csr_array, ...]]
    known: dict[float, csr_array]
    relevant: csr_array
    excluded: csr_array
    candidates: np.ndarray
    n_items: int
    n_users: int


def few_likes(
    catalogue: Catalogue, split: Split, counts: Sequence[int] = PEOPLE_COUNTS, draws: int = 3, seed: int = 0
) -> Trial:
    """People with `counts` items of their train history, and with all of it.

    Only those take part who have at least the largest count; the largest counts are left out until `MIN_USERS` people
    remain. Raises EvaluationError when they never do.
    """
    train, relevant = catalogue.matrix(split.train), catalogue.matrix(split.valid)  # (U, I) each
    owned, tested = np.diff(train.indptr), np.diff(relevant.indptr) > 0  # (U,) each
    used = [count for count in sorted(counts) if (tested & (owned >= count)).sum() >= MIN_USERS]
    if not used:
        raise EvaluationError(
            f"Fewer than {MIN_USERS} people have something held out and {min(counts)} known items on '{split.name}'. "
            "Choose another split."
        )
    taking_part = tested & (owned >= used[-1])  # (U,)
    own = csr_array(relevant.multiply(taking_part[:, None]))  # (U, I)
    rngs = [np.random.default_rng((seed, draw)) for draw in range(draws)]
    orders = [_random_order(train, rng) for rng in rngs]
    histories: dict[float, tuple[csr_array, ...]] = {
        float(count): tuple(_first_of_rows(train, order, count) for order in orders) for count in used
    }
    histories[EVERYTHING] = (train,)
    candidates = split.candidates("valid")  # (I,)
    known = dict.fromkeys(histories, train)
    return Trial(histories, known, own, train, candidates, int(candidates.sum()), int(taking_part.sum()))


def few_takers(catalogue: Catalogue, split: Split, counts: Sequence[int] = ITEM_COUNTS, seed: int = 0) -> Trial:
    """The validation items of a cold split with `counts` known interactions each.

    Items take part that have at least three interactions beside the largest count; the largest counts are left out
    until `MIN_ITEMS` items and `MIN_USERS` people remain. Raises EvaluationError when they never do, or when the split
    has no new items.
    """
    if not split.cold_items.any():
        raise EvaluationError(
            f"The split '{split.name}' has no new items: every item may have been trained on. Use 'cold-items'."
        )
    train = catalogue.matrix(split.train)  # (U, I)
    held = csr_array(catalogue.matrix(split.valid).multiply(split.valid_candidates[None]))  # (U, I)
    for last in range(len(counts), 1, -1):
        trial = _takers(train, held, sorted(counts)[:last], seed)
        if trial.n_items >= MIN_ITEMS and trial.n_users >= MIN_USERS:
            return trial
    raise EvaluationError(
        f"Too few new items of '{catalogue.name}' have enough interactions to hide some and show others: at least "
        f"{MIN_ITEMS} items with {sorted(counts)[1] + _TO_FIND} each, taken by {MIN_USERS} people, are needed."
    )


def measure(
    serve: Callable[[float, csr_array], Ranker],
    trial: Trial,
    title: str,
    ks: Sequence[int] = (10, 20),
    report: Report = silent,
) -> pd.DataFrame:
    """Evaluate at every count of a trial; draws are averaged person by person.

    `serve` gives what serves at a count when (U, I) is what may be learned from. Columns `user`, `count`, the metrics.
    """
    frames = []
    for at, (count, histories) in enumerate(trial.histories.items()):
        report(Progress(title, at, len(trial.histories)))
        ranker = serve(count, trial.known[count])
        results = [
            evaluate_matrices(ranker, history, trial.relevant, trial.excluded, trial.candidates, ks)
            for history in histories
        ]
        values = {name: np.mean([result.values[name] for result in results], axis=0) for name in results[0].values}
        frames.append(pd.DataFrame({"user": results[0].users, "count": count, **values}))
    return pd.concat(frames, ignore_index=True)


def _takers(train: csr_array, held: csr_array, counts: Sequence[int], seed: int) -> Trial:
    by_item = csr_array(held.T)  # (I, U)
    pool = max(counts)
    enough = np.diff(by_item.indptr) >= pool + _TO_FIND  # (I,)
    order = _random_order(by_item, np.random.default_rng(seed))
    chosen = csr_array(by_item.multiply(enough[:, None]))  # (I, U)
    pooled = csr_array(_first_of_rows(by_item, order, pool).multiply(enough[:, None]).T)  # (U, I)
    relevant = csr_array(chosen.T - pooled)  # (U, I)
    relevant.eliminate_zeros()
    known = {}
    for count in counts:
        shown = _first_of_rows(by_item, order, count).multiply(enough[:, None])  # (I, U)
        known[float(count)] = csr_array(train + shown.T)  # (U, I)
    relevant = csr_array(relevant.multiply((np.diff(train.indptr) > 0)[:, None]))  # (U, I): who has a history at 0
    relevant.eliminate_zeros()
    histories = {count: (matrix,) for count, matrix in known.items()}
    excluded = csr_array(train + pooled)  # (U, I)
    n_users = int((np.diff(relevant.indptr) > 0).sum())
    return Trial(histories, known, relevant, excluded, enough, int(enough.sum()), n_users)


def _random_order(matrix: csr_array, rng: np.random.Generator) -> np.ndarray:
    """(nnz,) the place of every entry in a random order of its row, 0 first."""
    row = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))  # (nnz,)
    shuffled = np.lexsort((rng.random(len(row)), row))  # (nnz,): by row, then at random
    place = np.empty(len(row), dtype=np.int64)  # (nnz,)
    place[shuffled] = np.arange(len(row)) - np.asarray(matrix.indptr)[row[shuffled]]
    return place


def _first_of_rows(matrix: csr_array, place: np.ndarray, count: int) -> csr_array:
    """The entries of a matrix whose place in their row is below `count`."""
    kept = csr_array((matrix.data * (place < count), matrix.indices.copy(), matrix.indptr.copy()), matrix.shape)
    kept.eliminate_zeros()
    return kept
