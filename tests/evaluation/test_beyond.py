"""What lists are like beyond their accuracy, on lists whose answers are known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from mmviz.evaluation.beyond import beyond_accuracy, coverage, gini


def test_gini_is_0_for_equal_shares_and_1_for_a_single_item() -> None:
    assert gini(np.full(10, 7)) == pytest.approx(0.0)
    assert gini(np.array([0, 0, 0, 12])) == pytest.approx(1.0)
    counts = np.random.default_rng(0).integers(0, 50, 40)
    pairwise = np.abs(counts[:, None] - counts).sum() / (2 * len(counts) ** 2 * counts.mean())
    assert gini(counts) == pytest.approx(pairwise * 40 / 39)
    assert gini(np.zeros(5)) == gini(np.array([3])) == 0.0


def test_values_of_each_list_and_of_all_together() -> None:
    top = np.array([[0, 1], [0, -1], [-1, -1]])
    popularity = np.array([8, 2, 0, 4])
    assert coverage(top, np.array([True, True, True, True])) == 0.5
    whole, per_user = beyond_accuracy(top, popularity, 8, np.array([True, True, False, False]))
    assert whole == {"coverage": 1.0, "gini": pytest.approx(gini(np.array([2, 1])))}
    np.testing.assert_allclose(per_user["novelty"], [1.0, 0.0, np.nan])
    np.testing.assert_allclose(per_user["popularity"], [5.0, 8.0, np.nan])
    assert "diversity" not in per_user
    assert beyond_accuracy(np.array([[2]]), popularity, 8).per_user["novelty"] == [3.0]  # nobody has it: as if one had


def test_diversity_is_the_mean_distance_of_pairs() -> None:
    vectors = np.array([[2.0, 0.0], [0.0, 1.0], [3.0, 0.0], [1.0, 1.0]])
    top = np.array([[0, 2, -1], [0, 1, -1], [3, -1, -1], [0, 1, 3]])
    found = beyond_accuracy(top, np.ones(4), 4, space=vectors).per_user["diversity"]
    half = 1 - math.sqrt(0.5)
    np.testing.assert_allclose(found, [0.0, 1.0, np.nan, (1 + 2 * half) / 3], atol=1e-12)
