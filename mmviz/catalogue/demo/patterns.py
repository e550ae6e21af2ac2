"""Patterns: how much of the motif's and of the accent's colour lies at each point of a surface.

A pattern is a function of surface coordinates (u, v), which are in fractions of the picture however the surface
bends, so that a stripe bends with its mug. Each has some layouts and a continuous size; both are drawn from the
item's own random numbers. Edges are a pixel soft.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from random import Random

import numpy as np
import numpy.typing as npt

from mmviz.catalogue.demo.palettes import Field, Palette

__all__ = ["PATTERNS", "Weave", "dressed", "weave"]

Weave = Callable[[Field, Field], tuple[Field, Field]]
"""(u, v), each (h, w), to the shares (0-1) of motif and accent, each (h, w)."""

_SOFT = np.float32(0.0022)


def weave(pattern: str, rng: Random, size: float = 1.0) -> Weave:
    """One pattern with its layout and scale fixed; `size` 1 suits a thing that fills half of the picture."""
    return PATTERNS[pattern](rng, size)


def dressed(pattern: Weave, palette: Palette, u: Field, v: Field) -> Field:
    """(3, h, w) colours of a patterned surface."""
    motif, accent = pattern(u, v)
    ground, ink, extra = (part.reshape(3, 1, 1) for part in (palette.ground, palette.motif, palette.accent))
    base = ground + motif * (ink - ground)
    base += accent * (extra - base)
    return np.asarray(base, dtype=np.float32)


def _plain(_: Random, __: float) -> Weave:
    return lambda u, v: (np.zeros_like(u + v), np.zeros_like(u + v))


def _stripes(rng: Random, size: float) -> Weave:
    angle = math.radians(rng.choice((0, 0, 90, 90, 45, -45)))
    period = size * rng.uniform(0.060, 0.095)
    layout = rng.choice(("even", "even", "thin", "pair", "trim"))
    width = {"even": 0.5, "thin": 0.3, "pair": 0.22, "trim": 0.42}[layout]
    phase = rng.random() * period

    def draw(u: Field, v: Field) -> tuple[Field, Field]:
        along = np.float32(math.sin(angle)) * u + np.float32(math.cos(angle)) * v + np.float32(phase)
        motif = _band(along, period, 0.5, width)
        accent = np.zeros_like(motif)
        if layout == "pair":
            motif = np.maximum(motif, _band(along, period, 0.88, width))
        if layout == "trim":
            accent = _band(along, period * 2, 0.5, 0.09)
        return motif, accent

    return draw


def _dots(rng: Random, size: float) -> Weave:
    period = size * rng.uniform(0.058, 0.085)
    radius = rng.uniform(0.25, 0.33)
    turn = rng.choice((0.0, 45.0))
    coloured = rng.random() < 0.25

    def draw(u: Field, v: Field) -> tuple[Field, Field]:
        x, y, column, row = _cells(*_turned(u, v, turn), period, stagger=turn == 0.0)
        disc = _within(np.hypot(x, y), radius * period)
        third = ((column + 2 * row) % 3 == 0) if coloured else np.zeros(disc.shape, dtype=bool)
        return np.where(third, 0, disc), np.where(third, disc, 0)

    return draw


def _checks(rng: Random, size: float) -> Weave:
    period = size * rng.uniform(0.085, 0.125)
    turn = 45.0 if rng.random() < 0.15 else 0.0
    window = rng.random() < 0.3
    width = 0.16 if window else 0.5
    coloured = rng.random() < 0.35

    def draw(u: Field, v: Field) -> tuple[Field, Field]:
        x, y = _turned(u, v, turn)
        across, down = _band(x, period, 0.5, width), _band(y, period, 0.5, width)
        motif = np.maximum(across, down) if window else 0.48 * across + 0.48 * down
        thin = np.maximum(_band(x, period, 0.0, 0.06), _band(y, period, 0.0, 0.06))
        return motif, thin * np.float32(0.8 if coloured else 0.0)

    return draw


def _floral(rng: Random, size: float) -> Weave:
    period = size * rng.uniform(0.105, 0.145)
    petals = rng.choice((4, 5, 5, 6))
    seed = rng.randrange(1 << 20)
    fill = rng.uniform(0.36, 0.44)

    def draw(u: Field, v: Field) -> tuple[Field, Field]:
        x, y, column, row = _cells(u, v, period, stagger=True)
        first, second, third = (_hashed(column, row, seed + step) for step in (0, 7, 13))
        x, y = x - (first - 0.5) * period * 0.14, y - (second - 0.5) * period * 0.14
        reach = fill * period * (0.80 + 0.25 * third)
        distance, angle = np.hypot(x, y), np.arctan2(y, x) + 6.3 * second
        lobes = reach * (0.52 + 0.48 * np.sqrt(np.abs(np.cos(0.5 * petals * angle))))
        flower = _soft_less(distance, lobes)
        heart = _within(distance, period * 0.105)
        leaves = _leaves(u, v, period, seed) * (1 - _soft_less(distance, lobes * 1.15))
        return np.maximum(flower, leaves) * (1 - heart), heart

    return draw


def _leaves(u: Field, v: Field, period: float, seed: int) -> Field:
    x, y, column, row = _cells(u + np.float32(period / 2), v + np.float32(period * 0.02), period, stagger=True)
    angle = 6.3 * _hashed(column, row, seed + 29)
    along, beside = np.cos(angle) * x + np.sin(angle) * y, np.cos(angle) * y - np.sin(angle) * x
    long, wide = period * 0.21, period * 0.075
    inside = 1 - np.square(along / long) - np.square(beside / wide)
    vein = 1 - 0.75 * _within(np.abs(beside), period * 0.012)
    return np.asarray(np.clip(inside * wide / _SOFT * 0.5 + 0.5, 0, 1) * vein, dtype=np.float32)


def _geometric(rng: Random, size: float) -> Weave:
    period = size * rng.uniform(0.085, 0.12)
    layout = rng.choice((_triangles, _zigzag, _scales, _quarters))

    def draw(u: Field, v: Field) -> tuple[Field, Field]:
        return layout(u, v, period)

    return draw


def _triangles(u: Field, v: Field, period: float) -> tuple[Field, Field]:
    x, y, column, row = _cells(u, v, period, stagger=True)
    inside = np.minimum(period * 0.42 - y, (y + period * 0.5) * 0.5 - np.abs(x) - period * 0.02)
    motif = np.clip(inside / _SOFT + 0.5, 0, 1)
    other = (column + row) % 4 == 0
    return np.where(other, 0, motif).astype(np.float32), np.where(other, motif, 0).astype(np.float32)


def _zigzag(u: Field, v: Field, period: float) -> tuple[Field, Field]:
    tooth = np.abs(_saw(u, period) * period)
    motif = _band(v + tooth * np.float32(1.1), period * 0.9, 0.5, 0.46)
    return motif, np.zeros_like(motif)


def _scales(u: Field, v: Field, period: float) -> tuple[Field, Field]:
    shade = np.zeros_like(u + v)
    for lift in (1, 0):
        step = np.float32(period / 2)
        row = np.floor(v / step) + lift
        x = _saw(u + np.float32(period / 2) * (row % 2), period) * period
        y = v - row * step
        distance = np.hypot(x, y)
        disc = _within(distance, period * 0.5)
        rings = np.maximum(_within(distance, period * 0.40) - _within(distance, period * 0.25), 0)
        rings = np.maximum(rings, _within(distance, period * 0.12))
        shade = shade * (1 - disc) + disc * rings
    return shade.astype(np.float32), np.zeros_like(shade)


def _quarters(u: Field, v: Field, period: float) -> tuple[Field, Field]:
    x, y, column, row = _cells(u, v, period, stagger=False)
    flip_x = np.where((column + row) % 2 == 0, 1, -1)
    flip_y = np.where(row % 2 == 0, 1, -1)
    corner = np.hypot(x * flip_x + period / 2, y * flip_y + period / 2)
    motif = _soft_less(corner, np.full_like(corner, period * 0.96))
    heart = _soft_less(corner, np.full_like(corner, period * 0.42))
    return motif - heart, heart * np.float32(0.9)


def _gradient(rng: Random, _: float) -> Weave:
    start, length = rng.uniform(0.28, 0.42), rng.uniform(0.22, 0.34)
    upward = rng.random() < 0.5

    def draw(u: Field, v: Field) -> tuple[Field, Field]:
        low, high = float(v.min()), float(v.max())
        t = (v - low) / max(high - low, 1e-6) + 0 * u
        t = np.clip(((1 - t if upward else t) - start) / length, 0, 1)
        return (t * t * (3 - 2 * t)).astype(np.float32), np.zeros_like(t)

    return draw


def _saw(x: Field, period: float) -> Field:
    """Position within a repeating cell, -0.5 to 0.5."""
    turns = x / np.float32(period)
    return np.asarray(turns - np.floor(turns) - np.float32(0.5), dtype=np.float32)


def _band(x: Field, period: float, centre: float, width: float) -> Field:
    offset = np.abs(_saw(x - np.float32((centre - 0.5) * period), period)) * np.float32(period)
    return np.asarray(np.clip((np.float32(width * period / 2) - offset) / _SOFT + 0.5, 0, 1), dtype=np.float32)


def _within(distance: Field, radius: float) -> Field:
    return np.asarray(np.clip((np.float32(radius) - distance) / _SOFT + 0.5, 0, 1), dtype=np.float32)


def _soft_less(distance: Field, limit: Field) -> Field:
    return np.asarray(np.clip((limit - distance) / _SOFT + 0.5, 0, 1), dtype=np.float32)


def _turned(u: Field, v: Field, degrees: float) -> tuple[Field, Field]:
    cosine, sine = np.float32(math.cos(math.radians(degrees))), np.float32(math.sin(math.radians(degrees)))
    return cosine * u + sine * v, cosine * v - sine * u


def _cells(
    u: Field, v: Field, period: float, stagger: bool
) -> tuple[Field, Field, npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Offsets from the centre of the cell that a point lies in, and the cell's column and row."""
    height = np.float32(period * (0.87 if stagger else 1.0))
    row = np.floor(v / height) + 0 * u
    shifted = u + (row % 2) * np.float32(period / 2) if stagger else u + 0 * v
    column = np.floor(shifted / np.float32(period))
    x = shifted - (column + np.float32(0.5)) * np.float32(period)
    y = v - (row + np.float32(0.5)) * height
    return x.astype(np.float32), y.astype(np.float32), column.astype(np.int64), row.astype(np.int64)


def _hashed(column: npt.NDArray[np.int64], row: npt.NDArray[np.int64], seed: int) -> Field:
    """A number in 0-1 for each cell, the same for the same cell and seed."""
    mixed = (column * 73856093) ^ (row * 19349663) ^ (seed * 83492791)
    mixed = (mixed ^ (mixed >> 13)) * 1274126177
    return np.asarray(((mixed >> 8) & 0xFFFF) / 65535.0, dtype=np.float32)


PATTERNS: dict[str, Callable[[Random, float], Weave]] = {
    "plain": _plain,
    "striped": _stripes,
    "dotted": _dots,
    "checked": _checks,
    "floral": _floral,
    "geometric": _geometric,
    "gradient": _gradient,
}
"""Name -> maker of the seven patterns."""
