"""Knock-outs, cold start and newcomers on runs that were really trained."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest

from mmviz import interaction
from mmviz.errors import EvaluationError, UnknownNameError, UploadError
from mmviz.features import Features
from mmviz.features.damage import damaged, hit_items
from mmviz.lab import Lab
from mmviz.progress import Cancelled, Progress
from tests.conftest import FAST

CONTENT = ("content_knn", "collective_ease")


def everyone(lab: Lab) -> object:
    return lab.catalogue("shop").matrix()


@pytest.mark.parametrize("strategy", [interaction.full_name("afn", axis) for axis in interaction.names()])
def test_undamaged_features_serve_what_serves(lab: Lab, strategy: str) -> None:
    card = lab.train("shop", strategy, settings=FAST)
    network, history = lab._network(card), everyone(lab)
    served = network.fed(network.material.features, network.contents(network.material.features))
    np.testing.assert_allclose(served.score(history), network.served.score(history), rtol=1e-3, atol=1e-4)
    same = network.with_interactions(network.material.train)
    np.testing.assert_allclose(same.score(history), network.served.score(history), rtol=2e-3, atol=2e-3)


@pytest.mark.parametrize("axis", interaction.names())
def test_a_missing_picture_is_a_weight_of_zero(lab: Lab, axis: str) -> None:
    """Two ways to say the same: features without any picture, and the knob of the picture at 0."""
    card = lab.train("shop", interaction.full_name("concat", axis), settings=FAST)
    network, history = lab._network(card), everyone(lab)
    gone = damaged(network.material.features, "image", "absent")
    served = network.fed(gone, network.contents(gone)).score(history)
    knob = network.served.score(history, {"image": 0.0})
    if axis == "collective":  # the knob also scales the vectors anew
        assert np.corrcoef(served.ravel(), knob.ravel())[0, 1] > 0.9
    else:
        np.testing.assert_allclose(served, knob, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("strategy", CONTENT)
def test_a_control_with_content_is_fed_without_fitting(lab: Lab, strategy: str) -> None:
    card = lab.train("shop", strategy)
    features, served, history = lab.features("shop"), lab._ranker(card), everyone(lab)
    feed = lab._feeder(card, features, lambda _: None)
    nobody = np.zeros(features.n_items, dtype=bool)
    np.testing.assert_allclose(feed(features, nobody).score(history), served.score(history), rtol=1e-3, atol=1e-4)
    hurt = feed(damaged(features, "text", "shuffled"), features.modalities["text"].present)
    assert np.abs(hurt.score(history) - served.score(history)).max() > 1e-3


def test_only_items_that_are_hit_go_through_the_network_damaged(lab: Lab) -> None:
    card = next(run for run in lab.runs("shop") if run.strategy == "concat")
    features, network = lab.features("shop"), lab._network(card)
    hurt = damaged(features, "image", "noise")
    hit = hit_items(features.modalities["image"].present, 0.5)
    embedding = lab._feeder(card, features, lambda _: None)(hurt, hit).embedding()
    clean, noisy = network.clean.numpy(), network.contents(hurt).numpy()
    np.testing.assert_allclose(embedding[~hit], clean[~hit], atol=1e-5)
    np.testing.assert_allclose(embedding[hit], noisy[hit], atol=1e-5)


def test_knock_outs_are_measured_once_and_kept(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    before = lab.knock_out_curves("shop", "image-absent")
    assert before.lines == ()
    assert {run.strategy for run in before.missing} == {"concat", "attention", "popularity", "ease"}
    lab.measure_knock_outs("shop", ["image-absent"])
    after = Lab(lab.home, device="cpu").knock_out_curves("shop", "image-absent")
    assert after.missing == ()
    flat = [line for line in after.lines if line.flat]
    assert {line.run.strategy for line in flat} == {"popularity", "ease"}
    assert all(line.score == (1.0, 1.0, 1.0) and np.ptp(line.mean) == 0 for line in flat)
    line = next(line for line in after.lines if line.run.strategy == "concat")
    assert line.levels.tolist() == [0.0, 0.25, 0.5, 0.75, 1.0]
    assert line.low[0] == line.high[0] == line.mean[0]
    for line in after.lines:  # what the run was chosen by, not what it reached on the test part
        assert line.mean[0] == pytest.approx(line.run.validation["ndcg@10"], rel=1e-4)
    assert line.measured > lab.run(line.run.run_id).test_opened
    monkeypatch.setattr(lab, "_knock_out", lambda *_: pytest.fail("measured twice"))
    monkeypatch.setattr(lab, "_validated", lambda *_: pytest.fail("measured twice"))
    lab.measure_knock_outs("shop", ["image-absent"])
    with pytest.raises(UnknownNameError, match="knock-out"):
        lab.knock_out_curves("shop", "sound-absent")


def test_struck_words_end_where_the_text_is_absent(lab: Lab) -> None:
    lab.measure_knock_outs("shop", ["text-absent", "text-struck"], ["concat"])
    absent, struck = (
        lab.knock_out_curves("shop", name, ["concat"]).lines[0] for name in ("text-absent", "text-struck")
    )
    assert struck.mean[-1] == pytest.approx(absent.mean[-1])


def test_what_was_measured_on_the_test_part_does_not_count(lab: Lab) -> None:
    lab.measure_knock_outs("shop", ["image-absent"], ["concat"])
    run = next(run for run in lab.runs("shop") if run.strategy == "concat")
    frame, record = lab._runs.measure(run.run_id, "knocked-image-absent")
    lab._runs.save_measure(run.run_id, "knocked-image-absent", frame, {**record, "part": "test"})
    assert lab.knock_out_curves("shop", "image-absent", ["concat"]).missing == (run,)


def test_damage_is_not_measured_on_a_handful(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    split = lab._split(lab.catalogue("shop"), None)
    monkeypatch.setattr("mmviz.lab.curves.MIN_USERS", split.n_valid_users + 1)
    answer = lab.knock_out_curves("shop", "image-absent")
    assert f"Only {split.n_valid_users} people" in answer.problem
    assert answer.lines == answer.missing == ()
    with pytest.raises(EvaluationError, match="at least"):
        lab.measure_knock_outs("shop", ["image-absent"])


def test_a_measurement_can_be_stopped(lab: Lab) -> None:
    def stop(_: Progress) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        lab.measure_knock_outs("shop", ["text-noise"], ["concat"], report=stop)
    assert lab.knock_out_curves("shop", "text-noise", ["concat"]).missing


def test_new_people(lab: Lab) -> None:
    lab.measure_cold("shop", "people")
    curves = lab.cold_curves("shop", "people")
    assert curves.problem == ""
    assert curves.missing == ()
    assert 0 < curves.chance < 1
    for line in curves.lines:
        assert np.isinf(line.levels[-1])
        whole = lab._validated(line.run)
        assert len(whole) == curves.n_users
        assert line.mean[-1] == pytest.approx(whole["ndcg@10"].mean(), abs=1e-9)
    popular = next(line for line in curves.lines if line.run.strategy == "popularity")
    np.testing.assert_allclose(popular.mean, popular.mean[0])


def test_new_items_need_a_split_of_new_items(lab: Lab) -> None:
    curves = lab.cold_curves("shop", "items")
    assert "cold-items" in curves.problem
    assert curves.lines == ()


@pytest.mark.parametrize("axis", interaction.names())
def test_a_copy_of_an_item_lands_on_it(lab: Lab, axis: str) -> None:
    name = interaction.full_name("concat", axis)
    if axis != interaction.DEFAULT:
        lab.train("shop", name, settings=FAST)
    items = lab.catalogue("shop").items
    row = 7
    text = f"{items['title'].iat[row]}. {items['text'].iat[row]}"
    before = set(Path(tempfile.gettempdir()).glob("mmviz-*"))
    answer = lab.newcomer("shop", Path(items["image"].iat[row]).read_bytes(), text, [name, "popularity"])
    assert set(Path(tempfile.gettempdir()).glob("mmviz-*")) == before  # nothing is kept
    assert [run.strategy for run in answer.blind] == ["popularity"]
    (landing,) = answer.landings
    assert landing.near is not None
    assert landing.near.scores[landing.near.items.index(row)] > 0.98
    assert landing.plane is not None
    assert landing.plane.shape == (len(items) + 1, 2)
    places = [taker.place for taker in landing.takers]
    assert places == sorted(places)
    assert 1 <= places[0] <= landing.median_place <= len(items) + 1
    assert landing.n_top == sum(1 for _ in places if _ <= 10) or landing.n_top >= len(places)


def test_a_newcomer_of_words_alone_and_one_of_nothing(lab: Lab) -> None:
    card = lab.train("shop", "image_only", settings=FAST)
    answer = lab.newcomer("shop", None, "A mug of oak", ["concat", card.strategy])
    assert answer.words == 4
    assert [landing.run.strategy for landing in answer.landings] == ["concat"]
    assert [run.strategy for run in answer.blind] == ["image_only"]
    for picture, text, said in (
        (None, "  ", "a picture, a text, or both"),
        (None, "?!", "no word"),
        (b"x", "", "JPEG"),
    ):
        with pytest.raises(UploadError, match=said):
            lab.newcomer("shop", picture, text, ["concat"])
    with pytest.raises(UploadError, match="letters"):
        lab.newcomer("shop", None, "a " * 20_000, ["concat"])


def test_features_of_a_newcomer_are_those_of_the_store(lab: Lab) -> None:
    from mmviz.features.newcomer import encode_newcomer

    items, features = lab.catalogue("shop").items, lab.features("shop")
    picture = Path(items["image"].iat[3]).read_bytes()
    text = f"{items['title'].iat[3]}. {items['text'].iat[3]}"
    made: Features = encode_newcomer(lab._encoder("bundled"), features, picture, text)
    for name, part in made.modalities.items():
        np.testing.assert_allclose(part.vectors[0], features.modalities[name].vectors[3], atol=2e-2)
        np.testing.assert_array_equal(part.mask[0], features.modalities[name].mask[3])


def test_a_newcomer_does_not_wait_for_ever(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mmviz.lab.cold_start.PATIENCE", 0.05)
    with lab._working, pytest.raises(UploadError, match="Other work is running"):
        lab.newcomer("shop", None, "A mug of oak", ["concat"])
    assert lab.newcomer("shop", None, "A mug of oak", ["concat"]).landings
