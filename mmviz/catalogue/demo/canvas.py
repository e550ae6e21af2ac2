"""A small soft-light canvas: outlines become smooth regions, regions take colour, light and shadow.

Positions are in fractions of the picture, x to the right and y down. Regions are rasterised at four times the
final size and painted at twice; the last step is a Lanczos reduction, which is what makes edges calm.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw
from scipy.ndimage import gaussian_filter

from mmviz.catalogue.demo.palettes import Field

__all__ = ["GRID", "SIZE", "WORK", "Canvas", "Outline", "Region", "blurred"]

Outline = npt.NDArray[np.float64]

SIZE = 256
"""Edge of a finished picture in pixels."""
WORK = 512
"""Edge of the canvas on which it is painted."""
GRID = 32
"""Edge of the label map of the parts."""

_FINE = 2
_STEPS = (np.arange(WORK, dtype=np.float32) + np.float32(0.5)) / np.float32(WORK)
_SHADOW = np.array([0.40, 0.35, 0.37], dtype=np.float32)
_SUN = np.array([1.0, 0.97, 0.90], dtype=np.float32)


@dataclass(frozen=True)
class Region:
    """Part of the canvas: a window and how much of each of its pixels is covered.

    `alpha` is (h, w) float32 in 0-1 and begins at pixel (`top`, `left`).
    """

    top: int
    left: int
    alpha: Field

    @property
    def window(self) -> tuple[slice, slice]:
        height, width = self.alpha.shape
        return slice(self.top, self.top + height), slice(self.left, self.left + width)

    @property
    def x(self) -> Field:
        """(1, w) horizontal positions of the window's pixels."""
        return _STEPS[None, self.window[1]]

    @property
    def y(self) -> Field:
        """(h, 1) vertical positions of the window's pixels."""
        return _STEPS[self.window[0], None]

    def within(self, other: Region) -> Region:
        """The part of this region that `other` covers too."""
        spread = np.zeros_like(self.alpha)
        top, left = max(self.top, other.top), max(self.left, other.left)
        bottom = min(self.top + self.alpha.shape[0], other.top + other.alpha.shape[0])
        right = min(self.left + self.alpha.shape[1], other.left + other.alpha.shape[1])
        if top < bottom and left < right:
            mine = (slice(top - self.top, bottom - self.top), slice(left - self.left, right - self.left))
            theirs = (
                slice(top - other.top, bottom - other.top),
                slice(left - other.left, right - other.left),
            )
            spread[mine] = self.alpha[mine] * other.alpha[theirs]
        return Region(self.top, self.left, spread)

    def scaled(self, factor: Field | float) -> Region:
        """The same window with its coverage multiplied by `factor`, (h, w) or a number."""
        return Region(self.top, self.left, np.asarray(self.alpha * np.float32(1) * factor, dtype=np.float32))


class Canvas:
    """A square picture in the making, with a label map of what lies on top where.

    - `rgb`: (3, WORK, WORK) float32 in 0-1.
    - `labels`: (WORK, WORK) uint8; 0 is background, `n` the part `parts[n - 1]`.
    """

    def __init__(self, parts: Sequence[str]) -> None:
        self.rgb: Field = np.ones((3, WORK, WORK), dtype=np.float32)
        self.labels = np.zeros((WORK, WORK), dtype=np.uint8)
        self._parts = {part: number + 1 for number, part in enumerate(parts)}

    @staticmethod
    def region(*outlines: Outline, holes: Sequence[Outline] = ()) -> Region:
        """What the outlines, (n, 2) positions each, cover together, less the holes."""
        points = np.concatenate(outlines)
        low = np.clip(np.floor(points.min(axis=0) * WORK).astype(int) - 1, 0, WORK - 1)
        high = np.clip(np.ceil(points.max(axis=0) * WORK).astype(int) + 1, low + 1, WORK)
        width, height = (int(edge) for edge in high - low)
        image = Image.new("L", (width * _FINE, height * _FINE), 0)
        pen = ImageDraw.Draw(image)
        for group, ink in ((outlines, 255), (holes, 0)):
            for outline in group:
                pixels = (outline * WORK - low) * _FINE - 0.5
                pen.polygon([(float(x), float(y)) for x, y in pixels], fill=ink)
        alpha = np.asarray(image.reduce(_FINE), dtype=np.float32) / np.float32(255)
        return Region(int(low[1]), int(low[0]), alpha)

    @staticmethod
    def everywhere(alpha: Field | None = None) -> Region:
        """The whole canvas, covered by `alpha`: (n, n) values that are enlarged smoothly; None = all of it."""
        if alpha is None:
            return Region(0, 0, np.ones((WORK, WORK), dtype=np.float32))
        large = Image.fromarray(alpha).resize((WORK, WORK), Image.Resampling.BILINEAR)
        return Region(0, 0, np.asarray(large, dtype=np.float32))

    def paint(self, region: Region, colour: Field, part: str | None = None) -> None:
        """Lay a colour, (3,) or (3, h, w), over a region; it then shows `part`, or what lay there before if None."""
        target = self.rgb[:, *region.window]  # (3, h, w)
        target += region.alpha * (colour.reshape(3, *colour.shape[1:] or (1, 1)) - target)
        if part is not None:
            self.labels[region.window][region.alpha > 0.5] = self._parts[part]

    def darken(self, region: Region, strength: float) -> None:
        """Multiply a region with the warm colour of shadow; `strength` 0-1."""
        amount = np.float32(strength) * region.alpha
        for plane, shade in zip(self.rgb, _SHADOW, strict=True):
            plane[region.window] *= 1 - amount * (1 - shade)

    def lighten(self, region: Region, strength: float) -> None:
        """Let warm light fall on a region; `strength` 0-1."""
        amount = np.float32(strength * 0.75) * region.alpha
        for plane, light in zip(self.rgb, _SUN, strict=True):
            target = plane[region.window]
            target += amount * (light - target * np.float32(0.72))

    def cast(self, region: Region, offset: tuple[float, float], blur: float, strength: float) -> None:
        """The soft shadow of a region on what lies behind it; `offset` and `blur` in fractions of the picture."""
        spread = round(blur * WORK * 2.2)
        padded = np.pad(region.alpha, spread)
        top = region.top - spread + round(offset[1] * WORK)
        left = region.left - spread + round(offset[0] * WORK)
        soft = blurred(padded, blur * WORK)
        rows = slice(max(0, -top), max(0, min(soft.shape[0], WORK - top)))
        columns = slice(max(0, -left), max(0, min(soft.shape[1], WORK - left)))
        inside = soft[rows, columns]
        if inside.size:
            self.darken(Region(max(0, top), max(0, left), inside), strength)

    def glow(self, centre: tuple[float, float], radii: tuple[float, float], strength: float) -> None:
        """A gaussian pool of shadow (`strength` > 0) or of light (< 0) around a point."""
        left, right = _reach(centre[0], radii[0])
        top, bottom = _reach(centre[1], radii[1])
        across = (_STEPS[None, left:right] - np.float32(centre[0])) / np.float32(radii[0])
        down = (_STEPS[top:bottom, None] - np.float32(centre[1])) / np.float32(radii[1])
        pool = Region(top, left, np.exp(-across * across) * np.exp(-down * down))
        if strength > 0:
            self.darken(pool, strength)
        else:
            self.lighten(pool, -strength)

    def finished(self) -> Image.Image:
        """The picture at its final size."""
        planes = np.clip(self.rgb * np.float32(255) + np.float32(0.5), 0, 255).astype(np.uint8)
        bands = [Image.fromarray(plane) for plane in planes]
        return Image.merge("RGB", bands).resize((SIZE, SIZE), Image.Resampling.LANCZOS)

    def webp(self, quality: int = 86) -> bytes:
        """The finished picture as WebP bytes."""
        stream = io.BytesIO()
        self.finished().save(stream, "WEBP", quality=quality, method=4)
        return stream.getvalue()

    def mask(self) -> npt.NDArray[np.uint8]:
        """(GRID, GRID) uint8: the label that covers most of each cell."""
        names, step = len(self._parts) + 1, WORK // GRID
        cell = np.arange(WORK, dtype=np.int32) // step
        place = (cell[:, None] * GRID + cell) * names + self.labels  # (WORK, WORK)
        counts = np.bincount(place.ravel(), minlength=GRID * GRID * names).reshape(GRID, GRID, names)
        return np.asarray(counts.argmax(axis=2), dtype=np.uint8)

    def boxes(self) -> dict[str, tuple[float, float, float, float]]:
        """Part -> (left, top, right, bottom) in fractions, of every part that can be seen."""
        found = {}
        present = np.bincount(self.labels.ravel(), minlength=len(self._parts) + 1) > 0
        for part, label in self._parts.items():
            if not present[label]:
                continue
            hits = self.labels == label
            rows, columns = np.flatnonzero(hits.any(axis=1)), np.flatnonzero(hits.any(axis=0))
            left, right, top, bottom = columns[0], columns[-1] + 1, rows[0], rows[-1] + 1
            found[part] = (float(left / WORK), float(top / WORK), float(right / WORK), float(bottom / WORK))
        return found


def _reach(centre: float, radius: float) -> tuple[int, int]:
    """The pixels within 2.6 radii of a position: beyond them a pool of light has less than a thousandth left."""
    low = int(np.clip((centre - 2.6 * radius) * WORK, 0, WORK - 1))
    return low, int(np.clip((centre + 2.6 * radius) * WORK, low + 1, WORK))


def blurred(values: Field, sigma: float) -> Field:
    """Gaussian blur of (h, w) values; wide blurs are computed on a coarser grid, which nobody can see."""
    factor = 4 if sigma > 6 else 2 if sigma > 2.5 else 1
    if factor == 1:
        return np.asarray(gaussian_filter(values, sigma, mode="nearest"), dtype=np.float32)
    height, width = values.shape
    small = Image.fromarray(values).reduce(factor)
    soft = gaussian_filter(np.asarray(small, dtype=np.float32), sigma / factor, mode="nearest")
    return np.asarray(Image.fromarray(soft).resize((width, height), Image.Resampling.BILINEAR), dtype=np.float32)
