"""Spaces that are laid out together: what has the same neighbours stays in place, and what has not may move."""

from __future__ import annotations

import numpy as np
import pytest

from mmviz.searching import unit_rows
from mmviz.spaces.aligned import Part, lay_out_together
from mmviz.spaces.layouts import principal
from mmviz.spaces.neighbours import nearest
from mmviz.spaces.trust import map_neighbours, trustworthiness
from mmviz.views.maps import LayoutSettings


def groups(seed: int, of: np.ndarray) -> np.ndarray:
    """(n, 16) unit vectors around six centres, the one of each item by `of` (n,)."""
    centres = np.random.default_rng(0).normal(size=(6, 16))
    return unit_rows(centres[of] + 0.25 * np.random.default_rng(seed).normal(size=(len(of), 16))).astype(np.float32)


@pytest.fixture(scope="module")
def parts() -> tuple[list[Part], np.ndarray]:
    """Two spaces of 180 items, of which the second lacks one in nine; and which items changed their group."""
    of = np.arange(180) % 6
    moved = np.arange(180) >= 150
    there = np.arange(180) % 9 != 4
    after = np.where(moved, (of + 3) % 6, of)
    start = principal(groups(1, of), 2)
    made = []
    for vectors, items in ((groups(1, of), np.arange(180)), (groups(2, after)[there], np.flatnonzero(there))):
        made.append(Part(vectors, nearest(vectors, 30), items, start[items]))
    return made, moved


def test_what_keeps_its_neighbours_keeps_its_place(parts: tuple[list[Part], np.ndarray]) -> None:
    made, moved = parts
    both = made[1].items

    def gone(pull: float) -> tuple[float, float]:
        first, second = lay_out_together(made, 180, LayoutSettings("aligned"), pull=pull)
        away = np.linalg.norm(first[both] - second, axis=1) / first.std()
        for part, points in zip(made, (first, second), strict=True):
            assert points.shape == (len(part.items), 2) and np.isfinite(points).all()
            assert trustworthiness(part.vectors, map_neighbours(points, 15), 15).value > 0.9
        return float(away[~moved[both]].mean()), float(away[moved[both]].mean())

    free, held = gone(0.0), gone(0.3)
    assert held[0] < 0.7 * free[0]  # those that stay are held
    assert held[1] > 3 * held[0]  # those that changed their group are let go


def test_the_same_input_gives_the_same_maps_and_the_steps_are_told(parts: tuple[list[Part], np.ndarray]) -> None:
    seen = []
    once, again = (lay_out_together(parts[0], 180, LayoutSettings("aligned"), seen.append) for _ in range(2))
    for a, b in zip(once, again, strict=True):
        np.testing.assert_array_equal(a, b)
    assert seen[0].done == 0 and seen[-1].done == seen[-1].total - 1
