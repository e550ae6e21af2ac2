"""Every fault of a folder gets a plain message and a place in the report; nothing is dropped in silence."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mmviz.catalogue import ImportFailedError, store
from mmviz.errors import CatalogueError, UnknownNameError
from tests.catalogue.folders import ITEMS, RATINGS, finding, imported, kinds, write_folder, write_picture


def message_of(folder: Path, **options: object) -> str:
    with pytest.raises(CatalogueError) as caught:
        imported(folder, **options)
    assert not (folder.parent / "home" / "catalogues" / "shop").exists()
    assert isinstance(caught.value, ImportFailedError)
    assert caught.value.findings[0].level == "error"
    return str(caught.value)


def rejected(folder: Path) -> list[tuple[str, int, str]]:
    rows = store.rejected_rows(folder.parent / "home", "shop")
    return list(rows[["table", "line", "reason"]].itertuples(index=False, name=None))


# ── the folder ────────────────────────────────────────────────────────────────────────────────────────────────


def test_no_such_folder_suggests_the_nearest(tmp_path: Path) -> None:
    write_folder(tmp_path / "movies")
    assert message_of(tmp_path / "moveis") == (
        f"There is no folder '{tmp_path / 'moveis'}'. Did you mean '{tmp_path / 'movies'}'?"
    )


def test_a_file_instead_of_a_folder(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "shop")
    assert f"Give the folder that holds it: '{folder}'" in message_of(folder / "items.csv")


def test_a_path_that_cannot_be_one(tmp_path: Path) -> None:
    assert "can't be a folder" in message_of(tmp_path / "a\0b")
    assert "can't be a folder" in message_of(tmp_path / ("x" * 5000))


def test_no_items_table_says_what_was_looked_for(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "shop", items=None)
    message = message_of(folder)
    assert "holds no items table" in message
    assert "items" in message
    assert ".parquet" in message
    assert "Found only: ratings.csv" in message


def test_the_folder_above_suggests_the_one_below(tmp_path: Path) -> None:
    write_folder(tmp_path / "data" / "inner")
    assert f"Perhaps '{tmp_path / 'data' / 'inner'}' is meant" in message_of(tmp_path / "data")


def test_a_home_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("in the way", encoding="utf-8")
    assert "can't be read or written" in message_of(write_folder(tmp_path / "shop"))


# ── columns ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_missing_id_column_names_those_found_and_the_nearest(tmp_path: Path) -> None:
    message = message_of(write_folder(tmp_path / "shop", "itm_idd,title\n1,A\n"))
    assert "items.csv has no item id column" in message
    assert "Found: itm_idd, title" in message
    assert "item_id=itm_idd" in message


def test_a_missing_user_column(tmp_path: Path) -> None:
    message = message_of(write_folder(tmp_path / "shop", ratings="item_id,rating\n1,5\n"))
    assert "ratings.csv has no user id column" in message
    assert "Found: item_id, rating" in message


def test_a_file_without_a_header_is_guessed_at(tmp_path: Path) -> None:
    message = message_of(write_folder(tmp_path / "shop", ratings="1,31,2.5,1260759144\n1,1029,3.0,1260759179\n"))
    assert "Does the first line name the columns?" in message


def test_neither_title_nor_text_nor_picture(tmp_path: Path) -> None:
    message = message_of(write_folder(tmp_path / "shop", "item_id,price\n1,2\n", pictures=False))
    assert "neither a title, a text nor a picture" in message


def test_a_mapping_wins_over_the_names(tmp_path: Path) -> None:
    items = "item_id,title,plot,blurb_de\n1,A,one,eins\n2,B,two,zwei\n"
    catalogue, report = imported(write_folder(tmp_path / "shop", items), mapping={"text": "blurb_de"})
    assert list(catalogue.items["text"]) == ["eins", "zwei"]
    assert report.tables[0].columns["blurb_de"] == "text"
    assert "plot" in catalogue.items


def test_a_mapping_of_what_there_is_not(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "shop")
    with pytest.raises(UnknownNameError, match=r"There is no column role 'txt'\. Did you mean 'text'\?"):
        imported(folder, mapping={"txt": "description"})
    with pytest.raises(UnknownNameError, match=r"There is no column 'descripton'\. Did you mean 'description'\?"):
        imported(folder, mapping={"text": "descripton"})


def test_columns_without_a_name_or_named_twice_are_left_out_aloud(tmp_path: Path) -> None:
    catalogue, report = imported(write_folder(tmp_path / "shop", ",item_id,title,title\n0,1,A,x\n1,2,B,y\n"))
    assert list(catalogue.items["title"]) == ["A", "B"]
    assert finding(report, "column-left-out").count == 2
    assert catalogue.columns == ()


# ── rows ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_duplicate_item_ids_keep_the_first(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "shop", ITEMS + "2,Other lamp,again,\n")
    catalogue, report = imported(folder)
    assert list(catalogue.items["title"]) == ["Mug", "Lamp", "Vase"]
    assert finding(report, "duplicate-item").examples == ("2 (first on line 3)",)
    assert rejected(folder) == [
        ("items.csv", 5, "the item id was there before; the first row is kept: 2 (first on line 3)")
    ]
    row = json.loads(store.rejected_rows(tmp_path / "home", "shop")["row"][0])
    assert row == {"item_id": "2", "title": "Other lamp", "description": "again", "image": ""}


def test_rows_without_ids(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "shop", ITEMS + " ,No id,x,\n", RATINGS + ",1,4,1600000000\n,2,4,1600000000\n")
    _, report = imported(folder)
    assert finding(report, "no-item-id").count == 1
    assert finding(report, "no-user-id").count == 2
    assert rejected(folder)[0] == ("items.csv", 5, "there is no item id")
    assert rejected(folder)[1:] == [(("ratings.csv"), line, "there is no user id") for line in (6, 7)]


def test_an_interaction_with_an_unknown_item(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "shop", ratings=RATINGS + "u1,99,4,1600000000\n")
    catalogue, report = imported(folder)
    assert len(catalogue.interactions) == 4
    found = finding(report, "unknown-item")
    assert (found.level, found.count, found.examples) == ("warning", 1, ("99",))
    assert rejected(folder) == [("ratings.csv", 6, "the item isn't among the items: 99")]


def test_a_rating_that_is_not_a_number(tmp_path: Path) -> None:
    extra = "u3,1,good,1600000000\nu3,2,inf,1600000000\nu3,3,,1600000000\n"
    folder = write_folder(tmp_path / "shop", ratings=RATINGS + extra)
    catalogue, report = imported(folder)
    assert len(catalogue.interactions) == 5
    assert int(np.isnan(catalogue.interactions["rating"]).sum()) == 1  # the empty one is a like
    assert finding(report, "bad-rating").examples == ("good", "inf")
    assert finding(report, "no-rating").count == 1
    assert [row[1] for row in rejected(folder)] == [6, 7]


def test_ratings_that_are_mostly_words_are_not_used(tmp_path: Path) -> None:
    ratings = "user_id,item_id,rating\nu,1,like\nu,2,dislike\nv,1,5\n"
    catalogue, report = imported(write_folder(tmp_path / "shop", ratings=ratings))
    assert len(catalogue.interactions) == 3
    assert not catalogue.has_ratings
    assert finding(report, "rating-unused").level == "warning"


def test_a_time_that_cannot_be_read(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "shop", ratings=RATINGS + "u3,1,4,yesterday\nu3,2,4,\n")
    catalogue, report = imported(folder)
    assert len(catalogue.interactions) == 4
    assert catalogue.has_times
    assert finding(report, "bad-time").examples == ("yesterday", "")
    assert [row[1] for row in rejected(folder)] == [6, 7]


def test_times_that_are_mostly_unreadable_are_not_used(tmp_path: Path) -> None:
    ratings = "user_id,item_id,time\nu,1,spring\nu,2,summer\nv,1,1600000000\n"
    catalogue, report = imported(write_folder(tmp_path / "shop", ratings=ratings))
    assert len(catalogue.interactions) == 3
    assert not catalogue.has_times
    assert finding(report, "time-unused").count == 3  # one way of writing for the whole column


def test_ambiguous_dates_are_a_stated_doubt(tmp_path: Path) -> None:
    ratings = "user_id,item_id,date\nu,1,03/04/2020\nu,2,05/06/2020\n"
    _, report = imported(write_folder(tmp_path / "shop", ratings=ratings))
    assert "day/month/year" in finding(report, "time-ambiguous").message


def test_no_usable_items(tmp_path: Path) -> None:
    message = message_of(write_folder(tmp_path / "shop", "item_id,title\n,A\n,B\n"))
    assert "No row of items.csv can be used" in message
    assert "Rejected 2 rows of items.csv: there is no item id." in message
    assert "No row of items.csv" in message_of(write_folder(tmp_path / "shop", "item_id,title\n"))


def test_no_usable_interactions(tmp_path: Path) -> None:
    message = message_of(write_folder(tmp_path / "shop", ratings="user_id,item_id\nu,a\nv,b\n"))
    assert "No row of ratings.csv can be used" in message
    assert "the item isn't among the items" in message


def test_empty_files(tmp_path: Path) -> None:
    assert "items.csv is empty" in message_of(write_folder(tmp_path / "shop", ""))
    assert "ratings.csv is empty" in message_of(write_folder(tmp_path / "shop", ratings="\n\n"))


def test_empty_texts_stay_and_are_counted(tmp_path: Path) -> None:
    items = "item_id,title,text\n1,A,words\n2,B,\n3,C,NaN\n4,D,n/a\n5,,x\n"
    catalogue, report = imported(write_folder(tmp_path / "shop", items))
    assert list(catalogue.items["text"]) == ["words", "", "", "", "x"]
    assert report.n_without_text == 3
    assert finding(report, "empty-text").examples == ("2", "3", "4")
    assert finding(report, "empty-title").count == 1


def test_line_breaks_stay_in_texts_but_not_in_titles(tmp_path: Path) -> None:
    items = 'item_id,title,text\r\n1,"Two\r\n lines","One\r\n\r\ntwo"\r\n'
    catalogue, _ = imported(write_folder(tmp_path / "shop", items, "user_id,item_id\nu,1\n"))
    assert catalogue.items[["title", "text"]].to_numpy().tolist() == [["Two lines", "One\n\ntwo"]]


def test_an_item_with_nothing_stays_and_is_warned_of(tmp_path: Path) -> None:
    catalogue, report = imported(write_folder(tmp_path / "shop", ITEMS + "4,,,\n"))
    assert catalogue.n_items == 4
    assert finding(report, "bare-item").examples == ("4",)
    assert finding(report, "cold-item").examples == ("4",)


def test_lines_that_are_no_rows_are_rejected_with_their_words(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "shop", ratings=RATINGS + "u1,3\nu3,1,5,1600000400\n")
    catalogue, report = imported(folder)
    assert len(catalogue.interactions) == 5
    assert report.n_rejected == 1
    assert rejected(folder) == [("ratings.csv", 6, "2 fields where the header has 4")]
    assert store.rejected_rows(tmp_path / "home", "shop")["row"][0] == "u1,3"
    assert finding(report, "bad-line").count == 1


def test_every_row_is_kept_or_rejected(tmp_path: Path) -> None:
    noise = "u1,1,5,1600000900\n,1,2,3\nu1,x,2,3\nu1,2,bad,3\nu2,2,4,never\nbroken\nu4,3,1,1600000000\n"
    catalogue, report = imported(write_folder(tmp_path / "shop", ITEMS + "1,a,b,c\n,,,\nbad\n", RATINGS + noise))
    rows = sum(table.rows for table in report.tables)
    assert rows == catalogue.n_items + len(catalogue.interactions) + report.n_rejected
    assert report.n_rejected == len(store.rejected_rows(tmp_path / "home", "shop"))


# ── encodings ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_table_that_is_not_utf8_is_read_and_it_is_said(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "shop")
    (folder / "items.csv").write_bytes("item_id;title\n1;Café – “Größe”\n".encode("cp1252"))
    catalogue, report = imported(folder)
    assert catalogue.items["title"][0] == "Café – “Größe”"
    assert (report.tables[0].encoding, report.tables[0].delimiter) == ("cp1252", "semicolon")
    assert finding(report, "encoding").level == "warning"


def test_letters_lost_before_are_pointed_out(tmp_path: Path) -> None:
    _, report = imported(write_folder(tmp_path / "shop", "item_id,title\n1,Caf\ufffd\n2,Tea\n"))
    assert finding(report, "lost-letters").examples == ("line 2",)


def test_a_spreadsheet_under_a_wrong_name(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "shop")
    (folder / "items.csv").write_bytes(b"PK\x03\x04" + bytes(range(256)) * 8)
    assert "items.csv isn't a text table" in message_of(folder)


def test_a_parquet_file_that_is_none(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "shop", items=None)
    (folder / "items.parquet").write_bytes(b"not parquet at all")
    assert "items.parquet isn't a readable Parquet file" in message_of(folder)


# ── pictures ──────────────────────────────────────────────────────────────────────────────────────────────────


def with_picture(tmp_path: Path, cell: str) -> Path:
    return write_folder(tmp_path / "shop", f"item_id,title,image\n1,A,{cell}\n2,B,a.png\n", RATINGS)


def lost(folder: Path, kind: str) -> str:
    """Import and check that exactly the first item lost its picture, for the one reason; return the example."""
    catalogue, report = imported(folder)
    assert [bool(path) for path in catalogue.items["image"]] == [False, True]
    assert report.n_without_image == 1
    found = finding(report, kind)
    assert (found.level, found.count) == ("warning", 1)
    return found.examples[0]


def test_a_missing_picture(tmp_path: Path) -> None:
    assert lost(with_picture(tmp_path, "nowhere.png"), "picture-missing") == "1: nowhere.png"
    assert lost(with_picture(tmp_path, "x" * 4000), "picture-missing")


def test_an_unreadable_picture(tmp_path: Path) -> None:
    folder = with_picture(tmp_path, "bad.png")
    (folder / "bad.png").write_text("this is no picture", encoding="utf-8")
    assert "bad.png: not a JPEG, PNG or WebP picture" in lost(folder, "picture-unreadable")


def test_a_picture_in_another_format_is_not_tried(tmp_path: Path) -> None:
    folder = with_picture(tmp_path, "bad.png")
    Image.new("RGB", (4, 4)).save(folder / "bad.png", "TIFF")
    assert lost(folder, "picture-unreadable")


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp"])
def test_a_truncated_picture(tmp_path: Path, suffix: str) -> None:
    folder = with_picture(tmp_path, f"cut.{suffix}")
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(noise).save(folder / f"cut.{suffix}")
    whole = (folder / f"cut.{suffix}").read_bytes()
    (folder / f"cut.{suffix}").write_bytes(whole[: len(whole) // 2])
    catalogue, report = imported(folder)
    assert catalogue.items["image"][0] == ""
    assert kinds(report) & {"picture-truncated", "picture-unreadable"}


def test_a_picture_of_too_many_pixels_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    folder = with_picture(tmp_path, "big.png")
    Image.new("1", (9000, 6000)).save(folder / "big.png")
    assert "9000 × 6000 pixels" in lost(folder, "picture-too-large")


@pytest.mark.parametrize("side", [10_000, 15_000])  # Pillow warns of the first and refuses the second
def test_a_decompression_bomb(tmp_path: Path, side: int) -> None:
    folder = with_picture(tmp_path, "bomb.png")
    Image.new("1", (side, side)).save(folder / "bomb.png")
    assert "50 million" in lost(folder, "picture-too-large")


@pytest.mark.parametrize(
    "cell", ["../secret.png", "images/../../secret.png", "..\\secret.png", "C:\\secret.png", "~/secret.png"]
)
def test_a_path_that_leaves_the_folder(tmp_path: Path, cell: str) -> None:
    write_picture(tmp_path / "secret.png")
    assert lost(with_picture(tmp_path, cell), "picture-outside") == f"1: {cell}"


def test_an_absolute_path(tmp_path: Path) -> None:
    secret = write_picture(tmp_path / "secret.png")
    lost(with_picture(tmp_path, str(secret)), "picture-outside")


def test_links_that_lead_out_of_the_folder(tmp_path: Path) -> None:
    secret = write_picture(tmp_path / "elsewhere" / "secret.png")
    folder = with_picture(tmp_path, "link.png")
    (folder / "link.png").symlink_to(secret)
    lost(folder, "picture-outside")
    folder = with_picture(tmp_path, "sub/secret.png")
    (folder / "sub").symlink_to(secret.parent, target_is_directory=True)
    lost(folder, "picture-outside")


def test_links_do_not_smuggle_pictures_in_by_id(tmp_path: Path) -> None:
    secret = write_picture(tmp_path / "secret.png")
    folder = write_folder(tmp_path / "shop", "item_id,title\n1,A\n2,B\n", pictures=False)
    write_picture(folder / "2.png")
    (folder / "1.png").symlink_to(secret)
    catalogue, _ = imported(folder)
    assert [bool(path) for path in catalogue.items["image"]] == [False, True]


def test_a_link_to_itself_and_a_pipe(tmp_path: Path) -> None:
    folder = with_picture(tmp_path, "loop.png")
    (folder / "loop.png").symlink_to("loop.png")
    lost(folder, "picture-missing")
    folder = with_picture(tmp_path, "pipe.png")
    os.mkfifo(folder / "pipe.png")
    lost(folder, "picture-missing")


def test_a_web_address_is_not_fetched(tmp_path: Path) -> None:
    assert lost(with_picture(tmp_path, "https://example.org/a.png"), "picture-web-address")
