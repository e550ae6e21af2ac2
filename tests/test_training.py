"""The recommender learns what was planted, the same way every time, and stops by validation."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.sparse import csr_array

from mmviz import interaction
from mmviz.errors import TrainingError
from mmviz.fusion import names, strategy
from mmviz.fusion_ranker import FusionRanker, normalised, scoring_rule, subsets
from mmviz.interaction.base import Material
from mmviz.ranker import Ranker, modality_shares
from mmviz.recommender import LENGTH, ItemLoader, Recommender, RecommenderConfig, shapes_of
from mmviz.training import TrainingConfig, train
from tests.planted import Planted, planted

FAST = TrainingConfig(rounds=6, steps=12, patience=6, learning_rate=1e-2)


def build(
    data: Planted, name: str = "concat", seed: int = 0, under: str = interaction.DEFAULT, **settings: object
) -> tuple[Recommender, ItemLoader]:
    torch.manual_seed(seed)
    cls = strategy(name)
    fusion = cls(shapes_of(data.features), cls.Config(dim=16))
    popularity = np.asarray(data.interactions.sum(axis=0)).ravel()
    loader = ItemLoader(data.features, fusion.names, cls.level, torch.device("cpu"))
    loader.prepare(fusion, popularity > 0)
    spread = interaction.model(under)(interaction.model(under).Config()).propagation(
        Material(data.interactions, data.interactions, None, data.features), fusion.names, torch.device("cpu")
    )
    return Recommender(fusion, popularity > 0, popularity, RecommenderConfig(factors=8, **settings), spread), loader


def group_gain(ranker: Ranker, data: Planted, items: slice = slice(None)) -> float:
    """Share of users whose own group's items score above the others' on average."""
    scores = ranker.score(data.interactions)[:, items]
    own = data.item_group[None, items] == data.user_group[:, None]
    mean_own = (scores * own).sum(1) / own.sum(1)
    mean_other = (scores * ~own).sum(1) / (~own).sum(1)
    return float((mean_own > mean_other).mean())


def trained(
    data: Planted, name: str = "concat", seed: int = 0, under: str = interaction.DEFAULT, **settings: object
) -> FusionRanker:
    model, loader = build(data, name, seed, under, **settings)
    for _ in train(model, loader, data.interactions, lambda r: group_gain(r, data), FAST, seed):
        pass
    return model.ranker(loader)


@pytest.mark.parametrize("under", ["two_tower", "graph"])
@pytest.mark.parametrize("name", names())
def test_every_strategy_ranks_new_items_of_the_own_group_first(name: str, under: str) -> None:
    data = planted(cold=16)
    assert group_gain(trained(data, name, under=under), data, slice(64, 80)) > 0.9


def test_under_a_graph_new_items_have_collaborative_vectors_that_come_from_their_neighbours() -> None:
    data = planted(cold=16)
    ranker = trained(data, under="graph")
    both = dict.fromkeys(ranker.modalities, 1.0)
    nothing = dict.fromkeys(both, 0.0)
    outward, without = ranker._mixed(ranker._outward, both), ranker._mixed(ranker._outward, nothing)
    assert (np.abs(outward[64:]).sum(axis=1) > 0).all()
    assert (without[64:] == 0).all()
    shares = modality_shares(ranker, data.interactions[:4])
    np.testing.assert_allclose(sum(shares.values()), ranker.score(data.interactions[:4]), atol=1e-5)
    restored = FusionRanker.from_state(ranker.state())
    weights = {"image": 0.3}
    np.testing.assert_array_equal(restored.score(data.interactions, weights), ranker.score(data.interactions, weights))


@pytest.mark.parametrize("name", names())
def test_content_starts_at_the_same_size_whatever_the_strategy_and_its_inputs(name: str) -> None:
    data = planted(cold=16)
    for part in data.features.modalities.values():
        part.pooled[:] *= 30.0
    model, loader = build(data, name)
    model.calibrate(loader)
    vectors = model.all_content(loader)[model.known.bool()]
    assert vectors.square().sum(dim=1).mean().sqrt().item() == pytest.approx(LENGTH, rel=1e-4)


def test_content_alone_learns_without_collaborative_part() -> None:
    data = planted(cold=16)
    ranker = trained(data, collaborative=False)
    assert group_gain(ranker, data) > 0.9
    interactions = modality_shares(ranker, data.interactions[:4])["interactions"]
    assert (interactions == 0).all()


def test_same_seed_same_scores_and_another_seed_other_scores() -> None:
    data = planted()
    first, second, third = trained(data), trained(data), trained(data, seed=1)
    np.testing.assert_allclose(first.score(data.interactions), second.score(data.interactions), rtol=0, atol=1e-6)
    assert np.abs(first.score(data.interactions) - third.score(data.interactions)).max() > 1e-3


def test_it_stops_when_validation_no_longer_grows_and_keeps_the_best() -> None:
    data = planted()
    model, loader = build(data)
    values = iter([0.3, 0.1, 0.2, 0.5, 0.4, 0.3, 0.2, 0.1, 0.0])
    snapshots: list[np.ndarray] = []

    def validate(ranker: Ranker) -> float:
        snapshots.append(ranker.score(data.interactions))
        return next(values)

    config = TrainingConfig(rounds=50, steps=2, patience=3)
    events = list(train(model, loader, data.interactions, validate, config, 0))
    assert [e.best for e in events] == [False, False, True, True, True, True, False, False, False]
    kept = model.ranker(loader).score(data.interactions)
    np.testing.assert_allclose(kept, snapshots[5], rtol=0, atol=1e-6)
    assert np.abs(kept - snapshots[8]).max() > 1e-4


def test_what_is_kept_is_the_average_of_the_steps() -> None:
    def weights(steps: int, averaging: float) -> torch.Tensor:
        data = planted()
        model, loader = build(data)
        list(
            train(model, loader, data.interactions, lambda _: 0.0, TrainingConfig(1, 1, steps, averaging=averaging), 0)
        )
        return model.user_map.detach()

    first, second = weights(1, 0.0), weights(2, 0.0)
    assert (first - second).abs().max() > 1e-3
    torch.testing.assert_close(weights(2, 0.25), 0.25 * first + 0.75 * second)


def test_what_happens_to_held_out_items_changes_nothing() -> None:
    """Items without train interactions never enter a loss: other features for them leave the model as it is."""
    data, other = planted(cold=16), planted(cold=16)
    for part in other.features.modalities.values():
        part.pooled[64:] = np.random.default_rng(3).normal(size=part.pooled[64:].shape)
    models = [build(d) for d in (data, other)]
    for (model, loader), source in zip(models, (data, other), strict=True):
        for _ in train(model, loader, source.interactions, lambda _: 0.0, FAST, 0):
            pass
    first, second = (model.state_dict() for model, _ in models)
    assert all(torch.equal(first[k], second[k]) for k in first)


def test_few_items_a_step_still_learn() -> None:
    data = planted(n_items=160, n_users=80)
    model, loader = build(data)
    config = TrainingConfig(rounds=8, steps=20, items=48, learning_rate=1e-2)
    for _ in train(model, loader, data.interactions, lambda r: group_gain(r, data), config, 0):
        pass
    assert group_gain(model.ranker(loader), data) > 0.95


def test_nothing_to_learn_from_is_said() -> None:
    data = planted()
    model, loader = build(data)
    empty = csr_array(data.interactions.shape, dtype=np.float32)
    with pytest.raises(TrainingError, match="no training interaction"):
        next(train(model, loader, empty, lambda _: 0.0, FAST, 0))
    single = csr_array(np.eye(*data.interactions.shape, dtype=np.float32))
    with pytest.raises(TrainingError, match="No person has two"):
        next(train(model, loader, single, lambda _: 0.0, FAST, 0))


@pytest.mark.parametrize("under", ["two_tower", "graph"])
def test_serving_in_numpy_says_what_the_torch_module_says(under: str) -> None:
    data = planted()
    model, loader = build(data, under=under)
    for _ in train(model, loader, data.interactions, lambda _: 0.0, TrainingConfig(rounds=1, steps=3), 0):
        pass
    model.eval()
    with torch.no_grad():
        history = torch.from_numpy(normalised(data.interactions).toarray())
        expected = model.scores(history, model.all_content(loader))[0].numpy()
    np.testing.assert_allclose(model.ranker(loader).score(data.interactions), expected, atol=1e-4)


def test_weights_of_zero_are_what_the_network_says_of_an_item_without_the_modality() -> None:
    data = planted()
    model, loader = build(data, "afn")
    ranker = model.ranker(loader)
    without = model.all_content(loader, ("text",)).numpy()
    np.testing.assert_allclose(ranker.embedding({"image": 0.0}), without, atol=1e-6)
    np.testing.assert_allclose(ranker.embedding({"image": 0.0, "text": 0.0}), 0.0, atol=1e-6)
    half = ranker.embedding({"image": 0.5})
    np.testing.assert_allclose(half, (ranker.embedding() + without) / 2, atol=1e-5)


@pytest.mark.parametrize("weights", [None, {"image": 0.3}, {"image": 0.0, "text": 0.7}])
def test_shares_add_up_to_the_score(weights: dict[str, float] | None) -> None:
    data = planted()
    ranker = trained(data, "attention")
    shares = modality_shares(ranker, data.interactions[:5], weights)
    assert set(shares) == {"interactions", "image", "text"}
    total = sum(shares.values())
    np.testing.assert_allclose(total, ranker.score(data.interactions[:5], weights), atol=1e-4)
    assert weights is None or weights.get("image") != 0.0 or np.abs(shares["image"]).max() < 1e-6


def test_a_score_is_a_sum_over_the_history() -> None:
    data = planted()
    ranker = trained(data)
    mine = data.interactions[[0]]
    items = mine.indices
    bias = ranker.score(csr_array(mine.shape, dtype=np.float32))[0]
    alone = np.stack(
        [ranker.score(csr_array(([1.0], ([0], [i])), shape=mine.shape, dtype=np.float32))[0] - bias for i in items]
    )
    together = bias + alone.sum(axis=0) / np.sqrt(len(items))
    np.testing.assert_allclose(together, ranker.score(mine)[0], atol=1e-4)


def test_state_round_trip() -> None:
    data = planted()
    ranker = trained(data)
    again = FusionRanker.from_state(ranker.state())
    assert again.modalities == ranker.modalities
    assert np.array_equal(again.score(data.interactions), ranker.score(data.interactions))


def test_subsets_are_all_but_the_empty_one() -> None:
    assert subsets(("image", "text")) == [("image",), ("text",), ("image", "text")]
    assert len(subsets(("a", "b", "c"))) == 7


def test_the_rule_is_the_formula() -> None:
    rng = np.random.default_rng(0)
    history, content, amap = rng.normal(size=(2, 5)), rng.normal(size=(5, 3)), rng.normal(size=(3, 3))
    y, q, b = rng.normal(size=(5, 4)), rng.normal(size=(5, 4)), rng.normal(size=5)
    collaborative, by_content = scoring_rule(history, content, amap, y, q, b)
    u, i = 1, 3
    p_u = sum(history[u, j] * y[j] for j in range(5))
    w_u = sum(history[u, j] * content[j] for j in range(5)) @ amap
    assert np.isclose(collaborative[u, i], b[i] + p_u @ q[i])
    assert np.isclose(by_content[u, i], w_u @ content[i])


def test_a_step_looks_at_a_random_part_of_the_real_tokens() -> None:
    _, loader = build(planted(), "afn")
    items, random = torch.arange(80), torch.Generator().manual_seed(0)
    first, second = loader(items, 0.5, random), loader(items, 0.5, random)
    for name, whole in loader(items).items():
        thin = first[name]
        n_kept = round(whole.mask.shape[1] / 2)
        assert thin.mask.shape == (80, n_kept)
        assert (thin.mask.sum(dim=1) == whole.mask.sum(dim=1).clamp(max=n_kept)).all(), "padding goes first"
        assert not torch.equal(thin.values, second[name].values)
        for item in range(80):
            kept, all_of_it = thin.values[item][thin.mask[item]], whole.values[item][whole.mask[item]]
            assert {tuple(token.tolist()) for token in kept} <= {tuple(token.tolist()) for token in all_of_it}
