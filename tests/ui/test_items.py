"""An item's facts and its neighbours as payloads."""

from __future__ import annotations

import json

from mmviz.charts import palette
from mmviz.ui.items import portrait_payload, spaces_payload
from mmviz.ui.shelf import Shelf
from mmviz.views import Found

IMAGE, TEXT = palette.MODALITIES["image"], palette.MODALITIES["text"]


def test_facts_of_an_item(shelf: Shelf) -> None:
    portrait = portrait_payload(shelf, 0)["portrait"]
    assert portrait["title"] == "Red mug" and portrait["words"] == "A mug."
    assert portrait["facts"] == [
        ("Kind", "mug"),
        ("Tags", ["red", "warm"]),
        ("Price", "10"),
        ("Interactions", "2 interactions"),
        ("Mean rating", "4.50"),
        ("Chosen", "2001 to 2011"),
        ("Popularity", "place 1 of 5"),
        ("Id", "001"),
    ]


def test_what_is_not_known_is_left_out(shelf: Shelf) -> None:
    names = [name for name, _ in portrait_payload(shelf, 4)["portrait"]["facts"]]
    assert names == ["Price", "Interactions", "Popularity", "Id"]


def test_neighbours_mark_what_one_space_alone_has(shelf: Shelf) -> None:
    rows = [
        ("Image", "by picture", IMAGE, Found((0, 1, 3), (1.0, 0.9, 0.512), 5)),
        ("Text", "by words", TEXT, Found((1, 2), (0.8, 0.7), 5)),
        ("Joint", "both", IMAGE, None),
    ]
    payload = spaces_payload(shelf, 0, rows)
    image, text, joint = payload["spaces"]
    assert image["near"] == [
        {"item": 1, "cosine": "0.900", "alone": False},
        {"item": 3, "cosine": "0.512", "alone": True},
    ]
    assert [near["alone"] for near in text["near"]] == [False, True]
    assert joint["near"] == [] and joint["nothing"]
    assert sorted(payload["items"]) == [1, 2, 3]
    json.dumps(payload, allow_nan=False)
