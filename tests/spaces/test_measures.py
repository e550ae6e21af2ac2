"""Measures on spaces whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_array

from mmviz.searching import unit_rows
from mmviz.spaces.clusters import clusters, distinctive
from mmviz.spaces.gap import close, closing
from mmviz.spaces.measures import alignment, effective_dimension, modality_gap, retrieval, separability, uniformity
from mmviz.spaces.neighbours import nearest


@pytest.fixture
def pair() -> tuple[np.ndarray, np.ndarray]:
    """Two modalities that say the same of 80 items, pushed apart along one direction."""
    rng = np.random.default_rng(0)
    both = rng.normal(size=(80, 16))
    push = np.zeros(16)
    push[0] = 4
    image = unit_rows((both + 0.1 * rng.normal(size=both.shape) + push).astype(np.float32))
    return image, unit_rows((both + 0.1 * rng.normal(size=both.shape) - push).astype(np.float32))


def test_gap_and_alignment_of_known_vectors() -> None:
    first, second = np.array([[1.0, 0.0], [1.0, 0.0]]), np.array([[0.0, 1.0], [0.0, 1.0]])
    assert modality_gap(first, second) == pytest.approx(2**0.5)
    assert alignment(first, second) == pytest.approx(2.0)
    assert alignment(first, first) == 0


def test_uniformity_of_known_vectors() -> None:
    assert uniformity(np.eye(2)) == pytest.approx(-4.0)  # one pair, squared distance 2
    assert uniformity(np.tile([1.0, 0.0], (5, 1))) == pytest.approx(0.0)
    assert np.isnan(uniformity(np.eye(1)))


def test_effective_dimension_counts_the_directions() -> None:
    square = np.array([[1, 1, 0], [1, -1, 0], [-1, 1, 0], [-1, -1, 0]], dtype=float)
    assert effective_dimension(square) == pytest.approx(2.0)
    assert effective_dimension(np.ones((4, 3))) == 0


def test_retrieval_finds_the_partner_and_a_collapsed_space_finds_nothing() -> None:
    rng = np.random.default_rng(0)
    vectors = unit_rows(rng.normal(size=(50, 8)))
    assert retrieval(vectors, vectors) == {1: 1.0, 5: 1.0, 10: 1.0}
    assert retrieval(np.ones((50, 8)), np.ones((50, 8)))[10] == 0
    shifted = np.roll(np.eye(50), 1, axis=0)
    assert retrieval(np.eye(50), shifted)[1] == 0


def test_separability_against_chance() -> None:
    label = np.repeat([0, 1, 2], [20, 20, 40])
    vectors = unit_rows((np.eye(3)[label] + np.random.default_rng(0).normal(0, 0.05, (80, 3))).astype(np.float32))
    told, chance = separability(label, nearest(vectors, 15).rows)
    assert told == 1.0 and chance == 0.5
    unknown = np.full(80, -1)
    assert np.isnan(separability(unknown, nearest(vectors, 15).rows)[0])


def test_closing_the_gap_closes_it_and_helps_retrieval(pair: tuple[np.ndarray, np.ndarray]) -> None:
    image, text = pair
    same = close(image, text, 0.0)
    np.testing.assert_allclose(same[0], image, atol=1e-6)
    history = csr_array(np.eye(4, 80))
    held_out = csr_array(np.eye(4, 80, k=4))
    table = closing(image, text, history, held_out).set_index("share")
    assert table.attrs["people"] == 4
    assert table.loc[1.0, "gap"] < 0.2 * table.loc[0.0, "gap"]
    assert table.loc[1.0, "alignment"] < table.loc[0.0, "alignment"]
    assert table.loc[1.0, "image to text R@1"] >= table.loc[0.0, "image to text R@1"]
    assert table["both NDCG@10"].between(0, 1).all()


def test_clusters_are_found_and_named_by_their_words() -> None:
    label = np.repeat([0, 1], [30, 20])
    vectors = unit_rows((np.eye(2)[label] + np.random.default_rng(0).normal(0, 0.05, (50, 2))).astype(np.float32))
    found = clusters(vectors, 2)
    assert found.tolist() == label.tolist()  # the largest first
    texts = [f"the {'rocket moon' if one == 0 else 'kitchen soup'} story {at}" for at, one in enumerate(label)]
    names = distinctive(texts, found, words=2)
    assert set(names[0].split()) == {"rocket", "moon"} and set(names[1].split()) == {"kitchen", "soup"}
