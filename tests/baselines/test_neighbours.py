"""Popularity and item neighbours, worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_array

from mmviz.baselines import item_knn
from mmviz.baselines.item_knn import ItemKnn, ItemKnnConfig
from mmviz.baselines.popularity import Popularity
from tests.baselines.planted import planted

TAKEN = np.array([[1, 1, 0, 0], [1, 1, 1, 0], [1, 0, 1, 0], [0, 1, 0, 0]], dtype=np.float32)


def test_popularity_counts_people() -> None:
    scores = Popularity().fit(csr_array(TAKEN)).score(csr_array(TAKEN[:2]))
    assert scores.tolist() == [[3.0, 3.0, 2.0, 0.0]] * 2


def test_similarities_are_shrunk_cosines() -> None:
    model = ItemKnn(ItemKnnConfig(neighbours=3, shrink=1.0)).fit(csr_array(TAKEN))
    scores = model.score(csr_array(np.eye(4, dtype=np.float32)))
    expected = np.zeros((4, 4))
    expected[0, 1] = expected[1, 0] = 2 / (3 + 1)
    expected[0, 2] = expected[2, 0] = 2 / (np.sqrt(6) + 1)
    expected[1, 2] = expected[2, 1] = 1 / (np.sqrt(6) + 1)
    np.testing.assert_allclose(scores, expected, atol=1e-6)


def test_only_the_nearest_vote_and_equals_go_by_position() -> None:
    model = ItemKnn(ItemKnnConfig(neighbours=1, shrink=0.0)).fit(csr_array(TAKEN))
    scores = model.score(csr_array(np.eye(4, dtype=np.float32)))
    assert np.count_nonzero(scores, axis=0).tolist() == [1, 1, 1, 0]
    assert scores[2, 0] == pytest.approx(2 / np.sqrt(6))  # item 2 is nearer to item 0 than item 1 is
    assert scores[0, 1] == pytest.approx(2 / 3)


def test_the_size_of_a_block_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    train = planted().train
    whole = ItemKnn().fit(train).score(train)
    monkeypatch.setattr(item_knn, "_CELLS", 100)
    np.testing.assert_array_equal(ItemKnn().fit(train).score(train), whole)
