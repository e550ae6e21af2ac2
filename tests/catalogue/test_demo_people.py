"""The demo's people: planted tastes in the stated shares, and interactions that follow from them."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache

import numpy as np
import pandas as pd
import pytest

from mmviz.catalogue.base import Catalogue
from mmviz.catalogue.demo import Shares, plan_demo, truth_chances, truth_utility
from mmviz.catalogue.demo.plan import END, START
from mmviz.catalogue.demo.tastes import people, rules_from_json
from mmviz.catalogue.demo.utility import world_of
from mmviz.catalogue.demo.vocabulary import SOURCES
from mmviz.catalogue.truth import Truth
from mmviz.errors import CatalogueError

SIZE, USERS, ROWS = 400, 100, 3000


@lru_cache(maxsize=1)
def shop() -> Catalogue:
    return plan_demo(size=SIZE, users=USERS, interactions=ROWS, seed=3)


def truth() -> Truth:
    found = shop().truth
    assert found is not None
    return found


def test_shares_are_met_to_the_person() -> None:
    shares = Shares(seen=0.1, told=0.2, conjunction=0.65, popular=0.05)
    counts = Counter(person.taste for person in people(600, shares, 7))
    assert counts == {"seen": 60, "told": 120, "conjunction": 390, "popular": 30}
    assert sum(Shares().counts(101)) == 101


@pytest.mark.parametrize("wrong", [(0.5, 0.5, 0.5, 0.0), (1.2, -0.2, 0.0, 0.0)])
def test_shares_that_do_not_sum_to_one_are_refused(wrong: tuple[float, float, float, float]) -> None:
    with pytest.raises(CatalogueError, match="sum to 1"):
        Shares(*wrong)


def test_who_decides_by_sight_has_no_rule_about_words_and_the_reverse() -> None:
    for person in people(300, Shares(), 7):
        facts = [name for rule in person.rules for name, _ in rule.facts]
        if person.taste == "seen":
            assert all(SOURCES[name] != "told" for name in facts)
        if person.taste == "told":
            assert all(SOURCES[name] == "told" or name == "kind" for name in facts)
        if person.taste == "popular":
            assert not person.rules


def test_a_conjunction_is_worth_something_only_as_a_whole() -> None:
    """The table of values over (seen, told) has the form of a matching, which no sum of two parts can rank."""
    for person in people(100, Shares(), 7):
        if person.taste != "conjunction":
            continue
        pairs = [rule.facts for rule in person.rules]
        assert all(SOURCES[pair[0][0]] != "told" and SOURCES[pair[1][0]] == "told" for pair in pairs)
        firsts, seconds = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
        assert len(pairs) >= 2 and len(set(firsts)) == len(pairs) == len(set(seconds))
        value = np.array([[float((a, b) in pairs) for b in seconds] for a in firsts])
        additive = value.mean(axis=1, keepdims=True) + value.mean(axis=0, keepdims=True) - value.mean()
        assert np.ptp(additive) < 1e-9  # the best sum of a part for sight and a part for words is flat
        assert all(word in person.wants for pair in pairs for _, word in pair)


def test_rules_survive_their_table() -> None:
    for person in people(40, Shares(), 7):
        assert rules_from_json(person.rules_json()) == person.rules


def test_interactions_are_as_many_as_asked_and_never_repeat() -> None:
    frame = shop().interactions
    assert len(frame) == ROWS
    assert not frame.duplicated(["user", "item"]).any()
    assert frame["time"].is_monotonic_increasing
    assert set(frame["rating"].unique()) <= {1.0, 2.0, 3.0, 4.0, 5.0}
    assert frame["time"].between(START, END + 86_400).all()


def test_nothing_is_taken_before_it_is_released() -> None:
    released = np.array([item.numbers["released"] for item in truth().items])
    frame = shop().interactions
    assert (frame["time"].to_numpy() >= released[frame["item"]]).all()


def test_there_are_new_items_and_new_people() -> None:
    frame = shop().interactions
    released = np.array([item.numbers["released"] for item in truth().items])
    late = released > START + 0.9 * (END - START)
    uses = frame["item"].value_counts().reindex(range(SIZE), fill_value=0).to_numpy()
    assert late.mean() > 0.05 and uses[late].mean() < 0.5 * uses[~late].mean()
    sizes = frame["user"].value_counts().reindex(range(USERS), fill_value=0)
    arrived = truth().users["arrived"].to_numpy()
    new = arrived > START + 0.9 * (END - START)
    assert 0.02 < new.mean() < 0.2 and sizes[new].max() <= 8 < sizes[~new].min()


def test_people_take_and_praise_what_their_rules_want() -> None:
    world = world_of(truth())
    frame, tastes = shop().interactions, truth().users["taste"]
    for sort in ("seen", "told", "conjunction"):
        ranks, relations = [], []
        for person in np.flatnonzero(tastes == sort):
            mine = frame[frame["user"] == person]
            value = world.taste(int(person), float(mine["time"].mean()))
            place = value.argsort().argsort() / SIZE
            ranks.append(place[mine["item"]].mean())
            if len(mine) > 20 and value[mine["item"]].std() > 0:
                relations.append(np.corrcoef(value[mine["item"]], mine["rating"])[0, 1])
        assert np.mean(ranks) > 0.75
        assert np.mean(relations) > 0.3


def test_popular_people_take_popular_things() -> None:
    frame, users = shop().interactions, truth().users
    appeal = np.array([item.numbers["appeal"] for item in truth().items])
    mean = appeal[frame["item"]].copy()
    popular = users["taste"].to_numpy()[frame["user"]] == "popular"
    assert mean[popular].mean() > mean[~popular].mean() + 0.4


def test_tastes_of_some_people_drift() -> None:
    early, late = truth_utility(truth(), at=START + 1e7), truth_utility(truth(), at=END)
    there = np.isfinite(early[0])
    drifting = [
        any(rule.worth[0] != rule.worth[1] for rule in rules_from_json(text)) for text in truth().users["rules"]
    ]
    same = [np.corrcoef(a[there], b[there])[0, 1] for a, b in zip(early, late, strict=True)]
    assert 0.1 < np.mean(drifting) < 0.5
    assert np.mean(np.array(same)[drifting]) < np.mean(np.array(same)[~np.array(drifting)])


def test_utility_and_chances_tell_the_same_story() -> None:
    users, time = [0, 7, 50], END - 1e6
    utility = truth_utility(truth(), users, time)
    chances = truth_chances(truth(), users, [np.array([time])] * 3)
    assert utility.shape == chances.shape == (3, SIZE)
    expected = np.exp(utility - utility.max(axis=1, keepdims=True))
    assert np.allclose(chances, expected / expected.sum(axis=1, keepdims=True), atol=1e-6)
    assert np.isneginf(truth_utility(truth(), users, START)).any()


def test_the_same_arguments_give_the_same_shop() -> None:
    again = plan_demo(size=SIZE, users=USERS, interactions=ROWS, seed=3)
    assert again.fingerprint == shop().fingerprint
    pd.testing.assert_frame_equal(again.interactions, shop().interactions)
    pd.testing.assert_frame_equal(again.truth.users, truth().users)  # type: ignore[union-attr]
    assert plan_demo(size=SIZE, users=USERS, interactions=ROWS, seed=4).fingerprint != shop().fingerprint
