"""The lab's verbs on spaces, over a catalogue that was really encoded and trained."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from mmviz.errors import MmvizError, RunError, UnknownNameError
from mmviz.lab import Lab, crowd, vectors
from mmviz.spaces.align import MISSING
from mmviz.spaces.choosing import encode_corners
from mmviz.views.maps import LayoutSettings, Question

PCA = LayoutSettings("pca")
SPACES = ("image", "text", "ends", "concat")


def test_spaces_are_those_of_the_encoder_and_of_the_trained_fusions(lab: Lab) -> None:
    cards = {card.name: card for card in lab.spaces("shop")}
    assert list(cards) == ["image", "text", "ends", "joint", "attention", "concat"] or set(cards) == {
        "image", "text", "ends", "joint", "attention", "concat",
    }  # fmt: skip
    assert cards["image"].n_placed == 59 and cards["text"].n_placed == 60  # the title is text
    assert cards["concat"].width == 16


def test_maps_are_laid_out_once_and_agree_with_what_is_missing(lab: Lab) -> None:
    assert lab.not_laid_out("shop", SPACES, PCA) == ["joint", *SPACES]
    with pytest.raises(RunError, match="not drawn yet"):
        lab.space_map("shop", "image", PCA)
    seen = []
    lab.lay_out("shop", SPACES, PCA, report=seen.append)
    assert lab.not_laid_out("shop", SPACES, PCA) == []
    assert seen[-1].fraction <= 1 and seen[0].fraction == 0
    drawn = lab.space_map("shop", "image", PCA)
    (points,) = drawn.ends
    assert points.dtype == np.float32 and (points[59] == MISSING).all() and np.isnan(drawn.point_trust[59])
    assert 0.4 < drawn.trust <= 1 and drawn.measured == drawn.of == 59
    assert len(lab.space_map("shop", "ends", PCA).ends) == 2
    again = Lab(lab.home, device="cpu").space_map("shop", "image", PCA)
    np.testing.assert_array_equal(again.ends[0], points)


def test_spaces_laid_out_together_share_a_frame_and_a_name(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = LayoutSettings("aligned", beside=SPACES)
    lab.lay_out("shop", SPACES, settings)
    assert lab.not_laid_out("shop", SPACES, settings) == []
    drawn = {name: lab.space_map("shop", name, settings) for name in SPACES}
    apart = {name: lab.space_map("shop", name, LayoutSettings()) for name in ("joint", "ends")}
    np.testing.assert_array_equal(drawn["ends"].ends[1], apart["ends"].ends[1])  # it has a map of its own
    shared = np.concatenate([drawn[name].ends[0] for name in ("image", "text", "concat")])
    shared = shared[shared[:, 0] != MISSING]
    assert len(shared) == 59 + 60 + 60
    assert (shared.max(axis=0) - shared.min(axis=0)).max() == pytest.approx(1.9, abs=1e-4)  # one frame for all
    assert all(0.4 < each.trust <= 1 for each in drawn.values())
    other = LayoutSettings("aligned", beside=("image", "text"))
    assert lab.not_laid_out("shop", ("image", "text"), other) == ["image", "text"]  # another set, other maps
    assert lab.not_laid_out("shop", SPACES, LayoutSettings("aligned", beside=SPACES[::-1])) == []
    assert lab.not_laid_out("shop", ("joint",), LayoutSettings("aligned", beside=("joint",))) == []  # alone: plain UMAP
    monkeypatch.setattr(vectors, "MOST_TOGETHER", 100)
    with pytest.raises(MmvizError, match="up to 100 points"):
        lab.start_lay_out("shop", ("image", "text"), other)


def test_a_job_lays_out_in_the_background(lab: Lab) -> None:
    job_id = lab.start_lay_out("shop", ("image",), PCA)
    while next(job for job in lab.jobs() if job.job_id == job_id).state in ("waiting", "running"):
        pass
    assert next(job for job in lab.jobs() if job.job_id == job_id).state == "done"
    assert lab.not_laid_out("shop", ("image",), PCA) == []


def test_overlap_and_drift_say_the_same(lab: Lab) -> None:
    k = 10
    shares = lab.overlap("shop", ("image", "text", "concat"), k)
    assert np.diag(shares) == pytest.approx([1, 1, 1])
    moved = lab.moved("shop", "image", "concat", k)
    assert np.isnan(moved.drift[59])
    drift = moved.drift[:59]
    assert shares.loc["image", "concat"] == pytest.approx((2 * (1 - drift) / (2 - drift)).mean())
    space = lab._space("shop", "image")
    cosines = space @ space[3]
    cosines[[3, 59]] = -np.inf
    assert moved.first[3, 0] == cosines.argmax()


def test_measures_of_every_kind_of_space(lab: Lab) -> None:
    assert lab.not_measured("shop", SPACES) == list(SPACES)
    table = lab.measure_spaces("shop", SPACES)
    assert lab.not_measured("shop", SPACES) == []
    assert table.loc["image", "vectors"] == 59 and table.loc["ends", "vectors"] == 119
    assert np.isnan(table.loc["image", "gap"]) and table.loc["ends", "gap"] > 0.1
    assert table.loc["concat", "image to text R@10"] >= table.loc["concat", "image to text R@1"]
    assert table.loc["image", "tells category"] > table.loc["image", "chance category"]
    closing = lab.close_gap("shop")
    assert closing["gap"].idxmin() in (3, 4, 5) and closing.attrs["items"] == 59
    with pytest.raises(RunError, match="no two modalities"):
        lab.close_gap("shop", "image")


def test_a_question_is_put_to_every_space(lab: Lab) -> None:
    red = io.BytesIO()
    Image.new("RGB", (80, 80), (214, 40, 40)).save(red, "PNG")
    item = lab.ask_spaces("shop", SPACES, Question("item", item_id="0001"), 5)
    assert all(len(found.items) == 5 and 0 not in found.items for found in item.found.values())
    words = lab.ask_spaces("shop", (*SPACES, "attention"), Question("words", words="a linen cushion"), 8)
    titles = lab.catalogue("shop").items["title"]
    assert sum("Cushion" in titles.iat[row] for row in words.found["text"].items) >= 6
    assert all(len(found.items) == 8 for found in words.found.values()) and words.notes == {}
    seen = lab.ask_spaces("shop", (*SPACES, "attention"), Question("picture", picture=red.getvalue()), 8)
    assert all(len(found.items) == 8 for found in seen.found.values())
    assert words.overlap.loc["image", "image"] == 1
    person = lab.ask_spaces("shop", ("concat", "image"), Question("person", user_id="u001"), 5)
    board = lab.recommend("shop", ["concat"], "u001", k=200)
    ranked = [pick.item for pick in board.columns[0].picks]
    assert [row for row in person.found["concat"].items if row in ranked][:3] == ranked[:3] or set(
        person.found["concat"].items
    ) & set(ranked[:8])


def test_questions_that_cannot_be_read(lab: Lab) -> None:
    with pytest.raises(MmvizError, match="no JPEG, PNG or WebP"):
        lab.ask_spaces("shop", ("image",), Question("picture", picture=b"GIF89a nothing"), 5)
    with pytest.raises(MmvizError, match="holds no word"):
        lab.ask_spaces("shop", ("image",), Question("words", words="…"), 5)
    missing = lab.ask_spaces("shop", ("image",), Question("item", item_id="0060"), 5)
    assert missing.found["image"].items == () and "no place" in missing.notes["image"]


def test_selections_are_kept_under_a_name(lab: Lab) -> None:
    lab.save_selection("shop", "Mine", ["0001", "0003"])
    assert Lab(lab.home, device="cpu").selections("shop") == {"Mine": ["0001", "0003"]}
    chosen = lab.select("shop", "ngMine~ai5", PCA, lambda *_: np.zeros(60))
    assert np.flatnonzero(chosen).tolist() == [0, 2, 5]
    with pytest.raises(MmvizError, match="cannot be the name"):
        lab.save_selection("shop", "a~b", ["0001"])
    lab.save_selection("shop", "Mine", [])
    assert lab.selections("shop") == {}


def test_a_selection_stays_the_same_when_another_layout_is_chosen(lab: Lab) -> None:
    umap = LayoutSettings(neighbours=30)
    lab.lay_out("shop", ("image",), PCA)
    lab.lay_out("shop", ("image",), umap)
    half = encode_corners(np.array([[-1.5, -1.5], [0.0, -1.5], [0.0, 1.5], [-1.5, 1.5]]))
    nothing = lambda *_: np.zeros(60)  # noqa: E731
    drawn = np.flatnonzero(lab.space_map("shop", "image", PCA).ends[0][:, 0] < 0).tolist()
    by_umap = np.flatnonzero(lab.space_map("shop", "image", umap).ends[0][:, 0] < 0).tolist()
    assert drawn != by_umap
    for settings in (PCA, umap):
        text = f"nlimage!{PCA.text}.{half}"
        assert np.flatnonzero(lab.select("shop", text, settings, nothing)).tolist() == drawn
    assert np.flatnonzero(lab.select("shop", f"nlimage.{half}", umap, nothing)).tolist() == by_umap
    every = LayoutSettings("aligned", 2, 30, "", ("image", "concat@graph+attributes"))
    assert LayoutSettings.of(every.text) == every and LayoutSettings.of(PCA.text) == PCA
    with pytest.raises(MmvizError, match="Select anew"):
        lab.select("shop", f"nlimage!nonsense.{half}", PCA, nothing)


def test_a_guide_must_be_a_category(lab: Lab) -> None:
    with pytest.raises(UnknownNameError, match="category"):
        lab.lay_out("shop", ("image",), LayoutSettings(guide="categry"))


def test_people_stand_where_their_taste_is(lab: Lab) -> None:
    lab.lay_out("shop", SPACES, PCA)
    assert lab.not_placed("shop", SPACES) == list(SPACES)
    job_id = lab.start_place_people("shop", SPACES)
    while next(job for job in lab.jobs() if job.job_id == job_id).state in ("waiting", "running"):
        pass
    assert lab.not_placed("shop", SPACES) == []
    drawn = {name: lab.people_map("shop", name, PCA) for name in SPACES}
    assert {name: len(each.ends) for name, each in drawn.items()} == {"image": 1, "text": 1, "ends": 2, "concat": 1}
    found, split = lab.catalogue("shop"), lab._split(lab.catalogue("shop"), None)
    history = found.matrix(split.train)
    people = drawn["concat"]
    assert len(people.users) == people.active == 40 == people.of
    assert people.n_train.tolist() == sorted(np.diff(history.indptr).tolist(), reverse=True)
    # A person stands among the items that the strategy's own rule puts first by their content, as directions.
    ranker = lab._ranker(lab._run_of("shop", "concat", None))
    items, user = ranker.embedding(), int(people.users[0])
    items = items / np.linalg.norm(items, axis=1, keepdims=True)
    nearest = np.argsort(-(items @ ranker.users(history[[user]])[0]), kind="stable")[:15]
    theirs = lab.space_map("shop", "concat", PCA).ends[0][nearest]
    here = people.ends[0][0]
    away = lambda point: np.linalg.norm(theirs - point, axis=1).sum()  # noqa: E731
    assert away(here) <= min(away(here + step) for step in 0.01 * np.array([[1, 0], [-1, 0], [0, 1], [0, -1]])) + 1e-6
    assert 0.1 < people.kept <= 1 and (np.abs(people.ends[0]) < 1).all()


def test_not_all_people_are_drawn_where_there_are_too_many(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crowd, "MOST_PEOPLE", 6)
    lab.lay_out("shop", ["image"], PCA)
    people = lab.people_map("shop", "image", PCA)
    assert (len(people.users), people.active, people.of) == (6, 40, 40)
    assert people.n_train.min() == people.n_train[-1] and len(people.ends[0]) == 6


def test_clusters_cover_what_has_a_place(lab: Lab) -> None:
    found = lab.clusters("shop", "image", count=4)
    assert found.codes[59] == -1 and set(found.codes[:59]) == {0, 1, 2, 3} and len(found.labels) == 4
