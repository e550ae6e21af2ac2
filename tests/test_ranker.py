"""Ranking with ties, gaps and more places than items."""

from __future__ import annotations

import numpy as np
import pytest

from mmviz.ranker import top_k


def _by_sorting(scores: np.ndarray, k: int) -> np.ndarray:
    """The definition: a full stable sort."""
    order = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    return np.where(np.isfinite(np.take_along_axis(scores, order, axis=1)), order, -1)


@pytest.mark.parametrize("k", [0, 1, 3, 16, 17, 40])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_top_k_is_the_stable_sort(k: int, dtype: type[np.floating]) -> None:
    rng = np.random.default_rng(k)
    scores = rng.integers(0, 4, size=(200, 17)).astype(dtype)  # many ties
    scores[rng.random(scores.shape) < 0.3] = -np.inf
    scores[rng.random(scores.shape) < 0.05] = np.nan
    scores[0] = -np.inf
    scores[1] = np.nan
    np.testing.assert_array_equal(top_k(scores, k), _by_sorting(scores, k))


def test_top_k_of_nothing() -> None:
    assert top_k(np.zeros((0, 5)), 3).shape == (0, 3)
    assert top_k(np.zeros((2, 0)), 3).shape == (2, 0)
