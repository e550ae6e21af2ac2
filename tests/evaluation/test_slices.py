"""Slices of people and of items."""

from __future__ import annotations

import dataclasses

import numpy as np
from scipy.sparse import csr_array

from mmviz.catalogue.base import Column
from mmviz.evaluation.metrics import ranking_metrics
from mmviz.evaluation.slices import item_slices, sliced_metrics, user_slices
from mmviz.evaluation.splits import make_split
from tests.evaluation.small import random_catalogue


def test_people_are_parted_once_each_in_thirds() -> None:
    activity = np.random.default_rng(0).integers(1, 90, 300)
    parts = user_slices(activity)
    assert len(parts) == 3
    assert (np.sum([part.users for part in parts], axis=0) == 1).all()
    assert all(60 < part.users.sum() < 140 for part in parts)
    assert [part.name for part in user_slices(np.full(9, 4))] == ["4"]


def test_a_slice_of_items_counts_only_its_own() -> None:
    """The same as ranking everything with only the slice's items relevant."""
    rng = np.random.default_rng(3)
    scores = rng.integers(0, 6, (30, 24)).astype(float)
    relevant = csr_array((rng.random(scores.shape) < 0.2).astype(float))
    ranked = ranking_metrics(scores, relevant, ks=(10, 20))
    slices = [np.random.default_rng(seed).random(24) < 0.4 for seed in range(3)]
    for items, found in zip(slices, sliced_metrics(ranked.top, relevant, slices, (10, 20)), strict=True):
        expected = ranking_metrics(scores, csr_array(relevant.toarray() * items), ks=(10, 20)).values
        for name, values in expected.items():
            np.testing.assert_allclose(found[name], values, atol=1e-12, err_msg=name)


def test_items_by_popularity_newness_and_category() -> None:
    plain = random_catalogue()
    kinds = [("a", "b", "c", "d", "e", "f", "g", "")[at % 8] for at in range(plain.n_items)]
    catalogue = dataclasses.replace(plain, items=plain.items.assign(kind=kinds), columns=(Column("kind", "category"),))
    split = make_split(catalogue, "cold-items")
    groups = {part.group: [] for part in item_slices(catalogue, split)}
    for part in item_slices(catalogue, split):
        groups[part.group].append(part.name)
    assert groups["Known or new items"] == ["new"]  # all that is to be found there
    assert len(groups["Kind"]) <= 6 and "" not in groups["Kind"]
    warm = item_slices(catalogue, make_split(catalogue, "random"))
    parts = [part for part in warm if part.group == "Popularity of the item"]
    popularity = np.asarray(catalogue.matrix(make_split(catalogue, "random").train).sum(axis=0)).ravel()
    assert [part.name for part in parts] == ["head", "middle", "tail"]
    assert popularity[parts[0].items].min() >= popularity[parts[2].items].max()


def test_tags_are_cut_apart() -> None:
    plain = random_catalogue()
    tags = ["drama|comedy" if at % 2 else "drama" for at in range(plain.n_items)]
    catalogue = dataclasses.replace(plain, items=plain.items.assign(genre=tags), columns=(Column("genre", "tags"),))
    parts = [p for p in item_slices(catalogue, make_split(catalogue, "random")) if p.group == "Genre"]
    assert [part.name for part in parts] == ["drama", "comedy"]
    assert parts[0].items.all() and parts[1].items.sum() == 20
