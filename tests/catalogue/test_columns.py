"""Roles are given to columns by their names, or as a person says."""

from __future__ import annotations

import pytest

from mmviz.catalogue.columns import INTERACTION_ROLES, ITEM_ROLES, recognise, require, split_mapping
from mmviz.errors import CatalogueError, UnknownNameError


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("movieId,title,genres", {"item_id": "movieId", "title": "title"}),
        (
            "article_id,prod_name,detail_desc,product_type_no",
            {"item_id": "article_id", "title": "prod_name", "text": "detail_desc"},
        ),
        (
            "asin,title,description,imUrl",
            {"item_id": "asin", "title": "title", "text": "description", "image": "imUrl"},
        ),
        ("id,productDisplayName,gender", {"item_id": "id", "title": "productDisplayName"}),
        (
            "SKU,Name,Long Description,Image Path",
            {"item_id": "SKU", "title": "Name", "text": "Long Description", "image": "Image Path"},
        ),
        ("id,movie_id,overview,poster_path", {"item_id": "movie_id", "text": "overview", "image": "poster_path"}),
        (
            "Product ID,summary,description,Picture",
            {"item_id": "Product ID", "text": "description", "image": "Picture"},
        ),
    ],
)
def test_items_of_known_data_sets(header: str, expected: dict[str, str]) -> None:
    assert recognise(header.split(","), ITEM_ROLES, {}) == expected


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("userId,movieId,rating,timestamp", ("userId", "movieId", "rating", "timestamp")),
        ("reviewerID,asin,overall,unixReviewTime,reviewTime", ("reviewerID", "asin", "overall", "unixReviewTime")),
        ("t_dat,customer_id,article_id,price", ("customer_id", "article_id", None, "t_dat")),
        ("User-ID,ISBN,Book-Rating", ("User-ID", "ISBN", "Book-Rating", None)),
        ("user_id,business_id,stars,date", ("user_id", "business_id", "stars", "date")),
        ("uid,iid,score,ts", ("uid", "iid", "score", "ts")),
    ],
)
def test_interactions_of_known_data_sets(header: str, expected: tuple[str | None, ...]) -> None:
    roles = recognise(header.split(","), INTERACTION_ROLES, {})
    assert tuple(roles.get(role) for role in ("user_id", "item_id", "rating", "time")) == expected


def test_a_column_has_one_role_at_most() -> None:
    roles = recognise(["item_id", "title"], ITEM_ROLES, {"text": "title"})
    assert roles == {"item_id": "item_id", "text": "title"}


def test_what_is_missing_is_told_with_the_nearest() -> None:
    with pytest.raises(CatalogueError) as caught:
        require({"item_id": "id"}, "user_id", "r.csv", ["id", "usr_id"], INTERACTION_ROLES)
    assert "Found: id, usr_id." in str(caught.value)
    assert "user_id=usr_id" in str(caught.value)
    require({"user_id": "x"}, "user_id", "r.csv", ["x"], INTERACTION_ROLES)


def test_nothing_is_suggested_where_nothing_is_near() -> None:
    with pytest.raises(CatalogueError) as caught:
        require({}, "item_id", "i.csv", ["colour", "weight"], ITEM_ROLES)
    assert "Perhaps" not in str(caught.value)
    assert "first line" not in str(caught.value)


def test_a_mapping_is_split_between_the_tables() -> None:
    mapping = {"item_id": "key", "text": "plot", "rating": "points"}
    items, interactions = split_mapping(mapping, ["key", "plot"], ["who", "key", "points"])
    assert items == {"item_id": "key", "text": "plot"}
    assert interactions == {"item_id": "key", "rating": "points"}
    assert split_mapping({"item_id": "key"}, ["key"], ["item_id"]) == ({"item_id": "key"}, {})
    assert split_mapping(None, ["a"], None) == ({}, {})


def test_a_mapping_of_ratings_without_ratings() -> None:
    with pytest.raises(UnknownNameError):
        split_mapping({"rating": "points"}, ["points"], None)
