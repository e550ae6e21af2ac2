"""Small catalogues for the tests: drawn pictures, words, and users whose taste is known."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

__all__ = ["COLOURS", "KINDS", "MATERIALS", "SmallCatalogue", "write_small_catalogue"]

COLOURS = {"red": (214, 40, 40), "blue": (38, 84, 196), "green": (46, 150, 70), "yellow": (240, 190, 30)}
MATERIALS = {
    "oak": "Turned from solid oak, with the grain of the wood left to be seen.",
    "linen": "Woven from washed linen, soft and light to the touch.",
    "glass": "Blown from clear glass that catches the morning light.",
}
KINDS = ("mug", "lamp", "vase", "cushion", "plate")
DAY = 86_400
START = 1_600_000_000


@dataclass(frozen=True)
class SmallCatalogue:
    """A written folder and what is true about it.

    The colour is seen in the picture only and the material is told in the text only, so that a user who likes
    "red and oak" can be served well only by a model that reads both.
    """

    folder: Path
    item_ids: tuple[str, ...]
    user_ids: tuple[str, ...]
    colours: tuple[str, ...]
    materials: tuple[str, ...]
    kinds: tuple[str, ...]
    tastes: tuple[tuple[str, str], ...]
    """(colour, material) that each user likes, in the order of `user_ids`."""


def write_small_catalogue(
    folder: Path,
    n_items: int = 60,
    n_users: int = 40,
    seed: int = 0,
    interactions_per_user: int = 14,
    missing: bool = True,
) -> SmallCatalogue:
    """Write `items.csv`, `ratings.csv` and `images/` into `folder` and return what is true about them.

    The same arguments give the same bytes. With `missing` the last item has no picture and the one before it
    no text. Item ids have leading zeros ("0007").
    """
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    attributes = [_attributes(rng, index) for index in range(n_items)]
    small = SmallCatalogue(
        folder=folder,
        item_ids=tuple(f"{index + 1:04d}" for index in range(n_items)),
        user_ids=tuple(f"u{index + 1:03d}" for index in range(n_users)),
        colours=tuple(colour for colour, _, _ in attributes),
        materials=tuple(material for _, material, _ in attributes),
        kinds=tuple(kind for _, _, kind in attributes),
        tastes=tuple(_taste(index) for index in range(n_users)),
    )
    _write_items(small, rng, missing)
    _write_ratings(small, rng, min(interactions_per_user, n_items))
    return small


def _attributes(rng: np.random.Generator, index: int) -> tuple[str, str, str]:
    colours, materials = list(COLOURS), list(MATERIALS)
    colour = colours[index % len(colours)]
    material = materials[index // len(colours) % len(materials)]
    return colour, material, KINDS[int(rng.integers(len(KINDS)))]


def _taste(user: int) -> tuple[str, str]:
    colours, materials = list(COLOURS), list(MATERIALS)
    return colours[user % len(colours)], materials[user // len(colours) % len(materials)]


def _write_items(small: SmallCatalogue, rng: np.random.Generator, missing: bool) -> None:
    (small.folder / "images").mkdir(exist_ok=True)
    last = len(small.item_ids) - 1
    rows: list[list[str]] = []
    for index, item_id in enumerate(small.item_ids):
        kind, material = small.kinds[index], small.materials[index]
        image = f"images/{item_id}.png"
        if missing and index == last:
            image = ""
        else:
            _draw(kind, COLOURS[small.colours[index]], rng).save(small.folder / image)
        text = "" if missing and index == last - 1 else f"A {kind} for every day. {MATERIALS[material]}"
        tags = "|".join(sorted(rng.choice(["gift", "kitchen", "bedroom", "sale"], size=2, replace=False)))
        rows.append([item_id, f"{kind.capitalize()} no. {index + 1}", text, image, kind, tags, f"{5 + index % 17}.50"])
    _write_csv(
        small.folder / "items.csv",
        ["item_id", "title", "description", "image", "category", "tags", "price"],
        rows,
    )


def _draw(kind: str, colour: tuple[int, int, int], rng: np.random.Generator) -> Image.Image:
    """A 64×64 picture of a plain shape in the given colour on a light ground."""
    ground = int(rng.integers(232, 250))
    picture = Image.new("RGB", (64, 64), (ground, ground, ground))
    draw = ImageDraw.Draw(picture)
    left, top = (int(value) for value in rng.integers(8, 16, size=2))
    right, bottom = (int(value) for value in rng.integers(48, 58, size=2))
    if kind == "lamp":
        draw.polygon([((left + right) / 2, top), (right, bottom), (left, bottom)], fill=colour)
    elif kind in {"plate", "vase"}:
        squeeze = 8 if kind == "vase" else 0
        draw.ellipse((left + squeeze, top, right - squeeze, bottom), fill=colour)
    else:
        radius = 12 if kind == "cushion" else 2
        draw.rounded_rectangle((left, top, right, bottom), radius=radius, fill=colour)
    return picture


def _write_ratings(small: SmallCatalogue, rng: np.random.Generator, per_user: int) -> None:
    """Each user picks items by taste (both right 12 : one right 3 : none 1) on days spread over 200 days."""
    colours, materials = np.array(small.colours), np.array(small.materials)
    rows: list[list[str]] = []
    for user_id, (colour, material) in zip(small.user_ids, small.tastes, strict=True):
        matches = (colours == colour).astype(int) + (materials == material).astype(int)
        weights = np.choose(matches, [1.0, 3.0, 12.0])
        chosen = rng.choice(len(weights), size=per_user, replace=False, p=weights / weights.sum())
        rng.shuffle(chosen)
        times = START + np.sort(rng.integers(0, 200 * DAY, size=per_user))
        for item, time in zip(chosen, times, strict=True):
            rating = 2 + matches[item] + 0.5 * rng.integers(0, 3)
            rows.append([user_id, small.item_ids[item], f"{rating:.1f}", str(time)])
    _write_csv(small.folder / "ratings.csv", ["user_id", "item_id", "rating", "timestamp"], rows)


def _write_csv(path: Path, header: list[str], rows: list[list[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
