"""Splits: what goes where, what never mixes, and when a split is refused."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from mmviz.errors import EvaluationError, UnknownNameError
from mmviz.evaluation.splits import (
    ENOUGH_USERS,
    MIN_USERS,
    default_split,
    describe,
    make_split,
    split_names,
)
from tests.evaluation.small import catalogue_of, random_catalogue


def _one_user(n: int, timed: bool = True) -> list[list[int]]:
    """Items of train, valid and test when one user takes items 0, 1, 2 … n − 1 in that order."""
    # A second user keeps the other parts from being empty.
    users = [0] * n + [1] * 30
    items = list(range(n)) + list(range(30))
    catalogue = catalogue_of(users, items, list(range(len(users))) if timed else None)
    split = make_split(catalogue, "per-user-temporal")
    return [[int(r) for r in rows if r < n] for rows in (split.train, split.valid, split.test)]


@pytest.mark.parametrize(
    ("n", "valid", "test"),
    [
        (1, [], []),
        (2, [], []),
        (3, [1], [2]),
        (19, [17], [18]),
        (20, [16, 17], [18, 19]),
        (35, [29, 30, 31], [32, 33, 34]),
    ],
)
def test_per_user_temporal_takes_the_last_tenths_and_leaves_small_users_alone(
    n: int, valid: list[int], test: list[int]
) -> None:
    assert _one_user(n) == [list(range(n - len(valid) - len(test))), valid, test]


@pytest.mark.parametrize("name", split_names())
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_every_row_is_in_one_part_and_every_pair_too(name: str, seed: int) -> None:
    catalogue = random_catalogue(seed=seed)
    split = make_split(catalogue, name, seed)
    rows = np.concatenate([split.train, split.valid, split.test])
    np.testing.assert_array_equal(np.sort(rows), np.arange(len(catalogue.interactions)))
    matrices = [catalogue.matrix(part) for part in (split.train, split.valid, split.test)]
    for left, right in ((0, 1), (0, 2), (1, 2)):
        assert matrices[left].multiply(matrices[right]).nnz == 0


@pytest.mark.parametrize("name", split_names())
def test_the_number_of_users_is_that_of_people_with_history_and_something_to_find(name: str) -> None:
    catalogue = random_catalogue(per_user=3)
    split = make_split(catalogue, name)
    user = catalogue.interactions["user"].to_numpy()
    expected = {int(u) for u in user[split.test]} & {int(u) for u in user[split.train]}
    assert split.n_test_users == len(expected)
    expected = {int(u) for u in user[split.valid]} & {int(u) for u in user[split.train]}
    assert split.n_valid_users == len(expected)


def test_a_repeat_goes_with_its_first_occurrence() -> None:
    users, items = [0] * 5 + [1] * 3, [0, 1, 2, 3, 0, 0, 1, 2]
    split = make_split(catalogue_of(users, items, list(range(8))), "per-user-temporal")
    assert split.train.tolist() == [0, 1, 4, 5]  # row 4 is item 0 again: known, so nothing to be found
    assert split.valid.tolist() == [2, 6]
    assert split.test.tolist() == [3, 7]


def test_equal_times_keep_the_order_of_the_source() -> None:
    split = make_split(catalogue_of([0] * 4, [3, 2, 1, 0], [5.0] * 4), "per-user-temporal")
    assert (split.train.tolist(), split.valid.tolist(), split.test.tolist()) == ([0, 1], [2], [3])


def test_global_temporal_cuts_once_and_nothing_learned_is_later_than_what_is_tested() -> None:
    catalogue = random_catalogue(per_user=50, n_items=400)
    split = make_split(catalogue, "global-temporal")
    first = ~catalogue.interactions.duplicated(["user", "item"]).to_numpy()
    time = np.where(first, catalogue.interactions["time"], np.nan)  # a repeat tells nothing new
    assert np.nanmax(time[split.train]) <= np.nanmin(time[split.valid])
    assert np.nanmax(time[split.valid]) <= np.nanmin(time[split.test])
    pairs = catalogue.matrix().nnz
    sizes = [catalogue.matrix(rows).nnz / pairs for rows in (split.train, split.valid, split.test)]
    np.testing.assert_allclose(sizes, [0.8, 0.1, 0.1], atol=0.001)


def test_leave_one_out_takes_the_last_two_by_time() -> None:
    split = make_split(catalogue_of([0, 0, 0, 0, 1, 1], range(6), range(6)), "leave-one-out")
    assert (split.train.tolist(), split.valid.tolist(), split.test.tolist()) == ([0, 1, 4, 5], [2], [3])


def test_cold_items_are_in_no_other_part_and_are_ranked_among_themselves() -> None:
    catalogue = random_catalogue(n_items=80)
    split = make_split(catalogue, "cold-items", seed=3)
    item = catalogue.interactions["item"].to_numpy()
    assert not split.cold_items[item[split.train]].any()
    for part in ("valid", "test"):
        np.testing.assert_array_equal(
            np.flatnonzero(split.candidates(part)),
            np.unique(item[split.rows(part)]),
        )
    np.testing.assert_array_equal(split.cold_items, split.valid_candidates | split.test_candidates)
    n_with = len(np.unique(item))
    assert split.valid_candidates.sum() == split.test_candidates.sum() == n_with // 10


def test_items_without_interactions_are_not_held_out() -> None:
    catalogue = random_catalogue(n_items=50)
    wider = dataclasses.replace(catalogue, items=catalogue.items.reindex(range(60), fill_value="new"))
    split = make_split(wider, "cold-items")
    assert not split.cold_items[50:].any()


@pytest.mark.parametrize("name", ["random", "cold-items"])
def test_seeds_give_the_same_and_different_splits(name: str) -> None:
    catalogue = random_catalogue()
    same, again, other = (make_split(catalogue, name, seed) for seed in (1, 1, 2))
    assert same == again
    np.testing.assert_array_equal(same.test, again.test)
    assert same != other
    assert same.fingerprint != other.fingerprint


@pytest.mark.parametrize("name", ["per-user-temporal", "global-temporal", "leave-one-out"])
def test_splits_by_time_do_not_depend_on_the_seed(name: str) -> None:
    catalogue = random_catalogue()
    assert make_split(catalogue, name, 1) == make_split(catalogue, name, 2)


def test_the_fingerprint_follows_the_catalogue() -> None:
    catalogue = random_catalogue()
    other = dataclasses.replace(catalogue, fingerprint="another")
    assert make_split(catalogue, "random").fingerprint != make_split(other, "random").fingerprint


def test_without_times_random_is_the_default_and_cuts_in_time_are_refused() -> None:
    untimed = catalogue_of([0] * 10 + [1] * 10, list(range(10)) * 2)
    assert default_split(untimed)[0] == "random"
    with pytest.raises(EvaluationError, match="needs a time for every interaction"):
        make_split(untimed, "per-user-temporal")
    assert "needs a time" in describe(untimed, "global-temporal").reason
    assert make_split(untimed, "leave-one-out", 1) != make_split(untimed, "leave-one-out", 5)


def test_default_is_one_cut_in_time_only_where_it_leaves_enough_people() -> None:
    many = random_catalogue(n_users=300, n_items=400)
    assert describe(many, "global-temporal").n_test_users >= ENOUGH_USERS
    assert default_split(many)[0] == "global-temporal"
    n = 300  # everyone rates in one sitting, one after the other
    sittings = catalogue_of(np.repeat(range(n), 10).tolist(), list(range(10)) * n, list(range(10 * n)))
    name, reason = default_split(sittings)
    assert name == "per-user-temporal"
    assert reason.startswith("One cut in time would leave 0 people to test with, fewer than 200")
    assert describe(sittings, name).usable
    assert describe(sittings, name).n_test_users == n


def test_a_handful_of_people_is_not_enough_to_rank_models() -> None:
    few, enough = random_catalogue(n_users=MIN_USERS - 1), random_catalogue(n_users=MIN_USERS)
    assert not describe(few, "random").usable
    assert describe(few, "random").reason.startswith(f"Only {MIN_USERS - 1} people have")
    assert describe(enough, "random").usable


def test_what_cannot_be_split_is_said_in_words() -> None:
    with pytest.raises(EvaluationError, match="has no interactions"):
        make_split(catalogue_of([], []), "random")
    with pytest.raises(EvaluationError, match="leaves nothing for validation"):
        make_split(catalogue_of([0, 1], [0, 1], [0, 1]), "leave-one-out")
    with pytest.raises(UnknownNameError, match="Did you mean 'random'"):
        make_split(random_catalogue(), "randon")
