"""What a further column of the items is: a category, tags, a number, or free text."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from mmviz.catalogue.base import ColumnKind
from mmviz.catalogue.numbers import is_missing, parse_numbers

__all__ = ["TAG_SEPARATOR", "infer_kind"]

TAG_SEPARATOR = "|"
MAX_LABEL = 60
"""Longest category or tag, in characters."""
MAX_CATEGORIES = 2_000
ALWAYS_CATEGORIES = 12
MIN_TAG_SHARE = 0.05


def infer_kind(name: str, cells: pd.Series) -> ColumnKind:
    """The kind of a column of strings, of which at least one is given.

    - number: every given cell is a number, and they aren't codes (a leading zero, or whole numbers under a name
      that ends in "id" or "code").
    - tags: short labels joined with `|` in at least a twentieth of the cells, or labels that are used again.
    - category: short values that are used again, or only a dozen of them.
    - text: the rest.
    """
    given = cells[~is_missing(cells)].str.strip()
    if _is_number(name, given):
        return "number"
    if _is_tags(given):
        return "tags"
    return "category" if _is_category(given) else "text"


def _is_number(name: str, given: pd.Series) -> bool:
    if np.isnan(parse_numbers(given)).any():
        return False
    codes = re.search(r"(^|[\s_-])(id|ids|code|codes)$|[a-z]I[dD]$", name) or name.lower() in {
        "isbn",
        "ean",
        "upc",
        "zip",
    }
    leading_zero = given.str.match(r"0\d").any()
    return not leading_zero and not (codes and given.str.fullmatch(r"\d+").all())


def _is_tags(given: pd.Series) -> bool:
    joined = given.str.contains(TAG_SEPARATOR, regex=False)
    if not joined.any():
        return False
    parts = given.str.split(TAG_SEPARATOR).explode().str.strip()
    parts = parts[parts != ""]
    if len(parts) == 0 or parts.str.len().max() > MAX_LABEL:
        return False
    return bool(joined.mean() >= MIN_TAG_SHARE or parts.nunique() <= 0.5 * len(parts))


def _is_category(given: pd.Series) -> bool:
    if given.str.len().max() > MAX_LABEL:
        return False
    distinct = given.nunique()
    return bool(distinct <= ALWAYS_CATEGORIES or distinct <= min(0.5 * len(given), MAX_CATEGORIES))
