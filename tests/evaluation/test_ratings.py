"""Errors of ratings: equal to scikit-learn's, and read from scores by what validation teaches."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np
import pytest
from scipy.sparse import csr_array
from sklearn.metrics import mean_absolute_error, root_mean_squared_error

from mmviz.evaluation.ratings import rating_errors, rating_metrics
from mmviz.evaluation.splits import make_split
from mmviz.ranker import Ranker, Weights
from tests.evaluation.small import random_catalogue


class Table(Ranker):
    """Scores that are written down, the same for everyone or one row a person (by how many items they have)."""

    def __init__(self, scores: np.ndarray) -> None:
        self.scores = scores

    @property
    def modalities(self) -> tuple[str, ...]:
        return ()

    def score(self, history: csr_array, weights: Weights | None = None) -> np.ndarray:
        return np.repeat(self.scores[None], history.shape[0], axis=0)

    def state(self) -> dict[str, np.ndarray]:
        return {"scores": self.scores}

    @classmethod
    def from_state(cls, state: Mapping[str, np.ndarray]) -> Table:
        return cls(state["scores"])


@pytest.mark.parametrize("seed", range(5))
def test_equal_to_scikit_learn(seed: int) -> None:
    rng = np.random.default_rng(seed)
    user, of = rng.integers(0, 20, 300), np.arange(25)  # the last five have no rating
    actual, predicted = rng.integers(1, 6, 300).astype(float), rng.normal(3, 2, 300)
    found = rating_errors(predicted, actual, user, of)
    assert found.pooled["rmse"] == pytest.approx(root_mean_squared_error(actual, predicted), abs=1e-9)
    assert found.pooled["mae"] == pytest.approx(mean_absolute_error(actual, predicted), abs=1e-9)
    for code in range(20):
        own = user == code
        assert found.per_user["rmse"][code] == pytest.approx(
            root_mean_squared_error(actual[own], predicted[own]), abs=1e-9
        )
        assert found.per_user["mae"][code] == pytest.approx(mean_absolute_error(actual[own], predicted[own]), abs=1e-9)
    assert np.isnan(found.per_user["rmse"][20:]).all()


def _rated(noise: float = 0.0):
    """Everyone rates an item by its place in the catalogue, plus noise."""
    plain = random_catalogue(n_users=60, n_items=40)
    rng = np.random.default_rng(1)
    stars = 1 + plain.interactions["item"].to_numpy() / 10 + noise * rng.normal(size=len(plain.interactions))
    return dataclasses.replace(plain, interactions=plain.interactions.assign(rating=stars.astype(np.float32)))


def test_a_score_that_knows_the_rating_is_better_than_one_that_does_not() -> None:
    catalogue = _rated(noise=0.2)
    split = make_split(catalogue, "per-user-temporal")
    users = np.arange(60)
    knows = rating_metrics(Table(np.arange(40.0)), catalogue, split, users)
    shuffled = rating_metrics(Table(np.random.default_rng(2).permutation(40).astype(float)), catalogue, split, users)
    assert knows is not None and shuffled is not None
    assert knows.pooled["rmse"] < 0.7 * shuffled.pooled["rmse"]
    flipped = rating_metrics(Table(-np.arange(40.0)), catalogue, split, users)  # validation turns the sign round
    assert flipped is not None and flipped.pooled["rmse"] == pytest.approx(knows.pooled["rmse"])


def test_a_constant_score_leaves_the_usual_rating() -> None:
    catalogue = _rated(noise=0.2)
    found = rating_metrics(Table(np.zeros(40)), catalogue, make_split(catalogue, "per-user-temporal"), np.arange(60))
    assert found is not None and np.isfinite(found.pooled["rmse"])


def test_no_ratings_no_errors() -> None:
    catalogue = random_catalogue()
    split = make_split(catalogue, "per-user-temporal")
    assert rating_metrics(Table(np.arange(40.0)), catalogue, split, np.arange(60)) is None
    same = dataclasses.replace(catalogue, interactions=catalogue.interactions.assign(rating=np.float32(5)))
    assert rating_metrics(Table(np.arange(40.0)), same, split, np.arange(60)) is None
