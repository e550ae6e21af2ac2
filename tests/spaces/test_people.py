"""People on a map of items: their nearest items are exact, and they stand where most of these are."""

from __future__ import annotations

import numpy as np

from mmviz.searching import unit_rows
from mmviz.spaces import people


def test_the_nearest_items_are_those_with_the_highest_cosine(monkeypatch) -> None:
    rng = np.random.default_rng(0)
    tastes, vectors = unit_rows(rng.normal(size=(30, 8))), unit_rows(rng.normal(size=(50, 8)))
    tastes[4], vectors[7] = 0, 0
    monkeypatch.setattr(people, "CELLS", 49 * 7)  # several blocks
    seen = []
    rows = people.nearest_items(tastes, vectors, 5, seen.append)
    cosines = tastes @ vectors.T
    cosines[:, 7] = -2
    np.testing.assert_array_equal(np.delete(rows, 4, 0), np.delete(np.argsort(-cosines, axis=1)[:, :5], 4, 0))
    assert (rows[4] == -1).all()
    assert seen[-1].done == seen[-1].total == 30
    assert people.nearest_items(tastes, vectors[:3], 5).shape == (30, 3)


def test_a_person_stands_with_the_majority_and_not_in_the_void_between() -> None:
    points = np.array([[0.0, 0.0], [0.01, 0.0], [0.0, 0.01], [0.9, 0.9], [np.nan, np.nan]])
    rows = np.array([[0, 1, 2, 3], [-1, -1, -1, -1], [3, 3, 4, 4]])
    placed = people.stand(rows, points)
    assert np.abs(placed[0]).max() < 0.02  # the mean would be at 0.23
    assert np.isnan(placed[1]).all()
    np.testing.assert_allclose(placed[2], [0.9, 0.9], atol=1e-6)
    triangle = np.array([[0.0, 0.0], [1.0, 0.0], [0.5, np.sqrt(0.75)]])
    np.testing.assert_allclose(people.stand(np.array([[0, 1, 2]]), triangle), [[0.5, np.sqrt(0.75) / 3]], atol=1e-6)
    line = people.stand(np.array([[0, 1, 2]]), np.array([[0.0, 0, 0], [0.2, 0, 0], [1.0, 0, 0]]))
    np.testing.assert_allclose(line, [[0.2, 0, 0]], atol=5e-3)  # on a line it is the median, in three dimensions too


def test_what_is_kept_is_counted_by_hand() -> None:
    points = np.array([[0.0, 0], [0.1, 0], [0.2, 0], [0.9, 0], [1.0, 0], [np.nan, np.nan]])
    rows = np.array([[0, 1, 2], [0, 3, 4], [-1, -1, -1]])
    placed = np.array([[0.1, 0], [0.1, 0], [np.nan, np.nan]])
    shares = people.kept_near(rows, placed, points)
    np.testing.assert_allclose(shares[:2], [1, 1 / 3])
    assert np.isnan(shares[2])
