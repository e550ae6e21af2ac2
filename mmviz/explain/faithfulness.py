"""Does a map name what the score hangs on? Deletion and insertion curves against random orders.

Petsiuk, Das and Saenko, RISE: Randomized input sampling for explanation of black-box models, BMVC 2018, section 3.4.

Shape letters: N tokens (patches or words), S steps.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

__all__ = ["Curves", "cuts", "deletion_keeps", "faithfulness", "insertion_keeps", "random_orders"]

STEPS = 6
ORDERS = 4

Score = Callable[[np.ndarray], np.ndarray]
"""Which tokens stay (V, N) bool -> the scores (V,) that the model gives."""


@dataclass(frozen=True)
class Curves:
    """What removing and inserting tokens did to a score.

    - `shares` (S+1,): the share of tokens removed or inserted, 0 to 1; `deletion`, `insertion`: name -> (S+1,) scores.
    - `deletion_gain`, `insertion_gain`: name -> area between its curve and the mean of the random orders, in units of
      the range of all scores measured; above 0 is better than random in both.
    """

    shares: np.ndarray
    deletion: dict[str, np.ndarray]
    insertion: dict[str, np.ndarray]
    deletion_gain: dict[str, float]
    insertion_gain: dict[str, float]


def cuts(n: int, steps: int = STEPS) -> np.ndarray:
    """How many of n tokens are gone at each step, from none to all: (S+1,) int."""
    return np.unique(np.round(np.linspace(0, n, min(steps, n) + 1)).astype(np.int64))


def deletion_keeps(order: np.ndarray, steps: int = STEPS) -> np.ndarray:
    """Which tokens stay when those first in `order` (N,) are removed step by step: (S+1, N) bool."""
    place = np.argsort(order, kind="stable")  # (N,): the rank of each token
    return np.asarray(place[None, :] >= cuts(len(order), steps)[:, None])


def insertion_keeps(order: np.ndarray, steps: int = STEPS) -> np.ndarray:
    """Which tokens are there when those first in `order` (N,) are inserted step by step: (S+1, N) bool."""
    return ~deletion_keeps(order, steps)


def random_orders(n: int, count: int = ORDERS, seed: int = 0) -> list[np.ndarray]:
    """Random orders and their reversals, so that the mean order favours no token."""
    rng = np.random.default_rng(seed)
    drawn = [rng.permutation(n) for _ in range((count + 1) // 2)]
    return [order for one in drawn for order in (one, one[::-1])][:count]


def faithfulness(
    maps: Mapping[str, np.ndarray], score: Score, steps: int = STEPS, orders: Sequence[np.ndarray] | None = None
) -> Curves:
    """Grade maps (N,) each, highest first, by the scores that the model gives when tokens are really removed.

    Inserting in a random order is removing in the reverse of it, so that random orders are measured once.
    """
    n = len(next(iter(maps.values())))
    drawn = random_orders(n) if orders is None else list(orders)
    ranked = {name: np.argsort(-values, kind="stable") for name, values in maps.items()}
    blocks = [deletion_keeps(order, steps) for order in (*ranked.values(), *drawn)]
    blocks += [insertion_keeps(order, steps) for order in ranked.values()]
    keeps, back = np.unique(np.concatenate(blocks), axis=0, return_inverse=True)  # (V, N): each is scored once
    scores = score(keeps)[back.ravel()].reshape(len(blocks), -1)  # (blocks, S+1)
    m, r = len(ranked), len(drawn)
    falling, chance, rising = scores[:m], scores[m : m + r], scores[m + r :]
    shares = cuts(n, steps) / n  # (S+1,)
    span = max(float(np.ptp(scores)), 1e-12)
    lost, won = chance.mean(axis=0), chance[:, ::-1].mean(axis=0)  # (S+1,) each
    return Curves(
        shares,
        {**dict(zip(ranked, falling, strict=True)), "random": lost},
        {**dict(zip(ranked, rising, strict=True)), "random": won},
        {name: _area(lost - curve, shares) / span for name, curve in zip(ranked, falling, strict=True)},
        {name: _area(curve - won, shares) / span for name, curve in zip(ranked, rising, strict=True)},
    )


def _area(curve: np.ndarray, shares: np.ndarray) -> float:
    return float(np.trapezoid(curve, shares))
