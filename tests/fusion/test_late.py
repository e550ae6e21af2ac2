"""Late fusion is right when the content score is the weighted sum of what each modality says alone."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mmviz.errors import FusionError
from mmviz.fusion.late import Late
from mmviz.fusion_ranker import FusionRanker, normalised
from mmviz.recommender import ItemLoader, Recommender, RecommenderConfig, shapes_of
from mmviz.training import TrainingConfig, train
from tests.fusion.tiny import IMAGE, THREE, batch, build
from tests.planted import Planted, planted


def trained(data: Planted) -> tuple[Recommender, FusionRanker]:
    """After a few steps of the product's loop, without the collaborative part; items 0 and 1 lack a modality."""
    torch.manual_seed(0)
    fusion = Late(shapes_of(data.features), Late.Config(dim=13))
    popularity = np.asarray(data.interactions.sum(axis=0)).ravel()
    loader = ItemLoader(data.features, fusion.names, Late.level, torch.device("cpu"))
    loader.prepare(fusion, popularity > 0)
    model = Recommender(fusion, popularity > 0, popularity, RecommenderConfig(collaborative=False))
    config = TrainingConfig(rounds=1, steps=30, learning_rate=1e-2)
    for _ in train(model, loader, data.interactions, lambda _: 0.0, config, 0):
        pass
    return model, model.ranker(loader)


def test_the_score_is_the_sum_of_the_modalities_scores() -> None:
    data = planted()
    _, ranker = trained(data)
    image = ranker.score(data.interactions, {"image": 1.0, "text": 0.0})
    text = ranker.score(data.interactions, {"image": 0.0, "text": 1.0})
    np.testing.assert_allclose(ranker.score(data.interactions), image + text, rtol=0, atol=1e-5)
    assert image.std() > 0.01
    assert text.std() > 0.01


def test_each_score_is_its_weight_times_the_likeness_of_unit_vectors() -> None:
    data = planted()
    model, ranker = trained(data)
    late = model.fusion
    assert isinstance(late, Late)
    history = normalised(data.interactions).toarray()
    measure = model.unit.item()
    start = 0
    for name, weight in zip(late.names, late.weights().tolist(), strict=True):
        own = slice(start, start := start + late.widths[name])
        others = {n: float(n == name) for n in late.names}
        block = ranker.embedding(others)[:, own]
        size = np.linalg.norm(block, axis=1, keepdims=True)
        present = data.features.modalities[name].present
        np.testing.assert_allclose(size[present], measure * np.sqrt(13 * weight), rtol=1e-5)
        assert (size[~present] == 0).all()
        unit = block / np.maximum(size, 1e-9)
        inner = model.taste_map().detach().numpy()[own, own]
        alone = measure**2 * weight * 13 * (history @ unit @ inner @ unit.T)
        np.testing.assert_allclose(ranker.score(data.interactions, others), alone, rtol=0, atol=1e-4)


def test_training_moves_the_blocks_and_never_what_lies_between_them() -> None:
    model, _ = trained(planted())
    mask = model.fusion.taste_mask()
    assert mask is not None
    between = model.taste_map()[mask == 0]
    assert len(between) == 2 * 7 * 6
    assert (between == 0).all()
    start = torch.eye(13) / 13**0.5
    assert (model.taste_map() - start)[mask == 1].abs().max() > 0.01


def test_without_the_mask_the_modalities_would_mix() -> None:
    """The control: the same vectors under a full taste map are not a sum of the modalities' scores."""
    data = planted()
    _model, ranker = trained(data)
    state = ranker.state()
    state["user_map"] = state["user_map"] + 0.1
    full = FusionRanker.from_state(state)
    parts = sum(full.score(data.interactions, {"image": a, "text": 1 - a}) for a in (0.0, 1.0))
    assert np.abs(full.score(data.interactions) - parts).max() > 0.1


def test_the_weights_sum_to_one_and_a_modality_without_weight_is_without_effect() -> None:
    model = build(Late, THREE)
    assert isinstance(model, Late)
    assert model.weights().sum().item() == pytest.approx(1.0)
    assert list(model.widths.values()) == [3, 3, 2]
    with torch.no_grad():
        model.trust.copy_(torch.tensor([0.0, -200.0, 0.0]))
    items, others = batch(THREE, "pooled"), batch(THREE, "pooled", seed=7)
    changed = model({**items, "image": others["image"]}).embedding
    assert torch.equal(changed, model(items).embedding)


def test_a_vector_too_narrow_for_its_blocks_is_refused() -> None:
    many = {f"m{k}": IMAGE for k in range(9)}
    with pytest.raises(FusionError, match=r"width is 8\. Set dim to 9 or more"):
        Late(many, Late.Config(dim=8))
