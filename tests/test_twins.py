"""Twins: the same features without their content."""

from __future__ import annotations

import numpy as np
import pytest

from mmviz import twins
from mmviz.errors import RunError, TrainingError, UnknownNameError
from mmviz.lab import Lab
from tests.baselines.planted import as_features, planted
from tests.conftest import FAST


def test_names_are_made_and_read() -> None:
    assert twins.parts(twins.full_name("concat@graph", "noise")) == ("concat@graph", "noise")
    assert twins.parts("concat@graph") == ("concat@graph", "")


def test_shuffled_content_is_the_same_content_of_other_items() -> None:
    features = as_features(planted().vectors)
    changed = twins.twin(features, "shuffled", 3)
    for name, own in features.modalities.items():
        other = changed.modalities[name]
        np.testing.assert_array_equal(other.present, own.present)
        assert sorted(map(tuple, other.pooled)) == sorted(map(tuple, own.pooled))
        assert (other.pooled != own.pooled).any(axis=1).mean() > 0.8
    image, text = (changed.modalities[n].pooled for n in ("image", "text"))
    orders = [[np.flatnonzero((features.modalities[n].pooled == row).all(1))[0] for row in table[:30]]
              for n, table in (("image", image), ("text", text))]  # fmt: skip
    assert orders[0] != orders[1]  # a picture meets another item's text
    assert changed.fingerprint != features.fingerprint


def test_noise_has_the_mean_and_spread_of_the_content_and_nothing_else() -> None:
    features = as_features(planted().vectors)
    one, two = (twins.twin(features, "noise", 3).modalities["image"] for _ in range(2))
    own = features.modalities["image"]
    np.testing.assert_array_equal(one.pooled, two.pooled)
    np.testing.assert_allclose(one.pooled.mean(0), own.pooled.mean(0), atol=2.5)
    flat = np.corrcoef(one.pooled.astype(float).ravel() - own.pooled.mean(), own.pooled.astype(float).ravel())[0, 1]
    assert abs(flat) < 0.2
    np.testing.assert_array_equal(one.tokens[np.array([4, 7])], two.tokens[:][[4, 7]])
    rows, places = np.array([4, 7, 9]), np.array([[0], [0], [0]])  # as a loader takes a share of an item's tokens
    np.testing.assert_array_equal(one.tokens[rows[:, None], places], one.tokens[rows][:, :1])
    text = twins.twin(features, "noise").modalities["text"]
    assert not text.pooled[~text.present].any()
    with pytest.raises(UnknownNameError, match="twin"):
        twins.twin(features, "loud")


def test_a_twin_is_trained_kept_and_served_as_a_control(lab: Lab) -> None:
    (shuffled, noise) = lab.twins("concat")
    assert (shuffled.name, shuffled.title) == ("concat.shuffled", "Concatenation · shuffled content")
    assert lab.twins("ease") == []
    run = lab.train("shop", noise.name, settings=FAST)
    assert run.kind == "control" and run.strategy == "concat.noise"
    person = lab.people("shop")[0].user_id
    again = Lab(lab.home, device="cpu").recommend("shop", ["concat", noise.name], person, k=5)
    assert len(again.columns[1].picks) == 5


def test_a_twin_takes_no_additions_and_is_not_knocked_out(lab: Lab) -> None:
    for name in ("concat.shuffled+attributes", "concat+attributes.shuffled"):
        with pytest.raises(TrainingError, match="a twin takes none"):
            lab.train("shop", name)
    assert lab.twins("concat+selfsupervised") == []
    lab.train("shop", "concat.noise", settings=FAST)
    assert "concat.noise" in {card.strategy for card in lab.runs("shop")}
    assert "concat.noise" not in {card.strategy for card in lab._asked("shop", None, None)}
    with pytest.raises(RunError, match="twin"):
        lab.knock_out_curves("shop", "image-absent", ["concat.noise"])


def test_a_fusion_of_tokens_has_twins_too(lab: Lab) -> None:
    run = lab.train("shop", "self_attention.shuffled", settings={**FAST, "rounds": 1})
    assert run.metrics["ndcg@10"] >= 0
