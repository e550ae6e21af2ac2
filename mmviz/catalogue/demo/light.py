"""One lamp for the whole shop: it hangs up left in front of the thing, and shadows fall softly down right.

Normals are (nx, ny, nz) with x to the right, y down and z towards the eye.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter1d

from mmviz.catalogue.demo.canvas import WORK, Canvas, Outline, Region, blurred
from mmviz.catalogue.demo.curves import profile
from mmviz.catalogue.demo.palettes import Field

__all__ = ["Normals", "Turned", "folded", "lit", "puffed", "turned_body"]

Normals = tuple[Field, Field, Field]

_LIGHT = np.array([-0.46, -0.56, 0.69])
_LIGHT = (_LIGHT / np.linalg.norm(_LIGHT)).astype(np.float32)
_HALF = _LIGHT + np.array([0, 0, 1], dtype=np.float32)
_HALF = (_HALF / np.linalg.norm(_HALF)).astype(np.float32)


def lit(colour: Field, normals: Normals, gloss: float = 0.0, depth: float = 1.0) -> Field:
    """Light a surface: wrapped Lambert shading, warm in the shadows, and a broad highlight.

    `colour` is (3,) or (3, h, w), `gloss` the strength of the highlight and `depth` that of the shading; the
    result is (3, h, w).
    """
    nx, ny, nz = normals
    toward = nx * _LIGHT[0] + ny * _LIGHT[1] + nz * _LIGHT[2]  # (h, w)
    turn = toward - _LIGHT[2]
    gain = 1 + np.float32(depth) * (np.float32(0.40) * turn - np.float32(0.16) * turn * turn)
    gain = np.clip(gain + np.float32(0.05) * np.maximum(ny, 0), 0.30, 1.25)  # light that the floor gives back
    warm = np.float32(1) - gain  # shadows keep more red and less blue
    shaded = colour.reshape(3, *colour.shape[1:] or (1, 1)) * np.stack(
        [gain + np.float32(0.08) * warm * gain, gain, gain - np.float32(0.06) * warm * gain]
    )
    if gloss > 0:
        mirror = np.clip(nx * _HALF[0] + ny * _HALF[1] + nz * _HALF[2], 0, 1)
        for _ in range(4):
            mirror = mirror * mirror  # to the 16th
        shaded += np.float32(gloss) * mirror * (1 - shaded)
    return np.asarray(shaded, dtype=np.float32)


@dataclass(frozen=True)
class Turned:
    """A body of revolution as the eye sees it from slightly above.

    `around` (radians, 0 = front) and `height` say for each pixel of the window which point of the body it shows;
    `outline` is the whole silhouette, `mouth` the ellipse of its upper end.
    """

    region: Region
    around: Field
    height: Field
    normals: Normals
    mouth: Outline
    reach: float


def turned_body(cx: float, heights: list[float], radii: list[float], tilt: float = 0.2, mouth: bool = True) -> Turned:
    """A turned body around x = `cx` whose radius is given at some heights (y positions, top first).

    A ring of radius r is seen as an ellipse of half-height `tilt`·r. With `mouth` the upper end is open.
    """
    top, bottom = heights[0], heights[-1]
    y = np.linspace(top, bottom, 80)
    r = gaussian_filter1d(profile(heights, radii, y), 2.5, mode="nearest")
    angle = np.linspace(0, np.pi, 48)
    front = np.stack([cx + r[-1] * np.cos(angle), bottom + tilt * r[-1] * np.sin(angle)], axis=1)
    back = np.stack([cx - r[0] * np.cos(angle), top - tilt * r[0] * np.sin(angle)], axis=1)
    right = np.stack([cx + r, y], axis=1)
    left = np.stack([cx - r, y], axis=1)[::-1]
    region = Canvas.region(np.concatenate([right, front, left, back]))
    ring = np.linspace(0, 2 * np.pi, 96, endpoint=False)
    rim = np.stack([cx + r[0] * np.cos(ring), top + tilt * r[0] * np.sin(ring)], axis=1)
    around, height, normals = _surface(region, cx, y, r, tilt)
    return Turned(region, around, height, normals, rim if mouth else rim[:0], float(r.max()))


def _surface(region: Region, cx: float, y: Outline, r: Outline, tilt: float) -> tuple[Field, Field, Normals]:
    x = (region.x - np.float32(cx)).astype(np.float32)  # (1, w)
    table, radius = y.astype(np.float32), r.astype(np.float32)
    slope = np.gradient(radius, table).astype(np.float32)
    height = np.broadcast_to(region.y, region.alpha.shape).astype(np.float32)
    sine = np.zeros_like(height)
    for _ in range(3):
        here = _looked_up(height, table, radius)
        sine = np.clip(x / here, -0.999, 0.999)
        height = np.clip(region.y - np.float32(tilt) * here * np.sqrt(1 - sine * sine), y[0], y[-1])
        height = height.astype(np.float32)
    cosine = np.sqrt(1 - sine * sine)
    # a widening radius (dr/dy > 0) turns the surface up, that is towards negative y
    lean = -_looked_up(height, table, slope)
    size = 1 / np.sqrt(1 + lean * lean)
    return np.arcsin(sine), height, (sine * size, lean * size, cosine * size)


def _looked_up(at: Field, table: Field, values: Field) -> Field:
    """Linear interpolation in an evenly spaced table, a good deal faster than `np.interp`."""
    place = (at - table[0]) * np.float32((len(table) - 1) / (table[-1] - table[0]))
    low = np.minimum(place.astype(np.int32), len(table) - 2)
    share = place - low
    return np.asarray(values[low] * (1 - share) + values[low + 1] * share, dtype=np.float32)


def puffed(region: Region, roundness: float, strength: float = 1.0) -> Normals:
    """Normals of a padded thing: its edge falls off within about `roundness` (fraction of the picture)."""
    height, width = region.alpha.shape
    sigma = roundness * WORK
    margin = round(sigma * 2)
    swell = blurred(np.pad(region.alpha, margin), sigma)
    inner = swell[margin : margin + height, margin : margin + width]
    relief = np.sqrt(np.clip(2 * inner - 1, 0, 1)) * np.float32(sigma * 1.5 * strength)
    return _from_relief(blurred(relief, max(1.0, sigma * 0.3)))


def folded(region: Region, seed: int, size: float, strength: float, stretch: float = 3.0) -> Normals:
    """Normals of hanging cloth: soft folds about `size` wide (fraction of the picture), `stretch` times as long."""
    height, width = region.alpha.shape
    columns = max(3, round(width / WORK / size) + 3)
    rows = max(3, round(height / WORK / size / stretch) + 3)
    rough = np.random.default_rng(seed).standard_normal((rows, columns)).astype(np.float32)
    relief = np.asarray(Image.fromarray(rough).resize((width, height), Image.Resampling.BICUBIC), dtype=np.float32)
    return _from_relief(relief * np.float32(strength * size * WORK * 0.3))


def _from_relief(relief: Field) -> Normals:
    down, across = np.gradient(relief)
    size = 1 / np.sqrt(1 + across * across + down * down)
    return -across * size, -down * size, size
