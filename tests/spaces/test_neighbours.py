"""Neighbours are exact, and what two lists share is counted right."""

from __future__ import annotations

import numpy as np
import pytest

from mmviz.errors import MmvizError
from mmviz.searching import unit_rows
from mmviz.spaces.neighbours import jaccard, nearest, overlap


@pytest.mark.parametrize(("n", "k"), [(40, 5), (5000, 15), (7, 60)])
def test_neighbours_are_those_of_a_full_sort(n: int, k: int) -> None:
    vectors = unit_rows(np.random.default_rng(0).normal(size=(n, 12)).astype(np.float32))
    near = nearest(vectors, k)
    cosines = vectors @ vectors.T
    np.fill_diagonal(cosines, -np.inf)
    best = np.sort(cosines, axis=1)[:, ::-1][:, : near.k]
    assert near.k == min(k, n - 1)
    np.testing.assert_allclose(near.cosines, best, atol=2e-6)
    np.testing.assert_allclose(np.take_along_axis(cosines, near.rows.astype(int), 1), best, atol=2e-6)
    assert all(len(set(row)) == near.k for row in near.rows[:50].tolist())
    np.testing.assert_allclose(near.distances**2, 2 - 2 * near.cosines, atol=1e-6)


def test_one_vector_has_no_neighbours() -> None:
    with pytest.raises(MmvizError, match="at least two"):
        nearest(np.ones((1, 3), np.float32), 5)


def test_what_two_lists_share() -> None:
    first, second = np.array([[1, 2, 3], [4, 5, -1], [-1, -1, -1]]), np.array([[3, 1, 9], [5, 4, -1], [1, 2, 3]])
    np.testing.assert_allclose(jaccard(first, second), [2 / 4, 1.0, 0.0])
    assert overlap(first, second) == pytest.approx((2 / 3 + 2 / 3) / 2)
    assert np.isnan(overlap(first[2:], second[2:]))
