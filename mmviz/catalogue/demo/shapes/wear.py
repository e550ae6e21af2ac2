"""What one wears and carries: shirts, bags and scarves, hung on a wall."""

from __future__ import annotations

import numpy as np

from mmviz.catalogue.demo.canvas import Outline, Region
from mmviz.catalogue.demo.curves import arc, box, ellipse, mirrored, polygon, ribbon, rounded, smooth
from mmviz.catalogue.demo.light import Normals, folded, lit, puffed
from mmviz.catalogue.demo.palettes import Field, mix
from mmviz.catalogue.demo.scene import Scene

__all__ = ["bag", "scarf", "shirt"]


def shirt(scene: Scene) -> None:
    """A shirt on a hanger with a round, straight or V-shaped neck."""
    scene.room(None)
    half, hem = scene.between(0.205, 0.235), scene.between(0.82, 0.87)
    shoulder, neck = scene.between(0.235, 0.255), scene.between(0.074, 0.088)
    body = _torso(scene, half, hem, shoulder, neck)
    long = scene.chance(0.45)
    sleeve = _sleeve(scene, half, shoulder, long)
    whole = scene.canvas.region(body, sleeve, mirrored(sleeve, 0.5))
    scene.canvas.cast(whole, (0.030, 0.034), 0.030, 0.34)
    _hanger(scene, shoulder)
    lining = scene.canvas.region(_throat(scene, shoulder, neck))
    scene.canvas.paint(lining, scene.palette.deep * np.float32(0.85), "collar")
    lean = 68.0 if long else 40.0
    for outline, turn in ((sleeve, lean), (mirrored(sleeve, 0.5), -lean)):
        _sleeve_cloth(scene, outline, turn)
    front = scene.canvas.region(body)
    scene.canvas.cast(front, (0.0, 0.0), 0.012, 0.14)
    scene.cloth(front, front.x + 0 * front.y, front.y + 0 * front.x, _drape(scene, front, 0.10))
    _neckband(scene, shoulder, neck)


def _torso(scene: Scene, half: float, hem: float, shoulder: float, neck: float) -> Outline:
    flare = scene.between(0.96, 1.08)
    throat = _throat(scene, shoulder, neck)
    right = smooth(
        [(0.5 + half * 0.99, shoulder + 0.030), (0.5 + half * 0.97, shoulder + 0.20),
         (0.5 + half * 0.97, (shoulder + hem) / 2 + 0.06), (0.5 + half * flare, hem)],
        closed=False,
    )  # fmt: skip
    bottom = arc(0.5, hem - 0.004, half * flare, 0.014, 0, 180, 24)
    left = mirrored(right, 0.5)
    return np.concatenate([throat, right, bottom, left])


def _throat(scene: Scene, shoulder: float, neck: float) -> Outline:
    """The edge of the neck's opening, from left to right."""
    if scene.silhouette == "angled":
        return polygon([(0.5 - neck, shoulder - 0.022), (0.5, shoulder + 0.135), (0.5 + neck, shoulder - 0.022)])
    wide, dip = (neck * 1.34, 0.036) if scene.silhouette == "straight" else (neck, 0.086)
    return arc(0.5, shoulder - 0.022, wide, dip, 180, 0)


def _sleeve(scene: Scene, half: float, shoulder: float, long: bool) -> Outline:
    outer = 0.5 + half * 0.92
    if long:
        end = scene.between(0.70, 0.76)
        points = [(outer - 0.02, shoulder + 0.012), (outer + 0.058, shoulder + 0.07), (outer + 0.105, shoulder + 0.25),
                  (outer + 0.118, end), (outer + 0.045, end + 0.006), (outer + 0.018, shoulder + 0.29),
                  (outer - 0.02, shoulder + 0.20)]  # fmt: skip
    else:
        points = [(outer - 0.02, shoulder + 0.012), (outer + 0.062, shoulder + 0.06), (outer + 0.128, shoulder + 0.175),
                  (outer + 0.042, shoulder + 0.232), (outer - 0.02, shoulder + 0.19)]  # fmt: skip
    return rounded(points, 0.03)


def _sleeve_cloth(scene: Scene, outline: Outline, degrees: float) -> None:
    region = scene.canvas.region(outline)
    angle = np.radians(degrees)
    x, y = region.x - 0.5, region.y - 0.3
    u, v = np.cos(angle) * x + np.sin(angle) * y, np.cos(angle) * y - np.sin(angle) * x
    nx, ny, nz = puffed(region, 0.022)
    fx, fy, _ = folded(region, scene.rng.randrange(1 << 20), 0.05, 0.6)
    colour = lit(scene.dress(u.astype(np.float32), v.astype(np.float32)), (nx + 0.4 * fx, ny + 0.4 * fy, nz))
    scene.canvas.paint(region, colour, "sleeves")


def _drape(scene: Scene, region: Region, size: float) -> Normals:
    """Normals of cloth that hangs: soft long folds, and an edge that turns away."""
    nx, ny, nz = puffed(region, 0.022)
    fx, fy, _ = folded(region, scene.rng.randrange(1 << 20), size, 0.75, stretch=3.5)
    return nx + 0.55 * fx, ny + 0.4 * fy, nz


def _neckband(scene: Scene, shoulder: float, neck: float) -> None:
    colour = scene.palette.ground if scene.chance(0.6) else scene.palette.deep
    line = _throat(scene, shoulder, neck)
    for part in (line[:2], line[1:]) if scene.silhouette == "angled" else (line,):
        scene.solid(ribbon(part, 0.022), colour, "collar", 0.009)


def _hanger(scene: Scene, shoulder: float) -> None:
    wood, metal = scene.neutral("oak", "walnut", "ash"), scene.neutral("brass", "iron")
    hook = np.concatenate([arc(0.5, shoulder - 0.118, 0.026, 0.026, 150, 430, 30), [[0.5, shoulder - 0.04]]])
    scene.canvas.paint(scene.canvas.region(ribbon(hook, 0.008)), metal)
    arms = smooth([(0.40, shoulder + 0.02), (0.5, shoulder - 0.044), (0.60, shoulder + 0.02)], closed=False)
    scene.solid(ribbon(arms, 0.022), wood, None, 0.008)


def bag(scene: Scene) -> None:
    """A bag that hangs from a peg: half-moon, square or tapering."""
    scene.room(None)
    half, top = scene.between(0.235, 0.265), scene.between(0.415, 0.45)
    low = scene.between(0.83, 0.87)
    outline = _bag_edge(scene, half, top, low)
    peg = (0.5, scene.between(0.10, 0.14))
    leather = scene.palette.ground if scene.chance(0.45) else scene.neutral("oak", "walnut", "iron", "linen")
    spread = half * scene.between(0.42, 0.55)
    pouch = scene.canvas.region(outline)
    scene.canvas.cast(pouch, (0.032, 0.036), 0.030, 0.36)
    _strap(scene, peg, spread * 0.9, top + 0.05, mix(leather, np.zeros(3, np.float32), 0.22))
    _peg(scene, peg)
    lining = scene.canvas.region(ellipse(0.5, top + 0.008, half * 0.9, 0.024))
    scene.canvas.paint(lining.within(pouch), scene.palette.deep * np.float32(0.7), "body")
    nx, ny, nz = puffed(pouch, 0.040)
    fx, fy, _ = folded(pouch, scene.rng.randrange(1 << 20), 0.11, 0.7, stretch=2.0)
    scene.cloth(pouch, pouch.x + 0 * pouch.y, pouch.y + 0 * pouch.x, (nx + 0.5 * fx, ny + 0.5 * fy, nz))
    if scene.silhouette != "round":
        seam = polygon([(0.5 - half * 0.93, top + 0.036), (0.5 + half * 0.93, top + 0.036)])
        scene.canvas.darken(scene.canvas.region(ribbon(seam, 0.004)).within(pouch), 0.30)
    _strap(scene, (peg[0], peg[1] + 0.012), spread, top + 0.085, leather)


def _bag_edge(scene: Scene, half: float, top: float, low: float) -> Outline:
    if scene.silhouette == "straight":
        return box(0.5 - half * 0.98, top, 0.5 + half * 0.98, low, 0.035)
    if scene.silhouette == "angled":
        return rounded(
            [
                (0.5 - half * 1.16, top),
                (0.5 + half * 1.16, top),
                (0.5 + half * 0.68, low),
                (0.5 - half * 0.68, low),
            ],
            0.045,
        )
    rim = smooth(
        [(0.5 - half * 1.16, top - 0.01), (0.5 - half * 0.5, top + 0.035), (0.5, top + 0.045),
         (0.5 + half * 0.5, top + 0.035), (0.5 + half * 1.16, top - 0.01)],
        closed=False,
    )  # fmt: skip
    return np.concatenate([rim, arc(0.5, top, half * 1.2, (low - top) * 0.98, 0, 180)])


def _strap(scene: Scene, peg: tuple[float, float], spread: float, end: float, colour: Field) -> None:
    line = smooth(
        [(0.5 - spread, end), (0.5 - spread * 0.92, end - 0.13), (peg[0] - 0.028, peg[1] + 0.04), (peg[0], peg[1]),
         (peg[0] + 0.028, peg[1] + 0.04), (0.5 + spread * 0.92, end - 0.13), (0.5 + spread, end)],
        closed=False,
    )  # fmt: skip
    scene.solid(ribbon(line, 0.024), colour, "handle", 0.010)


def _peg(scene: Scene, peg: tuple[float, float]) -> None:
    wood = scene.neutral("oak", "walnut", "ash", "brass")
    knob = scene.canvas.region(ellipse(peg[0], peg[1], 0.022, 0.022))
    scene.canvas.cast(knob, (0.012, 0.016), 0.010, 0.4)
    scene.solid(ellipse(peg[0], peg[1], 0.022, 0.022), wood, None, 0.010, 0.2)


def scarf(scene: Scene) -> None:
    """A scarf on a peg: a loop, two long ends, or a three-cornered kerchief."""
    scene.room(None)
    peg = (0.5, scene.between(0.11, 0.14))
    {"round": _loop, "straight": _tails, "angled": _kerchief}[scene.silhouette](scene, peg)


def _loop(scene: Scene, peg: tuple[float, float]) -> None:
    """A wide loop over the peg: its far side behind, its near side in front, both in long folds."""
    wide, low = scene.between(0.175, 0.205), scene.between(0.80, 0.86)
    for lift, side, dark in ((0.055, 0.05, 0.34), (0.0, -0.02, 0.0)):
        end, centre = low - lift, 0.5 + side
        edge = smooth([(centre - 0.045, peg[1]), (centre + 0.045, peg[1]), (centre + wide * 0.72, peg[1] + 0.17),
                       (centre + wide, 0.52), (centre + wide * 0.80, end - 0.07), (centre, end),
                       (centre - wide * 0.80, end - 0.07), (centre - wide, 0.52),
                       (centre - wide * 0.72, peg[1] + 0.17)])  # fmt: skip
        gap = smooth(
            [
                (centre, peg[1] + 0.10),
                (centre + wide * 0.26, 0.40),
                (centre + wide * 0.20, end - 0.30),
                (centre, end - 0.24),
                (centre - wide * 0.20, end - 0.30),
                (centre - wide * 0.26, 0.40),
            ]
        )
        band = scene.canvas.region(edge, holes=[gap])
        scene.canvas.cast(band, (0.024, 0.030), 0.024, 0.36)
        x, y = band.x - centre, band.y - (peg[1] + end - 0.10) / 2
        ring = np.hypot(x / wide, y / ((end - peg[1]) / 2))
        swing = np.sin(ring * scene.between(21, 26) + 1.2 * np.sin(3 * np.arctan2(y, x) + scene.between(0, 6)))
        nx, ny, nz = puffed(band, 0.022)
        slope = 0.42 * swing / np.maximum(np.hypot(x, y), 0.05)
        fold = (nx + slope * x, ny + slope * y * 0.6, nz)
        v = (band.y + np.square(x) * 1.6).astype(np.float32)
        scene.cloth(band, (x + 0 * v).astype(np.float32), v, fold)
        scene.canvas.darken(band, dark)
    _peg(scene, (0.48, peg[1] + 0.052))


def _tails(scene: Scene, peg: tuple[float, float]) -> None:
    wide = scene.between(0.085, 0.105)
    ends = (scene.between(0.70, 0.78), scene.between(0.80, 0.88))
    if scene.chance(0.5):
        ends = (ends[1], ends[0])
    for side, low in ((1, ends[0]), (-1, ends[1])):
        edge = rounded([(0.5 - side * 0.022, peg[1] - 0.015), (0.5 + side * 0.05, peg[1] - 0.012),
                        (0.5 + side * (wide + 0.045), peg[1] + 0.14), (0.5 + side * (wide + 0.062), low),
                        (0.5 - side * 0.022 + side * 0.012, low), (0.5 - side * 0.018, peg[1] + 0.2)],
                       0.025)  # fmt: skip
        tail = scene.canvas.region(edge)
        scene.canvas.cast(tail, (0.024, 0.030), 0.024, 0.34)
        _tassels(scene, 0.5 - side * 0.010, 0.5 + side * (wide + 0.058), low)
        x = (tail.x - 0.5) / (0.65 + 0.6 * np.clip((tail.y - peg[1]) / 0.25, 0, 1))
        nx, ny, nz = puffed(tail, 0.018)
        fx, _, _ = folded(tail, scene.rng.randrange(1 << 20), 0.032, 0.9, stretch=7.0)
        scene.cloth(tail, x.astype(np.float32), tail.y + 0 * tail.x + side * 0.02, (nx + 0.6 * fx, ny, nz), 1.1)
    _peg(scene, (peg[0], peg[1] + 0.004))


def _tassels(scene: Scene, left: float, right: float, low: float) -> None:
    colour = mix(scene.palette.ground, scene.palette.motif, 0.15)
    for t in np.linspace(0.06, 0.94, 9):
        x = left + (right - left) * t
        tuft = polygon([(x, low - 0.01), (x + scene.between(-0.004, 0.004), low + 0.045)])
        scene.solid(ribbon(tuft, 0.010, 0.006), colour, "fringe", 0.004)


def _kerchief(scene: Scene, peg: tuple[float, float]) -> None:
    """A three-cornered cloth, gathered at the peg."""
    half, low, top = scene.between(0.31, 0.35), scene.between(0.82, 0.88), peg[1] + 0.015
    wing = top + scene.between(0.27, 0.33)
    edge = np.concatenate(
        [
            smooth([(0.5 - half, wing), (0.5 - half * 0.55, top + 0.115), (0.5 - 0.030, top)], closed=False),
            smooth([(0.5 + 0.030, top), (0.5 + half * 0.55, top + 0.115), (0.5 + half, wing)], closed=False),
            smooth([(0.5 + half, wing), (0.5 + half * 0.52, wing + 0.17), (0.5, low), (0.5 - half * 0.52, wing + 0.17),
                    (0.5 - half, wing)], closed=False),
        ]
    )  # fmt: skip
    cloth = scene.canvas.region(edge)
    scene.canvas.cast(cloth, (0.026, 0.032), 0.026, 0.36)
    x, y = cloth.x - 0.5, cloth.y - (top - 0.06)
    angle, distance = np.arctan2(x, y), np.hypot(x, y)
    wave = np.sin(angle * scene.between(9, 12) + scene.between(0, 6)) * np.clip(1.15 - distance * 1.1, 0, 1)
    nx, ny, nz = puffed(cloth, 0.012)
    fx, fy, _ = folded(cloth, scene.rng.randrange(1 << 20), 0.09, 0.4)
    fold = (nx + 0.38 * wave * np.cos(angle) + 0.3 * fx, ny - 0.38 * wave * np.sin(angle) + 0.3 * fy, nz)
    scene.cloth(cloth, cloth.x + 0 * cloth.y, cloth.y + 0 * cloth.x, fold)
    centre = np.array([0.5, (wing + low) / 2 - 0.07])
    hem = scene.canvas.region(centre + (edge - centre) * 0.93, holes=[centre + (edge - centre) * 0.90])
    scene.canvas.paint(hem.within(cloth).scaled(0.85), scene.palette.motif, None)
    _peg(scene, (peg[0], peg[1] + 0.02))
