"""The lab's explanations, through networks that were really trained."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mmviz.errors import CatalogueError
from mmviz.lab import Lab
from mmviz.views.explanations import Change, Question, Upload
from tests.conftest import FAST
from tests.encoders.tiny import checkpoint

BOTH = ("concat", "attention")


@pytest.fixture(scope="module")
def seen(ready_home, tmp_path_factory):
    """A lab that only reads: no run and no grade is written."""
    return Lab(ready_home, device="cpu")


@pytest.fixture
def asked() -> Question:
    return Question("shop", BOTH, "0003", user_id="u002")


def test_every_fusion_tells_what_its_patches_and_words_did(seen: Lab, asked: Question) -> None:
    found = seen.explain(asked)
    assert "no. 3" in found.text
    assert tuple(sight.run.strategy for sight in found.sights) == BOTH
    for sight in found.sights:
        assert sight.relevance["image"].shape == (81,)
        assert sight.relevance["text"].shape == (len(found.words),)
        assert sight.relevance["image"].any() and sight.relevance["text"].any()
        assert sight.cross is None  # neither has attention between patches and words
    weighs = next(sight for sight in found.sights if sight.run.strategy == "attention")
    assert sum(weighs.modalities.values()) == pytest.approx(1.0, abs=1e-5)
    assert found.learned.shape == found.encoder.shape == (len(found.words), 81)


def test_shares_and_history_add_up_to_the_score(seen: Lab, asked: Question) -> None:
    for user in ("u001", "u002", "u003"):
        for reason in seen.reasons(replace(asked, user_id=user, strategies=(*BOTH, "ease"))):
            assert sum(reason.shares.values()) == pytest.approx(reason.score, abs=1e-4)
            assert sum(part for _, part in reason.history) + reason.rest == pytest.approx(reason.score, abs=1e-4)
            assert reason.run.title in reason.sentence and f"place {reason.rank:,} of" in reason.sentence


def test_without_a_change_nothing_changes(seen: Lab, asked: Question) -> None:
    board = seen.recommend("shop", BOTH, "u002", k=60)
    places = {c.run.strategy: {p.item: p.rank for p in c.picks} for c in board.columns}
    top = board.columns[0].picks[0].item
    asked = replace(asked, item_id=str(seen.catalogue("shop").items["item_id"].iat[top]))
    for outcome in seen.consider(asked):
        assert (outcome.rank_before, outcome.score_before) == (outcome.rank_after, outcome.score_after)
        assert outcome.rank_after == places[outcome.run.strategy][top]


def test_another_text_gives_what_a_new_encoding_gives(seen: Lab, asked: Question) -> None:
    """With another item's words and picture the content part of the score is that of the other item."""
    catalogue = seen.catalogue("shop")
    other = catalogue.items.iloc[7]
    change = Change(text=f"{other['title']}. {other['text']}", picture_of=str(other["item_id"]))
    swapped = seen.explain(replace(asked, change=change))
    own = seen.explain(replace(asked, item_id=str(other["item_id"])))
    for one, two in zip(swapped.sights, own.sights, strict=True):
        assert one.value == pytest.approx(two.value, rel=2e-2, abs=2e-3)


def test_striking_and_covering_move_the_score_and_not_that_of_a_control(seen: Lab, asked: Question) -> None:
    both = replace(asked, strategies=(*BOTH, "ease"))
    changes = [Change(struck=(0, 1, 2)), Change(covered=tuple(range(30, 60)))]
    for change in changes:
        by_name = {o.run.strategy: o for o in seen.consider(replace(both, change=change))}
        assert all(by_name[name].score_before != by_name[name].score_after for name in BOTH)
        assert by_name["ease"].score_before == by_name["ease"].score_after
    everything = Change(covered=tuple(range(81)), struck=tuple(range(200)))
    assert len(seen.consider(replace(both, change=everything))) == 3  # an empty item is still an item


def test_a_history_without_an_item_is_another_history(seen: Lab, asked: Question) -> None:
    history = seen.history("shop", "u002")
    gone = str(seen.catalogue("shop").items["item_id"].iat[next(e.item for e in history if e.part == "train")])
    outcomes = seen.consider(replace(asked, strategies=("concat", "ease"), change=Change(dropped=(gone,))))
    assert all(outcome.score_before != outcome.score_after for outcome in outcomes)


def test_relevance_says_what_taking_words_away_does(seen: Lab, asked: Question) -> None:
    """The words that did most for the score cost more of it than those that did least."""
    grades = [grade for grade in seen.grade(asked) if grade.modality == "text"]
    assert len(grades) == 2
    assert all(np.mean(grade.gains["relevance"]) > 0 for grade in grades)
    assert grades[0].deletion["relevance"][0] == pytest.approx(grades[0].insertion["relevance"][-1], abs=1e-5)


def test_a_typed_word_has_a_map(seen: Lab, asked: Question) -> None:
    found = seen.phrase(asked, "a red mug")
    assert {name: values.shape for name, values in found.items()} == {"encoder": (81,), "learned": (81,)}
    assert seen.phrase(asked, "  ") == {}


def test_an_item_without_a_picture_or_without_words_is_looked_at_all_the_same(seen: Lab, asked: Question) -> None:
    without = replace(asked, item_id="0060")
    found = seen.explain(without)
    assert not found.has_picture and found.learned is None
    assert all(not sight.relevance["image"].any() and sight.relevance["text"].any() for sight in found.sights)
    assert all(o.score_after != o.score_before for o in seen.consider(replace(without, change=Change(struck=(0,)))))


def test_something_from_outside_is_ranked_as_a_new_item(seen: Lab, asked: Question) -> None:
    brought = replace(asked, item_id=None, upload=Upload(None, "A lamp of solid oak"))
    outcomes = seen.consider(brought)
    assert {o.n_candidates for o in outcomes} == {seen.recommend("shop", ["concat"], "u002").n_candidates + 1}
    changed = seen.consider(replace(brought, change=Change(struck=(1,))))
    assert all(a.score_after != b.score_after for a, b in zip(outcomes, changed, strict=True))
    with pytest.raises(CatalogueError, match="nothing to look at"):
        seen.explain(replace(asked, item_id=None))


def test_maps_are_those_of_this_persons_score(seen: Lab, asked: Question) -> None:
    one, two = (seen.explain(replace(asked, user_id=user)).sights[0] for user in ("u001", "u002"))
    assert not np.allclose(one.relevance["image"], two.relevance["image"], rtol=0.05)
    nobody = seen.explain(replace(asked, user_id=None)).sights[0]
    assert nobody.relevance["image"].any() and nobody.value > 0


def test_nothing_of_an_upload_is_written_anywhere(seen: Lab, asked: Question) -> None:
    picture = (seen.home / "catalogues").rglob("*.png")
    upload = Upload(next(picture).read_bytes(), "A lamp of solid oak")
    brought = replace(asked, item_id=None, upload=upload)
    before = {path: path.stat().st_mtime_ns for path in seen.home.rglob("*") if path.is_file()}
    assert seen.explain(brought).has_picture and seen.phrase(brought, "oak") and seen.consider(brought)
    assert {path: path.stat().st_mtime_ns for path in seen.home.rglob("*") if path.is_file()} == before


def test_grades_of_a_sample_are_kept(lab: Lab) -> None:
    made = lab.grade_sample("shop", ["concat"], n=3)
    assert {(row.map, row.measure) for row in made} >= {("relevance", "image deletion"), ("shuffled", "likeness")}
    assert all(row.low <= row.mean <= row.high and row.n == 3 for row in made)
    assert Lab(lab.home, device="cpu").graded_sample("shop", ["concat"]) == made
    assert lab.graded_sample("shop", ["attention"]) == []


def test_a_run_that_reads_attributes_is_looked_into_beside_one_that_does_not(lab: Lab, asked: Question) -> None:
    lab.train("shop", "hierarchical+attributes", settings=FAST)
    both = replace(asked, strategies=("concat", "hierarchical+attributes"))
    plain, more = lab.explain(both).sights
    assert set(more.modalities) == {"attributes", "image", "text"} and plain.relevance["image"].shape == (81,)
    for outcome, reason in zip(lab.consider(both), lab.reasons(both), strict=True):
        assert outcome.score_before == outcome.score_after == pytest.approx(reason.score, abs=1e-6)
        assert sum(reason.shares.values()) == pytest.approx(reason.score, abs=1e-4)
    assert all(o.score_before != o.score_after for o in lab.consider(replace(both, change=Change(struck=(0, 1)))))
    brought = replace(both, item_id=None, upload=Upload(None, "A lamp of solid oak"))
    assert len(lab.consider(brought)) == 2 and lab.explain(brought).sights[1].modalities["attributes"] == 0
    assert {grade.run.strategy for grade in lab.grade(both, 2, 2)} == set(both.strategies)


def test_a_vision_transformer_is_looked_into_for_what_is_typed(lab: Lab, asked: Question, tmp_path: Path) -> None:
    name = checkpoint("tiny-vit", tmp_path)
    lab.encode("shop", name)
    lab.train("shop", "concat", settings=FAST, encoder=name)
    assert lab.encoder_layers(replace(asked, strategies=("attention",))) == 0  # its run reads the bundled pair
    assert "inside" not in lab.phrase(replace(asked, strategies=("attention",)), "a red mug")
    mixed = replace(asked, strategies=("concat", "attention", "ease"))
    assert lab.encoder_layers(mixed) == 2
    seen = lab.explain(mixed)
    assert seen.grid == (4, 4) and [sight.run.strategy for sight in seen.sights] == ["concat"]
    assert [outcome.run.strategy for outcome in lab.consider(mixed)] == ["concat", "ease"]
    last, both = (lab.phrase(mixed, "a red mug", n)["inside"] for n in (1, 2))
    assert last.shape == (16,) and np.ptp(last) > 0 and not np.allclose(last, both)
    assert not np.allclose(last, lab.phrase(mixed, "the sea at night")["inside"])
    moved = lab.consider(replace(mixed, change=Change(covered=(5, 6), struck=(1,))))[0]
    assert moved.score_before != moved.score_after
