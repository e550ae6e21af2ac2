"""Two levels of attention multiplied: how much of an item hangs on one word or patch. numpy only.

Shape letters: M modalities, N tokens of one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mmviz.views.explanations import Sight

__all__ = ["MOST", "Limb", "limbs"]

MOST = 6
"""Tokens of a modality that are told one by one."""


@dataclass(frozen=True)
class Limb:
    """One modality of an item.

    - `weight`: α_modality; the limbs of an item add up to 1.
    - `tokens`: (place, α_modality · α_token) of the strongest ones, the strongest first; with `rest` they add up to
      `weight`. `count` is how many tokens there are.
    """

    name: str
    weight: float
    tokens: tuple[tuple[int, float], ...]
    rest: float
    count: int


def limbs(sight: Sight, n_words: int, most: int = MOST) -> tuple[Limb, ...]:
    """The limbs of the modalities that the item has; () for a strategy that has no two levels.

    Where tokens looked at one another before they were weighed, they are no longer themselves, and a product with their
    weights would say nothing of a single one: such a strategy has none either.
    """
    pools = {name: sight.attention.get(f"{name} pool") for name in sight.modalities}
    if not pools or any(pool is None for pool in pools.values()) or any("→" in name for name in sight.attention):
        return ()
    made = []
    for name, pool in pools.items():
        weight = sight.modalities[name]
        if pool is not None and weight > 0:
            shares = weight * (pool[:n_words] if name == "text" else pool).astype(np.float64)  # (N,)
            order = np.argsort(-shares, kind="stable")[:most]
            told = tuple((int(place), float(shares[place])) for place in order if shares[place] > 0)
            rest = max(weight - sum(share for _, share in told), 0.0)
            made.append(Limb(name, weight, told, rest, int((shares > 0).sum())))
    return tuple(made)
