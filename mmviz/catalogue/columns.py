"""Which column plays which role: by an explicit mapping, else by the names that data sets commonly use."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping

from mmviz.errors import CatalogueError, UnknownNameError

__all__ = ["INTERACTION_ROLES", "ITEM_ROLES", "Roles", "Synonyms", "recognise", "require", "split_mapping"]

Roles = dict[str, str]
"""role -> source column"""

_ITEM_IDS = """
    itemid movieid filmid productid articleid asin parentasin sku isbn bookid songid trackid recipeid newsid videoid
    gameid appid artistid listingid businessid gmapid restaurantid photoid postid goodsid paperid objectid itemcode
    productcode ean gtin upc iid pid id item product
"""
_TITLES = """
    title name itemname itemtitle productname productdisplayname producttitle prodname movietitle moviename filmtitle
    booktitle bookname newstitle songtitle songname tracktitle trackname gametitle appname recipename originaltitle
    headline heading
"""
_TEXTS = """
    text description descriptions desc overview plot plotsummary summary synopsis storyline abstract detaildesc
    longdescription fulldescription productdescription itemdescription moviedescription shortdescription
    productdetails itemtext fulltext body content contents about blurb caption details reviewtext review
"""
_IMAGES = """
    image img picture photo imagepath imgpath picturepath photopath posterpath coverpath imagefile imgfile
    imagefilename imagename imgname picturefile poster cover coverimage thumbnail filename filepath file path images
    pictures imageurl imgurl imurl posterurl coverurl pictureurl photourl imagelink
"""
_USER_IDS = """
    userid user uid reviewerid customerid customer memberid member accountid visitorid personid profileid readerid
    playerid clientid shopperid buyerid username reviewer nickname sessionid
"""
_RATINGS = """
    rating ratings stars star starrating score overall itemrating productrating movierating bookrating userrating
    reviewrating ratingvalue reviewscore preference grade value vote
"""
_TIMES = """
    timestamp time unixreviewtime unixtime datetime date tdat ts reviewtime reviewdate ratingtime ratingdate ratedat
    createdat eventtime eventdate purchasedate orderdate transactiondate clicktime viewtime reviewtimestamp
    timestampms sorttimestamp datesubmitted submitted
"""

Synonyms = Mapping[str, tuple[str, ...]]

ITEM_ROLES: Synonyms = {
    "item_id": tuple(_ITEM_IDS.split()),
    "title": tuple(_TITLES.split()),
    "text": tuple(_TEXTS.split()),
    "image": tuple(_IMAGES.split()),
}
INTERACTION_ROLES: Synonyms = {
    "user_id": tuple(_USER_IDS.split()),
    "item_id": tuple(_ITEM_IDS.split()),
    "rating": tuple(_RATINGS.split()),
    "time": tuple(_TIMES.split()),
}

WORDS = {
    "item_id": "item id",
    "user_id": "user id",
    "title": "title",
    "text": "text",
    "image": "picture",
    "rating": "rating",
    "time": "time",
}


def recognise(columns: Iterable[str], synonyms: Synonyms, mapping: Mapping[str, str]) -> Roles:
    """Give each role at most one column, and each column at most one role.

    `mapping` (role -> column) wins; then the earliest synonym of a role that some column bears. Case and
    everything but letters and digits are ignored, so "Movie ID" reads as "movieid".
    """
    roles = {role: column for role, column in mapping.items() if role in synonyms}
    free: dict[str, str] = {}
    for column in columns:
        if column not in roles.values():
            free.setdefault(_plain(column), column)
    for role, names in synonyms.items():
        if role not in roles and (found := next((name for name in names if name in free), None)):
            roles[role] = free.pop(found)
    return roles


def require(roles: Roles, needed: str, file: str, columns: list[str], synonyms: Synonyms) -> None:
    """Raise `CatalogueError` when no column has the role `needed`, naming those found and the nearest one."""
    if needed in roles:
        return
    free = [column for column in columns if column not in roles.values()]
    near = _nearest_column(free, synonyms[needed])
    hint = f" Perhaps '{near}' is meant: give the mapping {needed}={near}." if near else ""
    headerless = " Does the first line name the columns?" if columns and all(map(_looks_like_data, columns)) else ""
    raise CatalogueError(
        f"{file} has no {WORDS[needed]} column. Found: {', '.join(columns) or 'none'}.{headerless}{hint} "
        f"Names that are recognised: {', '.join(_shown(synonyms[needed]))}."
    )


def split_mapping(
    mapping: Mapping[str, str] | None, items: list[str], interactions: list[str] | None
) -> tuple[Roles, Roles]:
    """The parts of a role -> column mapping that concern the items and the interactions.

    `item_id` concerns both, wherever the column exists. Raises `UnknownNameError` for a role or a column that
    there isn't.
    """
    for_items: Roles = {}
    for_interactions: Roles = {}
    for role, column in (mapping or {}).items():
        if role not in ITEM_ROLES and role not in INTERACTION_ROLES:
            raise UnknownNameError("column role", role, {*ITEM_ROLES, *INTERACTION_ROLES})
        places = []
        if role in ITEM_ROLES:
            places.append((items, for_items))
        if role in INTERACTION_ROLES and interactions is not None:
            places.append((interactions, for_interactions))
        if not any(column in columns for columns, _ in places):
            raise UnknownNameError("column", column, {name for columns, _ in places for name in columns})
        for columns, part in places:
            if column in columns:
                part[role] = column
    return for_items, for_interactions


def _plain(column: str) -> str:
    return re.sub(r"[\W_]+", "", column.lower())


def _nearest_column(columns: list[str], names: tuple[str, ...]) -> str | None:
    """The column most like any of the names, or None when nothing is close."""
    scored = [
        (difflib.SequenceMatcher(None, _plain(column), name).ratio(), -position, column)
        for position, column in enumerate(columns)
        for name in names
    ]
    best = max(scored, default=(0.0, 0, ""))
    return best[2] if best[0] >= 0.6 else None


def _looks_like_data(column: str) -> bool:
    return bool(re.fullmatch(r"[-+]?[\d.,:/ -]+(?: \(\d+\))?", column))


def _shown(names: tuple[str, ...]) -> tuple[str, ...]:
    return (*names[:6], "…") if len(names) > 6 else names
