"""From an item's plan to its picture: WebP bytes, the boxes of its parts, and their label map."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mmviz.catalogue.demo.canvas import GRID, Canvas
from mmviz.catalogue.demo.palettes import palette
from mmviz.catalogue.demo.patterns import weave
from mmviz.catalogue.demo.plan import ItemPlan
from mmviz.catalogue.demo.scene import PARTS, Scene
from mmviz.catalogue.demo.shapes import SHAPES

__all__ = ["Drawn", "draw_item", "paint_item"]

_SCHEMES = {"pale on colour": 0.62, "colour on pale": 0.20, "tone on tone": 0.18}


class Drawn(NamedTuple):
    """One finished picture and where its parts are.

    `webp` the encoded picture, `boxes` part -> (left, top, right, bottom) in fractions, `mask` (32, 32) uint8
    labels of `PARTS`, 0 = background.
    """

    webp: bytes
    boxes: dict[str, tuple[float, float, float, float]]
    mask: npt.NDArray[np.uint8]


def paint_item(plan: ItemPlan) -> Canvas:
    """Paint the thing; the canvas can give the picture in full precision, its boxes and its label map."""
    rng = plan.random("draw")
    attributes = plan.attributes
    pattern = attributes["pattern"]
    scheme = "pale on colour"
    if pattern not in ("plain", "gradient"):
        scheme = rng.choices(tuple(_SCHEMES), tuple(_SCHEMES.values()))[0]
    scene = Scene(
        canvas=Canvas(PARTS),
        palette=palette(attributes["colour"], rng, scheme),
        weave=weave(pattern, rng),
        pattern=pattern,
        silhouette=attributes["silhouette"],
        rng=rng,
    )
    SHAPES[attributes["kind"]](scene)
    return scene.canvas


def draw_item(plan: ItemPlan) -> Drawn:
    """Draw one item; the same plan gives the same bytes. Nothing is drawn for an item without a picture."""
    if not plan.pictured:
        return Drawn(b"", {}, np.zeros((GRID, GRID), dtype=np.uint8))
    canvas = paint_item(plan)
    return Drawn(canvas.webp(), canvas.boxes(), canvas.mask())
