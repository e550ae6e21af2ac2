"""What a potter makes: mugs, bowls, jugs, vases and plates."""

from __future__ import annotations

import math

import numpy as np

from mmviz.catalogue.demo.canvas import Outline
from mmviz.catalogue.demo.curves import arc, box, ellipse, ribbon, rounded, smooth
from mmviz.catalogue.demo.light import Turned, lit, puffed, turned_body
from mmviz.catalogue.demo.palettes import Field, mix, oklch
from mmviz.catalogue.demo.scene import Scene

__all__ = ["bowl", "jug", "mug", "plate", "vase"]

_TILT = 0.20


def mug(scene: Scene) -> None:
    """A cup with one handle: round-bellied, straight or flaring."""
    scene.room(scene.between(0.56, 0.66))
    r, tall = scene.between(0.195, 0.225), scene.between(0.37, 0.45)
    bottom = scene.between(0.770, 0.790)
    side = 1 if scene.chance(0.7) else -1
    cx = 0.5 - side * 0.045
    top = bottom - tall
    heights = [top, top + tall * 0.3, top + tall * 0.65, bottom - 0.02, bottom]
    radii = {
        "round": [r * 0.80, r * 0.98, r * 1.06, r * 0.78, r * 0.66],
        "straight": [r * 0.93, r * 0.93, r * 0.93, r * 0.93, r * 0.86],
        "angled": [r * 1.12, r * 0.99, r * 0.83, r * 0.67, r * 0.62],
    }[scene.silhouette]
    body = turned_body(cx, heights, radii, _TILT)
    scene.stand(cx, bottom + radii[-1] * _TILT * 0.7, radii[-1], tall)
    _ear(scene, cx, side, (top + tall * 0.20, top + tall * 0.74), (radii[1], radii[2]), 0.12)
    scene.turn(body, gloss=0.16)
    _foot(scene, body, cx, bottom, radii[-1])
    hole = scene.open(body, scene.palette.ground, _glaze(scene))
    if scene.chance(0.6):
        drink = scene.canvas.region(ellipse(cx, top + 0.034, radii[0] * 0.9, radii[0] * _TILT * 0.9))
        tea = oklch(0.42, 0.06, 55) if scene.chance(0.6) else oklch(0.62, 0.08, 75)
        scene.canvas.paint(drink.within(hole), tea, "rim")


def bowl(scene: Scene) -> None:
    """A wide bowl: round, straight-sided or conical."""
    scene.room(scene.between(0.50, 0.60))
    r, tall = scene.between(0.285, 0.325), scene.between(0.20, 0.255)
    bottom = scene.between(0.715, 0.74)
    top = bottom - tall
    heights = [top, top + tall * 0.35, top + tall * 0.72, bottom - 0.018, bottom]
    radii = {
        "round": [r, r * 0.98, r * 0.80, r * 0.50, r * 0.42],
        "straight": [r * 0.92, r * 0.91, r * 0.90, r * 0.86, r * 0.74],
        "angled": [r * 1.08, r * 0.84, r * 0.59, r * 0.39, r * 0.38],
    }[scene.silhouette]
    body = turned_body(0.5, heights, radii, 0.26)
    scene.stand(0.5, bottom + radii[-1] * 0.2, radii[-1] * 1.05, tall)
    scene.turn(body, gloss=0.15)
    hole = scene.open(body, scene.palette.ground, _glaze(scene), wall=0.012)
    well = scene.canvas.region(ellipse(0.515, top + r * 0.13, r * 0.62, r * 0.105))
    scene.canvas.cast(well.within(hole), (0.0, 0.0), 0.02, 0.16)


def jug(scene: Scene) -> None:
    """A pouring jug with a spout and a tall handle."""
    scene.room(scene.between(0.58, 0.68))
    r, tall = scene.between(0.17, 0.20), scene.between(0.48, 0.54)
    bottom, side = scene.between(0.82, 0.84), 1 if scene.chance(0.6) else -1
    cx = 0.5 - side * 0.03
    top = bottom - tall
    heights = [top, top + tall * 0.14, top + tall * 0.34, top + tall * 0.68, bottom - 0.025, bottom]
    radii = {
        "round": [r * 0.62, r * 0.52, r * 0.74, r * 1.18, r * 0.90, r * 0.72],
        "straight": [r * 0.80, r * 0.80, r * 0.82, r * 0.84, r * 0.85, r * 0.80],
        "angled": [r * 0.60, r * 0.58, r * 0.70, r * 0.94, r * 1.14, r * 1.10],
    }[scene.silhouette]
    body = turned_body(cx, heights, radii, _TILT)
    scene.stand(cx, bottom + radii[-1] * _TILT * 0.7, radii[-1], tall)
    _ear(scene, cx, side, (top + tall * 0.06, top + tall * 0.66), (radii[0], radii[3]), 0.115)
    scene.turn(body, gloss=0.14)
    _spout(scene, cx, -side, top, radii[0])
    scene.open(body, scene.palette.ground, _glaze(scene), wall=0.011)


def vase(scene: Scene) -> None:
    """A vase, in some pictures with dry stems in it."""
    scene.room(scene.between(0.62, 0.70))
    stems = scene.chance(0.55)
    r = scene.between(0.15, 0.185)
    tall = scene.between(0.36, 0.44) if stems else scene.between(0.46, 0.54)
    bottom = scene.between(0.81, 0.835)
    top = bottom - tall
    neck = scene.between(0.30, 0.42)
    heights = [top, top + tall * 0.12, top + tall * 0.30, top + tall * 0.62, bottom - tall * 0.08, bottom]
    radii = {
        "round": [r * neck * 1.25, r * neck, r * 0.72, r * 1.20, r * 0.82, r * 0.62],
        "straight": [r * 0.78, r * 0.76, r * 0.76, r * 0.76, r * 0.76, r * 0.72],
        "angled": [r * 1.12, r * 0.98, r * 0.78, r * 0.50, r * 0.78, r * 0.92],
    }[scene.silhouette]
    body = turned_body(0.5, heights, radii, _TILT * 0.85)
    scene.stand(0.5, bottom + radii[-1] * _TILT * 0.6, radii[-1], tall)
    if stems:
        _stems(scene, top, radii[0])
    scene.turn(body, gloss=0.12)
    scene.open(body, scene.palette.ground, scene.palette.deep, wall=0.010)
    if stems:
        _stems_front(scene, top, radii[0])


def plate(scene: Scene) -> None:
    """A plate seen from above: round, square or eight-sided."""
    scene.room(None)
    r = scene.between(0.335, 0.375)
    outer = _plate_edge(scene, r)
    centre = np.array([0.5, 0.5])
    rim = scene.canvas.region(outer)
    scene.canvas.cast(rim, (0.030, 0.040), 0.030, 0.42)
    scene.canvas.cast(rim, (0.008, 0.012), 0.010, 0.35)
    u, v = rim.x + 0 * rim.y, rim.y + 0 * rim.x
    border = scene.patterned and scene.chance(0.35)
    base = scene.palette.ground if border else scene.dress(u, v)
    scene.canvas.paint(rim, lit(base, puffed(rim, 0.018), 0.05), "body" if border else scene.surface)
    if border:
        band = scene.canvas.region(centre + (outer - centre) * 0.955, holes=[centre + (outer - centre) * 0.70])
        scene.canvas.paint(rim.within(band), scene.dress(u, v), "pattern")
    inner = centre + (outer - centre) * scene.between(0.66, 0.70)
    _well(scene, inner, centre)


def _plate_edge(scene: Scene, r: float) -> Outline:
    if scene.silhouette == "round":
        return ellipse(0.5, 0.5, r, r)
    if scene.silhouette == "straight":
        return box(0.5 - r * 0.9, 0.5 - r * 0.9, 0.5 + r * 0.9, 0.5 + r * 0.9, r * 0.3)
    corners = [(0.5 + r * 1.04 * math.cos(a), 0.5 + r * 1.04 * math.sin(a)) for a in _eighths()]
    return rounded(corners, r * 0.08)


def _eighths() -> list[float]:
    return [math.pi / 8 + step * math.pi / 4 for step in range(8)]


def _well(scene: Scene, inner: Outline, centre: Outline) -> None:
    """The shallow middle: shaded under its upper left edge, light at its lower right."""
    edge = scene.canvas.region(inner, holes=[centre + (inner - centre) * 0.975])
    across = (edge.x - 0.5) + (edge.y - 0.5) + 0 * edge.alpha
    scene.canvas.darken(edge.scaled(np.clip(-across * 3 + 0.2, 0, 1)), 0.30)
    scene.canvas.lighten(edge.scaled(np.clip(across * 3 + 0.2, 0, 1)), 0.40)
    bed = scene.canvas.region(inner)
    across = (bed.x - 0.5) + (bed.y - 0.5) + 0 * bed.alpha
    scene.canvas.darken(bed.scaled(np.clip(0.30 - across * 0.9, 0, 1)), 0.14)


def _ear(
    scene: Scene, cx: float, side: int, span: tuple[float, float], radii: tuple[float, float], reach: float
) -> None:
    """A handle from the upper to the lower of two heights."""
    high, low = span
    out = reach * scene.between(0.9, 1.12)
    points = [
        (cx + side * radii[0] * 0.92, high),
        (cx + side * (radii[0] + out * 0.78), high + (low - high) * 0.04),
        (cx + side * (max(radii) + out), high + (low - high) * 0.42),
        (cx + side * (radii[1] + out * 0.66), high + (low - high) * 0.84),
        (cx + side * radii[1] * 0.9, low),
    ]
    width = scene.between(0.030, 0.040)
    scene.solid(ribbon(smooth(points, closed=False), width), scene.palette.ground, "handle", width * 0.4, 0.12)


def _foot(scene: Scene, body: Turned, cx: float, bottom: float, r: float) -> None:
    if scene.chance(0.45):
        return
    line = np.concatenate(
        [
            arc(cx, bottom - 0.030, r * 1.2, r * 1.2 * _TILT, 180, 0),
            arc(cx, bottom + 0.02, r * 1.3, r * 1.3 * _TILT, 0, 180),
        ]
    )
    foot = body.region.within(scene.canvas.region(line))
    clay = mix(scene.neutral("linen", "ash"), scene.palette.ground, 0.15)
    scene.canvas.paint(foot, lit(clay, body.normals), "base")


def _spout(scene: Scene, cx: float, side: int, top: float, r: float) -> None:
    lip = smooth(
        [
            (cx + side * r * 0.55, top - 0.004),
            (cx + side * (r + 0.042), top - 0.028),
            (cx + side * (r + 0.020), top + 0.018),
            (cx + side * r * 0.93, top + 0.075),
            (cx + side * r * 0.60, top + 0.040),
        ]
    )
    scene.solid(lip, scene.palette.ground, "rim", 0.012, 0.1)


def _stems(scene: Scene, top: float, r: float) -> None:
    for _ in range(scene.rng.randint(3, 5)):
        _branch(scene, top + 0.02, r, scene.between(-0.16, 0.16), scene.between(0.20, min(0.30, top - 0.06)))


def _stems_front(scene: Scene, top: float, r: float) -> None:
    if scene.chance(0.5):
        _branch(scene, top + 0.012, r, scene.between(-0.1, 0.1), scene.between(0.16, min(0.24, top - 0.06)))


def _branch(scene: Scene, root: float, r: float, lean: float, tall: float) -> None:
    colour = scene.neutral("straw", "linen", "ash")
    x0 = 0.5 + lean * r * 1.6
    line = smooth([(x0, root), (x0 + lean * 0.35, root - tall * 0.5), (x0 + lean, root - tall)], closed=False)
    scene.canvas.paint(scene.canvas.region(ribbon(line, 0.006, 0.003)), mix(colour, scene.palette.deep, 0.2))
    for step in range(5, len(line), 3):
        x, y = line[step]
        side = 1 if step % 2 else -1
        size = 0.030 * (1.15 - 0.5 * step / len(line))
        leaf = smooth(
            [
                (x, y),
                (x + side * size * 0.7, y - size * 0.75),
                (x + side * size * 1.5, y - size * 0.9),
                (x + side * size * 0.95, y - size * 0.1),
            ]
        )
        scene.solid(leaf, colour, None, 0.006)


def _glaze(scene: Scene) -> Field:
    """The inside of a pot: cream, with a breath of the outside's colour."""
    return mix(scene.neutral("cream"), scene.palette.pale, 0.35)
