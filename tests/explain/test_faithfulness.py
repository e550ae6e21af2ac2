"""Deletion and insertion on scores whose right answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from mmviz.explain.faithfulness import cuts, deletion_keeps, faithfulness, insertion_keeps, random_orders

WEIGHTS = np.array([5.0, 0.0, 3.0, 0.0, 1.0, 0.0, 0.0, -2.0])


def additive(keeps: np.ndarray) -> np.ndarray:
    return keeps @ WEIGHTS


def test_the_true_map_beats_random_both_ways_and_its_reverse_loses_both() -> None:
    curves = faithfulness({"true": WEIGHTS, "wrong": -WEIGHTS}, additive, steps=8)
    assert min(curves.deletion_gain["true"], curves.insertion_gain["true"]) > 0.2
    assert max(curves.deletion_gain["wrong"], curves.insertion_gain["wrong"]) < -0.2


def test_a_random_map_gains_nothing_on_average() -> None:
    rng = np.random.default_rng(0)
    gains = [faithfulness({"m": rng.random(8)}, additive, 8).deletion_gain["m"] for _ in range(400)]
    assert abs(np.mean(gains)) < 0.03


def test_curves_run_from_the_whole_item_to_nothing_and_back() -> None:
    curves = faithfulness({"true": WEIGHTS}, additive, steps=8)
    whole = WEIGHTS.sum()
    assert (curves.deletion["true"][0], curves.deletion["true"][-1]) == (whole, 0)
    assert (curves.insertion["true"][0], curves.insertion["true"][-1]) == (0, whole)
    assert curves.deletion["true"][1] == whole - 5


def test_keeps_are_complements_in_the_same_order() -> None:
    order = np.array([2, 0, 1])
    assert deletion_keeps(order, 3).tolist() == [[1, 1, 1], [1, 1, 0], [0, 1, 0], [0, 0, 0]]
    assert (insertion_keeps(order, 3) == ~deletion_keeps(order, 3)).all()


@pytest.mark.parametrize("n", [1, 2, 5, 81])
def test_there_are_never_more_steps_than_tokens(n: int) -> None:
    steps = cuts(n, 6)
    assert steps[0] == 0 and steps[-1] == n and (np.diff(steps) > 0).all()


def test_every_variant_is_scored_once() -> None:
    asked: list[np.ndarray] = []

    def score(keeps: np.ndarray) -> np.ndarray:
        asked.append(keeps)
        return additive(keeps)

    faithfulness({"a": WEIGHTS, "b": WEIGHTS}, score, 4)
    assert len(asked) == 1 and len(np.unique(asked[0], axis=0)) == len(asked[0])


def test_random_orders_favour_no_token() -> None:
    orders = random_orders(9, 4)
    assert len(orders) == 4
    assert np.mean([np.argsort(order) for order in orders], axis=0) == pytest.approx(np.full(9, 4.0))
