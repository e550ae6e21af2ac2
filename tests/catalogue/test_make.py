"""The generator of small catalogues keeps its promises, since other tests rest on them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from tests.make import COLOURS, MATERIALS, write_small_catalogue


def test_the_same_arguments_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_small_catalogue(tmp_path / name, n_items=12, n_users=5, seed=3)
    write_small_catalogue(tmp_path / "c", n_items=12, n_users=5, seed=4)
    files = sorted(path.relative_to(tmp_path / "a") for path in (tmp_path / "a").rglob("*") if path.is_file())
    assert len(files) == 2 + 11
    assert all((tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes() for file in files)
    assert (tmp_path / "a" / "ratings.csv").read_bytes() != (tmp_path / "c" / "ratings.csv").read_bytes()


def test_colour_is_only_seen_and_material_only_told(tmp_path: Path) -> None:
    small = write_small_catalogue(tmp_path)
    items = pd.read_csv(tmp_path / "items.csv", dtype="str", keep_default_na=False)
    words = (items["title"] + " " + items["description"]).str.lower()
    assert not any(words.str.contains(colour).any() for colour in COLOURS)
    for index in range(0, 58, 7):
        assert MATERIALS[small.materials[index]] in items["description"][index]
        middle = np.asarray(Image.open(tmp_path / items["image"][index]))[36, 32]
        assert tuple(middle) == COLOURS[small.colours[index]]


def test_users_follow_their_taste(tmp_path: Path) -> None:
    small = write_small_catalogue(tmp_path)
    ratings = pd.read_csv(tmp_path / "ratings.csv", dtype={"item_id": "str"})
    assert len(ratings) == 40 * 14
    assert not ratings.duplicated(["user_id", "item_id"]).any()
    rows = ratings["item_id"].astype(int) - 1
    taste = [small.tastes[int(user[1:]) - 1] for user in ratings["user_id"]]
    both = [(small.colours[row], small.materials[row]) == wish for row, wish in zip(rows, taste, strict=True)]
    assert np.mean(both) > 2 * (1 / 12)  # chance is one in twelve
    assert ratings["rating"][np.array(both)].min() > ratings["rating"].mean()
