"""The Spaces page: what it draws, what the address remembers, and what it says when something is missing."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from mmviz.errors import MmvizError
from mmviz.spaces.choosing import encode_corners
from mmviz.ui import components, state
from mmviz.views.maps import LayoutSettings
from tests.app.conftest import Open, wait

PCA = LayoutSettings("pca")
EVERYTHING = encode_corners(np.array([[-1.5, -1.5], [1.5, -1.5], [1.5, 1.5], [-1.5, 1.5]]))


@pytest.fixture
def canvas(shop: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the canvas was last asked to draw; all spaces of "shop" are laid out by PCA."""
    lab = state.lab()
    lab.lay_out("shop", [card.name for card in lab.spaces("shop")], PCA)
    seen: dict[str, Any] = {}
    real = components.maps

    def record(payload: dict[str, Any], key: str, **more: Any) -> None:
        seen.update(payload)
        real(payload, key, **more)

    monkeypatch.setattr(components, "maps", record)
    return seen


def captions(at: AppTest) -> str:
    return " ".join(caption.value for caption in at.main.caption)


def n_chosen(canvas: dict[str, Any]) -> int:
    packed = np.frombuffer(base64.b64decode(canvas["chosen"]["bits"]), np.uint8)
    return int(np.unpackbits(packed)[: canvas["items"]].sum())


def test_all_spaces_are_drawn_side_by_side(canvas: dict[str, Any], page: Open) -> None:
    at = page("spaces", layout="PCA")
    assert not at.exception
    assert [space["name"] for space in canvas["spaces"]] == ["image", "text", "ends", "attention", "concat"]
    assert canvas["spaces"][0]["facts"].endswith("59 items · 1 without a place")
    assert [space["ends"] for space in canvas["spaces"]] == [1, 1, 2, 1, 1]
    assert canvas["tint"]["title"] == "Category" and sum(int(n) for _, n in canvas["tint"]["names"]) == 60


def test_aligned_maps_are_drawn_for_the_spaces_that_were_chosen(canvas: dict[str, Any], page: Open) -> None:
    titles, names = ["Image", "Concatenation"], ("image", "concat")
    state.lab().lay_out("shop", names, LayoutSettings("aligned", beside=names), state.lab().default_split("shop").name)
    at = page("spaces", layout="Aligned UMAP", spaces=titles)
    assert not at.exception
    assert [space["name"] for space in canvas["spaces"]] == list(names)
    assert "Each set of spaces has maps of its own" in captions(at)


def test_the_address_holds_spaces_colour_and_selection(canvas: dict[str, Any], page: Open) -> None:
    at = page("spaces", layout="PCA", spaces=["Image", "Concatenation"], colour="Price", sel=f"nlimage.{EVERYTHING}")
    assert not at.exception
    assert [space["name"] for space in canvas["spaces"]] == ["image", "concat"]
    assert canvas["tint"]["names"] == () and canvas["tint"]["title"] == "Price"
    assert n_chosen(canvas) == 59
    assert "59 items" in at.markdown[0].value
    at.segmented_control(key="shape").set_value("Table").run()
    assert len(at.dataframe[0].value) == 59


@pytest.mark.parametrize(
    "colour", ["Cluster", "Popularity", "Trust of the map", "A person's score", "A person's lists", "Nothing", "Tags"]
)
def test_every_colouring_draws(canvas: dict[str, Any], page: Open, colour: str) -> None:
    at = page("spaces", layout="PCA", colour=colour)
    assert not at.exception
    assert canvas["tint"]["title"] or colour == "Nothing"


def test_a_question_makes_items_glow_in_every_space(canvas: dict[str, Any], page: Open) -> None:
    at = page("spaces", layout="PCA", ask="Like an item", item="0001")
    assert not at.exception
    assert all(len(space["glow"]) == 20 and 0 not in space["glow"] for space in canvas["spaces"])
    assert canvas["focus"] == 0
    assert "Overlap@20" in captions(at)


def test_a_selection_is_saved_opened_and_forgotten(canvas: dict[str, Any], page: Open) -> None:
    at = page("spaces", layout="PCA", sel="ni3~ai5")
    at.text_input(key="group_name").set_value("Two of them").run()
    at.button(key="group_save").click().run()
    kept = state.lab().selections("shop")
    assert {name: sorted(ids) for name, ids in kept.items()} == {"Two of them": ["0004", "0006"]}
    at = page("spaces", layout="PCA")
    assert n_chosen(canvas) == 0
    at.button(key="group_Two of them").click().run()
    assert n_chosen(canvas) == 2
    at.button(key="forget_Two of them").click().run()
    assert state.lab().selections("shop") == {} and n_chosen(canvas) == 0


def test_a_broken_selection_in_the_address_gets_a_kind_word(canvas: dict[str, Any], page: Open) -> None:
    at = page("spaces", layout="PCA", sel="nonsense", item="gone", at="x,y")
    assert not at.exception
    assert "cannot be read" in captions(at)
    assert canvas["focus"] == -1 and canvas["camera"] is None


def test_a_morph_has_two_spaces(canvas: dict[str, Any], page: Open) -> None:
    at = page("spaces", layout="PCA", view="Morph")
    assert not at.exception
    assert canvas["morph"] and [space["name"] for space in canvas["spaces"]] == ["image", "attention"]


def test_people_stand_on_every_map_and_one_can_be_opened(
    canvas: dict[str, Any], page: Open, drawn: dict[str, Any]
) -> None:
    at = page("spaces", layout="PCA", people="true", person="u003")  # they are placed in the background first
    assert "placed on the maps once" in captions(at)
    wait()
    at = page("spaces", layout="PCA", people="true", person="u003")
    assert not at.exception
    assert canvas["people"]["n"] == 40 and all(space["people"] for space in canvas["spaces"])
    assert len({space["people"] for space in canvas["spaces"]}) == 5
    assert "All 40 people are placed" in captions(at) and "Concatenation" in captions(at)
    lab = state.lab()
    split = lab.default_split("shop").name
    users = lab.people_map("shop", "image", PCA, split).users
    assert lab.catalogue("shop").user_ids[users[canvas["person"]]] == "u003"
    assert "Person u003" in " ".join(each.value for each in at.markdown)
    trained = [entry for entry in lab.history("shop", "u003", split) if entry.part == "train"]
    assert f"{len(trained)} train side" in captions(at)
    next(button for button in at.button if button.label == "Colour by their score").click().run()
    assert at.selectbox(key="colour").value == "A person's score" and at.selectbox(key="whose").value == "u003"
    assert "for u003" in canvas["tint"]["title"]
    next(button for button in at.button if button.label == "Find what they would like").click().run()
    assert all(space["glow"] for space in canvas["spaces"])
    next(button for button in at.button if button.key == "close_person").click().run()
    assert canvas["person"] == -1


def test_without_people_none_are_sent(canvas: dict[str, Any], page: Open) -> None:
    at = page("spaces", layout="PCA", person="nobody")
    assert not at.exception
    assert canvas["people"] is None and canvas["person"] == -1 and "are placed" not in captions(at)


def test_people_stand_in_three_dimensions_too(canvas: dict[str, Any], page: Open) -> None:
    state.lab().lay_out("shop", ["image"], LayoutSettings("pca", 3))
    state.lab().place_people("shop", ["image"], state.lab().default_split("shop").name)
    at = page("spaces", layout="PCA", view="3-D", people="true")
    assert not at.exception
    assert "All 40 people are placed" in captions(at)


def test_three_dimensions_draw_when_laid_out(canvas: dict[str, Any], page: Open) -> None:
    state.lab().lay_out("shop", ["image"], LayoutSettings("pca", 3))
    at = page("spaces", layout="PCA", view="3-D")
    assert not at.exception
    assert "All 59 items; 1 have no place" in captions(at)


def test_measures_and_what_moved(canvas: dict[str, Any], page: Open, drawn: dict[str, Any]) -> None:
    lab = state.lab()
    lab.measure_spaces("shop", ["image", "text", "ends", "attention", "concat"], lab.default_split("shop").name)
    at = page("spaces", view="Measures")
    assert not at.exception
    assert list(at.dataframe[0].value.columns)[:2] == ["Image", "Text"]
    at = page("spaces", view="What moved")
    assert not at.exception
    assert "Mean drift" in captions(at)
    assert [space["title"] for space in drawn["moved"]["spaces"]] == ["Image", "Attention fusion"]


def test_without_maps_they_are_laid_out_and_the_page_says_so(shop: Path, page: Open) -> None:
    at = page("spaces", layout="PCA", spaces=["Image"])
    assert not at.exception
    assert "laid out once" in captions(at)


@pytest.mark.parametrize(
    ("verb", "asked"), [("lay_out", {"layout": "PCA", "spaces": ["Image"]}), ("measure_spaces", {"view": "Measures"})]
)
def test_work_that_fails_is_told_and_not_begun_again_by_itself(
    shop: Path, page: Open, monkeypatch: pytest.MonkeyPatch, verb: str, asked: dict[str, Any]
) -> None:
    lab = state.lab()

    def fail(*_: Any, **__: Any) -> None:
        raise MmvizError("The disk is full.")

    monkeypatch.setattr(lab, verb, fail)
    at = page("spaces", **asked)
    wait()
    at.run()
    at.run()
    assert not at.exception and "The disk is full." in captions(at)
    assert len(lab.jobs()) == 1
    at.button(key=f"again_{'maps' if verb == 'lay_out' else 'measures'}").click().run()
    assert len(lab.jobs()) == 2


def test_a_catalogue_without_features_says_what_to_do(shop: Path, page: Open) -> None:
    for path in (shop / "features").rglob("store.json"):
        path.unlink()
    at = page("spaces")
    assert not at.exception
    assert at.subheader[0].value == "The pictures and words are not encoded yet"
