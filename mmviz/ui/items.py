"""One item: its facts as a payload, and its neighbours in every space. No Streamlit here."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from mmviz.ui.board import item_link
from mmviz.ui.pictures import source
from mmviz.ui.words import count, figures, year_span

if TYPE_CHECKING:
    from mmviz.ui.shelf import Shelf
    from mmviz.views import Found

__all__ = ["portrait_payload", "spaces_payload"]

Payload = dict[str, Any]
Row = tuple[str, str, tuple[str, str], "Found | None"]


def portrait_payload(shelf: Shelf, row: int) -> Payload:
    """The item large: picture, title, words and facts."""
    item = shelf.catalogue.items.iloc[row]
    picture = source(shelf.catalogue.fingerprint, row, item["image"], "image")
    return {
        "aspect": shelf.aspect,
        "link": item_link(shelf.name),
        "portrait": {
            **shelf.item(row),
            "src": picture or shelf.item(row)["src"],
            "words": item["text"],
            "facts": [*_columns(shelf, item), *_interactions(shelf, row), ("Id", shelf.ids[row])],
        },
    }


def spaces_payload(shelf: Shelf, row: int, spaces: Sequence[Row]) -> Payload:
    """The nearest items in each space, one row a space: (title, what it is, colour, what was found)."""
    kept = [(title, said, colour, [] if found is None else _near(found, row)) for title, said, colour, found in spaces]
    times: dict[int, int] = {}
    for *_, near in kept:
        for at, _ in near:
            times[at] = times.get(at, 0) + 1
    return {
        "aspect": shelf.aspect,
        "link": item_link(shelf.name),
        "items": shelf.items(list(times)),
        "spaces": [
            {
                "title": title,
                "said": said,
                "colour": colour,
                "near": [
                    {"item": at, "cosine": figures(cosine) if math.isfinite(cosine) else "", "alone": times[at] == 1}
                    for at, cosine in near
                ],
                "nothing": "This item has no place in this space.",
            }
            for title, said, colour, near in kept
        ],
    }


def _near(found: Found, row: int) -> list[tuple[int, float]]:
    return [(at, cosine) for at, cosine in zip(found.items, found.scores, strict=True) if at != row]


def _columns(shelf: Shelf, item: Any) -> list[tuple[str, str | list[str]]]:
    facts: list[tuple[str, str | list[str]]] = []
    for column in shelf.catalogue.columns:
        value = item[column.name]
        if column.kind == "number":
            if math.isfinite(value):
                facts.append((column.name.capitalize(), f"{value:g}"))
        elif isinstance(value, str) and value.strip():
            parts = [part.strip() for part in value.split("|")] if column.kind == "tags" else value
            facts.append((column.name.capitalize(), parts))
    return facts


def _interactions(shelf: Shelf, row: int) -> list[tuple[str, str]]:
    every = shelf.catalogue.interactions
    own = np.flatnonzero(every["item"].to_numpy() == row)
    facts = [("Interactions", count(len(own), "interaction"))]
    ratings = every["rating"].to_numpy()[own]
    if np.isfinite(ratings).any():
        facts.append(("Mean rating", figures(float(np.nanmean(ratings)))))
    times = every["time"].to_numpy()[own]
    times = times[np.isfinite(times)]
    if len(times) and (span := year_span(float(times.min()), float(times.max()))):
        facts.append(("Chosen", span))
    place = int((shelf.popularity > shelf.popularity[row]).sum()) + 1
    facts.append(("Popularity", f"place {place:,} of {len(shelf.ids):,}"))
    return facts
