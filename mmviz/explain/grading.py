"""Grades of one strategy's maps of one item, by what the real model does and, where it is known, by the truth.

Shape letters: P patches, T words, V variants.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

import numpy as np

from mmviz.explain.faithfulness import ORDERS, STEPS, Curves, faithfulness, random_orders
from mmviz.explain.feeding import Subject, Variant
from mmviz.explain.looking import contents
from mmviz.explain.maps import attention_of
from mmviz.explain.pointing import energy_inside, hits

if TYPE_CHECKING:
    from mmviz.restoring import Restored
    from mmviz.views.explanations import Sight

__all__ = ["graded", "pointed"]

AT_ONCE = 4
"""Variants that are encoded at once."""

Place = tuple[Sequence[int], np.ndarray]
"""Words by their places, and the region (s, s) bool of the picture that shows what they name."""


def graded(
    net: Restored,
    subject: Subject,
    sight: Sight,
    modality: str,
    direction: np.ndarray,
    size: tuple[int, int] = (STEPS, ORDERS),
    guard: AbstractContextManager[object] | None = None,
) -> Curves | None:
    """Deletion and insertion of patches or words by relevance and by attention; None with fewer than two tokens.

    `size` is the number of steps and of random orders. `guard` is held for a few variants at a time, so that somebody
    who changes the item meanwhile need not wait.
    """
    n = subject.patches if modality == "image" else len(subject.words)
    if modality not in sight.relevance or n < 2:
        return None
    maps = {"relevance": sight.relevance[modality]}
    if (looked := attention_of(sight.attention, modality, n)) is not None:
        maps["attention"] = looked
    whole = subject.whole()

    def score(keeps: np.ndarray) -> np.ndarray:
        variants = [
            Variant(keep) if modality == "image" else Variant(whole.keep, frozenset(np.flatnonzero(~keep).tolist()))
            for keep in keeps
        ]
        found = []
        for start in range(0, len(variants), AT_ONCE):
            with guard or nullcontext():
                found.append(contents(net, subject, variants[start : start + AT_ONCE]) @ direction)
        return np.concatenate(found)  # (V,)

    return faithfulness(maps, score, size[0], random_orders(n, size[1]))


def pointed(
    maps: Mapping[str, np.ndarray], places: Sequence[Place], grid: tuple[int, int]
) -> dict[str, tuple[float, float]]:
    """Map (T, P) -> (hit rate, energy inside) over the places, with the "chance" of a random spot and the "centre".

    The mean map of the words that name a thing is what must point at it. "centre" always points at the middle.
    """
    if not places:
        return {}
    found = {name: _means(values, places, grid) for name, values in maps.items()}
    middle = -np.hypot(*(np.indices(grid) - (np.array(grid) - 1).reshape(2, 1, 1) / 2))  # (gh, gw)
    areas = [float(region.mean()) for _, region in places]
    found["centre"] = float(np.mean([hits(middle, region) for _, region in places])), float(np.mean(areas))
    found["chance"] = float(np.mean(areas)), float(np.mean(areas))
    return found


def _means(values: np.ndarray, places: Sequence[Place], grid: tuple[int, int]) -> tuple[float, float]:
    drawn = [(values[list(words)].mean(axis=0).reshape(grid), region) for words, region in places]
    energies = [energy_inside(one, region) for one, region in drawn]
    return float(np.mean([hits(one, region) for one, region in drawn])), float(np.nanmean(energies)) if not np.isnan(
        energies
    ).all() else float("nan")
