"""The stage on which a thing is drawn: wall, floor, light, and the canvas with its palette and pattern."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

import numpy as np

from mmviz.catalogue.demo.canvas import WORK, Canvas, Outline, Region
from mmviz.catalogue.demo.light import Normals, Turned, lit, puffed
from mmviz.catalogue.demo.palettes import NEUTRALS, Field, Palette, mix, oklch
from mmviz.catalogue.demo.patterns import Weave, dressed

__all__ = ["PARTS", "Scene"]

PARTS = (
    "body",
    "pattern",
    "rim",
    "handle",
    "base",
    "legs",
    "sleeves",
    "collar",
    "frame",
    "hands",
    "fringe",
    "lid",
)
"""Every part that a label map can name. A patterned surface is "pattern", the rest of the main thing "body"."""


@dataclass
class Scene:
    """A canvas, the colours and the pattern of one thing, and its own random numbers.

    The surface of plain things is labelled "body", that of all others "pattern".
    """

    canvas: Canvas
    palette: Palette
    weave: Weave
    pattern: str
    silhouette: str
    rng: Random

    @property
    def patterned(self) -> bool:
        """False for plain things."""
        return self.pattern != "plain"

    @property
    def surface(self) -> str:
        """The label of the patterned surface."""
        return "pattern" if self.patterned else "body"

    def between(self, low: float, high: float) -> float:
        """A random number of this thing."""
        return self.rng.uniform(low, high)

    def chance(self, share: float) -> bool:
        """True in `share` of the things."""
        return self.rng.random() < share

    def neutral(self, *names: str) -> Field:
        """One of the named neutral colours, a little varied."""
        lightness, chroma, hue = NEUTRALS[self.rng.choice(names)]
        return oklch(lightness + self.between(-0.02, 0.02), chroma, hue + self.between(-4, 4))

    def dress(self, u: Field, v: Field) -> Field:
        """(3, h, w) colours of the thing's surface at (u, v)."""
        return dressed(self.weave, self.palette, u, v)

    def room(self, horizon: float | None) -> None:
        """Paint wall and floor; `horizon` is the height at which they meet, None = only a wall."""
        everywhere = self.canvas.everywhere()
        self.canvas.paint(everywhere, self.palette.wall)
        if horizon is not None:
            softness = self.rng.choice((0.004, 0.004, 0.05))
            step = np.clip((everywhere.y - horizon) / softness + 0.5, 0, 1)
            step = step * step * (3 - 2 * step)
            floor = Region(0, 0, np.broadcast_to(step, (WORK, WORK)).astype(np.float32))
            self.canvas.paint(floor, self.palette.floor)
            self.canvas.glow((0.5, horizon), (2.0, 0.10), 0.05)
        self._daylight()

    def _daylight(self) -> None:
        coarse = (np.arange(128, dtype=np.float32) + np.float32(0.5)) / np.float32(128)
        x, y = coarse[None, :], coarse[:, None]
        distance = np.hypot(x - np.float32(0.22), y - np.float32(0.12))
        self.canvas.darken(self.canvas.everywhere(np.clip(distance - np.float32(0.25), 0, 1)), 0.16)
        if self.chance(0.35):
            slope, at, width = self.between(0.5, 0.9), self.between(0.1, 0.6), self.between(0.16, 0.3)
            across = x + np.float32(slope) * y - np.float32(at)
            pane = np.zeros((128, 128), dtype=np.float32)
            for step in (0.0, width + 0.035):
                edge = np.minimum(across - np.float32(step), np.float32(step + width) - across)
                pane = np.maximum(pane, np.clip(edge / np.float32(0.03), 0, 1))
            self.canvas.lighten(self.canvas.everywhere(pane), self.between(0.10, 0.18))

    def stand(self, cx: float, y: float, half: float, height: float = 0.3) -> None:
        """The shadow of a thing that stands at (cx, y) with a foot of half-width `half`, `height` tall."""
        self.canvas.glow((cx + half * 0.55 + height * 0.14, y + 0.004), (half * 1.25 + height * 0.22, 0.030), 0.30)
        self.canvas.glow((cx + half * 0.16, y + 0.002), (half * 1.06, 0.014), 0.42)
        self.canvas.glow((cx + half * 0.04, y), (half * 0.92, 0.007), 0.42)

    def solid(self, outline: Outline, colour: Field, part: str | None, roundness: float, gloss: float = 0.0) -> Region:
        """Paint a round, plain piece such as a handle or a leg."""
        region = self.canvas.region(outline)
        self.canvas.paint(region, lit(colour, puffed(region, roundness), gloss), part)
        return region

    def turn(self, body: Turned, gloss: float = 0.10, depth: float = 1.0) -> None:
        """Paint a turned body with the thing's pattern."""
        u = body.around * np.float32(body.reach)
        colour = self.dress(u, body.height)
        self.canvas.paint(body.region, lit(colour, body.normals, gloss, depth), self.surface)

    def turn_plain(self, body: Turned, colour: Field, part: str, gloss: float = 0.08) -> None:
        """Paint a turned body in one colour."""
        self.canvas.paint(body.region, lit(colour, body.normals, gloss), part)

    def open(self, body: Turned, lip: Field, inside: Field, wall: float = 0.013) -> Region:
        """Paint the open upper end of a turned body: its lip and the shaded inside; gives the inside's region."""
        centre = body.mouth.mean(axis=0)
        spread = body.mouth - centre
        self.canvas.paint(self.canvas.region(body.mouth), mix(lip, np.ones(3, dtype=np.float32), 0.12), "rim")
        shrink = 1 - wall / max(float(np.abs(spread[:, 0]).max()), 1e-6)
        hole = self.canvas.region(centre + spread * shrink)
        across = np.clip((hole.x - centre[0]) / max(float(spread[:, 0].max()), 1e-6), -1, 1)
        down = np.clip((hole.y - centre[1]) / max(float(spread[:, 1].max()), 1e-6), -1, 1)
        gain = np.clip(0.80 + 0.14 * across + 0.08 * down, 0, 1.05).astype(np.float32)
        self.canvas.paint(hole, inside.reshape(3, 1, 1) * gain, "rim")
        return hole

    def cloth(self, region: Region, u: Field, v: Field, normals: Normals, depth: float = 1.0) -> None:
        """Paint a region of cloth with the thing's pattern."""
        self.canvas.paint(region, lit(self.dress(u, v), normals, 0.0, depth), self.surface)
