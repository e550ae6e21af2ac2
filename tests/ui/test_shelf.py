"""The light view of a catalogue: what can be filtered, how pictures are framed."""

from __future__ import annotations

import numpy as np

from mmviz.catalogue.base import Catalogue
from mmviz.ui.shelf import Shelf


def rows(keep: np.ndarray) -> list[int]:
    return np.flatnonzero(keep).tolist()


def test_titles_fall_back_to_the_id(shelf: Shelf) -> None:
    assert shelf.titles == ("Red mug", "Blue mug", "<b>Bold</b>", "Lamp", "005")
    assert shelf.row_of["a b"] == 2


def test_values_are_split_and_counted(shelf: Shelf) -> None:
    assert list(shelf.values["kind"]) == ["mug", "cushion", "lamp"]
    assert {tag: found.tolist() for tag, found in shelf.values["tags"].items()} == {
        "red": [0, 2],
        "warm": [0, 3],
        "blue": [1],
        "bright": [3],
    }


def test_filters_are_or_within_a_column_and_and_between_columns(shelf: Shelf) -> None:
    assert rows(shelf.matching({})) == [0, 1, 2, 3, 4]
    assert rows(shelf.matching({"tags": ["red", "blue"]})) == [0, 1, 2]
    assert rows(shelf.matching({"tags": ["red", "blue"], "kind": ["mug"]})) == [0, 1]
    assert rows(shelf.matching({"kind": []})) == [0, 1, 2, 3, 4]
    assert rows(shelf.matching({"kind": ["no such thing"]})) == []
    assert rows(shelf.matching({"no such column": ["x"]})) == [0, 1, 2, 3, 4]


def test_a_span_takes_its_ends_and_leaves_what_is_not_given(shelf: Shelf) -> None:
    assert rows(shelf.matching({}, {"price": (10.0, 40.0)})) == [0, 1, 3]


def test_popularity_and_frame(shelf: Shelf) -> None:
    assert shelf.popularity.tolist() == [2, 1, 0, 2, 0]
    assert shelf.aspect == 2 / 3


def test_an_item_without_picture_has_no_address(shelf: Shelf, catalogue: Catalogue) -> None:
    drawn = shelf.items([2, 0, 2])
    assert list(drawn) == [2, 0]
    assert drawn[2] == {"id": "a b", "title": "<b>Bold</b>", "src": ""}
    assert drawn[0]["src"].startswith("data:image/webp;base64,")
