"""Training the encoders' last layers with the fusion, on a tiny catalogue with the real bundled encoders."""

from __future__ import annotations

from copy import deepcopy

import numpy as np
import pytest
import torch

from mmviz.encoders.bundled import BundledEncoder
from mmviz.encoders.tail import Tail
from mmviz.errors import EncoderError, TrainingError
from mmviz.features.load import item_texts
from mmviz.features.tuned import tuned_name, tuned_run
from mmviz.lab import Lab
from tests.conftest import FAST

TUNING = {**FAST, "finetune": 1, "finetune_rounds": 3, "steps": 2, "finetune_rate": 1e-3}


@pytest.fixture(scope="module")
def encoder(ready_home) -> BundledEncoder:
    return BundledEncoder("cpu", ready_home)


def test_names_of_features_come_apart_as_they_were_put_together() -> None:
    run = "20260101-120000-concat@collective+finetuned-random-s0-abc123"
    for encoder in ("bundled", "bundled+attributes", "ViT-B-32//data/a@b.pt"):
        assert tuned_run(tuned_name(encoder, run)) == (encoder, run)
        assert tuned_run(encoder) == (encoder, "")


@pytest.mark.parametrize("layers", [1, 2])
def test_frozen_part_and_tail_together_are_the_encoder(lab: Lab, encoder: BundledEncoder, layers: int) -> None:
    shop, features = lab.catalogue("shop"), lab.features("shop")
    tail = encoder.tail(layers)
    assert not tail.training and not tail.train().training
    from pathlib import Path

    pictures = [encoder.prepare_image(Path(path)) for path in shop.items["image"][:6]]
    texts = item_texts(shop)[:6]
    with torch.no_grad():
        seen, read = tail.see(tail.below_pictures(pictures)), tail.read(tail.below_texts(texts))
    for name, (tokens, pooled) in (("image", seen), ("text", read)):
        part = features.modalities[name]
        np.testing.assert_allclose(tokens.numpy(), part.tokens[:6], atol=0.05)
        np.testing.assert_allclose(pooled.numpy(), part.pooled[:6], atol=0.05)


def test_the_tail_holds_exactly_the_last_layers(encoder: BundledEncoder) -> None:
    names = {name.rsplit(".", 1)[0] for name in encoder.tail(1).weights()}
    assert {name.split(".")[0] for name in names} == {"image", "text"}
    assert all(
        n.startswith(("image.blocks.6.0.", "image.conv_head", "image.bn2", "text.encoder.layer.5.")) for n in names
    )
    two = {name.rsplit(".", 1)[0] for name in encoder.tail(2).weights()}
    assert names < two
    assert any(n.startswith("image.blocks.5.4.") for n in two) and any(
        n.startswith("text.encoder.layer.4.") for n in two
    )


def test_a_copy_of_the_tail_has_layers_of_its_own(encoder: BundledEncoder) -> None:
    tail = encoder.tail(1)
    copy = deepcopy(tail)
    assert isinstance(copy, Tail) and copy._below is not None
    with torch.no_grad():
        next(copy.parameters()).add_(1.0)
    assert not torch.equal(next(copy.parameters()), next(tail.parameters()))
    assert copy._below[0] is tail._below[0]


def test_exactly_those_layers_change_and_the_run_serves_after_a_restart(lab: Lab) -> None:
    stock = BundledEncoder("cpu", lab.home)
    card = lab.train("shop", "concat", settings=TUNING)
    assert card.strategy == "concat+finetuned"
    assert card.encoder == f"bundled@{card.run_id}"
    assert "ndcg@10 before fine-tuning" in card.validation

    weights = lab._runs.encoder_state(card.run_id)
    untouched = stock.tail(1).weights()
    assert set(weights) == set(untouched)
    assert all(np.abs(weights[name] - untouched[name]).max() > 0 for name in weights)
    again = BundledEncoder("cpu", lab.home)  # the towers themselves were not touched
    assert all(np.array_equal(w, untouched[name]) for name, w in again.tail(1).weights().items())

    plain, tuned = lab.features("shop"), lab.features("shop", card.encoder)
    assert tuned.fingerprint == lab.run(card.run_id).fingerprints["features"] != plain.fingerprint
    for name in ("image", "text"):
        before, after = plain.modalities[name], tuned.modalities[name]
        present = before.present
        assert (np.abs(after.pooled[present].astype(float) - before.pooled[present]).max(axis=1) > 0).all()
        assert not after.pooled[~present].any()
        assert np.array_equal(before.mask, after.mask)

    reopened = Lab(lab.home, device="cpu")
    person = reopened.people("shop")[0].user_id
    first, second = (
        each.recommend("shop", [card.strategy], person, k=5, weights={"image": 0.5}).columns[0]
        for each in (lab, reopened)
    )
    assert [p.item for p in first.picks] == [p.item for p in second.picks]
    network = reopened._network(card)
    np.testing.assert_allclose(network.model.all_content(network.loader).numpy(), network.served.embedding(), atol=1e-3)
    encoded = reopened._encoder(card.encoder).encode_texts(item_texts(lab.catalogue("shop"))[:4])
    np.testing.assert_allclose(encoded.pooled, tuned.modalities["text"].pooled[:4], atol=0.05)


@pytest.mark.parametrize("name", ["afn+attributes", "concat@collective"])
def test_any_fusion_can_be_fine_tuned(lab: Lab, name: str) -> None:
    card = lab.train("shop", f"{name}+finetuned", settings={**TUNING, "finetune_items": 16})
    assert lab.run(card.run_id).settings["finetuning"]["finetune"] == 1
    assert Lab(lab.home).recommend("shop", [card.strategy], liked=["0001"], k=5).columns[0].picks


def test_where_it_is_not_offered_it_says_why(lab: Lab) -> None:
    with pytest.raises(TrainingError, match="Under the graph"):
        lab.train("shop", "concat@graph+finetuned", settings=FAST)
    with pytest.raises(TrainingError, match="self-supervised without it"):
        lab.train("shop", "concat+selfsupervised+finetuned", settings=FAST)
    with pytest.raises(EncoderError, match="it has no"):
        BundledEncoder("cpu", lab.home).load_layers({"text.encoder.layer.99.weight": np.zeros(3, np.float32)})
