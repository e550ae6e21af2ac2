"""Kept catalogues: what was saved comes back, nothing is replaced unasked, damage is told."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from mmviz.catalogue import Catalogue, store
from mmviz.catalogue.base import Column
from mmviz.catalogue.truth import Truth, TruthItem, TruthSpan
from mmviz.errors import CatalogueError, UnknownNameError
from tests.catalogue.folders import ITEMS, imported, write_folder, write_picture


def made(tmp_path: Path, truth: Truth | None = None) -> Catalogue:
    """A catalogue as a generator makes it, with pictures that lie anywhere."""
    pictures = [str(write_picture(tmp_path / "drawn" / f"{colour}.webp", colour)) for colour in ("red", "blue")]
    items = pd.DataFrame(
        {
            "item_id": ["a", "b", "c"],
            "title": ["A", "B", "C"],
            "text": ["x", "y\nz", ""],
            "image": [*pictures, ""],
            "price": [1.5, np.nan, 3.0],
            "tags": ["x|y", "", "y"],
        }
    )
    interactions = pd.DataFrame(
        {
            "user": np.array([0, 1], dtype=np.int32),
            "item": np.array([2, 0], dtype=np.int32),
            "rating": np.array([np.nan, 4.5], dtype=np.float32),
            "time": np.array([10.0, np.nan]),
        }
    )
    columns = (Column("price", "number"), Column("tags", "tags"))
    return Catalogue("made", items, interactions, pd.Index(["u", "v"]), "", columns, True, truth)


def a_truth() -> Truth:
    item = TruthItem(
        attributes={"colour": "red", "material": "oak"},
        boxes={"body": (0.1, 0.2, 0.8, 0.9)},
        spans=(TruthSpan("material", "oak", 3, 6), TruthSpan("kind", "mug", 0, 3, "title")),
        tags=("gift",),
        questions=(("What colour?", "red"),),
        captions=("A red mug.",),
        wrong=("colour",),
        where={"colour": ("body",)},
        numbers={"appeal": 0.25},
    )
    users = pd.DataFrame(
        {"taste": ["seen", "told"], "wants": ["red", "oak"], "likes": [["red"], []], "pull": [0.5, 1.0]}
    )
    masks = np.arange(3 * 32 * 32, dtype=np.uint8).reshape(3, 32, 32) % 3
    bare = TruthItem({}, {}, ())
    return Truth(
        {"colour": "seen", "material": "told"}, (item, bare, bare), masks, ("body", "handle"), users, {"user": 0.7}
    )


def test_what_is_saved_comes_back(tmp_path: Path) -> None:
    before = made(tmp_path)
    after = store.save(tmp_path / "home", before)
    same = ["item_id", "title", "text", "price", "tags"]
    pd.testing.assert_frame_equal(after.items[same], before.items[same], check_dtype=False)
    pd.testing.assert_frame_equal(after.interactions, before.interactions)
    assert list(after.user_ids) == ["u", "v"]
    assert (after.columns, after.simulated, after.truth) == (before.columns, True, None)
    for source, kept in zip(before.items["image"], after.items["image"], strict=True):
        assert Path(source).read_bytes() == Path(kept).read_bytes() if source else kept == ""
    assert Image.open(after.items["thumbnail"][0]).size == (32, 24)
    assert after.folder == tmp_path / "home" / "catalogues" / "made"
    assert after.item_index("b") == 1
    assert after.user_index("v") == 1
    shutil.rmtree(tmp_path / "drawn")
    assert Path(store.load(tmp_path / "home", "made").items["image"][0]).is_file()


def test_the_truth_comes_back(tmp_path: Path) -> None:
    truth = a_truth()
    after = store.save(tmp_path / "home", made(tmp_path, truth)).truth
    assert after is not None
    assert (after.sources, after.items, after.parts, after.ceiling) == (
        truth.sources,
        truth.items,
        truth.parts,
        truth.ceiling,
    )
    np.testing.assert_array_equal(after.masks, truth.masks)
    assert after.masks.dtype == np.uint8
    pd.testing.assert_frame_equal(after.users, truth.users, check_dtype=False)


def test_a_damaged_truth_is_told(tmp_path: Path) -> None:
    store.save(tmp_path / "home", made(tmp_path, a_truth()))
    (tmp_path / "home" / "catalogues" / "made" / "truth.npz").write_bytes(b"nothing")
    with pytest.raises(CatalogueError, match="truth kept in 'made' is damaged"):
        store.load(tmp_path / "home", "made")


def test_the_summary_counts_without_reading_tables(tmp_path: Path) -> None:
    after = store.save(tmp_path / "home", made(tmp_path))
    (tmp_path / "home" / "catalogues" / "made" / "items.parquet").unlink()
    assert store.summary(tmp_path / "home", "made") == store.Summary("made", after.fingerprint, True, 3, 2, 2, 1, 1)


def test_names_are_sorted_and_drafts_are_not_among_them(tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert store.names(home) == []
    for name in ("b", "a"):
        store.save(home, dataclasses.replace(made(tmp_path), name=name))
    shutil.copytree(home / "catalogues" / "a", home / "catalogues" / ".a.123.part")
    (home / "catalogues" / "empty").mkdir()
    assert store.names(home) == ["a", "b"]


def test_other_content_is_not_replaced_unasked(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "shop")
    first, _ = imported(folder)
    again, _ = imported(folder)  # equal content may be imported again
    assert again.fingerprint == first.fingerprint
    write_folder(folder, ITEMS.replace("Mug", "Cup"))
    with pytest.raises(CatalogueError, match="'shop' with other content is kept already"):
        imported(folder)
    assert store.load(tmp_path / "home", "shop").items["title"][0] == "Mug"
    other, _ = imported(folder, name="cups")
    replaced, _ = imported(folder, replace=True)
    assert replaced.fingerprint == other.fingerprint != first.fingerprint
    assert store.load(tmp_path / "home", "shop").items["title"][0] == "Cup"
    assert sorted(path.name for path in (tmp_path / "home" / "catalogues").iterdir()) == ["cups", "shop"]


def test_the_stamp_changes_with_each_writing(tmp_path: Path) -> None:
    home = tmp_path / "home"
    store.save(home, made(tmp_path))
    first = store.stamp(home, "made")
    assert store.stamp(home, "made") == first
    store.save(home, made(tmp_path))
    assert store.stamp(home, "made") != first


@pytest.mark.parametrize("name", ["", "..", "a/b", "My shop", "-a", "ä", ".hidden", "a" * 65])
def test_a_name_that_cannot_be_one_proposes_another(tmp_path: Path, name: str) -> None:
    with pytest.raises(CatalogueError, match="can't be the name of a catalogue") as caught:
        imported(write_folder(tmp_path / "shop"), name=name)
    proposed = str(caught.value).rsplit("'", 2)[1]
    assert store.check_name(proposed) == proposed
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("My Shop", "my-shop"),
        ("Möbel & Mode!", "mobel-mode"),
        ("日本", "catalogue"),
        ("a_b-1", "a_b-1"),
        ("..", "catalogue"),
    ],
)
def test_names_made_of_words(words: str, expected: str) -> None:
    assert store.slug(words) == expected


def test_removing(tmp_path: Path) -> None:
    home = tmp_path / "home"
    store.save(home, made(tmp_path))
    with pytest.raises(UnknownNameError, match=r"There is no catalogue 'maid'\. Did you mean 'made'\?"):
        store.remove(home, "maid")
    store.remove(home, "made")
    assert store.names(home) == []
    assert list((home / "catalogues").iterdir()) == []
    with pytest.raises(UnknownNameError):
        store.load(home, "made")
    with pytest.raises(UnknownNameError):
        store.load(home, "../../etc")


@pytest.mark.parametrize("file", ["items.parquet", "interactions.parquet", "users.parquet", "catalogue.json"])
def test_a_damaged_catalogue_is_told(tmp_path: Path, file: str) -> None:
    store.save(tmp_path / "home", made(tmp_path))
    (tmp_path / "home" / "catalogues" / "made" / file).write_bytes(b"{}")
    with pytest.raises(CatalogueError, match="kept catalogue 'made' is damaged"):
        store.load(tmp_path / "home", "made")


def test_a_catalogue_of_a_newer_version(tmp_path: Path) -> None:
    store.save(tmp_path / "home", made(tmp_path))
    path = tmp_path / "home" / "catalogues" / "made" / "catalogue.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"format": 99}))
    with pytest.raises(CatalogueError, match="kept by a newer mmviz"):
        store.load(tmp_path / "home", "made")


@pytest.mark.parametrize(
    ("table", "column", "values", "says"),
    [
        ("items", "item_id", ["a", "a", "b"], "unique"),
        ("items", "item_id", ["a", "", "b"], "must not be empty"),
        ("items", "title", [1, 2, 3], "must hold strings"),
        ("interactions", "item", np.array([3, 0], dtype=np.int32), "must be a code below 3"),
        ("interactions", "user", np.array([-1, 0], dtype=np.int32), "must be a code below 2"),
        ("interactions", "rating", np.array([np.inf, 0], dtype=np.float32), "must be finite"),
        ("interactions", "time", np.array([2.0, 1.0]), "must be in order"),
        ("interactions", "time", np.array([np.nan, 1.0]), "must be in order"),
    ],
)
def test_a_catalogue_that_breaks_the_rules_is_not_kept(
    tmp_path: Path, table: str, column: str, values: object, says: str
) -> None:
    plain = made(tmp_path)
    broken = dataclasses.replace(plain, **{table: getattr(plain, table).assign(**{column: values})})
    with pytest.raises(CatalogueError, match=says):
        store.save(tmp_path / "home", broken)
    assert store.names(tmp_path / "home") == []


def test_a_picture_that_cannot_be_kept_stops_the_saving(tmp_path: Path) -> None:
    plain = made(tmp_path)
    items = plain.items.assign(image=[str(tmp_path / "gone.png"), "", ""])
    with pytest.raises(CatalogueError, match=r"A picture of catalogue 'made' can't be used: gone\.png"):
        store.save(tmp_path / "home", dataclasses.replace(plain, items=items))


def test_what_a_killed_import_left_is_swept_after_a_day(tmp_path: Path) -> None:
    kept = tmp_path / "home" / "catalogues"
    for name in (".made.1.part", ".made.2.part", ".other.1.part"):
        (kept / name / "pictures").mkdir(parents=True)
    for name in (".made.1.part", ".other.1.part"):
        os.utime(kept / name, (0, 0))
    store.save(tmp_path / "home", made(tmp_path))
    assert sorted(path.name for path in kept.iterdir()) == [".made.2.part", ".other.1.part", "made"]


def test_only_imports_have_a_report(tmp_path: Path) -> None:
    store.save(tmp_path / "home", made(tmp_path))
    with pytest.raises(CatalogueError, match="wasn't imported from a folder"):
        store.load_report(tmp_path / "home", "made")
    assert len(store.rejected_rows(tmp_path / "home", "made")) == 0
