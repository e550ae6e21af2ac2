"""Slices: the same metric for some of the people, or for some of the items that are to be found.

A slice of items counts only its own held-out items as right, while the list stays the one over all items: what is
asked is whether these items are found among everything, not among themselves.
Shape letters: n evaluated users, I items, K list length.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from mmviz.catalogue.base import Catalogue
from mmviz.evaluation.metrics import metrics_of_hits
from mmviz.evaluation.splits import Split

__all__ = ["ItemSlice", "UserSlice", "item_slices", "sliced_metrics", "user_slices"]

CATEGORIES = 6
"""Categories that get a slice of their own: those with the most held-out items."""


@dataclass(frozen=True)
class UserSlice:
    """Some of the people: `users` (n,) bool."""

    group: str
    name: str
    users: np.ndarray


@dataclass(frozen=True)
class ItemSlice:
    """Some of the items: `items` (I,) bool."""

    group: str
    name: str
    items: np.ndarray


def user_slices(activity: np.ndarray) -> list[UserSlice]:
    """Thirds of the people by how many train items (n,) they have; fewer where many have the same number."""
    edges = np.unique(np.quantile(activity, [1 / 3, 2 / 3], method="higher")) if len(activity) else np.zeros(0)
    low, made = 0, []
    for edge in [*edges.astype(int).tolist(), None]:
        inside = (activity > low) & (activity <= edge) if edge is not None else activity > low  # (n,)
        if inside.any():
            first, last = int(activity[inside].min()), int(activity[inside].max())
            name = f"{first:,}" if first == last else f"{first:,} to {last:,}"
            made.append(UserSlice("Items that the person has", name, inside))
        low = low if edge is None else edge
    return made


def item_slices(catalogue: Catalogue, split: Split) -> list[ItemSlice]:
    """By popularity in train (thirds of all interactions), warm or new, and by the most frequent categories."""
    popularity = np.asarray(catalogue.matrix(split.train).sum(axis=0)).ravel()  # (I,)
    held_out = np.bincount(catalogue.interactions["item"].to_numpy()[split.test], minlength=catalogue.n_items)  # (I,)
    warm = popularity > 0  # (I,)
    made = [
        *_thirds(popularity),
        ItemSlice("Known or new items", "known", warm),
        ItemSlice("Known or new items", "new", ~warm),
        *_categories(catalogue, held_out),
    ]
    return [part for part in made if (held_out[part.items] > 0).any()]


def sliced_metrics(
    top: np.ndarray, relevant: csr_array, slices: Sequence[np.ndarray], ks: Sequence[int]
) -> list[dict[str, np.ndarray]]:
    """Ranking metrics of lists (n, K) when of the relevant ones (n, I) only a slice's items (I,) bool are to be found.

    For each slice: metric -> (n,), NaN for a user who has none of its items. Every k must be at most K.
    """
    n_items = relevant.shape[1]
    rows, columns = relevant.nonzero()  # (r,) each
    asked = np.arange(len(top))[:, None] * n_items + top  # (n, K)
    hits = np.isin(asked, rows.astype(np.int64) * n_items + columns) & (top >= 0)  # (n, K)
    found = []
    for items in slices:
        n_relevant = np.bincount(rows[items[columns]], minlength=len(top))  # (n,)
        found.append(metrics_of_hits(hits & items[top], n_relevant, ks))
    return found


def _thirds(popularity: np.ndarray) -> list[ItemSlice]:
    """The most popular items that together have a third of all interactions, the next ones, and the long tail."""
    order = np.argsort(-popularity, kind="stable")  # (I,)
    share = np.cumsum(popularity[order]) / max(float(popularity.sum()), 1.0)  # (I,)
    before = np.concatenate([[0.0], share[:-1]])  # (I,)
    third = np.empty(len(order), dtype=np.int64)  # (I,)
    third[order] = np.minimum((before * 3).astype(np.int64), 2)
    names = ("head", "middle", "tail")
    group = "Popularity of the item"
    return [ItemSlice(group, name, (third == at) & (popularity > 0)) for at, name in enumerate(names)]


def _categories(catalogue: Catalogue, held_out: np.ndarray) -> list[ItemSlice]:
    """The values of the first column of categories, else of tags, that have the most held-out items (I,)."""
    named = {kind: [c.name for c in catalogue.columns if c.kind == kind] for kind in ("category", "tags")}
    if not any(named.values()):
        return []
    name = (named["category"] or named["tags"])[0]
    texts = catalogue.items[name].astype(str)
    values = [[text] if named["category"] else [v.strip() for v in text.split("|")] for text in texts]
    counts: dict[str, int] = {}
    for own, number in zip(values, held_out.tolist(), strict=True):
        for value in set(own) - {""}:
            counts[value] = counts.get(value, 0) + number
    frequent = sorted(counts, key=lambda value: (-counts[value], value))[:CATEGORIES]
    return [
        ItemSlice(name.replace("_", " ").capitalize(), value, np.array([value in own for own in values]))
        for value in frequent
        if counts[value] > 0
    ]
