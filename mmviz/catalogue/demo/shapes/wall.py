"""What hangs on a wall: posters and clocks."""

from __future__ import annotations

import math

import numpy as np

from mmviz.catalogue.demo.canvas import Outline, Region
from mmviz.catalogue.demo.curves import arc, box, ellipse, polygon, ribbon, rounded
from mmviz.catalogue.demo.light import folded, lit, puffed
from mmviz.catalogue.demo.palettes import Field, mix
from mmviz.catalogue.demo.scene import Scene

__all__ = ["clock", "poster"]


def poster(scene: Scene) -> None:
    """A framed print with a square or an arched top, or a banner that ends in a point."""
    scene.room(None)
    half, top, low = scene.between(0.245, 0.285), scene.between(0.115, 0.145), scene.between(0.845, 0.88)
    if scene.silhouette == "angled":
        _banner(scene, half, top, low)
        return
    frame = scene.neutral("oak", "walnut", "ash", "iron", "cream", "brass")
    wide = scene.between(0.016, 0.026)
    outer, inner = (_sheet(scene, half, top, low, inset) for inset in (0.0, wide))
    edge = scene.canvas.region(outer)
    scene.canvas.cast(edge, (0.026, 0.034), 0.026, 0.40)
    scene.canvas.cast(edge, (0.006, 0.009), 0.008, 0.35)
    scene.canvas.paint(edge, lit(frame, puffed(edge, wide * 0.35), 0.08), "frame")
    mat = scene.canvas.region(inner)
    scene.canvas.paint(mat, scene.neutral("cream"), "body")
    scene.canvas.darken(mat.scaled(np.clip(1 - (mat.y - top - wide) / 0.025, 0, 1) + 0 * mat.x), 0.16)
    art = scene.canvas.region(_sheet(scene, half, top, low, wide + scene.between(0.022, 0.05)))
    scene.canvas.paint(art, scene.dress(art.x + 0 * art.y, art.y + 0 * art.x), scene.surface)
    if scene.chance(0.4):
        _sun(scene, art)
    sheen = np.clip(1 - np.abs(mat.x + 0.6 * mat.y - scene.between(0.5, 0.8)) / 0.12, 0, 1)
    scene.canvas.lighten(mat.scaled(sheen.astype(np.float32)), 0.07)


def _sun(scene: Scene, art: Region) -> None:
    """A large calm disc over part of the print."""
    r = scene.between(0.075, 0.11)
    disc = scene.canvas.region(ellipse(0.5 + scene.between(-0.08, 0.08), 0.5 + scene.between(-0.18, 0.12), r, r))
    scene.canvas.paint(disc.within(art), mix(scene.palette.accent, scene.palette.pale, 0.35))


def _sheet(scene: Scene, half: float, top: float, low: float, inset: float) -> Outline:
    left, right, low = 0.5 - half + inset, 0.5 + half - inset, low - inset
    if scene.silhouette == "straight":
        return box(left, top + inset, right, low, 0.004)
    return np.concatenate([arc(0.5, top + half, half - inset, half - inset, 180, 360, 60), [[right, low], [left, low]]])


def _banner(scene: Scene, half: float, top: float, low: float) -> None:
    rod, cord = scene.neutral("oak", "walnut", "ash", "brass"), scene.neutral("linen", "iron")
    bar = top + 0.07
    string = polygon([(0.5 - half * 0.8, bar), (0.5, top - 0.025), (0.5 + half * 0.8, bar)])
    scene.canvas.paint(scene.canvas.region(ribbon(string[:2], 0.005), ribbon(string[1:], 0.005)), cord)
    edge = polygon(
        [(0.5 - half, bar), (0.5 + half, bar), (0.5 + half, low - 0.19), (0.5, low), (0.5 - half, low - 0.19)]
    )
    cloth = scene.canvas.region(edge)
    scene.canvas.cast(cloth, (0.022, 0.030), 0.024, 0.38)
    nx, ny, nz = puffed(cloth, 0.008)
    fx, fy, _ = folded(cloth, scene.rng.randrange(1 << 20), 0.12, 0.5, stretch=3.0)
    scene.cloth(cloth, cloth.x + 0 * cloth.y, cloth.y + 0 * cloth.x, (nx + 0.5 * fx, ny + 0.4 * fy, nz))
    pole = ribbon(polygon([(0.5 - half - 0.035, bar), (0.5 + half + 0.035, bar)]), 0.024)
    scene.solid(pole, rod, "frame", 0.010, 0.1)


def clock(scene: Scene) -> None:
    """A wall clock: round, square or eight-sided."""
    scene.room(None)
    r = scene.between(0.305, 0.345)
    outer = _case(scene, r)
    inner = 0.5 + (outer - 0.5) * (1 - scene.between(0.030, 0.055) / r)
    frame = scene.neutral("oak", "walnut", "ash", "iron", "brass", "cream")
    edge = scene.canvas.region(outer)
    scene.canvas.cast(edge, (0.030, 0.038), 0.030, 0.42)
    scene.canvas.cast(edge, (0.007, 0.010), 0.009, 0.35)
    scene.canvas.paint(edge, lit(frame, puffed(edge, 0.012), 0.15), "frame")
    dial = scene.canvas.region(inner)
    scene.canvas.paint(dial, scene.dress(dial.x + 0 * dial.y, dial.y + 0 * dial.x), scene.surface)
    scene.canvas.darken(dial.scaled(np.clip(0.5 - (dial.x - 0.5) - (dial.y - 0.5) - 0.25, 0, 1)), 0.28)
    ink = _ink(scene)
    if scene.pattern not in ("plain", "gradient"):
        disc = scene.canvas.region(ellipse(0.5, 0.5, r * 0.42, r * 0.42))
        scene.canvas.paint(disc, scene.palette.ground, "body")
    _marks(scene, r, ink)
    _hands(scene, r, ink)


def _case(scene: Scene, r: float) -> Outline:
    if scene.silhouette == "round":
        return ellipse(0.5, 0.5, r, r, 140)
    if scene.silhouette == "straight":
        return box(0.5 - r * 0.92, 0.5 - r * 0.92, 0.5 + r * 0.92, 0.5 + r * 0.92, 0.045)
    tips = [math.pi / 8 + step * math.pi / 4 for step in range(8)]
    return rounded([(0.5 + r * 1.05 * math.cos(a), 0.5 + r * 1.05 * math.sin(a)) for a in tips], 0.02)


def _ink(scene: Scene) -> Field:
    dark = float(scene.palette.ground.mean()) > 0.55
    return scene.neutral("iron", "walnut") if dark else scene.neutral("cream", "brass")


def _marks(scene: Scene, r: float, ink: Field) -> None:
    dots = scene.chance(0.5)
    every = 1 if scene.chance(0.6) else 3
    for hour in range(0, 12, every):
        angle = math.radians(hour * 30)
        reach = r * 0.34
        at = np.array([0.5 + reach * math.sin(angle), 0.5 - reach * math.cos(angle)])
        tip = np.array([0.5 + (reach - 0.022) * math.sin(angle), 0.5 - (reach - 0.022) * math.cos(angle)])
        shape = ellipse(at[0], at[1], 0.0065, 0.0065) if dots else ribbon(np.stack([tip, at]), 0.006)
        scene.canvas.paint(scene.canvas.region(shape), ink)


def _hands(scene: Scene, r: float, ink: Field) -> None:
    hour, minute = scene.rng.randrange(12), scene.rng.randrange(60)
    turns = ((hour + minute / 60) / 12, minute / 60)
    for turn, length, width in zip(turns, (r * 0.50, r * 0.74), (0.018, 0.013), strict=True):
        angle = turn * 2 * math.pi
        line = np.array(
            [
                [0.5 - 0.03 * math.sin(angle), 0.5 + 0.03 * math.cos(angle)],
                [0.5 + length * math.sin(angle), 0.5 - length * math.cos(angle)],
            ]
        )
        hand = scene.canvas.region(ribbon(line, width, width * 0.6))
        scene.canvas.cast(hand, (0.006, 0.009), 0.006, 0.30)
        scene.canvas.paint(hand, ink, "hands")
    scene.solid(ellipse(0.5, 0.5, 0.014, 0.014), scene.neutral("brass", "iron"), "hands", 0.006, 0.3)
