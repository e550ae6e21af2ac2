"""Collective EASE against its definition, written out in full, and what it does for new items."""

from __future__ import annotations

import numpy as np
import pytest

from mmviz.baselines.collective_ease import CollectiveEase, CollectiveEaseConfig
from mmviz.baselines.collective_ease_text import CollectiveEaseText
from mmviz.baselines.ease import Ease, EaseConfig
from mmviz.features.prepared import prepared
from tests.baselines.planted import N_WARM, Planted, histories, planted

CONFIG = CollectiveEaseConfig(l2=4.0, content=6.0, text_share=0.3, cold_l2=0.7, cold_history=0.4)
WARM, NEW = np.arange(N_WARM), np.arange(N_WARM, 48)


def _content(data: Planted, weights: dict[str, float]) -> np.ndarray:
    """(I, D) vectors of both modalities, each times the root of share and weight."""
    fitted = ~data.cold
    shares = {"image": 0.7, "text": 0.3}
    parts = [np.sqrt(shares[n] * weights[n]) * prepared(data.vectors[n], fitted, 256) for n in ("image", "text")]
    return np.concatenate(parts, axis=1).astype(np.float64)


def _by_definition(data: Planted, history: np.ndarray, weights: dict[str, float]) -> np.ndarray:
    """The two problems solved as they are stated: a stack for known items, a ridge on content for new ones."""
    content = _content(data, weights)  # (I, D)
    stack = np.vstack([data.train.toarray()[:, WARM], np.sqrt(CONFIG.content) * content[WARM].T])
    weight = np.zeros((N_WARM, N_WARM))
    for item in range(N_WARM):
        others = item != WARM
        gram = stack[:, others].T @ stack[:, others] + CONFIG.l2 * np.eye(N_WARM - 1)
        weight[others, item] = np.linalg.solve(gram, stack[:, others].T @ stack[:, item])
    kernel = content[WARM] @ content[WARM].T + CONFIG.cold_l2 * np.eye(N_WARM)
    mixture = np.linalg.solve(kernel, content[WARM] @ content[NEW].T)  # (W, C)
    own = history[:, WARM] + history[:, NEW] @ mixture.T
    completed = own @ weight
    return np.hstack([completed, (CONFIG.cold_history * own + completed) @ mixture])


@pytest.mark.parametrize(
    "weights", [{"image": 1.0, "text": 1.0}, {"image": 0.2, "text": 1.0}, {"image": 0.0, "text": 0.5}]
)
def test_scores_are_those_of_the_definition(weights: dict[str, float]) -> None:
    data = planted()
    model = CollectiveEase(CONFIG).fit(data.train, vectors=data.vectors)
    people = histories([0, 2, 4], [1, 5, 40], [44], [39, 47], [])
    expected = _by_definition(data, people.toarray(), weights)
    np.testing.assert_allclose(model.score(people, weights), expected, atol=2e-5)


def test_without_content_it_is_ease_and_new_items_score_zero() -> None:
    data = planted()
    model = CollectiveEase(CONFIG).fit(data.train, vectors=data.vectors)
    plain = Ease(EaseConfig(l2=CONFIG.l2)).fit(data.train)
    scores = model.score(data.train, {"image": 0.0, "text": 0.0})
    np.testing.assert_allclose(scores, plain.score(data.train), atol=1e-5)
    assert not scores[:, data.cold].any()


def test_new_items_do_not_change_what_is_known() -> None:
    data = planted()
    other = {name: vectors.copy() for name, vectors in data.vectors.items()}
    for vectors in other.values():
        vectors[NEW] = np.random.default_rng(5).normal(size=vectors[NEW].shape) * 9
    one, two = (CollectiveEase(CONFIG).fit(data.train, vectors=v).score(data.train) for v in (data.vectors, other))
    np.testing.assert_array_equal(one[:, WARM], two[:, WARM])
    assert not np.allclose(one[:, NEW], two[:, NEW])


def test_a_new_item_that_looks_like_a_known_one_is_ranked_like_it() -> None:
    data = planted()
    vectors = {name: v.copy() for name, v in data.vectors.items()}
    for table in vectors.values():
        table[NEW] = table[[0, 1, 2, 3, 4, 5, 6, 7]]
    config = CollectiveEaseConfig(l2=20.0, cold_l2=0.001, cold_history=0.0)
    model = CollectiveEase(config).fit(data.train, vectors=vectors)
    scores = model.score(data.train)
    for known, new in enumerate(NEW):
        assert np.corrcoef(scores[:, known], scores[:, new])[0, 1] > 0.9


def test_content_helps_where_interactions_are_few() -> None:
    """With three quarters of the histories gone, content has to say which items belong together."""
    data = planted(seed=1)
    thin = data.train.copy()
    thin.data[np.random.default_rng(0).random(len(thin.data)) < 0.75] = 0.0
    thin.eliminate_zeros()
    plain = Ease.fit_best(thin, data.valid)
    with_content = CollectiveEase.fit_best(thin, data.valid, vectors=data.vectors)
    assert with_content.score > plain.score + 0.02


def test_solutions_for_the_latest_weights_are_kept_and_bounded() -> None:
    data = planted()
    model = CollectiveEase(CONFIG).fit(data.train, vectors=data.vectors)
    before = model.score(data.train, {"image": 0.0})
    for step in range(20):
        model.score(data.train[[0]], {"image": step / 20})
    assert len(model._solutions) == 8
    np.testing.assert_array_equal(model.score(data.train, {"image": 0.0}), before)


def test_any_vectors_can_be_its_side_information() -> None:
    data = planted()
    fused = np.hstack([data.vectors["image"], data.vectors["text"]])
    model = CollectiveEase().fit(data.train, vectors={"fused": fused})
    assert model.modalities == ("fused",)
    scores = model.score(histories([0, 2, 4]))[0]
    assert scores[[40, 42, 44, 46]].min() > scores[[41, 43, 45, 47]].max()


def test_one_modality_reads_no_other() -> None:
    data = planted()
    alone = CollectiveEaseText().fit(data.train, vectors={"text": data.vectors["text"]})
    beside = CollectiveEaseText().fit(data.train, vectors=data.vectors)
    np.testing.assert_array_equal(alone.score(data.train), beside.score(data.train))
