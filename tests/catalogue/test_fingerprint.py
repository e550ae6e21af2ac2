"""The fingerprint follows the content, and nothing but the content."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.catalogue.folders import ITEMS, RATINGS, imported, write_folder, write_picture

FURTHER = "item_id,title,description,image,price\n1,Mug,A red mug,a.png,{}\n2,Lamp,A tall lamp,b.png,2\n"


def test_it_is_the_same_elsewhere_and_under_another_name(tmp_path: Path) -> None:
    one, _ = imported(write_folder(tmp_path / "one"))
    folder = write_folder(tmp_path / "deep" / "two")
    (folder / "pics").mkdir()
    shutil.move(folder / "a.png", folder / "pics" / "z.png")
    (folder / "items.csv").write_text(ITEMS.replace("a.png", "pics/z.png").replace(",", ";"), encoding="utf-8-sig")
    two, _ = imported(folder)
    assert one.fingerprint == two.fingerprint
    assert len(one.fingerprint) == 64


@pytest.mark.parametrize(
    ("items", "ratings"),
    [
        (ITEMS.replace("Mug", "Cup"), RATINGS),
        (ITEMS.replace("A red mug", "A red mug."), RATINGS),
        (ITEMS.replace("Mug,A red", "MugA ,red"), RATINGS),
        (ITEMS.replace("a.png", "b.png"), RATINGS),
        (ITEMS.replace("a.png", ""), RATINGS),
        (ITEMS.replace("3,Vase", "03,Vase"), RATINGS.replace("u2,3", "u2,03")),
        (ITEMS, RATINGS.replace("u1,1,5", "u1,1,4")),
        (ITEMS, RATINGS.replace("1600000300", "1600000301")),
        (ITEMS, RATINGS.replace("u2", "u3")),
        (ITEMS, RATINGS + "u3,1,5,1600000400\n"),
        (ITEMS.replace("image\n", "image,kind\n").replace("\n", ",x\n").replace("kind,x", "kind"), RATINGS),
    ],
)
def test_it_changes_with_the_content(tmp_path: Path, items: str, ratings: str) -> None:
    plain, _ = imported(write_folder(tmp_path / "plain"))
    other, _ = imported(write_folder(tmp_path / "other", items, ratings))
    assert other.fingerprint != plain.fingerprint


def test_it_changes_with_the_bytes_of_a_picture(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "shop")
    before, _ = imported(folder)
    write_picture(folder / "a.png", "green")
    after, _ = imported(folder, replace=True)
    assert after.fingerprint != before.fingerprint


def test_numbers_count_by_value(tmp_path: Path) -> None:
    prints = [
        imported(write_folder(tmp_path / f"p{n}", FURTHER.format(price), RATINGS.replace("u2,3", "u2,2")))[
            0
        ].fingerprint
        for n, price in enumerate(["1.5", "1.50", "", "n/a", "1.6"])
    ]
    assert prints[0] == prints[1]
    assert prints[2] == prints[3]
    assert len(set(prints)) == 3
