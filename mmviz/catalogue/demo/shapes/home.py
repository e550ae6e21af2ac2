"""What stands in a room: lamps, chairs, stools, cushions and rugs."""

from __future__ import annotations

import math

import numpy as np

from mmviz.catalogue.demo.canvas import Outline, Region
from mmviz.catalogue.demo.curves import arc, box, ellipse, polygon, ribbon, rounded, smooth
from mmviz.catalogue.demo.light import folded, puffed, turned_body
from mmviz.catalogue.demo.palettes import Field, mix
from mmviz.catalogue.demo.scene import Scene

__all__ = ["chair", "cushion", "lamp", "rug", "stool"]


def lamp(scene: Scene) -> None:
    """A table lamp, lit, with a domed, drum or conical shade."""
    scene.room(scene.between(0.66, 0.74))
    bottom, cx = scene.between(0.83, 0.86), 0.5
    r, tall = scene.between(0.205, 0.24), scene.between(0.22, 0.27)
    top = scene.between(0.14, 0.18)
    low = top + tall
    heights = [top, top + tall * 0.25, top + tall * 0.6, low]
    radii = {
        "round": [r * 0.30, r * 0.70, r * 0.97, r * 1.04],
        "straight": [r * 0.86, r * 0.88, r * 0.90, r * 0.92],
        "angled": [r * 0.34, r * 0.54, r * 0.82, r * 1.14],
    }[scene.silhouette]
    scene.stand(cx, bottom, 0.11, 0.35)
    scene.canvas.glow((cx, low - 0.02), (0.42, 0.30), -0.22)
    _lamp_foot(scene, cx, low, bottom)
    scene.canvas.glow((cx, low + 0.05), (0.10, 0.06), -0.25)
    shade = turned_body(cx, heights, radii, 0.12)
    scene.turn(shade, gloss=0.0, depth=0.55)
    warm = np.exp(-np.square((shade.region.y - low + 0.04) / 0.15) - np.square((shade.region.x - cx) / 0.16))
    scene.canvas.lighten(shade.region.scaled(warm.astype(np.float32)), 0.24)
    if scene.silhouette != "round":
        scene.open(shade, scene.palette.ground, mix(scene.palette.pale, scene.neutral("straw"), 0.3), wall=0.008)
    else:
        knob = scene.neutral("brass", "oak")
        scene.solid(ellipse(cx, top - 0.012, 0.014, 0.016), knob, None, 0.006, 0.3)


def _lamp_foot(scene: Scene, cx: float, low: float, bottom: float) -> None:
    colour = scene.neutral("oak", "walnut", "brass", "iron", "cream")
    start, r = low - 0.04, scene.between(0.078, 0.098)
    tall = bottom - start
    steps = [start, start + tall * 0.22, start + tall * 0.50, start + tall * 0.78, bottom - 0.018, bottom]
    radii = scene.rng.choice(
        (
            [0.016, 0.016, 0.016, 0.018, r * 1.1, r * 1.15],
            [0.018, 0.030, r * 0.95, r * 0.92, r * 0.62, r * 0.66],
            [0.020, 0.036, 0.050, 0.066, r * 0.98, r],
        )
    )
    scene.turn_plain(turned_body(cx, steps, radii, 0.16, mouth=False), colour, "base", 0.2)


def chair(scene: Scene) -> None:
    """An upholstered chair with wooden legs and a round, square or tapering back."""
    scene.room(scene.between(0.60, 0.68))
    wood = scene.neutral("oak", "walnut", "ash", "iron")
    half, seat = scene.between(0.185, 0.215), scene.between(0.575, 0.605)
    floor = scene.between(0.875, 0.90)
    for x in (0.5 - half, 0.5 + half):
        scene.canvas.glow((x + 0.02, floor), (0.06, 0.012), 0.32)
    scene.canvas.glow((0.53, floor - 0.035), (half * 1.3, 0.035), 0.26)
    _legs(
        scene,
        mix(wood, np.zeros(3, np.float32), 0.22),
        (half * 0.72, half * 0.82),
        (seat, floor - 0.055),
        0.020,
    )
    _chair_back(scene, half, seat, wood)
    _legs(scene, wood, (half * 0.84, half * 1.04), (seat + 0.04, floor), 0.026)
    _seat(scene, half, seat)


def _chair_back(scene: Scene, half: float, seat: float, wood: Field) -> None:
    top = scene.between(0.135, 0.175)
    for side in (-1, 1):
        post = polygon([(0.5 + side * half * 0.62, seat), (0.5 + side * half * 0.62, top + 0.2)])
        scene.solid(ribbon(post, 0.024), mix(wood, np.zeros(3, np.float32), 0.12), "legs", 0.009)
    low = seat - scene.between(0.035, 0.075)
    middle = (top + low) / 2
    outline = {
        "round": ellipse(0.5, middle, half * 1.12, (low - top) / 2 + 0.012),
        "straight": box(0.5 - half * 1.02, top, 0.5 + half * 1.02, low, 0.05),
        "angled": rounded(
            [
                (0.5 - half * 0.62, top),
                (0.5 + half * 0.62, top),
                (0.5 + half * 1.22, low),
                (0.5 - half * 1.22, low),
            ],
            0.045,
        ),
    }[scene.silhouette]
    back = scene.canvas.region(outline)
    scene.canvas.cast(back, (0.030, 0.030), 0.035, 0.16)
    scene.cloth(back, back.x + 0 * back.y, back.y + 0 * back.x, puffed(back, 0.030))


def _seat(scene: Scene, half: float, seat: float) -> None:
    deep = scene.between(0.085, 0.10)
    front = half * 1.12
    outline = rounded(
        [(0.5 - half * 0.88, seat - 0.015), (0.5 + half * 0.88, seat - 0.015),
         (0.5 + front, seat + deep), (0.5 - front, seat + deep)],
        0.045,
    )  # fmt: skip
    under = scene.canvas.region(outline + np.array([0.0, 0.020]))
    scene.canvas.paint(under, scene.palette.deep * np.float32(0.8), "body")
    pad = scene.canvas.region(outline)
    depth = (pad.y - seat) / np.float32(deep)
    u = (pad.x - 0.5) / (0.88 + 0.24 * depth) + 0 * depth
    scene.cloth(pad, u.astype(np.float32), (pad.y * 1.9 + 0 * pad.x).astype(np.float32), puffed(pad, 0.022))
    scene.canvas.lighten(pad.scaled(np.clip(1 - np.abs(depth - 0.35) * 2, 0, 1) + 0 * pad.x), 0.10)


def _legs(scene: Scene, wood: Field, spread: tuple[float, float], span: tuple[float, float], width: float) -> None:
    for side in (-1, 1):
        leg = polygon([(0.5 + side * spread[0], span[0]), (0.5 + side * spread[1], span[1])])
        scene.solid(ribbon(leg, width, width * 0.62), wood, "legs", width * 0.38, 0.1)


def stool(scene: Scene) -> None:
    """A padded stool on splayed legs, its seat round, square or six-sided."""
    scene.room(scene.between(0.56, 0.64))
    wood = scene.neutral("oak", "walnut", "ash", "iron")
    half, seat, floor = scene.between(0.205, 0.235), scene.between(0.385, 0.43), scene.between(0.83, 0.86)
    scene.canvas.glow((0.53, floor - 0.03), (half * 1.4, 0.045), 0.30)
    for x in (0.5 - half * 1.0, 0.5 + half * 1.0):
        scene.canvas.glow((x + 0.02, floor), (0.06, 0.012), 0.32)
    _legs(
        scene,
        mix(wood, np.zeros(3, np.float32), 0.25),
        (half * 0.45, half * 0.55),
        (seat, floor - 0.06),
        0.022,
    )
    rail = arc(0.5, floor - 0.17, half * 0.72, 0.022, 0, 180)
    scene.solid(ribbon(rail, 0.016), mix(wood, np.zeros(3, np.float32), 0.10), "legs", 0.006)
    _legs(scene, wood, (half * 0.72, half * 1.02), (seat + 0.03, floor), 0.030)
    top = _stool_top(scene, half, seat)
    thick = scene.between(0.055, 0.085)
    side = scene.canvas.region(top, top + np.array([0.0, thick]), _hull(top, thick))
    u = (np.arcsin(np.clip((side.x - 0.5) / (half * 1.08), -1, 1)) * half + 0 * side.y).astype(np.float32)
    scene.cloth(side, u, side.y + 0 * u, _drum(side, half))
    pad = scene.canvas.region(top)
    v = (seat + (pad.y - seat) * 3.2 + 0 * pad.x).astype(np.float32)
    scene.cloth(pad, pad.x + 0 * v, v, puffed(pad, 0.03))
    scene.canvas.lighten(pad, 0.10)


def _stool_top(scene: Scene, half: float, seat: float) -> Outline:
    flat = 0.30
    if scene.silhouette == "round":
        return ellipse(0.5, seat, half, half * flat)
    if scene.silhouette == "straight":
        near, far = half * 1.06, half * 0.86
        return rounded(
            [(0.5 - far, seat - half * flat), (0.5 + far, seat - half * flat), (0.5 + near, seat + half * flat),
             (0.5 - near, seat + half * flat)],
            0.02,
        )  # fmt: skip
    corners = [math.radians(60 * step) for step in range(6)]
    return rounded([(0.5 + half * 1.08 * math.cos(a), seat + half * flat * 1.1 * math.sin(a)) for a in corners], 0.015)


def _hull(top: Outline, thick: float) -> Outline:
    """The band that joins an outline with itself moved down."""
    left, right = top[top[:, 0].argmin()], top[top[:, 0].argmax()]
    return polygon([tuple(left), tuple(right), (right[0], right[1] + thick), (left[0], left[1] + thick)])


def _drum(region: Region, half: float) -> tuple[Field, Field, Field]:
    nx = np.clip((region.x - 0.5) / (half * 1.1), -1, 1) + 0 * region.y
    nz = np.sqrt(1 - nx * nx)
    return nx.astype(np.float32), np.full(nx.shape, 0.15, dtype=np.float32), nz.astype(np.float32)


def cushion(scene: Scene) -> None:
    """A plump cushion that leans on the wall: round, square or six-sided."""
    floor = scene.between(0.76, 0.80)
    scene.room(floor - 0.10)
    r = scene.between(0.285, 0.315)
    cy = floor - r * 0.93
    outline = _cushion_edge(scene, r, cy)
    scene.stand(0.5, floor + 0.012, r * 0.86, 0.34)
    pillow = scene.canvas.region(outline)
    scene.canvas.cast(pillow, (0.035, 0.020), 0.035, 0.26)
    if scene.chance(0.5):
        edge = mix(scene.palette.motif if scene.chance(0.4) else scene.palette.deep, scene.palette.ground, 0.2)
        centre = np.array([0.5, cy])
        scene.solid(centre + (outline - centre) * (1 + 0.010 / r), edge, "body", 0.005)
    x, y = pillow.x - 0.5, pillow.y - cy
    bulge = 1 + 0.55 * (np.square(x) + np.square(y)) / (r * r) * 0.35
    u, v = (x * bulge).astype(np.float32), (y * bulge).astype(np.float32)
    nx, ny, nz = puffed(pillow, 0.085)
    fx, fy, _ = folded(pillow, scene.rng.randrange(1 << 20), 0.12, 0.55, stretch=1.2)
    if scene.silhouette == "round":
        px, py = _pleats(scene, x, y, r)
        fx, fy = fx + px, fy + py
    scene.cloth(pillow, u, v, (nx + 0.5 * fx, ny + 0.5 * fy, nz), 0.95)
    if scene.silhouette == "round":
        scene.canvas.glow((0.5, cy), (0.050, 0.045), 0.30)
        scene.solid(ellipse(0.5, cy, 0.022, 0.021), mix(scene.palette.ground, scene.palette.deep, 0.5), "body", 0.01)


def _pleats(scene: Scene, x: Field, y: Field, r: float) -> tuple[Field, Field]:
    """Slopes of the gathers that run from the button in the middle to the edge."""
    count, start = scene.rng.randint(9, 13), scene.between(0, 6)
    distance, angle = np.hypot(x, y), np.arctan2(y, x)
    depth = np.exp(-distance / (0.55 * r)) * np.clip(distance / 0.03, 0, 1) * np.sin(count * angle + start)
    return (-np.sin(angle) * depth * 0.9).astype(np.float32), (np.cos(angle) * depth * 0.9).astype(np.float32)


def _cushion_edge(scene: Scene, r: float, cy: float) -> Outline:
    if scene.silhouette == "round":
        lobes = scene.rng.choice((2, 3, 5))
        bumps = [0.5 + 0.5 * math.cos(step * math.pi / 8 * lobes) for step in range(16)]
        ring = [(r * (1.0 + 0.018 * bump), step * math.pi / 8) for step, bump in enumerate(bumps)]
        return smooth([(0.5 + reach * math.cos(a), cy + reach * 0.97 * math.sin(a)) for reach, a in ring])
    corners = 4 if scene.silhouette == "straight" else 6
    start = math.pi / 4 if corners == 4 else 0.0
    reach = r * (1.30 if corners == 4 else 1.12)
    tips = [start + step * 2 * math.pi / corners for step in range(corners)]
    points = []
    pinch = 0.93 if corners == 4 else 0.97
    for angle in tips:
        middle = angle + math.pi / corners
        flat = math.cos(math.pi / corners) * reach * pinch
        points.append((0.5 + reach * math.cos(angle), cy + reach * math.sin(angle) * 0.97))
        points.append((0.5 + flat * 1.06 * math.cos(middle), cy + flat * 1.06 * math.sin(middle) * 0.97))
    return smooth(points, n=10)


def rug(scene: Scene) -> None:
    """A rug on the floor of a room: round, oblong or six-sided."""
    scene.room(scene.between(0.30, 0.36))
    eye = -0.16
    outline = _rug_edge(scene)
    floor = np.stack([0.5 + outline[:, 0] / outline[:, 1], eye + 0.78 / outline[:, 1]], axis=1)
    mat = scene.canvas.region(floor)
    scene.canvas.cast(mat, (0.010, 0.012), 0.014, 0.40)
    if scene.silhouette == "straight":
        _fringe(scene, floor)
    thick = scene.canvas.region(floor + np.array([0.0, 0.010]))
    scene.canvas.paint(thick, scene.palette.deep * np.float32(0.85), "body")
    depth = np.float32(0.78) / (mat.y - np.float32(eye))
    u, v = ((mat.x - 0.5) * depth * 0.62).astype(np.float32), (depth * 0.62 + 0 * mat.x).astype(np.float32)
    pile = folded(mat, scene.rng.randrange(1 << 20), 0.05, 0.10, stretch=0.6)
    scene.cloth(mat, u, v, pile, 0.8)
    if scene.chance(0.6):
        inner = floor.mean(axis=0) + (floor - floor.mean(axis=0)) * 0.90
        border = scene.canvas.region(floor, holes=[inner])
        scene.canvas.paint(border.scaled(0.9), scene.palette.motif if scene.patterned else scene.palette.deep, "body")


def _rug_edge(scene: Scene) -> Outline:
    """The rug's edge on the floor: across, and distance from the eye."""
    wide, deep, middle = scene.between(0.30, 0.325), scene.between(0.24, 0.27), 0.99
    if scene.silhouette == "round":
        return ellipse(0.0, middle, wide, deep)
    if scene.silhouette == "straight":
        return polygon([(-wide, middle + deep), (wide, middle + deep), (wide, middle - deep), (-wide, middle - deep)])
    tips = [math.radians(60 * step) for step in range(6)]
    return polygon([(wide * 1.1 * math.cos(a), middle + deep * 1.12 * math.sin(a)) for a in tips])


def _fringe(scene: Scene, floor: Outline) -> None:
    colour = scene.neutral("cream", "linen")
    (far_left, far_right, near_right, near_left) = floor
    for start, end in ((far_left, near_left), (far_right, near_right)):
        side = -1 if start[0] < 0.5 else 1
        for t in np.linspace(0.02, 0.98, 22):
            x, y = start + (end - start) * t
            tuft = polygon([(x, y), (x + side * (0.018 + 0.014 * t), y + 0.005)])
            scene.canvas.paint(scene.canvas.region(ribbon(tuft, 0.007)), colour, "fringe")
