"""A good folder becomes the catalogue that it describes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mmviz.catalogue import store
from mmviz.catalogue.base import Column
from mmviz.catalogue.report import ImportReport
from mmviz.progress import Cancelled, Progress
from tests.catalogue.folders import ITEMS, RATINGS, finding, imported, kinds, write_folder, write_picture
from tests.make import write_small_catalogue


def test_everything_arrives(tmp_path: Path) -> None:
    catalogue, report = imported(write_folder(tmp_path / "My shop"))
    assert catalogue.name == report.name == "my-shop"
    assert list(catalogue.items["item_id"]) == ["1", "2", "3"]
    assert list(catalogue.items["title"]) == ["Mug", "Lamp", "Vase"]
    assert list(catalogue.items["text"]) == ["A red mug", "A tall lamp", "A thin vase"]
    assert list(catalogue.user_ids) == ["u1", "u2"]
    assert catalogue.interactions.to_dict("list") == {
        "user": [0, 0, 1, 1],
        "item": [0, 1, 0, 2],
        "rating": [5.0, 3.0, 4.0, 2.0],
        "time": [1600000000.0, 1600000100.0, 1600000200.0, 1600000300.0],
    }
    assert [str(kind) for kind in catalogue.interactions.dtypes] == ["int32", "int32", "float32", "float64"]
    assert catalogue.has_times
    assert catalogue.has_ratings
    for column in ("image", "thumbnail"):
        assert [Path(path).is_file() for path in catalogue.items[column][:2]] == [True, True]
        assert catalogue.items[column][2] == ""
    assert (report.n_items, report.n_users, report.n_interactions) == (3, 2, 4)
    assert (report.n_without_image, report.n_without_text, report.n_rejected) == (1, 0, 0)
    assert report.fingerprint == catalogue.fingerprint
    assert not [entry for entry in report.findings if entry.level != "note"]


def test_the_report_says_how_the_files_were_read(tmp_path: Path) -> None:
    _, report = imported(write_folder(tmp_path / "shop"))
    items, ratings = report.tables
    assert (items.table, items.file, items.encoding, items.delimiter, items.rows) == (
        "items",
        "items.csv",
        "utf-8",
        "comma",
        3,
    )
    assert items.columns == {"item_id": "item_id", "title": "title", "description": "text", "image": "image"}
    assert ratings.columns == {"user_id": "user_id", "item_id": "item_id", "rating": "rating", "timestamp": "time"}
    assert "unix seconds" in finding(report, "time-format").message


def test_the_report_survives_json_and_the_store(tmp_path: Path) -> None:
    _, report = imported(write_folder(tmp_path / "shop", ratings=RATINGS + "u9,77,1,1\n"))
    assert ImportReport.from_json(report.to_json()) == report
    assert store.load_report(tmp_path / "home", "shop") == report
    newer = json.loads(report.to_json()) | {"further": 1}
    assert ImportReport.from_json(json.dumps(newer)) == report


def test_interactions_are_ordered_by_time_then_by_source(tmp_path: Path) -> None:
    ratings = "user_id,item_id,timestamp\nb,1,300\na,2,100\nb,3,300\na,1,200\n"
    catalogue, _ = imported(write_folder(tmp_path / "shop", ratings=ratings))
    users = [catalogue.user_ids[code] for code in catalogue.interactions["user"]]
    assert list(zip(users, catalogue.interactions["item"], strict=True)) == [("a", 1), ("a", 0), ("b", 0), ("b", 2)]
    assert list(catalogue.user_ids) == ["b", "a"]  # first appearance in the source
    assert np.isnan(catalogue.interactions["rating"]).all()


def test_ids_keep_leading_zeros(tmp_path: Path) -> None:
    items = "item_id,title\n007,Bond\n7,Seven\n"
    ratings = "user_id,item_id\n01,007\n1,7\n"
    catalogue, report = imported(write_folder(tmp_path / "shop", items, ratings))
    assert list(catalogue.items["item_id"]) == ["007", "7"]
    assert list(catalogue.user_ids) == ["01", "1"]
    assert list(catalogue.interactions["item"]) == [0, 1]
    assert "loose-id" not in kinds(report)


def test_ids_that_lost_their_zeros_on_one_side_are_matched_and_it_is_said(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "shop", "item_id,title\n0108,Shirt\n0209,Bag\n", ratings=None)
    pd.DataFrame({"user_id": [1, 2], "item_id": [108.0, 209.0], "rating": [4, 5]}).to_parquet(
        folder / "ratings.parquet"
    )
    catalogue, report = imported(folder)
    assert list(catalogue.interactions["item"]) == [0, 1]
    assert finding(report, "loose-id").examples == ("108 → 0108", "209 → 0209")
    assert finding(report, "loose-id").level == "warning"


def test_ids_are_not_matched_loosely_when_two_would_fit(tmp_path: Path) -> None:
    items, ratings = "item_id,title\n01,A\n001,B\n2,C\n", "user_id,item_id\nu,1\nu,2\n"
    catalogue, report = imported(write_folder(tmp_path / "shop", items, ratings))
    assert list(catalogue.interactions["item"]) == [2]
    assert finding(report, "unknown-item").examples == ("1",)


@pytest.mark.parametrize("suffix", ["parquet", "jsonl"])
def test_other_formats_give_the_same_content(tmp_path: Path, suffix: str) -> None:
    expected, _ = imported(write_folder(tmp_path / "one"), name="one")
    other = write_folder(tmp_path / "two", items=None, ratings=None)
    items = pd.read_csv(tmp_path / "one" / "items.csv")
    ratings = pd.read_csv(tmp_path / "one" / "ratings.csv")
    if suffix == "parquet":
        items.to_parquet(other / "items.parquet")
        ratings.to_parquet(other / "ratings.parquet")
    else:
        items.to_json(other / "items.jsonl", orient="records", lines=True)
        ratings.to_json(other / "ratings.jsonl", orient="records", lines=True)
    catalogue, report = imported(other, name="two")
    assert catalogue.fingerprint == expected.fingerprint
    assert report.tables[0].format == suffix


def test_further_columns_have_kinds(tmp_path: Path) -> None:
    small = write_small_catalogue(tmp_path / "small")
    catalogue, report = imported(small.folder)
    assert catalogue.columns == (Column("category", "category"), Column("tags", "tags"), Column("price", "number"))
    assert catalogue.items["price"].dtype == np.float64
    assert catalogue.items["price"][0] == 5.5
    assert catalogue.items["category"][0] == small.kinds[0]
    assert (catalogue.n_items, catalogue.n_users, len(catalogue.interactions)) == (60, 40, 560)
    assert (report.n_without_image, report.n_without_text) == (1, 1)
    assert list(catalogue.items["item_id"]) == list(small.item_ids)


def test_a_column_that_has_a_name_of_ours_is_kept_beside_it(tmp_path: Path) -> None:
    items = "asin,name,title,title (2),image,thumbnail\n1,Mug,Dr,x,,yes\n2,Lamp,Mr,y,,no\n"
    catalogue, _ = imported(write_folder(tmp_path / "shop", items, "user,asin\nu,1\n"), mapping={"title": "name"})
    assert list(catalogue.items["title"]) == ["Mug", "Lamp"]
    assert list(catalogue.items["title (2)"]) == ["x", "y"]
    assert list(catalogue.items["title (3)"]) == ["Dr", "Mr"]
    assert list(catalogue.items["thumbnail (2)"]) == ["yes", "no"]
    assert list(catalogue.items["thumbnail"]) == ["", ""]


def test_lists_become_tags_and_paragraphs(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "shop", items=None)
    rows = [
        {"id": 1, "name": "Mug", "description": ["Red.", "Round."], "genres": ["a|b", "c"], "img": ["a.png", "b.png"]},
        {"id": 2, "name": "Lamp", "description": [], "genres": ["c"], "price": 2.50, "img": None},
        {"id": 3, "name": "Vase", "genres": [], "price": None},
    ]
    (folder / "items.jsonl").write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    catalogue, _ = imported(folder)
    assert list(catalogue.items["text"]) == ["Red. Round.", "", ""]
    assert list(catalogue.items["genres"]) == ["a/b|c", "c", ""]
    assert [kind.kind for kind in catalogue.columns] == ["tags", "number"]
    assert catalogue.items["price"][1] == 2.5
    assert [bool(path) for path in catalogue.items["image"]] == [True, False, False]


def test_pictures_named_after_ids_are_used_without_a_column(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "shop", "item_id,title\n1,A\n2,B\n3,C\n", pictures=False)
    write_picture(folder / "images" / "1.png")
    write_picture(folder / "images" / "sub" / "3.jpg", "blue")
    catalogue, report = imported(folder)
    assert [bool(path) for path in catalogue.items["image"]] == [True, False, True]
    assert finding(report, "pictures-by-id").count == 2


def test_a_bare_file_name_is_found_in_the_pictures_folder(tmp_path: Path) -> None:
    items = "item_id,title,filename\n1,A,one.png\n2,B,two\n3,C,IMAGES/THREE.png\n"
    folder = write_folder(tmp_path / "shop", items, pictures=False)
    for name in ("one", "two", "three"):
        write_picture(folder / "images" / f"{name}.png")
    catalogue, report = imported(folder)
    assert (catalogue.items["image"] != "").all()
    assert "picture-missing" not in kinds(report)


def test_items_alone_can_be_browsed(tmp_path: Path) -> None:
    catalogue, report = imported(write_folder(tmp_path / "shop", ratings=None))
    assert (catalogue.n_items, catalogue.n_users, len(catalogue.interactions)) == (3, 0, 0)
    assert not catalogue.has_times
    assert finding(report, "no-interactions-file").level == "warning"
    assert catalogue.matrix().shape == (0, 3)


def test_the_last_of_repeated_interactions_is_kept(tmp_path: Path) -> None:
    ratings = "user_id,item_id,rating,time\nu,1,2,200\nu,1,5,100\nu,2,1,100\nv,1,3,50\n"
    catalogue, report = imported(write_folder(tmp_path / "shop", ratings=ratings))
    mine = catalogue.interactions[catalogue.interactions["item"] == 0]
    assert sorted(mine["rating"]) == [2.0, 3.0]  # the rating at time 200 stands, not the last line
    found = finding(report, "repeated-interaction")
    assert (found.count, found.level, report.n_rejected) == (1, "note", 1)
    assert list(store.rejected_rows(tmp_path / "home", "shop")["line"]) == [3]


def test_files_with_longer_names_are_found_and_the_others_are_named(tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "movies_metadata.csv").write_text(ITEMS, encoding="utf-8")
    (folder / "movie_ratings_small.csv").write_text(RATINGS, encoding="utf-8")
    (folder / "ratings_old.csv").write_text(RATINGS, encoding="utf-8")
    (folder / "notes.txt").write_text("hello", encoding="utf-8")
    _, report = imported(folder)
    assert [table.file for table in report.tables] == ["movies_metadata.csv", "movie_ratings_small.csv"]
    assert finding(report, "file-not-read").examples == ("ratings_old.csv",)


def test_progress_is_reported_in_stages(tmp_path: Path) -> None:
    seen: list[Progress] = []
    imported(write_folder(tmp_path / "shop"), report=seen.append)
    stages = list(dict.fromkeys(step.stage for step in seen))
    assert stages == ["Reading items.csv", "Reading ratings.csv", "Keeping pictures", "Writing the catalogue"]
    assert [step.fraction for step in seen if step.stage == "Keeping pictures"][-1] == 1.0


def test_cancelling_at_any_step_leaves_nothing_behind(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "shop")
    steps: list[Progress] = []
    imported(folder, report=steps.append, name="whole")
    for last in range(len(steps)):
        taken: list[Progress] = []

        def stop(step: Progress, last: int = last, taken: list[Progress] = taken) -> None:
            taken.append(step)
            if len(taken) > last:
                raise Cancelled

        with pytest.raises(Cancelled):
            imported(folder, report=stop, name="stopped")
        assert [path.name for path in (tmp_path / "home" / "catalogues").iterdir()] == ["whole"]
