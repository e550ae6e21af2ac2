"""How each kind of thing is drawn: one file a family, one function a kind."""

from __future__ import annotations

from collections.abc import Callable

from mmviz.catalogue.demo.scene import Scene
from mmviz.catalogue.demo.shapes import ceramics, home, wall, wear

__all__ = ["SHAPES"]

SHAPES: dict[str, Callable[[Scene], None]] = {
    "mug": ceramics.mug,
    "bowl": ceramics.bowl,
    "jug": ceramics.jug,
    "vase": ceramics.vase,
    "plate": ceramics.plate,
    "clock": wall.clock,
    "lamp": home.lamp,
    "chair": home.chair,
    "stool": home.stool,
    "cushion": home.cushion,
    "rug": home.rug,
    "shirt": wear.shirt,
    "bag": wear.bag,
    "scarf": wear.scarf,
    "poster": wall.poster,
}
"""Kind -> the function that draws one."""
