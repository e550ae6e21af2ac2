"""How each split deals pairs of user and item to train (0), validation (1) and test (2)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

__all__ = ["MAKERS", "Maker", "Pairs", "Parts"]

_LEAST_ITEMS = 3
"""Someone with fewer items than this stays in train as a whole: one is needed for each part."""


@dataclass(frozen=True)
class Parts:
    """Part of every pair (0 train, 1 validation, 2 test) and, for held-out items, that of every item."""

    of_pair: np.ndarray  # (n,) int8
    of_item: np.ndarray | None = None  # (I,) int8


@dataclass(frozen=True)
class Pairs:
    """The distinct pairs of user and item in order of time, at their first occurrence."""

    user: np.ndarray  # (n,)
    item: np.ndarray  # (n,)
    n_items: int
    timed: bool


@dataclass(frozen=True)
class Maker:
    title: str
    make: Callable[[Pairs, np.random.Generator], Parts]
    needs_times: bool = False
    seeded: bool = True


def _per_user_temporal(pairs: Pairs, _: np.random.Generator) -> Parts:
    order = np.argsort(pairs.user, kind="stable")  # (n,): by user, then by time
    return Parts(_last_of_each_user(pairs, order, lambda count: np.maximum(count // 10, 1)))


def _random(pairs: Pairs, rng: np.random.Generator) -> Parts:
    order = np.lexsort((rng.random(len(pairs.user)), pairs.user))  # (n,): by user, then at random
    return Parts(_last_of_each_user(pairs, order, lambda count: np.maximum(count // 10, 1)))


def _leave_one_out(pairs: Pairs, rng: np.random.Generator) -> Parts:
    """By time where there are times, else a random item of each user."""
    by_time = np.argsort(pairs.user, kind="stable")  # (n,)
    order = by_time if pairs.timed else np.lexsort((rng.random(len(pairs.user)), pairs.user))
    return Parts(_last_of_each_user(pairs, order, np.ones_like))


def _last_of_each_user(pairs: Pairs, order: np.ndarray, size: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Part (n,) of every pair: each user's last `size(count)` in `order` are test, as many before valid."""
    user = pairs.user[order]  # (n,) ascending
    counts = np.bincount(user)  # (U,)
    ends = np.cumsum(counts)  # (U,)
    from_end = ends[user] - np.arange(len(user)) - 1  # (n,): 0 = the user's last
    share = np.where(counts >= _LEAST_ITEMS, size(counts), 0)[user]  # (n,)
    parts = np.empty(len(user), dtype=np.int8)
    parts[order] = np.select([from_end < share, from_end < 2 * share], [2, 1], 0)
    return parts


def _global_temporal(pairs: Pairs, _: np.random.Generator) -> Parts:
    n = len(pairs.user)
    place = np.arange(n)
    return Parts(np.select([place >= n * 9 // 10, place >= n * 8 // 10], [2, 1], 0).astype(np.int8))


def _cold_items(pairs: Pairs, rng: np.random.Generator) -> Parts:
    seen = rng.permutation(np.unique(pairs.item))  # items with interactions, shuffled
    share = len(seen) // 10
    of_item = np.zeros(pairs.n_items, dtype=np.int8)  # (I,)
    of_item[seen[:share]] = 2
    of_item[seen[share : 2 * share]] = 1
    return Parts(of_item[pairs.item], of_item)


MAKERS = {
    "per-user-temporal": Maker("Each person's latest 10 %", _per_user_temporal, needs_times=True, seeded=False),
    "global-temporal": Maker("Everything after one point in time", _global_temporal, needs_times=True, seeded=False),
    "random": Maker("A random 10 % of each person's items", _random),
    "leave-one-out": Maker("Each person's last item", _leave_one_out),
    "cold-items": Maker("A tenth of the items, never seen before", _cold_items),
}
