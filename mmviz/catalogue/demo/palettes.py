"""The shop's colours: eight named hues, warm papers and quiet neutrals, all mixed in OKLCH.

OKLCH is Ottosson's perceptual space (2020): L lightness 0-1, C chroma, h hue in degrees. Equal steps look equal,
so jitter, tints and shades of every colour keep the same distance to the eye.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from random import Random

import numpy as np
import numpy.typing as npt

__all__ = ["COLOURS", "NEUTRALS", "PAPERS", "Field", "Palette", "mix", "oklch", "palette"]

Field = npt.NDArray[np.float32]

COLOURS: dict[str, tuple[float, float, float]] = {
    "terracotta": (0.610, 0.132, 42.0),
    "ochre": (0.785, 0.130, 86.0),
    "sage": (0.665, 0.085, 133.0),
    "teal": (0.575, 0.085, 188.0),
    "indigo": (0.415, 0.118, 268.0),
    "plum": (0.430, 0.112, 346.0),
    "blush": (0.800, 0.082, 8.0),
    "charcoal": (0.365, 0.012, 260.0),
}
"""Name -> (L, C, h) of the eight colours in which every thing of the shop is made."""

PAPERS: tuple[tuple[float, float, float], ...] = (
    (0.945, 0.014, 85.0),
    (0.925, 0.020, 75.0),
    (0.930, 0.012, 100.0),
    (0.905, 0.022, 60.0),
    (0.915, 0.012, 160.0),
    (0.910, 0.010, 235.0),
    (0.885, 0.016, 50.0),
    (0.935, 0.018, 45.0),
)
"""Walls to stand in front of; never so strong that they could be taken for the thing's colour."""

NEUTRALS: dict[str, tuple[float, float, float]] = {
    "cream": (0.955, 0.018, 88.0),
    "oak": (0.735, 0.070, 70.0),
    "walnut": (0.475, 0.058, 55.0),
    "ash": (0.835, 0.045, 80.0),
    "brass": (0.735, 0.085, 88.0),
    "iron": (0.330, 0.010, 270.0),
    "straw": (0.800, 0.065, 92.0),
    "linen": (0.880, 0.025, 82.0),
}

_COMPANIONS: dict[str, tuple[str, ...]] = {
    "terracotta": ("sage", "ochre", "charcoal"),
    "ochre": ("terracotta", "charcoal", "teal"),
    "sage": ("ochre", "blush", "charcoal"),
    "teal": ("ochre", "blush", "charcoal"),
    "indigo": ("blush", "ochre", "terracotta"),
    "plum": ("blush", "ochre", "sage"),
    "blush": ("charcoal", "plum", "sage"),
    "charcoal": ("ochre", "blush", "sage"),
}


@dataclass(frozen=True)
class Palette:
    """The colours of one picture, each (3,) float32 sRGB in 0-1."""

    main: Field
    ground: Field
    motif: Field
    accent: Field
    deep: Field
    pale: Field
    wall: Field
    floor: Field


def oklch(lightness: float, chroma: float, hue: float) -> Field:
    """(3,) float32 sRGB of an OKLCH colour, clipped into the gamut (Ottosson 2020, "A perceptual color space")."""
    a = chroma * math.cos(math.radians(hue))
    b = chroma * math.sin(math.radians(hue))
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    middle = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    linear = (
        4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short,
    )
    return np.array([_gamma(min(1.0, max(0.0, value))) for value in linear], dtype=np.float32)


def mix(first: Field, second: Field, share: float) -> Field:
    """`first` with `share` (0-1) of `second` in it."""
    return np.asarray(first * np.float32(1.0 - share) + second * np.float32(share), dtype=np.float32)


def palette(colour: str, rng: Random, scheme: str) -> Palette:
    """Mix one picture's colours around a named colour.

    `scheme` says what the pattern's ground and motif are: "pale on colour", "colour on pale" or "tone on tone".
    """
    lightness, chroma, hue = COLOURS[colour]
    lightness += rng.uniform(-0.022, 0.022)
    chroma *= rng.uniform(0.9, 1.1)
    hue += rng.uniform(-5.0, 5.0)
    main = oklch(lightness, chroma, hue)
    deep = oklch(max(0.20, lightness - 0.17), chroma * 0.9, hue - 4)
    pale = oklch(min(0.95, 0.90 + 0.1 * (lightness - 0.6)), chroma * 0.22, hue + 4)
    cream = oklch(0.955, 0.018, 88.0 + rng.uniform(-12, 6))
    step = 0.20 if lightness < 0.5 else -0.17
    tone = oklch(lightness + step, chroma * 0.85, hue)
    light = cream if rng.random() < 0.6 else pale
    ground, motif = {
        "pale on colour": (main, light),
        "colour on pale": (light, main),
        "tone on tone": (main, tone),
    }[scheme]
    companion = COLOURS[rng.choice(_COMPANIONS[colour])]
    paper_l, paper_c, paper_h = rng.choice(PAPERS)
    paper_l += rng.uniform(-0.012, 0.012)
    wall = oklch(paper_l, paper_c, paper_h)
    floor = oklch(paper_l - rng.uniform(0.02, 0.06), paper_c * 1.15, paper_h - 6)
    return Palette(main, ground, motif, oklch(*companion), deep, pale, wall, floor)


def _gamma(value: float) -> float:
    return 12.92 * value if value <= 0.0031308 else float(1.055 * value ** (1 / 2.4) - 0.055)
