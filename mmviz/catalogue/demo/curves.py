"""Outlines: ellipses, soft boxes, smooth closed curves and ribbons, as (n, 2) positions."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from scipy.interpolate import PchipInterpolator

from mmviz.catalogue.demo.canvas import Outline
from mmviz.catalogue.demo.palettes import Field

__all__ = ["arc", "box", "ellipse", "mirrored", "polygon", "profile", "ribbon", "rounded", "smooth"]

Point = tuple[float, float]


def ellipse(cx: float, cy: float, rx: float, ry: float, n: int = 96) -> Outline:
    """A whole ellipse."""
    angle = np.linspace(0, 2 * np.pi, n, endpoint=False)
    return np.stack([cx + rx * np.cos(angle), cy + ry * np.sin(angle)], axis=1)


def arc(cx: float, cy: float, rx: float, ry: float, start: float, end: float, n: int = 48) -> Outline:
    """Part of an ellipse from `start` to `end` degrees; 0 points right, 90 down."""
    angle = np.radians(np.linspace(start, end, n))
    return np.stack([cx + rx * np.cos(angle), cy + ry * np.sin(angle)], axis=1)


def polygon(points: Sequence[Point]) -> Outline:
    """Straight lines between the points."""
    return np.asarray(points, dtype=np.float64)


def box(left: float, top: float, right: float, bottom: float, radius: float = 0.0) -> Outline:
    """A box with round corners."""
    return rounded([(left, top), (right, top), (right, bottom), (left, bottom)], radius)


def rounded(points: Sequence[Point], radius: float, n: int = 10) -> Outline:
    """A polygon whose corners are rounded by quadratic curves that begin `radius` before each corner."""
    corners = np.asarray(points, dtype=np.float64)
    if radius <= 0:
        return corners
    before, after = np.roll(corners, 1, axis=0), np.roll(corners, -1, axis=0)
    pieces = []
    t = np.linspace(0, 1, n)[:, None]
    for corner, last, following in zip(corners, before, after, strict=True):
        start = corner + _toward(last - corner, radius)
        end = corner + _toward(following - corner, radius)
        pieces.append((1 - t) ** 2 * start + 2 * t * (1 - t) * corner + t**2 * end)
    return np.concatenate(pieces)


def smooth(points: Sequence[Point], closed: bool = True, n: int = 12) -> Outline:
    """A Catmull-Rom curve through the points, `n` steps between two."""
    knots = np.asarray(points, dtype=np.float64)
    if closed:
        padded = np.concatenate([knots[-1:], knots, knots[:2]])
    else:
        padded = np.concatenate([2 * knots[:1] - knots[1:2], knots, 2 * knots[-1:] - knots[-2:-1]])
    t = np.linspace(0, 1, n, endpoint=False)[:, None]
    pieces = [
        0.5 * (2 * p1 + (p2 - p0) * t + (2 * p0 - 5 * p1 + 4 * p2 - p3) * t**2 + (3 * p1 - p0 - 3 * p2 + p3) * t**3)
        for p0, p1, p2, p3 in zip(padded, padded[1:], padded[2:], padded[3:], strict=False)
    ]
    curve = np.concatenate(pieces)
    return curve if closed else np.concatenate([curve, knots[-1:]])


def ribbon(line: Outline, width: float, end_width: float | None = None) -> Outline:
    """A band along a line, with round ends; it may taper from `width` to `end_width`."""
    last = width if end_width is None else end_width
    half = np.linspace(width, last, len(line))[:, None] / 2
    direction = np.gradient(line, axis=0)
    direction /= np.maximum(np.hypot(direction[:, :1], direction[:, 1:]), 1e-9)
    normal = np.stack([-direction[:, 1], direction[:, 0]], axis=1)
    turn = math.degrees(math.atan2(normal[-1, 1], normal[-1, 0]))
    back = math.degrees(math.atan2(-normal[0, 1], -normal[0, 0]))
    end = arc(line[-1, 0], line[-1, 1], last / 2, last / 2, turn, turn - 180, 9)
    start = arc(line[0, 0], line[0, 1], width / 2, width / 2, back, back - 180, 9)
    return np.concatenate([line + half * normal, end, (line - half * normal)[::-1], start])


def mirrored(outline: Outline, axis: float) -> Outline:
    """The outline's mirror image about the vertical line x = `axis`."""
    return np.stack([2 * axis - outline[:, 0], outline[:, 1]], axis=1)[::-1]


def profile(heights: Sequence[float], radii: Sequence[float], at: Field | Outline) -> Outline:
    """Radii of a turned body at some heights: monotone cubic through the given ones, level beyond them."""
    order = np.argsort(heights)
    curve = PchipInterpolator(np.asarray(heights)[order], np.asarray(radii)[order])
    return np.asarray(curve(np.clip(at, min(heights), max(heights))), dtype=np.float64)


def _toward(step: Outline, length: float) -> Outline:
    size = float(np.hypot(*step))
    return step * (min(length, size / 2) / size)
