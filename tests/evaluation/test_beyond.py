"""What lists are like beyond their accuracy, on lists whose answers are known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.metrics import auc
from sklearn.metrics.pairwise import cosine_distances

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


@pytest.mark.parametrize("seed", range(5))
def test_equal_to_scikit_learn_on_random_lists_of_any_length(seed: int) -> None:
    """Lists that end early or are empty; distances and the area under the Lorenz curve are the library's."""
    rng = np.random.default_rng(seed)
    n, k, n_items, n_users = 40, 8, 30, 50
    top = np.stack([rng.permutation(n_items)[:k] for _ in range(n)])  # (n, K)
    top[np.arange(k) >= rng.integers(0, k + 1, n)[:, None]] = -1
    popularity, space = rng.integers(0, n_users, n_items), rng.normal(size=(n_items, 6))
    whole, own = beyond_accuracy(top, popularity, n_users, space=space)
    apart = cosine_distances(space)
    for row in range(n):
        listed = top[row][top[row] >= 0]
        if len(listed) == 0:
            assert np.isnan(own["novelty"][row]) and np.isnan(own["popularity"][row])
            continue
        bits = [-math.log2(max(popularity[item], 1) / n_users) for item in listed]
        assert own["novelty"][row] == pytest.approx(sum(bits) / len(bits), abs=1e-9)
        assert own["popularity"][row] == pytest.approx(popularity[listed].mean(), abs=1e-9)
        if len(listed) > 1:
            pairs = apart[np.ix_(listed, listed)][np.triu_indices(len(listed), 1)]
            assert own["diversity"][row] == pytest.approx(pairs.mean(), abs=1e-9)
    counts = np.sort(np.bincount(top[top >= 0], minlength=n_items))
    lorenz = np.concatenate([[0.0], np.cumsum(counts) / counts.sum()])
    area = auc(np.linspace(0, 1, n_items + 1), lorenz)
    assert whole["gini"] == pytest.approx((1 - 2 * area) * n_items / (n_items - 1), abs=1e-9)
    assert whole["coverage"] == pytest.approx((counts > 0).mean(), abs=1e-9)
