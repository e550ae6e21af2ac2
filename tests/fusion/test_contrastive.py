"""Contrastive alignment is right when, without any interaction, pictures find the texts of items never seen."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch
from torch.nn.functional import normalize

from mmviz.fusion import _layers
from mmviz.fusion._layers import info_nce, pairing
from mmviz.fusion.contrastive import Contrastive
from mmviz.fusion.gcca import Gcca
from mmviz.training import TrainingConfig
from tests.fusion.shared import Told, cold_views, fit, found, told
from tests.fusion.tiny import SHAPES, THREE, batch, build

SHORT = TrainingConfig(rounds=1, steps=1, learning_rate=3e-3)


@pytest.fixture(scope="module")
def data() -> Told:
    return told(n_items=900, cold=300, n_users=20)


def test_info_nce_is_its_formula() -> None:
    a, b = (normalize(x, dim=1) for x in torch.randn(2, 5, 4, generator=torch.Generator().manual_seed(0)))
    table = (a @ b.T / 0.2).exp()
    by_hand = -sum((table[i, i] / table[i].sum()).log() + (table[i, i] / table[:, i].sum()).log() for i in range(5)) / (
        2 * 5
    )
    torch.testing.assert_close(info_nce(3 * a, 7 * b, 1 / 0.2), by_hand)


def test_info_nce_is_log_p_at_chance_and_0_when_every_pair_is_found() -> None:
    same = torch.ones(16, 4)
    assert info_nce(same, same, 10.0).item() == pytest.approx(np.log(16))
    apart = torch.eye(16)
    assert info_nce(apart, apart, 100.0).item() == pytest.approx(0.0, abs=1e-6)


def test_only_items_with_both_sides_are_paired() -> None:
    items = batch(SHAPES, "pooled")
    items["text"] = items["text"].where(torch.arange(8) < 5)
    views = build(Contrastive)(items).views
    kept = info_nce(views["image"][:5], views["text"][:5], 10.0)
    torch.testing.assert_close(pairing(views, items, 10.0), kept)
    items["text"] = items["text"].where(torch.arange(8) < 1)
    assert pairing(views, items, 10.0).item() == 0.0


def test_three_modalities_are_paired_two_by_two() -> None:
    items = batch(THREE, "pooled")
    v = build(Contrastive, THREE)(items).views
    pairs = [("attributes", "image"), ("attributes", "text"), ("image", "text")]
    expected = sum(info_nce(v[a], v[b], 10.0) for a, b in pairs) / 3
    torch.testing.assert_close(pairing(v, items, 10.0), expected)


def test_a_large_batch_is_compared_in_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_layers, "PAIRS", 16)
    items = batch(SHAPES, "pooled", rows=400)
    same = dict.fromkeys(SHAPES, torch.ones(400, 4))
    assert pairing(same, items, 10.0).item() == pytest.approx(np.log(16))


def test_pre_training_alone_makes_pictures_find_the_texts_of_new_items(data: Told) -> None:
    untrained, _ = fit(Contrastive, data, SHORT, dropout=0.2, pretraining_steps=0, pairing=0.0)
    trained, rounds = fit(Contrastive, data, SHORT, dropout=0.2, pretraining_steps=200, pairing=0.0)
    assert found(cold_views(untrained, data)) < 0.15
    closed_form, _ = fit(Gcca, data, SHORT, dim=8, ridge=0.1)
    assert found(cold_views(trained, data)) > found(cold_views(closed_form, data)) > 0.5
    told_of = re.search(r"Pre-training took 200 steps; its loss went from ([\d.]+) to ([\d.]+)\.$", rounds[0].note)
    assert told_of
    assert float(told_of[2]) < 0.6 * float(told_of[1])


def test_the_pairing_beside_the_task_keeps_what_the_task_would_undo(data: Told) -> None:
    task = TrainingConfig(rounds=1, steps=300, learning_rate=1e-2)
    kept, _ = fit(Contrastive, data, task, pretraining_steps=100, pairing=0.3)
    undone, _ = fit(Contrastive, data, task, pretraining_steps=100, pairing=0.0)
    assert found(cold_views(kept, data)) > found(cold_views(undone, data)) + 0.05


def test_pre_training_sees_no_item_without_interactions(data: Told) -> None:
    other = told(n_items=900, cold=300, n_users=20)
    for part in other.features.modalities.values():
        part.pooled[other.cold] = np.random.default_rng(3).normal(size=part.pooled[other.cold].shape)
    first, second = (fit(Contrastive, d, SHORT, pretraining_steps=20)[0].state_dict() for d in (data, other))
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_a_single_modality_has_nothing_to_match() -> None:
    one = {"image": SHAPES["image"]}
    assert build(Contrastive, one).pretraining() == 0
    assert build(Contrastive).pretraining() == 200
