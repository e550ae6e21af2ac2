"""The oracle: above everything on the demo catalogue, by the same protocol as every model."""

from __future__ import annotations

import dataclasses
from functools import lru_cache

import numpy as np
import pytest

from mmviz.catalogue.base import Catalogue
from mmviz.catalogue.demo import plan_demo
from mmviz.errors import EvaluationError
from mmviz.evaluation.ceiling import CEILING_SPLITS, ceiling_ndcg, demo_ceiling, oracle
from mmviz.evaluation.metrics import ranking_metrics
from mmviz.evaluation.splits import Split, make_split


@lru_cache(maxsize=1)
def shop() -> Catalogue:
    return plan_demo(size=500, users=150, interactions=6000, seed=5)


def popularity(split: Split) -> float:
    train, seen = shop().matrix(split.train), shop().matrix(np.concatenate([split.train, split.valid]))
    counts = np.asarray(train.sum(axis=0), dtype=np.float64).ravel()
    users = oracle(shop(), split).users
    scores = np.tile(counts, (len(users), 1))
    relevant = shop().matrix(split.test)[users]
    found = ranking_metrics(scores, relevant, seen[users], split.candidates("test"), (10,))
    return float(np.nanmean(found.values["ndcg@10"]))


@pytest.mark.parametrize("name", CEILING_SPLITS)
def test_the_oracle_is_far_above_popularity(name: str) -> None:
    split = make_split(shop(), name)
    assert ceiling_ndcg(shop(), split) > 4 * popularity(split)


@pytest.mark.parametrize("taste", ["seen", "told", "conjunction"])
def test_the_oracle_knows_every_sort_of_taste(taste: str) -> None:
    split = make_split(shop(), "cold-items")
    found = oracle(shop(), split)
    mine = shop().truth.users["taste"].to_numpy()[found.users] == taste  # type: ignore[union-attr]
    assert found.values["ndcg@10"][mine].mean() > 0.5


def test_an_oracle_with_wrong_tastes_is_no_oracle() -> None:
    truth = shop().truth
    assert truth is not None
    rules = truth.users["rules"].sample(frac=1, random_state=0, ignore_index=True)
    misled = dataclasses.replace(shop(), truth=dataclasses.replace(truth, users=truth.users.assign(rules=rules)))
    split = make_split(shop(), "per-user-temporal")
    assert ceiling_ndcg(misled, split) < 0.5 * ceiling_ndcg(shop(), split)


def test_ceilings_come_for_the_three_splits_between_zero_and_one() -> None:
    ceilings = demo_ceiling(shop())
    assert tuple(ceilings) == CEILING_SPLITS
    assert all(0.1 < value <= 1 for value in ceilings.values())


def test_a_real_catalogue_has_no_ceiling() -> None:
    real = dataclasses.replace(shop(), truth=None)
    with pytest.raises(EvaluationError, match="no simulated catalogue"):
        oracle(real, make_split(real, "per-user-temporal"))
