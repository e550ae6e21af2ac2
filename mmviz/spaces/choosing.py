"""A selection of items as a short text: which outlines were drawn on which map, and what was clicked.

The browser selects by itself and sends this text; Python reads it and finds the same items, because both compute in
double precision on the same float32 coordinates. The text also stands in the address.

A selection is a row of steps joined by "~". A step is one letter for what it does (n = new, a = add, s = take away),
one for its kind, and its fields joined by ".":

- `l` outline: map, corners, and where a legend hid something its colouring and the codes that were hidden;
- `i` item: its row; `g` group: the name of a saved selection.

A map is a space, or "from>to@percent" while one space morphs into another, and behind a "!" the layout that it had, so
that a selection stays the same when another layout is chosen. A corner is two numbers of three characters
each, x and y in [−2, 2) on a grid of 2¹⁸.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

import numpy as np

from mmviz.errors import MmvizError

__all__ = ["MAX_STEP", "Places", "Step", "apply", "corners", "encode_corners", "inside", "read"]

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_VALUE = {letter: at for at, letter in enumerate(ALPHABET)}
GRID = 1 << 18
MAX_STEP = 1024
SHOWN = 1e8

Places = Callable[[str, str], tuple[np.ndarray, ...]]
"""From the name of a space and a layout ("" = that in use) to its maps (I, 2), two where an item has two ends."""


@dataclass(frozen=True)
class Step:
    """One step: "n", "a" or "s"; "l", "i" or "g"; and its fields."""

    does: str
    kind: str
    fields: tuple[str, ...]


def read(text: str) -> list[Step]:
    """The steps of a selection. Raises MmvizError when the text is none."""
    steps = []
    for part in filter(None, text.split("~")):
        step = Step(part[0], part[1:2], tuple(unquote(field) for field in part[2:].split(".")))
        if step.does not in "nas" or step.kind not in ("l", "i", "g") or not step.fields[0]:
            raise MmvizError(f"The address holds a selection that cannot be read ('{part[:24]}'). Select anew.")
        steps.append(step)
    return steps


def apply(
    steps: list[Step],
    n_items: int,
    places: Places,
    codes: Callable[[str, str], np.ndarray],
    groups: Mapping[str, np.ndarray],
) -> np.ndarray:
    """(I,) bool: the items that the steps choose.

    `codes` gives the codes (I,) of a colouring on a map, which an outline needs where the legend hid something.
    """
    chosen = np.zeros(n_items, dtype=bool)
    for step in steps:
        found = _found(step, n_items, places, codes, groups)
        chosen = found if step.does == "n" else chosen | found if step.does == "a" else chosen & ~found
    return chosen


def corners(text: str) -> np.ndarray:
    """(m, 2) float64 corners of an outline. Raises MmvizError when the text holds none."""
    if len(text) % 6 or len(text) < 18 or any(letter not in _VALUE for letter in text):
        raise MmvizError("The address holds an outline that cannot be read. Select anew.")
    digits = np.array([_VALUE[letter] for letter in text], dtype=np.int64).reshape(-1, 2, 3)
    whole = digits @ np.array([4096, 64, 1])  # (m, 2)
    return np.asarray(whole / (GRID / 4) - 2.0)


def encode_corners(points: np.ndarray) -> str:
    """The text of corners (m, 2) in [−2, 2); `corners` gives them back on the grid."""
    whole = np.clip(np.round((np.asarray(points) + 2.0) * (GRID / 4)), 0, GRID - 1).astype(int)
    return "".join(
        ALPHABET[value >> 12] + ALPHABET[value >> 6 & 63] + ALPHABET[value & 63] for value in whole.ravel().tolist()
    )


def inside(points: np.ndarray, outline: np.ndarray) -> np.ndarray:
    """(n,) bool: which points (n, 2) lie within an outline (m, 2), by the even-odd rule (Shimrat, 1962)."""
    x, y = points[:, 0].astype(np.float64), points[:, 1].astype(np.float64)
    found = np.zeros(len(points), dtype=bool)
    (left, bottom), (right, top) = outline.min(axis=0), outline.max(axis=0)
    near = np.flatnonzero((x >= left) & (x <= right) & (y >= bottom) & (y <= top))  # (c,)
    x, y = x[near], y[near]
    within = np.zeros(len(near), dtype=bool)
    for (x1, y1), (x2, y2) in zip(outline, np.roll(outline, 1, axis=0), strict=True):
        if y1 == y2:
            continue
        within ^= ((y1 > y) != (y2 > y)) & (x < (x2 - x1) * (y - y1) / (y2 - y1) + x1)
    found[near] = within
    return found


def _found(
    step: Step,
    n_items: int,
    places: Places,
    codes: Callable[[str, str], np.ndarray],
    groups: Mapping[str, np.ndarray],
) -> np.ndarray:
    found = np.zeros(n_items, dtype=bool)
    if step.kind == "i":
        rows = [int(field) for field in step.fields if field.isdecimal() and int(field) < n_items]
        found[rows] = True
    elif step.kind == "g":
        if step.fields[0] not in groups:
            raise MmvizError(f"There is no saved selection '{step.fields[0]}' any more. Select anew.")
        found[groups[step.fields[0]]] = True
    else:
        if len(step.fields) < 2:
            raise MmvizError("The address holds an outline that cannot be read. Select anew.")
        outline = corners(step.fields[1])
        for points in _places(step.fields[0], places):
            found |= inside(points, outline)
        if len(step.fields) == 4:
            hidden = [int(code) for code in step.fields[3].split("-") if code.isdecimal()]
            space = step.fields[0].partition("!")[0]
            shown = codes(step.fields[2], space.partition(">")[2].rpartition("@")[0] or space)
            found &= ~np.isin(shown, hidden)
    return found


def _places(name: str, places: Places) -> tuple[np.ndarray, ...]:
    spaces, _, layout = name.partition("!")
    start, arrow, rest = spaces.partition(">")
    if not arrow:
        return places(spaces, layout)
    end, _, percent = rest.rpartition("@")
    if not percent.isdecimal():
        raise MmvizError("The address holds an outline that cannot be read. Select anew.")
    a, b = (places(each, layout)[0].astype(np.float64) for each in (start, end))
    mixed = a + (b - a) * (int(percent) / 100)
    mixed[(np.abs(a[:, 0]) > SHOWN) | (np.abs(b[:, 0]) > SHOWN)] = 1e9
    return (mixed,)
