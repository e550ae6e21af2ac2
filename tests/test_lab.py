"""The verbs of the product, on a catalogue that was really imported, encoded and trained."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import numpy as np
import pytest

from mmviz import baselines, interaction
from mmviz.errors import CatalogueError, MmvizError, RunError, UnknownNameError
from mmviz.lab import Lab
from mmviz.progress import Cancelled, Progress
from tests.conftest import FAST, TRAINED
from tests.make import SmallCatalogue


def test_what_there_is(lab: Lab, small: SmallCatalogue) -> None:
    (card,) = lab.catalogues()
    assert (card.name, card.n_items, card.n_users) == ("shop", len(small.item_ids), len(small.user_ids))
    assert (card.n_without_image, card.n_without_text, card.encoded, card.simulated) == (1, 1, True, False)
    assert {run.strategy for run in lab.runs("shop")} == set(TRAINED)
    orders = [run.order for run in lab.runs("shop")]
    assert orders == sorted(orders)


def test_unknown_names_are_met_with_the_nearest(lab: Lab) -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'shop'"):
        lab.catalogue("shopp")
    with pytest.raises(UnknownNameError, match="Did you mean 'concat'"):
        lab.train("shop", "concatt")
    with pytest.raises(UnknownNameError, match="Did you mean 'dropout'"):
        lab.train("shop", "concat", settings={"dropuot": 0.1})
    with pytest.raises(UnknownNameError, match="split"):
        lab.train("shop", "concat", split="by-moon")
    with pytest.raises(CatalogueError, match="no person 'nobody'"):
        lab.recommend("shop", ["concat"], "nobody")
    with pytest.raises(CatalogueError, match="no item '7'"):
        lab.recommend("shop", ["concat"], liked=["7"])
    with pytest.raises(RunError, match="not trained"):
        lab.recommend("shop", ["gcca"], "u01")


@pytest.mark.parametrize("name", baselines.names())
def test_a_stored_control_serves_what_it_served_when_it_was_trained(lab: Lab, name: str) -> None:
    lab.train("shop", name)
    person = lab.people("shop")[0]
    boards = [
        each.recommend("shop", [name], person.user_id, k=5, weights={"image": 0.5})
        for each in (lab, Lab(lab.home, device="cpu"))
    ]
    first, second = (board.columns[0] for board in boards)
    assert [pick.item for pick in first.picks] == [pick.item for pick in second.picks]
    assert first.run.metrics["ndcg@10"] >= 0


@pytest.mark.parametrize("under", interaction.names()[1:])
def test_a_fusion_runs_under_every_interaction_model(lab: Lab, under: str) -> None:
    name = interaction.full_name("concat", under)
    run = lab.train("shop", name, settings=FAST)
    assert run.strategy == name
    assert run.title == f"Concatenation · {interaction.texts(under)['title']}"
    person = lab.people("shop")[0]
    board = lab.recommend("shop", ["concat", name], person.user_id, k=5, weights={"image": 0.4})
    for pick in board.columns[1].picks:
        assert math.isclose(sum(pick.shares.values()), pick.score, abs_tol=1e-4)
    again = Lab(lab.home).recommend("shop", [name], person.user_id, k=5, weights={"image": 0.4})
    assert [p.item for p in again.columns[0].picks] == [p.item for p in board.columns[1].picks]
    with pytest.raises(UnknownNameError, match=f"Did you mean '{name}'"):
        lab.train("shop", f"{name}x")


def test_a_board_is_aligned_and_honest(lab: Lab) -> None:
    person = lab.people("shop")[0]
    board = lab.recommend("shop", ["concat", "attention", "popularity"], person.user_id, k=8, reference="concat")
    history = {e.item for e in board.history if e.part in ("train", "valid")}
    held_out = {e.item for e in board.history if e.part == "test"}
    assert board.n_held_out == len(held_out) == person.n_test
    for column in board.columns:
        items = [p.item for p in column.picks]
        assert len(set(items)) == 8
        assert not history & set(items)
        assert [p.rank for p in column.picks] == list(range(1, 9))
        assert [p.score for p in column.picks] == sorted((p.score for p in column.picks), reverse=True)
        assert column.hits == len(held_out & set(items)) == sum(p.hit for p in column.picks)
        for pick in column.picks:
            assert math.isclose(sum(pick.shares.values()), pick.score, abs_tol=1e-4)
            others = [c for c in board.columns if c is not column and pick.item in [p.item for p in c.picks]]
            assert pick.elsewhere == len(others)
    assert [p.reference_rank for p in board.columns[0].picks] == list(range(1, 9))
    assert board.overlap.shape == (3, 3)
    np.testing.assert_allclose(np.diag(board.overlap), 1.0)
    np.testing.assert_allclose(board.overlap, board.overlap.T)


def test_the_persons_ndcg_is_that_of_the_run(lab: Lab) -> None:
    """What a column shows of one person is what the run recorded of them."""
    run = next(r for r in lab.runs("shop") if r.strategy == "concat")
    recorded = lab._runs.per_user(run.run_id).set_index("user")["ndcg@10"]
    for user, value in list(recorded.items())[:5]:
        user_id = str(lab.catalogue("shop").user_ids[user])
        assert lab.recommend("shop", ["concat"], user_id, k=10).columns[0].ndcg == pytest.approx(value, abs=1e-9)


def test_a_new_person_is_served_from_what_they_like(lab: Lab, small: SmallCatalogue) -> None:
    liked = [i for i, c in zip(small.item_ids, small.colours, strict=True) if c == "red"][:3]
    board = lab.recommend("shop", ["concat"], liked=liked, k=5)
    assert board.person is None
    assert [e.part for e in board.history] == ["picked"] * 3
    assert board.columns[0].ndcg is None
    other = lab.recommend("shop", ["concat"], liked=[i for i in small.item_ids if i not in liked][:3], k=5)
    assert [p.item for p in board.columns[0].picks] != [p.item for p in other.columns[0].picks]


def test_knobs_act_on_the_trained_model(lab: Lab) -> None:
    person = lab.people("shop")[0].user_id
    full = lab.recommend("shop", ["concat"], person, k=10)
    silent = lab.recommend("shop", ["concat"], person, k=10, weights={"image": 0.0, "text": 0.0})
    assert all(p.shares["image"] == p.shares["text"] == 0 for p in silent.columns[0].picks)
    assert [p.score for p in full.columns[0].picks] != [p.score for p in silent.columns[0].picks]
    seen = lab.recommend("shop", ["concat"], person, k=60, seen=True)
    assert seen.n_candidates == 60 > full.n_candidates


def test_filters_hold_for_every_column(lab: Lab, small: SmallCatalogue) -> None:
    column = next(c for c in lab.catalogue("shop").columns if c.kind in ("category", "tags"))
    value = str(lab.catalogue("shop").items[column.name].iloc[0]).split("|")[0]
    board = lab.recommend(
        "shop", ["concat", "popularity"], lab.people("shop")[0].user_id, filters={column.name: [value]}
    )
    kept = [p.item for c in board.columns for p in c.picks]
    assert kept
    assert all(value in str(lab.catalogue("shop").items[column.name].iat[i]).split("|") for i in kept)


def test_a_list_length_out_of_bounds_is_said(lab: Lab) -> None:
    with pytest.raises(MmvizError, match="between 1 and 200"):
        lab.recommend("shop", ["concat"], liked=["0001"], k=0)


def test_searching_by_words_and_by_meaning(lab: Lab, small: SmallCatalogue) -> None:
    items = lab.catalogue("shop").items
    found = lab.search("shop", "Mug OAK")
    assert found.items
    assert all("mug" in f"{items.title[i]} {items.text[i]}".lower() for i in found.items)
    assert lab.search("shop", "zzz").items == ()
    meant = lab.search("shop", "something to drink tea from", mode="meaning", k=5)
    assert len(meant.items) == 5
    assert list(meant.scores) == sorted(meant.scores, reverse=True)
    with pytest.raises(UnknownNameError, match="search mode"):
        lab.search("shop", "mug", mode="magic")


@pytest.mark.parametrize("space", ["image", "text", "joint", "concat"])
def test_neighbours_in_every_space(lab: Lab, small: SmallCatalogue, space: str) -> None:
    found = lab.neighbours("shop", small.item_ids[3], space, k=6)
    assert len(found.items) == 6
    assert 3 not in found.items
    assert list(found.scores) == sorted(found.scores, reverse=True)


def test_an_item_without_a_picture_has_no_neighbours_among_pictures(lab: Lab, small: SmallCatalogue) -> None:
    assert lab.neighbours("shop", small.item_ids[-1], "image").items == ()


def test_people_in_every_order(lab: Lab) -> None:
    active = lab.people("shop", order="active")
    assert len(active) == 40
    found = lab.people("shop", find=active[0].user_id)
    assert found[0].user_id == active[0].user_id
    assert {p.user_id for p in lab.people("shop", order="hardest")} == {p.user_id for p in active}
    assert lab.people("shop", find="no such person") == []
    with pytest.raises(UnknownNameError, match="order"):
        lab.people("shop", order="tallest")


def test_the_same_seed_gives_the_same_metrics(lab: Lab) -> None:
    first = next(r for r in lab.runs("shop") if r.strategy == "concat")
    again = lab.train("shop", "concat", settings=FAST)
    assert again.run_id != first.run_id
    for name, value in first.metrics.items():
        assert again.metrics[name] == pytest.approx(value, abs=1e-6)


def test_a_run_records_what_repeats_it(lab: Lab) -> None:
    card = next(r for r in lab.runs("shop") if r.strategy == "concat")
    run = lab.run(card.run_id)
    assert run.settings["training"]["rounds"] == FAST["rounds"]
    assert run.fingerprints["catalogue"] == lab.catalogue("shop").fingerprint
    assert set(run.fingerprints) == {"catalogue", "features", "split"}
    assert len(run.history) >= 1
    assert run.test_opened >= run.created[:10]
    assert run.n_users == card.n_users > 0


def test_comparing_runs_person_by_person(lab: Lab) -> None:
    table = lab.evaluate("shop", reference="popularity").set_index("strategy")
    assert set(table.index) == set(TRAINED)
    assert table.loc["popularity", "difference"] == 0
    assert (table["low"] <= table["mean"]).all()
    assert (table["mean"] <= table["high"]).all()
    with pytest.raises(UnknownNameError, match="metric"):
        lab.evaluate("shop", metric="ndcg@11")


def test_cancelling_a_training_keeps_nothing(lab: Lab) -> None:
    before = len(lab.runs("shop")), len(lab._runs.all())

    def stop(progress: Progress) -> None:
        if progress.stage.startswith("Training"):
            raise Cancelled

    with pytest.raises(Cancelled):
        lab.train("shop", "gcca", settings=FAST, report=stop)
    assert (len(lab.runs("shop")), len(lab._runs.all())) == before


def test_background_training_gives_a_run(lab: Lab) -> None:
    job_id = lab.start_train("shop", ["gcca"])
    lab._jobs._pool.shutdown(wait=True)
    card = next(j for j in lab.jobs() if j.job_id == job_id)
    assert card.state == "done", card.error
    assert "gcca" in {r.strategy for r in lab.runs("shop")}


def test_settings_are_remembered(lab: Lab, home: Path) -> None:
    assert lab.setting("first-look", "open") == "open"
    lab.set_setting("first-look", "dismissed")
    assert Lab(home, device="cpu").setting("first-look") == "dismissed"
    (home / "settings.json").write_text("not json")
    assert lab.setting("first-look", "open") == "open"


def test_the_device_is_described(lab: Lab) -> None:
    device = lab.device()
    assert device.kind == "cpu"
    assert 0 < device.memory_used < device.memory_total
    with pytest.raises(MmvizError, match="'tpu' is not a device"):
        Lab(device="tpu")


def test_the_demo_is_due_on_an_empty_home_and_after_it_was_stopped_half_way(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not lab.demo_is_due()
    empty = Lab(tmp_path / "empty", device="cpu")
    assert empty.demo_is_due()
    (card,) = lab.catalogues()
    for encoded, untrained, due in ((False, [], True), (True, ["afn"], True), (True, [], False)):
        demo = dataclasses.replace(card, name="demo", encoded=encoded)
        monkeypatch.setattr(empty, "catalogues", lambda demo=demo: [demo])
        monkeypatch.setattr(empty, "_untrained", lambda name, left=untrained: left)
        assert empty.demo_is_due() is due


def test_the_interaction_models_begin_with_the_default(lab: Lab) -> None:
    cards = lab.interaction_models()
    assert [card.name for card in cards] == ["two_tower", "collective", "graph"]
    assert all(card.title and card.summary and card.formula and card.paper for card in cards)
    assert lab.strategy("afn@graph").base == "afn"
    assert lab.strategy("afn@graph").order == lab.strategy("afn").order
