"""A fusion under collective EASE: the closed form on the fusion's own vectors, at any weights."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_array

from mmviz.baselines.collective_ease import CollectiveEase
from mmviz.baselines.ease import Ease, EaseConfig
from mmviz.evaluation.evaluate import evaluate_matrices
from mmviz.explain.history import history_parts
from mmviz.fusion_ranker import FusionRanker, subsets
from mmviz.interaction.base import Material
from mmviz.interaction.collective import Collective, FusedEase
from mmviz.progress import silent
from mmviz.ranker import modality_shares
from tests.planted import Planted, planted

NAMES = ("image", "text")


def fused(data: Planted, seed: int = 0) -> FusionRanker:
    """A fusion ranker with made-up vectors that show the groups."""
    rng = np.random.default_rng(seed)
    n = len(data.item_group)
    centres = rng.normal(size=(4, 6))
    content = np.stack([centres[data.item_group] + 0.4 * rng.normal(size=(n, 6)) for _ in subsets(NAMES)])
    zero = np.zeros((n, 2), np.float32)
    return FusionRanker(NAMES, content.astype(np.float32), np.eye(6, dtype=np.float32), zero, zero, zero[:, 0])


@pytest.fixture
def data() -> Planted:
    return planted(cold=16)


@pytest.fixture
def model(data: Planted) -> FusedEase:
    vectors = {"fused": fused(data).embedding()}
    return FusedEase(fused(data), CollectiveEase().fit(data.interactions, vectors=vectors))


@pytest.mark.parametrize("weights", [{"image": 1.0, "text": 0.0}, {"image": 0.0}, {"image": 1.0, "text": 0.4}])
def test_at_any_weights_it_is_the_closed_form_on_the_vectors_at_these_weights(
    data: Planted, model: FusedEase, weights: dict[str, float]
) -> None:
    vectors = {"fused": fused(data).embedding(weights)}
    expected = CollectiveEase().fit(data.interactions, vectors=vectors).score(data.interactions)
    np.testing.assert_allclose(model.score(data.interactions, weights), expected, atol=1e-4)


def test_without_content_it_is_ease(data: Planted, model: FusedEase) -> None:
    plain = Ease(EaseConfig(l2=CollectiveEase().config.l2)).fit(data.interactions)
    none = model.score(data.interactions, {"image": 0.0, "text": 0.0})
    np.testing.assert_allclose(none, plain.score(data.interactions), atol=1e-5)


def test_shares_add_up_and_a_restored_model_scores_the_same(data: Planted, model: FusedEase) -> None:
    people = data.interactions[:5]
    shares = modality_shares(model, people)
    np.testing.assert_allclose(sum(shares.values()), model.score(people), atol=1e-4)
    restored = FusedEase.from_state(model.state())
    for weights in (None, {"image": 0.3}):
        np.testing.assert_array_equal(restored.score(people, weights), model.score(people, weights))


def test_validation_chooses_the_settings_and_new_items_of_the_own_group_come_first(data: Planted) -> None:
    rng = np.random.default_rng(1)
    train = data.interactions.copy()
    hidden = rng.random(train.nnz) < 0.3
    valid = train.copy()
    train.data[hidden], valid.data[~hidden] = 0.0, 0.0
    train.eliminate_zeros()
    valid.eliminate_zeros()
    done = Collective(Collective.Config()).finish(fused(data), Material(train, valid, None, data.features), silent)
    assert set(done.settings) == {"ease", "two-tower score"}
    assert done.parameters > 0
    scores = done.ranker.score(train)[:, 64:]
    own = data.item_group[None, 64:] == data.user_group[:, None]
    assert (np.where(own, scores, -np.inf).max(1) > np.where(own, -np.inf, scores).max(1)).mean() > 0.9


def towered(data: Planted) -> FusionRanker:
    """A fusion ranker whose own score knows what is popular, which its content does not."""
    state = fused(data).state()
    return FusionRanker.from_state(
        state | {"bias": np.asarray(data.interactions.sum(axis=0)).ravel().astype(np.float32)}
    )


def test_the_two_tower_score_is_added_for_known_items_alone(data: Planted, model: FusedEase) -> None:
    both = FusedEase(towered(data), model._ease, 0.5)
    people, known = data.interactions[:5], model._ease.known
    added = both.score(people) - model.score(people)  # (B, I)
    own = towered(data).score(people)[:, known]  # (B, W)
    np.testing.assert_allclose(added[:, known], 0.5 * (own - own.mean(axis=1, keepdims=True)), atol=1e-4)
    assert not np.delete(added, known, axis=1).any()
    restored = FusedEase.from_state(both.state())
    np.testing.assert_array_equal(restored.score(people), both.score(people))
    shares = modality_shares(both, people)
    np.testing.assert_allclose(sum(shares.values()), both.score(people), atol=1e-4)


def test_what_each_item_of_a_history_brought_adds_up_with_the_two_tower_score(data: Planted, model: FusedEase) -> None:
    both = FusedEase(towered(data), model._ease, 0.5)
    history = data.interactions[:1]
    found = history_parts(both, history, 3)
    assert found is not None
    parts, rest = found
    assert len(parts) == history.nnz
    assert parts.sum() + rest == pytest.approx(both.score(history)[0, 3], abs=1e-4)


def test_validation_adds_the_two_tower_score_where_it_helps(data: Planted) -> None:
    """People who like what many like, in a validation part that is all about it."""
    rng = np.random.default_rng(0)
    shape, known = data.interactions.shape, np.flatnonzero(np.asarray(data.interactions.sum(axis=0)).ravel())
    liked = rng.permutation(known)[:6]
    valid = np.zeros(shape, np.float32)
    valid[:, liked] = data.interactions.toarray()[:, liked] == 0
    state = fused(data).state()
    bias = 100 * np.isin(np.arange(shape[1]), liked).astype(np.float32)
    material = Material(data.interactions, csr_array(valid), None, data.features)
    with_it = Collective(Collective.Config()).finish(FusionRanker.from_state(state | {"bias": bias}), material, silent)
    without = Collective(Collective.Config()).finish(fused(data), material, silent)
    assert with_it.settings["two-tower score"]["beside"] > 0
    ndcg = [
        evaluate_matrices(done.ranker, data.interactions, material.valid, None, None, (10,)).mean()["ndcg@10"]
        for done in (with_it, without)
    ]
    assert ndcg[0] > ndcg[1] + 0.1
