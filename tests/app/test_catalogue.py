"""The catalogue page: search, filters, paging and the page of one item."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from mmviz.ui import browsing
from tests.app.conftest import Open


def captions(at: AppTest) -> str:
    return " ".join(caption.value for caption in at.main.caption)


def test_words_find_titles_and_texts(shop: Path, page: Open, drawn: dict[str, Any]) -> None:
    at = page("catalogue")
    at.text_input(key="search").set_value("mug").run()
    assert not at.exception
    titles = [item["title"].lower() for item in drawn["wall"]["items"]]
    assert titles and all("mug" in title for title in titles)
    assert f"{len(titles)} of 60 items" in captions(at)


def test_meaning_says_that_it_ranks(shop: Path, page: Open, drawn: dict[str, Any]) -> None:
    at = page("catalogue", search="something to drink from", by="Meaning")
    assert not at.exception
    assert "The 60 nearest of 60 items" in captions(at)
    assert all(item["near"] for item in drawn["wall"]["items"])


def test_nothing_fits(shop: Path, page: Open) -> None:
    at = page("catalogue", search="zzzz")
    assert at.subheader[0].value == "Nothing fits"
    assert "0 of 60 items" in captions(at)


def test_pages_of_the_wall(shop: Path, page: Open, drawn: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browsing, "PER_PAGE", 25)
    first = [item["id"] for item in page("catalogue") and drawn["wall"]["items"]]
    third = [item["id"] for item in page("catalogue", page="3") and drawn["wall"]["items"]]
    assert len(first) == 25 and len(third) == 10 and not set(first) & set(third)
    page("catalogue", page="99")  # beyond the end: the last page
    assert [item["id"] for item in drawn["wall"]["items"]] == third
    page("catalogue", page="x")
    assert [item["id"] for item in drawn["wall"]["items"]] == first


def test_an_item_and_its_neighbours(shop: Path, page: Open, drawn: dict[str, Any]) -> None:
    at = page("catalogue", item="0007")
    assert not at.exception
    assert drawn["portrait"]["portrait"]["id"] == "0007"
    spaces = {row["title"]: row for row in drawn["spaces"]["spaces"]}
    assert {"Image", "Text", "Joint", "Concatenation"} <= set(spaces)
    for row in spaces.values():
        assert row["near"], row["title"]
        assert "0007" not in [drawn["spaces"]["items"][near["item"]]["id"] for near in row["near"]]


def test_an_item_without_a_picture_has_no_place_among_pictures(shop: Path, page: Open, drawn: dict[str, Any]) -> None:
    at = page("catalogue", item="0060")
    assert not at.exception
    assert drawn["portrait"]["portrait"]["src"] == ""
    image = next(row for row in drawn["spaces"]["spaces"] if row["title"] == "Image")
    assert image["near"] == []


def test_back_to_all_items(shop: Path, page: Open, drawn: dict[str, Any]) -> None:
    at = page("catalogue", item="0007")
    next(button for button in at.main.button if button.label == "All items").click().run()
    assert not at.exception
    assert "item" not in at.query_params
    assert len(drawn["wall"]["items"]) == 60


def test_an_item_that_is_not_there(shop: Path, page: Open, drawn: dict[str, Any]) -> None:
    at = page("catalogue", item="7")  # the leading zeros are part of an id
    assert not at.exception
    assert "There is no item '7' in shop." in captions(at)
    assert len(drawn["wall"]["items"]) == 60
