"""EASE against the problem that it solves, column by column."""

from __future__ import annotations

import numpy as np
import pytest

from mmviz.baselines import _linear
from mmviz.baselines.ease import Ease, EaseConfig
from mmviz.errors import TrainingError
from tests.baselines.planted import N_WARM, histories, planted


def test_each_column_is_the_ridge_on_all_other_items() -> None:
    data, l2 = planted(), 5.0
    dense = data.train.toarray().astype(np.float64)[:, :N_WARM]
    expected = np.zeros((N_WARM, N_WARM))
    for item in range(N_WARM):
        others = np.delete(dense, item, axis=1)
        solved = np.linalg.solve(others.T @ others + l2 * np.eye(N_WARM - 1), others.T @ dense[:, item])
        expected[np.arange(N_WARM) != item, item] = solved
    model = Ease(EaseConfig(l2=l2)).fit(data.train)
    np.testing.assert_allclose(model.state()["weights"], expected, atol=1e-6)
    np.testing.assert_allclose(model.score(data.train)[:, :N_WARM], dense @ expected, atol=1e-5)


def test_items_that_nobody_has_score_zero() -> None:
    data = planted()
    scores = Ease().fit(data.train).score(histories([0, 2], [41]))
    assert not scores[:, data.cold].any()
    assert not scores[1].any()


def test_too_many_items_for_the_memory_are_refused_with_the_size(monkeypatch: pytest.MonkeyPatch) -> None:
    class Little:
        available = 10_000

    monkeypatch.setattr(_linear.psutil, "virtual_memory", Little)
    with pytest.raises(TrainingError, match=r"EASE needs about 0\.0 GB for 40 items.*item k-nearest neighbours"):
        Ease().fit(planted().train)
    monkeypatch.setattr(Little, "available", 32_001)
    Ease().fit(planted().train)


@pytest.mark.parametrize("n", [1, 7, 600])
def test_the_inverse_is_the_inverse_and_exactly_symmetric(n: int) -> None:
    rows = np.random.default_rng(n).normal(size=(n + 3, n))
    gram = rows.T @ rows
    before = gram.copy()
    found = _linear.inverse(gram, 0.5)
    np.testing.assert_allclose(found @ (gram + 0.5 * np.eye(n)), np.eye(n), atol=1e-8)
    np.testing.assert_array_equal(found, found.T)
    np.testing.assert_array_equal(gram, before)


def test_a_matrix_that_cannot_be_inverted_is_refused_in_words() -> None:
    with pytest.raises(TrainingError, match="cannot be inverted with l2 = 0"):
        _linear.inverse(np.array([[1.0, 1.0], [1.0, 1.0 - 1e-9]]), 0)
