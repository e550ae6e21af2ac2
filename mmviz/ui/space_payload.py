"""What the canvas is told: its maps, their colours, what glows and what is selected. No Streamlit.

Shape letter: I items.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from mmviz.charts import palette
from mmviz.ui.clouds import Cloud, cloud_of
from mmviz.ui.pictures import address_start
from mmviz.ui.words import count, figures

if TYPE_CHECKING:
    from mmviz.ui.shelf import Shelf
    from mmviz.ui.tints import Tint
    from mmviz.views.maps import Clusters, SpaceCard, SpaceMap

__all__ = ["chosen_payload", "coordinates", "maps_payload", "space_colour", "tinted", "trust_said", "words"]

Payload = dict[str, Any]
SHOWN = 1e8
TOGETHER = 0.5


def coordinates(drawn: SpaceMap) -> Cloud:
    """The points of a map, (I, 2), or (2 I, 2) with the two ends of an item one after the other."""
    return cloud_of({"xy": np.stack(drawn.ends, axis=1).reshape(-1, 2).astype(np.float32)})


def tinted(tint: Tint) -> Cloud:
    """The codes of a colouring."""
    return cloud_of(dict(tint.codes))


def words(shelf: Shelf) -> Cloud:
    """One line an item: "+" or "−" for its picture, its title, and its first columns, with tabs between."""
    items = shelf.catalogue.items
    columns = [column for column in shelf.catalogue.columns if column.kind != "text"][:3]
    shown = [items[column.name].tolist() for column in columns]
    names = [column.name.capitalize() for column in columns]
    lines = []
    for row, (title, picture) in enumerate(zip(shelf.titles, items["thumbnail"].tolist(), strict=True)):
        facts = [
            f"{name}: {_said(values[row])}" for name, values in zip(names, shown, strict=True) if _said(values[row])
        ]
        facts.append(count(int(shelf.popularity[row]), "interaction"))
        lines.append(("+" if picture else "-") + "\t".join(part.replace("\t", " ") for part in (title, *facts)))
    return cloud_of({"lines": lines})


def maps_payload(
    shelf: Shelf,
    maps: Sequence[SpaceMap],
    clouds: Mapping[str, str],
    tint: Tint,
    glow: Mapping[str, Sequence[int]],
    groups: Clusters | None,
) -> Payload:
    """Everything but the selection; `clouds` maps "words", "tint", each space and where people are drawn "people_" and
    the space to the names of their buffers.
    """
    n_items = len(shelf.ids)
    return {
        "items": n_items,
        "spaces": [_panel(drawn, n_items, clouds, glow.get(drawn.card.name, ()), groups) for drawn in maps],
        "words": clouds["words"],
        "pictures": address_start(shelf.catalogue.fingerprint),
        "aspect": shelf.aspect,
        "ends": [palette.MODALITIES["image"], palette.MODALITIES["text"]],
        "tint": {
            "cloud": clouds["tint"],
            "name": tint.name,
            "title": tint.title,
            "names": tint.names,
            "colours": tint.colours,
            "low": tint.low,
            "high": tint.high,
            "said": tint.said,
        },
        "named": groups is not None,
    }


def chosen_payload(text: str, chosen: np.ndarray) -> Payload:
    """A selection as its text and one bit an item."""
    packed = np.packbits(chosen) if chosen.any() else np.zeros(0, np.uint8)
    return {"text": text, "bits": base64.b64encode(packed.tobytes()).decode("ascii")}


def space_colour(card: SpaceCard) -> palette.Pair:
    """The colour of a space: that of its modality or strategy, ink for what both modalities share."""
    if card.kind == "modality":
        return palette.modality_colour(card.name)
    return palette.strategy_colour("fusion", card.order) if card.kind == "fusion" else palette.INK


def _panel(
    drawn: SpaceMap, n_items: int, clouds: Mapping[str, str], glow: Sequence[int], groups: Clusters | None
) -> Payload:
    card = drawn.card
    missing = n_items - card.n_placed
    facts = [f"trust {figures(drawn.trust)}", count(card.n_placed, "item")]
    if missing:
        facts.append(f"{missing:,} without a place")
    return {
        "people": clouds.get(f"people_{card.name}", ""),
        "name": card.name,
        "title": card.title,
        "said": card.said,
        "colour": space_colour(card),
        "cloud": clouds[card.name],
        "ends": len(drawn.ends),
        "facts": " · ".join(facts),
        "trustSaid": f"Trustworthiness of the map with 15 neighbours, {trust_said(drawn)}; "
        f"{card.width} dimensions are drawn as two",
        "glow": list(glow),
        "labels": [] if groups is None else _labels(drawn, groups),
    }


def trust_said(drawn: SpaceMap) -> str:
    """What a map's trust was measured on, and how exact the neighbours are that it was drawn from."""
    over = f"over {drawn.measured:,} of {drawn.of:,} points"
    return over if drawn.recall == 1.0 else f"{over}; {drawn.recall:.1%} of the true neighbours were found"


def _labels(drawn: SpaceMap, groups: Clusters) -> list[Payload]:
    """Each cluster's name at the median of its items, or of their pictures; none where they do not lie together."""
    labels = []
    points = drawn.ends[0]  # (I, 2)
    for code, label in enumerate(groups.labels):
        own = points[(groups.codes == code) & (points[:, 0] < SHOWN)]
        if not len(own) or not label:
            continue
        middle = np.median(own, axis=0)
        if np.median(np.abs(own - middle).sum(axis=1)) < TOGETHER:
            x, y = middle.tolist()
            labels.append({"text": " ".join(label.split()[:2]), "x": round(x, 4), "y": round(y, 4)})
    return labels


def _said(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:g}" if np.isfinite(value) else ""
    return str(value).replace("|", ", ") if isinstance(value, str) else ""
