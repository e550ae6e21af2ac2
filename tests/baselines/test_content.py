"""Content vectors as the controls use them, and content neighbours."""

from __future__ import annotations

import numpy as np
import pytest

from mmviz.baselines._content import TextShare
from mmviz.baselines.content_knn import ContentKnn
from mmviz.baselines.content_knn_image import ContentKnnImage
from mmviz.features.prepared import prepared
from tests.baselines.planted import histories, planted


def _raw(n: int = 200, width: int = 30) -> np.ndarray:
    """Vectors with three strong directions, loud and constant dimensions, and two items without content."""
    rng = np.random.default_rng(0)
    raw = rng.normal(size=(n, 3)) @ rng.normal(size=(3, width)) * 3 + rng.normal(size=(n, width))
    raw[:, 0] *= 1000
    raw[:, 1] = 7.0
    raw[[3, 5]] = 0.0
    return raw


def test_vectors_are_unit_and_absent_ones_stay_zero() -> None:
    found = prepared(_raw(), np.ones(200, dtype=bool), 8)
    lengths = np.linalg.norm(found, axis=1)
    assert found.shape == (200, 8)
    assert lengths[[3, 5]].tolist() == [0.0, 0.0]
    np.testing.assert_allclose(np.delete(lengths, [3, 5]), 1.0, atol=1e-6)


def test_with_all_directions_cosines_are_those_of_standardised_vectors() -> None:
    raw = np.delete(_raw(), [3, 5], axis=0)
    everyone = np.ones(len(raw), dtype=bool)
    standard = (raw - raw.mean(0))[:, np.arange(30) != 1] / np.delete(raw.std(0), 1)
    standard /= np.linalg.norm(standard, axis=1, keepdims=True)
    for directions in (29, 500):
        found = prepared(raw, everyone, directions)
        np.testing.assert_allclose(found @ found.T, standard @ standard.T, atol=1e-5)


def test_the_strongest_directions_are_kept() -> None:
    raw = np.delete(_raw(), [3, 5], axis=0)
    few, many = (prepared(raw, np.ones(len(raw), dtype=bool), d) for d in (3, 29))
    assert np.corrcoef((few @ few.T).ravel(), (many @ many.T).ravel())[0, 1] > 0.9


def test_items_that_are_held_out_teach_nothing() -> None:
    raw, train_items = _raw(), np.arange(200) < 150
    other = raw.copy()
    other[170:] = np.random.default_rng(1).normal(size=(30, 30)) * 50
    before, after = prepared(raw, train_items, 8), prepared(other, train_items, 8)
    np.testing.assert_array_equal(before[:170], after[:170])
    assert not np.allclose(before[170:], after[170:])


@pytest.mark.parametrize("scale", [1e-6, 1e6])
def test_the_unit_of_the_encoder_does_not_matter(scale: float) -> None:
    everyone = np.ones(200, dtype=bool)
    np.testing.assert_allclose(prepared(_raw() * scale, everyone, 29), prepared(_raw(), everyone, 29), atol=1e-5)


def test_the_score_is_the_cosine_to_the_mean_of_the_history() -> None:
    data = planted()
    model = ContentKnnImage().fit(data.train, vectors=data.vectors)
    units = model.state()["vectors.image"].astype(np.float64)
    mean = units[[1, 3, 6]].mean(axis=0)
    expected = units @ mean / np.linalg.norm(mean)
    np.testing.assert_allclose(model.score(histories([1, 3, 6]))[0], expected, atol=1e-6)


def test_both_is_the_weighted_sum_of_each() -> None:
    data = planted()
    model = ContentKnn(TextShare(text_share=0.3)).fit(data.train, vectors=data.vectors)
    alone = {name: model.score(data.train, {other: 0.0}) for name, other in (("image", "text"), ("text", "image"))}
    np.testing.assert_allclose(model.score(data.train), alone["image"] + alone["text"], atol=1e-5)
    single = ContentKnnImage().fit(data.train, vectors=data.vectors).score(data.train)
    np.testing.assert_allclose(alone["image"], 0.7 * single, atol=1e-5)
    half = model.score(data.train, {"image": 0.5, "text": 0.0})
    np.testing.assert_allclose(half, 0.35 * single, atol=1e-5)


def test_item_vectors_carry_the_weights() -> None:
    data = planted()
    model = ContentKnn(TextShare(text_share=0.3)).fit(data.train, vectors=data.vectors)
    vectors = model.embedding({"text": 0.5})
    similarity = model.score(histories([4]), {"text": 0.5})[0]
    np.testing.assert_allclose(vectors @ vectors[4], similarity, atol=1e-5)


def test_shares_of_the_modalities_add_up_to_one() -> None:
    assert TextShare(text_share=0.3).shares(("image", "text")) == {"image": 0.7, "text": 0.3}
    three = TextShare(text_share=0.4).shares(("attributes", "image", "text"))
    assert three == pytest.approx({"attributes": 0.3, "image": 0.3, "text": 0.4})
    assert TextShare(text_share=0.4).shares(("text",)) == {"text": 1.0}
    assert TextShare(text_share=0.4).shares(("a", "b")) == {"a": 0.5, "b": 0.5}
